"""Whoever reads in Spanish meets no English sentence of ours, on any page that they can reach."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from journal.records import collection
from portal.documents.archive_pages import build_page_renderer
from portal.web.translation import speaking
from tests.attacks import browse
from tests.attacks.conftest import BEGINNINGS, Target
from tests.attacks.world import HERS, LANGUAGE, OTHERS, PLANNED

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


class Texts(HTMLParser):
    """The texts of a page that are the page's own."""

    def __init__(self, source: str) -> None:
        """Read a page."""
        super().__init__()
        self.hidden: list[tuple[str, bool]] = []
        self.languages: list[str] = []
        self.found: set[str] = set()
        self.unsaid: set[str] = set()
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
        if (
            WRITTEN.search(NAMES.sub("", text))
            and self.languages[-1] != LANGUAGE
            and not UNSAID & {tag for tag, _ in self.hidden}
        ):
            self.unsaid.add(text)


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


async def test_no_page_says_an_english_sentence_in_spanish(target: Target) -> None:
    """As everybody who is furnished, on every page that links lead to; what people wrote is theirs."""
    texts, unsaid = dict[str, str](), dict[str, str]()
    for name, begin in BEGINNINGS.items():
        async with target.client(name) as browser:
            browser.headers["accept-language"] = "es"
            paths = [path.format_map(target.world.ids | target.world.people) for path in begin]
            for page in await browse.walk(browser, paths, of_each=3):
                if "<html" in page.text:
                    assert '<html lang="es"' in page.text, page.url
                    found = Texts(page.text)
                    texts |= dict.fromkeys(found.found, page.url)
                    unsaid |= dict.fromkeys(found.unsaid, page.url)
    assert len(texts) > 1000
    assert "\n".join(sorted({f"{page}: {text}" for text, page in unsaid.items()})) == ""
    assert "\n".join(sorted({f"{page}: {text}" for text, page in find_english(texts)})) == ""


async def test_no_page_of_an_export_says_an_english_sentence_in_spanish(target: Target) -> None:
    """Nor does the text that stands beside the pages."""
    cast, texts, unsaid = target.portal.cast, dict[str, str](), dict[str, str]()
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
                elif name.endswith(".txt"):
                    texts |= dict.fromkeys((" ".join(part.split()) for part in page.split("\n\n")), name)
    assert len(texts) > 100
    assert "\n".join(sorted({f"{page}: {text}" for text, page in unsaid.items()})) == ""
    assert "\n".join(sorted({f"{page}: {text}" for text, page in find_english(texts)})) == ""
