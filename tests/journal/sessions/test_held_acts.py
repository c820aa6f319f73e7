"""Every act that waits until a patient has rested, and every one that never does, at any hour in between."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from journal.actor import Actor
from journal.care import lifecycle
from journal.care import tables as care_tables
from journal.entries import acceptance, removal
from journal.errors import HeldUntilRested
from journal.practice import account_deletion
from journal.records import archive, disclosures
from journal.reframing import later
from journal.sharing import shares
from journal.vault import tables as vault_tables
from journal.vault.documents import EntryDocument
from tests.cast import PASSWORDS, Cast
from tests.scenes import connected, in_session, rested, shared, signed_in_again, written

REFRAME = EntryDocument("reframe", answers={"reframe.old_meaning": "I am too much."})


@dataclass(frozen=True, slots=True)
class Things:
    """What alice's acts are about."""

    link: UUID
    paused: UUID
    entry: UUID
    reframe: UUID
    share: UUID
    deleted: UUID


Try = Callable[[Actor, Things], Awaitable[Any]]

HELD: Mapping[str, Try] = {
    "share": lambda alice, one: shares.share_entry(alice, one.entry, one.link, ["title"], previewed=1),
    "update": lambda alice, one: shares.share_entry(alice, one.reframe, one.link, ["title"], previewed=1),
    "give a tick": lambda alice, one: later.give_tick(alice, one.reframe, one.share),
    "share additions": lambda alice, one: later.share_additions(alice, one.reframe, one.share, [0], seen=1),
    "resume": lambda alice, one: lifecycle.resume_sharing(alice, one.paused),
    "end care": lambda alice, one: lifecycle.end_care(alice, one.link),
    "delete what is shared": lambda alice, one: removal.delete_entry(alice, one.reframe),
    "delete what is private": lambda alice, one: removal.delete_entry(alice, one.entry),
    "delete for good": lambda alice, one: removal.erase_entry(alice, one.deleted),
    "accept the journal": lambda alice, one: acceptance.accept_journal(alice),
    "export": lambda alice, one: archive.export_records(
        alice, PASSWORDS["alice"], "x" * 40, practice="", app_version="", patient=None, render=lambda _: {}
    ),
    "export disclosures": lambda alice, one: disclosures.export_disclosures(alice, PASSWORDS["alice"]),
    "delete the account": lambda alice, one: account_deletion.request_deletion(
        alice, account_deletion.CONFIRMATION_WORD
    ),
}
FREE: Mapping[str, Try] = {
    "stop a tick": lambda alice, one: later.stop_tick(alice, one.reframe, one.share),
    "pause all": lambda alice, one: lifecycle.pause_sharing(alice),
    "stop a share": lambda alice, one: shares.revoke_share(alice, one.share),
}


async def prepared(cast: Cast) -> Things:
    """Have alice share, pause, tick and delete on an ordinary day."""
    paused = await connected(cast, "charlie")
    alice = await cast.actor("alice")
    await lifecycle.pause_sharing(alice, paused)
    reframe, entry, deleted = await written(cast, document=REFRAME), await written(cast), await written(cast)
    share = await shared(cast, reframe, ("reframe.old_meaning",))
    await later.give_tick(alice, reframe.id, share)
    await removal.delete_entry(alice, deleted.id)
    return Things(cast.link, paused, entry.id, reframe.id, share, deleted.id)


async def stored() -> list[list[dict[str, Any]]]:
    """Everything that the acts would change."""
    return [
        sorted(await table.all().values(), key=lambda row: str(row["id"]))
        for table in (vault_tables.Entry, care_tables.Share, care_tables.CareLink)
    ]


@pytest.mark.parametrize("hours", [0, 9, 30])
async def test_what_is_held_waits_and_what_is_free_works(cast: Cast, hours: int) -> None:
    """Just after the start, in the evening, and on the next day before rest was confirmed: the same."""
    things = await prepared(cast)
    await in_session(cast)
    cast.clock.forward(hours=hours)
    await signed_in_again(cast)
    before = await stored()
    for name, act in HELD.items():
        with pytest.raises(HeldUntilRested):
            await act(await cast.actor("alice"), things)
        assert await stored() == before, name
    for name, act in FREE.items():
        await act(await cast.actor("alice"), things)
        now = await stored()
        assert now != before, name
        before = now


async def test_after_rest_nothing_was_done_by_itself(cast: Cast) -> None:
    """Confirming rest carries out nothing that was refused, and each can then be done."""
    things = await prepared(cast)
    session = await in_session(cast)
    for act in HELD.values():
        with pytest.raises(HeldUntilRested):
            await act(await cast.actor("alice"), things)
    before = await stored()
    await rested(cast, session)
    assert await stored() == before
    for name in ("resume", "share", "delete for good", "end care"):
        await HELD[name](await cast.actor("alice"), things)
