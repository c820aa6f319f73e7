"""The entry that a patient would write next, by their plan."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from journal.catalogue.fields import EntryKind
from journal.sessions import schedule
from journal.sessions.rows import Session
from journal.sessions.session import SessionKind

CAPTURE_PERIOD = timedelta(days=1)
INTEGRATION_PERIOD = timedelta(days=7)


def suggest_entry(plan: Sequence[Session], now: datetime) -> tuple[EntryKind, Session | None]:
    """Return the kind of entry that fits the moment, and the dosing session that it would be about."""
    dosing = [one for one in schedule.list_uncancelled(plan) if one.details.kind is SessionKind.DOSING]
    past = [one for one in dosing if schedule.has_begun(one, now)]
    if past and now - past[-1].begins_at < CAPTURE_PERIOD:
        return EntryKind.CAPTURE, past[-1]
    if past and now - past[-1].begins_at < INTEGRATION_PERIOD:
        return EntryKind.INTEGRATION, past[-1]
    if coming := next((one for one in dosing if not schedule.has_begun(one, now)), None):
        return EntryKind.PREPARATION, coming
    return EntryKind.FREE, None
