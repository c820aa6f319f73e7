"""A copy of the safety plan in a browser: sealed there, opened offline in two taps, gone when it has ended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.async_api import Page, async_playwright, expect

from journal.authentication import active_sessions
from journal.device_copies import tables
from journal.entries import entries, only_entry
from journal.safety_plan import plan as safety_plan
from journal.store.database import execute
from journal.vault.documents import EntryDocument
from tests.browser.conftest import PATIENCE_MS, QUIET, Desk
from tests.browser.served import Served, serving
from tests.browser.test_ground import kept_offline
from tests.cast import Furniture
from tests.setup_tools import chromium

HERS, ANEW = "Heron at the weir +1 202 555 0143", "Otter below the bridge"
EXPORTED = """
async () => {
  const opening = indexedDB.open("kept");
  const database = await new Promise((done) => { opening.onsuccess = () => done(opening.result); });
  const asking = database.transaction("kept").objectStore("kept").get("copy");
  const { key, sealed, iv } = await new Promise((done) => { asking.onsuccess = () => done(asking.result); });
  database.close();
  const tried = ["raw", "jwk"].map((form) => crypto.subtle.exportKey(form, key).then(() => form, () => "refused"));
  const text = new TextDecoder().decode(sealed);
  const { extractable } = key;
  return { tried: await Promise.all(tried), extractable, size: sealed.byteLength, iv: iv.length, text };
}
"""
HELD = """
async () => {
  const words = (one) => {
    if (one instanceof ArrayBuffer || ArrayBuffer.isView(one)) return new TextDecoder().decode(one);
    return one && typeof one === "object" ? Object.entries(one).flat().map(words).join(" ") : String(one);
  };
  const settled = (request) => new Promise((done, fail) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  });
  const found = { local: words({ ...localStorage }), session: words({ ...sessionStorage }), indexed: "", cached: "" };
  for (const { name } of await indexedDB.databases()) {
    const database = await settled(indexedDB.open(name));
    for (const store of database.objectStoreNames) {
      found.indexed += words(await settled(database.transaction(store).objectStore(store).getAll()));
    }
    database.close();
  }
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const one of await cache.keys()) found.cached += one.url + await (await cache.match(one)).text();
  }
  return found;
}
"""
EMPTY = """
async () => {
  const opening = indexedDB.open("kept");
  const database = await new Promise((done) => { opening.onsuccess = () => done(opening.result); });
  const asking = database.transaction("kept").objectStore("kept").count();
  const count = await new Promise((done) => { asking.onsuccess = () => done(asking.result); });
  database.close();
  return count === 0;
}
"""
AS_NOBODY = """
async () => {
  const opening = indexedDB.open("kept");
  const database = await new Promise((done) => { opening.onsuccess = () => done(opening.result); });
  const asking = database.transaction("kept").objectStore("kept").get("copy");
  const record = await new Promise((done) => { asking.onsuccess = () => done(asking.result); });
  database.close();
  return record.renews === false;
}
"""
STORED = "async () => (await indexedDB.databases()).length"


@pytest.fixture
def server(furnished_sqlite: tuple[Path, Furniture], tmp_path: Path) -> Iterator[Served]:
    """A practice for each walk."""
    with serving(*furnished_sqlite, tmp_path) as served:
        yield served


async def write_plan(server: Served, text: str = HERS) -> None:
    """Have alice write her plan, or change it."""
    document = EntryDocument("safety", answers={"safety.people": text})
    async with server.second_connection() as cast:
        alice = await cast.actor("alice")
        entry = (await safety_plan.load_plan(alice)).entry
        if entry is None:
            await only_entry.begin_written_entry(alice, uuid4(), document)
        else:
            await entries.save_entry(alice, entry.id, entry.revision, document)


async def keep(page: Page) -> None:
    """Keep a copy in this browser."""
    await page.goto("/safety-plan")
    await expect(page.get_by_text("Whoever can unlock this phone can read it.")).to_be_visible()
    await page.get_by_role("button", name="Keep a copy on this device").click()
    await expect(page.get_by_role("link", name="Open the copy on this device")).to_be_visible()


async def test_it_opens_without_a_network_in_two_taps_and_follows_the_plan(
    desk: Desk, server: Served
) -> None:
    """From wherever one is: Ground, and the link there; signed out as well; a newer version comes when signed in."""
    await write_plan(server)
    page = await desk.person(touch=True, worker=True)
    await server.admit(page.context, "alice")
    await keep(page)
    await kept_offline(page)
    found = await page.evaluate(EXPORTED)
    assert found["tried"] == ["refused", "refused"]
    assert (found["extractable"], found["iv"], found["size"] % 2048) == (False, 12, 16)
    assert "Heron" not in found["text"]
    held = await page.evaluate(HELD)
    assert (held["local"], held["session"]) == ("", "")
    assert "Nothing is kept here." in held["cached"]
    assert "revision" in held["indexed"]
    for word in ("Heron", "weir", "0143", "professionals", "Whom I tell"):
        assert not [name for name, text in held.items() if word in text], word
    await write_plan(server, ANEW)
    await page.goto("/safety-plan")
    await expect(page.get_by_role("link", name="Open the copy on this device")).to_be_visible()
    await page.get_by_role("button", name="Leave quickly").click()
    await page.wait_for_url("**/leave")
    await page.goto("/ground")
    await page.context.set_offline(True)
    await page.get_by_role("link", name="Ground", exact=True).first.tap()
    await page.get_by_role("link", name="What is kept on this device").tap()
    await expect(page.locator(".safety-lines > li")).to_have_text([ANEW])
    await expect(page.locator(".safety-parts h2")).to_have_attribute("lang", "en")
    await desk.axe(page)
    await page.get_by_role("button", name="Remove it from this device").tap()
    await expect(page.get_by_text("It is not kept here any more.")).to_be_visible()
    await page.reload()
    await expect(page.get_by_text("Nothing is kept here.")).to_be_visible()
    await page.context.set_offline(False)
    # What the page still asked for without a network, it could not have.
    desk.troubles[:] = [one for one in desk.troubles if "ERR_INTERNET_DISCONNECTED" not in one]
    await page.goto("/ground")  # the server hears of it
    await expect(page.get_by_text("What is kept on this device")).to_be_hidden()
    await page.wait_for_function(EMPTY)
    async with server.second_connection():
        assert await tables.DeviceCopy.all().count() == 0


@pytest.mark.parametrize("way", ["signed out elsewhere", "account erased"])
async def test_it_goes_when_it_has_ended(desk: Desk, server: Served, way: str) -> None:
    """Without a network it stays; at the next page with one it is gone, whoever is signed in by then."""
    await write_plan(server)
    page = await desk.person(touch=True, worker=True)
    await server.admit(page.context, "alice")
    await keep(page)
    await kept_offline(page)
    async with server.second_connection() as cast:
        alice = await cast.actor("alice")
        if way == "account erased":
            await execute("DELETE FROM account WHERE id = $1", alice.id)
        else:
            for one in await active_sessions.list_active_sessions(alice):
                if not one.is_current:
                    await active_sessions.end_session(alice, one.id)
    await page.context.clear_cookies()
    await page.context.set_offline(True)
    await page.goto("/kept")
    await expect(page.get_by_text("Heron at the weir")).to_be_visible()
    await page.context.set_offline(False)  # the page is asked to look again
    await expect(page.get_by_text("It is not kept here any more.")).to_be_visible()
    await page.context.set_offline(True)
    await page.goto("/kept")
    await expect(page.get_by_text("Nothing is kept here.")).to_be_visible()
    await expect(page.get_by_text("Heron")).to_have_count(0)


async def test_another_person_in_the_same_browser_takes_its_place_only_knowingly(
    desk: Desk, server: Served
) -> None:
    """Signed in, they are not led to it, and are told before theirs takes its place; hers ends then."""
    await write_plan(server)
    async with server.second_connection() as cast:
        dana = await cast.actor("dana")
        document = EntryDocument("safety", answers={"safety.alone": ANEW})
        await only_entry.begin_written_entry(dana, uuid4(), document)
    page = await desk.person()
    await server.admit(page.context, "alice")
    await keep(page)
    await page.context.clear_cookies()
    await server.admit(page.context, "dana")
    await page.goto("/safety-plan")
    await expect(page.get_by_text("Somebody else keeps a copy in this browser.")).to_be_visible()
    await expect(page.get_by_role("link", name="Open the copy on this device")).to_be_hidden()
    async with server.second_connection():
        assert await tables.DeviceCopy.all().count() == 1
    await page.get_by_role("button", name="Keep a copy on this device").click()
    await expect(page.get_by_text("A copy made in this browser")).to_be_visible()
    await page.get_by_role("link", name="Open the copy on this device").click()
    await expect(page.locator(".safety-lines > li")).to_have_text([ANEW])
    async with server.second_connection():
        assert await tables.DeviceCopy.all().values_list("account_id", flat=True) == [dana.id]


async def test_signed_in_again_it_is_known_at_once_by_which_session(desk: Desk, server: Served) -> None:
    """However soon after it was asked last: so that signing this browser out from another one ends it."""
    await write_plan(server)
    page = await desk.person()
    await server.admit(page.context, "alice")
    await keep(page)
    out = {"origin": server.origin, "sec-fetch-site": "same-origin"}
    await page.context.request.post(f"{server.origin}/sign-out", headers=out, max_redirects=0)
    await page.goto("/sign-in")
    await page.wait_for_function(AS_NOBODY)
    await server.admit(page.context, "alice")
    async with page.expect_response("**/safety-plan/copy/renewal"):
        await page.goto("/journal")
    async with server.second_connection() as cast:
        alice = await cast.actor("alice")
        for one in await active_sessions.list_active_sessions(alice):
            if not one.is_current:
                await active_sessions.end_session(alice, one.id)
        assert not await tables.DeviceCopy.exists()


async def test_without_a_script_it_is_not_offered(desk: Desk, server: Served) -> None:
    """It is said what it needs, with nothing to press; the plan is there as ever."""
    await write_plan(server)
    page = await desk.person(javascript=False)
    await server.admit(page.context, "alice")
    await page.goto("/safety-plan")
    await expect(page.get_by_text("Heron at the weir")).to_be_visible()
    await expect(page.get_by_text("turn JavaScript on")).to_be_visible()
    await expect(page.get_by_role("button", name="Keep a copy on this device")).to_be_hidden()
    await page.goto("/kept")
    await expect(page.get_by_text("where JavaScript is on")).to_be_visible()
    await expect(page.get_by_text("Nothing is kept here.")).to_be_hidden()


async def test_no_browser_stores_anything_unasked(desk: Desk, server: Served) -> None:
    """To read a plan, to ground and to be helped leave no database behind."""
    await write_plan(server)
    page = await desk.person()
    await server.admit(page.context, "alice")
    for where in ("/safety-plan", "/ground", "/help-now", "/kept"):
        await page.goto(where)
        assert await page.evaluate(STORED) == 0


async def test_no_word_of_it_is_in_the_files_of_the_browser(server: Served, tmp_path: Path) -> None:
    """After it was kept and opened, in whatever a browser writes: its databases, caches, history and the rest."""
    await write_plan(server)
    profile = tmp_path / "profile"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch_persistent_context(
            profile,
            executable_path=str(chromium()),
            args=list(QUIET),
            base_url=server.origin,
            timeout=PATIENCE_MS,
        )
        await server.admit(browser, "alice")
        page = await browser.new_page()
        await keep(page)
        await kept_offline(page)
        await page.goto("/kept")
        await expect(page.get_by_text("Heron at the weir")).to_be_visible()
        await browser.close()
    files = [one for one in profile.rglob("*") if one.is_file()]
    assert any("IndexedDB" in str(one) for one in files)
    for one in files:
        there = one.read_bytes()
        assert not [
            word
            for word in ("Heron", "weir", "5550143")
            if word.encode() in there or word.encode("utf-16-le") in there
        ], one
