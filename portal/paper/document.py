"""
What a printed document holds: blocks in the order in which they are read.

Everything in it is text and data. Nothing is markup, whoever wrote it: the template shows each text as it is. Our own
sentences arrive translated; the template adds no words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Paper(StrEnum):
    """The size of a sheet."""

    A4 = "a4"
    LETTER = "us-letter"


class Look(StrEnum):
    """How a paragraph is set."""

    PLAIN = "plain"
    QUOTED = "quoted"  # a person's own words, line by line as they were written
    LEAD = "lead"
    SMALL = "small"
    KEY = "key"  # groups of a key, apart by spaces, to be typed from paper
    LINES = "lines"  # empty lines to write on by hand, as many as the text has lines


@dataclass(frozen=True, slots=True)
class Words:
    """A text with its language (a BCP 47 tag); without one it is in the document's."""

    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 1 to 3; it is never the last line of a page, and stands among the bookmarks."""

    words: Words
    level: int = 1


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One or more paragraphs; a line feed in the text begins a new line."""

    words: Words
    look: Look = Look.PLAIN


@dataclass(frozen=True, slots=True)
class Facts:
    """Labels and what each says: a date, a name, an answer."""

    rows: tuple[tuple[str, Words], ...]


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list, with numbers if its order matters."""

    items: tuple[Words, ...]
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table; its head stands again on each page that it goes on to."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Words, ...], ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing of ours, as SVG, with what it shows in words for those who do not see it."""

    svg: str
    described: str
    width: float  # mm


@dataclass(frozen=True, slots=True)
class Columns:
    """Two columns side by side; the left one is read first, and has *share* per cent of the width."""

    left: tuple[Block, ...]
    right: tuple[Block, ...]
    share: int = 50


@dataclass(frozen=True, slots=True)
class Framed:
    """Blocks in a thin frame that stay together on one page."""

    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Break:
    """The beginning of a new page."""


Block = Heading | Paragraph | Facts | Bullets | Table | Picture | Columns | Framed | Break


@dataclass(frozen=True, slots=True)
class Document:
    """
    One file to print.

    Attributes:
        title: What the file is called in its own data, and above the first page.
        heading: What stands above the first page instead, if it is something else.
        language: A BCP 47 tag, of all that names no other.
        made_on: The day as people write it, at the foot of each page.
        made_at: The same for the file's own data; with a time zone.
        foot: What stands at the foot of each page, beside the day.
        blocks: What it holds, in the order in which it is read.
        page_label: How a page says its number, with `%(page)s` and `%(pages)s`.
        of: A name for the file's own data, only if somebody chose that it stands there.
        unset_note: What is said on a last page if the fonts lack letters, with `%(mark)s` and `%(words)s`.
        one_page: Whether all is set smaller, down to three fifths, until it fits on one page.
        columns: How many columns the text has from its first heading on.
        landscape: Whether the paper lies, which a wide table needs.
    """

    title: str
    language: str
    made_on: str
    made_at: datetime
    foot: str
    blocks: tuple[Block, ...] = field(default=())
    page_label: str = "%(page)s / %(pages)s"
    of: str = ""
    unset_note: str = ""
    heading: str = ""
    one_page: bool = False
    columns: int = 1
    landscape: bool = False
