"""One fold finds words and marks them: alike however they are spelled, and marked where they stand."""

from __future__ import annotations

import sys
import unicodedata
from functools import cache
from hashlib import sha256
from typing import Any

import msgspec
import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from journal import folding
from journal.entries.search import build_matcher
from journal.folding import find_matches, fold, split_needles
from journal.sealing import encode_document
from journal.vault.documents import EntryDocument

PAIRS = [
    ("O’Neil", "O'Neil"),
    ("O‘Neil", "oʼneil"),
    ("O＇NEIL", "o`neil"),
    ("O´Neil", "O′Neil"),
    ("“so”", '"so"'),
    ("„so“", "«so»"),
    ("״so״", '"so"'),
    ("‹so›", "'so'"),
    ("❝so❞", '"so"'),
    ("בית־ספר", "בית-ספר"),
    ("well–being", "well-being"),
    ("well‑being", "well—being"),
    ("−5", "-5"),
    ("İstanbul", "istanbul"),
    ("İSTANBUL", "i\u0307stanbul"),
    ("IŞIK", "ışık"),
    ("soft\u00adhy\u00adphen", "softhyphen"),
    ("zero\u200bwidth\ufeff", "zerowidth"),
    ("\u2067turned\u2069", "turned"),
    ("می\u200cخواهم", "میخواهم"),
    ("❤\ufe0f", "❤"),
    ("ＡＢＣ　ｄ", "abc d"),
    ("ｶﾞ", "ガ"),
    ("ﬁnd", "find"),
    ("Straße", "STRASSE"),
    ("STRAẞE", "strasse"),
    ("été", "e\u0301te\u0301"),
    ("ΣΊΣΥΦΟΣ", "σίσυφος"),
    ("가", "\u1100\u1161"),
    ("Ǆ", "dž"),
    ("x\u0323\u0302", "x\u0302\u0323"),
    ("e\u200d\u0301", "é"),
]

# Signs that fold to several, to none, or together with others; and what JSON escapes.
TRICKY = [
    *"aeiIjJhHßẞſŉﬁİıKkＡｂ…½²’‘“«–−´`'\"\\/<\n\t -é",
    "\u0301", "\u0307", "\u030c", "\u0323", "\u0331", "\u0345", "\u00ad", "\u200b", "\u200d", "\u034f", "\ufe0f",
    "\u1100", "\u1161", "\u11a8", "가", "ㄱ", "ㅏ", "ㄳ", "\uff76", "\uff9e", "क", "ि", "्", "\u09c7", "\u09be",
    "👩", "👧", "🇩", "🇪", "\U0001f3fd", "\ufdfa", "ΐ", "ᾳ", "Σ", "ǰ", "\x00", "\u2028", "\U000e0067",
]  # fmt: skip
texts = st.lists(st.sampled_from(TRICKY) | st.characters(exclude_categories=["Cs"]), max_size=40).map("".join)


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_what_is_spelled_in_two_ways_is_alike(one: str, other: str) -> None:
    """Apostrophes, quotation marks, dashes, case, width, ligatures, accents and what nobody sees."""
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("été", "ete"), ("a", "ä"), ("resume", "resumé"), ("5", "٥")])
def test_what_is_another_word_is_not_alike(one: str, other: str) -> None:
    """Accents count, as they did."""
    assert fold(one) != fold(other)


@given(texts)
def test_folding_is_done_once_and_does_not_depend_on_the_form(text: str) -> None:
    """A folded text is its own fold, and NFC, NFD and either case of a text have one."""
    folded = fold(text)
    assert fold(folded) == folded
    assert fold(unicodedata.normalize("NFC", text)) == fold(unicodedata.normalize("NFD", text)) == folded


_fold_sign = cache(fold)  # three tests look at all the signs there are


def test_every_sign_folds_once() -> None:
    """Of all characters there are; and what is left out is what Unicode lets be ignored."""
    ignorable = regex.compile(r"\p{Default_Ignorable_Code_Point}")
    for code in range(sys.maxunicode + 1):
        sign = chr(code)
        if unicodedata.category(sign) != "Cs":
            folded = _fold_sign(sign)
            assert folded == sign or fold(folded) == folded
            assert bool(folded) != bool(ignorable.match(sign))


@given(texts, texts)
def test_a_text_folds_to_the_folds_of_its_pieces(before: str, after: str) -> None:
    """So a place in the fold is a place in the text; also in floods of marks, and where two texts meet."""
    for text in (before, after, before + after, before + after * 8 + "\u0301\u1161\u200d" * 40 + after):
        pieces = [found[0] for found in folding._PIECE.finditer(text)]
        assert "".join(pieces) == text
        assert "".join(map(fold, pieces)) == fold(text)


def test_every_sign_begins_a_piece_or_is_known_to_follow() -> None:
    """After each of a few signs, every character there is folds to the same as by itself, or belongs to its piece."""
    few = {before: fold(before) for before in ("a", "i", "\u1100", "ㄷ", "가", " ", "x\u0323")}
    for code in range(0x80, sys.maxunicode + 1):
        sign = chr(code)
        if unicodedata.category(sign) in ("Cs", "Cn", "Co") or folding._ANY_FOLLOWER.match(sign):
            continue
        folded = _fold_sign(sign)
        for before, folded_before in few.items():
            if fold(before + sign) != folded_before + folded:
                *_, last = folding._PIECE.finditer(before + sign)
                assert last[0] == before + sign


@given(texts, texts, texts)
def test_what_is_found_is_marked_where_it_stands(before: str, word: str, after: str) -> None:
    """A word is found wherever its fold is; each mark holds whole clusters, in order, and the word's own fold."""
    text = before + word + after
    clusters = {found.start() for found in regex.finditer(r"\X", text)} | {len(text)}
    for needle in split_needles(word):
        marks = list(find_matches(text, [needle]))
        assert bool(marks) == (needle in fold(text))
        assert [place for mark in marks for place in mark] == sorted(
            place for mark in marks for place in mark
        )
        for begin, end in marks:
            assert begin < end
            assert {begin, end} <= clusters
            assert needle in fold(text[begin:end]) or begin in {mark[1] for mark in marks}


@pytest.mark.parametrize(
    ("text", "word", "marked"),
    [
        ("At O’Neil’s", "o'neil", ["O’Neil"]),
        ("in İstanbul and ISTANBUL", "istanbul", ["İstanbul", "ISTANBUL"]),
        ("the so\u00adft\u200b hum", "soft", ["so\u00adft\u200b"]),
        ("ＡＢＣ abc", "abc", ["ＡＢＣ", "abc"]),
        ("an oﬃce", "fic", ["ﬃc"]),
        ("Straße, STRASSE", "strasse", ["Straße", "STRASSE"]),
        ("e\u0301te\u0301, été", "été", ["e\u0301te\u0301", "été"]),
        ("cafe\u0301", "caf", ["caf"]),
        ("x\u0323y", "x", ["x\u0323"]),
        ("a 👩\u200d👧 b", "👩", ["👩\u200d👧"]),
        ("👍🏽", "👍", ["👍🏽"]),
        ("🇩🇪🇫🇷", "🇫🇷", ["🇫🇷"]),
        ("…and", "and", ["and"]),
        ("½ of it", "of", ["of"]),
        ("ß" * 300 + "sea" + "ﬁ" * 300, "sea", ["sea"]),
        ("नमस्ते जी", "जी", ["जी"]),
        ("힘들었다ㅜㅜ 그래도", "힘들었다", ["힘들었다"]),
        ("오늘 슬퍼ㅠㅠ", "ㅠㅠ", ["ㅠㅠ"]),
        ("ㄷㅏ, ㄷ\u200dㅏ, 다", "다", ["ㄷㅏ", "ㄷ\u200dㅏ", "다"]),
        ("plain", "", []),
        ("plain", "\u200b", []),
    ],
)
def test_the_original_text_is_marked(text: str, word: str, marked: list[str]) -> None:
    """Not its fold: the sign as it was typed, with all that belongs to it."""
    assert [text[begin:end] for begin, end in find_matches(text, split_needles(word))] == marked


def test_the_longer_of_two_words_is_marked() -> None:
    """Where both begin; the other is marked elsewhere."""
    text = "the seaside and the sea"
    assert [text[begin:end] for begin, end in find_matches(text, split_needles("sea seaside"))] == [
        "seaside",
        "sea",
    ]


def test_words_are_looked_for_apart_and_once() -> None:
    """Whatever parts them, and whatever a single sign stands for."""
    assert split_needles("  Sea\u00a0SEA\u2028sky\t") == ("sea", "sky")
    assert split_needles("\ufdfa") == split_needles("صلى الله عليه وسلم")
    assert split_needles("\u00ad \u200b") == ()


@given(st.lists(texts, min_size=1, max_size=4), texts, st.data())
def test_no_entry_with_the_words_is_passed_over(answers: list[str], title: str, data: st.DataObject) -> None:
    """What is scanned as it stands, in JSON, says yes to every entry whose fold holds the words."""
    document = EntryDocument("free", title, answers={"free.text": answers[0], "free.list": answers[1:]})
    text = fold(document.text())
    words = data.draw(st.lists(st.sampled_from(text.split() or ["a"]), min_size=1, max_size=2))
    needles: list[Any] = []
    for word in words:
        begin = data.draw(st.integers(0, len(word) - 1))
        needles += split_needles(word[begin : data.draw(st.integers(begin + 1, len(word)))])
    if needles and all(needle in text for needle in needles):
        assert build_matcher(needles)(encode_document(document))


def test_json_escapes_no_letter_or_digit() -> None:
    """Nor anything beyond ASCII: what is scanned for stands in the bytes as it is."""
    for code in range(sys.maxunicode + 1):
        if not 0xD800 <= code <= 0xDFFF and (code >= 0x80 or chr(code).isalnum()):
            assert msgspec.json.encode(chr(code)) == f'"{chr(code)}"'.encode()


def test_only_known_signs_hide_letters() -> None:
    """Every character beyond ASCII that folds to one with a letter or digit of it, or to nothing, is looked for."""
    from journal.entries.search import _HIDDEN_ASCII

    ascii_sign = regex.compile("[a-z0-9]")
    for code in range(0x80, sys.maxunicode + 1):
        sign = chr(code)
        if unicodedata.category(sign) != "Cs" and not _HIDDEN_ASCII.match(sign):
            folded = _fold_sign(sign)
            assert folded
            assert not ascii_sign.search(folded)


@pytest.mark.parametrize(
    "flood",
    [
        "a" + "\u0301\u0316" * 100_000,
        "a\u200b" * 100_000,
        "ㅠ" * 200_000,
        "’" * 200_000,
        "e\u0301\u0323" * 60_000,
    ],
    ids=["marks", "zero width", "vowels", "apostrophes", "accents"],
)
def test_a_flood_is_folded_in_pieces(flood: str) -> None:
    """Hundreds of thousands of marks, which would take hours to put in order, are found and marked like any text."""
    text = flood + " sea"
    assert fold(text).endswith(" sea")
    assert [text[begin:end] for begin, end in find_matches(text, ["sea"])] == ["sea"]
    assert build_matcher(["sea"])(text.encode())


def test_letters_of_flags_without_end_are_marked_in_pairs() -> None:
    """Where a flag ends depends on how many letters of flags stand before it: they are not counted anew for each."""
    flag = "\U0001f1e9\U0001f1ea"
    for before in ("", "a", flag[0] + "\u0301"):
        found = list(find_matches(before + flag * 40_000 + " end", ("end", flag[1])))
        begin = len(before)
        assert found[:2] == [(begin, begin + 2), (begin + 2, begin + 4)]
        assert (len(found), found[-1]) == (40_001, (begin + 80_001, begin + 80_004))


def test_the_version_grows_with_what_is_folded_to_what() -> None:
    """
    Sealed words were folded once: when a line of this changes, so has `FOLDING_VERSION` to, and they are written anew.
    """
    signs = (chr(code) for code in range(0x10000) if not 0xD800 <= code < 0xE000)
    lasting = [sign for sign in signs if unicodedata.ucd_3_2_0.category(sign) != "Cn"]
    folded = sha256("\n".join(map(fold, lasting)).encode()).hexdigest()
    known = {1: "9716106136bce7854cf6a1d364bfa38ff46da43914382881dbd3e8993fd2d059"}
    assert known[folding.FOLDING_VERSION >> 8] == folded
    assert int(unicodedata.unidata_version.split(".")[0]) == folding.FOLDING_VERSION & 255
