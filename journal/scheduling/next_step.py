"""The entry that a patient would write next, by the state of their day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from journal.catalogue.fields import EntryKind
from journal.sessions.day_state import DayState, find_current_day, get_day_state
from journal.sessions.rows import Session
from journal.sessions.session import SessionDetails

CAPTURE_PERIOD = timedelta(days=1)


def suggest_entry(plan: Sequence[Session], now: datetime) -> tuple[EntryKind, Session | None]:
    """Return the kind of entry that fits the moment, and the dosing session that it would be about."""
    _, about = find_current_day(plan, now)
    return (suggest_kind(about.details, now), about) if about else (EntryKind.FREE, None)


def suggest_kind(details: SessionDetails, now: datetime) -> EntryKind:
    """Return the kind of entry about a session that fits the moment."""
    state = get_day_state(details, now)
    if state in (DayState.AHEAD, DayState.READY):
        return EntryKind.PREPARATION
    if state in (DayState.UNDER_WAY, DayState.RESTING):
        return EntryKind.CAPTURE
    if state in (DayState.UNREPORTED, DayState.MORNING_AFTER):
        # What it may mean is asked once they have rested.
        return EntryKind.CAPTURE if now - details.begins_at < CAPTURE_PERIOD else EntryKind.FREE
    return EntryKind.INTEGRATION
