"""Offers to look at a reframe again: when they come, how they go, and that none comes twice or in a hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journal.actor import Actor
from journal.catalogue.fields import Answer
from journal.catalogue.revisits import Revisit
from journal.entries import entries, removal, revisions
from journal.errors import NotFound
from journal.reframing import offers, reframes, steps
from journal.reframing.offers import Offer, OfferAnswer, find_beginning, find_offer
from journal.scheduling import plan as session_plan
from journal.sessions.rows import load_my_sessions
from journal.sessions.session import Route, SessionDetails, SessionKind, Setting, Status
from journal.vault.documents import Beside, EntryDocument
from journal.vault.entry_rows import Entry
from tests.cast import NOON, ZONE, Cast
from tests.scenes import in_session, rested, signed_in_again, written

ANSWERS: dict[str, Answer] = {"reframe.old_meaning": "I am too much."}
HOURS = (24, 72, 7 * 24, 14 * 24, 30 * 24, 90 * 24)


def reframe(begun: datetime = NOON, beside: Beside | None = None, **answers: Answer) -> Entry:
    """A reframe that was begun at a moment."""
    told = ANSWERS | {f"reframe.{name}": answer for name, answer in answers.items()}
    return Entry(uuid4(), 1, EntryDocument("reframe", answers=told, beside=beside), begun, begun, None)


@pytest.mark.parametrize("hours", HOURS)
def test_each_offer_comes_at_its_time_and_not_before(hours):
    """24 h, 72 h, 7, 14, 30 and 90 days after it was begun, to the second."""
    one, due = reframe(), NOON + timedelta(hours=hours)
    before = find_offer(one, (), due - timedelta(seconds=1))
    assert (before.due_at if before else None) != due
    assert find_offer(one, (), due) == Offer(one, due)


def test_a_newer_offer_takes_the_place_of_the_older_and_the_last_lapses():
    """At every hour one offer stands at most, the newest; after 120 days none does."""
    one = reframe()
    for hour in range(130 * 24):
        found = find_offer(one, (), NOON + timedelta(hours=hour))
        due = [hours for hours in HOURS if hours <= hour]
        expected = due[-1] if due and hour < 120 * 24 else None
        assert (found and found.due_at - NOON) == (None if expected is None else timedelta(hours=expected))


@pytest.mark.parametrize(
    "one",
    [
        reframe(status="closed"),
        reframe(beside=Beside(stopped=True)),
        reframe(beside=Beside(answered_at=(NOON + timedelta(days=7)).isoformat())),
        Entry(uuid4(), 1, EntryDocument("reframe", answers={"reframe.body": "chest"}), NOON, NOON, None),
    ],
)
def test_some_are_not_offered(one):
    """A closed one, one that is not wanted again, one that was answered, and one without a sentence."""
    assert find_offer(one, (), NOON + timedelta(days=8)) is None


def test_an_answer_from_a_clock_that_ran_ahead_does_not_count():
    """Nobody waits for as long as a clock was wrong."""
    one = reframe(beside=Beside(answered_at=(NOON + timedelta(days=900)).isoformat()))
    assert find_offer(one, (), NOON + timedelta(days=8)) is not None


async def planned(cast: Cast, at: datetime) -> UUID:
    """Plan a dosing session of alice's."""
    alice = await cast.actor("alice")
    local = at.astimezone(alice.zone).replace(tzinfo=None).isoformat(timespec="minutes")
    details = SessionDetails(SessionKind.DOSING, local, ZONE, 120, Setting.HOME, Route.SUBLINGUAL)
    return await session_plan.add_session(alice, alice.id, details)


async def test_offers_follow_the_dosing_session_it_is_about(cast: Cast):
    """Its start where that was said, else its planned time; without one, or when it was cancelled, the own day."""
    alice = await cast.actor("alice")
    at = NOON + timedelta(hours=2)
    session = await planned(cast, at)
    document = EntryDocument("reframe", session_id=session.hex, answers=ANSWERS)
    one = Entry(uuid4(), 1, document, NOON, NOON, None)
    assert find_beginning(one, await load_my_sessions(alice)) == at
    cast.clock.now = at + timedelta(hours=1)
    await session_plan.change_status(await cast.actor("alice"), session, Status.IN_SESSION)
    assert find_beginning(one, await load_my_sessions(alice)) == at + timedelta(hours=1)
    assert find_beginning(one, ()) == NOON
    other = await planned(cast, NOON + timedelta(days=3))
    await session_plan.change_status(await cast.actor("alice"), other, Status.CANCELLED)
    tied = Entry(
        uuid4(), 1, EntryDocument("reframe", session_id=other.hex, answers=ANSWERS), NOON, NOON, None
    )
    assert find_beginning(tied, await load_my_sessions(alice)) == NOON


async def test_what_was_due_before_it_was_begun_is_not_offered(cast: Cast):
    """A reframe that is written weeks after its session waits for the next offer."""
    session = await planned(cast, NOON - timedelta(days=20))
    plan = await load_my_sessions(await cast.actor("alice"))
    document = EntryDocument("reframe", session_id=session.hex, answers=ANSWERS)
    one = Entry(uuid4(), 1, document, NOON, NOON, None)
    assert find_offer(one, plan, NOON + timedelta(days=9)) is None
    assert find_offer(one, plan, NOON + timedelta(days=10)) is not None


async def chosen(cast: Cast) -> Offer | None:
    """What home would offer alice."""
    alice = await cast.actor("alice")
    return offers.choose_offer(alice, await reframes.list_reframes(alice), await load_my_sessions(alice))


async def later(cast: Cast, **by: float) -> None:
    """Let time go by, and everybody sign in again."""
    cast.clock.forward(**by)
    await signed_in_again(cast)


@pytest.mark.parametrize("answer", [OfferAnswer.NOT_NOW, OfferAnswer.NOT_AGAIN, OfferAnswer.NO_OFFERS])
async def test_an_answer_ends_the_offer_for_the_day(cast: Cast, answer: OfferAnswer):
    """After any answer nothing is offered today; then what was said decides."""
    first = (await written(cast, document=EntryDocument("reframe", answers=ANSWERS))).id
    second = (await written(cast, document=EntryDocument("reframe", answers=ANSWERS))).id
    await later(cast, hours=25)
    found = await chosen(cast)
    assert found is not None
    await offers.answer_offer(await cast.actor("alice"), found.entry.id, answer)
    assert await chosen(cast) is None
    await later(cast, days=1)
    again, other = await chosen(cast), ({first, second} - {found.entry.id}).pop()
    assert (again and again.entry.id) == (None if answer is OfferAnswer.NO_OFFERS else other)
    await later(cast, days=1)
    await reframes.set_status(await cast.actor("alice"), other, "closed")
    assert answer is OfferAnswer.NO_OFFERS or await chosen(cast) is None  # it stood today: no second one
    await later(cast, days=1)
    again = await chosen(cast)
    assert (again and again.entry.id) == (found.entry.id if answer is OfferAnswer.NOT_NOW else None)
    await offers.answer_offer(await cast.actor("alice"), found.entry.id, OfferAnswer.OFFERS_AGAIN)
    await later(cast, days=5)
    again = await chosen(cast)
    assert again is not None
    assert again.entry.id == found.entry.id


async def test_a_revisit_answers_what_stood(cast: Cast):
    """Whoever looks again by themselves is not asked to."""
    one = await written(cast, document=EntryDocument("reframe", answers=ANSWERS))
    await later(cast, hours=25)
    await offers.answer_offer(await cast.actor("alice"), one.id, OfferAnswer.YES)
    assert await chosen(cast) is not None  # nothing was added yet
    await reframes.add_revisit(await cast.actor("alice"), one.id, Revisit(cast.clock.now.date(), 3))
    assert await chosen(cast) is None
    await later(cast, days=2)
    assert await chosen(cast) is not None


async def test_restoring_an_older_version_brings_no_offer_back(cast: Cast):
    """What was answered stands beside the words, whichever version of them is restored."""
    one = await written(cast, document=EntryDocument("reframe", answers=ANSWERS))
    await later(cast, hours=25)
    alice = await cast.actor("alice")
    changed = EntryDocument("reframe", answers=ANSWERS | {"reframe.new_meaning": "No."})
    await entries.save_entry(alice, one.id, 1, changed)
    await offers.answer_offer(alice, one.id, OfferAnswer.NOT_AGAIN)
    (version,) = await revisions.list_revisions(alice, one.id)
    restored = await entries.restore_version(alice, one.id, version.id)
    assert restored.document.answers == ANSWERS
    assert restored.document.beside is not None
    assert restored.document.beside.stopped
    await later(cast, days=8)
    assert await chosen(cast) is None


async def test_a_step_that_nobody_answers_keeps_no_offer_back(cast: Cast):
    """Its own day is the step's; an offer that came later takes its place from the next day on; both never stand."""
    answers = ANSWERS | {"reframe.test_action": "Ask.", "reframe.test_due": "2026-11-23"}
    one = await written(cast, document=EntryDocument("reframe", answers=answers))
    shown = []
    for _ in range(9):
        alice = await cast.actor("alice")
        found = await reframes.list_reframes(alice)
        step, offer = await offers.choose_for_home(alice, found, await load_my_sessions(alice))
        shown.append("offer" if offer else "step" if step else "")
        assert not (step and offer)
        await later(cast, days=1)
    # Offers come on the second day, which is the step's own, on the fourth and on the eighth.
    assert shown == ["", "step", "step", "step", *["offer"] * 5]
    await steps.answer_step(await cast.actor("alice"), one.id, "done", "", None)
    await in_session(cast)
    alice = await cast.actor("alice")
    assert await offers.choose_for_home(
        alice, await reframes.list_reframes(alice), await load_my_sessions(alice)
    ) == (None, None)


@pytest.mark.parametrize("answer", [None, OfferAnswer.NOT_NOW])
async def test_deleting_what_was_offered_brings_no_second_offer_that_day(
    cast: Cast, answer: OfferAnswer | None
):
    """Whether it was answered or not, another reframe waits until tomorrow."""
    for _ in range(2):
        await written(cast, document=EntryDocument("reframe", answers=ANSWERS))
    await later(cast, hours=25)
    found = await chosen(cast)
    assert found is not None
    if answer:
        await offers.answer_offer(await cast.actor("alice"), found.entry.id, answer)
    await removal.delete_entry(await cast.actor("alice"), found.entry.id)
    offered = []
    for _ in range(2):
        alice = await cast.actor("alice")
        there = await reframes.list_reframes(alice)
        offered.append((await offers.choose_for_home(alice, there, await load_my_sessions(alice)))[1])
        await later(cast, days=1)
    assert [one is not None for one in offered] == [False, True]


async def test_no_offers_outlasts_every_reframe_of_then(cast: Cast):
    """Once all that there were are deleted, a new one is not offered either, until offers are wanted again."""
    one = await written(cast, document=EntryDocument("reframe", answers=ANSWERS))
    await later(cast, hours=25)
    await offers.answer_offer(await cast.actor("alice"), one.id, OfferAnswer.NO_OFFERS)
    await removal.delete_entry(await cast.actor("alice"), one.id)
    other = await written(cast, document=EntryDocument("reframe", answers=ANSWERS))
    await later(cast, hours=25)
    assert await chosen(cast) is None
    await offers.answer_offer(await cast.actor("alice"), other.id, OfferAnswer.OFFERS_AGAIN)
    assert await chosen(cast) is not None


async def test_no_offers_of_before_is_still_known(cast: Cast):
    """A reframe that remembers it keeps all from being offered; wanted again, none remembers it any more."""
    off = EntryDocument("reframe", answers=ANSWERS, beside=Beside(off=True))
    await written(cast, document=off)
    one = await written(cast, document=EntryDocument("reframe", answers=ANSWERS))
    await later(cast, hours=25)
    assert await chosen(cast) is None
    await offers.answer_offer(await cast.actor("alice"), one.id, OfferAnswer.OFFERS_AGAIN)
    assert await chosen(cast) is not None


async def test_an_answer_changes_nothing_that_anybody_sees(cast: Cast):
    """No earlier version is kept of it, and the entry is as old as before."""
    one = await written(cast, document=EntryDocument("reframe", answers=ANSWERS))
    await later(cast, hours=25)
    alice = await cast.actor("alice")
    await offers.answer_offer(alice, one.id, OfferAnswer.NOT_NOW)
    now = await entries.load_entry(alice, one.id)
    assert (now.updated_at, now.document.answers) == (one.updated_at, one.document.answers)
    assert list(await revisions.list_revisions(alice, one.id)) == []


async def test_nothing_is_offered_until_somebody_has_rested(cast: Cast):
    """From the start of a dosing session until the rest is said."""
    await written(cast, document=EntryDocument("reframe", answers=ANSWERS))
    await later(cast, hours=25)
    assert await chosen(cast) is not None
    session = await in_session(cast)
    assert await chosen(cast) is None
    cast.clock.forward(hours=9)
    assert await chosen(cast) is None
    await rested(cast, session)
    assert await chosen(cast) is not None


async def test_others_answer_nothing(cast: Cast):
    """Outsiders find no reframe of alice's, and another kind of entry has no offer."""
    one = await written(cast, document=EntryDocument("reframe", answers=ANSWERS))
    for who in ("bob", "dana"):
        for answer in OfferAnswer:
            with pytest.raises(NotFound):
                await offers.answer_offer(await cast.actor(who), one.id, answer)
    with pytest.raises(NotFound):
        await offers.answer_offer(await cast.actor("alice"), (await written(cast)).id, OfferAnswer.NOT_NOW)
    assert (await entries.load_entry(await cast.actor("alice"), one.id)).revision == 1


@pytest.fixture
async def alice(cast: Cast) -> Actor:
    """Return alice."""
    return await cast.actor("alice")


BEGUN = st.lists(st.integers(0, 24 * 40), min_size=2, max_size=5)


async def test_no_day_brings_two(alice: Actor):
    """Whatever was begun when, all unanswered offers of one day, looked at every hour, are of one reframe."""

    @settings(max_examples=60, deadline=None)
    @given(BEGUN, st.sampled_from(HOURS))
    def look(begun: list[int], due: int) -> None:
        day = (begun[0] + due) // 24  # on which one comes, while others may stand
        every = [reframe(NOON + timedelta(hours=hours)) for hours in begun]
        midnight = datetime(2026, 11, 22, tzinfo=alice.zone) + timedelta(days=day)
        shown = set()
        for hour in range(24):
            now = midnight.astimezone(UTC) + timedelta(hours=hour, minutes=30)
            if now.astimezone(alice.zone).date() != midnight.date():
                continue
            there = [one for one in every if one.created_at <= now]
            found = offers.choose_offer(replace(alice, now=now), there, ())
            shown |= {found.entry.id} if found else set()
        assert len(shown) <= 1

    look()
