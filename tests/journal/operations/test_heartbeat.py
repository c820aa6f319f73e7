"""A clock that jumps, by minutes or by more than a year: nobody is shut out, nothing lives for ever or is lost."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from journal.ages import build_alive_filter, is_alive
from journal.authentication import tables as authentication_tables
from journal.authentication import web_sessions
from journal.care import invitations
from journal.entries import entries, removal
from journal.errors import LinkExpired
from journal.operations import heartbeat
from journal.operations.heartbeat import Heartbeat
from journal.operations.retention import purge_deleted
from journal.rate_limiting import limits
from journal.rate_limiting import tables as rate_limiting_tables
from journal.rate_limiting.limits import Count, Limit, TooManyAttempts
from journal.store.database import execute
from journal.vault.documents import EntryDocument
from tests.cast import Cast
from tests.journal.test_damaged_rows import LATE

JUMPS = [
    timedelta(minutes=sign * minutes)
    for minutes in (1, 10, 59, 61, 14 * 60, 25 * 60, 3 * 1440, 31 * 1440, 400 * 1440)
    for sign in (1, -1)
]
EACH = pytest.mark.parametrize("jump", JUMPS, ids=str)
HOUR = timedelta(hours=1)


class Ticks:
    """A monotonic clock that stands still until it is moved."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@EACH
async def test_a_session_made_before_a_jump_lives_no_longer_than_it_may(cast: Cast, jump: timedelta) -> None:
    """However the clock is corrected, a session opens only within its life of when it was made."""
    token = cast.tokens["alice"]
    cast.clock.now += jump
    actor = await web_sessions.load_actor(cast.installation, token)
    limit = timedelta(minutes=30)
    assert (actor is not None) == (abs(jump) < limit + web_sessions.USE_INTERVAL)
    await authentication_tables.WebSession.all().update(used_at=cast.clock.now)
    cast.clock.now += timedelta(seconds=1)
    assert (await web_sessions.load_actor(cast.installation, token) is None) or abs(
        jump
    ) < web_sessions.LIFETIME


@EACH
async def test_a_link_lives_within_its_life_of_when_it_was_made(cast: Cast, jump: timedelta) -> None:
    """An invitation opens only less than its life from when it was made, before or after."""
    bob = await cast.actor("bob")
    made = await invitations.create_invitation(bob, "Dana")
    cast.clock.now += jump
    if abs(jump) < invitations.LIFETIME:
        await invitations.verify_token(cast.installation, made.token)
    else:
        with pytest.raises(LinkExpired):
            await invitations.verify_token(cast.installation, made.token)


@EACH
async def test_nothing_is_purged_after_a_jump(cast: Cast, jump: timedelta) -> None:
    """After more than an hour against the monotonic clock nothing is deleted for good, until an operator says so."""
    alice = await cast.actor("alice")
    one = await entries.save_entry(alice, uuid4(), 0, EntryDocument("free", "", "not today", None, {}))
    await removal.delete_entry(alice, one.id)
    beat = Heartbeat(cast.installation, Ticks())
    await beat.beat()
    cast.clock.now += jump
    await beat.beat()
    doubted = abs(jump) > HOUR
    assert (await heartbeat.load_held_since() is not None) == doubted
    there = await purge_deleted(cast.installation, cast.clock.now) == 0
    assert there == (doubted or jump <= entries.UNDO_WINDOW)
    await beat.beat()
    assert (await heartbeat.load_held_since() is not None) == doubted
    assert await heartbeat.confirm_clock(cast.installation) == doubted
    await beat.beat()
    assert await heartbeat.load_held_since() is None
    if jump < timedelta(0):  # it waits as long as one that is deleted now, and no longer
        assert await purge_deleted(cast.installation, cast.clock.now + entries.UNDO_WINDOW) == 0
        assert await purge_deleted(cast.installation, cast.clock.now + entries.UNDO_WINDOW + HOUR) == 1


@EACH
async def test_a_start_after_a_jump_holds(cast: Cast, jump: timedelta) -> None:
    """A process that starts compares its clock with when one last served."""
    await Heartbeat(cast.installation, Ticks()).beat()
    cast.clock.now += jump
    await Heartbeat(cast.installation, Ticks()).beat()
    assert (await heartbeat.load_held_since() is not None) == (abs(jump) > HOUR)


@EACH
async def test_a_pause_is_no_longer_than_its_ceiling(cast: Cast, jump: timedelta) -> None:
    """Whichever way the database's clock was put right, who has to wait comes through after the longest pause."""
    limit = Limit(3, 30, 120, 3600)
    door = Count(limits.compute_key(cast.installation, "door", b"alice"), limit)
    for _ in range(limit.free_attempts):
        await limits.count_attempt([door])
    await cast.later(seconds=jump.total_seconds())
    with suppress(TooManyAttempts):
        await limits.count_attempt([door])
    for _ in range(3):
        await cast.later(seconds=limit.max_pause)
        await limits.count_attempt([door])


@EACH
async def test_tries_are_forgotten_whichever_way_the_clock_jumped(cast: Cast, jump: timedelta) -> None:
    """What was tried by a clock that ran ahead is as old as what was tried as long ago."""
    limit = Limit(3, 30, 120, 12 * 3600)
    door = Count(limits.compute_key(cast.installation, "door", b"alice"), limit)
    for _ in range(limit.free_attempts):
        await limits.count_attempt([door])
    await cast.later(seconds=jump.total_seconds())
    with suppress(TooManyAttempts):
        await limits.count_attempt([door])
        waits = (await rate_limiting_tables.Throttle.get(key=door.key)).until != 0
        assert waits == (abs(jump) < timedelta(seconds=limit.forget_after))


async def test_a_clock_that_runs_is_believed(cast: Cast) -> None:
    """A database that was away for a day holds nothing: both clocks went on by as much."""
    ticks = Ticks()
    beat = Heartbeat(cast.installation, ticks)
    for hours in (0.01, 0.5, 24, 0.01, 48):
        await beat.beat()
        cast.clock.forward(hours=hours)
        ticks.now += hours * 3600
    await beat.beat()
    assert await heartbeat.load_held_since() is None


async def test_two_workers_whose_clocks_differ_do_not_toggle(cast: Cast) -> None:
    """One heartbeat for both: seconds apart they hold nothing; days apart they hold once, and stay so."""
    ticks, noon = Ticks(), cast.clock.now
    one, other = Heartbeat(cast.installation, ticks), Heartbeat(cast.installation, ticks)

    async def both(apart: timedelta) -> list[datetime | None]:
        seen = []
        for _ in range(5):
            for beat, ahead in ((one, timedelta(0)), (other, apart)):
                cast.clock.now = noon + ahead + timedelta(seconds=ticks.now - 1000)
                await beat.beat()
                seen.append(await heartbeat.load_held_since())
            ticks.now += 30
        return seen

    assert set(await both(timedelta(seconds=10))) == {None}
    other = Heartbeat(cast.installation, ticks)
    before, *after = await both(timedelta(days=3))
    assert before is None
    assert len(set(after)) == 1
    assert after[0] is not None


@EACH
async def test_expiry_goes_on_while_purging_is_held(cast: Cast, jump: timedelta) -> None:
    """Sessions are locked and end while nothing is deleted for good."""
    await heartbeat.confirm_clock(cast.installation)
    await heartbeat.hold_purging(cast.clock.now)
    cast.clock.now += jump
    await purge_deleted(cast.installation, cast.clock.now)
    lasting = await authentication_tables.WebSession.filter(wrapped__isnull=False).count()
    assert (lasting > 0) == (abs(jump) < timedelta(minutes=30) + web_sessions.USE_INTERVAL)
    assert (await authentication_tables.WebSession.all().count() > 0) == (abs(jump) < web_sessions.LIFETIME)


@EACH
def test_an_age_has_no_sign(jump: timedelta) -> None:
    """What was made by a clock that ran ahead is as old as what was made as long ago."""
    now, life = datetime(2026, 1, 1), timedelta(days=7)
    assert is_alive(now + jump + life, now, life) == (abs(jump) < life)
    assert build_alive_filter(now, life) == {"expires_at__gt": now, "expires_at__lt": now + 2 * life}


@pytest.mark.parametrize("cell", ["seen_at", "held_at"])
async def test_a_damaged_heartbeat_is_not_believed(cast: Cast, cell: str) -> None:
    """What says nothing about the clock holds purging, and an operator ends that as ever."""
    beat = Heartbeat(cast.installation)
    await beat.beat()
    await execute(f"UPDATE heartbeat SET {cell} = $1", LATE)
    assert await heartbeat.load_held_since() is not None
    await beat.beat()
    assert await heartbeat.load_held_since() == cast.clock.now
    assert await heartbeat.confirm_clock(cast.installation)
    assert await heartbeat.load_held_since() is None
