"""
Read an answer, as every page draws it, into blocks for paper: so a packet has the very words of the pages.

The macro escapes what somebody wrote, and a parser takes the escapes away again: no text of theirs is ever markup.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from portal.paper.document import Block, Bullets, Facts, Look, Paragraph, Words

BLOCKS = frozenset({"p", "div", "li", "dt", "dd", "ol", "ul", "dl", "details", "summary", "section"})
"""Elements that begin a line of their own."""
has_number = re.compile(r"[0-9]+\. ").match
"""Whether an item says its own number."""
VOID = frozenset({"br", "input", "hr", "img", "wbr"})
PARTED = "meta"
"""The class of a line whose parts stand apart from each other."""


@dataclass(slots=True)
class _Element:
    """An open element: what of it bears on the text within."""

    tag: str
    classes: frozenset[str]
    language: str
    is_numbered: bool


@dataclass(slots=True)
class _Line:
    """A line of text, and where it stands."""

    tag: str
    look: Look
    language: str
    is_numbered: bool
    parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Return the text: a person's own as they wrote it, ours with single blanks."""
        whole = "".join(self.parts)
        return whole.strip("\n") if self.look is Look.QUOTED else " ".join(whole.split())


def read_blocks(drawn: str) -> tuple[Block, ...]:
    """Return the blocks of an answer that was drawn as HTML, in its order."""
    reader = _Reader()
    reader.feed(drawn)
    reader.close()
    return tuple(_group(reader.finish()))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[_Element] = []
        self.lines: list[_Line] = []
        self.line: _Line | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin an element; one that is a block begins a line."""
        if tag in VOID:
            return
        known = dict(attrs)
        above = self.open[-1] if self.open else None
        classes = frozenset((known.get("class") or "").split())
        language = known.get("lang") or (above.language if above else "")
        numbered = tag == "ol" if tag in ("ol", "ul") else bool(above and above.is_numbered)
        if tag in BLOCKS:
            self.line = None
        elif self.line is not None and above is not None and self.line.text:
            if PARTED in above.classes:
                self.line.parts.append(" · ")
            elif tag == "strong" and self.line.tag == "li":  # what was chosen, behind what was asked
                self.line.parts.append("– ")
        self.open.append(_Element(tag, classes, language, numbered))

    def handle_endtag(self, tag: str) -> None:
        """End an element."""
        if tag in VOID:
            return
        while self.open:
            if self.open.pop().tag == tag:
                break
        if tag in BLOCKS:
            self.line = None

    def handle_data(self, data: str) -> None:
        """Add text to the line that is open, or begin one."""
        if self.line is None:
            if not data.strip():
                return
            self.line = self._begin_line()
            self.lines.append(self.line)
        if self.line.language == "" and self.open and self.open[-1].language:
            self.line.language = self.open[-1].language
        self.line.parts.append(data)

    def finish(self) -> list[_Line]:
        """Return the lines that hold anything."""
        return [one for one in self.lines if one.text]

    def _begin_line(self) -> _Line:
        inner = next((one for one in reversed(self.open) if one.tag in BLOCKS), None)
        within = frozenset().union(*(one.classes for one in self.open))
        look = Look.QUOTED if "words" in within else Look.SMALL if within & {"meta", "hint"} else Look.PLAIN
        top = self.open[-1] if self.open else None
        return _Line(
            inner.tag if inner else "p", look, top.language if top else "", bool(inner and inner.is_numbered)
        )


def _group(lines: list[_Line]) -> list[Block]:
    """Return lines as blocks: neighbouring items as one list, a term with what is said of it as facts."""
    found: list[Block] = []
    for one in lines:
        words, last = Words(one.text, one.language), found[-1] if found else None
        if one.tag == "li":
            numbered = one.is_numbered and not has_number(one.text)
            there = isinstance(last, Bullets) and last.numbered == numbered
            items = last.items if isinstance(last, Bullets) and there else ()
            found[len(found) - there :] = [Bullets((*items, words), numbered)]
        elif one.tag == "dt":
            there = isinstance(last, Facts)
            rows = last.rows if isinstance(last, Facts) else ()
            found[len(found) - there :] = [Facts((*rows, (one.text, Words(""))))]
        elif isinstance(last, Facts) and one.tag in ("dd", "p") and one.look is not Look.SMALL:
            (label, said), *_ = reversed(last.rows)
            text = "\n".join(filter(None, (said.text, one.text)))
            found[-1] = Facts((*last.rows[:-1], (label, Words(text, one.language))))
        else:
            found.append(Paragraph(words, one.look))
    return found
