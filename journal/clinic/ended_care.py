"""
What an ended care left with a patient: whom to call, and the text for the days of a course.

Both stay, since they may be needed on the day that care ends. The patient removes such a number, and hides such a text,
when they like; what somebody answers for who is in their care team is the care team's to change.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from journal.accounts.current_keys import lock_account
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.care.past_care import list_carers
from journal.clinic import tables
from journal.clinic.call_contacts import SELECT_CONTACTS, CallContactRow, load_my_contacts, open_contact
from journal.clinic.instructions import Instructions, load_versions
from journal.errors import Damaged, NotFound, StaleRevision
from journal.held_acts import Asked, HeldAct
from journal.i18n import N_
from journal.roles import Role
from journal.sessions.holds import refuse_while_held
from journal.store.database import fetch_raw, flush_deleted, transaction
from journal.store.rows import parse_rows, require_undamaged

NOT_LEFT = N_(
    "Whoever wrote this is in your care team. Nothing was changed: ask them to change it, or end care first."
)


def is_left(writer: UUID | None, carers: Collection[UUID]) -> bool:
    """
    Return whether nobody in a patient's care team answers for what *writer* wrote.

    Where it is not known who wrote something, everybody whose care has not ended answers for it.
    """
    return not carers if writer is None else writer not in carers


async def list_left(actor: Actor) -> frozenset[UUID]:
    """Return the ids of contacts that the patient who asks may remove, and of texts that they may hide."""
    carers = await list_carers(actor.id)
    contacts = await load_my_contacts(actor)
    texts = await load_versions(actor.installation, actor.id)
    found = [one.id for one in contacts if is_left(one.details.writer, carers)]
    found += [one.id for one in texts if one.hidden_at is None and is_left(one.signer, carers)]
    closed = [one for one in contacts.damaged if one is not None and is_left(None, carers)]
    return frozenset((*found, *closed))


async def remove_left_contact(actor: Actor, wanted: UUID) -> None:
    """
    Remove a contact that an ended care left with the patient who asks, also one that does not open.

    Raises:
        HeldUntilRested: Too soon after a dosing session.
        StaleRevision: If somebody in their care team wrote it.
    """
    actor.require_role(Role.PATIENT)
    async with transaction():
        await lock_account(actor.id)
        await refuse_while_held(actor, Asked(HeldAct.CONTACT, wanted))
        await _require_left(actor, await _find_writer(actor, wanted))
        await tables.CallContact.filter(id=wanted, patient_id=actor.id).delete()
        await audit_log.record_event(actor, Act.CALL_CONTACT_REMOVED, patient=actor.id, about=wanted)
    await flush_deleted()


async def hide_left_text(actor: Actor, wanted: UUID) -> None:
    """
    Hide a text that an ended care left with the patient who asks: it counts no more, and nor does one before it.

    Raises:
        HeldUntilRested: Too soon after a dosing session.
        StaleRevision: If somebody in their care team wrote it.
    """
    actor.require_role(Role.PATIENT)
    async with transaction():
        await lock_account(actor.id)
        await refuse_while_held(actor, Asked(HeldAct.TEXT, wanted))
        await _require_left(actor, (await _load_text(actor, wanted)).signer)
        mine = tables.InstructionsVersion.filter(id=wanted, patient_id=actor.id, hidden_at=None)
        if await mine.update(hidden_at=actor.now):
            await audit_log.record_event(actor, Act.INSTRUCTIONS_HIDDEN, patient=actor.id, about=wanted)


async def show_text_again(actor: Actor, wanted: UUID) -> None:
    """Show a text that the patient who asks has hidden. Never held: it brings back what was there."""
    actor.require_role(Role.PATIENT)
    async with transaction():
        await lock_account(actor.id)
        await _load_text(actor, wanted)
        mine = tables.InstructionsVersion.filter(id=wanted, patient_id=actor.id, hidden_at__isnull=False)
        if await mine.update(hidden_at=None):
            await audit_log.record_event(actor, Act.INSTRUCTIONS_SHOWN, patient=actor.id, about=wanted)


async def _require_left(actor: Actor, writer: UUID | None) -> None:
    if not is_left(writer, await list_carers(actor.id)):
        raise StaleRevision(NOT_LEFT)


async def _find_writer(actor: Actor, wanted: UUID) -> UUID | None:
    """Return who wrote a contact of the patient's, or None where that is not known."""
    for row in parse_rows(CallContactRow, await fetch_raw(SELECT_CONTACTS, actor.id)):
        if row.id == wanted:
            try:
                return open_contact(actor.installation, require_undamaged(row)).details.writer
            except Damaged:
                return None
    raise NotFound


async def _load_text(actor: Actor, wanted: UUID) -> Instructions:
    for one in await load_versions(actor.installation, actor.id):
        if one.id == wanted:
            return one
    raise NotFound
