"""Whoever reads in Spanish meets no English sentence of ours, on any page that they can reach."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from functools import cache, partial
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from playwright.async_api import Route

import portal
from journal.records import collection
from portal.documents.archive_pages import build_page_renderer
from portal.routes import ROUTES
from portal.web.translation import speaking
from tests.attacks import browse, spoken
from tests.attacks.browse import Page
from tests.attacks.conftest import Target
from tests.attacks.world import HERS, LANGUAGE, OTHERS, PLANNED, World
from tests.browser.served import chrome
from tests.conftest import made_once

CATALOGUE = Path(__file__).parents[2] / "portal" / "locale" / "es" / "LC_MESSAGES" / "messages.po"
TOLD = ("aria-label", "alt", "placeholder", "title")
THEIRS = frozenset({"words", "reframe-words", "brief-words", "entry-excerpt", "entry-title"})
"""Classes of what people wrote."""
QUIET = frozenset({"script", "style", "textarea", "blockquote", "q", "code", "option"})
VOID = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
PRACTICE_NAME = "Lantern Hollow"
NAMES = re.compile(f"{PLANNED} (nurse|left|K\\.)|Dr {PLANNED}|{HERS} (phone|somebody|invited|reader|title)")
"""Names of people, devices and calendars: they have no language."""
WRITTEN = re.compile(f"{HERS}|{PLANNED}|{OTHERS}")
"""What somebody wrote on an English page."""
UNSAID = frozenset({"script", "style", "title", "textarea"})
"""Elements that hold text alone, and are no quotation."""
SHORTEST = 12  # signs of a piece that is looked for within a text
FOREIGN_DAYS = re.compile(
    r"\b(January|February|March|April|May|June|July|August|September|October|November|December"
    r"|(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day) \d|\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d"
    r"|\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b|\d [ap]\.?m\b"
    r"|\b\d{4}-(0[1-9]|1[0-2])(-\d\d)?\b"
)
"""A day as English writes it, or as it is stored; what Babel writes in Spanish has small letters."""
STORED_DAY = re.compile(r"\d{4}-(0[1-9]|1[0-2])(-\d\d)?")
"""A day or a month that stands alone: it has no language, and no quotation makes it somebody's words."""
EXAMPLES = re.compile(r"hearthside-[\w.-]+|\b(como|por ejemplo),? \d{4}-\d\d(-\d\d)?\b", re.IGNORECASE)
"""Names of files, and how a day is typed."""
NO_PAGES = frozenset(
    {"/healthz", "/readyz", "/offline.js", "/here", "/calendar/{token}.ics", "/packets/{id:uuid}/file"}
)
"""Addresses that answer with something else."""
POSTED = frozenset(
    {
        "/account/passkeys/options",
        "/sign-in/passkey",
        "/sign-in/second/passkey",
        "/unlock/passkey",
        "/confirm/passkey",
    }
)
"""Addresses that a script sends something to; opened as a page they lead on at once."""
STATIC = Path(portal.__file__).parent / "static"
STYLES = re.compile(r'<link rel="stylesheet"[^>]*>')
BODY = re.compile("<body[^>]*>")
AT_ONCE = 50
"""Pages that a browser is sent at once: some megabytes."""
WIDE = '<main><p style="width: 90rem">Ancho</p></main>'
TORN = '<main><p style="width: 3rem">desencadenantes</p></main>'
MEASURE = r"""
texts => texts.map(text => {
  // A page that is loaded takes thirty times as long: all have the same styles.
  const { documentElement, body } = new DOMParser().parseFromString(text, "text/html");
  document.documentElement.className = documentElement.className;
  document.body.replaceWith(body);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const torn = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.parentElement.closest("script, style, option, textarea, .visually-hidden")) continue;
    for (const word of node.data.matchAll(/\p{L}{3,}/gu)) {
      const range = document.createRange();
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      const lines = new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size;
      if (lines > 1 && node.parentElement.offsetWidth > 1) torn.push(word[0]);
    }
  }
  return [document.documentElement.scrollWidth > innerWidth, torn];
})
"""
"""Whether a page is wider than the screen, and the words that do not stand on one line."""


class Texts(HTMLParser):
    """The texts of a page that are the page's own."""

    def __init__(self, source: str) -> None:
        """Read a page."""
        super().__init__()
        self.hidden: list[tuple[str, bool]] = []
        self.languages: list[str] = []
        self.found: set[str] = set()
        self.unsaid: set[str] = set()
        self.days: set[str] = set()
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what an element says by itself, and whether what is in it is somebody's."""
        told = {name: value or "" for name, value in attrs}
        theirs = tag in QUIET or told.get("lang", "es") != "es" or THEIRS & set(told.get("class", "").split())
        self.found |= {value for name, value in told.items() if name in TOLD or name.startswith("data-")}
        if tag not in VOID:
            self.hidden.append((tag, bool(theirs)))
            self.languages.append(told.get("lang") or (self.languages or [""])[-1])

    def handle_endtag(self, tag: str) -> None:
        """Close an element, and those in it that need no end of their own."""
        while self.hidden and self.hidden.pop()[0] != tag:
            self.languages.pop()
        del self.languages[len(self.hidden) :]

    def handle_data(self, data: str) -> None:
        """Note a text."""
        if (text := " ".join(data.split())) and not any(theirs for _, theirs in self.hidden):
            self.found.add(text)
        is_quiet = bool(QUIET & {tag for tag, _ in self.hidden})
        is_page = self.languages[-1:] == ["es"] and not is_quiet
        if (is_page and has_foreign_day(text)) or (STORED_DAY.fullmatch(text) and not is_quiet):
            self.days.add(text)
        if (
            WRITTEN.search(NAMES.sub("", text))
            and self.languages[-1] != LANGUAGE
            and not UNSAID & {tag for tag, _ in self.hidden}
        ):
            self.unsaid.add(text)


def has_foreign_day(text: str) -> bool:
    """Return whether a text of ours has a day in it that is not written in Spanish."""
    return FOREIGN_DAYS.search(EXAMPLES.sub("", text)) is not None


@cache
def read_messages() -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the English messages that are others in Spanish: whole ones, and what stands between their variables."""
    with CATALOGUE.open("rb") as file:
        catalogue: Catalog = read_po(file, "es")
    whole, pieces, spanish = set[str](), set[str](), list[str]()
    for message in catalogue:
        ids, said = (
            [one] if isinstance(one, str) else list(one or ()) for one in (message.id, message.string)
        )
        spanish += said
        for one in ids if message.id and all(said) and said[0] != ids[0] else ():
            parts = [part.strip(" .,:;“”") for part in re.split(r"%\([a-z]+\)s", one)]
            whole |= {one} if len(parts) == 1 else set()
            pieces |= {part for part in parts if len(part) >= SHORTEST and " " in part}
    known = "\n".join(spanish)
    return frozenset(whole), tuple(sorted(part for part in pieces if part not in known))


def find_english(texts: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what is English among texts, with the page that says it."""
    whole, pieces = read_messages()
    yield from ((text, page) for text, page in texts.items() if text in whole)
    everything = "\n".join(texts)
    for piece in pieces:
        if piece in everything:
            yield from ((f"{text} ({piece})", page) for text, page in texts.items() if piece in text)


@pytest.fixture(scope="session")
def pages(attacked_sqlite: tuple[Path, World], tmp_path_factory: pytest.TempPathFactory) -> list[Page]:
    """Every page in Spanish, from one walk."""
    collect = partial(spoken.collect, database=attacked_sqlite[0], world=attacked_sqlite[1], language="es")
    return made_once(tmp_path_factory, "spanish", lambda folder: asyncio.run(collect(folder)))


def test_every_page_is_looked_at(pages: list[Page]) -> None:
    """Each address that shows a page is among them, and so are forms that were refused."""
    seen = {rule.path for page in pages for rule in browse.rules_at(page.url, "GET") if page.status == 200}
    assert {rule.path for rule in ROUTES if "GET" in rule.methods} - seen == NO_PAGES | POSTED
    assert sum(page.status == 422 for page in pages) > 50
    assert {page.status for page in pages} >= {200, 404, 413, 422}


def test_no_page_says_an_english_sentence_in_spanish(pages: list[Page]) -> None:
    """As everybody who is furnished, and as anybody; what people wrote is theirs, and says its own language."""
    texts, unsaid, days = dict[str, str](), dict[str, str](), dict[str, str]()
    for page in pages:
        assert '<html lang="es"' in page.text, page.url
        found = Texts(page.text)
        texts |= dict.fromkeys(found.found, page.url)
        unsaid |= dict.fromkeys(found.unsaid, page.url)
        days |= dict.fromkeys(found.days, page.url)
    assert len(texts) > 1000
    assert "\n".join(sorted({f"{page}: {text}" for text, page in unsaid.items()})) == ""
    assert "\n".join(sorted({f"{page}: {text}" for text, page in find_english(texts)})) == ""
    assert "\n".join(f"{page}: {text}" for text, page in days.items()) == ""
    assert "\n".join(f"{page}: {text}" for text, page in texts.items() if has_foreign_day(text)) == ""


@cache
def read_words() -> frozenset[str]:
    """Return the words of the Spanish messages."""
    with CATALOGUE.open("rb") as file:
        said = [one.string for one in read_po(file, "es")]
    return frozenset(re.findall(r"\w{3,}", "\n".join(map(str, said))))


def _choose_each(pages: dict[str, Page]) -> Iterator[str]:
    """Yield one page of each kind: a desk has room, and is measured for tables and columns alone."""
    seen = set[tuple[object, ...]]()
    for text, page in pages.items():
        kind = (page.status == 200, BODY.findall(text)[0], *browse.rules_at(page.url, "GET")[:1])
        if kind not in seen:
            seen.add(kind)
            yield text


async def test_no_page_is_wider_than_its_screen_in_spanish(pages: list[Page]) -> None:
    """Spanish sentences are longer than English ones: all fit a phone and a desk, and no word is torn apart."""

    async def give(route: Route) -> None:
        path = STATIC / urlsplit(route.request.url).path.removeprefix("/static/")
        if route.request.resource_type == "document":
            await route.fulfill(body=texts[0], content_type="text/html; charset=utf-8")
        elif path.is_file():
            await route.fulfill(path=path)
        else:
            await route.abort()

    # What is left to is an empty page without styles.
    dressed = {page.text: page for page in pages if not page.url.endswith("/leave")}
    texts, troubles = [*dressed], []
    assert {tuple(STYLES.findall(text)) for text in texts} == {tuple(STYLES.findall(texts[0]))}
    async with chrome() as browser:
        page = await browser.new_page(java_script_enabled=False)
        await page.route("**/*", give)
        await page.goto(pages[0].url)
        for width, which in {390: texts, 1280: [*_choose_each(dressed)]}.items():
            await page.set_viewport_size({"width": width, "height": 844})
            assert await page.evaluate(MEASURE, [WIDE, TORN]) == [[True, []], [False, ["desencadenantes"]]]
            for start in range(0, len(which), AT_ONCE):
                some = which[start : start + AT_ONCE]
                for text, (is_wide, torn) in zip(some, await page.evaluate(MEASURE, some), strict=True):
                    if is_wide or (torn := read_words().intersection(torn)):
                        troubles.append((width, dressed[text].url, dressed[text].status, is_wide, torn))
    assert troubles == []


async def test_no_page_of_an_export_says_an_english_sentence_in_spanish(target: Target) -> None:
    """Nor does the text that stands beside the pages."""
    cast, texts, unsaid, days = target.portal.cast, dict[str, str](), dict[str, str](), dict[str, str]()
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    own = await collection.collect_patient_records(alice, PRACTICE_NAME)
    copies = await collection.collect_shared_records(bob, PRACTICE_NAME, None)
    with speaking("es"):
        environment = target.portal.app.state.templates.here
        for who, found in ((alice, own), (bob, copies)):
            for name, page in build_page_renderer(environment, who)(found).items():
                if name.endswith(".html"):
                    assert '<html lang="es"' in page, name
                    read = Texts(page)
                    texts |= dict.fromkeys(read.found, name)
                    unsaid |= dict.fromkeys(read.unsaid, name)
                    days |= dict.fromkeys(read.days, name)
                elif name.endswith(".txt"):
                    texts |= dict.fromkeys((" ".join(part.split()) for part in page.split("\n\n")), name)
    assert len(texts) > 100
    assert "\n".join(sorted({f"{page}: {text}" for text, page in unsaid.items()})) == ""
    assert "\n".join(sorted({f"{page}: {text}" for text, page in find_english(texts)})) == ""
    assert "\n".join(f"{page}: {text}" for text, page in days.items()) == ""
    assert "\n".join(f"{page}: {text}" for text, page in texts.items() if has_foreign_day(text)) == ""
