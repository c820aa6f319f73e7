"""Charts as a page draws them: where each number, bar and mark stands, and no line over days that nobody told of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from journal.charts.readings import ReadingsChart, Sign, Value
from journal.charts.series import Chart, Row
from journal.charts.sources import MarkKind

LEFT, RIGHT, TOP, BOTTOM = 30.0, 312.0, 26.0, 140.0
"""Where numbers stand in a drawing of 320 by 160; marks stand above them."""
STEPS = (4, 3, 2, 5)
FEW = 4
BESIDE = 6.0
"""For how many dosing sessions there is room at least, each with its day, and how far its three values stand apart."""
CLINIC_BESIDE = 3.0
"""How far a clinic's reading stands from the place of what patient and sitter noted."""
RANGES = {Sign.PRESSURE: (40, 200, 40), Sign.PULSE: (40, 140, 20), Sign.OXYGEN: (80, 100, 5)}
"""The numbers that are shown at least, and what divides them; a wider range where a reading needs it."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a drawing; `end` is where a bar ends that begins or stands there, `value` what is written there."""

    x: float
    y: float
    end: float = 0.0
    value: str = ""


@dataclass(frozen=True, slots=True)
class Drawing:
    """
    Where everything of a chart stands. `bars` reach over the days that a number looks back on.

    `lines` are the points of lines from one day to the next as SVG has them. `marks` stand by their kind, `references`
    are levels that were published.
    """

    points: tuple[Spot, ...]
    bars: tuple[Spot, ...]
    lines: tuple[str, ...]
    levels: tuple[Spot, ...]
    dosing: tuple[float, ...]
    plan: tuple[float, ...]
    medicine: tuple[float, ...]
    references: tuple[Spot, ...]
    first_day: date
    last_day: date


@dataclass(frozen=True, slots=True)
class ReadingsDrawing:
    """
    Where the readings of each dosing session stand: before, the highest or lowest, and after, as bars or points.

    `clinic` are those of a clinic: before, at about 40 minutes, and at the end; each beside what else was noted then.
    `days` say where the day of a session is written, and from which side; of many, those of the first and the last.
    """

    before: tuple[Spot, ...]
    extreme: tuple[Spot, ...]
    after: tuple[Spot, ...]
    clinic: tuple[tuple[Spot, ...], tuple[Spot, ...], tuple[Spot, ...]]
    levels: tuple[Spot, ...]
    days: tuple[tuple[float, str, date], ...]
    first_day: date
    last_day: date


def build_drawing(chart: Chart, *, has_references: bool = False) -> Drawing | None:
    """Return where a chart's numbers stand; None where it has none."""
    points = chart.points
    if not points:
        return None
    days = [one.day.toordinal() for one in points] + [one.day.toordinal() for one in chart.marks]
    begin = min(min(days), points[0].day.toordinal() - chart.recall_days)
    span = max(max(days) - begin, 1)

    def place(ordinal: int) -> float:
        return round(LEFT + (RIGHT - LEFT) * (ordinal - begin) / span, 1)

    def rise(value: int) -> float:
        return _rise(value, 0, chart.most)

    def list_marks(kind: MarkKind) -> tuple[float, ...]:
        return tuple(dict.fromkeys(place(one.day.toordinal()) for one in chart.marks if one.kind is kind))

    spots = tuple(
        Spot(place(one.day.toordinal() - chart.recall_days), rise(one.value or 0), place(one.day.toordinal()))
        for one in points
    )
    return Drawing(
        tuple(Spot(one.end, one.y) for one in spots),
        spots if chart.recall_days else (),
        tuple(_list_lines(points, spots)) if not chart.recall_days else (),
        tuple(Spot(LEFT, rise(one), value=str(one)) for one in list_levels(chart.most)),
        list_marks(MarkKind.DOSING),
        list_marks(MarkKind.PLAN),
        list_marks(MarkKind.MEDICINE),
        tuple(Spot(LEFT, rise(one), value=str(one)) for one in list_references(chart))
        if has_references
        else (),
        date.fromordinal(max(begin, 1)),
        date.fromordinal(max(days)),
    )


def list_levels(most: int) -> tuple[int, ...]:
    """Return the numbers at the side: whole parts of the highest, or that alone."""
    parts = next((one for one in STEPS if most % one == 0), 1)
    return tuple(most // parts * one for one in range(parts + 1))


def list_references(chart: Chart) -> tuple[int, ...]:
    """Return the totals that were published as cut-offs of a measure; its bands are none."""
    found: set[int] = set()
    for one in chart.instrument.references if chart.instrument else ():
        edges = (one.least, one.most if one.most != chart.most else None)
        found.update(edge for edge in edges if edge is not None)
    return tuple(sorted(found))


def build_readings_drawing(chart: ReadingsChart) -> ReadingsDrawing | None:
    """Return where readings stand, a session beside the next; None where there is none."""
    if not chart.rows:
        return None
    least, most, step = _widen(chart)
    wide = (RIGHT - LEFT) / max(FEW, len(chart.rows))

    def center(number: int) -> float:
        return round(LEFT + wide * (number + 0.5), 1)

    def spot(number: int, beside: float, value: Value | None) -> Iterable[Spot]:
        if value is not None:
            x = round(center(number) + beside, 1)
            lower = value.number if value.lower is None else value.lower
            yield Spot(x, _rise(value.number, least, most), _rise(lower, least, most))

    def column(place: int) -> tuple[Spot, ...]:
        chosen = ((row.before, row.extreme, row.after)[place] for row in chart.rows)
        beside = (place - 1) * BESIDE
        return tuple(one for number, value in enumerate(chosen) for one in spot(number, beside, value))

    def clinic_column(place: int) -> tuple[Spot, ...]:
        beside = (place - 1) * BESIDE + CLINIC_BESIDE
        return tuple(
            spot_there
            for number, row in enumerate(chart.rows)
            for one in row.clinic
            for spot_there in spot(number, beside, (one.before, one.middle, one.end)[place])
        )

    levels = tuple(
        Spot(LEFT, _rise(one, least, most), value=str(one)) for one in range(least, most + 1, step)
    )
    days = [(center(number), "middle", row.day) for number, row in enumerate(chart.rows)]
    if len(days) > FEW:
        days = [(LEFT, "start", chart.rows[0].day), (RIGHT, "end", chart.rows[-1].day)]
    return ReadingsDrawing(
        column(0),
        column(1),
        column(2),
        (clinic_column(0), clinic_column(1), clinic_column(2)),
        levels,
        tuple(days),
        chart.rows[0].day,
        chart.rows[-1].day,
    )


def _widen(chart: ReadingsChart) -> tuple[int, int, int]:
    """Return the numbers at both ends and what divides them: as usual, or further where a value is."""
    least, most, step = RANGES[chart.sign]
    values = [value for row in chart.rows for value in row.values]
    numbers = [value.number for value in values] + [one.lower for one in values if one.lower is not None]
    lowest, highest = min([least, *numbers]), max([most, *numbers])
    least, most = int(lowest // step * step), int(-(-highest // step) * step)
    while (most - least) // step > 8:  # a slip of the finger leaves no room for more numbers at the side
        step *= 2
    return least, least - (least - most) // step * step, step


def _rise(value: float, least: int, most: int) -> float:
    return round(BOTTOM - (BOTTOM - TOP) * (value - least) / max(most - least, 1), 1)


def _list_lines(points: Sequence[Row], spots: Sequence[Spot]) -> Iterable[str]:
    """Yield a line for each two days that follow each other; over any other day there is none."""
    for (one, at), (other, there) in pairwise(zip(points, spots, strict=True)):
        if (other.day - one.day).days == 1:
            yield f"{at.end},{at.y} {there.end},{there.y}"
