"""
A patient's reframes as they go on: moved to another status, looked at again, and noticed in a moment.

What is added never changes the first ratings. Only the patient moves the status, from any to any.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import UTC, date
from functools import partial
from uuid import UUID

import msgspec

from journal.actor import Actor
from journal.catalogue.fields import MAX_TRIGGER_LENGTH, Answer, EntryKind
from journal.catalogue.reframe import STATUS_OPTIONS
from journal.catalogue.revisits import (
    BELIEF,
    FELT_TRUTH,
    MAX_MOMENTS,
    MAX_REVISITS,
    Moment,
    Revisit,
    add_line,
    is_too_long,
    remove_line,
)
from journal.entries import entries
from journal.entries.assignment import SessionAssignment
from journal.entries.narrowing import EntryFilter, EntryMatcher, find_entries
from journal.errors import InvalidInput, NotFound, StaleRevision
from journal.i18n import N_
from journal.user_input import clean_line
from journal.vault.documents import Beside, EntryDocument
from journal.vault.entry_rows import Entry

MAX_LISTED = 200
"""How many reframes are looked through, the newest first."""

STATUS, REVISITS, MOMENTS = "reframe.status", "reframe.revisits", "reframe.moments"

OUT_OF_RANGE = N_("Please choose a whole number from 0 to 100, or leave this blank.")
FELT_OUT_OF_RANGE = N_("Please choose a whole number from 1 to 7, or leave this blank.")
IN_THE_FUTURE = N_("That day is still to come. Please choose today or a day before it.")
BEFORE_IT_BEGAN = N_("That is before you began this reframe. Please choose that day or a later one.")
ALL_BLANK = N_("Please fill in one of these. Each of the others may stay blank.")
NO_WORDS = N_("Please write a few words about it.")
TOO_LONG = N_("Please keep this to one line of up to 300 characters. What you wrote is still here.")
LONG_TRIGGER = N_("Please keep the name to 60 letters. What you wrote is still here.")
TOO_MANY = N_("This reframe holds as many as it can. Begin a second one to go on.")

Added = Awaitable[Entry]
Change = Callable[[EntryDocument], EntryDocument]


async def load_reframe(actor: Actor, wanted: UUID) -> Entry:
    """Return one of the actor's own reframes; any other entry is not found."""
    found = await entries.load_entry(actor, wanted)
    require_reframe(found)
    return found


async def list_reframes(actor: Actor) -> tuple[Entry, ...]:
    """Return the actor's own reframes that open, the latest first."""
    matcher = EntryMatcher(EntryFilter(kind=EntryKind.REFRAME), SessionAssignment(()), ())
    found = (await find_entries(actor, matcher, limit=MAX_LISTED)).listing
    wanted = [one.id for one in found.entries if one.kind == EntryKind.REFRAME and not one.damaged]
    if not wanted:
        return ()
    every = await entries.load_entries(actor, wanted)
    return tuple(one for one in reversed(every) if not one.damaged and one.document.kind == EntryKind.REFRAME)


def select_reframes(found: Iterable[Entry]) -> tuple[Entry, ...]:
    """Return the reframes that open among entries, the latest first; *found* has the oldest first."""
    there = [one for one in found if not one.damaged and one.document.kind == EntryKind.REFRAME]
    return tuple(there[: -MAX_LISTED - 1 : -1])


def require_reframe(entry: Entry) -> None:
    """Raise `NotFound` unless an entry is a reframe."""
    if entry.document.kind != EntryKind.REFRAME:
        raise NotFound


async def set_status(actor: Actor, wanted: UUID, status: str) -> Entry:
    """Move a reframe to another status; raises `InvalidInput` for one that there is not."""
    if status not in {option.value for option in STATUS_OPTIONS}:
        raise InvalidInput({"status": N_("Please choose one of the answers offered.")})
    return await change_reframe(actor, wanted, lambda before: replace_answer(before, STATUS, status))


async def add_revisit(actor: Actor, wanted: UUID, revisit: Revisit) -> Entry:
    """
    Add a revisit. The first ratings, and every earlier revisit, stay as they are.

    Raises:
        InvalidInput: If nothing or something out of range was given, or its day is before the reframe's or to come.
    """
    revisit = replace(revisit, words=clean_line(revisit.words))
    check = partial(_check_revisit, actor, revisit)

    def add(before: EntryDocument) -> EntryDocument:
        answered = actor.now.astimezone(UTC).isoformat(timespec="seconds")  # whichever offer stood
        beside = msgspec.structs.replace(before.beside or Beside(), answered_at=answered)
        return msgspec.structs.replace(_add(before, REVISITS, revisit.line), beside=beside)

    return await change_reframe(actor, wanted, add, check)


async def add_moment(actor: Actor, wanted: UUID, moment: Moment) -> Entry:
    """Add a moment; raises `InvalidInput` as `add_revisit` does."""
    moment = replace(moment, words=clean_line(moment.words), trigger=clean_line(moment.trigger))
    check = partial(_check_moment, actor, moment)
    return await change_reframe(actor, wanted, lambda before: _add(before, MOMENTS, moment.line), check)


async def remove_addition(actor: Actor, wanted: UUID, part: str, place: int, *, seen: int) -> Entry:
    """
    Remove a revisit or a moment; an earlier version of the reframe still has it.

    Args:
        place: Which one it is, counted from 0, in the revision *seen* of the reframe.

    Raises:
        StaleRevision: If the reframe was changed since: another one may stand there now.
    """
    if part not in (REVISITS, MOMENTS):
        raise NotFound

    def remove(entry: Entry) -> EntryDocument:
        require_reframe(entry)
        if entry.revision != seen:
            raise StaleRevision(
                N_("This was changed in the meantime. Nothing was removed; look at it again.")
            )
        left = remove_line(entry.document.answers.get(part), place)
        return replace_answer(entry.document, part, left)

    return await entries.change_entry(actor, wanted, remove, keep=True)


async def change_reframe(
    actor: Actor, wanted: UUID, change: Change, check: Callable[[Entry], None] = require_reframe
) -> Entry:
    """Change one of the actor's own reframes, after *check* has looked at it as it is at that moment."""

    def change_checked(entry: Entry) -> EntryDocument:
        require_reframe(entry)
        check(entry)
        return change(entry.document)

    return await entries.change_entry(actor, wanted, change_checked)


def replace_answer(document: EntryDocument, field: str, answer: Answer | None) -> EntryDocument:
    """Return a document with another answer to one question, or with none."""
    answers = {name: value for name, value in document.answers.items() if name != field}
    if answer not in (None, "", []):
        answers[field] = answer
    return msgspec.structs.replace(document, answers=answers)


def get_first_day(actor: Actor, entry: Entry) -> date:
    """Return the day on which a reframe was begun, as its owner's calendar has it."""
    return entry.created_at.astimezone(actor.zone).date()


def get_today(actor: Actor) -> date:
    """Return the day of now, as the actor's calendar has it."""
    return actor.now.astimezone(actor.zone).date()


def _add(before: EntryDocument, part: str, line: str) -> EntryDocument:
    return replace_answer(before, part, add_line(before.answers.get(part), line))


def _check_revisit(actor: Actor, revisit: Revisit, entry: Entry) -> None:
    found = _find_day_problems(actor, entry, revisit.day)
    for name, value, (low, high), sentence in (
        ("old_belief", revisit.old, BELIEF, OUT_OF_RANGE),
        ("new_belief", revisit.new, BELIEF, OUT_OF_RANGE),
        ("felt_truth", revisit.felt, FELT_TRUTH, FELT_OUT_OF_RANGE),
    ):
        if value is not None and not low <= value <= high:
            found[name] = sentence
    if is_too_long(revisit.words):
        found["line"] = TOO_LONG
    if revisit.is_blank:
        found["old_belief"] = ALL_BLANK
    _refuse(entry, REVISITS, MAX_REVISITS, found)


def _check_moment(actor: Actor, moment: Moment, entry: Entry) -> None:
    found = _find_day_problems(actor, entry, moment.day)
    if not moment.words:
        found["line"] = NO_WORDS
    if is_too_long(moment.words):
        found["line"] = TOO_LONG
    if len(moment.trigger) > MAX_TRIGGER_LENGTH:
        found["trigger"] = LONG_TRIGGER
    _refuse(entry, MOMENTS, MAX_MOMENTS, found)


def _find_day_problems(actor: Actor, entry: Entry, day: date) -> dict[str, str]:
    if day > get_today(actor):
        return {"day": IN_THE_FUTURE}
    return {"day": BEFORE_IT_BEGAN} if day < get_first_day(actor, entry) else {}


def _refuse(entry: Entry, part: str, most: int, found: dict[str, str]) -> None:
    kept = entry.document.answers.get(part)
    if isinstance(kept, list) and len(kept) >= most:
        found["line"] = TOO_MANY
    if found:
        raise InvalidInput(found)
