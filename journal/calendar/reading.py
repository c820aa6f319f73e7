"""What a calendar is shown by its address: the plan as it is when it asks, with nobody signed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import msgspec

from crypto import CryptoError, feed_id, feed_key, feed_state
from journal.accounts.profiles import load_cached_profiles
from journal.accounts.status import ACTIVE
from journal.calendar import tables
from journal.calendar.appointments import (
    Appointment,
    build_appointment,
    get_initials,
    is_shown,
    sort_appointments,
)
from journal.calendar.documents import FeedDocument, FeedRow, open_document_of
from journal.care.invitations import parse_token
from journal.care.lifecycle import load_lasting_patients
from journal.errors import Damaged, JournalError, LinkExpired
from journal.i18n import N_
from journal.installation.installation import Installation
from journal.roles import Role
from journal.sessions.rows import load_sessions_of
from journal.store.rows import JoinedValue, fetch_row


class FeedEnded(JournalError):
    """The address was made, and has ended."""

    message = N_("This calendar has ended.")


class AskedFeedRow(FeedRow, frozen=True):
    """The same with the status of its account."""

    status: JoinedValue = msgspec.field(name="account__status")


@dataclass(frozen=True, slots=True)
class Feed:
    """
    What a calendar is shown; `state` tells one such content from another, and says nothing without the address.

    `is_use_due`: that it was read today is not stored yet.
    """

    id: UUID
    title: str
    appointments: tuple[Appointment, ...]
    state: str
    is_use_due: bool


async def open_feed(installation: Installation, token: str) -> Feed:
    """
    Return what the holder of an address is shown, as the plan is now.

    Raises:
        LinkExpired: If there was never such an address.
        FeedEnded: If it has ended.
        Damaged: If it does not open, or its account cannot be used for now.
    """
    secret, lookup = _parse_token(token)
    row = await fetch_row(AskedFeedRow, tables.CalendarFeed.filter(lookup=lookup))
    if row is None:
        raise LinkExpired
    if row.ended_at is not None:
        raise FeedEnded
    if row.status != ACTIVE:
        raise Damaged
    key, now = feed_key(secret), installation.clock()
    document = open_document_of(row, key)
    titles: Mapping[UUID, str] = {row.account_id: document.title}
    if document.role is Role.CLINICIAN:
        titles = await _load_titles(installation, row.account_id, document)
    shown = sort_appointments(
        build_appointment(one, titles[one.patient], document.event_key, document.changes, document.changed_at)
        for one in await load_sessions_of(installation, titles)
        if is_shown(one, now)
    )
    content = msgspec.json.encode((document.title, shown))
    is_use_due = row.used_on != now.date().isoformat()
    return Feed(row.id, document.title, shown, feed_state(key, content).hex(), is_use_due)


async def record_use(installation: Installation, feed: Feed) -> None:
    """Store on which day a feed was read last, once a day."""
    if feed.is_use_due:
        today = installation.clock().date().isoformat()
        await tables.CalendarFeed.filter(id=feed.id, ended_at=None).update(used_on=today)


async def _load_titles(
    installation: Installation, clinician: UUID, document: FeedDocument
) -> Mapping[UUID, str]:
    """Return what the appointments with each patient are called, for those still in the clinician's care."""
    patients = await load_lasting_patients(clinician, document.patients)
    if not document.has_initials:
        return dict.fromkeys(patients, document.title)
    profiles = await load_cached_profiles(installation, patients)
    initials = {ident: get_initials(one.name) for ident, one in profiles.items()}
    return {one: f"{document.title} {initials.get(one, '')}".strip() for one in patients}


def _parse_token(token: str) -> tuple[bytes, str]:
    secret = parse_token(token)
    try:
        return secret, feed_id(secret).hex()
    except CryptoError as error:
        raise LinkExpired from error
