"""A small step comes back on its date, and how it went is kept."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from journal.catalogue.fields import Answer
from journal.catalogue.integration import FOLLOW_UP_OPTIONS
from journal.errors import InvalidInput, NotFound
from journal.reframing import reframes, steps
from journal.vault.documents import EntryDocument
from tests.cast import Cast
from tests.scenes import signed_in_again, written

TODAY = date(2026, 11, 22)
ANSWERS: dict[str, Answer] = {
    "reframe.test_action": "Ask for the window seat.",
    "reframe.test_due": "2026-11-24",
}
REFRAME = EntryDocument("reframe", answers=ANSWERS)


async def waiting(cast: Cast) -> bool:
    """Whether home would ask alice now how a step went."""
    await signed_in_again(cast)
    alice = await cast.actor("alice")
    return steps.choose_step(alice, await reframes.list_reframes(alice)) is not None


async def test_it_comes_back_on_its_date_and_goes_quietly(cast: Cast):
    """From its day on for two weeks; never before, and never as overdue."""
    await written(cast, document=REFRAME)
    shown = []
    for day in range(20):
        if await waiting(cast):
            shown.append(day)
        cast.clock.forward(days=1)
    assert shown == list(range(2, 16))


@pytest.mark.parametrize("outcome", [option.value for option in FOLLOW_UP_OPTIONS])
async def test_what_was_said_is_kept(cast: Cast, outcome: str):
    """Each answer with what was learned; only "not yet" comes back."""
    one = await written(cast, document=REFRAME)
    cast.clock.forward(days=2)
    assert await waiting(cast)
    found = await steps.answer_step(await cast.actor("alice"), one.id, outcome, "Windows open.", None)
    assert found.document.answers == ANSWERS | {
        "reframe.followup": outcome,
        "reframe.learned": "Windows open.",
    }
    assert not await waiting(cast)
    cast.clock.forward(days=7)
    assert await waiting(cast) is (outcome == "not_yet")


async def test_not_yet_takes_another_date(cast: Cast):
    """It comes back on the day that was given, which has to be one to come."""
    one = await written(cast, document=REFRAME)
    cast.clock.forward(days=2)
    await signed_in_again(cast)
    alice, today = await cast.actor("alice"), TODAY + timedelta(days=2)
    for wrong in (today, today - timedelta(days=1), date(9999, 12, 31)):
        with pytest.raises(InvalidInput):
            await steps.answer_step(alice, one.id, "not_yet", "", wrong)
    found = await steps.answer_step(alice, one.id, "not_yet", "", today + timedelta(days=3))
    assert found.document.answers["reframe.test_due"] == "2026-11-27"
    cast.clock.forward(days=2)
    assert not await waiting(cast)
    cast.clock.forward(days=1)
    assert await waiting(cast)


async def test_not_now_says_nothing_about_it(cast: Cast):
    """A step that is put off comes back a week later, and no answer is written down."""
    one = await written(cast, document=REFRAME)
    cast.clock.forward(days=2)
    await signed_in_again(cast)
    await steps.postpone_step(await cast.actor("alice"), one.id)
    assert not await waiting(cast)
    cast.clock.forward(days=7)
    assert await waiting(cast)
    assert (await reframes.load_reframe(await cast.actor("alice"), one.id)).document.answers == ANSWERS


async def test_others_answer_no_step(cast: Cast):
    """It is its patient's alone, and another word is refused."""
    one = await written(cast, document=REFRAME)
    for who in ("bob", "dana"):
        with pytest.raises(NotFound):
            await steps.answer_step(await cast.actor(who), one.id, "done", "", None)
    with pytest.raises(InvalidInput):
        await steps.answer_step(await cast.actor("alice"), one.id, "great", "", None)
