"""
A page of ours read as blocks to print: the same words in the same order as on the screen, for the same reader.

So what is printed is what the page shows, and what a page leaves out is left out here too. What serves the screen alone
stands in page_tree.py: the ways onwards, forms, and what can be unfolded. It reads pages that were rendered here; what
somebody wrote is escaped in them, and comes out as the text that it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from html import escape
from itertools import pairwise

from portal.documents.page_drawings import wrap_drawing, write_drawing, write_element
from portal.documents.page_tree import CONTAINERS, TEXT_BLOCKS, Element, read_tree
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
BETWEEN = " · "
"""Between two parts of a line that the style sheet parts."""
STOPS = frozenset(",.;:)…?!")
"""Signs with which a part goes on with the one before it."""
LINE = "\x1e"
"""Between what stands in lines of its own, until it is known whether another one stands there too."""
QUOTES = {"en": "“%s”", "es": "«%s»"}
PICTURE_WIDTH = 150.0  # mm
KEY_ROW = 16

_collapse = re.compile(r"[^\S\u00a0]+").sub
_part_lines = re.compile(r"\s*\x1e[\s\x1e]*").sub
_collapse_line = re.compile(r"[^\S\u00a0\n]+").sub


def read_page(page: str, language: str, title: str) -> tuple[Block, ...]:
    """
    Return the main part of a rendered page as blocks.

    Args:
        page: Its HTML.
        language: Of the page, for the form of quotation marks.
        title: The title of the document; a heading of the page that says the same is left out.
    """
    blocks = tuple(_Reader(language).read(read_tree(page)))
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
            f'<g transform="translate(0 {at * KEY_ROW})">{"".join(map(write_element, sign.children))}'
            f'<text x="30" y="11">{escape(said[at])}</text></g>'
            for at, item in enumerate(items)
            for sign in item.elements
            if sign.tag == "svg"
        )
        yield Picture(wrap_drawing(f"0 0 320 {KEY_ROW * len(items)}", rows), "; ".join(said), PICTURE_WIDTH)

    def read_check_line(self, one: Element) -> tuple[str, Words]:
        """Return the state of a line of a check list, and the line with what is told of it."""
        texts = [child for child in one.elements if child.tag == "p"]
        state = next((self.say(child) for child in texts if "check-now" in child.classes), None)
        lines = [words for child in texts if "check-now" not in child.classes and (words := self.say(child))]
        languages = {words.language for words in lines}
        language = languages.pop() if len(languages) == 1 else ""
        return state.text if state else "", Words("\n".join(words.text for words in lines), language)

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
            yield Picture(write_drawing(one), words.text, PICTURE_WIDTH)

    def say(self, one: Element) -> Words | None:
        """Return the text of an element and its language, if a part of it names one; None where it has no text."""
        pieces = "".join(self._list_pieces(one, bool(one.classes & AS_TYPED)))
        spaced = _collapse_line(" ", _part_lines("\n", pieces))
        text = "\n".join(line.strip() for line in spaced.split("\n")).strip()
        return Words(text, _find_language(one)) if text else None

    def _list_pieces(self, one: Element, as_typed: bool) -> Iterator[str]:
        as_typed = as_typed or bool(one.classes & AS_TYPED)
        printed = [child for child in one.children if isinstance(child, str) or child.is_printed]
        for before, child in pairwise(("", *printed)):
            piece = self._write_piece(child, as_typed)
            is_beside = all(isinstance(part, Element) and part.is_inline for part in (before, child))
            if is_beside and piece.lstrip()[:1] not in STOPS:
                yield BETWEEN
            yield piece

    def _write_piece(self, one: Element | str, as_typed: bool) -> str:
        """Return what a part of a text says, on lines of its own where it has such."""
        if isinstance(one, str):
            return one if as_typed else _collapse(" ", one)
        if one.tag == "br":
            return "\n"
        if one.tag == "svg":
            return ""
        inner = "".join(self._list_pieces(one, as_typed))
        if one.tag == "q":
            inner = QUOTES.get(self.language, "“%s”").replace("%s", inner)
        return inner if one.is_inline else f"{LINE}{inner}{LINE}"


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
