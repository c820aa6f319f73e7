"""
Guessing takes time: tries are counted in the database and by its clock, so that any number of processes agree.

A try is counted before it is made, in one statement, so a burst does not slip through; one that succeeds is given
back. Nobody waits for another's try, only for a pause that is due.

A person whose browser is known is counted by that browser alone: whoever guesses from elsewhere cannot make
them wait. Keys are HMACs under the server key and made of addresses as they were typed, whether or not they have
an account.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache

from crypto import join_fields
from journal.errors import InvalidInput
from journal.i18n import N_
from journal.installation.installation import Installation
from journal.installation.password_work import Busy
from journal.store.database import ensure_transaction, execute, fetch_raw, get_clock_sql, transaction
from journal.store.progress import commit_aside
from journal.store.rows import DamagedRow, Row, parse_rows

WAIT_SENTENCES = (
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


class TooManyAttempts(InvalidInput):
    """It was tried too often; `seconds` says how long to wait. Says nothing about whether there is such an account."""

    def __init__(self, seconds: int, field: str) -> None:
        sentence = next(
            (words for longest, words in WAIT_SENTENCES if seconds <= longest), WAIT_SENTENCES[-1][1]
        )
        super().__init__({field: sentence}, sentence)
        self.retry_after = seconds


@dataclass(frozen=True, slots=True)
class Limit:
    """
    How often something may be tried.

    Attributes:
        free_attempts: So many tries follow each other without a pause.
        first_pause: The pause after them, in seconds; each further try doubles it.
        max_pause: The longest pause, in seconds.
        forget_after: When nothing was tried for so many seconds after a pause, counting begins anew.
    """

    free_attempts: int
    first_pause: int
    max_pause: int
    forget_after: int


HOUR, DAY = 3600, 24 * 3600
MAX_TRIES = 2**30  # tries that are counted: storage can write a number after which there is none
OWN_LIMIT = Limit(5, 30, HOUR // 4, DAY)
ACCOUNT_LIMIT = Limit(20, 30, HOUR // 4, DAY)
SOURCE_LIMIT = Limit(60, 15, 300, DAY // 4)
"""A practice or a household shares one, so it bears more."""
FEED_LIMIT = Limit(60, 15, 300, HOUR // 6)
"""A calendar asks every quarter of an hour or so, on a few devices; whoever asks without end waits."""
CODE_LIMIT = Limit(5, 30, 6 * HOUR, 30 * DAY)
"""Six digits, three of a million right: docs/threat-model.md has the odds that come of this."""


@dataclass(frozen=True, slots=True)
class Count:
    """
    One thing that tries are counted by.

    `is_own` says that only whoever succeeds now is counted by it, so that their success ends the counting; otherwise
    it takes back the one try, and leaves standing what others tried.
    """

    key: str
    limit: Limit
    is_own: bool = False


class WaitRow(Row, frozen=True):
    """Until when a try has to wait, and what the database's clock says; milliseconds since 1970."""

    until: int
    now: int


@dataclass(frozen=True, slots=True)
class CountedAttempt:
    """A try that was counted: by what, and the end of the pause that it began, or 0."""

    counts: tuple[tuple[Count, int], ...]


def compute_key(installation: Installation, name: str, *parts: bytes) -> str:
    """Return the key of a count; it reveals nothing without the server key."""
    return installation.server_keys.mac("throttle", join_fields(name.encode(), *parts)).hex()


@commit_aside
async def count_attempt(counts: Iterable[Count], *, field: str = "password") -> CountedAttempt:
    """
    Count one attempt in all of *counts*, or in none when one of them has to wait.

    Args:
        field: Where a form says that somebody has to wait.

    Raises:
        TooManyAttempts: If it has to wait; nothing was counted then.
    """
    now, charged = get_clock_sql(), []
    # In one order everywhere: two transactions that lock the same rows never wait for each other.
    async with transaction():
        for count in sorted(counts, key=lambda one: one.key):
            found = await fetch_raw(_build_upsert(count.limit, now), count.key)
            if not found:
                waits = await _load_wait(count, now)
                if waits is not None:
                    raise TooManyAttempts(waits, field)
                found = await fetch_raw(_build_upsert(count.limit, now), count.key)
            charged.append((count, found[0][0]))
    return CountedAttempt(tuple(charged))


async def _load_wait(count: Count, now: str) -> int | None:
    """
    Return how many seconds an attempt has to wait.

    None for a damaged row, which would lock its owner out for ever. It is deleted: whoever damaged it could have
    deleted it as well.
    """
    row = next(iter(parse_rows(WaitRow, await fetch_raw(SELECT_WAIT.format(now=now), count.key))), None)
    if row is None or isinstance(row, DamagedRow):
        await execute("DELETE FROM throttle WHERE key = $1", count.key)
        return None
    return max(1, -(-(row.until - row.now) // 1000))


@asynccontextmanager
async def refund_if_busy(charged: CountedAttempt) -> AsyncIterator[None]:
    """Refund an attempt whose password was not checked because too many others waited."""
    try:
        yield
    except Busy:
        await refund_attempt(charged, succeeded=False)
        raise


@commit_aside
async def refund_attempt(charged: CountedAttempt, *, succeeded: bool = True) -> None:
    """Refund an attempt that succeeded, or was never made; joins the open transaction."""
    async with ensure_transaction():
        for count, until in charged.counts:
            if count.is_own and succeeded:
                await execute("DELETE FROM throttle WHERE key = $1", count.key)
            else:
                await execute(UPDATE_REFUNDED, until, count.key)


async def purge_expired() -> None:
    """Delete expired counts."""
    await execute(DELETE_EXPIRED.format(now=get_clock_sql()))


# `until` is 0 while no pause is due. A pause longer than there are comes of a clock that was put back, and is over;
# what was tried by a clock that ran ahead is as old as what was tried as long ago.
# It begins with WITH, since the PostgreSQL driver hands out no rows of a statement that begins with INSERT.
UPSERT_ATTEMPT = """
    WITH tried (key) AS (SELECT CAST($1 AS VARCHAR(64)))
    INSERT INTO throttle (key, tries, until, forgotten) SELECT key, 1, 0, {now} + {forget} FROM tried WHERE true
    ON CONFLICT (key) DO UPDATE SET
        tries = CASE WHEN {old} THEN 1
            WHEN throttle.tries >= {most} THEN {most}
            ELSE throttle.tries + 1 END,
        until = CASE
            WHEN {old} OR throttle.tries < {free} - 1 THEN 0
            WHEN throttle.tries >= {last} - 1 THEN {now} + {ceiling}
            ELSE {now} + ({first} << (throttle.tries + 1 - {free})) END,
        forgotten = {now} + {forget} + CASE
            WHEN {old} OR throttle.tries < {free} - 1 THEN 0
            WHEN throttle.tries >= {last} - 1 THEN {ceiling}
            ELSE {first} << (throttle.tries + 1 - {free}) END
    WHERE throttle.until <= {now} OR throttle.until > {now} + {ceiling}
    RETURNING until
"""
IS_EXPIRED = "(throttle.forgotten <= {now} OR throttle.forgotten > {now} + 2 * {forget} + {ceiling})"
SELECT_WAIT = "SELECT until, {now} FROM throttle WHERE key = $1"
DELETE_EXPIRED = "DELETE FROM throttle WHERE forgotten <= {now}"
UPDATE_REFUNDED = """
    UPDATE throttle SET until = CASE WHEN until = $1 THEN 0 ELSE until END,
        tries = CASE WHEN tries > 0 THEN tries - 1 ELSE 0 END
    WHERE key = $2
"""


@lru_cache
def _build_upsert(limit: Limit, now: str) -> str:
    """Return the statement that counts one attempt: it returns a row if the attempt may be made, else none."""
    doublings = next(n for n in range(64) if limit.first_pause << n >= limit.max_pause)
    forget, ceiling = limit.forget_after * 1000, limit.max_pause * 1000
    return UPSERT_ATTEMPT.format(
        now=now,
        old=IS_EXPIRED.format(now=now, forget=forget, ceiling=ceiling),
        free=limit.free_attempts,
        most=MAX_TRIES,
        last=limit.free_attempts + doublings,
        first=limit.first_pause * 1000,
        ceiling=ceiling,
        forget=forget,
    )
