"""Searching reads a journal in stretches, and misses nothing where one ends."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import pytest

from journal.entries import entries, search
from journal.vault.documents import EntryDocument
from tests.cast import Cast


async def write(cast: Cast, text: str) -> UUID:
    saved = await entries.save_entry(
        await cast.actor("alice"), uuid4(), 0, EntryDocument("free", answers={"free.text": text})
    )
    return saved.id


@pytest.mark.parametrize("at_once", [1, 2, 3, 7, 8, 100])
async def test_every_entry_is_looked_at_once(cast: Cast, at_once: int) -> None:
    """However many are read at a time, and however many were written in one moment, each is found once."""
    written = []
    for moment in (1, 3, 1, 2):
        cast.clock.forward(minutes=1)
        written.append({await write(cast, "the sea") for _ in range(moment)})
        await write(cast, "nothing")
    alice = await cast.actor("alice")
    found = [one.id for one in await search.search_by_opening(alice, "sea", batch_size=at_once)]
    assert len(found) == 7
    newest_first = [found[0:2], found[2:3], found[3:6], found[6:7]]
    assert [set(ids) for ids in newest_first] == written[::-1]


async def test_others_get_their_turn(cast: Cast) -> None:
    """A long search lets somebody else's request go on between two stretches."""
    for _ in range(6):
        await write(cast, "the sea")
    alice, order = await cast.actor("alice"), []

    async def look() -> None:
        await search.search_by_opening(alice, "sea", batch_size=2)
        order.append("search")

    async def answer() -> None:
        order.append("page")

    await asyncio.gather(look(), answer())
    assert order == ["page", "search"]
