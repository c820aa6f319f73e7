"""What was read is marked as opened only while it is shared as it was read; else nothing is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from journal.audit import events
from journal.care import lifecycle, tables
from journal.sharing import opening, reading, shares
from journal.sharing.reading import Folder
from tests.cast import Cast
from tests.shared_material import share, write


async def read(cast: Cast) -> Folder:
    """Have alice share two entries, and bob read them; return what he read."""
    for words in ("the door", "my hands"):
        await share(cast, await write(cast, "integration", {"int.top3": words}))
    return await reading.load_folder(await cast.actor("bob"), (await cast.actor("alice")).id)


async def unopened() -> int:
    """Return how many copies were never opened."""
    return await tables.Share.filter(opened_at=None).count()


async def test_what_is_shared_as_it_was_read_is_marked(cast: Cast) -> None:
    """Each with its event; a second time is logged as well; a HEAD request marks nothing."""
    folder = await read(cast)
    bob = await cast.actor("bob")
    asked_only = replace(bob, is_head_request=True)
    assert await opening.mark_as_read(asked_only, folder.link, folder.shared)
    assert await unopened() == 2
    for _ in range(2):
        assert await opening.mark_as_read(bob, folder.link, folder.shared)
    assert await unopened() == 0
    ids = [one.id for one in folder.shared]
    found = await events.load_share_openings(folder.link.patient, ids)
    assert {ident: len(found[ident]) for ident in ids} == dict.fromkeys(ids, 2)


@pytest.mark.parametrize("what", ["revoked", "updated", "paused", "ended"])
async def test_what_changed_meanwhile_is_not(cast: Cast, what: str) -> None:
    """Taken back, updated, paused or ended since it was read: nothing is marked, of that copy and of the others."""
    folder = await read(cast)
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    one = folder.shared[0]
    if what == "revoked":
        await shares.revoke_share(alice, one.id)
    elif what == "updated":
        (mine, *_) = [each for each in await shares.list_shares(alice) if each.id == one.id]
        await shares.share_entry(alice, mine.entry, cast.link, ["int.top3"], previewed=1)
    elif what == "paused":
        await lifecycle.pause_sharing(alice)
    else:
        await lifecycle.end_care(alice, cast.link)
    assert not await opening.mark_as_read(bob, folder.link, folder.shared)
    assert await unopened() == await tables.Share.all().count()
    assert await events.load_share_openings(alice.id, [one.id for one in folder.shared]) == {}
