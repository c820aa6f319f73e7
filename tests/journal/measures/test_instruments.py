"""The texts of measures: each letter by letter as in the copy that is kept with its source, and fit to be added up."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from journal.measures.instruments import (
    IDS,
    Instrument,
    check_versions,
    find_instrument,
    list_instruments,
    list_offered,
    parse_instrument,
)
from journal.measures.lines import MAX_ITEMS

SOURCES = Path(__file__).parent / "sources"
EVERY = {f"{one.id}.{one.language}": one for one in list_instruments()}
ONLY_PHQ = "by any of the following problems"


def printed(one: Instrument) -> str:
    """Write a measure as the copies of the sources are written."""
    lines = [f"Source: {one.text_source}", "", one.stem, *([one.lead_in] if one.lead_in else []), ""]
    lines += [f"{item.number}. {item.text}" for item in one.items]
    lines += ["", *(f"{choice.value} {choice.text}" for choice in one.answers)]
    if one.extra:
        lines += ["", one.extra.text, *(f"{choice.value} {choice.text}" for choice in one.extra.answers)]
    return "\n".join([*lines, "", one.licence]) + "\n"


def list_texts(found: object) -> list[str]:
    """Return every text within a decoded file."""
    if isinstance(found, str):
        return [found]
    inner = found.values() if isinstance(found, dict) else found if isinstance(found, list) else ()
    return [text for one in inner for text in list_texts(one)]


def test_each_file_has_its_copy() -> None:
    """Every measure has a copy with its source, and no copy is left over."""
    assert set(EVERY) == {path.stem for path in SOURCES.glob("*.txt")}
    assert {one.id for one in EVERY.values()} == set(IDS)


@pytest.mark.parametrize("name", EVERY)
def test_each_text_is_its_source_letter_by_letter(name: str) -> None:
    """What is shown is the copy, and a single changed letter in any of its texts is noticed."""
    copy = (SOURCES / f"{name}.txt").read_text(encoding="utf-8")
    one = EVERY[name]
    assert printed(one) == copy
    stored = msgspec.to_builtins(one)
    shown = ["stem", "lead_in", "licence", "text_source"]
    for field in shown:
        if stored[field]:
            assert printed(msgspec.convert(stored | {field: stored[field] + "."}, Instrument)) != copy
    for part in ("items", "answers"):
        for place, piece in enumerate(stored[part]):
            changed = [*stored[part]]
            changed[place] = piece | {"text": piece["text"][:-1] + "x"}
            assert printed(msgspec.convert(stored | {part: changed}, Instrument)) != copy


def test_only_the_phq_says_any_of_the_following() -> None:
    """The two stems differ by two words, which many copies get wrong; the lowest answer is "Not at all"."""
    offered = {one.id: one for one in list_offered()}
    assert ONLY_PHQ in offered["phq9"].stem
    assert ONLY_PHQ not in offered["gad7"].stem
    assert "by the following problems" in offered["gad7"].stem
    assert {one.answers[0].text for one in offered.values()} == {"Not at all"}


def test_what_was_not_compared_is_never_offered() -> None:
    """The Spanish files say what has to be compared first; until then the English text is offered in both languages."""
    spanish = [one for one in EVERY.values() if one.language == "es"]
    assert len(spanish) == 2
    assert all(not one.enabled and one.unchecked for one in spanish)
    for language in ("en", "es"):
        assert [(one.id, one.language) for one in list_offered(language)] == [(name, "en") for name in IDS]


@pytest.mark.parametrize("name", ["phq9", "gad7"])
def test_a_total_means_the_same_in_each_language(name: str) -> None:
    """Items with the same codes, answers that count the same, the same time, highest total, bands and cut-offs."""
    english, spanish = EVERY[f"{name}.en"], EVERY[f"{name}.es"]

    def bones(one: Instrument) -> object:
        return (
            [(item.number, item.code) for item in one.items],
            [(choice.value, choice.code) for choice in one.answers],
            [(band.least, band.most) for band in one.bands],
            [(said.least, said.most, said.source) for said in one.references],
            (one.version, one.recall_days, one.cadence_days, one.most, one.panel_code, one.total_code),
        )

    assert bones(english) == bones(spanish)
    assert {said.text for said in english.references}.isdisjoint(said.text for said in spanish.references)


def test_codes_are_the_published_ones() -> None:
    """No trap of public code: items 6 and 7 of the GAD-7 swapped, its panel as its total, a month's code for a week."""
    gad, week = EVERY["gad7.en"], EVERY["pcl5-week.en"]
    assert [one.code for one in gad.items[5:]] == ["69689-8", "69736-7"]
    assert (gad.panel_code, gad.total_code) == ("69737-5", "70274-6")
    assert (week.panel_code, week.total_code) == ("", "")
    month = EVERY["pcl5-month.en"]
    assert [one.code for one in month.items if "/" not in one.code] == ["101699-7"]
    assert month.items[8].code == "101699-7"
    assert {one.recall_days for one in (gad, EVERY["phq9.en"])} == {14}
    assert month.bands == week.bands == ()
    assert max(len(one.items) for one in EVERY.values()) <= MAX_ITEMS


def test_a_text_is_found_by_its_version() -> None:
    """What somebody answered is shown in the very text that they saw, or in none."""
    assert find_instrument("phq9", "en", "1") is EVERY["phq9.en"]
    assert find_instrument("phq9", "en", "2") is None
    with pytest.raises(ValueError, match="twice"):
        check_versions([EVERY["phq9.en"], EVERY["phq9.en"]])


BROKEN = {
    "not numbered": {"items": [{"number": 2, "text": "a", "code": ""}]},
    "count from 0": {"answers": [{"value": 1, "text": "a", "code": ""}]},
    "each item once": {"clusters": [{"id": "B", "items": [1, 1]}]},
    "leave out a total": {
        "bands": [{"least": 0, "most": 3, "text": "a"}, {"least": 5, "most": 27, "text": "b"}]
    },
    "switched on": {"unchecked": "compare it"},
    "without a reason": {"enabled": False},
}


@pytest.mark.parametrize("told", BROKEN)
def test_a_file_that_does_not_fit_together_is_refused(told: str) -> None:
    """Items out of order, answers that do not count from 0, clusters and bands with gaps: said at once, not shown."""
    stored = msgspec.to_builtins(EVERY["phq9.en"])
    with pytest.raises(ValueError, match=told):
        parse_instrument(msgspec.json.encode(stored | BROKEN[told]))


def test_cut_offs_stand_with_their_source() -> None:
    """Each as published, within what there can be; none for the past week, and no bands for PCL-5."""
    found = {
        name: [(said.least, said.most) for said in one.references if said.least is not None and said.source]
        for name, one in EVERY.items()
        if one.enabled
    }
    assert found == {
        "phq9.en": [(10, 27)],
        "gad7.en": [(10, 21)],
        "pcl5-month.en": [(31, 33)],
        "pcl5-week.en": [],
    }
