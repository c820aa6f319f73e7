"""What a person reads when the witness noticed something: in the place of the first page, with one thing to do."""

from __future__ import annotations

import msgspec
import pytest

from crypto import PrivateIdentity
from journal.accounts import key_log, log_memory
from journal.accounts import tables as accounts_tables
from journal.accounts.log_memory import Noticed
from journal.care import links
from journal.store.database import transaction
from journal.witness import checking
from journal.witness.documents import Finding
from tests.cast import PASSWORDS
from tests.portal.browsing import opened
from tests.portal.conftest import Portal
from tests.scenes import in_session, rested

PAGE = "/account/witness"


async def sign_in(portal: Portal, who: str) -> str:
    """Have somebody sign in; return where they are led."""
    async with portal.client() as browser:
        form = {"email": f"{who}@example.org", "password": PASSWORDS[who], "next": "/"}
        answer = await browser.post("/sign-in", data=form)
        assert answer.status_code == 303
        return answer.headers["location"]


async def add_false_leaf(portal: Portal, who: str) -> None:
    """Have a leaf with other keys of somebody's stand in the log."""
    account = (await portal.cast.actor(who)).id
    async with transaction():
        await key_log.append_keys(account, PrivateIdentity.generate().public())


async def test_nothing_is_said_where_nothing_is_amiss(portal: Portal) -> None:
    """Who signs in comes to home, and the page says that nothing was noticed."""
    for who in ("alice", "bob", "erin"):
        assert await sign_in(portal, who) == "/"
        async with portal.client(who) as browser:
            page = await opened(browser, PAGE)
            assert "Nothing was noticed." in page.words
            assert f'action="{PAGE}"' not in (await browser.get(PAGE)).text
            assert PAGE not in (await browser.get("/account")).text


async def test_a_code_to_compare(portal: Portal) -> None:
    """The patient is led to it, sharing has stopped, and goes on once she says that the codes are the same."""
    assert await sign_in(portal, "alice") == "/"
    await add_false_leaf(portal, "bob")
    assert await sign_in(portal, "alice") == PAGE
    async with portal.client("alice") as browser:
        page = await opened(browser, PAGE)
        assert "The keys that you have for Bob Example are not the last ones in the list." in page.words
        assert "until you have compared this safety code" in page.words
        for path in ("/", "/sharing", f"/sharing/{portal.cast.link}"):
            assert "Sharing with Bob Example has stopped" in (await opened(browser, path)).words
        assert PAGE in (await browser.get("/account")).text
        done = await browser.post(PAGE)
        assert done.headers["location"] == "/account?done=witness"
        assert "You go on from here." in (await opened(browser, done.headers["location"])).words
        assert "has stopped" not in (await opened(browser, "/sharing")).words
    assert await sign_in(portal, "alice") == "/"


async def test_a_browser_that_is_unlocked_looks_as_well(portal: Portal) -> None:
    """Who never signs out is led to it when they unlock, and sharing has stopped by then."""
    assert await sign_in(portal, "alice") == "/"
    async with portal.client("alice") as browser:
        await add_false_leaf(portal, "bob")
        await browser.post("/lock")
        opened_again = await browser.post(
            "/unlock", data={"asked-again": PASSWORDS["alice"], "next": "/journal"}
        )
        assert opened_again.headers["location"] == PAGE
        assert "Sharing with Bob Example has stopped" in (await opened(browser, "/sharing")).words


async def test_a_clinician_whose_keys_were_shown_otherwise(portal: Portal) -> None:
    """Whose leaf it passes for is told so; afterwards nobody else is told any more."""
    assert await sign_in(portal, "bob") == "/"
    await add_false_leaf(portal, "bob")
    assert await sign_in(portal, "bob") == PAGE
    async with portal.client("bob") as browser:
        page = await opened(browser, PAGE)
        assert "Keys that are not yours stand in the list as yours." in page.words
        assert "I have read this: go on" in page.words
        await browser.post(PAGE)
    assert await sign_in(portal, "bob") == "/"
    assert await sign_in(portal, "alice") == "/"


async def test_a_patients_keys_at_the_clinicians_page(portal: Portal) -> None:
    """A clinician is led to the code of that patient, also from the page of the safety code."""
    assert await sign_in(portal, "bob") == "/"
    await add_false_leaf(portal, "alice")
    assert await sign_in(portal, "bob") == PAGE
    alice = (await portal.cast.actor("alice")).id
    async with portal.client("bob") as browser:
        assert "Alice Sample" in (await opened(browser, PAGE)).words
        trust = await browser.get(f"/patients/{alice}/trust")
        assert PAGE in trust.text


async def test_a_cut_log_is_told_to_an_administrator(portal: Portal) -> None:
    """An administrator has keys as well, and nobody to compare codes with."""
    assert await sign_in(portal, "erin") == "/"
    await accounts_tables.KeyLogLeaf.filter(number=4).delete()
    await accounts_tables.KeyLogLeaf.filter(number=5).delete()
    assert await sign_in(portal, "erin") == PAGE
    async with portal.client("erin") as browser:
        page = await opened(browser, PAGE)
        assert "The list is not the one that you saw before." in page.words
        assert "compare the safety code" not in page.words


async def test_on_the_day_of_a_session_it_waits(portal: Portal) -> None:
    """On that day nobody is led to it, and going on with a code to compare waits until she has rested."""
    assert await sign_in(portal, "alice") == "/"
    session = await in_session(portal.cast)
    await add_false_leaf(portal, "bob")
    assert await sign_in(portal, "alice") == "/"
    async with portal.client("alice") as browser:
        assert (await browser.post(PAGE)).status_code == 409
    (link,) = await links.load_my_links(await portal.cast.actor("alice"))
    assert link.is_doubted
    await rested(portal.cast, session)
    async with portal.client("alice") as browser:
        assert (await browser.post(PAGE)).status_code == 303
    (link,) = await links.load_my_links(await portal.cast.actor("alice"))
    assert link.trusted


@pytest.mark.parametrize("kind", Finding)
async def test_each_kind_is_said_in_words(portal: Portal, kind: Finding) -> None:
    """Every finding has its sentence, with the name of whom it is about."""
    found = Finding(kind)
    about = "" if found in (Finding.LOG, Finding.OWN) else portal.cast.link.hex
    actor = await portal.cast.actor("alice")
    await checking.check_log(actor)
    await remember(portal, kind, about)
    async with portal.client("alice") as browser:
        page = await opened(browser, PAGE)
        assert ("Bob Example" in page.words) == bool(about)
        assert "Something about keys does not fit" in page.words


async def remember(portal: Portal, kind: Finding, about: str) -> None:
    """Have alice remember that something was noticed."""
    alice = await portal.cast.actor("alice")
    row = await log_memory.load_row(alice)
    kept = log_memory.open_memory(alice, *row)
    assert kept is not None
    changed = msgspec.structs.replace(kept, noticed=(Noticed(kind.value, alice.now, about),))
    async with transaction():
        assert await log_memory.store_memory(alice, changed, *row)
