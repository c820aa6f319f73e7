"""
A page of ours read as blocks to print: the same words in the same order as on the screen, for the same reader.

So what is printed is what the page shows, and what a page leaves out is left out here too. What serves the screen alone
stands in `SCREEN_ONLY`: the ways onwards, forms, and what can be unfolded. It reads pages that were rendered here; what
somebody wrote is escaped in them, and comes out as the text that it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from html import escape
from html.parser import HTMLParser
from itertools import pairwise

from portal.paper.document import (
    Block,
    Bullets,
    Columns,
    Facts,
    Framed,
    Heading,
    Look,
    Paragraph,
    Picture,
    Table,
    Words,
)

VOID = frozenset({"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
SCREEN_TAGS = frozenset(
    {"button", "datalist", "dialog", "form", "nav", "noscript", "script", "style", "template"}
)
SCREEN_ONLY = frozenset(
    {
        "actions",
        "breadcrumb",
        "calls-row",
        "chart-choices",
        "cover-words",
        "icon",
        "no-print",
        "pager",
        "tabs",
        "writing-tools",
    }
)
TEXT_BLOCKS = frozenset({"p", "dt", "dd", "figcaption", "summary", "caption", "label"})
CONTAINERS = frozenset(
    {
        "article",
        "aside",
        "blockquote",
        "details",
        "div",
        "dl",
        "figure",
        "footer",
        "header",
        "li",
        "main",
        "ol",
        "section",
    }
    | {"svg", "table", "ul", *TEXT_BLOCKS, *(f"h{level}" for level in range(1, 7))}
)
LOOKS = {
    "lede": Look.LEAD,
    "picture-finding": Look.LEAD,
    "hint": Look.SMALL,
    "meta": Look.SMALL,
    "brief-source": Look.SMALL,
    "brief-facts": Look.SMALL,
    "readers": Look.SMALL,
    "words": Look.QUOTED,
}
"""How a paragraph of a class is set; any other is plain."""
AS_TYPED = frozenset({"words", "as-typed"})
"""Classes whose lines are shown as they were typed."""
OWN_LINES = frozenset({"chart-by", "chart-words"})
"""Classes of what stands on lines of its own within a text."""
BETWEEN = " · "
"""Between two parts of a line that the style sheet parts."""
LINE = "\x1e"
"""Between what stands in lines of its own, until it is known whether another one stands there too."""
QUOTES = {"en": "“%s”", "es": "«%s»"}
PICTURE_WIDTH = 150.0  # mm
KEY_ROW = 16
DRAWN = (
    'text{font-family:"Source Sans 3";font-size:9px;fill:#453c36}'
    ".picture-level{stroke:#d9cfc4;stroke-width:1}"
    ".picture-session{stroke:#453c36;stroke-width:1;stroke-dasharray:2 3}"
    ".chart-bar{stroke:#6b4a38;stroke-width:2;opacity:.55}"
    ".chart-point{fill:#fff;stroke:#6b4a38;stroke-width:1.5}"
    ".chart-line{fill:none;stroke:#6b4a38;stroke-width:1}"
    ".chart-plan,.chart-after{fill:#1d1714}"
    ".chart-medicine{fill:#fff;stroke:#1d1714;stroke-width:1}"
    ".chart-reference{stroke:#453c36;stroke-width:1;stroke-dasharray:1 3}"
    ".chart-span{stroke:#8a7b6e;stroke-width:1.5}"
    ".chart-before{fill:#fff;stroke:#1d1714;stroke-width:1.25}"
    ".chart-extreme{fill:#6b4a38}"
    ".chart-clinic{fill:none;stroke:#1d1714;stroke-width:1.25}"
    ".chart-span-clinic{stroke:#8a7b6e;stroke-width:1.25;stroke-dasharray:2 2}"
    ".picture-old{fill:none;stroke:#6b4a38;stroke-width:1.5}circle.picture-old{fill:#fff}"
    ".picture-new{fill:none;stroke:#1d1714;stroke-width:1.5}rect.picture-new{fill:#1d1714}"
)
"""The style sheet's rules for drawings, in ink: static/css/components.css."""

_collapse = re.compile(r"[^\S\u00a0]+").sub
_part_lines = re.compile(r"\s*\x1e[\s\x1e]*").sub
_collapse_line = re.compile(r"[^\S\u00a0\n]+").sub


@dataclass(slots=True)
class Element:
    """An element of a page, with what stands in it."""

    tag: str
    attributes: dict[str, str]
    children: list[Element | str] = field(default_factory=list)

    @property
    def classes(self) -> frozenset[str]:
        """Return its classes."""
        return frozenset(self.attributes.get("class", "").split())

    @property
    def is_printed(self) -> bool:
        """Return whether it is for paper too."""
        return not (self.tag in SCREEN_TAGS or "hidden" in self.attributes or self.classes & SCREEN_ONLY)

    @property
    def is_inline(self) -> bool:
        """Return whether it is a part of a line of text."""
        return not (self.tag in CONTAINERS or self.tag == "br" or self.classes & OWN_LINES)

    @property
    def elements(self) -> list[Element]:
        """Return the elements in it that are for paper too."""
        return [one for one in self.children if isinstance(one, Element) and one.is_printed]


class _Parser(HTMLParser):
    """Builds the tree of a page's main part."""

    def __init__(self) -> None:
        super().__init__()
        self.main = Element("main", {})
        self.open: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin an element; what stands outside of the main part is passed over."""
        if tag == "main":
            self.open = [self.main]
        elif self.open:
            one = Element(tag, {name: value or "" for name, value in attrs})
            self.open[-1].children.append(one)
            if tag not in VOID:
                self.open.append(one)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin and end an element."""
        if self.open:
            self.open[-1].children.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        """End the element that is open."""
        names = [one.tag for one in self.open]
        if tag in names:
            del self.open[len(names) - 1 - names[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        """Take text as it is."""
        if self.open:
            self.open[-1].children.append(data)


def read_page(page: str, language: str, title: str) -> tuple[Block, ...]:
    """
    Return the main part of a rendered page as blocks.

    Args:
        page: Its HTML.
        language: Of the page, for the form of quotation marks.
        title: The title of the document; a heading of the page that says the same is left out.
    """
    parser = _Parser()
    parser.feed(page)
    parser.close()
    blocks = tuple(_Reader(language).read(parser.main))
    if not any(isinstance(one, Heading) and one.words.text == title for one in blocks):
        return _drop_empty_headings(blocks)
    return _drop_empty_headings(
        replace(one, level=max(one.level - 1, 1)) if isinstance(one, Heading) else one
        for one in blocks
        if not (isinstance(one, Heading) and one.words.text == title)
    )


def _drop_empty_headings(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """Return blocks without the headings of what serves the screen alone."""
    kept: list[Block] = []
    for one in reversed(list(blocks)):
        after = kept[-1] if kept else Heading(Words(""))
        if not (isinstance(one, Heading) and isinstance(after, Heading) and after.level <= one.level):
            kept.append(one)
    return tuple(reversed(kept))


@dataclass(frozen=True, slots=True)
class _Reader:
    language: str

    def read(self, parent: Element) -> Iterator[Block]:
        """Yield the blocks of what an element holds."""
        loose: list[Element | str] = []
        for child in (*parent.children, Element("p", {})):
            if isinstance(child, str) or (child.tag not in CONTAINERS and child.is_printed):
                loose.append(child)
                continue
            if words := self.say(Element("p", dict(parent.attributes), loose)):
                yield Paragraph(words, _get_look(parent))
            loose = []
            if child.is_printed:
                yield from self.read_block(child)

    def read_block(self, one: Element) -> Iterator[Block]:
        """Yield the blocks of one element."""
        if re.fullmatch("h[1-6]", one.tag):
            if words := self.say(one):
                yield Heading(words, int(one.tag[1]))
        elif one.tag in TEXT_BLOCKS:
            if words := self.say(one):
                yield Paragraph(words, _get_look(one))
        elif read := {"table": self.read_table, "dl": self.read_facts, "svg": self.read_drawing}.get(one.tag):
            yield from read(one)
        elif one.tag in ("ul", "ol"):
            yield from self.read_list(one)
        elif "brief-note" in one.classes:
            yield from self.read(
                Element("div", {}, [child for child in one.elements if child.tag == "summary"])
            )
        elif "call-card" in one.classes:
            yield Framed(tuple(_enlarge(block) for block in self.read(one)))
        else:
            yield from self.read(one)

    def read_list(self, one: Element) -> Iterator[Block]:
        """Yield a list; where a line holds more than a line of text, what it holds one after the other."""
        items = [child for child in one.elements if child.tag == "li"]
        if "picture-key" in one.classes:
            yield from self.read_key(items)
        elif "check-lines" in one.classes:
            yield Facts(tuple(self.read_check_line(item) for item in items))
        elif "call-signs" in one.classes:
            signs = tuple(self.say(item) or Words("") for item in items)
            half = (len(signs) + 1) // 2
            yield Columns((Bullets(signs[:half]),), (Bullets(signs[half:]),))
        elif any(child.tag in CONTAINERS for item in items for child in item.elements):
            for item in items:
                yield from self.read(item)
        elif texts := tuple(words for item in items if (words := self.say(item))):
            yield Bullets(texts, numbered=one.tag == "ol")

    def read_key(self, items: list[Element]) -> Iterator[Block]:
        """Yield what the signs of a drawing mean, as a drawing beside it."""
        said = [words.text if (words := self.say(item)) else "" for item in items]
        rows = "".join(
            f'<g transform="translate(0 {at * KEY_ROW})">{"".join(map(_write, sign.children))}'
            f'<text x="30" y="11">{escape(said[at])}</text></g>'
            for at, item in enumerate(items)
            for sign in item.elements
            if sign.tag == "svg"
        )
        yield Picture(_wrap(f"0 0 320 {KEY_ROW * len(items)}", rows), "; ".join(said), PICTURE_WIDTH)

    def read_check_line(self, one: Element) -> tuple[str, Words]:
        """Return the state of a line of a check list, and the line with what is told of it."""
        texts = [child for child in one.elements if child.tag == "p"]
        state = next((self.say(child) for child in texts if "check-now" in child.classes), None)
        lines = [words for child in texts if "check-now" not in child.classes and (words := self.say(child))]
        return state.text if state else "", Words("\n".join(words.text for words in lines))

    def read_facts(self, one: Element) -> Iterator[Block]:
        """Yield labels and what each says."""
        pairs = [
            part for child in one.elements for part in (child.elements if child.tag == "div" else [child])
        ]
        rows: list[tuple[str, Words]] = []
        for part in pairs:
            words = self.say(part) or Words("")
            if part.tag == "dt":
                rows.append((words.text, Words("")))
            elif rows:
                label, before = rows[-1]
                text = f"{before.text}\n{words.text}" if before.text else words.text
                rows[-1] = (label, Words(text, words.language))
        if rows:
            yield Facts(tuple(rows))

    def read_table(self, one: Element) -> Iterator[Block]:
        """Yield a table, each cell with its text."""
        captions = (
            each for each in one.elements if each.tag == "caption" and "visually-hidden" not in each.classes
        )
        caption = next(map(self.say, captions), None)
        rows = [
            [(cell.tag, self.say(cell) or Words("")) for cell in row.elements]
            for part in one.elements
            for row in (part.elements if part.tag in ("thead", "tbody", "tfoot") else [part])
            if row.tag == "tr"
        ]
        width = max(map(len, rows), default=0)
        if not width:
            return
        has_head = all(tag == "th" for tag, _ in rows[0])
        head = [words.text for _, words in rows[0]] if has_head else []
        body = [[words for _, words in row] for row in rows[has_head:]]
        filled = tuple((*row, *[Words("")] * (width - len(row))) for row in body)
        yield Table(caption.text if caption else "", (*head, *[""] * (width - len(head))), filled)

    def read_drawing(self, one: Element) -> Iterator[Block]:
        """Yield a drawing that says what it shows; one that does not is an ornament."""
        title = next((child for child in one.elements if child.tag == "title"), None)
        words = self.say(title) if title else None
        if words:
            yield Picture(_write_drawing(one), words.text, PICTURE_WIDTH)

    def say(self, one: Element) -> Words | None:
        """Return the text of an element and its language, if a part of it names one; None where it has no text."""
        pieces = "".join(self._list_pieces(one, bool(one.classes & AS_TYPED)))
        spaced = _collapse_line(" ", _part_lines("\n", pieces))
        text = "\n".join(line.strip() for line in spaced.split("\n")).strip()
        return Words(text, _find_language(one)) if text else None

    def _goes_on(self, one: Element) -> bool:
        """Return whether an element begins with the stop of what stands before it."""
        return "".join(self._list_pieces(one, as_typed=False)).lstrip()[:1] in tuple(",.;:)…?!")

    def _list_pieces(self, one: Element, as_typed: bool) -> Iterator[str]:
        as_typed = as_typed or bool(one.classes & AS_TYPED)
        printed = [child for child in one.children if isinstance(child, str) or child.is_printed]
        for before, child in pairwise(("", *printed)):
            if (
                isinstance(before, Element)
                and isinstance(child, Element)
                and before.is_inline
                and child.is_inline
                and not self._goes_on(child)
            ):
                yield BETWEEN
            if isinstance(child, str):
                yield child if as_typed else _collapse(" ", child)
            elif child.tag == "br":
                yield "\n"
            elif child.tag != "svg":
                inner = "".join(self._list_pieces(child, as_typed))
                if child.tag == "q":
                    inner = QUOTES.get(self.language, "“%s”").replace("%s", inner)
                yield inner if child.is_inline else f"{LINE}{inner}{LINE}"


def _enlarge(block: Block) -> Block:
    """Return a block with nothing in it small: in a hurry all of it is read."""
    is_small = isinstance(block, Paragraph) and block.look is Look.SMALL
    return replace(block, look=Look.PLAIN) if isinstance(block, Paragraph) and is_small else block


def _get_look(one: Element) -> Look:
    return next((look for name, look in LOOKS.items() if name in one.classes), Look.PLAIN)


def _find_language(one: Element) -> str:
    """Return the language that all words of an element are in; none where it has words of several."""
    found = set(_list_languages(one, ""))
    return found.pop() if len(found) == 1 else ""


def _list_languages(one: Element, around: str) -> Iterator[str]:
    """Yield the language of each text with a letter in an element; *around* is that of what it stands in."""
    language = one.attributes.get("lang") or around
    for child in one.children:
        if isinstance(child, Element):
            yield from _list_languages(child, language) if child.is_printed and child.tag != "svg" else ()
        elif any(map(str.isalpha, child)):
            yield language


def _write_drawing(one: Element) -> str:
    """Return a drawing by itself, in ink."""
    box = escape(one.attributes.get("viewbox", "0 0 1 1"))
    inner = "".join(_write(child) for child in one.children if isinstance(child, str) or child.tag != "title")
    return _wrap(box, inner)


def _wrap(box: str, inner: str) -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}"><style>{DRAWN}</style>{inner}</svg>'


def _write(one: Element | str) -> str:
    if isinstance(one, str):
        return escape(one)
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in one.attributes.items())
    return f"<{one.tag}{attributes}>{''.join(map(_write, one.children))}</{one.tag}>"
