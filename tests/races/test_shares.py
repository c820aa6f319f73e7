"""
Two acts at the same moment on what a patient shares: one takes effect, or both in order.

Afterwards nothing of what is gone, ended or paused can be read, and the journal is as its owner left it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import product
from typing import Any
from uuid import UUID

import pytest

from journal.actor import Actor
from journal.care import lifecycle
from journal.care import tables as care_tables
from journal.entries import entries, removal
from journal.errors import JournalError
from journal.scheduling import plan as session_plan
from journal.sessions.session import SessionDetails, SessionKind, Setting, Status
from journal.sharing import handover_answers, handover_offers, reading, shares
from journal.vault import record_state
from journal.vault import tables as vault_tables
from journal.vault.entry_rows import Entry
from tests.cast import ZONE, Cast
from tests.races.test_keys import TABLES, TIMINGS
from tests.races.turns import Rows, at_once, every_row, pauses, put_back
from tests.scenes import THE_SEA, shared, written


@dataclass
class Scene:
    """Alice before each run: one entry that she shared with bob, one that she did not, and a colleague of his."""

    cast: Cast
    alice: Actor
    given: Entry
    private: Entry
    share: UUID
    handover: UUID
    session: UUID
    rows: Rows = field(default_factory=dict)


async def scene_of(cast: Cast) -> Scene:
    """Have alice have written and shared, bob have suggested charlie, and a dosing session be due."""
    given, private, alice = await written(cast), await written(cast), await cast.actor("alice")
    share = await shared(cast, given)
    charlie = await cast.actor("charlie")
    handover = await handover_offers.suggest_colleague(await cast.actor("bob"), alice.id, str(charlie.id))
    details = SessionDetails(SessionKind.DOSING, "2026-11-22T13:30", ZONE, 120, Setting.HOME)
    session = await session_plan.add_session(alice, alice.id, details)
    scene = Scene(cast, await cast.actor("alice"), given, private, share, handover, session)
    scene.rows = await every_row(TABLES)
    return scene


async def share_the_private(scene: Scene) -> UUID:
    """Share the other entry."""
    parts = ("title", "int.meaning")
    return await shares.share_entry(
        scene.alice, scene.private.id, scene.cast.link, parts, previewed=scene.private.revision
    )


async def share_anew(scene: Scene) -> UUID:
    """Share the shared one once more, with another part."""
    parts = ("title", "int.meaning", "int.top3")
    return await shares.share_entry(
        scene.alice, scene.given.id, scene.cast.link, parts, previewed=scene.given.revision
    )


async def revoke(scene: Scene) -> None:
    """Take the copy back."""
    await shares.revoke_share(scene.alice, scene.share)


async def pause(scene: Scene) -> None:
    """Pause all sharing."""
    await lifecycle.pause_sharing(scene.alice)


async def end_care(scene: Scene) -> None:
    """End care with bob."""
    await lifecycle.end_care(scene.alice, scene.cast.link)


async def delete_the_given(scene: Scene) -> None:
    """Delete the entry that is shared."""
    await removal.delete_entry(scene.alice, scene.given.id)


async def delete_the_private(scene: Scene) -> None:
    """Delete the other one."""
    await removal.delete_entry(scene.alice, scene.private.id)


async def save_the_private(scene: Scene) -> Entry:
    """Write on in the other one."""
    document = THE_SEA.__class__(THE_SEA.kind, "Another sea", "", None, THE_SEA.answers)
    return await entries.save_entry(
        scene.alice, scene.private.id, scene.private.revision, document, sitting="x"
    )


async def hand_over(scene: Scene) -> UUID:
    """Say yes to charlie, who gets the copy as well."""
    return await handover_answers.accept_handover(scene.alice, scene.handover, [scene.share], end_care=False)


async def hand_over_and_end(scene: Scene) -> UUID:
    """Say yes to charlie, and end care with bob at the same time."""
    return await handover_answers.accept_handover(scene.alice, scene.handover, [scene.share], end_care=True)


async def begin_session(scene: Scene) -> None:
    """Let the dosing session begin: what cannot be taken back waits from now on."""
    await session_plan.change_status(scene.alice, scene.session, Status.IN_SESSION)


Act = Callable[[Scene], Awaitable[Any]]
ACTS: dict[str, Act] = {
    act.__name__: act
    for act in (
        share_the_private,
        share_anew,
        revoke,
        pause,
        end_care,
        delete_the_given,
        delete_the_private,
        save_the_private,
        hand_over,
        hand_over_and_end,
        begin_session,
    )
}


@pytest.mark.parametrize(("one", "other"), list(product(ACTS, ACTS)))
async def test_two_at_once(cast: Cast, one: str, other: str) -> None:
    """Whatever their timing: no copy of what is deleted, none over what has ended, and nothing that is missing."""
    scene = await scene_of(cast)
    for seed in range(TIMINGS):
        if seed:  # the first finds everything as it was
            await put_back(scene.rows)
        with pauses():
            found = await at_once(seed, lambda: ACTS[one](scene), lambda: ACTS[other](scene))
        done = {
            name
            for name, outcome in zip((one, other), found, strict=True)
            if not isinstance(outcome, Exception)
        }
        try:
            await check(scene, done)
        except AssertionError as error:
            raise AssertionError(f"timing {seed}: {found!r}: {error}") from error


async def check(scene: Scene, done: set[str]) -> None:
    """Look at what two acts left behind."""
    assert done, "nobody came through"
    alice = await scene.cast.actor("alice")
    rows = await care_tables.Share.all().values_list("id", "entry_id", "link_id")
    lasting = set(await vault_tables.Entry.filter(deleted_at=None).values_list("id", flat=True))
    assert {entry for _, entry, _ in rows} <= lasting, "a copy outlived its entry"
    if not done & {"hand_over", "hand_over_and_end"}:
        assert not await care_tables.CareLink.exists(handover_id=scene.handover), (
            "who was refused changed something"
        )
    over = set(await care_tables.CareLink.filter(ended_at__isnull=False).values_list("id", flat=True))
    assert not {link for _, _, link in rows} & over, "a copy outlived its link"
    if "revoke" in done and "share_anew" not in done:
        assert scene.share not in {share for share, _, _ in rows}
    assert (await record_state.compare_records(alice, earlier=True)).is_intact
    assert (await shares.list_shares_and_missing(alice))[1] == frozenset()
    assert not any(one.damaged for one in await shares.list_shares(alice))
    for name in ("bob", "charlie"):
        reader = await scene.cast.actor(name)
        try:
            folder = await reading.load_folder(reader, alice.id)
        except JournalError:
            continue
        assert not folder.damaged
        assert not folder.missing
        if "pause" in done:
            link = folder.link.row
            assert folder.shared == () or link.clinician_key is not None
    assert (await entries.load_entries_by_id(alice, [scene.given.id])).keys() == (
        set() if "delete_the_given" in done else {scene.given.id}
    )
