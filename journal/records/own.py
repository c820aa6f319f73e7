"""What a clinician keeps of their own, as their export holds it: reading hours, sets for talks, their own notes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from journal.actor import Actor
from journal.coming_talk import own_sets
from journal.own_notes import notes as own_notes
from journal.own_notes.notes import OwnNote
from journal.reading_hours import hours as reading_hours
from journal.records.schema import HoursRecord, Unreadable
from journal.records.talks import TalkSetRecord, build_talk_set_records
from journal.vault.entry_rows import UNKNOWN_ID


class ReadingHoursRecord(msgspec.Struct, frozen=True):
    """When a clinician usually looks, when they are away, and what their patients read about it."""

    zone: str
    windows: list[HoursRecord]
    away_from: str
    away_until: str
    covers: str
    words: str
    language: str


class OwnNoteRecord(msgspec.Struct, frozen=True):
    """A clinician's own note; `about` is the patient's name as it was when the note was written or edited."""

    id: UUID
    patient_id: UUID
    about: str
    written_at: datetime
    edited_at: datetime | None
    text: str
    language: str


@dataclass(frozen=True, slots=True)
class OwnRecords:
    """
    A clinician's reading hours, None where they wrote none, their sets for talks, and their own notes.

    `notes` is None in an export of one patient's records, which may go into the practice's record.
    """

    reading_hours: ReadingHoursRecord | None
    talk_sets: list[TalkSetRecord]
    notes: list[OwnNoteRecord] | None

    @property
    def documents(self) -> Mapping[str, Any]:
        """Return the JSON documents of these by file name."""
        notes = {} if self.notes is None else {"data/own-notes.json": self.notes}
        return {
            "data/reading-hours.json": self.reading_hours,
            "data/talk-sets.json": self.talk_sets,
            **notes,
        }


async def collect_own(actor: Actor, missing: list[Unreadable], *, with_notes: bool) -> OwnRecords:
    """Return what the clinician keeps of their own; what does not open is added to *missing*."""
    stored = await reading_hours.load_my_hours(actor)
    sets = await own_sets.load_sets(actor)
    if stored.is_damaged:
        missing.append(Unreadable("reading hours", actor.id))
    missing += [Unreadable("talk set", one or UNKNOWN_ID) for one in sets.damaged]
    notes = None
    if with_notes:
        written = await own_notes.load_all(actor)
        missing += [Unreadable("own note", one or UNKNOWN_ID) for one in written.damaged]
        notes = _build_notes(written)
    return OwnRecords(_build_hours(stored), build_talk_set_records(sets), notes)


def _build_notes(written: Iterable[OwnNote]) -> list[OwnNoteRecord]:
    return [
        OwnNoteRecord(one.id, one.patient, one.about, one.written_at, one.edited_at, one.text, one.language)
        for one in written
    ]


def _build_hours(stored: reading_hours.StoredHours) -> ReadingHoursRecord | None:
    one = stored.hours
    if not stored.revision:
        return None
    windows = [HoursRecord(list(each.days), each.start, each.end) for each in one.windows]
    return ReadingHoursRecord(
        one.zone, windows, one.away_from, one.away_until, one.covers, one.words, one.language
    )
