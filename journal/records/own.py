"""What a clinician keeps of their own, as their export holds it: reading hours, and sets for talks."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from journal.actor import Actor
from journal.coming_talk import own_sets
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


@dataclass(frozen=True, slots=True)
class OwnRecords:
    """A clinician's reading hours, None where they wrote none, and their sets for talks."""

    reading_hours: ReadingHoursRecord | None
    talk_sets: list[TalkSetRecord]


async def collect_own(actor: Actor, missing: list[Unreadable]) -> OwnRecords:
    """Return what the clinician keeps of their own; what does not open is added to *missing*."""
    stored = await reading_hours.load_my_hours(actor)
    sets = await own_sets.load_sets(actor)
    if stored.is_damaged:
        missing.append(Unreadable("reading hours", actor.id))
    missing += [Unreadable("talk set", one or UNKNOWN_ID) for one in sets.damaged]
    return OwnRecords(_build_hours(stored), build_talk_set_records(sets))


def _build_hours(stored: reading_hours.StoredHours) -> ReadingHoursRecord | None:
    one = stored.hours
    if not stored.revision:
        return None
    windows = [HoursRecord(list(each.days), each.start, each.end) for each in one.windows]
    return ReadingHoursRecord(one.zone, windows, one.away_from, one.away_until, one.covers, one.words)
