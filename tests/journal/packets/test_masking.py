"""Words that are blacked out: whole, in any script and case, and gone from every byte of what leaves."""

from __future__ import annotations

import unicodedata
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.catalogue.fields import Answers
from journal.catalogue.tracked import DAY_LINES_FIELD
from journal.errors import InvalidInput
from journal.packets.documents import Choice, Part
from journal.packets.masking import MARK, Masker, read_masked
from journal.records.archive import encode_json
from journal.sharing.copies import list_shareable_parts
from journal.vault.documents import EntryDocument
from journal.vault.entry_rows import Entry
from tests.journal.packets.test_composing import NOON, composed

NAMES = (
    "Zorbin",
    "Anna Maria",
    "Ζήνων",
    "Мария",
    "李明",
    "שרה",
    "محمد",
    "민수",
    "José",
    "O'Neil",
    "Jean-Luc",
    "राम",
    "Weiß",
)
FORMS = (str, str.upper, str.lower, str.title, lambda name: unicodedata.normalize("NFD", name))
NEIGHBOURS = ("", " ", "\n", ", ", "(", "“", ".", " — ", "/", "’s ", "1. ")


@pytest.mark.parametrize(
    ("word", "text", "left"),
    [
        ("Karl", "Karl came. KARL, karl!", f"{MARK} came. {MARK}, {MARK}!"),
        ("Karl", "Karla and McKarl came", "Karla and McKarl came"),
        ("Karl", "Karl’s door", f"{MARK}’s door"),
        ("José", "jose\u0301 and JOSE\u0301 rested", f"{MARK} and {MARK} rested"),
        ("Anna Maria", "Anna\n  MARIA rested", f"{MARK} rested"),
        ("Karl", "Ka\u00adrl and K\u200da\u200br\u2060l", f"{MARK} and {MARK}"),
        ("O'Neil", "O’Neil, O'NEIL", f"{MARK}, {MARK}"),
        ("Jean-Luc", "Jean\u2010Luc", MARK),
        ("Weiß", "WEISS, weiß", f"{MARK}, {MARK}"),
        ("李明", "昨天李明去了", f"昨天{MARK}去了"),
        ("שרה", "ושרה באה", f"ו{MARK} באה"),
        ("민수", "민수가 왔다", f"{MARK}가 왔다"),
        (".*", "x.*y", f"x{MARK}y"),
    ],
)
def test_a_word_is_found_as_people_write_it(word: str, text: str, left: str) -> None:
    """Whole, in any case and composition; within words of scripts that join them."""
    assert Masker([word]).mask(text) == left


def test_longer_names_go_first_and_each_is_counted() -> None:
    """No part of a name is left beside the mark of another."""
    masker = Masker(["Anna", "Anna Maria", "Karl"])
    assert masker.mask("Anna Maria and Anna") == f"{MARK} and {MARK}"
    assert masker.counts == {"Anna": 1, "Anna Maria": 1, "Karl": 0}


def test_codes_stay_what_they_are() -> None:
    """A choice, a day and a measure are of ours: a word that is one of their codes does not break them."""
    at = NOON - timedelta(days=1)
    lines = ["instrument=phq9", "version=1", "language=en", "day=2026-11-01", "1=3"]
    entry = Entry(UUID(int=1), 1, EntryDocument("measure", answers={"measure.form": lines}), at, at, None)
    choice = Choice(pieces={entry.id.hex: ("measure.form",)}, masked=("phq9", "version"))
    (score,) = composed(choice, [entry]).scores
    assert (score.name, score.day) == ("PHQ-9", "2026-11-01")


@given(data=st.data())
def test_no_masked_word_is_in_any_byte(data: st.DataObject) -> None:
    """For any names, anywhere in any part of an entry and in whoever is named: the data has none of them."""
    hidden = data.draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1))

    def words() -> str:
        found = "seen:"
        for name in data.draw(st.lists(st.sampled_from(hidden), max_size=4)):
            form, before = data.draw(st.sampled_from(FORMS)), data.draw(st.sampled_from(NEIGHBOURS[1:]))
            found += before + form(name) + data.draw(st.sampled_from(NEIGHBOURS[1:]))
        return found

    answers: Answers = {"int.meaning": words(), "int.top3": words(), "int.unsure": words()}
    document = EntryDocument("integration", words(), words(), answers=answers)
    lines = EntryDocument(
        "day_lines", answers={DAY_LINES_FIELD: [f"2026-11-20 |  |  | 3 |  |  | {hidden[0]}=4 | {words()}"]}
    )
    entries = [
        Entry(UUID(int=number), 1, one, NOON, NOON, None) for number, one in enumerate((document, lines), 1)
    ]
    choice = Choice(
        parts=(Part.NAME, Part.CONSENT),
        pieces={one.id.hex: list_shareable_parts(one) for one in entries},
        masked=read_masked("\n".join(hidden)),
    )
    content = composed(choice, entries)
    said = unicodedata.normalize("NFC", encode_json(content.record).decode()).casefold()
    for name in hidden:
        assert unicodedata.normalize("NFC", name).casefold() not in said, name
    assert "seen:" in said
    assert "alice sample" in said


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", ()),
        ("Karl\n\n  karl \nAnna  Maria", ("Karl", "Anna Maria")),
        ("Jose\u0301\nJosé", ("José",)),
        ("Ka\u200brl", ("Karl",)),
        ("\n".join(f"name{one}" for one in range(21)), None),
        ("x" * 101, None),
        ("1234", None),
        ("Karl\n-", None),
    ],
)
def test_what_is_typed_is_a_few_short_words(typed: str, words: tuple[str, ...] | None) -> None:
    """Up to twenty, each of them once, and none without a letter: numbers are what measures are made of."""
    if words is None:
        with pytest.raises(InvalidInput) as refused:
            read_masked(typed)
        assert set(refused.value.fields) == {"masked"}
    else:
        assert read_masked(typed) == words
