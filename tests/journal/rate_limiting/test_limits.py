"""Guessing takes time: counted before the try, agreed on by every process, forgotten after a while."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from journal.authentication import registration
from journal.authentication.registration import NewAccount
from journal.installation.installation import Installation
from journal.operations.retention import purge_deleted
from journal.rate_limiting import limits
from journal.rate_limiting import tables as rate_limiting_tables
from journal.rate_limiting.limits import Count, Limit, TooManyAttempts
from journal.roles import Role
from tests.cast import SERVER_KEY, ZONE, Cast, Clock
from tests.journal.rate_limiting.guesser import LIMIT, guess
from tests.journal.rate_limiting.newcomers import PASSWORD

SHORT = Limit(3, 30, 120, 3600)


def count(cast: Cast, name: str = "door", limit: Limit = SHORT, *, own: bool = False) -> Count:
    """Something to count by."""
    return Count(limits.compute_key(cast.installation, name, b"alice"), limit, own)


async def waits(cast: Cast, *counts: Count) -> int:
    """Try once; returns the pause that is spoken of, which no slow machine makes shorter; 0 for a try let through."""
    try:
        await limits.count_attempt(counts)
    except TooManyAttempts as error:
        return next(longest for longest, _ in limits.WAIT_SENTENCES if error.retry_after <= longest)
    return 0


async def test_the_pause_doubles_up_to_its_ceiling(cast: Cast) -> None:
    """A few tries are free; then each costs twice the pause of the one before, and asking again costs nothing."""
    door = count(cast)
    assert [await waits(cast, door) for _ in range(5)] == [0, 0, 0, 30, 30]
    for pause in (60, 120, 120, 120):
        await cast.later(seconds=1)
        assert await waits(cast, door) > 0
        await cast.later(seconds=119)
        assert await waits(cast, door) == 0
        assert await waits(cast, door) == pause


async def test_quiet_is_forgotten_and_purged(cast: Cast) -> None:
    """After a quiet time counting begins anew, and nothing is left of it in the database."""
    door = count(cast)
    for _ in range(4):
        await waits(cast, door)
    await cast.later(seconds=30 + SHORT.forget_after - 600)
    await purge_deleted(cast.installation, cast.clock())
    assert await rate_limiting_tables.Throttle.all().count() == 1
    await cast.later(seconds=600)
    assert [await waits(cast, door) for _ in range(4)] == [0, 0, 0, 30]
    await cast.later(days=1)
    await purge_deleted(cast.installation, cast.clock())
    assert await rate_limiting_tables.Throttle.all().count() == 0


async def test_what_waits_by_one_count_is_not_counted_by_another(cast: Cast) -> None:
    """A try that is not let through leaves every count as it was."""
    door, installation = count(cast), count(cast, "house", Limit(5, 30, 120, 3600))
    for _ in range(3):
        await waits(cast, door)
    for _ in range(9):
        assert await waits(cast, door, installation) == 30
    assert [await waits(cast, installation) for _ in range(6)] == [0, 0, 0, 0, 0, 30]


async def test_success_takes_back_its_own_try_only(cast: Cast) -> None:
    """Who comes in clears what counts them alone; of what others share only the one try is taken back."""
    shared, own = count(cast, "source"), count(cast, "pair", own=True)
    await waits(cast, shared, own)
    await limits.refund_attempt(await limits.count_attempt([shared, own]))
    assert [await waits(cast, shared) for _ in range(3)] == [0, 0, 30]
    assert [await waits(cast, own) for _ in range(4)] == [0, 0, 0, 30]
    await cast.later(seconds=30)
    await limits.refund_attempt(await limits.count_attempt([shared]))
    assert [await waits(cast, shared) for _ in range(2)] == [0, 60]


async def test_giving_back_does_not_lift_the_pause_of_another_try(cast: Cast) -> None:
    """Whoever has an account of their own cannot use it to go on guessing at another."""
    shared = count(cast)
    charged = await limits.count_attempt([shared])
    assert [await waits(cast, shared) for _ in range(3)] == [0, 0, 30]
    await limits.refund_attempt(charged)
    assert await waits(cast, shared) == 30


async def test_a_clock_that_was_put_back_shuts_nobody_out(cast: Cast) -> None:
    """A pause longer than there are is over, and the next is as long as it would have been, until it is forgotten."""
    door = count(cast, limit=Limit(3, 30, 120, 7 * 24 * 3600))
    for _ in range(3):
        await waits(cast, door)
    await cast.later(days=-3)
    assert [await waits(cast, door) for _ in range(2)] == [0, 60]


async def another_process(url: str, ahead: int) -> int:
    """Guess in a process of its own; return how many tries came through."""
    command = (sys.executable, "-m", "tests.journal.rate_limiting.guesser", url, "40", str(ahead))
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    return int((await process.communicate())[0])


async def test_a_burst_gets_no_more_than_its_free_tries(furnished_url: tuple[str, object]) -> None:
    """Two stores and two processes with other clocks, all at once on one database, agree on who comes through."""
    url = furnished_url[0]
    there = asyncio.gather(another_process(url, -10), another_process(url, 10))
    here = await asyncio.gather(guess(url, 20), guess(url, 20))
    assert sum(here) + sum(await there) == LIMIT.free_attempts


async def test_people_behind_one_address_all_come_in(cast: Cast, furnished_url: tuple[str, object]) -> None:
    """Eight who type the right password at one moment come in at two workers whose clocks differ; nobody waits."""
    url, addresses = furnished_url[0], [f"guest{number}@example.org" for number in range(8)]
    for email in addresses:
        new = NewAccount("Guest Example", email, PASSWORD, PASSWORD, ZONE)
        readied = await registration.prepare_account(cast.installation, new)
        await registration.create_account(cast.installation, Role.PATIENT, readied)
    for _ in range(2):
        workers = [
            await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.journal.rate_limiting.newcomers", url, ahead, *theirs),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            for ahead, theirs in (("0", addresses[::2]), ("10", addresses[1::2]))
        ]
        for worker in workers:
            assert worker.stdout is not None
            assert await worker.stdout.readline() == b"ready\n"
        came = await asyncio.gather(*(worker.communicate(b"now\n") for worker in workers))
        assert [out for out, _ in came] == [b"4", b"4"]


async def test_keys_tell_nothing_without_the_server_key(cast: Cast) -> None:
    """The same thing counted under another server key, or as another thing, has another key."""
    other = Installation.with_key(SERVER_KEY[::-1], clock=Clock(), quick=True)
    keys = {
        limits.compute_key(cast.installation, "source", b"192.0.2.7"),
        limits.compute_key(other, "source", b"192.0.2.7"),
        limits.compute_key(cast.installation, "account", b"192.0.2.7"),
        limits.compute_key(cast.installation, "source", b"192.0.2", b".7"),
    }
    assert len(keys) == 4
    assert all(len(key) == 64 for key in keys)


@pytest.mark.parametrize(("longest", "words"), limits.WAIT_SENTENCES)
def test_everybody_is_told_how_long(longest: int, words: str) -> None:
    """Each pause has its sentence, and no pause is longer than the last of them."""
    assert TooManyAttempts(longest, "password").fields == {"password": words}
    assert (
        max(limit.max_pause for limit in vars(limits).values() if isinstance(limit, Limit))
        <= (limits.WAIT_SENTENCES[-1][0])
    )
