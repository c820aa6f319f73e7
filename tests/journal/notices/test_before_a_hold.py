"""Nothing reaches a clinician from the start of a dosing session until rest, and no notice is lost to that."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from random import Random
from uuid import UUID, uuid4

import msgspec
import pytest

from journal.care import tables
from journal.care.notice_release import DELAY, find_release_time, release_due
from journal.entries import entries
from journal.errors import HeldUntilRested
from journal.notices import states, writing
from journal.scheduling import plan as session_plan
from journal.sessions.holds import find_hold, load_hold
from journal.sessions.session import Route, SessionDetails, SessionKind, Setting, Status
from journal.store.database import execute, is_sqlite
from journal.time_zones import parse_zone
from tests.cast import NOON, ZONE, Cast
from tests.journal.notices.test_agreements import agreed
from tests.journal.notices.test_notices import choose, open_of, said, state
from tests.scenes import connected, in_session, rested, signed_in_again

JOB = timedelta(seconds=10)


def planned(
    minutes: int, status: Status = Status.PLANNED, kind: SessionKind = SessionKind.DOSING
) -> SessionDetails:
    """A session that is planned for so many minutes after noon."""
    local = (NOON + timedelta(minutes=minutes)).astimezone(parse_zone(ZONE)).replace(tzinfo=None)
    route = Route.SUBLINGUAL if kind is SessionKind.DOSING else None
    return SessionDetails(
        kind, local.isoformat(timespec="minutes"), ZONE, 120, Setting.HOME, route, status=status
    )


async def plan(cast: Cast, minutes: int) -> UUID:
    """Have alice plan a dosing session for so many minutes from now."""
    alice = await cast.actor("alice")
    return await session_plan.add_session(alice, alice.id, _in(cast, minutes))


def _in(cast: Cast, minutes: int) -> SessionDetails:
    return planned(int((cast.clock.now - NOON).total_seconds() // 60) + minutes)


def test_a_notice_goes_before_each_planned_time_and_within_ten_minutes():
    """For every pair of times and statuses; where it is not due now, nothing holds when the job comes round."""
    for first in range(-30, 31, 3):
        for second in range(-30, 31, 7):
            for status in (Status.PLANNED, Status.PREPARING, Status.CANCELLED):
                plans = [planned(first, status), planned(second, Status.DAY_OF)]
                at = find_release_time(plans, NOON)
                assert NOON <= at <= NOON + DELAY
                if at > NOON:
                    assert find_hold(plans, at + JOB) is None
    assert find_release_time([planned(5)], NOON) == NOON + timedelta(minutes=4)
    for nothing in (planned(5, Status.CANCELLED), planned(5, kind=SessionKind.INTEGRATION), planned(30)):
        assert find_release_time([nothing], NOON) == NOON + DELAY


@pytest.mark.parametrize("seed", range(4))
async def test_no_notice_goes_between_a_start_and_rest_and_none_is_lost(cast: Cast, seed: int):
    """Random plans, starts, moves, answers and waits: each notice goes in no hold, and in ten minutes at most."""
    random, wanted, base, session = Random(seed), uuid4(), 0, None
    await agreed(cast, None, await connected(cast, "charlie"), 1)
    for _ in range(90):
        await cast.just_asked()
        alice = await cast.actor("alice")
        held = await load_hold(alice)
        before = await _list_gone()
        act = random.choice(("answer", "answer", "plan", "move", "start", "wait", "wait", "wait", "rest"))
        if act == "answer" and held is None:
            with suppress(HeldUntilRested):  # a planned time that comes as she answers
                for value in (0, 1):
                    base = (await choose(cast, value, wanted, base)).revision
        elif act == "plan" and session is None:
            session = await plan(cast, random.randint(-2, 14))
        elif act in ("move", "start") and session and held is None:
            there = await session_plan.load_session(alice, session)
            moved = msgspec.structs.replace(there.details, local=_in(cast, random.randint(-2, 14)).local)
            await (
                session_plan.change_session(alice, session, there.revision, moved)
                if act == "move"
                else session_plan.change_status(alice, session, Status.IN_SESSION)
            )
        elif act == "rest" and held is not None and session:
            if not held.needs_confirmation:
                await session_plan.change_status(alice, session, Status.IN_SESSION)
            cast.clock.forward(hours=random.randint(1, 3))
            assert await release_due(cast.installation) == 0
            await rested(cast, session)
            wanted, base, session, held = uuid4(), 0, None, await load_hold(await cast.actor("alice"))
        assert held is None or await _list_gone() == before
        await _wait(cast, random.randint(0, 20) if act == "wait" else 1)
    await _wait(cast, DELAY // JOB)
    rows = await tables.PatientNotice.all()
    assert len(rows) > 4
    late = [one for one in rows if not one.released_at or one.released_at - one.created_at > DELAY + 2 * JOB]
    assert late == [], [(one.created_at, one.release_at, one.released_at) for one in late]


async def test_one_that_is_due_as_a_session_begins_goes_with_its_answer(cast: Cast):
    """Half a minute before the planned time the job may come too late."""
    await agreed(cast)
    cast.clock.forward(seconds=90 - cast.clock.now.second)
    await plan(cast, 1)
    await choose(cast, 1, uuid4())
    assert len(await open_of(cast)) == 1


async def test_a_start_that_is_not_saved_releases_nothing(cast: Cast):
    """Both are one transaction."""
    await agreed(cast)
    session = await plan(cast, 60)
    await choose(cast, 1, uuid4())
    break_it = (
        "CREATE TRIGGER t1 BEFORE UPDATE ON kap_session BEGIN SELECT RAISE(ABORT, 'no more'); END"
        if is_sqlite()
        else "ALTER TABLE kap_session ADD CONSTRAINT no_more CHECK (revision < 2)"
    )
    await execute(break_it)
    with pytest.raises(Exception, match=r"no.more"):
        await session_plan.change_status(await cast.actor("alice"), session, Status.IN_SESSION)
    assert await open_of(cast) == ()


async def test_the_copy_of_the_backup_waits_for_rest_and_the_page_says_so(cast: Cast):
    """It is open for longer than agreed, in a session: it goes once she has rested, or a week has passed."""
    other = await connected(cast, "charlie")
    await agreed(cast, None, other, 1)
    entry = await choose(cast, 1, uuid4())
    session = await in_session(cast)
    cast.clock.forward(hours=1)
    assert await release_due(cast.installation) == 0
    await signed_in_again(cast)
    alice = await cast.actor("alice")
    told = await writing.load_told(alice, await entries.load_entry(alice, entry.id))
    found = states.describe(told, mail=False, is_held=True)
    assert said(found)[-1] == states.BACKUP_RESTS
    await rested(cast, session)
    assert await release_due(cast.installation) == 1
    assert states.BACKUP_SENT in said(await state(cast, entry))


async def test_whoever_never_says_that_they_rested_keeps_nothing_from_the_backup_for_longer_than_a_week(
    cast: Cast,
):
    """The same week after which a clinician waits no longer."""
    await agreed(cast, None, await connected(cast, "charlie"), 1)
    await choose(cast, 1, uuid4())
    await in_session(cast)
    cast.clock.forward(days=6)
    assert await release_due(cast.installation) == 0
    cast.clock.forward(days=3)
    assert await release_due(cast.installation) == 1


async def _wait(cast: Cast, rounds: int) -> None:
    """Run the job of the server so many times."""
    for _ in range(rounds):
        cast.clock.forward(seconds=JOB.seconds)
        held, before = await load_hold(await cast.actor("alice")), await _list_gone()
        await release_due(cast.installation)
        assert held is None or await _list_gone() == before


async def _list_gone() -> set[tuple[UUID, bool]]:
    rows = await tables.PatientNotice.all()
    return {(one.id, False) for one in rows if one.released_at} | {
        (one.id, True) for one in rows if one.backup_released_at
    }
