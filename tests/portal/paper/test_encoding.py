"""What people wrote becomes data for the template: lines, directions, parts of long words, nothing unseen."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.paper.document import (
    Columns,
    Document,
    Framed,
    Heading,
    Look,
    Paper,
    Paragraph,
    Table,
    Words,
)
from portal.paper.encoding import encode_document

MADE = datetime(2026, 11, 22, 12, tzinfo=UTC)


def encoded(*blocks, language="en", **others):
    document = Document("Title", language, "22 Nov 2026", MADE, "Foot", blocks, **others)
    return json.loads(encode_document(document, Paper.A4))


def words_of(text, language=""):
    [block] = encoded(Paragraph(Words(text, language), Look.LINES))["blocks"]
    return block["parts"][0]


@given(st.text())
def test_every_character_that_can_be_seen_goes_in(text):
    """Lines are kept as lines; only controls, surrogates and what is no character are left out."""
    words = words_of(text)
    kept = "\n".join("".join(parts) for parts in words["lines"])
    assert len(kept) <= len(text)
    unseen = [one for one in text if one not in kept and one.isprintable()]
    assert unseen in ([], ["\ufffc"]) or all(ord(one) in range(0xFFF9, 0xFFFD) for one in unseen)
    assert "\x00" not in kept
    assert not any(0xD800 <= ord(one) < 0xE000 for one in kept)


@pytest.mark.parametrize(
    ("text", "language", "rtl"),
    [
        ("hello", "en", False),
        ("שלום hello", "en", True),
        ("12 — مرحبا", "en", True),
        ("hello שלום", "he", False),
        ("12", "he", True),
        ("12", "en-GB", False),
        ("\u202eabc", "", False),
    ],
)
def test_a_text_runs_as_its_first_letter_does(text, language, rtl):
    """The first letter that has a direction decides, and without one the language."""
    assert words_of(text, language)["rtl"] is rtl


@pytest.mark.parametrize(
    ("tag", "language", "region"),
    [
        ("en", "en", None),
        ("es-MX", "es", "MX"),
        ("zh-Hant", "zh", "TW"),
        ("zh-Hans-CN", "zh", "CN"),
        ("sr_Latn_RS", "sr", "RS"),
        ("nonsense!", "en", None),
        ("x" * 100, "en", None),
    ],
)
def test_a_language_is_one_that_the_engine_takes(tag, language, region):
    """Two or three letters and a region; anything else would be an error of the engine."""
    assert words_of("text", tag)["lang"] == {"language": language, "region": region}


def test_a_long_word_has_places_to_part():
    """Also the longest, at whole signs, in pieces that fit; usual words, and writing without spaces, have none."""
    assert words_of("x" * 100_000)["lines"] == [["x" * 24] * 4166 + ["x" * 16]]
    assert words_of("a " + "e\u0301" * 60)["lines"] == [["a ", *["e\u0301" * 24] * 2, "e\u0301" * 12]]
    assert words_of("Donaudampfschifffahrtsgesellschaft")["lines"] == [["Donaudampfschifffahrtsgesellschaft"]]
    assert len(words_of("海" * 200)["lines"][0]) == 1
    [block] = encoded(Table("", ("A", "B"), ((Words("y" * 40), Words("z" * 40)),)))["blocks"]
    assert len(block["rows"][0][0]["lines"][0]) > 1


def test_empty_lines_part_paragraphs():
    """One line feed begins a line, more begin a paragraph, whichever sign of the many it is."""
    [block] = encoded(Paragraph(Words("one\r\ntwo\u2028three\n \n\n\nfour")))["blocks"]
    assert [part["lines"] for part in block["parts"]] == [[["one"], ["two"], ["three"]], [["four"]]]


def test_no_level_of_headings_is_left_out():
    """The first is of level 1, and each is at most one below the one before, also inside of others."""
    inner = Columns((Heading(Words("b"), 3),), (Framed((Heading(Words("c"), 3),)),))
    blocks = encoded(Heading(Words("a"), 2), inner, Heading(Words("d"), 1))["blocks"]
    assert blocks[0]["level"] == 1
    assert blocks[1]["left"][0]["level"] == 2
    assert blocks[1]["right"][0]["blocks"][0]["level"] == 3
    assert blocks[2]["level"] == 1


def test_a_page_label_is_no_pattern_for_the_template():
    """It goes in as its parts and which number stands between them; without numbers as it is."""
    assert encoded(page_label="Page %(page)s of %(pages)s")["page-label"] == ["Page ", 0, " of ", 1, ""]
    assert encoded(page_label="%(pages)s 100% %(page)s%(x)s")["page-label"] == ["", 1, " 100% ", 0, "%(x)s"]
