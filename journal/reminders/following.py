"""
Keep what waits in step with the plan, and with what a person has done.

Whoever changes a plan changes its patient's reminders in the same transaction: none is lost, and none outlasts what it
was about. What a person has written is known in their own requests alone, and leaves nothing here but fewer moments.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, time
from types import MappingProxyType
from uuid import UUID

from msgspec.structs import replace

from journal.accounts.current_keys import lock_account
from journal.accounts.profiles import Profile, load_profile
from journal.actor import Actor
from journal.clinic.instructions import load_current
from journal.errors import Damaged
from journal.installation.installation import Installation
from journal.reading_hours.hours import load_hours
from journal.reminders.kinds import OFFERED, ReminderKind
from journal.reminders.planned import Due, Key, Planned, find_reading_hours
from journal.reminders.quiet import Calendar, QuietHours, list_blocked
from journal.reminders.waiting import (
    Moment,
    Waiting,
    load_waiting,
    note_return,
    save_waiting,
    schedule,
    to_seconds,
)
from journal.roles import Role
from journal.sessions.moments import Offsets
from journal.sessions.rows import Session, load_plan
from journal.store.database import transaction
from journal.time_zones import parse_zone


@dataclass(frozen=True, slots=True)
class Known:
    """
    What the server knows of somebody's reminders: when each is due, and what stands in the way of a message.

    It `is_whole` unless a session does not open: that one's day may be any day.
    """

    profile: Profile
    due: Mapping[Key, Due]
    calendar: Calendar
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class Done:
    """
    What a person's own request knows beside the plan.

    `keys` are reminders of what was done already, and `measures` when a measure's time comes again.
    """

    keys: Collection[Key] = frozenset()
    measures: Sequence[Due] = ()


@dataclass(frozen=True, slots=True)
class Loaded:
    """A patient's plan and the offsets of its courses, where a page has read them already."""

    plan: Sequence[Session]
    offsets: Mapping[UUID | None, Offsets] = field(default_factory=lambda: MappingProxyType({}))


async def load_known(
    installation: Installation, account: UUID, now: datetime, loaded: Loaded | None = None
) -> Known:
    """Return what the server knows of somebody's reminders, read anew; raises `Damaged`."""
    profile = await load_profile(installation, account)
    quiet, kinds = get_quiet_hours(profile), get_kinds(profile)
    if profile.role == Role.CLINICIAN:
        hours = (await load_hours(installation, [account])).get(account)
        found = find_reading_hours(hours, now) if hours is not None and kinds else ()
        return Known(
            profile, {(ReminderKind.READING_HOURS, one.since): one for one in found}, Calendar(quiet)
        )
    is_whole = True
    if loaded is None:
        texts, plan = await load_current(installation, account), await load_plan(installation, account)
        offsets = {course: one.details.offsets for course, one in texts.items()}
        loaded, is_whole = Loaded(plan, offsets), not plan.damaged
    due = Planned(loaded.plan, loaded.offsets, quiet.zone, now).list_due(kinds)
    return Known(profile, due, Calendar(quiet, list_blocked(loaded.plan, quiet, now)), is_whole)


def get_quiet_hours(profile: Profile) -> QuietHours:
    """Return somebody's quiet hours on their own clock."""
    chosen = profile.reminders
    begin, end = time.fromisoformat(chosen.quiet_from), time.fromisoformat(chosen.quiet_until)
    return QuietHours(begin, end, parse_zone(profile.time_zone))


def get_kinds(profile: Profile) -> tuple[ReminderKind, ...]:
    """Return of what somebody wants to be reminded, as far as their role has it."""
    offered = OFFERED[Role(profile.role)]
    return tuple(kind for kind in offered if kind.value in profile.reminders.kinds)


@asynccontextmanager
async def follow_changes(installation: Installation, account: UUID, now: datetime) -> AsyncIterator[None]:
    """
    Move, add and remove somebody's reminders with what the block changes.

    Call it in the transaction of the change, which has locked the account. Where the profile does not open, its person
    is told nothing, and the change is made all the same.
    """
    waiting = await load_waiting(installation, account)
    before = await _find_known(installation, account, now) if waiting is not None else None
    yield
    if waiting is None or before is None:
        return
    after = await _find_known(installation, account, now)
    if after is not None:
        moved = move(waiting, before.due, after.due, now)
        await save_waiting(installation, account, schedule(moved, after.calendar, now))


@asynccontextmanager
async def change_with_reminders(
    installation: Installation, account: UUID, now: datetime
) -> AsyncIterator[None]:
    """Run what changes somebody's moments in a transaction that has locked the account, their reminders with it."""
    async with transaction():
        await lock_account(account)
        async with follow_changes(installation, account, now):
            yield


def move(waiting: Waiting, before: Mapping[Key, Due], after: Mapping[Key, Due], now: datetime) -> Waiting:
    """Return what waits once the plan says *after* and no longer *before*; what was done or told stays so."""
    pending, at = frozenset(waiting.moments), to_seconds(now)
    kept = [one for one in waiting.moments if not one.is_planned]
    for key, due in after.items():
        old, moved = before.get(key), Moment.build(due)
        if old is None or Moment.build(old) in pending or to_seconds(old.since) <= at < moved.since:
            kept.append(moved)
    there = {Moment.build(due) for due in after.values()}
    told = tuple(one for one in waiting.told if one in there or not one.is_planned)
    return replace(waiting, moments=tuple(kept), told=told)


def renew(waiting: Waiting, due: Mapping[Key, Due], done: Done, now: datetime) -> Waiting:
    """Return what waits as a person's own request knows it; what has come already waits on only if it was not told."""
    pending = frozenset(waiting.moments)
    planned = [Moment.build(one) for key, one in due.items() if key not in done.keys]
    measures = [Moment.build(one, is_planned=False) for one in done.measures]
    at = to_seconds(now)
    kept = tuple(one for one in (*planned, *measures) if one.since > at or one in pending)
    return note_return(replace(waiting, moments=kept))


async def renew_for_patient(actor: Actor, loaded: Loaded, done: Done) -> None:
    """Renew the actor's own reminders in a request of theirs; writes where something is another."""
    await _renew(actor, loaded, done)


async def renew_for_clinician(actor: Actor) -> None:
    """Renew the reminder of the actor's next reading hours; there is none after it before they come back."""
    await _renew(actor, None, Done())


async def note_use(actor: Actor) -> None:
    """Note that somebody is here: what they were told of is not repeated."""
    waiting = await load_waiting(actor.installation, actor.id)
    if waiting is None or not waiting.told:
        return
    async with transaction():
        await lock_account(actor.id)
        waiting = await load_waiting(actor.installation, actor.id)
        known = await _find_known(actor.installation, actor.id, actor.now)
        if waiting is not None and known is not None:
            there = schedule(note_return(waiting), known.calendar, actor.now)
            await save_waiting(actor.installation, actor.id, there)


async def _renew(actor: Actor, loaded: Loaded | None, done: Done) -> None:
    waiting = await load_waiting(actor.installation, actor.id)
    if waiting is None:
        return
    known = await load_known(actor.installation, actor.id, actor.now, loaded)
    if _build_renewed(waiting, known, done, actor) == waiting:
        return
    async with transaction():
        await lock_account(actor.id)
        waiting = await load_waiting(actor.installation, actor.id)
        known = await load_known(actor.installation, actor.id, actor.now)
        if waiting is not None:
            renewed = _build_renewed(waiting, known, done, actor)
            await save_waiting(actor.installation, actor.id, renewed)


def _build_renewed(waiting: Waiting, known: Known, done: Done, actor: Actor) -> Waiting:
    due = known.due
    if actor.role is Role.CLINICIAN:
        due = select_next(due, actor.now)
    if ReminderKind.MEASURES not in get_kinds(known.profile):
        done = Done(done.keys)
    return schedule(renew(waiting, due, done, actor.now), known.calendar, actor.now)


def select_next(due: Mapping[Key, Due], now: datetime) -> dict[Key, Due]:
    """Return what has come, and the first of what comes: whoever does not come back is told no more."""
    coming = sorted((one.since, key) for key, one in due.items() if one.since > now)
    first: Iterable[Key] = [key for _, key in coming[:1]]
    return {key: one for key, one in due.items() if one.since <= now or key in first}


async def _find_known(installation: Installation, account: UUID, now: datetime) -> Known | None:
    try:
        return await load_known(installation, account, now)
    except Damaged:
        return None
