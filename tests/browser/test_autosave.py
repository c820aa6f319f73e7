"""Words are never lost while somebody writes: "Saved" is said when they are on disk, and not before."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Dialog, Locator, Page, Request, Route, expect

from journal.authentication import web_sessions
from journal.entries import entries, revisions
from journal.scheduling import plan as session_plan
from journal.sessions.session import SessionDetails, SessionKind, Setting
from journal.vault.documents import EntryDocument, Reason
from tests.browser.conftest import Desk
from tests.browser.served import Served, at_a_desk, chrome, serving
from tests.cast import PASSWORDS, ZONE, Furniture

SAVED = "Saved 13:00"  # the hour at which the cast lives, on alice's clock
NOT_KNOWN = "We do not know yet whether this is saved. Your words are still on this page. Trying again…"
SIGNED_OUT = "Not saved yet: you have been signed out. Your words are still on this page."
NEWER = "Another page saved a newer version of this. What is written here is kept too"
TRAPS = """
for (const name of ["localStorage", "sessionStorage", "caches", "cookieStore"])
  Object.defineProperty(window, name, {get() { console.error(`a page reached for ${name}`); }});
// Whether a copy of a safety plan is kept is asked on every page; where none is, nothing is opened.
Object.defineProperty(window, "indexedDB", {value: {databases: async () => [],
  open() { console.error("a page reached for indexedDB"); }}});
Object.defineProperty(Document.prototype, "cookie", {get() { return ""; },
  set() { console.error("a page set a cookie"); }});
"""


@pytest.fixture(scope="module")
def server(
    furnished_sqlite: tuple[Path, Furniture], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """One server for all the tests here: each writes entries of its own."""
    with serving(*furnished_sqlite, tmp_path_factory.mktemp("autosave")) as served:
        yield served


class Sheet:
    """A page on which alice writes."""

    def __init__(self, page: Page, served: Served) -> None:
        self.page = page
        self.served = served

    @property
    def words(self) -> Locator:
        """Where the words go."""
        return self.page.get_by_label("Write whatever you like")

    @property
    def status(self) -> Locator:
        """The line that says what became of them."""
        return self.page.locator("#save-status")

    @property
    def revision(self) -> Locator:
        """The number of the save that the page goes on from."""
        return self.page.locator("#revision")

    async def begin(self) -> None:
        """Open an empty page."""
        await self.page.goto("/journal/new?kind=free")

    async def go_on(self, entry: UUID) -> None:
        """Open a page with an entry on it."""
        await self.page.goto(f"/journal/{entry}/edit")

    async def another(self) -> Sheet:
        """Open another tab of the same browser."""
        return Sheet(await self.page.context.new_page(), self.served)

    async def type(self, words: str) -> None:
        """Type at the end of what is there, all at once: a busy machine might rest after half of it, which is saved."""
        await self.words.focus()
        await self.page.keyboard.press("Control+End")
        await self.page.keyboard.insert_text(words)

    async def entry(self) -> UUID:
        """Return which entry the page writes."""
        address = await self.page.locator("form[data-autosave]").get_attribute("action")
        assert address is not None
        return UUID(address.rpartition("/")[2])

    async def on_disk(self) -> list[str]:
        """
        Return the words as the database has them at this moment, and before them every earlier version's.

        Those of a lost race come first.
        """
        async with self.served.second_connection() as cast:
            alice, wanted = (
                await web_sessions.load_actor(cast.installation, cast.tokens["alice"]),
                await self.entry(),
            )
            assert alice is not None
            versions = sorted(await revisions.list_revisions(alice, wanted), key=lambda one: one.reason)
            kept = [one.document for one in versions]
            now = [one.document for one in (await entries.load_entries_by_id(alice, [wanted])).values()]
            return [str(document.answers["free.text"]) for document in kept + now]


class Gate:
    """Holds saves on their way to the server."""

    def __init__(self) -> None:
        self.arrived = asyncio.Event()
        self.open = asyncio.Event()

    async def __call__(self, route: Route) -> None:
        """Hold this one until the gate is opened."""
        if route.request.method == "POST":
            self.arrived.set()
            await self.open.wait()
        await route.continue_()

    async def close_before(self, page: Page) -> None:
        """Stand before all that *page* sends about its entry."""
        await page.route("**/journal/*", self)


@pytest_asyncio.fixture(loop_scope="session")
async def sheet(desk: Desk, server: Served) -> AsyncIterator[Sheet]:
    """A page of alice's; the test fails if anything was ever kept in the browser."""
    page = await desk.person()
    await page.context.add_init_script(TRAPS)
    await server.admit(page.context, "alice")
    yield Sheet(page, server)
    await nothing_kept(page.context)


async def nothing_kept(context: BrowserContext) -> None:
    """Fail if a browser kept anything but cookies that scripts cannot read."""
    state = await context.storage_state(indexed_db=True)
    assert state["origins"] == []
    assert all(cookie["httpOnly"] for cookie in state["cookies"])


async def written(served: Served, words: str) -> UUID:
    """Have alice have written an entry before."""
    async with served.second_connection() as cast:
        entry = uuid4()
        document = EntryDocument("free", answers={"free.text": words})
        await entries.save_entry(await cast.actor("alice"), entry, 0, document)
        return entry


def heard(desk: Desk) -> None:
    """Take out what a browser says of itself when it cannot reach a server; it has to have said so."""
    of_itself = [one for one in desk.troubles if "net::ERR_" in one or "Failed to fetch" in one]
    assert of_itself
    desk.troubles[:] = [one for one in desk.troubles if one not in of_itself]


def a_save(request: Request) -> bool:
    """Return whether a request saves words."""
    return request.method == "POST" and "/journal/" in request.url


async def test_saved_is_said_when_the_words_are_on_disk(sheet: Sheet) -> None:
    """While the database cannot write, the page does not say "Saved"; once it says so, a power cut takes nothing."""
    await sheet.begin()
    with closing(sqlite3.connect(sheet.served.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await sheet.type("the slow water")
        # A database that cannot write for long is given up, and asked again later.
        await expect(sheet.status).to_have_text(re.compile("^(Saving…|We do not know yet)"))
        assert await sheet.on_disk() == []
        other.execute("ROLLBACK")
    await expect(sheet.status).to_have_text(SAVED)
    assert await sheet.on_disk() == ["the slow water"]
    sheet.served.stop(at_once=True)
    sheet.served.start()
    await sheet.page.reload()
    await expect(sheet.words).to_have_value("the slow water")


async def test_typing_while_a_save_is_on_its_way_is_not_lost(sheet: Sheet) -> None:
    """What is typed during a save stays in the field, under the cursor, and goes with the next save."""
    gate = Gate()
    await sheet.begin()
    await gate.close_before(sheet.page)
    await sheet.type("one")
    await gate.arrived.wait()
    await sheet.type(" two")
    await sheet.page.evaluate(
        "window.dispatchEvent(new Event('online'))"
    )  # asks for a save that has to queue
    await sheet.type(" three")
    async with sheet.page.expect_request(a_save) as queued:
        gate.open.set()
    sent = parse_qs((await queued.value).post_data or "")
    assert (sent["free.text"], sent["revision"]) == (["one two three"], ["1"])
    await expect(sheet.revision).to_have_value("2")
    await expect(sheet.status).to_have_text(SAVED)
    await expect(sheet.words).to_be_focused()
    await sheet.page.keyboard.insert_text(" four")
    await expect(sheet.revision).to_have_value("3")
    await expect(sheet.words).to_have_value("one two three four")
    assert await sheet.on_disk() == ["one two three four"]


async def test_the_button_waits_for_a_save_on_its_way(sheet: Sheet) -> None:
    """The button "Save and close" during a save keeps the newest words, and loses no race against the page itself."""
    gate = Gate()
    await sheet.begin()
    entry = await sheet.entry()
    await gate.close_before(sheet.page)
    await sheet.type("before")
    await gate.arrived.wait()
    await sheet.type(" and after")
    await sheet.page.get_by_role("button", name="Save and close").click()
    gate.open.set()
    await expect(sheet.page).to_have_url(re.compile(f"/journal/{entry}$"))
    await expect(sheet.page.get_by_text("before and after")).to_be_visible()
    await sheet.go_on(entry)
    assert await sheet.on_disk() == ["before and after"]


async def test_the_words_outlive_the_server(desk: Desk, sheet: Sheet) -> None:
    """When no answer comes the page says so, calls nothing unsaved, keeps the words, and saves them when it is back."""
    await sheet.begin()
    await sheet.type("kept")
    await expect(sheet.status).to_have_text(SAVED)
    sheet.served.stop()
    try:
        await sheet.type(" through the night")
        await expect(sheet.status).to_have_text(NOT_KNOWN)
        await sheet.type(", all of it")
        await expect(sheet.words).to_have_value("kept through the night, all of it")
    finally:
        sheet.served.start()
    await expect(sheet.status).to_have_text(SAVED)
    assert await sheet.on_disk() == ["kept through the night, all of it"]
    heard(desk)


async def test_a_lost_answer_is_no_lost_race(desk: Desk, sheet: Sheet) -> None:
    """When a first save arrives but its answer does not, the page saves again: one entry, the newest words."""
    sent: list[int] = []

    async def lose_the_first_answer(route: Route) -> None:
        answer = await route.fetch()
        sent.append(answer.status)
        await (route.abort() if len(sent) == 1 else route.fulfill(response=answer))

    await sheet.begin()
    await sheet.page.route(a_save_address(await sheet.entry()), lose_the_first_answer)
    await sheet.type("said once")
    await expect(sheet.status).to_have_text(NOT_KNOWN)
    await sheet.type(" and then again")
    await expect(sheet.status).to_have_text(SAVED)
    assert set(sent) == {200}
    assert (await sheet.on_disk())[-1] == "said once and then again"
    heard(desk)


def a_save_address(entry: UUID) -> re.Pattern[str]:
    """The address that a page sends its words to."""
    return re.compile(f"/journal/{entry}$")


@pytest.mark.parametrize("status", [200, 204, 502])
async def test_an_answer_that_is_not_ours(sheet: Sheet, status: int) -> None:
    """Whoever stands between page and server may answer in its place: the words stay until they are on disk."""

    async def stand_between(route: Route) -> None:
        body = "" if status == 204 else "<h1>Welcome aboard</h1>"
        await route.fulfill(
            status=status, headers={"hx-redirect": "/help-now"} if not body else {}, body=body
        )

    await sheet.begin()
    address, page = sheet.page.url, a_save_address(await sheet.entry())
    await sheet.page.route(page, stand_between)
    await sheet.type("not for strangers")
    await expect(sheet.status).to_contain_text("We do not know yet")
    await expect(sheet.words).to_have_value("not for strangers")
    await expect(sheet.page.get_by_text("Welcome aboard")).to_have_count(0)
    assert sheet.page.url == address
    assert await asked_before_closing(sheet.page) == "beforeunload"
    await sheet.page.unroute(page)
    await expect(sheet.status).to_have_text(SAVED)
    assert await sheet.on_disk() == ["not for strangers"]


async def test_signed_out_in_another_tab(sheet: Sheet) -> None:
    """When the session ended elsewhere the page says so and stays; signed in again, it saves by itself."""
    await sheet.begin()
    await sheet.type("still")
    await expect(sheet.status).to_have_text(SAVED)
    address, other = sheet.page.url, (await sheet.another()).page
    await other.goto("/account")
    await other.get_by_role("main").get_by_role("button", name="Sign out").click()
    await expect(other.get_by_role("heading", name="Sign in", level=1)).to_be_visible()
    await sheet.type(" here")
    await expect(sheet.status).to_contain_text(SIGNED_OUT)
    await expect(sheet.words).to_have_value("still here")
    assert sheet.page.url == address
    await other.get_by_label("E-mail address").fill("alice@example.org")
    await other.get_by_label("Password").fill(PASSWORDS["alice"])
    await other.get_by_role("main").get_by_role("button", name="Sign in").click()
    await expect(other.get_by_role("heading", level=1)).to_contain_text("Alice")
    await expect(sheet.status).to_have_text(SAVED)
    assert await sheet.on_disk() == ["still here"]


async def test_two_tabs_keep_two_texts(sheet: Sheet) -> None:
    """The tab that saved later is told at once; both texts can be read side by side, and either be the entry."""
    entry, newer = await written(sheet.served, "Once:"), await sheet.another()
    await sheet.go_on(entry)
    await newer.go_on(entry)
    await newer.type(" the lake")
    await expect(newer.status).to_have_text(SAVED)
    await sheet.type(" the mountain")
    await expect(sheet.status).to_contain_text(NEWER)
    async with sheet.page.expect_response(lambda answer: a_save(answer.request)) as again:
        await sheet.type(" behind it")
    assert (await again.value).status == 409
    assert await sheet.on_disk() == ["Once: the mountain behind it", "Once:", "Once: the lake"]

    async with sheet.page.context.expect_page() as opened:
        await sheet.page.get_by_role("link", name="Compare the two").click()
    compared = await opened.value
    for words in ("Once: the mountain behind it", "Once: the lake"):
        await expect(compared.get_by_text(words)).to_be_visible()
    await compared.get_by_role("button", name="Restore this version").click()
    await expect(compared).to_have_url(re.compile(f"/journal/{entry}$"))
    await expect(compared.get_by_text("Once: the mountain behind it")).to_be_visible()
    async with sheet.served.second_connection() as cast:
        alice = await cast.actor("alice")
        now, kept = await entries.load_entry(alice, entry), await revisions.list_revisions(alice, entry)
    assert now.document.answers == {"free.text": "Once: the mountain behind it"}
    assert {(one.reason, one.document.answers["free.text"]) for one in kept} == {
        (Reason.CONFLICT, "Once: the mountain behind it"),
        (Reason.EARLIER, "Once:"),
        (Reason.EARLIER, "Once: the lake"),
    }


async def test_a_tab_whose_words_are_kept_beside_closes_quietly(sheet: Sheet) -> None:
    """Once the older tab was told that its words are kept as an earlier version, closing it asks nothing."""
    entry, newer = await written(sheet.served, "A"), await sheet.another()
    await sheet.go_on(entry)
    await newer.go_on(entry)
    await newer.type("B")
    await expect(newer.status).to_have_text(SAVED)
    await sheet.type("C")
    await expect(sheet.status).to_contain_text(NEWER)
    assert await closes(sheet.page) is None


async def test_deleted_in_another_tab(sheet: Sheet) -> None:
    """A page whose entry was deleted elsewhere keeps the words and says so; brought back, it saves them."""
    entry, other = await written(sheet.served, "A letter"), (await sheet.another()).page
    await sheet.go_on(entry)
    await other.goto(f"/journal/{entry}/deletion")
    await other.get_by_role("main").get_by_role("button").first.click()
    await expect(other.get_by_text("The entry is deleted")).to_be_visible()
    await sheet.type(" to nobody")
    await expect(sheet.status).to_contain_text("Not saved: this entry was deleted on another page")
    await expect(sheet.words).to_have_value("A letter to nobody")
    assert await asked_before_closing(sheet.page) == "beforeunload"
    await other.get_by_role("button", name="Restore").click()
    await expect(other.get_by_text("A letter")).to_be_visible()
    await sheet.type(", yet")
    await expect(sheet.status).to_have_text(SAVED)
    assert (await sheet.on_disk())[-1] == "A letter to nobody, yet"


async def asked_before_closing(page: Page) -> str:
    """Try to close *page*, decide to stay, and give the kind of question that was asked."""
    async with page.expect_event("dialog") as asked:
        await page.close(run_before_unload=True)
    dialog: Dialog = await asked.value
    await dialog.dismiss()
    return dialog.type


async def closes(page: Page) -> str | None:
    """Close *page*; return the kind of question that was asked, or None when there was none."""
    asked: list[str] = []

    async def accept(dialog: Dialog) -> None:
        asked.append(dialog.type)
        await dialog.accept()

    page.on("dialog", accept)
    async with page.expect_event("close"):
        await page.close(run_before_unload=True)
    return asked[0] if asked else None


async def test_closing_asks_while_words_are_not_saved(sheet: Sheet) -> None:
    """Closing the tab asks first while anything is unsaved, and asks nothing when all is saved."""
    gate = Gate()
    await sheet.begin()
    await gate.close_before(sheet.page)
    await sheet.type("do not go")
    assert await asked_before_closing(sheet.page) == "beforeunload"
    await gate.arrived.wait()
    assert await asked_before_closing(sheet.page) == "beforeunload"
    await expect(sheet.words).to_have_value("do not go")
    gate.open.set()
    await expect(sheet.status).to_have_text(SAVED)
    assert await closes(sheet.page) is None


async def test_a_new_entry_has_an_address_from_its_first_save(sheet: Sheet) -> None:
    """The first save puts the entry's own address in place of the empty page's; a reload brings the words."""
    await sheet.page.goto("/journal/new")
    await sheet.begin()
    steps = await sheet.page.evaluate("history.length")
    await sheet.type("the first line")
    entry = await sheet.entry()
    await expect(sheet.page).to_have_url(re.compile(f"/journal/{entry}/edit$"))
    assert await sheet.page.evaluate("history.length") == steps
    await sheet.page.reload()
    await expect(sheet.words).to_have_value("the first line")
    await sheet.type(", the second")
    await expect(sheet.revision).to_have_value("2")
    assert await sheet.entry() == entry
    assert await sheet.on_disk() == ["the first line", "the first line, the second"]  # two pages wrote


async def test_back_leads_to_the_words(sheet: Sheet) -> None:
    """Whoever goes away and comes back by the browser's own button finds what they wrote."""
    await sheet.begin()
    await sheet.type("wait for me")
    await expect(sheet.status).to_have_text(SAVED)
    await sheet.page.get_by_role("link", name="Hearthside").click()
    await expect(sheet.page.get_by_role("heading", level=1)).to_contain_text("Alice")
    await sheet.page.go_back()
    await expect(sheet.words).to_have_value("wait for me")
    await sheet.type(" a little")
    await expect(sheet.revision).to_have_value("2")
    assert await sheet.on_disk() == ["wait for me", "wait for me a little"]  # two pages wrote


async def saved_elsewhere(served: Served, entry: UUID, words: str) -> None:
    """Have alice save other words from another browser."""
    async with served.second_connection() as cast:
        alice = await cast.actor("alice")
        found = await entries.load_entry(alice, entry)
        document = EntryDocument("free", answers={"free.text": words})
        await entries.save_entry(alice, entry, found.revision, document, sitting="another browser")


def a_session(*, minutes: int) -> SessionDetails:
    """A talk in the clinic."""
    return SessionDetails(SessionKind.INTEGRATION, "2031-03-24T11:00", ZONE, minutes, Setting.CLINIC)


async def come_back(page: Page, how: str) -> None:
    """Leave a page and come back to it, or load it again, as a browser does that remembers what stood in it."""
    if how == "reload":
        await page.reload()
    else:
        await page.goto("/help-now")
        await page.go_back(wait_until="commit")


@pytest.mark.parametrize("how", ["back", "reload"])
async def test_a_page_that_comes_back_shows_the_newest_words(sheet: Sheet, how: str) -> None:
    """Words that another browser saved meanwhile stand on a page that the browser brings back, and are not replaced."""
    await sheet.begin()
    await sheet.type("of then")
    await expect(sheet.status).to_have_text(SAVED)
    await saved_elsewhere(sheet.served, await sheet.entry(), "of now")
    await come_back(sheet.page, how)
    await expect(sheet.words).to_have_value("of now")
    await sheet.type(".")
    await expect(sheet.status).to_have_text(SAVED)
    assert (await sheet.on_disk())[-1] == "of now."


@pytest.mark.parametrize("how", ["back", "reload"])
async def test_without_a_script_a_page_that_comes_back_shows_the_newest_words(
    desk: Desk, server: Served, how: str
) -> None:
    """The same where no script can look after it."""
    page = await desk.person(javascript=False)
    await server.admit(page.context, "alice")
    sheet, entry = Sheet(page, server), await written(server, "of then")
    await sheet.go_on(entry)
    await sheet.words.fill("of then, and more")
    await saved_elsewhere(server, entry, "of now")
    await come_back(page, how)
    await expect(sheet.words).to_have_value("of now")


async def test_a_plan_that_comes_back_is_the_newest(desk: Desk, server: Served) -> None:
    """A session that somebody moved meanwhile stands where it was moved to when the browser brings its form back."""
    page = await desk.person()
    await server.admit(page.context, "bob")
    async with server.second_connection() as cast:
        alice, bob = await cast.actor("alice"), await cast.actor("bob")
        planned = await session_plan.add_session(bob, alice.id, a_session(minutes=50))
        await page.goto(f"/sessions/{planned}/edit")
        await page.get_by_label("How long, in minutes").fill("60")
        await session_plan.change_session(bob, planned, 1, a_session(minutes=90))
    await come_back(page, "back")
    await expect(page.get_by_label("How long, in minutes")).to_have_value("90")


async def test_a_browser_that_fills_in_old_words_all_the_same(sheet: Sheet) -> None:
    """Where a browser puts back what stood there in spite of what the page asks for, both texts are kept."""

    async def ask_for_nothing(route: Route) -> None:
        answer = await route.fetch()
        body = (await answer.text()).replace('autocomplete="off"', "")
        await route.fulfill(response=answer, body=body)

    await sheet.page.route("**/journal/**", ask_for_nothing)
    entry = await written(sheet.served, "of then")
    await sheet.go_on(entry)
    await sheet.type(", and more")
    await expect(sheet.status).to_have_text(SAVED)
    await saved_elsewhere(sheet.served, entry, "of now")
    await come_back(sheet.page, "back")
    await expect(sheet.words).to_have_value("of then, and more")
    await expect(sheet.status).to_contain_text(NEWER)
    assert await sheet.on_disk() == ["of then, and more", "of then, and more", "of then", "of now"]
    async with sheet.page.expect_response(lambda answer: a_save(answer.request)) as answered:
        await sheet.type("!")
    assert (await answered.value).status == 409
    assert await sheet.on_disk() == ["of then, and more!", "of then, and more", "of then", "of now"]


FILLED_IN_LATE = """
addEventListener("pageshow", () => setTimeout(() => {
    if (performance.getEntriesByType("navigation")[0].type !== "back_forward") return;
    document.querySelector("textarea[name$='.text']").value = "of then, and more";
}, 20));
"""


async def test_words_that_a_busy_browser_fills_in_late(sheet: Sheet) -> None:
    """Also where they come after the page was shown, both texts are kept, and what is typed then replaces neither."""
    entry = await written(sheet.served, "of then")
    await sheet.page.add_init_script(FILLED_IN_LATE)
    await sheet.go_on(entry)
    await sheet.type(", and more")
    await expect(sheet.status).to_have_text(SAVED)
    await saved_elsewhere(sheet.served, entry, "of now")
    await come_back(sheet.page, "back")
    await expect(sheet.words).to_have_value("of then, and more")
    await expect(sheet.status).to_contain_text(NEWER)
    assert await sheet.on_disk() == ["of then, and more", "of then, and more", "of then", "of now"]


async def test_a_page_kept_whole_goes_on_from_its_own_revision(server: Served) -> None:
    """A page that comes back from the back-forward cache is told of newer words, and neither text is lost."""
    async with (
        chrome(without=["--disable-back-forward-cache"]) as browser,
        at_a_desk(browser, server) as desk,
    ):
        page = await desk.person(worker=True)
        await server.admit(page.context, "alice")

        async def let_it_be_stored(route: Route) -> None:
            answer = await route.fetch()
            await route.fulfill(response=answer, headers={**answer.headers, "cache-control": "private"})

        await page.route("**/journal/new?kind=free", let_it_be_stored)
        sheet = Sheet(page, server)
        await sheet.begin()
        await sheet.type("of then")
        await expect(sheet.status).to_have_text(SAVED)
        await saved_elsewhere(server, await sheet.entry(), "of now")
        await page.evaluate("window.kept = true")
        await come_back(page, "back")
        await page.wait_for_function("window.kept")
        async with page.expect_response(lambda answer: a_save(answer.request)) as answered:
            await sheet.type(".")
        assert (await answered.value).status == 409
        await expect(sheet.status).to_contain_text(NEWER)
        assert await sheet.on_disk() == ["of then.", "of then", "of now"]


async def test_what_cannot_be_kept_keeps_nothing_else_back(sheet: Sheet) -> None:
    """A title that is too long is told in words, and all the rest is saved nevertheless."""
    await sheet.begin()
    await sheet.type("the rest")
    await expect(sheet.status).to_have_text(SAVED)
    await sheet.page.get_by_label(re.compile("^Title")).fill("long " * 80)
    await expect(sheet.status).to_contain_text("Saved 13:00, but for this:")
    await sheet.type(" is here")
    await expect(sheet.revision).to_have_value("2")
    assert await sheet.on_disk() == ["the rest is here"]
    assert await asked_before_closing(sheet.page) == "beforeunload"


async def test_a_slider_saves_too(sheet: Sheet) -> None:
    """A number set with the slider is saved like one that is typed; untouched sliders say nothing."""
    await sheet.page.goto("/journal/new?kind=reframe&prompt=reframe.old_meaning")
    slider = sheet.page.get_by_role("slider")
    await slider.focus()
    await slider.press("ArrowRight")
    await expect(sheet.status).to_have_text(SAVED)
    async with sheet.served.second_connection() as cast:
        entry = await entries.load_entry(await cast.actor("alice"), await sheet.entry())
    assert entry.document.answers == {"reframe.old_belief_before": 51}
