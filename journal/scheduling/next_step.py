"""The entry that a patient would write next, by their plan."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from journal.catalogue.fields import EntryKind
from journal.sessions import schedule
from journal.sessions.rows import Session
from journal.sessions.session import SessionKind

DAY = timedelta(days=1)
RECENT = timedelta(days=7)


def fitting(plan: Sequence[Session], now: datetime) -> tuple[EntryKind, Session | None]:
    """Return the kind of entry that fits the moment, and the dosing session that it would be about."""
    dosing = [one for one in schedule.lasting(plan) if one.details.kind is SessionKind.DOSING]
    past = [one for one in dosing if schedule.has_begun(one, now)]
    if past and now - past[-1].begins_at < DAY:
        return EntryKind.CAPTURE, past[-1]
    if past and now - past[-1].begins_at < RECENT:
        return EntryKind.INTEGRATION, past[-1]
    if coming := next((one for one in dosing if not schedule.has_begun(one, now)), None):
        return EntryKind.PREPARATION, coming
    return EntryKind.FREE, None
