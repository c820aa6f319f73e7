"""What is set on every connection to PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from asyncpg import Connection

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # PostgreSQL's own
MICROSECOND = timedelta(microseconds=1)
BEFORE_ALL, AFTER_ALL = datetime.min, datetime.max  # noqa: DTZ901 - without a zone, as no time of ours
FIRST_TICK, LAST_TICK = -(2**63), 2**63 - 1  # -infinity and infinity


async def read_any_time(connection: Connection) -> None:
    """
    Let a time before the year 1 or after 9999 be one wrong value.

    The driver's own reading raises an error for it, and with it every row of the statement would be lost.
    """
    await connection.set_type_codec(
        "timestamptz", schema="pg_catalog", encoder=_ticks, decoder=_moment, format="tuple"
    )


def _ticks(moment: datetime) -> tuple[int]:
    if moment is BEFORE_ALL or moment is AFTER_ALL:
        return (FIRST_TICK if moment is BEFORE_ALL else LAST_TICK,)
    return ((moment - EPOCH) // MICROSECOND,)


def _moment(ticks: tuple[int]) -> datetime:
    try:
        return EPOCH + ticks[0] * MICROSECOND
    except OverflowError:
        return BEFORE_ALL if ticks[0] < 0 else AFTER_ALL
