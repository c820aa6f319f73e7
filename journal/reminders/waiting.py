"""
What waits for one person, as it is kept: moments and no more, in a sealed text that has one size for everybody.

A moment says from when and until when something waits. What it is, is worked out anew before a message goes, and is
written down nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from msgspec.structs import replace

from crypto import Context
from journal.errors import Damaged
from journal.installation.installation import Installation
from journal.reminders import tables
from journal.reminders.planned import Due
from journal.reminders.quiet import Calendar
from journal.sealing import encode_document, open_document
from journal.store.database import execute, fetch_raw
from journal.store.rows import Row, parse_first_row

SIZE = 4096  # bytes of every slot before it is sealed
MAX_MOMENTS = 64
REPEAT_AFTER_DAYS = 2
SELECT_SLOT = "SELECT id, sealed FROM reminder_slot WHERE id = $1"
UPDATE_SLOT = "UPDATE reminder_slot SET sealed = $1 WHERE id = $2"


class Moment(msgspec.Struct, frozen=True, array_like=True, order=True):
    """
    Something waits between two moments, in seconds since 1970.

    `is_planned`: it follows from what the server reads again before it
    sends. A measure's time follows from the journal.
    """

    since: int
    until: int
    is_planned: bool = True

    @classmethod
    def build(cls, due: Due, *, is_planned: bool = True) -> Moment:
        """Return the moment of something that is due."""
        return cls(to_seconds(due.since), to_seconds(due.until), is_planned)


class Waiting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    What waits for one person.

    `next_at` is when the sender looks again, 0 for never. `told_at` is when it last tried to tell, and `told` are the
    moments of the last message, for as long as it can be repeated. `letter` is the id of a message under way,
    `made_at` when it was made, `attempts` how often it was tried, and `try_at` from when it may be tried again;
    it `is_repeat` of the last one where nothing new had come.
    """

    next_at: int = 0
    moments: tuple[Moment, ...] = ()
    told_at: int = 0
    told: tuple[Moment, ...] = ()
    letter: str = ""
    made_at: int = 0
    attempts: int = 0
    try_at: int = 0
    is_repeat: bool = False

    def find_next(self, calendar: Calendar, now: datetime) -> datetime | None:
        """
        Return when the next message goes, *now* at the earliest; None where nothing waits.

        What comes on one day of the person's is told at once, when the last of it has come, and while none of it is
        over: a talk of the morning does not wait for what comes after noon.
        """
        calendar = self._fit(calendar)
        times = [
            (found, until)
            for since, until in self._list_candidates(calendar)
            if (found := calendar.find_time(max(since, now))) < until
        ]
        if not times:
            return None
        day = min(calendar.get_day(found) for found, _ in times)
        of_day = [one for one in times if calendar.get_day(one[0]) == day]
        first_over = min(until for _, until in of_day)
        return max(found for found, _ in of_day if found < first_over)

    def list_new(self, now: datetime) -> tuple[Moment, ...]:
        """Return the moments that have come and were told in no message; a message without one is a repeat."""
        at = to_seconds(now)
        return tuple(one for one in self.moments if one.since <= at < one.until)

    def _fit(self, calendar: Calendar) -> Calendar:
        """Return the calendar with the day that had its message; one under way is the message of its day."""
        told = calendar.get_day(from_seconds(self.told_at)) if self.told_at and not self.letter else None
        return Calendar(calendar.quiet, calendar.blocked, told)

    def _list_candidates(self, calendar: Calendar) -> Iterator[tuple[datetime, datetime]]:
        for one in self.moments:
            yield from_seconds(one.since), from_seconds(one.until)
        repeat = self._find_repeat(calendar)
        if repeat is not None:
            yield repeat, from_seconds(max(one.until for one in self.told))

    def _find_repeat(self, calendar: Calendar) -> datetime | None:
        if not self.told:
            return None
        if self.letter and self.is_repeat:
            return from_seconds(self.made_at)
        clock = from_seconds(self.told_at).astimezone(calendar.quiet.zone)
        return (clock + timedelta(days=REPEAT_AFTER_DAYS)).astimezone(UTC)


def schedule(waiting: Waiting, calendar: Calendar, now: datetime) -> Waiting:
    """Return the same with when the sender looks again; what is over is left out, and what is far beyond the room."""
    at = to_seconds(now)
    kept = tuple(sorted({one for one in waiting.moments if one.until > at})[:MAX_MOMENTS])
    told = tuple(one for one in waiting.told if one.until > at)
    waiting = replace(waiting, moments=kept, told=told)
    if not (waiting.told if waiting.is_repeat else waiting.list_new(now)):
        waiting = clear_letter(waiting)  # what it told of is gone: what comes later is another message
    found = waiting.find_next(calendar, now)
    if found is None:
        return clear_letter(replace(waiting, next_at=0))
    if waiting.letter:
        found = max(found, from_seconds(waiting.try_at))
    return replace(waiting, next_at=to_seconds(found))


def clear_letter(waiting: Waiting) -> Waiting:
    """Return the same without a message under way."""
    return replace(waiting, letter="", made_at=0, attempts=0, try_at=0, is_repeat=False)


def note_return(waiting: Waiting) -> Waiting:
    """Return the same once the person was here: what they were told of is not repeated."""
    return replace(waiting, told=())


def keep_planned(waiting: Waiting, there: Iterable[Due]) -> Waiting:
    """Return the same without planned moments that do not follow from the plan as it is."""
    still = {Moment.build(due) for due in there}

    def select(moments: Iterable[Moment]) -> tuple[Moment, ...]:
        return tuple(one for one in moments if not one.is_planned or one in still)

    return replace(waiting, moments=select(waiting.moments), told=select(waiting.told))


def to_seconds(moment: datetime) -> int:
    """Return whole seconds since 1970; what begins within one begins with the next."""
    whole = int(moment.timestamp())
    return whole + (moment.microsecond > 0)


def from_seconds(seconds: int) -> datetime:
    """Return the moment in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


class SlotRow(Row, frozen=True):
    """A row of `SELECT_SLOT`."""

    id: UUID
    sealed: bytes


async def load_waiting(installation: Installation, account: UUID) -> Waiting | None:
    """Return what waits for somebody; None where they want no reminders. One that does not open is empty."""
    raw = await fetch_raw(SELECT_SLOT, account)
    try:
        row = parse_first_row(SlotRow, raw)
        return open_slot(installation, row) if row is not None else None
    except Damaged:
        return Waiting()


async def save_waiting(installation: Installation, account: UUID, waiting: Waiting) -> None:
    """Save what waits, in a transaction that has locked the account."""
    await execute(UPDATE_SLOT, seal_slot(installation, account, waiting), account)


async def create_slot(installation: Installation, account: UUID, waiting: Waiting) -> None:
    """Make room for what waits for somebody who begins to want it."""
    await tables.ReminderSlot.create(
        id=account, account_id=account, sealed=seal_slot(installation, account, waiting)
    )


async def delete_slot(account: UUID) -> None:
    """Delete what waits for somebody who wants no reminders any more."""
    await tables.ReminderSlot.filter(id=account).delete()


def seal_slot(installation: Installation, account: UUID, waiting: Waiting) -> bytes:
    """Seal what waits, filled up to the size that all have: JSON ends with as many spaces."""
    text = encode_document(waiting).ljust(SIZE)
    return installation.server_keys.seal(text, context=reminders_context(account))


def open_slot(installation: Installation, row: SlotRow) -> Waiting:
    """Open a row; raises `Damaged`."""
    return open_document(installation.server_keys, row.sealed, reminders_context(row.id), Waiting)


def reminders_context(account: UUID) -> Context:
    """Return where somebody's reminders stand."""
    return Context("reminders", account.bytes, account.bytes)
