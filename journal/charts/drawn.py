"""What one page of charts draws: a measure, a number of the day lines, or readings, of one patient's pieces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from journal.care_notes.notes import CareNote
from journal.catalogue.fields import EntryKind
from journal.charts.readings import ReadingsChart, Sign, build_readings_chart, group_by_session, has_readings
from journal.charts.series import (
    Chart,
    build_measure_charts,
    build_scale_chart,
    get_instrument_id,
    get_measure_order,
    get_month,
    hides_first_measure,
    hides_first_number,
    list_own_names,
)
from journal.charts.sources import (
    DosingDay,
    MarkKind,
    Piece,
    Window,
    list_dosing_days,
    list_marks,
    select_groups,
    select_window,
)
from journal.day_lines.lines import MAX_OWN, SCALES
from journal.measures.instruments import IDS
from journal.sessions.rows import Session

OWN = tuple(f"own-{place}" for place in range(1, MAX_OWN + 1))
SIGNS = tuple(one.value for one in Sign)
SUBJECTS = (*IDS, *SCALES, *OWN, *SIGNS)
"""What can be drawn, one at a time. Addresses name it so; the name of a line of one's own stands in none."""

KINDS = {
    **dict.fromkeys(IDS, EntryKind.MEASURE),
    **dict.fromkeys((*SCALES, *OWN), EntryKind.DAY_LINES),
    **dict.fromkeys(SIGNS, EntryKind.DAY),
}
SIZES = {EntryKind.MEASURE: 60, EntryKind.DAY_LINES: 3, EntryKind.DAY: 12}
"""How many pieces one page opens: forms, months of day lines, dosing sessions."""
FIRST = {EntryKind.MEASURE: 6, EntryKind.DAY_LINES: 1, EntryKind.DAY: 0}
"""How many of the first pieces, to name the first number; where they do not tell it, all are opened."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """
    What a page draws. `sources` are the pieces that it draws on.

    `own` are the names of lines of one's own, by their places in `OWN`; `name` is that of the one that is drawn.
    `charts` are more than one only where a measure was answered in several versions.
    """

    subject: str
    page: int
    has_earlier: bool
    charts: tuple[Chart, ...] = ()
    readings: ReadingsChart | None = None
    own: tuple[str, ...] = ()
    name: str = ""
    sources: frozenset[UUID] = frozenset()

    @property
    def has_notes(self) -> bool:
        """Return whether something in it was read or written in a clinic."""
        marks = [mark.kind for one in self.charts for mark in one.marks]
        return MarkKind.PLAN in marks or bool(self.readings and self.readings.clinic)

    @property
    def is_empty(self) -> bool:
        """Return whether there is nothing to show."""
        rows = self.readings.rows if self.readings else [row for one in self.charts for row in one.rows]
        return not rows


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around the pieces: the plan, the notes of care links, and the day and moment of whoever looks."""

    plan: Sequence[Session]
    notes: Sequence[CareNote]
    now: datetime
    today: date

    @property
    def dosing(self) -> tuple[DosingDay, ...]:
        """Return the dosing sessions that took place."""
        return list_dosing_days(self.plan, self.now)


def draw(subject: str, window: Window[Piece], beside: Iterable[Piece], around: Around) -> Drawn:
    """
    Return what a page draws of *subject*.

    Args:
        window: The pieces that hold its numbers.
        beside: Pieces that may hold marks: check-ins and plan notes.
    """
    dosing = around.dosing
    found = Drawn(subject, window.page, window.has_earlier)
    if subject in SIGNS:
        chart = build_readings_chart(Sign(subject), window, dosing)
        return replace(
            found, readings=chart, sources=frozenset(source for one in chart.rows for source in one.sources)
        )
    marks = list_marks(dosing, around.notes, beside, around.today)
    if subject in IDS:
        found = replace(found, charts=build_measure_charts(subject, window, marks))
    else:
        own = find_own_names(window)
        name = get_own_name(subject, own)
        is_nothing = subject in OWN and not name
        charts = () if is_nothing else (build_scale_chart(subject, window, marks, name),)
        found = replace(found, charts=charts, own=own, name=name)
    drawn = [row.source for one in found.charts for row in one.rows]
    drawn += [mark.source for one in found.charts for mark in one.marks if mark.source]
    told = [row.source for one in found.charts if one.finding for row in (one.finding.first,) if row]
    return replace(found, sources=frozenset(drawn + told))


def hides_first(subject: str, window: Window[Piece]) -> bool:
    """Return whether the first number may be among the pieces that a window leaves out."""
    if subject in IDS:
        return hides_first_measure(subject, window)
    if subject in SIGNS:
        return False
    name = get_own_name(subject, find_own_names(window))
    return (subject in SCALES or bool(name)) and hides_first_number(subject, window, name)


def sort_pieces(subject: str, pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """Return the pieces that hold numbers of *subject*, a measure or a line of a day, the oldest first."""
    if subject in IDS:
        return tuple(
            sorted((one for one in pieces if get_instrument_id(one) == subject), key=get_measure_order)
        )
    return tuple(sorted((one for one in pieces if one.kind == EntryKind.DAY_LINES.value), key=get_month))


def draw_all(subject: str, page: int, pieces: Sequence[Piece], around: Around) -> Drawn:
    """Return what a page draws where all pieces are open already."""
    kind = KINDS[subject]
    if subject in SIGNS:
        groups = group_by_session(pieces, around.dosing)
        return draw(subject, select_groups(groups, page, SIZES[kind]), (), around)
    found = sort_pieces(subject, pieces)
    window = select_window(found, page, SIZES[kind], FIRST[kind], SIZES[kind] if subject in OWN else 0)
    if hides_first(subject, window):
        window = select_window(found, page, SIZES[kind], len(found), len(found))
    return draw(subject, window, pieces, around)


def list_subjects(pieces: Iterable[Piece]) -> tuple[str, ...]:
    """Return what there is to draw of pieces, without the lines of one's own."""
    there: set[str] = set()
    for one in pieces:
        there.add(get_instrument_id(one))
        there.update(SCALES if one.kind == EntryKind.DAY_LINES.value else ())
        there.update(SIGNS if has_readings(one) else ())
    return tuple(one for one in SUBJECTS if one in there)


def find_own_names(window: Window[Piece]) -> tuple[str, ...]:
    """Return the names of up to three lines of one's own, as they were used latest."""
    return list_own_names(window.latest if window.page > 1 else window.shown)[:MAX_OWN]


def get_own_name(subject: str, own: Sequence[str]) -> str:
    """Return the name of the line of one's own that *subject* says; nothing where there is none."""
    place = OWN.index(subject) if subject in OWN else len(own)
    return own[place] if place < len(own) else ""
