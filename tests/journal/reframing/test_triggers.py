"""Triggers bring together what was written under one name, and their addresses say none."""

from __future__ import annotations

from datetime import date

import pytest

from journal.catalogue.revisits import Moment
from journal.errors import InvalidInput, NotFound
from journal.reframing import reframes, triggers
from journal.vault.documents import EntryDocument
from tests.cast import Cast
from tests.scenes import THE_SEA, signed_in_again, written

TODAY = date(2026, 11, 22)


async def test_one_name_brings_together_what_was_written_under_it(cast: Cast):
    """A reframe, a moment and a log; whatever the case, accents or blanks; latest first, as written last."""
    first = await written(
        cast, document=EntryDocument("reframe", answers={"reframe.trigger_name": "full  rooms"})
    )
    cast.clock.forward(days=1)
    await signed_in_again(cast)
    alice = await cast.actor("alice")
    await reframes.add_moment(alice, first.id, Moment(date(2026, 11, 23), "I stayed.", "Full rooms"))
    await reframes.add_moment(alice, first.id, Moment(date(2026, 11, 23), "It rang.", "The phone"))
    cast.clock.forward(days=1)
    await signed_in_again(cast)
    log = await written(
        cast, document=EntryDocument("grounding", answers={"ground.trigger_name": "FULL ROOMS"})
    )
    await written(cast, document=THE_SEA)
    found = {one.name: one for one in await triggers.list_triggers(await cast.actor("alice"))}
    assert list(found) == ["FULL ROOMS", "The phone"]
    rooms = found["FULL ROOMS"].occurrences
    assert [(one.day.day, one.entry.id, one.moment is None) for one in rooms] == [
        (24, log.id, True),
        (23, first.id, False),
        (22, first.id, True),
    ]
    assert await triggers.list_names(await cast.actor("alice")) == ("FULL ROOMS", "The phone")


async def test_every_trigger_is_found_by_its_address(cast: Cast):
    """An entry that names it, and a number where it names several; anything else is not found."""
    one = await written(cast, document=EntryDocument("reframe", answers={"reframe.trigger_name": "a"}))
    alice = await cast.actor("alice")
    for name in ("b", "c", "a"):
        await reframes.add_moment(alice, one.id, Moment(TODAY, "x", name))
    every = await triggers.list_triggers(alice)
    assert sorted(found.name for found in every) == ["a", "b", "c"]
    for found in every:
        assert await triggers.load_trigger(alice, found.entry, found.place) == found
    for who, place in (("alice", 3), ("dana", 0)):
        with pytest.raises(NotFound):
            await triggers.load_trigger(await cast.actor(who), one.id, place)
    with pytest.raises(NotFound):
        await triggers.load_trigger(await cast.actor("bob"), one.id, 0)


async def test_a_name_is_short(cast: Cast):
    """Sixty letters are kept, one more is refused, and a bar in it divides nothing."""
    one = await written(cast, document=EntryDocument("reframe", answers={"reframe.body": "a"}))
    alice = await cast.actor("alice")
    await reframes.add_moment(alice, one.id, Moment(TODAY, "a | b", "x|" * 30))
    (found,) = await triggers.list_triggers(alice)
    assert found.name == "x/" * 30
    assert found.occurrences[0].moment == Moment(TODAY, "a | b", "x/" * 30)
    with pytest.raises(InvalidInput) as refused:
        await reframes.add_moment(alice, one.id, Moment(TODAY, "a", "x" * 61))
    assert list(refused.value.fields) == ["trigger"]
