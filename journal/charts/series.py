"""
Numbers by their days, of a measure or of day lines, and what is said of them: first, previous, latest, days since.

A measure that was left half-done has no total, so it is no point; it stands in the table. No day between two is
guessed, and texts of different measures or versions are never put together. Those of one version in several languages
are one measure; each number says its language. Nothing here is a verdict.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from journal.catalogue.fields import EntryKind
from journal.catalogue.tracked import DAY_LINES_FIELD
from journal.charts.sources import Mark, MarkKind, Piece, Window, select_window
from journal.day_lines.lines import MOST, SCALES, DayLine, parse_day_lines
from journal.measures.instruments import Instrument, find_instrument
from journal.measures.lines import FilledMeasure, parse_measure
from journal.measures.records import FORM

_NAMES = "instrument="
FEW = 6
"""How many of the first and of the latest forms tell the first, the previous and the latest total, as a rule."""


@dataclass(frozen=True, slots=True)
class Row:
    """
    A number on its day. `value` is None where there is none: then *answered* of *asked* items were.

    `is_later`: it was noted on another day. `source` is the piece that says it. `language` is that of the text that was
    answered, where it was one.
    """

    day: date
    value: int | None
    source: UUID
    answered: int = 0
    asked: int = 0
    is_later: bool = False
    language: str = ""

    def get_begin(self, recall_days: int) -> date:
        """Return the day that it looks back to."""
        return date.fromordinal(max(1, self.day.toordinal() - recall_days))


@dataclass(frozen=True, slots=True)
class Finding:
    """
    What can be said of the numbers; each is None where there is no such one.

    `previous` is none of the other two. `days` are those from the last dosing session to the latest; None without a
    session before it. `reaches_before`: what the latest asks about began before that session.
    """

    first: Row | None = None
    previous: Row | None = None
    latest: Row | None = None
    days: int | None = None
    reaches_before: bool = False

    @property
    def since_first(self) -> int | None:
        """Return the difference in points from the first to the latest."""
        return _subtract(self.latest, self.first)

    @property
    def since_previous(self) -> int | None:
        """Return the difference in points from the previous to the latest."""
        return _subtract(self.latest, self.previous)


@dataclass(frozen=True, slots=True)
class Chart:
    """
    Numbers by their days, with the marks among them.

    `rows` are those of one page, the oldest first, and `most` is the highest number that there can be. `recall_days`
    is how many days each looks back, 0 for none. `finding` is None on a page that is not the latest. `instrument` is
    the text that was answered last, None for day lines.
    """

    rows: tuple[Row, ...]
    most: int
    recall_days: int = 0
    finding: Finding | None = None
    marks: tuple[Mark, ...] = ()
    instrument: Instrument | None = None

    @property
    def points(self) -> tuple[Row, ...]:
        """Return the rows that have a number."""
        return tuple(one for one in self.rows if one.value is not None)

    @property
    def languages(self) -> frozenset[str]:
        """Return the languages of the texts that were answered."""
        return frozenset(one.language for one in self.rows)


def build_finding(rows: Iterable[Row], dosing: Iterable[date], recall_days: int = 0) -> Finding:
    """
    Return what can be said of rows in the order of their days.

    Args:
        dosing: The days of dosing sessions.
        recall_days: How many days each number looks back.
    """
    points = [one for one in rows if one.value is not None]
    if not points:
        return Finding()
    latest = points[-1]
    before = max((day for day in dosing if day <= latest.day), default=None)
    days = (latest.day - before).days if before else None
    return Finding(
        points[0] if len(points) > 1 else None,
        points[-2] if len(points) > 2 else None,
        latest,
        days,
        days is not None and recall_days > days,
    )


def get_instrument_id(piece: Piece) -> str:
    """Return the id of the measure that a piece holds; nothing for another piece. Its answers are not read."""
    lines = piece.answers.get(FORM) if piece.kind == EntryKind.MEASURE.value else None
    for line in lines if isinstance(lines, list) else ():
        if line.startswith(_NAMES):
            return line[len(_NAMES) :]
    return ""


def get_measure_order(piece: Piece) -> str:
    """Return by what measures are sorted without being read: their day and when they were begun."""
    lines = piece.answers.get(FORM)
    told = dict.fromkeys(("day", "begun"), "")
    for line in map(str, lines) if isinstance(lines, list) else ():
        name, _, value = line.partition("=")
        if name in told and not told[name]:
            told[name] = value
    return f"{told['day']} {told['begun']}"


def get_month(piece: Piece) -> str:
    """Return by what months of day lines are sorted: their latest line, which begins with its day."""
    lines = piece.answers.get(DAY_LINES_FIELD)
    return max(map(str, lines), default="") if isinstance(lines, list) else ""


def build_measure_charts(name: str, window: Window[Piece], marks: Sequence[Mark]) -> tuple[Chart, ...]:
    """Return the charts of a measure, by its id: one for each version, the one answered last first."""
    first, shown = (_group_measures(name, pieces) for pieces in (window.first, window.shown))
    charts = []
    for version, rows in shown.items():
        text = find_instrument(name, rows[-1].language, version)
        if text is None:
            continue
        days, there, finding = text.recall_days, _select_marks(rows, marks, window, text.recall_days), None
        if window.page == 1:
            finding = build_finding((*first.get(version, ()), *rows), _list_dosing(marks), days)
        charts.append(Chart(tuple(rows), text.most, days, finding, there, text))
    return tuple(sorted(charts, key=lambda one: one.rows[-1].day, reverse=True))


def find_change(text: Instrument, pieces: Sequence[Piece]) -> Finding | None:
    """Return what can be said of the totals of one version, without dosing sessions; None where there is none."""
    window = select_window(pieces, 1, FEW, FEW)
    if hides_first_measure(text.id, window):
        window = select_window(pieces, 1, FEW, len(pieces))
    charts = build_measure_charts(text.id, window, ())
    return next(
        (one.finding for one in charts if one.instrument and one.instrument.version == text.version), None
    )


def hides_first_measure(name: str, window: Window[Piece]) -> bool:
    """Return whether the first whole answers of a text may be among those that a window leaves out."""
    first, shown = (_group_measures(name, pieces) for pieces in (window.first, window.shown))
    told = [version for version, rows in first.items() if any(one.value is not None for one in rows)]
    return window.page == 1 and window.is_cut and told != [*shown]


def hides_first_number(scale: str, window: Window[Piece], own: str = "") -> bool:
    """Return whether the first number of a scale may be among those that a window leaves out."""
    return window.page == 1 and window.is_cut and not _list_scale_rows(window.first, scale, own)


def list_own_names(pieces: Iterable[Piece]) -> tuple[str, ...]:
    """Return the names of the lines of one's own that have a number, the latest used first."""
    found: dict[str, date] = {}
    for line in _list_day_lines(pieces):
        for name in line.own:
            found[name] = max(line.day, found.get(name, line.day))
    return tuple(sorted(found, key=lambda name: (-found[name].toordinal(), name)))


def build_scale_chart(scale: str, window: Window[Piece], marks: Sequence[Mark], own: str = "") -> Chart:
    """
    Return the chart of one number of the day lines.

    Args:
        scale: Mood, sleep or tension, by its id.
        own: The name of a line of one's own, in place of a scale.
    """
    first, shown = (_list_scale_rows(pieces, scale, own) for pieces in (window.first, window.shown))
    finding = build_finding((*first, *shown), _list_dosing(marks)) if window.page == 1 else None
    return Chart(tuple(shown), MOST, finding=finding, marks=_select_marks(shown, marks, window))


def _subtract(latest: Row | None, earlier: Row | None) -> int | None:
    if latest is None or earlier is None or latest.value is None or earlier.value is None:
        return None
    return latest.value - earlier.value


def _select_marks(
    rows: Sequence[Row], marks: Iterable[Mark], window: Window[Piece], recall_days: int = 0
) -> tuple[Mark, ...]:
    """Return the marks between the days of the rows; on the latest page also those since."""
    if not rows:
        return ()
    begin, end = rows[0].day.toordinal() - recall_days, rows[-1].day.toordinal()
    return tuple(
        one
        for one in marks
        if begin <= one.day.toordinal() and (window.page == 1 or one.day.toordinal() <= end)
    )


def _list_dosing(marks: Iterable[Mark]) -> list[date]:
    return [one.day for one in marks if one.kind is MarkKind.DOSING]


def _group_measures(name: str, pieces: Iterable[Piece]) -> dict[str, list[Row]]:
    """Return the rows of a measure by its version; what has no day, or an unknown text, is none."""
    found: dict[str, list[tuple[tuple[date, str, str], Row]]] = {}
    for piece in pieces:
        if get_instrument_id(piece) != name:
            continue
        for one in parse_measure(piece.answers.get(FORM)):
            row = _build_row(one, piece.source)
            if row is not None:
                found.setdefault(one.version, []).append(((row.day, one.finished, one.begun), row))
    return {
        version: [row for _, row in sorted(rows, key=lambda one: one[0])] for version, rows in found.items()
    }


def _build_row(one: FilledMeasure, source: UUID) -> Row | None:
    score = one.score
    if one.day is None or score is None:
        return None
    return Row(one.day, score.total, source, score.answered, score.asked, language=one.language)


def _list_day_lines(pieces: Iterable[Piece]) -> Iterable[DayLine]:
    for piece in pieces:
        if piece.kind == EntryKind.DAY_LINES.value:
            yield from (one for one in parse_day_lines(piece.answers.get(DAY_LINES_FIELD)) if one.is_dated)


def _list_scale_rows(pieces: Iterable[Piece], scale: str, own: str) -> list[Row]:
    rows = []
    for piece in pieces:
        for line in _list_day_lines((piece,)):
            value = line.own.get(own) if own else line.numbers[scale] if scale in SCALES else None
            if value is not None:
                rows.append(Row(line.day, value, piece.source, is_later=line.is_later))
    return sorted(rows, key=lambda one: one.day)
