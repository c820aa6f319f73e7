"""
Guessing takes time: tries are counted in the database, so that any number of processes agree.

A try is counted before it is made, in one statement, so a burst does not slip through; one that succeeds is given
back. A person whose browser is known is counted by that browser alone: whoever guesses from elsewhere cannot make
them wait. Keys are HMACs under the server key and made of addresses as they were typed, whether or not they have
an account.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from crypto import join_fields
from journal import tables
from journal.errors import Refused
from journal.house import House
from journal.store import change, fetch, joined, transaction
from journal.words import N_

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)

WAITS = (
    (30, N_("There were many tries. Please wait half a minute, then try again.")),
    (60, N_("There were many tries. Please wait a minute, then try again.")),
    (120, N_("There were many tries. Please wait two minutes, then try again.")),
    (300, N_("There were many tries. Please wait five minutes, then try again.")),
    (900, N_("There were many tries. Please wait a quarter of an hour, then try again.")),
    (1800, N_("There were many tries. Please wait half an hour, then try again.")),
    (3600, N_("There were many tries. Please wait an hour, then try again.")),
    (10800, N_("There were many tries. Please wait three hours, then try again.")),
    (21600, N_("There were many tries. Please wait six hours, then try again.")),
)


class TooManyTries(Refused):
    """It was tried too often; `seconds` says how long to wait. Says nothing about whether there is such an account."""

    def __init__(self, seconds: int, field: str) -> None:
        sentence = next((words for longest, words in WAITS if seconds <= longest), WAITS[-1][1])
        super().__init__({field: sentence}, sentence)
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Limit:
    """
    How often something may be tried.

    Attributes:
        free: So many tries follow each other without a pause.
        first: The pause after them, in seconds; each further try doubles it.
        ceiling: The longest pause, in seconds.
        forget: When nothing was tried for so many seconds after a pause, counting begins anew.
    """

    free: int
    first: int
    ceiling: int
    forget: int


HOUR, DAY = 3600, 24 * 3600
OWN = Limit(5, 30, HOUR // 4, DAY)
ACCOUNT = Limit(20, 30, HOUR // 4, DAY)
SOURCE = Limit(60, 15, 300, DAY // 4)
"""A practice or a household shares one, so it bears more."""
CODE = Limit(5, 30, 6 * HOUR, 30 * DAY)
"""Six digits, three of a million right: docs/threat-model.md has the odds that come of this."""


@dataclass(frozen=True, slots=True)
class Count:
    """
    One thing that tries are counted by.

    `own` says that only whoever succeeds now is counted by it, so that their success ends the counting; otherwise
    it takes back the one try, and leaves standing what others tried.
    """

    key: str
    limit: Limit
    own: bool = False


@dataclass(frozen=True, slots=True)
class Charged:
    """A try that was counted: by what, until when the next has to wait, and when it was."""

    counts: tuple[tuple[Count, int], ...]
    at: int


def key_of(house: House, name: str, *parts: bytes) -> str:
    """Give the key of what is counted as *name*; it tells nothing without the server key."""
    return house.server.mac("throttle", join_fields(name.encode(), *parts)).hex()


async def charge(house: House, counts: Iterable[Count], *, field: str = "password") -> Charged:
    """
    Count one try by everything in *counts*, or by nothing when one of them has to wait.

    Args:
        field: Where a form says that somebody has to wait.

    Raises:
        TooManyTries: If it has to wait; nothing was counted then.
    """
    now, charged = _milliseconds(house.clock()), []
    # In one order everywhere: two transactions that lock the same rows never wait for each other.
    try:
        async with transaction():
            for count in sorted(counts, key=lambda one: one.key):
                found = await fetch(_counting(count.limit), count.key, now)
                if not found:
                    ((until,),) = await fetch("SELECT until FROM throttle WHERE key = $1", count.key)
                    longest = now + count.limit.ceiling * 1000
                    raise TooManyTries(max(1, -(-(min(until, longest) - now) // 1000)), field)
                charged.append((count, found[0][0]))
    except TooManyTries:
        if until > longest:  # a clock that ran ahead wrote it: nobody waits longer than the ceiling
            await change(CAP, longest, longest + count.limit.forget * 1000, count.key, longest)
        raise
    return Charged(tuple(charged), now)


async def give_back(charged: Charged) -> None:
    """Take a try back that succeeded; joins the transaction that is open."""
    async with joined():
        for count, until in charged.counts:
            if count.own:
                await change("DELETE FROM throttle WHERE key = $1", count.key)
            else:
                await change(GIVE_BACK, until, charged.at, count.key)


async def purge(house: House) -> None:
    """Delete what is forgotten."""
    await tables.Throttle.filter(forgotten__lte=_milliseconds(house.clock())).delete()


# It begins with WITH, since the PostgreSQL driver hands out no rows of a statement that begins with INSERT.
COUNTING = """
    WITH tried (key, now) AS (SELECT CAST($1 AS VARCHAR(64)), CAST($2 AS BIGINT))
    INSERT INTO throttle (key, tries, until, forgotten) SELECT key, 1, now, now + {forget} FROM tried WHERE true
    ON CONFLICT (key) DO UPDATE SET
        tries = CASE WHEN throttle.forgotten <= excluded.until THEN 1 ELSE throttle.tries + 1 END,
        until = excluded.until + CASE
            WHEN throttle.forgotten <= excluded.until OR throttle.tries + 1 < {free} THEN 0
            WHEN throttle.tries + 1 >= {last} THEN {ceiling}
            ELSE {first} << (throttle.tries + 1 - {free}) END,
        forgotten = excluded.forgotten + CASE
            WHEN throttle.forgotten <= excluded.until OR throttle.tries + 1 < {free} THEN 0
            WHEN throttle.tries + 1 >= {last} THEN {ceiling}
            ELSE {first} << (throttle.tries + 1 - {free}) END
    WHERE throttle.until <= excluded.until
    RETURNING until
"""
CAP = "UPDATE throttle SET until = $1, forgotten = $2 WHERE key = $3 AND until > $4"
GIVE_BACK = """
    UPDATE throttle SET until = CASE WHEN until = $1 THEN $2 ELSE until END,
        tries = CASE WHEN tries > 0 THEN tries - 1 ELSE 0 END
    WHERE key = $3
"""


@lru_cache
def _counting(limit: Limit) -> str:
    """Write the statement that counts one try: it gives a row when the try may be made, and none when not."""
    doublings = next(n for n in range(64) if limit.first << n >= limit.ceiling)
    return COUNTING.format(
        free=limit.free,
        last=limit.free + doublings,
        first=limit.first * 1000,
        ceiling=limit.ceiling * 1000,
        forget=limit.forget * 1000,
    )


def _milliseconds(moment: datetime) -> int:
    return (moment - EPOCH) // MILLISECOND
