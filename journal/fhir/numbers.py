"""
The numbers of records as tables in CSV: RFC 4180, UTF-8, a line of names first. docs/export-format.md names them.

Words that somebody wrote cannot become a formula in a spreadsheet: see `guard`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from io import StringIO
from zoneinfo import ZoneInfo

from journal.catalogue.fields import EntryKind, FieldKind
from journal.catalogue.forms import FORMS
from journal.catalogue.tracked import DAY, MOMENT
from journal.day_lines.lines import parse_day_lines
from journal.dosing_day.lines import Reading, parse_number, parse_readings
from journal.fhir.chart import Meeting, Written, format_moment
from journal.fhir.frame import find_measure
from journal.fhir.ratings import list_ratings
from journal.measures.lines import FilledMeasure
from journal.measures.scores import SCORE, parse_total

Cell = str | int | float | None
Row = Sequence[Cell]

MOST_ITEMS = 20
COUNTED = (FieldKind.RATING_10, FieldKind.CHOICE, FieldKind.CHOICES, FieldKind.DATE)
ASKED = tuple(
    one.id for one in FORMS[EntryKind.CHECK_IN].fields if one.kind in COUNTED and one.id not in (MOMENT, DAY)
)
"""The questions of a check-in that are answered by a number, a day or a choice."""

MEASURES = (
    *("day", "begun", "finished", "measure", "name", "version", "language", "days_asked_about"),
    *(f"item_{number}" for number in range(1, MOST_ITEMS + 1)),
    *("difficulty", "total", "most", "answered", "asked", "told_by"),
)
CHECK_INS = ("day", "moment", *(name.removeprefix("checkin.") for name in ASKED))
READINGS = ("day", "time", "systolic", "diastolic", "pulse", "oxygen", "position", "taken_by", "noted_in")
DAY_LINES = ("day", "line", "value")
RATINGS = ("day", "noted_in", "question_id", "question", "part", "value", "least", "most")
SESSIONS = (
    *(
        "starts_at",
        "local",
        "zone",
        "kind",
        "status",
        "setting",
        "route",
        "phase",
        "number",
        "minutes",
        "dose",
    ),
    *("started_at", "ended_at"),
)

_NUMBER = re.compile("-?[0-9]+(?:[.,][0-9]+)?")
_RUNS = re.compile('(^|[;\t\r\n])(?=[\\s"\u200b\ufeff]*[=+\\-@\t\r\uff1d\uff0b\uff0d\uff20])')


def guard(words: str) -> str:
    """
    Return words that no spreadsheet takes for a formula: an apostrophe stands before what could begin one.

    That is = + - @, a tab or a carriage return, at the beginning or behind a semicolon, a tab or a line break, which
    end a cell for programs set to other countries; these read a pair of quotation marks before it as theirs. A number,
    negative ones too, stays a number.
    """
    return words if _NUMBER.fullmatch(words) else _RUNS.sub(r"\1'", words)


def write_table(names: Sequence[str], rows: Iterable[Row]) -> bytes:
    """Return a table in CSV."""
    out = StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(names)
    for row in rows:
        writer.writerow([guard(cell) if isinstance(cell, str) else cell for cell in row])
    return out.getvalue().encode()


def write_tables(written: Sequence[Written], meetings: Sequence[Meeting]) -> Mapping[str, bytes]:
    """Return the tables of records by file name; one without rows is not there."""
    tables: dict[str, tuple[Sequence[str], list[Row]]] = {
        "numbers/check-ins.csv": (CHECK_INS, [*_list_check_ins(written)]),
        "numbers/day-lines.csv": (DAY_LINES, [*_list_day_lines(written)]),
        "numbers/measures.csv": (MEASURES, [*_list_measures(written)]),
        "numbers/ratings.csv": (RATINGS, [*_list_ratings(written)]),
        "numbers/readings.csv": (READINGS, [*_list_readings(written)]),
        "numbers/sessions.csv": (SESSIONS, [*map(_read_meeting, meetings)]),
    }
    return {name: write_table(names, rows) for name, (names, rows) in tables.items() if rows}


def _get_day(one: Written) -> str:
    return (one.at.date() if isinstance(one.at, datetime) else one.at).isoformat()


def _list_measures(written: Sequence[Written]) -> Iterator[Row]:
    for one in written:
        filled = find_measure(one)
        if filled is not None:
            yield _read_measure(one, filled)
            continue
        for answer in one.answers:
            if answer.id == SCORE:
                told = parse_total(str(answer.value))
                day = told.day.isoformat() if told.day else ""
                items = [None] * (MOST_ITEMS + 1)
                yield [
                    day,
                    "",
                    "",
                    "",
                    told.name,
                    "",
                    "",
                    "",
                    *items,
                    _read_number(told.total),
                    None,
                    None,
                    None,
                    told.by,
                ]


def _read_measure(one: Written, filled: FilledMeasure) -> Row:
    score = filled.score
    day = filled.day or (one.at.date() if isinstance(one.at, datetime) else one.at)
    return [
        day.isoformat(),
        filled.begun,
        filled.finished,
        filled.instrument_id,
        filled.name,
        filled.version,
        filled.language,
        filled.recall_days,
        *(filled.answers.get(str(number)) for number in range(1, MOST_ITEMS + 1)),
        filled.answers.get("difficulty"),
        *((score.total, score.most, score.answered, score.asked) if score else (None,) * 4),
        "",
    ]


def _list_check_ins(written: Sequence[Written]) -> Iterator[Row]:
    for one in written:
        if one.kind == EntryKind.CHECK_IN:
            given = {answer.id: answer.value for answer in one.answers}
            cells = (given.get(name) for name in ASKED)
            yield [
                str(given.get(DAY) or _get_day(one)),
                str(given.get(MOMENT, "")),
                *(" ".join(cell) if isinstance(cell, list) else cell for cell in cells),
            ]


def _list_day_lines(written: Sequence[Written]) -> Iterator[Row]:
    for one in written:
        for answer in one.answers:
            if answer.kind == FieldKind.DAY_LINES:
                for line in parse_day_lines(answer.value):
                    day = line.day.isoformat() if line.is_dated else ""
                    for name, value in (*line.numbers.items(), *line.own.items()):
                        if value is not None:
                            yield [day, name, value]


def _list_ratings(written: Sequence[Written]) -> Iterator[Row]:
    for one in written:
        if one.kind == EntryKind.CHECK_IN:
            continue  # they have a table of their own
        for answer in one.answers:
            for rating in list_ratings(answer):
                day = rating.day.isoformat() if rating.day else _get_day(one)
                yield [day, one.kind, answer.id, answer.question, rating.part, rating.value, *rating.span]


def _list_readings(written: Sequence[Written]) -> Iterator[Row]:
    for one in written:
        for answer in one.answers:
            if answer.kind == FieldKind.READINGS:
                yield from (_read_reading(one, reading) for reading in parse_readings(answer.value))


def _read_number(typed: str) -> Cell:
    """Return a number that was typed with a comma or a point as a number, and what is none as it was typed."""
    number = parse_number(typed)
    return typed if number is None else int(number) if number == int(number) else number


def _read_reading(one: Written, reading: Reading) -> Row:
    return [
        _get_day(one),
        f"{reading.at:%H:%M}" if reading.at else "",
        *map(_read_number, reading.values.values()),
        reading.position.value if reading.position else "",
        reading.by,
        one.kind,
    ]


def _read_meeting(one: Meeting) -> Row:
    return [
        format_moment(one.starts_at),
        f"{one.starts_at.astimezone(ZoneInfo(one.zone)):%Y-%m-%d %H:%M}",
        one.zone,
        one.kind.value,
        one.status.value,
        one.setting.value,
        one.route.value if one.route else "",
        one.phase.value if one.phase else "",
        one.number,
        one.minutes,
        one.dose_text,
        format_moment(one.started_at) if one.started_at else "",
        format_moment(one.ended_at) if one.ended_at else "",
    ]
