"""The profile of an account, as it stands in its row."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from tortoise.queryset import QuerySet

from crypto import Context
from journal.accounts import tables
from journal.ages import is_alive
from journal.errors import Damaged
from journal.installation.installation import Installation
from journal.sealing import open_document, seal_document
from journal.store.rows import Row, fetch_row, fetch_rows, filter_undamaged

LOCK_CHOICES = (5, 15, 30, 60)
"""After how many minutes a session can lock; `Profile` has the usual one."""
LONGEST_DAY = timedelta(hours=30)
"""From just after midnight to the next morning, on the night when clocks go back."""


class DosingDay(msgspec.Struct, frozen=True):
    """The state of a day on which a dosing session began, and until when it lasts, in UTC."""

    state: str
    until: datetime


class ContactDetails(msgspec.Struct, frozen=True):
    """A patient's own phone number and their emergency contact, for their care team; what is not given is empty."""

    phone: str = ""
    emergency_name: str = ""
    emergency_relation: str = ""
    emergency_phone: str = ""

    @property
    def is_given(self) -> bool:
        """Return whether there is anything to show."""
        return self != NO_CONTACT

    @property
    def emergency_parts(self) -> tuple[str, ...]:
        """Return name, relationship and phone number of the emergency contact, as far as they are given."""
        parts = (self.emergency_name, self.emergency_relation, self.emergency_phone)
        return tuple(part for part in parts if part)


NO_CONTACT = ContactDetails()


class ReminderChoices(msgspec.Struct, frozen=True):
    """Of what somebody wants to be reminded by mail, and from when until when on their own clock never: as "HH:MM"."""

    kinds: tuple[str, ...] = ()
    quiet_from: str = "21:00"
    quiet_until: str = "08:00"


NO_REMINDERS = ReminderChoices()


class RetiredKey(msgspec.Struct, frozen=True):
    """The fingerprint of keys that an account signed with until they were replaced, and when that was, in UTC."""

    fingerprint: str
    until: datetime


class Profile(msgspec.Struct, frozen=True):
    """Who an account belongs to, what they are, when their sessions lock and where they signed in; server key."""

    name: str
    email: str
    time_zone: str
    role: str
    profession: str = ""
    lock_minutes: int = 30
    devices: tuple[str, ...] = ()
    keys: str = ""  # SHA-256 of the public keys that the account was opened with, or renewed to, in hexadecimal digits
    region: str = ""  # whose crisis contacts are shown first; the practice's default when empty
    dosing_day: DosingDay | None = None
    contact: ContactDetails = NO_CONTACT
    is_neutral: bool = False  # the title and the icon of every page say nothing of what it is
    hides_numbers: bool = False  # the numbers of measures are hidden from their own patient
    has_day_lines: bool = False  # home offers their patient the line of today
    wants_no_offers: bool = False  # home offers no reframe to be looked at again
    language: str = ""  # of pages and mails; the browser's, as long as nothing is chosen
    offered_on: str = (
        ""  # the day, in their calendar, on which a reframe was erased that had been offered on it
    )
    reminders: ReminderChoices = NO_REMINDERS
    told_closing: str = ""  # the notice of a closing practice that its owner was told of
    told_restoration: str = ""  # the restored backup that its owner was told of
    retired_keys: tuple[RetiredKey, ...] = ()  # the oldest first; at most `signing_keys.MOST_RETIRED`


class ProfileRow(Row, frozen=True):
    """An account's id and profile."""

    id: UUID
    sealed: bytes


async def load_profile(installation: Installation, account: UUID) -> Profile:
    """Open an account's profile; raises `Damaged`."""
    found = await find_profile(installation, tables.Account.filter(id=account))
    if found is None:
        raise Damaged
    return found


async def find_profile(installation: Installation, accounts: QuerySet[tables.Account]) -> Profile | None:
    """Return the profile of the first of *accounts*, or None; raises `Damaged`."""
    row = await fetch_row(ProfileRow, accounts)
    return open_profile(installation, row) if row else None


async def save_dosing_day(installation: Installation, account: UUID, day: DosingDay | None) -> None:
    """
    Store what every page of a patient knows of their day without reading their plan.

    Call it inside a transaction that has locked the account. Where the profile does not open, its patient has no pages,
    and a session goes on without it.
    """
    try:
        profile = await load_profile(installation, account)
    except Damaged:
        return
    if profile.dosing_day != day:
        changed = msgspec.structs.replace(profile, dosing_day=day)
        sealed = seal_document(installation.server_keys, changed, profile_context(account))
        await tables.Account.filter(id=account).update(sealed=sealed)


def get_dosing_day(profile: Profile, now: datetime) -> str:
    """Return the state of a patient's dosing day at *now*; empty on every other day."""
    day = profile.dosing_day
    return day.state if day and is_alive(day.until, now, LONGEST_DAY) else ""


def open_cached_profile(installation: Installation, account: UUID, sealed: bytes) -> Profile:
    """
    Open an account's profile for a page; the very same bytes are opened once. Raises `Damaged`.

    What changes a profile, or goes through all of them, opens it by `open_profile`.
    """
    memory = installation.server_keys.document_cache
    key = (Profile, account, sealed)
    found: Profile | None = memory.get(key)
    if found is None:
        found = open_document(installation.server_keys, sealed, profile_context(account), Profile)
        memory.put(key, found)
    return found


async def load_cached_profiles(installation: Installation, accounts: Collection[UUID]) -> dict[UUID, Profile]:
    """Return the profiles of *accounts* that open, as `open_cached_profile` does."""
    rows = await fetch_rows(ProfileRow, tables.Account.filter(id__in=list(accounts))) if accounts else []
    found = {}
    for row in filter_undamaged(rows):
        with suppress(Damaged):
            found[row.id] = open_cached_profile(installation, row.id, row.sealed)
    return found


def open_profile(installation: Installation, row: ProfileRow) -> Profile:
    """Open a row; raises `Damaged`."""
    return open_document(installation.server_keys, row.sealed, profile_context(row.id), Profile)


def profile_context(account: UUID) -> Context:
    """Return where an account's profile stands."""
    return Context("profile", account.bytes, account.bytes)
