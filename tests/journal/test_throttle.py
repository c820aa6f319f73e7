"""Guessing takes time: counted before the try, agreed on by every process, forgotten after a while."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from journal import tables, throttle
from journal.house import House
from journal.purging import purge
from journal.throttle import Count, Limit, TooManyTries
from tests.cast import SERVER_KEY, Cast, Clock
from tests.journal.guesser import LIMIT, guess

SHORT = Limit(3, 30, 120, 3600)


def count(cast: Cast, name: str = "door", limit: Limit = SHORT, *, own: bool = False) -> Count:
    """Something to count by."""
    return Count(throttle.key_of(cast.house, name, b"alice"), limit, own)


async def waits(cast: Cast, *counts: Count) -> int:
    """Try once; gives how many seconds there are to wait, or 0 when the try was let through."""
    try:
        await throttle.charge(cast.house, counts)
    except TooManyTries as error:
        return error.seconds
    return 0


async def test_the_pause_doubles_up_to_its_ceiling(cast: Cast) -> None:
    """A few tries are free; then each costs twice the pause of the one before, and asking again costs nothing."""
    door = count(cast)
    assert [await waits(cast, door) for _ in range(5)] == [0, 0, 0, 30, 30]
    for pause in (60, 120, 120, 120):
        cast.clock.forward(seconds=29)
        assert await waits(cast, door) > 0
        cast.clock.forward(seconds=100)
        assert await waits(cast, door) == 0
        assert await waits(cast, door) == pause


async def test_quiet_is_forgotten_and_purged(cast: Cast) -> None:
    """After a quiet time counting begins anew, and nothing is left of it in the database."""
    door = count(cast)
    for _ in range(4):
        await waits(cast, door)
    cast.clock.forward(seconds=30 + SHORT.forget - 1)
    await purge(cast.house, cast.clock())
    assert await tables.Throttle.all().count() == 1
    cast.clock.forward(seconds=1)
    assert [await waits(cast, door) for _ in range(4)] == [0, 0, 0, 30]
    cast.clock.forward(days=1)
    await purge(cast.house, cast.clock())
    assert await tables.Throttle.all().count() == 0


async def test_what_waits_by_one_count_is_not_counted_by_another(cast: Cast) -> None:
    """A try that is not let through leaves every count as it was."""
    door, house = count(cast), count(cast, "house", Limit(5, 30, 120, 3600))
    for _ in range(3):
        await waits(cast, door)
    for _ in range(9):
        assert await waits(cast, door, house) == 30
    assert [await waits(cast, house) for _ in range(6)] == [0, 0, 0, 0, 0, 30]


async def test_success_takes_back_its_own_try_only(cast: Cast) -> None:
    """Who comes in clears what counts them alone; of what others share only the one try is taken back."""
    shared, own = count(cast, "source"), count(cast, "pair", own=True)
    await waits(cast, shared, own)
    await throttle.give_back(await throttle.charge(cast.house, [shared, own]))
    assert [await waits(cast, shared) for _ in range(3)] == [0, 0, 30]
    assert [await waits(cast, own) for _ in range(4)] == [0, 0, 0, 30]
    cast.clock.forward(seconds=30)
    await throttle.give_back(await throttle.charge(cast.house, [shared]))
    assert [await waits(cast, shared) for _ in range(2)] == [0, 60]


async def test_giving_back_does_not_lift_the_pause_of_another_try(cast: Cast) -> None:
    """Whoever has an account of their own cannot use it to go on guessing at another."""
    shared = count(cast)
    charged = await throttle.charge(cast.house, [shared])
    cast.clock.forward(seconds=1)
    assert [await waits(cast, shared) for _ in range(3)] == [0, 0, 30]
    await throttle.give_back(charged)
    assert await waits(cast, shared) == 30


async def another_process(url: str) -> int:
    """Guess in a process of its own; gives how many tries came through."""
    command = (sys.executable, "-m", "tests.journal.guesser", url, "40")
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    return int((await process.communicate())[0])


async def test_a_burst_gets_no_more_than_its_free_tries(furnished_url: tuple[str, object]) -> None:
    """Two stores and two processes on one database, all at once, agree on who comes through."""
    url = furnished_url[0]
    there = asyncio.gather(another_process(url), another_process(url))
    here = await asyncio.gather(guess(url, 20), guess(url, 20))
    assert sum(here) + sum(await there) == LIMIT.free


async def test_keys_tell_nothing_without_the_server_key(cast: Cast) -> None:
    """The same thing counted under another server key, or as another thing, has another key."""
    other = House.with_key(SERVER_KEY[::-1], clock=Clock(), quick=True)
    keys = {
        throttle.key_of(cast.house, "source", b"192.0.2.7"),
        throttle.key_of(other, "source", b"192.0.2.7"),
        throttle.key_of(cast.house, "account", b"192.0.2.7"),
        throttle.key_of(cast.house, "source", b"192.0.2", b".7"),
    }
    assert len(keys) == 4
    assert all(len(key) == 64 for key in keys)


@pytest.mark.parametrize(("longest", "words"), throttle.WAITS)
def test_everybody_is_told_how_long(longest: int, words: str) -> None:
    """Each pause has its sentence, and no pause is longer than the last of them."""
    assert TooManyTries(longest, "password").fields == {"password": words}
    assert (
        max(limit.ceiling for limit in vars(throttle).values() if isinstance(limit, Limit))
        <= (throttle.WAITS[-1][0])
    )
