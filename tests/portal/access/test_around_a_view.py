"""What goes on around a page: the language of its reader, what their browser keeps, and that they were here."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
import pytest

from journal.accounts import tables as accounts_tables
from journal.accounts.profiles import load_profile, profile_context
from journal.authentication import tables as authentication_tables
from journal.entries import entries
from journal.sealing import seal_document
from tests.portal.browsing import Page, action, opened, pressed
from tests.portal.conftest import Portal


async def change_profile(portal: Portal, name: str, **changes: object) -> None:
    """Write a part of somebody's profile anew."""
    who = (await portal.cast.actor(name)).id
    installation = portal.cast.installation
    changed = msgspec.structs.replace(await load_profile(installation, who), **changes)
    sealed = seal_document(installation.server_keys, changed, profile_context(who))
    await accounts_tables.Account.filter(id=who).update(sealed=sealed)


async def used_at(portal: Portal, name: str) -> datetime:
    """When somebody's session was used last, as it is stored."""
    actor = await portal.cast.actor(name)
    return (await authentication_tables.WebSession.get(id=actor.session)).used_at


def read_entry_id(path: str) -> UUID:
    """The id in the address of an entry."""
    return UUID(path.split("/")[2])


async def test_a_page_speaks_the_language_of_its_reader(portal: Portal) -> None:
    """Whatever the browser wishes for; who chose none is spoken to as it wishes, and writes in that."""
    await change_profile(portal, "alice", language="es")
    async with portal.client("alice") as browser:
        shown = await browser.get("/journal", headers={"accept-language": "en"})
        assert 'lang="es"' in shown.text
        assert browser.cookies["hearthside-language"] == "es"
    await change_profile(portal, "alice", language="")
    for wished, other in (("es", "en"), ("en", "es")):
        async with portal.client("alice") as browser:
            browser.headers["accept-language"] = wished
            page = await opened(browser, "/journal/new?kind=free")
            kept = await pressed(browser, page, title="A sea", free__text="Wide.")
            assert f'lang="{wished}"' in (await browser.get("/journal")).text
            assert browser.cookies.get("hearthside-language") != other
        entry = await entries.load_entry(await portal.cast.actor("alice"), read_entry_id(action(page)))
        assert (kept.status_code, entry.document.language) == (303, wished)


async def test_a_choice_is_kept_with_a_page_and_not_with_a_form(portal: Portal) -> None:
    """What a browser keeps for pages that do not know whose they are is written when a page is read."""
    await change_profile(portal, "alice", language="es", is_neutral=True)
    async with portal.client("alice") as browser:
        await browser.post("/account/password", data={"current": "wrong"})
        assert "hearthside-language" not in browser.cookies
        await browser.get("/journal")
        assert browser.cookies["hearthside-language"] == "es"
        assert browser.cookies["hearthside-neutral"] == "yes"


@pytest.mark.parametrize("path", ["/journal", f"/journal/{UUID(int=7)}", "/account"])
async def test_whoever_looks_is_here(portal: Portal, path: str) -> None:
    """Also where there is nothing: the session was used, so that it does not lock meanwhile."""
    before = await used_at(portal, "alice")
    portal.cast.clock.forward(minutes=2)
    async with portal.client("alice") as browser:
        assert (await browser.get(path)).status_code in (200, 404)
    used = await authentication_tables.WebSession.filter(used_at=portal.cast.clock.now)
    assert [one.used_at > before for one in used] == [True]


async def test_a_purpose_of_another_kind_opens_a_page(portal: Portal) -> None:
    """Only what reads ahead is refused."""
    async with portal.client("alice") as browser:
        assert (await browser.get("/journal", headers={"sec-purpose": "report"})).status_code == 200
        assert (await browser.get("/journal", headers={"x-other": "prefetch"})).status_code == 200
        assert (await browser.get("/journal", headers={"sec-purpose": "prerender"})).status_code == 503
        assert "Hello" in Page.of(await browser.get("/")).words
