"""
The notice that a practice closes: until when people can take their records, told by mail once to each patient.

The day stands in the practice's row, which every page reads. That a patient was told stands in their profile, and is
saved in the transaction that queues their message: whoever runs it again after a crash tells nobody twice. It deletes
nothing, and ends nothing by itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from uuid import UUID, uuid4

from msgspec.structs import replace

from journal.accounts import tables as accounts_tables
from journal.accounts.current_keys import lock_account
from journal.accounts.profiles import Profile, ProfileRow, get_dosing_day, open_profile, profile_context
from journal.accounts.status import ACTIVE, SUSPENDED
from journal.errors import Damaged, JournalError
from journal.installation.installation import Installation
from journal.mail import outbox
from journal.mail.mail_addresses import is_deliverable
from journal.mail.messages import CLOSING, Message, queue_message
from journal.practice import practice
from journal.roles import Role
from journal.sealing import seal_document
from journal.store.database import transaction
from journal.store.rows import Row, fetch_row, fetch_rows, filter_undamaged

BATCH_SIZE = 200
MAX_YEARS = 5
"""How far ahead the day can be: a year that was mistyped is noticed."""


class ClosingRefused(JournalError):
    """The day cannot be told. This is for whoever runs the command."""


class Reach(Enum):
    """Why a patient is told by mail, or is not."""

    TOLD = "told"
    ALREADY = "already"
    UNREACHABLE = "unreachable"
    SUSPENDED = "suspended"
    LEAVING = "leaving"
    IN_SESSION = "in-session"
    DAMAGED = "damaged"


class PatientRow(Row, frozen=True):
    """The columns of an account that decide."""

    id: UUID
    sealed: bytes
    status: str


@dataclass(slots=True)
class Tally:
    """How many patients there are of each kind, and in which languages those who are told are told."""

    reached: Counter[Reach] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)


def parse_closing_day(installation: Installation, typed: str) -> date:
    """
    Return the day until which records can be taken.

    Raises:
        ClosingRefused: If it is no day to come, or one that is far ahead.
    """
    today = installation.clock().date()
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        day = None
    if day is None or day.isoformat() != typed:  # there are other ways to write one
        raise ClosingRefused("Write the day like 2027-03-31. Nothing was changed.")
    if not today < day or day.year > today.year + MAX_YEARS:
        raise ClosingRefused(f"Choose a day to come, {MAX_YEARS} years ahead at most. Nothing was changed.")
    return day


async def preview_closing(installation: Installation, until: date) -> Tally:
    """Return who would be told, and change nothing."""
    closing = await practice.load_closing(installation)
    notice, tally = closing.notice if closing.on == until else "", Tally()
    async for row in _find_patients():
        _count(tally, *_judge(installation, row, notice))
    return tally


async def tell_closing(installation: Installation, until: date) -> Tally:
    """
    Show the day on the pages, and queue the message of each patient who has not been told of it.

    Run again with the same day, it goes on where it stopped, and tells who came since. Without a mail server the pages
    alone say it, and nobody counts as told. Messages of another day that still wait are not sent any more.

    Raises:
        ClosingRefused: If the day was changed by somebody else meanwhile.
    """
    notice, tally = await practice.set_closing(installation, until, uuid4().hex), Tally()
    await outbox.drop_waiting(installation, CLOSING, day=until.isoformat())
    async for row in _find_patients():
        _count(tally, *await _tell(installation, row, until, notice))
    return tally


async def withdraw_closing(installation: Installation) -> bool:
    """Take the day off the pages; return whether there was one. Nobody is told by mail, and nobody of it any more."""
    was_there = (await practice.load_closing(installation)).on is not None
    await practice.set_closing(installation, None, "")
    await outbox.drop_waiting(installation, CLOSING, day="")
    return was_there


async def _find_patients() -> AsyncIterator[PatientRow]:
    """Yield each patient, read in batches."""
    last = None
    while True:
        patients = accounts_tables.Account.filter(role=Role.PATIENT.value)
        query = patients if last is None else patients.filter(id__gt=last)
        found = await fetch_rows(PatientRow, query.order_by("id").limit(BATCH_SIZE))
        for row in (rows := filter_undamaged(found)):
            yield row
        if not rows:
            return
        last = rows[-1].id


def _judge(installation: Installation, row: PatientRow, notice: str) -> tuple[Reach, Profile | None]:
    if row.status != ACTIVE:
        return (Reach.SUSPENDED if row.status == SUSPENDED else Reach.LEAVING), None
    try:
        profile = open_profile(installation, ProfileRow(row.id, row.sealed))
    except Damaged:
        return Reach.DAMAGED, None
    if notice and profile.told_closing == notice:
        return Reach.ALREADY, profile
    if get_dosing_day(profile, installation.clock()):
        return Reach.IN_SESSION, profile
    return (Reach.TOLD if is_deliverable(profile.email) else Reach.UNREACHABLE), profile


async def _tell(
    installation: Installation, row: PatientRow, until: date, notice: str
) -> tuple[Reach, Profile | None]:
    """Queue the message of one patient, as they are once their account is locked."""
    reach, profile = _judge(installation, row, notice)
    if reach is not Reach.TOLD or installation.mail is None:
        return reach, profile
    async with transaction():
        await lock_account(row.id)
        if (await practice.load_closing(installation)).notice != notice:
            raise ClosingRefused(
                "The day was changed meanwhile. Those who were told so far were told this one."
            )
        now = await fetch_row(PatientRow, accounts_tables.Account.filter(id=row.id))
        if now is None:
            return Reach.LEAVING, None
        reach, profile = _judge(installation, now, notice)
        if reach is Reach.TOLD and profile is not None:
            message = Message(profile.email, CLOSING, language=profile.language, day=until.isoformat())
            await queue_message(installation, message, installation.clock())
            told = replace(profile, told_closing=notice)
            sealed = seal_document(installation.server_keys, told, profile_context(row.id))
            await accounts_tables.Account.filter(id=row.id).update(sealed=sealed)
    return reach, profile


def _count(tally: Tally, reach: Reach, profile: Profile | None) -> None:
    tally.reached[reach] += 1
    if reach is Reach.TOLD and profile is not None:
        tally.languages[profile.language] += 1
