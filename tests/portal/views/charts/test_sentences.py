"""Each sentence of a chart, by what there is to say: nothing is said of what is not there."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from journal.charts.readings import SessionReadings, Value
from journal.charts.series import Finding, Row
from tests.portal.conftest import compiled_once


def row(value: int, day: int) -> Row:
    """A number of a day in March."""
    return Row(date(2026, 3, day), value, UUID(int=day))


ONE, TWO = {"latest": row(7, 9)}, {"first": row(12, 2), "latest": row(7, 9)}
MANY = {"first": row(12, 2), "previous": row(8, 5), "latest": row(7, 9)}
FIRST_AND = "First 12 on 2 Mar 2026, "
BOTH_AND = FIRST_AND + "previous 8 on 5 Mar 2026, "
LATEST = "latest 7 on 9 Mar 2026"
SENTENCES = [
    ({}, "There is no number yet."),
    (ONE, "7 on 9 Mar 2026."),
    (ONE | {"days": 0}, "7 on 9 Mar 2026, on the day of a dosing session."),
    (ONE | {"days": 1}, "7 on 9 Mar 2026, 1 day after a dosing session."),
    (ONE | {"days": 5}, "7 on 9 Mar 2026, 5 days after a dosing session."),
    (TWO, FIRST_AND + LATEST + "."),
    (TWO | {"days": 0}, FIRST_AND + LATEST + ", on the day of a dosing session."),
    (TWO | {"days": 1}, FIRST_AND + LATEST + ", 1 day after a dosing session."),
    (TWO | {"days": 5}, FIRST_AND + LATEST + ", 5 days after a dosing session."),
    (MANY, BOTH_AND + LATEST + "."),
    (MANY | {"days": 0}, BOTH_AND + LATEST + ", on the day of a dosing session."),
    (MANY | {"days": 1}, BOTH_AND + LATEST + ", 1 day after a dosing session."),
    (MANY | {"days": 5}, BOTH_AND + LATEST + ", 5 days after a dosing session."),
]


def said(macro: str, *values: object) -> str:
    """What a macro writes, as text."""
    written = getattr(compiled_once().here.get_template("macros/charts.html").module, macro)(*values)
    return str(written).replace("\u2068", "").replace("\u2069", "").strip()


@pytest.mark.parametrize(("found", "sentence"), SENTENCES)
def test_one_sentence_by_rule(found: dict[str, object], sentence: str) -> None:
    """None, one, two and many; before every session, on its day, a day and days after it."""
    assert said("chart_sentence", Finding(**found)) == sentence  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("number", "points"), [(0, "0 points"), (1, "+1 point"), (-1, "−1 point"), (-6, "−6 points")]
)
def test_a_difference_has_its_sign(number: int, points: str) -> None:
    """More and less weigh the same."""
    assert said("points", number) == points


LOW, HIGH, LAST = (Value(None, 1, written=text) for text in ("120/80", "140/90", "124/82"))
READ = [
    ((LOW, HIGH, LAST), False, "On 9 Mar 2026: 120/80 before the start, highest 140/90, last 124/82."),
    ((LOW, HIGH, LAST), True, "On 9 Mar 2026: 120/80 before the start, lowest 140/90, last 124/82."),
    ((None, HIGH, LAST), False, "On 9 Mar 2026: highest 140/90, last 124/82."),
    ((None, HIGH, LAST), True, "On 9 Mar 2026: lowest 140/90, last 124/82."),
    ((LOW, HIGH, None), False, "On 9 Mar 2026: 120/80 before the start, highest 140/90."),
    ((LOW, HIGH, None), True, "On 9 Mar 2026: 120/80 before the start, lowest 140/90."),
    ((None, HIGH, None), False, "On 9 Mar 2026: 140/90."),
]


@pytest.mark.parametrize(("values", "is_lowest", "sentence"), READ)
def test_readings_in_one_sentence(
    values: tuple[Value | None, Value, Value | None], is_lowest: bool, sentence: str
) -> None:
    """Before, highest or lowest, and last, as far as they were taken."""
    read = SessionReadings(date(2026, 3, 9), UUID(int=1), *values)
    assert said("readings_sentence", read, is_lowest) == sentence
