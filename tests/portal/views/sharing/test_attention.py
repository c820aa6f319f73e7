"""What is asked of the reader of a share, on pages: with the preview, seen by both, changed until it is opened."""

from __future__ import annotations

import html
import re
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient, Response

from journal.care import tables as care_tables
from journal.care.documents import Attention
from journal.sharing import shares
from journal.vault.entry_rows import Entry
from tests.cast import Cast
from tests.portal.browsing import Page
from tests.portal.conftest import Portal
from tests.scenes import in_session, opened_by, written

MEANING = "Maybe that I am allowed to rest."
TITLE = "The sea"


def words(page: Response) -> str:
    """Return what a page says, as text on one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def chosen(page: Response) -> list[str]:
    """Return which of the three is chosen on a page."""
    return re.findall(r'name="attention"[^>]* value="([^"]*)"[^>]* checked', page.text)


async def confirm(browser: AsyncClient, cast: Cast, entry: Entry, attention: list[str]) -> Response:
    """Send the form of a preview."""
    form = {
        "to": str(cast.link),
        "step": "confirm",
        "previewed": str(entry.revision),
        "sections": ["title", "int.meaning"],
        "attention": attention,
    }
    return await browser.post(f"/journal/{entry.id}/shares", data=form)


async def share(cast: Cast, attention: Attention) -> UUID:
    """Have alice share an entry with bob."""
    entry, alice = await written(cast), await cast.actor("alice")
    parts = ("title", "int.meaning")
    return await shares.share_entry(alice, entry.id, cast.link, parts, previewed=1, attention=attention)


async def test_it_is_chosen_with_the_preview(portal: Portal) -> None:
    """The first time no answer is needed; then what was chosen last for this clinician stands there."""
    first, second = await written(portal.cast), await written(portal.cast)
    look = {"to": str(portal.cast.link), "step": "everything"}
    async with portal.client("alice") as alice:
        assert chosen(await alice.post(f"/journal/{first.id}/shares", data=look)) == ["no-answer"]
        assert (await confirm(alice, portal.cast, first, ["if-raised"])).status_code == 303
        assert chosen(await alice.post(f"/journal/{second.id}/shares", data=look)) == ["if-raised"]
        assert (await confirm(alice, portal.cast, second, ["before-talk"])).status_code == 303
        (given,) = await shares.list_shares(await portal.cast.actor("alice"), entry=first.id)
        assert chosen(await alice.get(f"/shares/{given.id}/update")) == ["if-raised"]
        page = words(await alice.get(f"/journal/{first.id}/shares"))
        assert "Only if I bring it up" in page
        assert "Bob Example sees its title alone." in page
        assert "Only if I bring it up" in words(await alice.get(f"/journal/{first.id}"))


@pytest.mark.parametrize("values", [["if-raised", "before-talk"], ["something"], [""]])
async def test_two_things_are_not_asked_at_once(portal: Portal, values: list[str]) -> None:
    """Nothing is shared, the preview stands as it was, and says what to do."""
    entry = await written(portal.cast)
    async with portal.client("alice") as alice:
        page = await confirm(alice, portal.cast, entry, values)
        assert page.status_code == 422
        assert "A share can ask one thing of its reader." in words(page)
        assert MEANING in words(page)
        assert re.findall(r'name="sections" value="([^"]*)"', page.text) == ["title", "int.meaning"]
        assert await care_tables.Share.all().count() == 0
        ident = await share(portal.cast, Attention.NO_ANSWER)
        page = await alice.post(f"/shares/{ident}/attention", data={"attention": values})
        assert page.status_code == 422
        assert "A share can ask one thing of its reader." in words(page)
        assert (await alice.post(f"/shares/{ident}/attention")).status_code == 422
    found = await shares.load_share(await portal.cast.actor("alice"), ident)
    assert found.document.asks is Attention.NO_ANSWER


async def test_a_closed_copy_is_a_title_until_a_tap(portal: Portal) -> None:
    """Its clinician's lists, brief and its own page hold no word of it; a tap opens it, and the patient sees that."""
    ident, patient = await share(portal.cast, Attention.IF_RAISED), (await portal.cast.actor("alice")).id
    where = f"/patients/{patient}/shared/{ident}"
    async with portal.client("bob") as bob, portal.client("alice") as alice:
        for path in (f"/patients/{patient}", f"/patients/{patient}/brief", where):
            page = words(await bob.get(path))
            assert TITLE in page, path
            assert MEANING not in page, path
        brief = Page.of(await bob.get(f"/patients/{patient}/brief")).markup
        assert [line.text.strip() for line in brief.all("li") if TITLE in line.text] == [TITLE]
        assert "Opening it counts as opened" in words(await bob.get(where))
        assert "Not opened yet." in words(await alice.get("/sharing/" + str(portal.cast.link)))
        opened = await bob.post(where)
        assert opened.status_code == 200
        assert MEANING in words(opened)
        assert MEANING in words(await bob.get(where))
        assert "Only if they bring it up" in words(await bob.get(where))
        page = words(await alice.get("/sharing/" + str(portal.cast.link)))
        assert "Bob Example opened it" in page
        assert "Change what you ask" not in page


async def test_a_closed_copy_is_talked_about_and_replied_to_without_being_opened(portal: Portal) -> None:
    """Its patient brought it up in the talk, or wrote to it: neither the mark nor the replies open the copy."""
    ident, cast = await share(portal.cast, Attention.IF_RAISED), portal.cast
    patient, one = (await cast.actor("alice")).id, await shares.load_share(await cast.actor("alice"), ident)
    where, mine = f"/patients/{patient}/shared/{ident}", f"/journal/{one.entry}/replies/{cast.link}"
    async with portal.client("bob") as bob, portal.client("alice") as alice:
        assert "Replies about it" not in words(await bob.get(where))
        await alice.post(mine, data={"go": "send", "reply": "Not yet, I think.", "ident": str(uuid4())})
        assert "New reply" in words(await bob.get(f"/patients/{patient}"))
        assert f'href="{where}/replies"' in (await bob.get(where)).text
        page = words(await bob.get(f"{where}/replies"))
        assert "Not yet, I think." in page
        assert MEANING not in page
        assert (
            await bob.post(f"{where}/talked", data={"mark": "talked", "revision": "1"})
        ).status_code == 303
        page = words(await bob.get(where))
        assert "Talked about, 22 Nov 2026" in page
        assert MEANING not in page
        assert (await bob.post(f"{where}/talked", data={"mark": "", "revision": "7"})).status_code == 409
        page = words(await alice.get("/sharing/" + str(cast.link)))
        assert "Not opened yet." in page
        assert "marked it as talked about on" in page


async def test_it_is_changed_until_it_is_opened(portal: Portal) -> None:
    """Then the page says when it was opened, and that nothing changed."""
    ident = await share(portal.cast, Attention.BEFORE_TALK)
    where = f"/shares/{ident}/attention"
    async with portal.client("alice") as alice:
        assert chosen(await alice.get(where)) == ["before-talk"]
        assert (await alice.post(where, data={"attention": "no-answer"})).status_code == 303
        assert chosen(await alice.get(where)) == ["no-answer"]
        await opened_by(portal.cast, "bob", ident)
        page = await alice.post(where, data={"attention": "if-raised"})
        assert page.status_code == 409
        assert "Bob Example opened it on Sun 22 Nov 2026" in words(page)
        assert "It says: No answer needed" in words(page)
        assert "opened it on" in words(await alice.get(where))


async def test_around_a_session_it_can_be_closed(portal: Portal) -> None:
    """To ask for more waits, and says so with what was chosen; to ask for less works."""
    ident = await share(portal.cast, Attention.NO_ANSWER)
    await in_session(portal.cast)
    async with portal.client("alice") as alice:
        page = await alice.post(f"/shares/{ident}/attention", data={"attention": "before-talk"})
        assert page.status_code == 409
        assert chosen(page) == ["before-talk"]
        assert (
            await alice.post(f"/shares/{ident}/attention", data={"attention": "if-raised"})
        ).status_code == 303


async def test_a_standing_share_has_its_own(portal: Portal) -> None:
    """It is chosen with the tick, and stands beside it."""
    where = f"/sharing/{portal.cast.link}/standing"
    async with portal.client("alice") as alice:
        form = {"kind": "day_lines", "go": "give", "attention": ["if-raised", "no-answer"]}
        page = await alice.post(where, data=form)
        assert page.status_code == 422
        assert (await alice.post(where, data=form | {"attention": "if-raised"})).status_code == 303
        assert "Only if I bring it up" in words(await alice.get(where))
