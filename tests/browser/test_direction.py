"""A person's words run in the direction of their own script, and never turn what stands beside them."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from httpx import Response
from playwright.async_api import Browser, Page, Route, expect

from journal.authentication import web_sessions
from journal.records import collection as records_collection
from portal.documents.archive_pages import build_page_renderer
from portal.web.pages import build_environment
from tests.attacks import browse
from tests.browser.conftest import Desk
from tests.browser.served import NOBODY, Served, at_a_desk, chrome, lend, serving
from tests.browser.writers import Writers, after_session, in_session, places, writing

pytestmark = pytest.mark.asyncio(loop_scope="module")

HEBREW = "(1) שלום אור!"
ARABIC = "2. مرحبا بك!"
PROBES = (HEBREW, ARABIC)
"""They begin and end with signs that run with the letters around them: each stands wrong unless it is on its own."""
ISOLATED = [f"\u2068{one}\u2069" for one in PROBES]
WIDTHS = (390, 1280)
LOOK = r"""
(probes) => {
  const found = { shown: 0, troubles: [] };
  const holds = (text) => probes.some((probe) => text.includes(probe));
  const trouble = (what, { outerHTML }) => found.troubles.push(`${what}: ${outerHTML.slice(0, 300)}`);
  const marks = /[\u2066-\u2069]/;
  for (const closed of document.querySelectorAll("details:not([open])")) closed.open = true;

  // What has no place on the page, since it is read out or the browser draws it: there the marks tell.
  const plainly = (text, element) => {
    if (!holds(text)) return;
    found.shown += 1;
    const rest = probes.reduce((left, probe) => left.replaceAll(`\u2068${probe}\u2069`, ""), text);
    if (holds(rest) && !probes.includes(text.trim())) trouble(`not isolated (${text})`, element);
  };
  plainly(document.title, document.querySelector("title"));
  for (const element of document.querySelectorAll("*")) {
    const typed = element.matches("input, textarea") ? element.value : "";
    for (const { name, value } of element.attributes) if (!typed || name !== "value") plainly(value, element);
    if (element.matches("option")) plainly(element.text, element);
    if (!holds(typed)) continue;
    found.shown += 1;
    if (getComputedStyle(element).unicodeBidi !== "plaintext" && element.type !== "hidden") trouble("a field", element);
    if (marks.test(typed)) trouble("marks in a value", element);
  }

  const box = (node, start, end) => {
    const range = new Range();
    range.setStart(node, start);
    range.setEnd(node, end);
    return range.getBoundingClientRect();
  };
  const level = (one, other) => Math.abs(one.top + one.bottom - other.top - other.bottom) < one.bottom - one.top;
  // One for each line that it stands on.
  const boxes = ({ node, at, end }) => {
    const lines = [];
    for (let sign = at; sign < end; sign += 1) {
      const { left, right, top, bottom, width } = box(node, sign, sign + 1);
      if (!width) continue;
      const line = lines.at(-1);
      if (!line || !level(line, { top, bottom })) lines.push({ left, right, top, bottom });
      else Object.assign(line, { left: Math.min(line.left, left), right: Math.max(line.right, right) });
    }
    return lines;
  };
  const letter = /\p{L}/u;
  const inline = (node) => node.nodeType === Node.TEXT_NODE
    || (node.nodeType === Node.ELEMENT_NODE && /^(inline|contents)$/.test(getComputedStyle(node).display));

  // The words of one block, in their order: a probe as a whole, everything else sign by sign.
  function* units(node) {
    if (node.nodeType === Node.ELEMENT_NODE) {
      if (node.matches("script, style, option, textarea, svg")) return;
      for (const child of node.childNodes) if (inline(child)) yield* units(child);
    } else {
      for (let at = 0; at < node.data.length; ) {
        const probe = probes.find((one) => node.data.startsWith(one, at));
        const end = at + (probe?.length ?? 1), text = node.data.slice(at, end);
        if (text.trim() && !marks.test(text)) yield { node, at, end, probe, text };
        at = end;
      }
    }
  }

  for (const block of document.body.querySelectorAll("*")) {
    if (inline(block) || !holds(block.textContent)) continue;
    const all = [...units(block)];
    for (const { node, at, end, probe } of all) {
      if (!probe) continue;
      const first = at + [...probe].findIndex((sign) => letter.test(sign));
      const begins = box(node, at, at + 1), strong = box(node, first, first + 1);
      const last = box(node, end - 2, end - 1), ends = box(node, end - 1, end);
      if (!begins.width || !strong.width) continue;
      found.shown += 1;
      if (level(begins, strong) && begins.left <= strong.left) trouble("begins on the wrong side", block);
      if (level(last, ends) && ends.left >= last.left) trouble("ends on the wrong side", block);
    }
    const { textContent } = block;
    if (marks.test(textContent) && probes.includes(textContent.replace(/[\u2066-\u2069]/g, "").trim())) {
      trouble("marks although it stands alone", block);
    }
    // Beside words of the page, which run to the right, everything stands in its order.
    if (!all.some(({ probe }) => probe) || !all.some(({ probe, text }) => !probe && letter.test(text))) continue;
    const wrong = all.slice(1).findIndex((one, before) => {
      const left = boxes(all[before]).at(-1), [right] = boxes(one);
      return left && right && level(left, right) && left.right > right.left + 1;
    });
    if (wrong >= 0) trouble(`out of order at “${all[wrong].text}${all[wrong + 1].text}”`, block);
  }
  return found;
}
"""
PLACES = """
(element) => {
  const at = (node, place) => {
    const range = new Range();
    range.setStart(node, place);
    range.setEnd(node, place + 1);
    return range.getBoundingClientRect().left;
  };
  const { lastChild } = element;
  const marked = element.querySelector("mark").firstChild;
  return [at(element.firstChild, 0), at(marked, 0), at(lastChild, lastChild.length - 1)];
}
"""
"""Where the first sign of a line stands, the first that is marked, and the last."""
LINES = """
(element) => {
  const { left, right } = element.getBoundingClientRect(), [words] = element.childNodes, lines = [];
  for (let at = 0; at < words.length; ) {
    const text = words.data.slice(at).split("\\n", 1)[0], range = new Range();
    range.setStart(words, at);
    range.setEnd(words, at + text.length);
    const box = range.getBoundingClientRect();
    lines.push({ text, left: box.left, right: box.right });
    at += text.length + 1;
  }
  return [left, right, lines];
}
"""
"""The two sides of a text, and where each of its paragraphs stands."""


class Rightwards:
    """Types Hebrew into one field and Arabic into the next; so it does with titles, one entry after another."""

    turn = titles = 0

    def __call__(self, name: str, ceiling: int) -> str:
        """Return what is typed into one field."""
        if name == "email":
            return ""
        if name == "title":
            self.titles += 1
            return PROBES[self.titles % len(PROBES)]
        self.turn += 1
        return PROBES[self.turn % len(PROBES)]


@pytest.fixture(scope="module")
def server(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for all the tests here."""
    with serving(migrated_sqlite, NOBODY, tmp_path_factory.mktemp("direction")) as served:
        yield served


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def writers(server: Served) -> AsyncIterator[Writers]:
    """People who write from right to left, wherever one can write."""
    async with writing(server, Rightwards()) as writers:
        yield writers


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One browser for all the tests here."""
    async with chrome() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def desk(browser: Browser, server: Served) -> AsyncIterator[Desk]:
    """The browser; the test fails at its end if anything was noted."""
    async with at_a_desk(browser, server) as desk:
        yield desk


async def look(desk: Desk, page: Page) -> int:
    """Note every place of the page where words run the wrong way, at every width; return how many places there are."""
    shown = 0
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 844})
        found = await page.evaluate(LOOK, PROBES)
        desk.troubles += [f"{page.url} at {width}: {one}" for one in found["troubles"]]
        shown = int(found["shown"])
    return shown


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pages(writers: Writers) -> dict[str, list[browse.Page]]:
    """Every page that there is for each, and for anybody."""
    return await places(writers)


async def sat_down(desk: Desk, writers: Writers, name: str) -> Page:
    """Open a browser in which somebody is signed in."""
    page = await desk.person()
    await lend(writers.client(name), page.context)
    return page


@pytest.mark.parametrize(("name", "least"), [("alice", 150), ("bob", 150), ("erin", 60), ("anybody", 5)])
async def test_words_run_in_their_own_direction(
    desk: Desk, writers: Writers, pages: dict[str, list[browse.Page]], name: str, least: int
) -> None:
    """On every page of everybody, words begin where their script begins, and leave the sentence around them be."""
    page, shown = await sat_down(desk, writers, name), 0
    for address in dict.fromkeys(one.url for one in pages[name]):
        await page.goto(address)
        shown += await look(desk, page)
    assert shown >= least


async def answered(desk: Desk, page: Page, answer: Response) -> int:
    """Look at an answer to a form in the browser."""

    async def give(route: Route) -> None:
        await route.fulfill(body=answer.content, content_type="text/html; charset=utf-8")

    await page.route("**/answer", give, times=1)
    await page.goto("/answer")
    return await look(desk, page)


@pytest.mark.parametrize("name", ["alice", "bob", "anybody"])
async def test_words_that_are_given_back(
    desk: Desk, writers: Writers, pages: dict[str, list[browse.Page]], name: str
) -> None:
    """A form that is refused gives words back as they were typed, running in their own direction."""
    page, shown, seen = await sat_down(desk, writers, name), 0, set[tuple[str, ...]]()
    for form in (form for one in pages[name] for form in one.forms if form.method == "post"):
        names = [control.name for control in form.controls if control.name]
        key = (browse.rules_at(form.action, "POST")[0].path, *names)
        if not names or key in seen:
            continue
        seen.add(key)
        answer = await writers.client(name).post(form.action, data=dict.fromkeys(names, HEBREW))
        if answer.headers.get("content-type", "").startswith("text/html"):
            shown += await answered(desk, page, answer)
    assert shown >= 3
    # A field for a day or a number says on the console that these are none.
    desk.troubles[:] = [one for one in desk.troubles if not one.startswith("console: The specified value")]


async def test_words_in_a_session(desk: Desk, writers: Writers) -> None:
    """The few words that are there during a session and after it run in their own direction too."""
    page = await sat_down(desk, writers, "alice")
    for going_on in (in_session, after_session):
        for address in await going_on(writers):
            await page.goto(address)
            assert await look(desk, page)


@pytest.mark.parametrize("name", ["alice", "bob"])
async def test_words_that_are_taken_away(
    desk: Desk, writers: Writers, server: Served, tmp_path: Path, name: str
) -> None:
    """On the pages of an archive words run in their own direction; in its text they are isolated by marks."""
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
    page, shown = await desk.person(), 0
    desk.origin = tmp_path.as_uri()
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content, encoding="utf-8")
    for path in files:
        if path.endswith(".html"):
            await page.goto((tmp_path / path).as_uri())
            shown += await look(desk, page)
    assert shown > 20
    assert any(one in " ".join(files["README.txt"].split()) for one in ISOLATED)


@pytest.mark.parametrize(("words", "line"), [("שלום", HEBREW), ("مرحبا", ARABIC)])
async def test_words_that_are_looked_for(desk: Desk, writers: Writers, words: str, line: str) -> None:
    """What a search marks stays in its line, which runs as if nothing were marked."""
    page = await sat_down(desk, writers, "alice")
    await page.goto("/journal")
    await page.get_by_role("searchbox").fill(words)
    await page.get_by_role("searchbox").press("Enter")
    lines = page.locator("h2 > a, .found").filter(has_text=line)
    await expect(lines.filter(has=page.locator("mark")).first).to_be_visible()
    for one in await lines.all():
        begins, marked, ends = await one.evaluate(PLACES)
        assert begins > marked > ends
        assert not set(await one.inner_text()) & {"\u2068", "\u2069"}


async def test_each_paragraph_runs_in_its_own_direction(desk: Desk, writers: Writers) -> None:
    """In one text, paragraphs of both directions each begin at their own side of the column."""
    page = await sat_down(desk, writers, "alice")
    await page.goto("/journal/new?kind=free")
    await page.get_by_label("Write whatever you like").fill(f"{HEBREW}\n2 plain words.\n{ARABIC}")
    await page.get_by_role("button", name="Save and close").click()
    left, right, lines = await page.locator(".words").evaluate(LINES)
    assert [line["text"] for line in lines] == [HEBREW, "2 plain words.", ARABIC]
    assert [round(line["right"] - right) for line in lines[::2]] == [0, 0]
    assert round(lines[1]["left"] - left) == 0
