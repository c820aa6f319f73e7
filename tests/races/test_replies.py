"""
Two acts at the same moment on replies: one takes effect, or both in order.

Afterwards no reply outlives its copy, one that was withdrawn was read by nobody, and the patient keeps what they had.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest

from journal.actor import Actor
from journal.care import lifecycle
from journal.care import tables as care_tables
from journal.replies import conversation, endings, writing
from journal.replies.drafts import Typed
from journal.sharing import shares
from journal.vault import record_state
from journal.vault.entry_rows import Entry
from tests.cast import Cast
from tests.races.test_keys import TABLES, TIMINGS
from tests.races.turns import Rows, at_once, every_row, pauses, put_back
from tests.scenes import shared, written


@dataclass
class Scene:
    """Alice and bob before each run: both have sent a reply that the other one has not read."""

    cast: Cast
    alice: Actor
    bob: Actor
    entry: Entry
    share: UUID
    mine: UUID
    theirs: UUID
    rows: Rows = field(default_factory=dict)


async def scene_of(cast: Cast) -> Scene:
    """Have an entry be shared, and each have written to the other."""
    entry = await written(cast)
    share = await shared(cast, entry)
    alice, bob, mine, theirs = await cast.actor("alice"), await cast.actor("bob"), uuid4(), uuid4()
    await writing.send_mine(alice, entry.id, cast.link, Typed("Mine"), mine)
    await writing.send_of_copy(bob, alice.id, share, Typed("Theirs"), theirs)
    scene = Scene(cast, await cast.actor("alice"), bob, entry, share, mine, theirs)
    scene.rows = await every_row(TABLES)
    return scene


async def send_mine(scene: Scene) -> None:
    """Have alice send another one."""
    await writing.send_mine(scene.alice, scene.entry.id, scene.cast.link, Typed("Mine again"), uuid4())


async def send_theirs(scene: Scene) -> None:
    """Have bob send another one."""
    await writing.send_of_copy(scene.bob, scene.alice.id, scene.share, Typed("Theirs again"), uuid4())


async def withdraw_mine(scene: Scene) -> None:
    """Have alice withdraw hers."""
    await writing.withdraw_mine(scene.alice, scene.entry.id, scene.cast.link, scene.mine)


async def withdraw_theirs(scene: Scene) -> None:
    """Have bob withdraw his."""
    await writing.withdraw_of_copy(scene.bob, scene.alice.id, scene.share, scene.theirs)


async def read_mine(scene: Scene) -> bool:
    """Have bob read; return whether he was shown alice's."""
    found = await conversation.read_of_copy(scene.bob, scene.alice.id, scene.share)
    return scene.mine in {one.id for one in found.replies}


async def read_theirs(scene: Scene) -> bool:
    """Have alice read; return whether she was shown bob's."""
    _, found = await conversation.read_mine(scene.alice, scene.entry.id, scene.cast.link)
    return scene.theirs in {one.id for one in found.replies}


async def revoke(scene: Scene) -> None:
    """Have alice stop sharing."""
    await shares.revoke_share(scene.alice, scene.share)


async def end_care(scene: Scene) -> None:
    """Have alice end care."""
    await endings.end_care(scene.alice, scene.cast.link)


async def end_care_there(scene: Scene) -> None:
    """Have bob end care."""
    await lifecycle.end_care(scene.bob, scene.cast.link)


Act = Callable[[Scene], Awaitable[Any]]
OF_ALICE: tuple[Act, ...] = (send_mine, withdraw_mine, read_theirs, revoke, end_care)
OF_BOB: tuple[Act, ...] = (send_theirs, withdraw_theirs, read_mine, end_care_there)
PAIRS = [
    *product(OF_ALICE, OF_BOB),
    (send_mine, send_mine),
    (revoke, send_mine),
    (withdraw_mine, withdraw_mine),
]


@pytest.mark.parametrize(("one", "other"), PAIRS, ids=lambda act: act.__name__)
async def test_two_at_once(cast: Cast, one: Act, other: Act) -> None:
    """Whatever their timing."""
    scene = await scene_of(cast)
    for seed in range(TIMINGS):
        if seed:
            await put_back(scene.rows)
        with pauses():
            found = await at_once(seed, lambda: one(scene), lambda: other(scene))
        # Of the same act twice, the one that came through counts.
        named = zip((one.__name__, other.__name__), found, strict=True)
        outcomes = dict(sorted(named, key=lambda act: not isinstance(act[1], Exception)))
        try:
            await check(scene, outcomes)
        except AssertionError as error:
            raise AssertionError(f"timing {seed}: {found!r}: {error}") from error


async def check(scene: Scene, outcomes: dict[str, Any]) -> None:
    """Look at what two acts left behind."""
    done = {name for name, outcome in outcomes.items() if not isinstance(outcome, Exception)}
    assert done, "nobody came through"
    alice = await scene.cast.actor("alice")
    assert (await record_state.compare_records(alice, earlier=True)).is_intact
    there = set(await care_tables.Share.all().values_list("id", flat=True))
    rows = {row["id"]: row for row in await care_tables.Reply.all().values()}
    assert {row["share_id"] for row in rows.values()} <= there, "a reply outlived its copy"
    for act, reading, reply in (
        ("withdraw_mine", "read_mine", scene.mine),
        ("withdraw_theirs", "read_theirs", scene.theirs),
    ):
        if act in done and reply in rows:
            assert rows[reply]["revision"] == 2
            assert rows[reply]["read_at"] is None, "read, and withdrawn as unread"
        if act in outcomes and outcomes.get(reading) is True and act in done:
            raise AssertionError("shown, and withdrawn as unread")
    if not there:
        return
    _, found = await conversation.read_mine(alice, scene.entry.id, scene.cast.link)
    assert not found.missing
    assert not found.damaged
    assert len(rows) == 2 + ("send_mine" in done) + ("send_theirs" in done) or "send_mine" in done
