"""Normal forms are those of Unicode, and cost no more than their length is worth, whatever stands in a text."""

from __future__ import annotations

import sys
import unicodedata
from itertools import groupby
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import has_mark_flood, normalize, take_apart
from crypto.bounded import LONGEST_RUN

MARKS = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.combining(chr(code))]
Form = Literal["NFC", "NFKC"]
FORMS: tuple[Form, ...] = ("NFC", "NFKC")
FLOODS: tuple[tuple[Form, str], ...] = (
    ("NFC", "\u0301\u0316"),
    ("NFKC", "\u0301\u0316"),
    ("NFC", "\u00e1" + "\u0316\u0327" * 40),  # a letter that has a mark in it already
    ("NFC", "\u0f73"),  # no mark by itself, and two once it is taken apart
    ("NFKC", "\u0f75\u0f81"),
    ("NFKC", "\uff9e\u0f71"),  # no mark before it is made wide
    ("NFC", "\u0344\U0001d165"),
    ("NFC", "\u0301\u0338"),  # the lowest class of marks
)


def out_of_order(form: Form, text: str) -> int:
    """Length of the longest row of marks that bringing *text* to a form would have to put in order."""
    longest = 0
    apart: Any = form.replace("C", "D")
    decomposed = "".join(unicodedata.normalize(apart, sign) for sign in text)
    for is_mark, run in groupby(map(unicodedata.combining, decomposed), bool):
        classes = list(run)
        if is_mark and classes != sorted(classes):
            longest = max(longest, len(classes))
    return longest


def test_each_sign_is_taken_apart() -> None:
    """As NFD does it with each sign by itself, so that a flood of marks costs no more than other text."""
    assert take_apart("e\u0301\u00e9\u1e69 \uac00 x") == "e\u0301e\u0301s\u0323\u0307 \u1100\u1161 x"
    assert take_apart("\u0301\u0316" * 50_000) == "\u0301\u0316" * 50_000


@given(
    text=st.text(
        st.sampled_from([*"aKé\u0f73\u0f75\u0f81\u0344\uff9e\uff76\u1100\u1161", *MARKS[::9]]), max_size=200
    ),
    form=st.sampled_from(FORMS),
)
def test_it_is_the_normal_form_of_unicode(text: str, form: Form) -> None:
    """However many marks follow each other, what comes of a text is what Unicode says."""
    assert normalize(form, text) == unicodedata.normalize(form, text)


@pytest.mark.parametrize(("form", "flood"), FLOODS, ids=ascii)
def test_a_flood_is_put_in_order_beforehand(monkeypatch: pytest.MonkeyPatch, form: Form, flood: str) -> None:
    """Python's own normalising, which takes the square of a row of marks, gets none that is long and out of order."""
    text = (flood * 4096)[:4096]
    wanted = unicodedata.normalize(form, text)
    assert out_of_order(form, text) > 2 * LONGEST_RUN
    normal, worst = unicodedata.normalize, 0

    def watched(form: Any, text: str) -> str:
        nonlocal worst
        with pytest.MonkeyPatch.context() as back:
            back.setattr(unicodedata, "normalize", normal)
            worst = max(worst, out_of_order(form, text))
        return normal(form, text)

    monkeypatch.setattr(unicodedata, "normalize", watched)
    assert normalize(form, text) == wanted
    assert worst <= 2 * LONGEST_RUN


@pytest.mark.parametrize("before", range(64))
def test_a_flood_is_found_wherever_it_stands(before: int) -> None:
    """31 marks in a row are one, and 30 are none, also where other marks stand around them."""
    marks = "\u0301" * 31
    assert has_mark_flood("e" * before + marks + "e") is True
    assert has_mark_flood("e" * before + marks[:30] + "e" + marks[:30] + "e") is False


def test_text_without_a_flood_has_none() -> None:
    """Neither text that is ASCII, nor a mark at the very beginning."""
    assert has_mark_flood("e" * 100) is False
    assert has_mark_flood("\u0301 and more") is False
    assert has_mark_flood("schön") is False


def test_a_flood_leaves_the_form_as_asked() -> None:
    """A ligature stays one in NFC, and is two letters in NFKC, also beside a flood of marks."""
    flood = "\u0301\u0316" * 40
    for form in FORMS:
        assert normalize(form, "\ufb01" + flood) == unicodedata.normalize(form, "\ufb01" + flood)
    assert normalize("NFC", "\ufb01" + flood).startswith("\ufb01")
