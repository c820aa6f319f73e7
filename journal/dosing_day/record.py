"""
The one record of the day of a dosing session: read, added to, and corrected line by line.

It is an entry of its own kind about that session, so it is sealed, proven, searched, shared, taken away and erased as
every entry is. What was corrected or removed stays in an earlier version. To note something is never held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from uuid import UUID, uuid4

from journal.actor import Actor
from journal.catalogue.fields import MAX_LINE_LENGTH, Answers, EntryKind
from journal.dosing_day.lines import (
    MAX_NAME_LENGTH,
    MAX_READINGS,
    MAX_TIMES,
    Reading,
    Taken,
    add_line,
    is_number,
    parse_medicine,
    parse_readings,
    replace_line,
)
from journal.entries import only_entry
from journal.errors import InvalidInput, NotFound
from journal.i18n import N_
from journal.sessions.rows import Plan, Session, load_my_sessions
from journal.sessions.session import SessionKind, Status
from journal.user_input import clean_line
from journal.vault.entry_rows import Entry

MEDICINE, READINGS, EVENTS = "day.medicine", "day.readings", "day.events"

NO_TIME = N_("Please give a time such as 14:05.")
LONG_WORDS = N_("Please keep this to one line of up to 300 characters. What you wrote is still here.")
NO_WORDS = N_("Please write in a few words what happened.")
LONG_NAME = N_("Please keep the name to 60 letters. What you wrote is still here.")
NO_NUMBER = N_("Please write a number such as 120, or leave this blank. What you typed is still here.")
ALL_BLANK = N_("Please fill in one of the numbers. Each of the others may stay blank.")
TOO_MANY = N_("This day holds as many as it can. Nothing is lost: remove one, then add this one.")
CHANGED_MEANWHILE = N_("This was changed in the meantime. Nothing was overwritten; look at it again.")


@dataclass(frozen=True, slots=True)
class Place:
    """Which line is corrected: its place among those read back, in the revision of the record that the page showed."""

    number: int
    seen: int


@dataclass(frozen=True, slots=True)
class DayRecord:
    """What was noted on the day of a session. `entry` is the record, if there is one."""

    entry: Entry | None = None

    @property
    def medicine(self) -> tuple[Taken, ...]:
        """Return the times at which a part of the medicine was taken."""
        return parse_medicine(self._answers.get(MEDICINE))

    @property
    def readings(self) -> tuple[Reading, ...]:
        """Return the readings."""
        return parse_readings(self._answers.get(READINGS))

    @property
    def events(self) -> tuple[Taken, ...]:
        """Return what happened that was not planned, each with its time."""
        return parse_medicine(self._answers.get(EVENTS))

    @property
    def revision(self) -> int:
        """Return the record's revision; 0 while there is none."""
        return self.entry.revision if self.entry else 0

    @property
    def language(self) -> str:
        """Return the language of the record's words."""
        return self.entry.document.language if self.entry else ""

    @property
    def _answers(self) -> Answers:
        return self.entry.document.answers if self.entry else {}


async def load_dosing_session(actor: Actor, wanted: UUID) -> tuple[Session, Plan]:
    """Return one of the actor's own dosing sessions that was not cancelled, and their plan; any other is not found."""
    plan = await load_my_sessions(actor)
    for one in plan:
        if one.id == wanted and one.kind is SessionKind.DOSING and one.status is not Status.CANCELLED:
            return one, plan
    raise NotFound


async def load_record(actor: Actor, session: UUID) -> DayRecord:
    """Return what was noted on the day of a session."""
    return DayRecord(await only_entry.load_only_entry(actor, EntryKind.DAY, session))


def select_record(found: Iterable[Entry], session: UUID) -> DayRecord:
    """Return the record of a session from entries, the latest one where a restored one stands beside it."""
    return DayRecord(only_entry.select_only_entry(found, EntryKind.DAY, session))


async def save_taken(
    actor: Actor, session: UUID, taken: Taken, place: Place | None = None, ident: UUID | None = None
) -> None:
    """
    Add a time at which a part of the medicine was taken, or correct the one at *place*.

    Args:
        ident: Drawn for the form that was filled in: the same one sent twice is added once.

    Raises:
        InvalidInput: If it has no time, too many words, or is one too many.
        StaleRevision: If the record was changed since the page showed it.
    """
    taken = Taken(taken.at, clean_line(taken.words))
    problems: dict[str, str] = {}
    if taken.at is None:
        problems["time"] = NO_TIME
    if len(taken.words) > MAX_LINE_LENGTH:
        problems["line"] = LONG_WORDS
    if problems:
        raise InvalidInput(problems)
    await _save_line(actor, session, MEDICINE, taken.line, place, MAX_TIMES, ident)


async def save_event(
    actor: Actor, session: UUID, event: Taken, place: Place | None = None, ident: UUID | None = None
) -> None:
    """
    Add something that happened and was not planned, or correct the one at *place*; its time may be blank.

    Raises:
        InvalidInput: If it has no words or too many, or is one too many.
        StaleRevision: If the record was changed since the page showed it.
    """
    event = Taken(event.at, clean_line(event.words))
    if not event.words or len(event.words) > MAX_LINE_LENGTH:
        raise InvalidInput({"line": LONG_WORDS if event.words else NO_WORDS})
    await _save_line(actor, session, EVENTS, event.line, place, MAX_TIMES, ident)


async def save_reading(
    actor: Actor, session: UUID, reading: Reading, place: Place | None = None, ident: UUID | None = None
) -> None:
    """
    Add a reading, or correct the one at *place*. An unlikely value is kept as it was typed.

    Args:
        ident: Drawn for the form that was filled in: the same one sent twice is added once.

    Raises:
        InvalidInput: If a value is no number, all are blank, the name is too long, or it is one too many.
        StaleRevision: If the record was changed since the page showed it.
    """
    reading = clean_reading(reading)
    check_reading(reading)
    await _save_line(actor, session, READINGS, reading.line, place, MAX_READINGS, ident)


def clean_reading(reading: Reading) -> Reading:
    """Return a reading as it is kept: each value on one line, and otherwise as it was typed."""
    values = {name: clean_line(typed) for name, typed in reading.values.items()}
    return Reading(reading.at, **values, position=reading.position, by=clean_line(reading.by))


def check_reading(reading: Reading) -> None:
    """Raise `InvalidInput` if a value is no number, all are blank, or the name is too long."""
    problems = {name: NO_NUMBER for name, typed in reading.values.items() if typed and not is_number(typed)}
    if len(reading.by) > MAX_NAME_LENGTH:
        problems["taken_by"] = LONG_NAME
    if reading.is_blank:
        problems["systolic"] = ALL_BLANK
    if problems:
        raise InvalidInput(problems)


async def remove_line(actor: Actor, session: UUID, part: str, place: Place) -> None:
    """
    Remove a line; an earlier version of the record still has it.

    Raises:
        StaleRevision: If the record was changed since the page showed it.
    """

    def remove(before: Answers) -> list[str]:
        return replace_line(before.get(part), place.number, None)

    await _change(actor, session, part, remove, place)


async def _save_line(
    actor: Actor, session: UUID, part: str, line: str, place: Place | None, most: int, ident: UUID | None
) -> None:
    if place is not None:
        number = place.number
        await _change(
            actor, session, part, lambda before: replace_line(before.get(part), number, line), place
        )
        return

    def add(before: Answers) -> Answers:
        after = add_line(before.get(part), line)
        if len(after) > most:
            raise InvalidInput({"line": TOO_MANY})
        return {**before, part: after}

    await load_dosing_session(actor, session)
    name = only_entry.name_change((ident or uuid4()).hex, part, line)
    await only_entry.add_once(actor, EntryKind.DAY, {name: add}, CHANGED_MEANWHILE, session=session)


async def _change(
    actor: Actor, session: UUID, part: str, change: Callable[[Answers], list[str]], place: Place
) -> None:
    await load_dosing_session(actor, session)
    await only_entry.change_only_entry(
        actor,
        EntryKind.DAY,
        lambda before: {**before, part: change(before)},
        CHANGED_MEANWHILE,
        session=session,
        revision=place.seen,
        keep=True,
    )
