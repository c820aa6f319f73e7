"""What an account remembers of its records from the beginning, and anew when its owner accepts what is there."""

from __future__ import annotations

from uuid import UUID

from crypto import RecordState, Sealer
from journal import audit, freshness, sessions, share_lists, tables
from journal.actors import Actor
from journal.audit import Act
from journal.freshness import LOCK, Part, snapshot, state_context
from journal.rows import Named, read, whole
from journal.store import change, transaction


async def begin(vault: Sealer, owner: UUID) -> None:
    """Remember that there is nothing yet, for a new account."""
    state = RecordState.begin(len(Part)).encode()
    sealed = vault.seal(state, context=state_context(owner, 1))
    await tables.RecordState.create(id=owner, owner_id=owner, revision=1, sealed=sealed)


async def begin_anew(vault: Sealer, owner: UUID) -> None:
    """Remember that there is nothing, after all that was there was set aside with the keys that opened it."""
    await tables.RecordState.filter(owner_id=owner).delete()
    await begin(vault, owner)


async def accept(actor: Actor) -> None:
    """
    Take the journal as it is now for how it was left; its owner has looked at it and said so.

    Raises:
        HeldUntilRested: Too soon after a dosing session.
    """
    await sessions.refuse_while_held(actor)
    async with transaction():
        await freshness.lock(actor)
        for link in whole(await read(Named, tables.CareLink.filter(patient_id=actor.id))):
            await share_lists.accept(actor, link.id)
        await rebuild(actor.vault, actor.id)
        await audit.note(actor, Act.JOURNAL_ACCEPTED, patient=actor.id)


async def rebuild(vault: Sealer, owner: UUID) -> None:
    """
    Remember anew, under *vault*, whatever is there: in a transaction, and after everything in it was looked at.

    Whoever seals all records under another key calls this at the end of the same transaction.
    """
    await change(LOCK, owner)
    members, kept = await snapshot(owner, earlier=True)
    state = RecordState.begin(len(Part))
    for part in Part:
        state = state.changed(part, come=members[part])
    revision = (kept[0] if kept else 0) + 1
    sealed = vault.seal(state.encode(), context=state_context(owner, revision))
    if kept:
        await tables.RecordState.filter(id=owner).update(revision=revision, sealed=sealed)
    else:
        await tables.RecordState.create(id=owner, owner_id=owner, revision=revision, sealed=sealed)
