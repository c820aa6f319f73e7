"""Lines of the medicine and of readings: read back as they were written, in the order of the day, and never judged."""

from __future__ import annotations

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.dosing_day.lines import (
    LIKELY,
    Position,
    Reading,
    Taken,
    add_line,
    find_unlikely,
    is_number,
    parse_medicine,
    parse_readings,
    replace_line,
    summarize_medicine,
    summarize_readings,
)
from journal.user_input import clean_line

WORDS = st.text(max_size=60).map(clean_line)
TIMES = st.times().map(lambda at: at.replace(second=0, microsecond=0))
VALUES = st.one_of(st.just(""), st.integers(0, 9999).map(str), st.sampled_from(["36,5", "98.5", "١٢٨"]))
READINGS = st.builds(
    Reading,
    at=st.none() | TIMES,
    systolic=VALUES,
    diastolic=VALUES,
    pulse=VALUES,
    oxygen=VALUES,
    position=st.none() | st.sampled_from(Position),
    by=WORDS,
)
ANYTHING = st.one_of(st.none(), st.text(), st.lists(st.text(max_size=40)), st.integers())


@given(st.lists(st.builds(Taken, TIMES, WORDS), max_size=8, unique_by=lambda one: one.line))
def test_times_of_the_medicine_come_back(taken: list[Taken]) -> None:
    """Every time is read back with its words, in the order of a day that begins at five in the morning."""
    lines: list[str] = []
    for one in taken:
        lines = add_line(lines, one.line)
    found = parse_medicine(lines)
    assert sorted(found, key=lambda one: one.line) == sorted(taken, key=lambda one: one.line)
    minutes = [(one.at.hour * 60 + one.at.minute - 300) % 1440 for one in found if one.at]
    assert minutes == sorted(minutes)


@given(st.lists(READINGS, max_size=8, unique_by=lambda one: one.line))
def test_readings_come_back_as_typed(readings: list[Reading]) -> None:
    """Every reading is read back as it was typed, and one that was taken twice stands there twice."""
    lines: list[str] = []
    for one in (*readings, *readings):
        lines = add_line(lines, one.line)
    assert sorted(one.line for one in parse_readings(lines)) == sorted(one.line for one in readings * 2)
    assert set(parse_readings(lines)) == set(readings)
    assert all(is_number(typed) for one in readings for typed in one.values.values() if typed)


@given(st.lists(READINGS, min_size=1, max_size=6, unique_by=lambda one: one.line), READINGS, st.data())
def test_one_line_is_corrected_or_removed(
    readings: list[Reading], other: Reading, data: st.DataObject
) -> None:
    """The line at a place is replaced or left out, and no other."""
    lines: list[str] = []
    for one in readings:
        lines = add_line(lines, one.line)
    place = data.draw(st.integers(0, len(lines) - 1))
    rest = set(lines) - {lines[place]}
    assert set(replace_line(lines, place, other.line)) == rest | {other.line}
    assert set(replace_line(lines, place, None)) == rest
    assert replace_line(lines, len(lines), other.line) == lines


@given(ANYTHING)
def test_what_is_no_line_keeps_its_words(stored: object) -> None:
    """A line that is not ours is shown as it is; nothing fails."""
    taken, readings = parse_medicine(stored), parse_readings(stored)
    assert len(taken) == len(readings) == (len(stored) if isinstance(stored, list) else 0)
    assert isinstance(summarize_medicine(stored), str)
    assert isinstance(summarize_readings(stored), str)


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ({"systolic": "40"}, ()),
        ({"systolic": "39"}, ("systolic",)),
        ({"systolic": "300"}, ()),
        ({"systolic": "301"}, ("systolic",)),
        ({"diastolic": "20"}, ()),
        ({"diastolic": "19,9"}, ("diastolic",)),
        ({"diastolic": "201"}, ("diastolic",)),
        ({"pulse": "20"}, ()),
        ({"pulse": "251"}, ("pulse",)),
        ({"oxygen": "50"}, ()),
        ({"oxygen": "49"}, ("oxygen",)),
        ({"oxygen": "100.5"}, ("oxygen",)),
        ({"systolic": "80", "diastolic": "80"}, ()),
        ({"systolic": "80", "diastolic": "120"}, ("systolic", "diastolic")),
        ({"systolic": "١٢٨", "diastolic": "82"}, ()),
        ({}, ()),
    ],
)
def test_what_is_asked_about_once_more(typed: dict[str, str], asked: tuple[str, ...]) -> None:
    """Values outside 40-300, 20-200, 20-250 and 50-100, and a lower one above the upper, are asked about."""
    upper, lower, pulse, oxygen = (typed.get(name, "") for name in LIKELY)
    assert find_unlikely(Reading(None, upper, lower, pulse, oxygen)) == asked


@pytest.mark.parametrize("typed", ["", "12a", "-5", "1|2", "²", "1" * 9, "1.234", "12 0"])
def test_what_is_no_number(typed: str) -> None:
    """Only digits, and two behind a point, are a number."""
    assert not is_number(typed)


def test_a_brief_has_them_in_one_line() -> None:
    """Times and words as they are; a dash for what was left blank, and no judgement."""
    assert summarize_medicine(["00:10 | second part", "22:30"]) == "22:30; 00:10 second part"
    reading = Reading(time(14, 5), "128", "82", oxygen="98", position=Position.LYING, by="Sam")
    assert (
        summarize_readings([reading.line, Reading(pulse="70").line]) == "–/– · 70 · –; 14:05 128/82 · – · 98"
    )
    assert set(LIKELY) == set(reading.values)
