"""Lines that are added to a reframe: written, read back, and kept when they are not ours."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.catalogue.revisits import (
    Moment,
    Revisit,
    add_line,
    parse_moments,
    parse_revisits,
    remove_line,
)
from journal.user_input import clean_line

DAYS = st.dates(date(2020, 1, 1), date(2040, 1, 1))
WORDS = st.text(max_size=60).map(clean_line)
NAMES = WORDS.map(lambda name: name.replace("|", "/"))
BELIEFS = st.none() | st.integers(0, 100)


@given(st.lists(st.builds(Revisit, DAYS, BELIEFS, BELIEFS, st.none() | st.integers(1, 7), WORDS), max_size=6))
def test_revisits_come_back_as_they_were_in_the_order_of_their_days(found):
    """Whatever is blank, and whatever signs the words hold, a stored revisit is read as it was written."""
    lines: list[str] = []
    for one in found:
        lines = add_line(lines, one.line)
    assert parse_revisits(lines) == tuple(sorted(found, key=lambda one: one.day))


@given(st.lists(st.builds(Moment, DAYS, WORDS, NAMES), max_size=6))
def test_moments_come_back_as_they_were_in_the_order_of_their_days(found):
    """The same of moments."""
    lines: list[str] = []
    for one in found:
        lines = add_line(lines, one.line)
    assert parse_moments(lines) == tuple(sorted(found, key=lambda one: one.day))


@pytest.mark.parametrize(
    "line", ["", "words alone", "2026-13-01 | 1 | 2 | 3 | x", "2026-11-22", "x | 1 | 2 | 3"]
)
def test_a_line_that_is_not_ours_keeps_its_words(line):
    """What cannot be read as a revisit is shown as it stands, without a day and without numbers."""
    (found,) = parse_revisits([line])
    assert (found.words, found.is_dated, found.old, found.new, found.felt) == (line, False, None, None, None)


@pytest.mark.parametrize("cell", ["101", "-1", "forty", "4.5", "١٢"])
def test_a_number_out_of_range_is_none(cell):
    """A rating that nobody could have given is shown as blank."""
    (found,) = parse_revisits([f"2026-11-22 | {cell} | 100 | 7 | x"])
    assert (found.old, found.new, found.felt) == (None, 100, 7)


def test_only_the_line_that_is_named_is_removed():
    """The one at its place goes, in the order in which they are read; a place that is none changes nothing."""
    lines = [Moment(date(2026, 11, day), "a").line for day in (23, 22)]
    assert remove_line(lines, 0) == lines[:1]
    assert remove_line(lines, 1) == lines[1:]
    assert remove_line(lines, 2) == lines[::-1]
    assert remove_line("no list", 0) == []
