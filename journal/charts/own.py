"""A patient's own charts: what one page shows is opened, found by the table of contents, and nothing else."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from journal.actor import Actor
from journal.care import links
from journal.care_notes.keeping import find_source
from journal.care_notes.notes import CareNote, load_my_notes
from journal.catalogue.fields import EntryKind
from journal.charts.drawn import FIRST, KINDS, OWN, SIGNS, SIZES, Around, Drawn, draw, hides_first
from journal.charts.readings import NOTED
from journal.charts.sources import DosingDay, Piece, Window, build_clinic_pieces, select_window
from journal.entries import by_kind
from journal.measures.instruments import list_instruments
from journal.sessions.rows import Session
from journal.vault.contents import ContentsLine, from_microseconds, to_microseconds
from journal.vault.entry_rows import Entry

MARKS = (EntryKind.CHECK_IN, EntryKind.PLAN_NOTE)
OF_SESSIONS = frozenset({EntryKind.PLAN_NOTE, *map(EntryKind, NOTED)})
"""What may hold readings of a session: what was noted on its day, and what was kept of a clinic's note."""
MAX_MARKS = 300
"""How many entries of each kind are opened for their marks."""
AROUND = timedelta(days=31)
"""How long before the first and after the last number of a page marks are looked for: a month that it looks back."""


@dataclass(frozen=True, slots=True)
class OwnChart:
    """
    What a patient's page draws. `is_damaged`: an entry, or what a clinician wrote, does not open.

    Without `is_intact`, storage was changed.
    """

    drawn: Drawn
    is_intact: bool
    is_damaged: bool


async def load_chart(actor: Actor, plan: Sequence[Session], subject: str, page: int) -> OwnChart:
    """
    Return what one page draws of the actor's own entries.

    Args:
        plan: The actor's own sessions.
        subject: One of `SUBJECTS`.
        page: From 1 on, the latest first.
    """
    written = await load_my_notes(actor, await links.load_my_links(actor))
    notes = [one for _, found in written for one in found]
    around = Around(plan, notes, actor.now, actor.now.astimezone(actor.zone).date())
    for is_whole in (False, True):
        selection = _Selection(subject, page, around.dosing, notes, is_whole=is_whole)
        kinds = OF_SESSIONS if subject in SIGNS else {KINDS[subject], *MARKS}
        is_intact, entries = await by_kind.load_entries_of_kinds(actor, kinds, selection.select)
        window, beside = selection.split(entries)
        if is_whole or not hides_first(subject, window):
            break
    drawn = await asyncio.to_thread(draw, subject, window, beside, around)
    is_damaged = any(one.damaged for one in entries) or any(found.damaged for _, found in written)
    return OwnChart(drawn, is_intact, is_damaged)


@dataclass(slots=True)
class _Selection:
    """Which lines of the table of contents a page needs, and which entry came of which. `is_whole`: of all pages."""

    subject: str
    page: int
    dosing: Sequence[DosingDay]
    notes: Sequence[CareNote]
    is_whole: bool
    window: Window[ContentsLine] = field(default_factory=lambda: select_window((), 1, 1))
    sessions: tuple[str, ...] = ()

    def select(self, lines: Sequence[ContentsLine]) -> list[ContentsLine]:
        """Return the lines of the entries to open."""
        kind = KINDS[self.subject]
        if self.subject in SIGNS:
            return [*self._select_sessions(lines, SIZES[kind])]
        found, size = self._sort([one for one in lines if one.form == kind.value]), SIZES[kind]
        first = len(found) if self.is_whole else FIRST[kind]
        latest = size if self.subject in OWN else 0
        self.window = select_window(found, self.page, size, first, latest)
        return [*self.window.all_items, *self._list_marks(lines)]

    def split(self, entries: Iterable[Entry]) -> tuple[Window[Piece], list[Piece]]:
        """Return the pieces of the window, and those that may hold marks."""
        if self.subject in SIGNS:
            noted = tuple(one for one in merge_notes(entries, self.notes) if one.session in self.sessions)
            return Window((), noted, (), self.page, self.window.has_earlier, self.window.is_cut), []
        there = {one.id.hex: build_piece(one) for one in entries if not one.damaged}
        first, shown, latest = (
            tuple(there.pop(one.id) for one in some if one.id in there)
            for some in (self.window.first, self.window.shown, self.window.latest)
        )
        window = Window(first, shown, latest, self.window.page, self.window.has_earlier, self.window.is_cut)
        return window, list(there.values())

    def _select_sessions(self, lines: Sequence[ContentsLine], size: int) -> tuple[ContentsLine, ...]:
        """Return the lines of what was noted at the sessions of the page, none of which is divided."""
        there = {one.session for one in build_clinic_pieces(self.notes)}
        there |= {one.session for one in lines if one.form in OF_SESSIONS}
        found = select_window(
            [one.session.id.hex for one in self.dosing if one.session.id.hex in there], self.page, size
        )
        self.sessions = found.shown
        shown = tuple(one for one in lines if one.form in OF_SESSIONS and one.session in found.shown)
        self.window = Window((), shown, (), found.page, found.has_earlier, found.is_cut)
        return shown

    def _sort(self, lines: list[ContentsLine]) -> list[ContentsLine]:
        if KINDS[self.subject] is EntryKind.DAY_LINES:
            return sorted(lines, key=lambda one: (_find_month(one), one.sort_key))
        names = _list_names(self.subject)
        return sorted((one for one in lines if one.title in names), key=lambda one: one.sort_key)

    def _list_marks(self, lines: Sequence[ContentsLine]) -> list[ContentsLine]:
        """Return the lines of plan notes, and of check-ins from the time of the page."""
        shown = self.window.shown
        if not shown:
            return []
        begin = to_microseconds(from_microseconds(shown[0].created) - AROUND)
        end = to_microseconds(from_microseconds(shown[-1].created) + AROUND) if self.page > 1 else None
        near = [
            one
            for one in lines
            if one.form == EntryKind.CHECK_IN and begin <= one.created and (end is None or one.created <= end)
        ]
        notes = [one for one in lines if one.form == EntryKind.PLAN_NOTE]
        return [*near[-MAX_MARKS:], *notes[-MAX_MARKS:]]


def merge_notes(entries: Iterable[Entry], notes: Iterable[CareNote]) -> tuple[Piece, ...]:
    """Return entries, and what clinics noted, each once: as it was kept, or the note where that is newer."""
    versions, kept = {one.current.note: one.current.version for one in notes}, set()
    pieces = []
    for one in entries:
        note, version = (None if one.damaged else find_source(one)) or (None, 0)
        if one.damaged or (note is not None and version < versions.get(note, 0)):
            continue
        kept.add(note)
        pieces.append(build_piece(one))
    return (*pieces, *(one for one in build_clinic_pieces(notes) if one.source not in kept))


def build_piece(one: Entry) -> Piece:
    """Return an entry as a piece."""
    return Piece(
        one.id,
        one.document.kind,
        one.document.answers,
        one.document.session_id,
        language=one.document.language,
    )


def _find_month(line: ContentsLine) -> str:
    """Return the month that an entry of day lines is of: that in its title, else that in which it was begun."""
    found = re.search("[0-9]{4}-[0-9]{2}$", line.title)
    return found[0] if found else f"{from_microseconds(line.created):%Y-%m}"


def _list_names(subject: str) -> frozenset[str]:
    """Return what entries of a measure are called; one that a clinician gave back may have no title."""
    return frozenset({"", *(one.name for one in list_instruments() if one.id == subject)})
