"""A note saved while care ends is refused, or is there and will be asked about: none is left without a question."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import uuid4

import pytest

from journal.actor import Actor
from journal.care import lifecycle
from journal.care import tables as care_tables
from journal.own_notes import notes
from journal.own_notes.notes import CareEnded
from tests.cast import Cast
from tests.races.test_keys import TABLES, TIMINGS
from tests.races.turns import at_once, every_row, pauses, put_back

Act = Callable[[], Awaitable[object]]


@pytest.mark.parametrize("who", ["alice", "bob"])
@pytest.mark.parametrize("is_edit", [False, True], ids=["new", "edit"])
async def test_saved_while_care_ends(cast: Cast, who: str, *, is_edit: bool) -> None:
    """Whatever their timing, whoever ends it."""
    alice, bob, note = await cast.actor("alice"), await cast.actor("bob"), uuid4()
    await notes.save_note(bob, alice.id, note, "Before.")
    rows = await every_row(TABLES)
    ends: Actor = {"alice": alice, "bob": bob}[who]

    async def save() -> object:
        return await notes.save_note(bob, alice.id, note if is_edit else uuid4(), "Meanwhile.", int(is_edit))

    async def end() -> None:
        await lifecycle.end_care(ends, cast.link)

    for seed in range(TIMINGS):
        if seed:
            await put_back(rows)
        with pauses():
            saved, ended = await at_once(seed, save, end)
        assert ended is None, seed
        assert not isinstance(saved, Exception) or isinstance(saved, CareEnded), seed
        there = await care_tables.OwnNote.all()
        assert all(one.ask_from is not None for one in there), seed
        found = [one.text for one in (await notes.load_notes(bob, alice.id)).notes]
        taken = ["Meanwhile."] if is_edit else ["Meanwhile.", "Before."]
        assert sorted(found) == sorted(["Before."] if isinstance(saved, CareEnded) else taken), seed
