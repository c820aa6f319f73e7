"""Check-ins as entries: one for each moment of a session, gone on with, held around a dosing session, and shared."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import pytest

from journal.actor import Actor
from journal.catalogue.fields import Answers
from journal.catalogue.tracked import CheckIn
from journal.check_ins import offers, records
from journal.entries import entries
from journal.errors import HeldUntilRested, NotFound, StaleRevision
from journal.scheduling import plan as session_plan
from journal.sessions.rows import load_my_sessions
from journal.sessions.session import SessionDetails, SessionKind, Setting, Status
from journal.vault.documents import EntryDocument
from journal.vault.entry_rows import Entry
from tests.cast import ZONE, Cast
from tests.scenes import in_session, rested, signed_in_again, written


async def saved(
    cast: Cast,
    moment: CheckIn,
    session: UUID | None,
    answers: Answers,
    wanted: UUID | None = None,
    base: int = 0,
    *,
    is_done: bool = True,
) -> Entry:
    """Have alice save a check-in."""
    return await records.save_check_in(
        await cast.actor("alice"), moment, session, answers, wanted or uuid4(), base, "p", is_done=is_done
    )


async def planned(cast: Cast, local: str = "2026-11-22T14:00") -> UUID:
    """Have alice plan a dosing session."""
    alice = await cast.actor("alice")
    details = SessionDetails(SessionKind.DOSING, local, ZONE, 120, Setting.HOME)
    return await session_plan.add_session(alice, alice.id, details)


async def test_half_of_one_is_gone_on_with_and_completed_once(cast: Cast) -> None:
    """What is not asked at its moment is left out; the day of completion stays when it is corrected later."""
    session = await in_session(cast)
    await rested(cast, session)
    half = await saved(
        cast, CheckIn.NEXT_DAY, session, {"checkin.felt": "1", "checkin.blood": "yes"}, is_done=False
    )
    assert half.document.answers == {"checkin.moment": "next-day", "checkin.felt": "1"}
    whole = await saved(cast, CheckIn.NEXT_DAY, session, {"checkin.difficulty": 3}, half.id, 1)
    assert whole.document.answers == {
        "checkin.moment": "next-day",
        "checkin.difficulty": 3,
        "checkin.day": "2026-11-23",
    }
    cast.clock.forward(days=2)
    await signed_in_again(cast)
    later = await saved(
        cast, CheckIn.NEXT_DAY, session, {"checkin.difficulty": 4}, half.id, whole.revision, is_done=False
    )
    assert later.document.answers["checkin.day"] == "2026-11-23"
    (made,) = await records.load_made(await cast.actor("alice"))
    assert (made.moment, made.session) == (CheckIn.NEXT_DAY, session)


async def test_there_is_one_for_each_moment(cast: Cast) -> None:
    """A second page that begins it is told of the first; so are two at once."""
    session = await in_session(cast)
    await rested(cast, session)
    first = await saved(cast, CheckIn.NEXT_DAY, session, {"checkin.felt": "1"})
    with pytest.raises(StaleRevision):
        await saved(cast, CheckIn.NEXT_DAY, session, {"checkin.felt": "2"})
    assert (await saved(cast, CheckIn.NEXT_DAY, session, {"checkin.felt": "1"}, first.id)).id == first.id
    both = [saved(cast, CheckIn.MONTHLY, None, {"checkin.pain": "no"}) for _ in range(2)]
    outcomes = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(isinstance(one, StaleRevision) for one in outcomes) == [False, True]
    cast.clock.forward(days=1)
    await signed_in_again(cast)
    await saved(cast, CheckIn.MONTHLY, None, {"checkin.pain": "no"})
    assert len(await records.load_made(await cast.actor("alice"))) == 3


async def test_before_ends_with_the_start_and_the_others_wait_until_rest(cast: Cast) -> None:
    """Before the start nothing of afterwards is there; in the hold nothing is taken; after rest it is."""
    session = await planned(cast)
    before = await saved(cast, CheckIn.BEFORE, session, {"checkin.illness": "no"})
    with pytest.raises(HeldUntilRested):
        await saved(cast, CheckIn.NEXT_DAY, session, {"checkin.felt": "1"})
    cast.clock.forward(hours=3)  # its time has come, and nobody started it: it can still change
    await saved(cast, CheckIn.BEFORE, session, {"checkin.illness": "yes"}, before.id, 1)
    await session_plan.change_status(await cast.actor("alice"), session, Status.IN_SESSION)
    for moment, about in ((CheckIn.BEFORE, session), (CheckIn.NEXT_DAY, session), (CheckIn.MONTHLY, None)):
        with pytest.raises(HeldUntilRested):
            await saved(cast, moment, about, {"checkin.illness": "no", "checkin.pain": "no"})
    await rested(cast, session)
    with pytest.raises(HeldUntilRested):
        await saved(cast, CheckIn.BEFORE, session, {"checkin.illness": "no"}, before.id, 2)
    await saved(cast, CheckIn.NEXT_DAY, session, {"checkin.felt": "1"})


async def test_before_waits_while_another_session_holds_and_from_the_next_morning(cast: Cast) -> None:
    """Its own planned time ends nothing; the hours of another session do, and the question whether it took place."""
    session = await planned(cast, "2026-11-22T13:30")
    cast.clock.forward(hours=3)  # it would be over by now, nobody started it, and it is held
    await signed_in_again(cast)
    assert await offered(cast) == (CheckIn.BEFORE, session)
    made = await saved(cast, CheckIn.BEFORE, session, {"checkin.illness": "no"}, is_done=False)
    cast.clock.forward(hours=20)
    await signed_in_again(cast)
    assert await offered(cast) is None
    with pytest.raises(HeldUntilRested) as refused:
        await saved(cast, CheckIn.BEFORE, session, {"checkin.illness": "yes"}, made.id, 1)
    assert str(refused.value) == records.UNANSWERED
    await session_plan.change_status(await cast.actor("alice"), session, Status.CANCELLED)
    first = await in_session(cast)
    later = await planned(cast, "2026-11-23T18:00")
    assert await offered(cast) is None
    with pytest.raises(HeldUntilRested) as refused:
        await saved(cast, CheckIn.BEFORE, later, {"checkin.illness": "no"})
    assert str(refused.value) == records.WAITS
    alice = await cast.actor("alice")
    plan = await load_my_sessions(alice)
    (one,) = [one for one in plan if one.id == later]
    assert offers.list_for_session(alice, one, plan) == ()
    assert first in [one.id for one in plan]


async def test_a_start_between_reading_and_writing_is_seen(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session that begins on another page after this one was read holds what this one sends."""
    session = await planned(cast)
    before = await saved(cast, CheckIn.BEFORE, session, {"checkin.illness": "no"})
    load = entries.load_entry
    began: list[bool] = []

    async def load_then_start(actor: Actor, wanted: UUID) -> Entry:
        found = await load(actor, wanted)
        if not began:
            began.append(True)
            await session_plan.change_status(await cast.actor("alice"), session, Status.IN_SESSION)
        return found

    monkeypatch.setattr(entries, "load_entry", load_then_start)
    with pytest.raises(HeldUntilRested):
        await saved(cast, CheckIn.BEFORE, session, {"checkin.illness": "yes"}, before.id, 1)


async def test_nobody_elses_session_or_entry_is_taken(cast: Cast) -> None:
    """Another's session, a talk, another kind of entry, another moment: not found, and nothing changes."""
    session = await in_session(cast)
    await rested(cast, session)
    entry = await written(cast)
    made = await saved(cast, CheckIn.NEXT_DAY, session, {"checkin.felt": "1"})
    dana = await cast.actor("dana")
    for actor, moment, about, ident, base in (
        (dana, CheckIn.NEXT_DAY, session, uuid4(), 0),
        (dana, CheckIn.MONTHLY, None, made.id, made.revision),
        (await cast.actor("alice"), CheckIn.NEXT_DAY, session, entry.id, 1),
        (await cast.actor("alice"), CheckIn.DAY_7, session, made.id, made.revision),
        (await cast.actor("alice"), CheckIn.MONTHLY, session, uuid4(), 0),
        (await cast.actor("alice"), CheckIn.NEXT_DAY, None, uuid4(), 0),
        (await cast.actor("alice"), CheckIn.NEXT_DAY, uuid4(), uuid4(), 0),
    ):
        with pytest.raises(NotFound):
            await records.save_check_in(actor, moment, about, {"checkin.felt": "2"}, ident, base)
    (left,) = await records.load_made(await cast.actor("alice"))
    assert left.entry.document.answers["checkin.felt"] == "1"


async def offered(cast: Cast) -> tuple[CheckIn, UUID | None] | None:
    """Return what alice is offered now."""
    alice = await cast.actor("alice")
    return offers.find_offer(alice, await load_my_sessions(alice), await records.load_made(alice))


async def test_what_is_offered_follows_the_days_and_stops_when_it_is_done(cast: Cast) -> None:
    """Before the start, nothing in the hold, then each in its days, and the monthly one once a month is over."""
    session = await planned(cast)
    assert await offered(cast) == (CheckIn.BEFORE, session)
    await saved(cast, CheckIn.BEFORE, session, {"checkin.illness": "no"})
    assert await offered(cast) is None
    await session_plan.change_status(await cast.actor("alice"), session, Status.IN_SESSION)
    assert await offered(cast) is None
    await rested(cast, session)
    assert await offered(cast) == (CheckIn.NEXT_DAY, session)
    half = await saved(cast, CheckIn.NEXT_DAY, session, {"checkin.felt": "1"}, is_done=False)
    assert await offered(cast) == (CheckIn.NEXT_DAY, session)
    await saved(cast, CheckIn.NEXT_DAY, session, {"checkin.felt": "1"}, half.id, 1)
    assert await offered(cast) is None
    for days, moment in ((6, CheckIn.DAY_7), (7, CheckIn.DAY_14), (16, CheckIn.DAY_30)):
        cast.clock.forward(days=days)
        await signed_in_again(cast)
        assert await offered(cast) == (moment, session)
    await saved(cast, CheckIn.DAY_30, session, {"checkin.still": "yes"})
    assert await offered(cast) == (CheckIn.MONTHLY, None)
    await saved(cast, CheckIn.MONTHLY, None, {"checkin.pain": "no"})
    assert await offered(cast) is None
    cast.clock.forward(days=29)
    await signed_in_again(cast)
    assert await offered(cast) is None
    cast.clock.forward(days=30)
    await signed_in_again(cast)
    assert await offered(cast) is None  # long after the last dosing session nothing is asked


async def test_a_session_that_is_none_closes_no_page(cast: Cast) -> None:
    """A copy that somebody sealed by hand and gave back can name anything: it is listed beside no session."""
    strange = EntryDocument("check_in", session_id="of nobody", answers={"checkin.moment": "next-day"})
    await written(cast, document=strange)
    (made,) = await records.load_made(await cast.actor("alice"))
    assert made.session is None
    assert await offered(cast) is None
