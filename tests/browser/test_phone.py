"""On a phone, and without a mouse: whatever is written, nothing is out of reach, and what has the focus is in sight."""

from __future__ import annotations

import asyncio
import re
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from journal.authentication import web_sessions
from journal.records import collection as records_collection
from portal.documents.archive_pages import build_page_renderer
from portal.web.pages import build_environment
from tests.attacks import browse
from tests.browser.conftest import Desk
from tests.browser.served import NOBODY, Served, lend, serving
from tests.browser.writers import Writers, after_session, in_session, places, writing

WIDTHS = (390, 320)
SMALLEST = 24
"""Pixels that a finger needs both ways: WCAG 2.2, 2.5.8."""
TOLD = ("ketamin", "therap", "trauma", "psych")
"""What a title, which others see on a screen or in a history, says nothing of."""
MEASURE = """
(smallest) => {
  const { scrollWidth, clientWidth } = document.scrollingElement;
  const outside = [...document.querySelectorAll("body *")].filter(
    (element) => element.checkVisibility() && element.getBoundingClientRect().right > clientWidth + 1);
  // A link in the middle of a sentence is as high as its line.
  const inline = (element) => getComputedStyle(element).display === "inline"
    && element.parentElement.textContent.trim() !== element.textContent.trim();
  const hidden = (element) => !element.checkVisibility({ visibilityProperty: true, opacityProperty: true })
    || element.matches(".visually-hidden");
  const reached = "main :is(a[href], button, summary, select, textarea, input:not([type=hidden]))";
  const small = [...document.querySelectorAll(reached)]
    .filter((element) => {
      const { width, height } = (element.closest("label") ?? element).getBoundingClientRect();
      return !hidden(element) && !inline(element) && Math.min(width, height) < smallest;
    });
  const shown = (element) => element.outerHTML.slice(0, 160);
  return {
    wide: scrollWidth - clientWidth,
    outside: scrollWidth > clientWidth ? outside.slice(-3).map(shown) : [],
    small: small.map(shown),
    headings: document.querySelectorAll("h1").length,
    lang: document.documentElement.lang,
    title: document.title,
  };
}
"""


EVERY_WIDTH = range(340, 1441, 100)
DESK = 1340
COLLIDE = """
() => {
  const walker = document.createTreeWalker(document.querySelector("#main"), NodeFilter.SHOW_TEXT);
  const boxes = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || !element.checkVisibility()) continue;
    if (element.closest("option, .visually-hidden, .writing-foot")) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    // Where a line is cut off, what is cut off lies on nothing.
    let frame = element;
    while (frame.parentElement && getComputedStyle(frame).overflow === "visible") frame = frame.parentElement;
    const cut = frame.getBoundingClientRect();
    for (const { left, right, top, bottom } of range.getClientRects()) {
      const box = { left, right, top, bottom };
      if (frame !== document.documentElement) {
        Object.assign(box, { left: Math.max(left, cut.left), right: Math.min(right, cut.right) });
        Object.assign(box, { top: Math.max(top, cut.top), bottom: Math.min(bottom, cut.bottom) });
      }
      box.height = box.bottom - box.top;
      if (box.height > 0) boxes.push({ box, element, words: node.data.trim().slice(0, 40) });
    }
  }
  const deep = (one, other) => Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
  const wide = (one, other) => Math.min(one.right, other.right) - Math.max(one.left, other.left);
  const found = [];
  for (const [place, one] of boxes.entries()) for (const other of boxes.slice(place + 1)) {
    // Lines of one paragraph stand closer than their letters are high.
    if (one.element === other.element || wide(one.box, other.box) <= 1) continue;
    if (deep(one.box, other.box) < 0.35 * Math.min(one.box.height, other.box.height)) continue;
    found.push(`${one.words} / ${other.words}`);
  }
  const { left, width } = document.querySelector("#main").getBoundingClientRect();
  return { width: innerWidth, found: found.slice(0, 5), column: `${Math.round(left)} to ${Math.round(left + width)}` };
}
"""
"""How wide the page is, which texts lie on top of one another, and where the column of the page stands."""


SCREENS = {"phone": (390, 844), "desk": (1280, 844), "desk at 200 %": (640, 422)}
"""Width and height in CSS pixels; a desk that is enlarged twice has half of them."""

FIELDS = "main form :is(input:not([type=hidden]), textarea, select)"

ASKS_FOR_PASSWORD = re.compile(r'<input(?![^>]*id="cover-password")[^>]*type="password"')
"""A field that stands on a page: the cover's comes on nearly every one, and is taken out until it is needed."""

STOPS = 300
"""More than a page has."""
AT_ONCE = 20
"""Presses of a key that the browser is sent before the page is asked what it saw."""

WATCH = """
() => {
  const stands = (element) => ["sticky", "fixed"].includes(getComputedStyle(element).position);
  const shown = [...document.querySelectorAll("body *")].filter((element) => element.checkVisibility());
  const bars = shown.filter(stands);
  const look = (element) => {
    for (const moving of document.getAnimations()) moving.finish();
    const { left, right, top, bottom, height } = element.getBoundingClientRect();
    const isFree = (x, y) => y >= 0 && y <= innerHeight
      && !bars.some((bar) => !bar.contains(element) && bar.contains(document.elementFromPoint(x, y)));
    const [begin, end] = [top + 2, bottom - 2].map((y) => isFree(left + 2, y) && isFree(right - 2, y));
    // A browser shows the line of a text that the caret is in; of what is taller than half the screen it shows an end.
    if (element.matches("textarea") || height > innerHeight / 2 ? begin || end : begin && end) return;
    window.walk.hidden.push(`${Math.round(top)} to ${Math.round(bottom)}: ${element.outerHTML.slice(0, 120)}`);
  };
  document.activeElement.blur();
  scrollTo(0, 0);
  if (window.watch) removeEventListener("keydown", window.watch, true);
  // What one press led to is looked at as the next one comes; behind the last stop the keys do nothing.
  window.watch = (event) => {
    if (event.key !== "Tab") return;
    const element = document.activeElement;
    if (!element || element === document.body) window.walk.ended = window.walk.stops > 0;
    else if (window.walk.stops > 0) look(element);
    if (window.walk.ended) event.preventDefault();
    else window.walk.stops += 1;
  };
  addEventListener("keydown", window.watch, true);
}
"""
BEGIN = "() => { window.walk = { stops: 0, ended: false, hidden: [] }; }"


def long(name: str, ceiling: int) -> str:
    """As much as a field holds: half of it one word that nothing breaks, half of it ordinary words."""
    if name == "email":
        return "w" * ceiling
    half = ceiling // 2
    return ("W" * half + " " + "all that we saw on the way to the lake, " * ceiling)[:ceiling].strip()


@pytest.fixture(scope="module")
def server(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for all the tests here."""
    with serving(migrated_sqlite, NOBODY, tmp_path_factory.mktemp("phone")) as served:
        yield served


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def writers(server: Served) -> AsyncIterator[Writers]:
    """Two people who fill every field to its brim."""
    async with writing(server, long) as writers:
        yield writers


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def pages(writers: Writers) -> dict[str, list[browse.Page]]:
    """Every page that there is for the two, and for anybody."""
    return await places(writers)


async def measured(desk: Desk, page: Page) -> None:
    """Note what is wrong with a page as it stands, at every width."""
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 700})
        found = await page.evaluate(MEASURE, SMALLEST)
        where = f"{page.url} at {width}"
        if found["wide"] > 0:
            desk.troubles.append(f"{where} scrolls sideways by {found['wide']}: {found['outside']}")
        desk.troubles += [f"{where}: too small to touch: {one}" for one in found["small"]]
    if found["headings"] != 1 or found["lang"] != "en":
        desk.troubles.append(f"{page.url}: {found['headings']} h1, lang {found['lang']}")
    if (
        not found["title"]
        or [word for word in TOLD if word in found["title"].lower()]
        or "WWW" in found["title"]
    ):
        desk.troubles.append(f"{page.url}: title {found['title']}")


async def walked_by_keyboard(desk: Desk, page: Page) -> None:
    """Note a page that does not begin with a way past everything that stands on every page."""
    if await page.locator("main [autofocus]").count():  # a page to write on at once, and to go on from there
        return
    focus = "[document.activeElement.className, document.activeElement.id, !!document.activeElement.closest('main')]"
    await page.keyboard.press("Tab")
    first = await page.evaluate(focus)
    await page.keyboard.press("Enter")
    second = await page.evaluate(focus)
    await page.keyboard.press("Tab")
    third = await page.evaluate(focus)
    reachable = await page.locator("main :is(a[href], button, summary, select, textarea, input)").count()
    if (first[0], second[1], third[2]) != ("skip", "main", reachable > 0):
        desk.troubles.append(f"{page.url}: Tab, Enter, Tab lead to {first}, {second}, {third}")


@pytest.mark.parametrize("name", ["alice", "bob", "erin", "anybody"])
async def test_every_page_fits_a_phone(
    desk: Desk, writers: Writers, pages: dict[str, list[browse.Page]], name: str
) -> None:
    """No page scrolls sideways or has a target too small for a finger; each can be walked by keyboard."""
    page = await desk.person()
    await lend(writers.client(name), page.context)
    addresses = dict.fromkeys(one.url for one in pages[name])
    for address in [*addresses, "/nowhere"]:
        await page.goto(address)
        await walked_by_keyboard(desk, page)
        await measured(desk, page)


@pytest.mark.parametrize("name", ["alice", "bob"])
async def test_the_pages_of_an_archive_fit_a_phone(
    desk: Desk, writers: Writers, server: Served, tmp_path: Path, name: str
) -> None:
    """Addresses and words that nothing breaks are broken there too: no page scrolls sideways."""
    token = urlsafe_b64decode(writers.client(name).cookies["hearthside"] + "=")
    async with server.second_connection() as cast:
        actor = await web_sessions.load_actor(cast.installation, token)
        assert actor is not None
        found = await (
            records_collection.collect_patient_records(actor, "")
            if name == "alice"
            else records_collection.collect_shared_records(actor, "", None)
        )
        files = build_page_renderer(build_environment(), actor)(found)
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content, encoding="utf-8")
    page = await desk.person()
    desk.origin = tmp_path.as_uri()
    for path in (path for path in files if path.endswith(".html")):
        await page.goto((tmp_path / path).as_uri())
        found_there = await page.evaluate(MEASURE, SMALLEST)
        assert found_there["wide"] <= 0, (path, found_there["outside"])


async def test_every_password_can_be_shown(
    desk: Desk, writers: Writers, pages: dict[str, list[browse.Page]]
) -> None:
    """Each password field of each page has one button that shows it, large enough for a thumb."""
    seen = set[str]()
    for name in pages:
        page = await desk.person()
        await lend(writers.client(name), page.context)
        for address in dict.fromkeys(one.url for one in pages[name] if ASKS_FOR_PASSWORD.search(one.text)):
            await page.goto(address)
            idents = await page.locator("input[type=password]").evaluate_all("all => all.map(({id}) => id)")
            for ident in idents:
                button = page.locator(f"button[aria-controls='{ident}']")
                await expect(button).to_have_text("Show password")
                box = await button.bounding_box()
                assert box is not None
                assert min(box["height"], box["width"]) >= 44, (address, box)
                await button.click()
                await expect(page.locator(f"#{ident}")).to_have_attribute("type", "text")
                seen.add(f"{name} {urlsplit(address).path} {ident}")
    assert len(seen) >= 10, seen


async def test_a_session_fits_a_phone(desk: Desk, writers: Writers) -> None:
    """The screens of the day itself are as reachable as the others."""
    page = await desk.person()
    await lend(writers.alice, page.context)
    for going_on in (in_session, after_session):
        for address in await going_on(writers):
            await page.goto(address)
            await walked_by_keyboard(desk, page)
            await measured(desk, page)


@pytest.mark.parametrize("name", ["alice", "bob", "erin", "anybody"])
async def test_nothing_collides_at_any_width(
    desk: Desk, writers: Writers, pages: dict[str, list[browse.Page]], name: str
) -> None:
    """No words lie on top of others, and the column of somebody's pages stands where it stood on the one before."""
    page = await desk.person()
    await lend(writers.client(name), page.context)
    columns: dict[str, str] = {}
    kinds = {re.sub(r"[0-9a-f-]{32,}", "", one.url): one.url for one in pages[name]}
    # Said to the page alone: `set_viewport_size` has the browser make its window anew, which takes as long again.
    screen = await page.context.new_cdp_session(page)
    for address in kinds.values():
        await page.goto(address)
        for width in EVERY_WIDTH:
            size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
            await screen.send("Emulation.setDeviceMetricsOverride", size)
            found = await page.evaluate(COLLIDE)
            assert found["width"] == width
            desk.troubles += [f"{address} at {width}: {one}" for one in found["found"]]
            if width == DESK and not re.search("/help-now|/kept", address):  # which know nobody
                columns.setdefault(found["column"], address)
    if len(columns) > 1:
        desk.troubles.append(f"{name} at {DESK}: {columns}")


async def tab_through(desk: Desk, page: Page) -> None:
    """Note every stop of the Tab key that is not in sight, on every screen."""
    for screen, (width, height) in SCREENS.items():
        await page.set_viewport_size({"width": width, "height": height})
        await page.evaluate(WATCH)
        desk.troubles += [f"{page.url} on a {screen}, Tab: {one}" for one in await _walk(page)]
        if screen == "phone":
            await page.keyboard.down("Shift")
            desk.troubles += [f"{page.url} on a {screen}, Shift+Tab: {one}" for one in await _walk(page)]
            await page.keyboard.up("Shift")


async def _walk(page: Page) -> list[str]:
    """Press Tab until the page is left; return what stood out of sight while it had the focus."""
    await page.evaluate(BEGIN)
    for _ in range(STOPS // AT_ONCE):
        await asyncio.gather(*(page.keyboard.press("Tab") for _ in range(AT_ONCE)))
        walk = await page.evaluate("window.walk")
        if walk["ended"]:
            return list(walk["hidden"])
    return ["never leaves"]


@pytest.mark.parametrize("name", ["alice", "bob", "erin", "anybody"])
async def test_focus_is_in_sight(
    desk: Desk, writers: Writers, pages: dict[str, list[browse.Page]], name: str
) -> None:
    """On one page of each set of fields: on a phone (backwards too), at a desk, and enlarged twice."""
    page = await desk.person()
    await lend(writers.client(name), page.context)
    seen = {""}
    for address in dict.fromkeys(one.url for one in pages[name]):
        await page.goto(address)
        fields = await page.locator(FIELDS).evaluate_all("(all) => all.map((one) => one.name).join()")
        if fields not in seen:
            seen.add(fields)
            await tab_through(desk, page)
    assert len(seen) > 1


async def test_focus_is_in_sight_on_the_day(desk: Desk, writers: Writers) -> None:
    """So it is on the screens of a dosing day."""
    page = await desk.person()
    await lend(writers.alice, page.context)
    for going_on in (in_session, after_session):
        for address in await going_on(writers):
            await page.goto(address)
            await tab_through(desk, page)


async def test_focus_stops_above_a_bar_of_any_height(
    desk: Desk, writers: Writers, pages: dict[str, list[browse.Page]]
) -> None:
    """While words are not safe yet, the bar says so below who reads along, and is higher than on any page before."""
    page = await desk.person()
    await lend(writers.alice, page.context)
    edit = next(one.url for one in pages["alice"] if one.url.endswith("/edit"))
    await page.goto(edit)
    form, status = page.locator("form[data-autosave]"), page.locator("#save-status")
    told = await form.get_attribute("data-signed-out")
    lines = (await page.locator(".writing-foot .readers").inner_text(), told, told)
    await status.evaluate("(status, told) => { status.textContent = told; }", " ".join(map(str, lines)))
    bar = await page.locator(".writing-foot").bounding_box()
    assert bar is not None
    assert bar["height"] > 200, bar
    await tab_through(desk, page)
