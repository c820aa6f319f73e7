"""Ages that stay right when the clock was put back: a time ahead counts like one as far back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

CLOCK_TOLERANCE = timedelta(hours=1)
"""By how much a clock may be off."""


def compute_age(then: datetime, now: datetime) -> timedelta:
    """Return how far *then* is from *now*: a row that was written by a clock that ran ahead grows old as well."""
    return abs(now - then)


def is_alive(expires_at: datetime, now: datetime, life: timedelta) -> bool:
    """Return whether what ends at *expires_at*, a *life* after it was made, was made less than a *life* from now."""
    return now < expires_at < now + 2 * life


def build_alive_filter(now: datetime, life: timedelta) -> dict[str, Any]:
    """Return the terms of a query for rows that `is_alive` holds for."""
    return {"expires_at__gt": now, "expires_at__lt": now + 2 * life}
