"""
A backup that was restored, as everybody is told of it.

That it was stands in the practice's row, under the server key: nobody who only reaches the database announces one.
"""

from __future__ import annotations

from datetime import UTC, datetime

from journal.errors import JournalError
from journal.installation.installation import Installation
from journal.practice import practice
from journal.practice.practice import Restoration
from journal.store.database import fetch_raw
from journal.store.statements import parse_time

SELECT_LAST = """
    SELECT (SELECT MAX(at) FROM audit_event), (SELECT MAX(at) FROM audit_pending),
           (SELECT MAX(updated_at) FROM entry WHERE updated_at <= $1)
"""


class RestorationRefused(JournalError):
    """A restored backup cannot be announced. This is for whoever runs the command."""


def parse_moment(typed: str) -> datetime:
    """Return a moment in UTC that was typed as 2026-11-20T03:15; raises `RestorationRefused`."""
    try:
        moment = datetime.fromisoformat(typed)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise RestorationRefused(
            "Write the moment in UTC, like 2026-11-20T03:15. Nothing was announced."
        ) from error


async def announce_restoration(installation: Installation, until: datetime | None = None) -> Restoration:
    """
    Have everybody who had an account told once that a backup was restored, and return what they are told.

    Args:
        until: The last moment that is in the backup; else the last one that anything in the database is of.

    Raises:
        RestorationRefused: If that is in the future, or nothing in the database is of any time.
        NotFound: While there is no practice.
    """
    now = installation.clock()
    if until is None:
        ((*times,),) = await fetch_raw(SELECT_LAST, now)
        known = [parse_time(one) for one in times if one is not None]
        until = min(max(known), now) if known else None
    if until is None or until > now:
        raise RestorationRefused("The backup cannot be of later than now. Nothing was announced.")
    await practice.set_restoration(installation, now, until)
    return Restoration(now, until)
