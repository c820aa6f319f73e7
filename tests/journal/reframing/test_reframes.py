"""A reframe that goes on: moved by its patient alone, looked at again, and never overwritten."""

from __future__ import annotations

import asyncio
from datetime import date
from uuid import UUID

import pytest

from journal.catalogue.fields import Answer
from journal.catalogue.reframe import STATUS_OPTIONS
from journal.catalogue.revisits import MAX_MOMENTS, Moment, Revisit, parse_moments, parse_revisits
from journal.entries import entries, revisions
from journal.errors import InvalidInput, NotFound, StaleRevision
from journal.reframing import reframes
from journal.vault.documents import EntryDocument
from tests.cast import Cast
from tests.scenes import THE_SEA, written

TODAY = date(2026, 11, 22)
ANSWERS: dict[str, Answer] = {
    "reframe.old_meaning": "I am too much.",
    "reframe.old_belief_before": 80,
    "reframe.new_meaning": "I was a child, and I was tired.",
    "reframe.new_belief": 30,
}
REFRAME = EntryDocument("reframe", answers=ANSWERS)


async def begun(cast: Cast) -> UUID:
    """Have alice write a reframe."""
    return (await written(cast, document=REFRAME)).id


async def test_only_the_patient_moves_the_status_and_any_way(cast: Cast):
    """Every status follows every other, and nothing else of the reframe changes."""
    alice, wanted = await cast.actor("alice"), await begun(cast)
    for first in STATUS_OPTIONS:
        for then in STATUS_OPTIONS:
            await reframes.set_status(alice, wanted, first.value)
            found = await reframes.set_status(alice, wanted, then.value)
            assert found.document.answers == {**ANSWERS, "reframe.status": then.value}
    for who in ("bob", "charlie", "dana", "erin"):
        with pytest.raises(NotFound):
            await reframes.set_status(await cast.actor(who), wanted, "resting")
    with pytest.raises(InvalidInput):
        await reframes.set_status(alice, wanted, "healed")
    with pytest.raises(NotFound):
        await reframes.set_status(alice, (await written(cast)).id, "open")


async def test_a_revisit_is_added_and_overwrites_nothing(cast: Cast):
    """First ratings and earlier revisits stay; each part may stay blank."""
    alice, wanted = await cast.actor("alice"), await begun(cast)
    looks = [
        Revisit(TODAY, 60),
        Revisit(TODAY, None, 40),
        Revisit(TODAY, felt=5),
        Revisit(TODAY, words="a | b"),
    ]
    for one in looks:
        found = await reframes.add_revisit(alice, wanted, one)
    assert list(parse_revisits(found.document.answers["reframe.revisits"])) == looks
    assert ANSWERS.items() <= found.document.answers.items()


@pytest.mark.parametrize(
    ("revisit", "field"),
    [
        (Revisit(TODAY), "old_belief"),
        (Revisit(TODAY, 101), "old_belief"),
        (Revisit(TODAY, -1), "old_belief"),
        (Revisit(TODAY, 1, 101), "new_belief"),
        (Revisit(TODAY, 1, 1, 0), "felt_truth"),
        (Revisit(TODAY, 1, 1, 8), "felt_truth"),
        (Revisit(date(2026, 11, 23), 1), "day"),
        (Revisit(date(2026, 11, 21), 1), "day"),
        (Revisit(TODAY, 1, words="x" * 301), "line"),
    ],
)
async def test_what_cannot_be_is_refused(cast: Cast, revisit: Revisit, field: str):
    """Out of range, all blank, before its record, to come or too long: refused by name, and nothing is added."""
    wanted = await begun(cast)
    with pytest.raises(InvalidInput) as refused:
        await reframes.add_revisit(await cast.actor("alice"), wanted, revisit)
    assert field in refused.value.fields
    found = await entries.load_entry(await cast.actor("alice"), wanted)
    assert found.document.answers == ANSWERS


async def test_a_moment_has_words_and_a_day(cast: Cast):
    """One line with its day; without words, or on a day to come, it is refused."""
    alice, wanted = await cast.actor("alice"), await begun(cast)
    found = await reframes.add_moment(alice, wanted, Moment(TODAY, " She laughed,\nand I stayed. "))
    assert parse_moments(found.document.answers["reframe.moments"]) == (
        Moment(TODAY, "She laughed, and I stayed."),
    )
    for moment, field in ((Moment(TODAY, " "), "line"), (Moment(date(2026, 11, 23), "x"), "day")):
        with pytest.raises(InvalidInput) as refused:
            await reframes.add_moment(alice, wanted, moment)
        assert list(refused.value.fields) == [field]


async def test_a_reframe_holds_so_many_and_no_more(cast: Cast):
    """A full list is refused with a way out, and stays as it is."""
    full: list[str] = [Moment(TODAY, "x").line] * MAX_MOMENTS
    wanted = (await written(cast, document=EntryDocument("reframe", answers={"reframe.moments": full}))).id
    with pytest.raises(InvalidInput):
        await reframes.add_moment(await cast.actor("alice"), wanted, Moment(TODAY, "one more"))
    found = await entries.load_entry(await cast.actor("alice"), wanted)
    assert found.document.answers["reframe.moments"] == full


async def test_additions_at_once_are_all_kept(cast: Cast):
    """Several browsers add at the same moment: each addition is there, once."""
    alice, wanted = await cast.actor("alice"), await begun(cast)
    some = [Moment(TODAY, f"moment {number}") for number in range(4)]
    await asyncio.gather(*(reframes.add_moment(alice, wanted, one) for one in some))
    found = await entries.load_entry(alice, wanted)
    assert set(parse_moments(found.document.answers["reframe.moments"])) == set(some)


async def test_a_writing_page_that_is_open_loses_no_addition(cast: Cast):
    """What is added apart neither conflicts with an open page nor is undone by its next save."""
    alice = await cast.actor("alice")
    wanted = (await written(cast, document=EntryDocument("reframe", answers=ANSWERS, sitting="page"))).id
    opened = await entries.save_entry(
        alice, wanted, 1, EntryDocument("reframe", "T", answers=ANSWERS), sitting="page"
    )
    await reframes.add_moment(alice, wanted, Moment(TODAY, "x"))
    now = await entries.load_entry(alice, wanted)
    later = EntryDocument("reframe", "Later", answers=now.document.answers)
    saved = await entries.save_entry(alice, wanted, opened.revision, later, sitting="page")
    assert saved.document.answers["reframe.moments"] == [Moment(TODAY, "x").line]


async def test_what_is_removed_can_be_restored(cast: Cast):
    """A removed line is gone from the reframe, and an earlier version has it."""
    alice, wanted = await cast.actor("alice"), await begun(cast)
    found = await reframes.add_moment(alice, wanted, Moment(TODAY, "x"))
    with pytest.raises(StaleRevision):
        await reframes.remove_addition(alice, wanted, reframes.MOMENTS, 0, seen=found.revision - 1)
    left = await reframes.remove_addition(alice, wanted, reframes.MOMENTS, 0, seen=found.revision)
    assert "reframe.moments" not in left.document.answers
    (version,) = await revisions.list_revisions(alice, wanted)
    assert version.document.answers == found.document.answers
    with pytest.raises(NotFound):
        await reframes.remove_addition(alice, wanted, "reframe.old_meaning", 0, seen=left.revision)


async def test_reframes_are_listed_newest_first_and_alone(cast: Cast):
    """Other kinds are left out, and outsiders have none of alice's."""
    first = await begun(cast)
    cast.clock.forward(minutes=1)
    await written(cast, document=THE_SEA)
    second = await begun(cast)
    assert [one.id for one in await reframes.list_reframes(await cast.actor("alice"))] == [second, first]
    assert await reframes.list_reframes(await cast.actor("dana")) == ()
