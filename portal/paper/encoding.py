"""A document as the JSON that the template reads: lines, languages, directions, and where a very long word may part."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from typing import Any

import msgspec
import regex

from portal.paper.document import (
    Block,
    Break,
    Bullets,
    Columns,
    Document,
    Facts,
    Framed,
    Heading,
    Look,
    Paper,
    Paragraph,
    Picture,
    Table,
    Words,
)

LYING = 150  # the width of the text where the paper lies, in hundredths of that where it stands
LONGEST_WORD = 48  # characters that surely fit on one line of the whole width
LONGEST_WHOLE = (
    13  # characters of a word that is broken nowhere, so that "preparation" stays whole in a narrow column
)
RIGHT_TO_LEFT = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})
REGIONS_OF_SCRIPTS = {"hans": "CN", "hant": "TW"}

_split_lines = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]").split
_split_paragraphs = re.compile(r"\n[^\S\n]*(?:\n[^\S\n]*)+").split
# Controls, halves of surrogate pairs, byte order marks and what is no character: nothing of it can be seen.
_remove_controls = regex.compile(
    r"[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}\ufeff\ufff9-\ufffc--\n]", regex.V1
).sub
_replace_spaces = re.compile("[^\\S\n\u00a0]").sub  # few fonts have every kind of space
_find_long_words = regex.compile(
    r"[^\s\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]+"
).finditer

_find_signs = regex.compile(r"\X").findall

Encoded = dict[str, Any]


@dataclass(slots=True)
class _Encoder:
    """Encodes the blocks of one document; a heading is at most one level below the one before it."""

    language: str
    level: int = 0

    def blocks(self, blocks: Iterable[Block], width: int = 100) -> list[Encoded]:
        """Return *blocks* for the template; *width* is what they have of the page's width, in per cent."""
        return [
            {"kind": type(one).__name__.lower()} | _ENCODERS[type(one)](self, one, width) for one in blocks
        ]

    def words(self, words: Words, width: int = 100) -> Encoded:
        """Return one text: its language, its direction and its lines, each in parts that fit on a line."""
        text, language = _clean(words.text), words.language or self.language
        return {
            "lang": _encode_language(language),
            "rtl": _is_right_to_left(text, language),
            "lines": [
                _part_line(line, max(LONGEST_WORD * width // 100, LONGEST_WHOLE)) for line in text.split("\n")
            ],
        }

    def heading(self, block: Heading, width: int) -> Encoded:
        """Return a heading; readers of tagged files refuse levels that are left out."""
        self.level = max(1, min(block.level, self.level + 1, 3))
        return {"level": self.level, "words": self.words(block.words, width)}

    def paragraph(self, block: Paragraph, width: int) -> Encoded:
        """Return a text, apart at its empty lines."""
        parts = _split_paragraphs("\n".join(_split_lines(block.words.text)))
        if block.look is Look.LINES:
            parts = [block.words.text]
        texts = [self.words(Words(part, block.words.language), width) for part in parts]
        return {"look": block.look.value, "parts": texts}

    def facts(self, block: Facts, width: int) -> Encoded:
        """Return labels and what each says."""
        return {"rows": [[_clean(label), self.words(words, width * 2 // 3)] for label, words in block.rows]}

    def bullets(self, block: Bullets, width: int) -> Encoded:
        """Return a list."""
        return {"numbered": block.numbered, "items": [self.words(item, width) for item in block.items]}

    def table(self, block: Table, width: int) -> Encoded:
        """Return a table; a column is the wider the more stands in it, and the longer its longest word is."""
        columns = [*zip(block.head, *([cell.text for cell in row] for row in block.rows), strict=True)]
        weights = list(map(_weigh_column, columns))
        shares = [ceil(width * weight / sum(weights)) for weight in weights]
        return {
            "caption": _clean(block.caption),
            "widths": weights,
            "head": [self.words(Words(one), share) for one, share in zip(block.head, shares, strict=True)],
            "rows": [
                [self.words(cell, share) for cell, share in zip(row, shares, strict=True)]
                for row in block.rows
            ],
        }

    def picture(self, block: Picture, _: int) -> Encoded:
        """Return a drawing."""
        return {"svg": block.svg, "described": _clean(block.described), "width": block.width}

    def columns(self, block: Columns, width: int) -> Encoded:
        """Return two columns."""
        return {
            "share": block.share,
            "left": self.blocks(block.left, width * block.share // 100),
            "right": self.blocks(block.right, width * (100 - block.share) // 100),
        }

    def framed(self, block: Framed, width: int) -> Encoded:
        """Return what stays together."""
        return {"blocks": self.blocks(block.blocks, width)}


_ENCODERS: dict[type, Callable[[_Encoder, Any, int], Encoded]] = {
    Heading: _Encoder.heading,
    Paragraph: _Encoder.paragraph,
    Facts: _Encoder.facts,
    Bullets: _Encoder.bullets,
    Table: _Encoder.table,
    Picture: _Encoder.picture,
    Columns: _Encoder.columns,
    Framed: _Encoder.framed,
    Break: lambda *_: {},
}


def encode_document(document: Document, paper: Paper) -> bytes:
    """Return what the template reads, as JSON."""
    encoder = _Encoder(document.language)
    label = re.split(r"%\((pages?)\)s", _clean(document.page_label))
    return msgspec.json.encode(
        {
            "title": encoder.words(Words(document.title)),
            "heading": encoder.words(Words(document.heading or document.title)),
            "of": _clean(document.of),
            "lang": _encode_language(document.language),
            "paper": paper.value,
            "one-page": document.one_page,
            "columns": document.columns,
            "landscape": document.landscape,
            "foot": _clean(document.foot),
            "made-on": _clean(document.made_on),
            "made-at": int(document.made_at.timestamp()),
            "page-label": [
                ("page", "pages").index(part) if at % 2 else part for at, part in enumerate(label)
            ],
            "unset-note": encoder.words(Words(document.unset_note)),
            "blocks": encoder.blocks(
                document.blocks, (LYING if document.landscape else 100) // document.columns
            ),
        }
    )


def _weigh_column(texts: Sequence[str]) -> float:
    """Return how wide a column is beside others."""
    longest = max((len(word) for text in texts for word in text.split()), default=0)
    wide = min(max(max(map(len, texts)), 5), 60)
    return max(sqrt(wide), 0.42 * min(longest, LONGEST_WHOLE))


def _clean(text: str) -> str:
    """Return *text* without what cannot be seen, its lines apart by line feeds."""
    spaced = _replace_spaces(" ", "\n".join(_split_lines(text)).replace("\u202f", "\u00a0"))
    cleaned: str = _remove_controls("", spaced)
    return cleaned


def _part_line(line: str, longest: int) -> list[str]:
    """Return a line in the parts between which it may be broken though there is no space."""
    parts, at = [], 0
    for found in _find_long_words(line):
        if len(found[0]) > longest:
            parts.append(line[at : found.start()])
            signs, step = _find_signs(found[0]), longest // 2
            parts += ["".join(signs[first : first + step]) for first in range(0, len(signs), step)]
            at = found.end()
    return [part for part in (*parts, line[at:]) if part]


def _encode_language(tag: str) -> dict[str, str | None]:
    """Return language and region of a tag, as the engine takes them; what it does not know is no language."""
    language, *others = tag.lower().replace("_", "-").split("-")
    regions = [
        REGIONS_OF_SCRIPTS.get(one, one.upper())
        for one in others
        if len(one) == 2 or one in REGIONS_OF_SCRIPTS
    ]
    is_known = re.fullmatch("[a-z]{2,3}", language) is not None
    return {
        "language": language if is_known else "en",
        "region": regions[0] if is_known and regions else None,
    }


def _is_right_to_left(text: str, language: str) -> bool:
    """Return whether a text runs from right to left: by its first letter that has a direction, else by its language."""
    for letter in text:
        turn = unicodedata.bidirectional(letter)
        if turn in ("L", "R", "AL"):
            return turn != "L"
    return language.partition("-")[0].lower() in RIGHT_TO_LEFT
