"""Whichever statement of an act is the last one that comes through, the table of contents fits the entries."""

from __future__ import annotations

import subprocess

import pytest

from journal.entries import entries, listing, removal, revisions
from journal.store.database import Store
from journal.vault import record_state
from tests.cast import Cast, Furniture, cast_of
from tests.durability.stopped import ACTS
from tests.journal.entries.test_listing import as_before
from tests.scenes import rewritten, written


async def prepared(cast: Cast, act: str) -> tuple[str, ...]:
    """Have alice have an entry with an earlier version, and a deleted one; returns their ids."""
    kept, gone = await written(cast), await written(cast)
    cast.clock.forward(minutes=11)
    await rewritten(cast, kept, **{"int.meaning": "Later I saw more of it."})
    alice = await cast.actor("alice")
    await removal.delete_entry(alice, gone.id)
    (version,) = await revisions.list_revisions(alice, kept.id)
    if act == "lay_out":
        await as_before(cast)
    return kept.id.hex, gone.id.hex, version.id.hex


@pytest.mark.parametrize("act", ACTS)
async def test_an_act_that_dies_leaves_the_table_as_it_was_or_as_it_is_to_be(
    furnished_url: tuple[str, Furniture], stopped: subprocess.Popen[str], act: str
) -> None:
    """Killed before each of its statements in turn; then everything is as left, and lists say what entries say."""
    url, furniture = furnished_url
    cast = cast_of(furniture)
    assert stopped.stdin is not None
    assert stopped.stdout is not None
    said, number = "killed", 0
    while said == "killed":
        number += 1
        store = await Store.open(url)
        with store.use():
            ids = await prepared(cast, act)
        await store.close()
        cast.clock.forward(minutes=1)
        minutes = str(int((cast.clock.now - type(cast.clock)().now).total_seconds() // 60))
        token = cast.tokens["alice"].hex()
        stopped.stdin.write(" ".join([act, url, token, minutes, str(number), *ids]) + "\n")
        stopped.stdin.flush()
        said = stopped.stdout.readline().strip()
        store = await Store.open(url)
        with store.use():
            alice = await cast.actor("alice")
            look = await record_state.compare_records(alice, earlier=True)
            assert look.is_intact, f"before statement {number}"
            found = await listing.list_latest(alice, limit=100)
            there = [listing.build_summary(one) for one in reversed(await entries.load_all_entries(alice))]
            assert (found.is_intact, sorted(map(repr, found.entries))) == (True, sorted(map(repr, there)))
        await store.close()
    assert said == "done", said
    assert number > 1
