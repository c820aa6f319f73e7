"""Lines of facts are read back as they were written, whatever a name holds."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.roles import LABELS
from journal.stamps import AuthorStamp, VersionStamp, find_author_name, parse_author, parse_version

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1)


@given(NAMES, st.sampled_from(sorted(LABELS)), st.dates())
def test_who_wrote_it_is_read_back(name: str, profession: str, day: date) -> None:
    """A name may have commas, digits and days in it."""
    stamp = AuthorStamp(name, profession, day)
    assert parse_author(stamp.line) == stamp
    assert find_author_name(stamp.line) == name


@given(st.integers(1, 999_999), st.dates())
def test_a_version_is_read_back(number: int, day: date) -> None:
    """With its day."""
    stamp = VersionStamp(number, day)
    assert parse_version(stamp.line) == stamp


@pytest.mark.parametrize(
    "line",
    ["", "Finn", "Dr. Example, prescriber", "Finn, dreamer, 2026-11-22", "Finn, nurse, yesterday", "0.14"],
)
def test_a_line_of_another_form_is_none(line: str) -> None:
    """What was written otherwise stays as it is; what stands before its comma is a name."""
    assert parse_author(line) is None
    assert parse_version(line) is None
    assert find_author_name(line) == line.partition(",")[0]


def test_what_was_stored_before_is_read() -> None:
    """As it stands in journals and copies since these lines began."""
    assert parse_author("Bob Example, MD, therapist, 2026-11-25") == AuthorStamp(
        "Bob Example, MD", "therapist", date(2026, 11, 25)
    )
    assert parse_version("2, 2026-11-22") == VersionStamp(2, date(2026, 11, 22))
