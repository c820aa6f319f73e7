"""Day lines: read back as written, one a day, none of tomorrow, none in a hold, and given on as they are saved."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from random import Random

import pytest

from journal.day_lines import records
from journal.day_lines.lines import DayLine, OwnScale, parse_day_lines, parse_own_scale, put_line
from journal.entries import removal, revisions
from journal.errors import HeldUntilRested, InvalidInput
from tests.cast import NOON, Cast
from tests.scenes import in_session, rested, signed_in_again

BLANK = {"day": "2026-11-22", "mood": "", "sleep": "", "tension": "", "line": ""}


async def saved(cast: Cast, day: str = "2026-11-22", **typed: str) -> None:
    """Have alice save a line."""
    alice = await cast.actor("alice")
    own = (await records.load_day_lines(alice)).own
    await records.save_line(alice, records.parse_line(alice, own, BLANK | {"day": day} | typed))


def test_lines_are_read_back_as_they_were_written() -> None:
    """For random lines, in any order; what is no line of ours keeps its words and stands first."""
    random = Random(2026)
    for _ in range(200):
        numbers = [random.choice([None, *range(11)]) for _ in range(3)]
        own = {
            name: random.randrange(11)
            for name in random.sample(["Knees", "The noise", "K=1"], random.randrange(3))
        }
        words = random.choice(["", "A walk | by the water", "= ; later"])
        day = date(2026, 1, 1) + timedelta(days=random.randrange(700))
        one = DayLine(day, NOON, random.random() < 0.5, *numbers, own=own, words=words)  # type: ignore[misc]
        assert parse_day_lines([one.line]) == (one,)
    first, second = DayLine(date(2026, 11, 2), NOON, mood=3), DayLine(date(2026, 11, 1), NOON, mood=4)
    kept = put_line(put_line(["something else"], first), second)
    assert [one.words or one.day.day for one in parse_day_lines(kept)] == ["something else", 1, 2]
    assert len(put_line(kept, DayLine(date(2026, 11, 2), NOON, mood=9))) == 3
    assert parse_day_lines("x") == ()
    assert parse_own_scale("Knees | none | the worst") == OwnScale("Knees", "none", "the worst")
    assert parse_own_scale("") is None


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"day": "2026-11-23", "mood": "5"}, "day"),
        ({"day": "2025-11-20", "mood": "5"}, "day"),
        ({"day": "soon", "mood": "5"}, "day"),
        ({"mood": "11"}, "mood"),
        ({"sleep": "-1"}, "sleep"),
        ({"tension": "a lot"}, "tension"),
        ({"line": "x" * 301}, "line"),
        ({}, "mood"),
    ],
)
async def test_what_cannot_be_is_refused(sqlite_cast: Cast, typed: dict[str, str], field: str) -> None:
    """A day of tomorrow, one of long ago, numbers that are none, a line of nothing: nothing is saved."""
    alice = await sqlite_cast.actor("alice")
    with pytest.raises(InvalidInput) as refused:
        records.parse_line(alice, (), BLANK | typed)
    assert [*refused.value.fields] == [field]


async def test_there_is_one_a_day_and_an_entry_a_month(cast: Cast) -> None:
    """A line saved again takes the place of the first, whose time and text stay; an earlier day is marked."""
    await saved(cast, mood="5")
    cast.clock.forward(hours=2)
    await saved(cast, mood="6", line="Better")
    await saved(cast, "2026-11-20", sleep="3")
    await saved(cast, "2026-10-31", tension="2")
    alice = await cast.actor("alice")
    seen = await records.load_day_lines(alice)
    assert [(one.day.isoformat(), one.is_later) for one in seen.lines] == [
        ("2026-10-31", True),
        ("2026-11-20", True),
        ("2026-11-22", False),
    ]
    latest = seen.lines[-1]
    assert (latest.mood, latest.words, latest.written) == (6, "Better", NOON)
    assert len(seen.months) == 2
    assert len(await revisions.list_revisions(alice, seen.months[-1].id)) == 2


async def test_two_at_once_lose_nothing(cast: Cast) -> None:
    """Two days saved at the same moment are both there, in one entry."""
    await asyncio.gather(saved(cast, "2026-11-21", mood="1"), saved(cast, "2026-11-22", mood="2"))
    seen = await records.load_day_lines(await cast.actor("alice"))
    assert [one.mood for one in seen.lines] == [1, 2]
    assert len(seen.months) == 1


async def test_lines_of_ones_own_go_on_and_keep_what_was_noted(cast: Cast) -> None:
    """They hold in the next month too; what was noted under an earlier name keeps it; bad ones are refused."""
    alice = await cast.actor("alice")
    await records.save_own_scales(alice, [OwnScale("Knees", "none", "the worst"), OwnScale("")])
    await saved(cast, own1="4")
    cast.clock.forward(days=20)
    await signed_in_again(cast)
    alice = await cast.actor("alice")
    assert (await records.load_day_lines(alice)).own == (OwnScale("Knees", "none", "the worst"),)
    await saved(cast, "2026-12-12", own1="7")
    await records.save_own_scales(alice, [OwnScale("Noise")])
    seen = await records.load_day_lines(alice)
    assert [dict(one.own) for one in seen.lines] == [{"Knees": 4}, {"Knees": 7}]
    assert seen.own == (OwnScale("Noise"),)
    for bad in (
        [OwnScale("a=b")],
        [OwnScale("x" * 41)],
        [OwnScale("", "low")],
        [OwnScale("Same"), OwnScale("Same")],
        [OwnScale("Long", "x" * 41)],
    ):
        with pytest.raises(InvalidInput):
            await records.save_own_scales(alice, bad)
    assert (await records.load_day_lines(alice)).own == (OwnScale("Noise"),)


async def test_none_is_written_in_a_hold(cast: Cast) -> None:
    """Around a dosing session it waits, and its day can be filled in afterwards, marked."""
    session = await in_session(cast)
    with pytest.raises(HeldUntilRested):
        await saved(cast, mood="5")
    with pytest.raises(HeldUntilRested):
        await records.save_own_scales(await cast.actor("alice"), [OwnScale("Knees")])
    await rested(cast, session)
    await saved(cast, mood="5")
    (line,) = (await records.load_day_lines(await cast.actor("alice"))).lines
    assert line.is_later


async def test_a_deleted_month_is_begun_anew(cast: Cast) -> None:
    """What is deleted is no longer asked; a new line begins the month again."""
    await saved(cast, mood="5")
    alice = await cast.actor("alice")
    (month,) = (await records.load_day_lines(alice)).months
    await removal.delete_entry(alice, month.id)
    assert (await records.load_day_lines(alice)).lines == ()
    await saved(cast, mood="6")
    assert [one.mood for one in (await records.load_day_lines(alice)).lines] == [6]
