"""When a sitter's link ends by itself, and for which sessions there can be one."""

from __future__ import annotations

from datetime import datetime, timedelta

from journal.ages import CLOCK_TOLERANCE
from journal.sessions.session import SessionDetails, SessionKind, Status

LIFE = timedelta(hours=24)
"""How long after the start of its session a link lasts at most."""

_BEFORE_START = frozenset({Status.PLANNED, Status.PREPARING, Status.DAY_OF})
_OVER_STATUSES = frozenset({Status.CANCELLED, Status.INTEGRATING, Status.CLOSED})


def get_end(details: SessionDetails, now: datetime) -> datetime:
    """
    Return when a link of this session ends at the latest, in UTC: a day after its start, or after the planned one.

    A start later than now was stored while the clock ran ahead: then the planned one counts.
    """
    began = details.began_at
    if began is None or began > now + CLOCK_TOLERANCE:
        return details.starts_at + LIFE
    return began + LIFE


def is_over(details: SessionDetails, now: datetime) -> bool:
    """Return whether a link of this session has ended: they rested, it is over, or a day has passed since its start."""
    if details.kind is not SessionKind.DOSING or details.status in _OVER_STATUSES:
        return True
    return details.rested_on is not None or now >= get_end(details, now)


def is_before_start(details: SessionDetails, now: datetime) -> bool:
    """Return whether a session has not begun, and its planned time has not come: words can be given to a sitter."""
    return details.status in _BEFORE_START and details.began_at is None and now < details.starts_at
