"""What a calendar is shown of a plan: times, whether one is cancelled, and a title. Nothing else of a session."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from crypto import feed_event_id
from journal.ages import compute_age
from journal.sessions.rows import Session
from journal.sessions.session import Status

KEPT = timedelta(days=60)
"""How long what is over stays in a calendar, and what was cancelled, from then on."""


class Appointment(msgspec.Struct, frozen=True):
    """
    One event of a calendar; `starts_at` and `ends_at` are in UTC, `zone` is where its clock hangs.

    `changes` and `changed_at` only ever grow.
    """

    uid: UUID
    title: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    changes: int
    changed_at: datetime
    is_cancelled: bool


def is_shown(one: Session, now: datetime) -> bool:
    """Return whether a calendar shows a session: what is to come, and for 60 days what is over or cancelled."""
    if one.status is not Status.CANCELLED or one.details.moved_at is None:
        return now < one.ends_at + KEPT
    return compute_age(datetime.fromisoformat(one.details.moved_at), now) < KEPT


def build_appointment(
    one: Session, title: str, event_key: bytes, changes: int, changed_at: datetime
) -> Appointment:
    """
    Return what a calendar is shown of a session.

    Args:
        event_key: The account's key of event ids: the same session has the same id in all of its calendars.
        changes: How often the title was chosen anew; such a change is one of each event.
        changed_at: When that was last.
    """
    details = one.details
    moved_at = datetime.fromisoformat(details.moved_at) if details.moved_at else changed_at
    return Appointment(
        UUID(bytes=feed_event_id(event_key, one.id.bytes), version=5),
        title,
        one.starts_at,
        one.ends_at,
        details.zone,
        details.moves + changes,
        max(moved_at, changed_at).astimezone(UTC).replace(microsecond=0),
        one.status is Status.CANCELLED,
    )


def sort_appointments(found: Iterable[Appointment]) -> tuple[Appointment, ...]:
    """Return appointments in the order of their times."""
    return tuple(sorted(found, key=lambda one: (one.starts_at, one.uid)))


def get_initials(name: str) -> str:
    """Return the first letters of the first and the last word of a name, as "A. S."; nothing where there are none."""
    letters = [next((sign for sign in word if sign.isalpha()), "") for word in name.split()]
    there = [letter.upper() for letter in letters if letter]
    return " ".join(f"{letter}." for letter in (there[:1] + there[1:][-1:]))
