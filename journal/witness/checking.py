"""
Look, at a sign-in, whether anybody's keys were changed or shown to one person only; and what follows from that.

What is amiss is remembered until its owner has read it. Where it speaks against the keys of one person, nothing goes
over that care link until the two have compared the safety code.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

import msgspec

from crypto import PublicIdentity, pin, pin_in_doubt, safety_code
from journal.accounts import key_log, log_memory
from journal.accounts.current_keys import ConcurrentChange, require_keys
from journal.accounts.log_memory import EMPTY, Memory, Noticed
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.authentication import key_slots
from journal.care import links
from journal.care import tables as care_tables
from journal.care.links import Link
from journal.errors import Damaged, StaleRevision
from journal.held_acts import Asked, HeldAct
from journal.roles import Role
from journal.sealing import seal_document
from journal.sessions.holds import refuse_while_held
from journal.store.database import execute, transaction
from journal.vault import record_state
from journal.witness.documents import STOPPING, Finding, HeadNote, head_note_context
from journal.witness.judging import Judgement, judge, settle
from journal.witness.reading import Seen, read_view

BEGIN_HEADS = "INSERT INTO link_head (id, patient_id) VALUES ($1, $2) ON CONFLICT DO NOTHING"
SET_HEAD = {
    Role.PATIENT: "UPDATE link_head SET patient_head = $1 WHERE id = $2",
    Role.CLINICIAN: "UPDATE link_head SET clinician_head = $1 WHERE id = $2",
}


@dataclass(frozen=True, slots=True)
class CodeToCompare:
    """A care link in doubt, and the safety code that its two people have to compare."""

    link: Link
    code: str


@dataclass(frozen=True, slots=True)
class Report:
    """What its owner has yet to read of the witness: findings, and the links that they are about."""

    noticed: tuple[Noticed, ...]
    links: tuple[Link, ...]
    codes: tuple[CodeToCompare, ...] = ()


class _Overtaken(Exception):
    """Another browser of the same person looked at the same moment."""


async def check_log(actor: Actor) -> bool:
    """
    Compare the log with what the actor remembers; return whether there is something that they have yet to read.

    What looks amiss is read once more before it counts: others change things at the same moment.
    """
    seen = await read_view(actor)
    if seen is not None and not seen.view.log.size:
        await key_log.complete_log()
        seen = await read_view(actor)
    made = judge(seen.view) if seen else None
    if made is not None and made.found:
        seen = await read_view(actor)
        made = judge(seen.view) if seen else None
    if seen is None or made is None:
        return False
    noticed = _add_found(actor, seen, made)
    after = msgspec.structs.replace(made.memory, noticed=noticed)
    if after != seen.view.memory or made.notes or made.is_missing:
        with suppress(_Overtaken, StaleRevision):
            await _store(actor, seen, made, after)
    if not actor.remembers_log:
        with suppress(ConcurrentChange):  # then the next look does
            await key_slots.note_log_memory(actor)
    return bool(noticed)


def _add_found(actor: Actor, seen: Seen, made: Judgement) -> tuple[Noticed, ...]:
    """Return what was noticed before and has yet to be read, and what is new."""
    noticed = (seen.view.memory or EMPTY).noticed
    known = {(one.kind, one.link) for one in noticed}
    new = [(kind.value, link.hex if link else "") for kind, link in made.found]
    return (*noticed, *(Noticed(kind, actor.now, link) for kind, link in new if (kind, link) not in known))


async def _store(actor: Actor, seen: Seen, made: Judgement, after: Memory) -> None:
    """Store what is remembered from now on, with everything that follows from it."""
    before = (seen.view.memory or EMPTY).noticed
    async with transaction():
        await _begin(actor, seen, after)
        await _write_notes(actor, seen, made.notes)
        for kind, link in made.found:
            if link is not None and kind in STOPPING:
                await _pin_again(actor, seen.team[link], is_doubted=True)
        for one in after.noticed[len(before) :]:
            await _record(actor, Act.KEYS_DOUBTED, seen.team.get(UUID(one.link)) if one.link else None)
        await _end(actor, seen, made)


async def _begin(actor: Actor, seen: Seen, after: Memory) -> None:
    if actor.role is Role.PATIENT:
        await record_state.lock_state(actor)
    if not await log_memory.store_memory(actor, after, seen.revision, seen.sealed):
        raise _Overtaken


async def _end(actor: Actor, seen: Seen, made: Judgement) -> None:
    await require_keys(actor)
    if made.is_missing:
        await key_log.append_keys(actor.id, seen.view.known[0])


async def _write_notes(actor: Actor, seen: Seen, notes: dict[UUID, HeadNote]) -> None:
    for ident, note in notes.items():
        link = seen.team[ident]
        await links.require_cared_for(link)
        await execute(BEGIN_HEADS, ident, link.patient)
        sealed = seal_document(seen.sealers[ident], note, head_note_context(ident, actor.role))
        await execute(SET_HEAD[actor.role], sealed, ident)


async def _pin_again(actor: Actor, link: Link, *, is_doubted: bool) -> None:
    """Write a link's pin anew, in doubt or no longer, unless it was changed since it was read."""
    ids = {"owner": actor.id.bytes, "peer": link.peer.bytes, "link": link.id.bytes}
    keys = PublicIdentity.decode(link.peer_keys)
    sealed = pin_in_doubt(actor.keyring, keys, **ids) if is_doubted else pin(actor.keyring, keys, **ids)
    column = "patient_pin" if actor.role is Role.PATIENT else "clinician_pin"
    same = care_tables.CareLink.filter(id=link.id, ended_at=None, **{column: link.row.get_pin(actor)})
    await same.update(**{column: sealed})


async def _record(actor: Actor, act: Act, link: Link | None) -> None:
    if link is None:
        await audit_log.record_event(actor, act, patient=actor.id if actor.role is Role.PATIENT else None)
    else:
        await audit_log.record_event(actor, act, patient=link.patient, about=link.id, recipient=link.peer)


async def load_report(actor: Actor) -> Report:
    """Return what the actor has yet to read of the witness."""
    try:
        kept = log_memory.open_memory(actor, *await log_memory.load_row(actor))
    except Damaged:
        kept = msgspec.structs.replace(EMPTY, noticed=(Noticed(Finding.LOG.value, actor.now),))
    noticed = kept.noticed if kept else ()
    if actor.role is Role.ADMINISTRATOR:
        return Report(noticed, ())
    about = {one.link for one in noticed}
    team = await links.load_my_links(actor)
    codes = tuple(CodeToCompare(one, _derive_code(actor, one)) for one in team if one.is_doubted)
    return Report(noticed, tuple(one for one in team if one.id.hex in about), codes)


def _derive_code(actor: Actor, link: Link) -> str:
    """Return the safety code of the keys that are in doubt."""
    mine, theirs = actor.open_identity().public(), PublicIdentity.decode(link.peer_keys)
    return safety_code(actor.id.bytes, mine, link.peer.bytes, theirs)


async def has_noticed(actor: Actor) -> bool:
    """Return whether there is something that the actor has yet to read."""
    try:
        kept = log_memory.open_memory(actor, *await log_memory.load_row(actor))
    except Damaged:
        return True
    return bool(kept and kept.noticed)


async def accept(actor: Actor) -> None:
    """
    Go on from what is there now: the actor has read what was noticed, and compared the safety codes that are in doubt.

    Raises:
        StaleRevision: If another browser of theirs did so at the same moment.
        HeldUntilRested: Too soon after a dosing session, where a code was to be compared.
    """
    seen = await read_view(actor, settling=True)
    if seen is None:
        raise StaleRevision
    made = settle(seen.view)
    await _refuse_while_held(actor, seen)
    try:
        async with transaction():
            await _begin(actor, seen, made.memory)
            await _refuse_while_held(actor, seen)
            await _write_notes(actor, seen, made.notes)
            for link in seen.team.values():
                if link.is_doubted and any(one.id == link.id for one in seen.view.links):
                    await _pin_again(actor, link, is_doubted=False)
                    await _record(actor, Act.KEYS_COMPARED, link)
            await _end(actor, seen, made)
    except _Overtaken:
        raise StaleRevision from None


async def _refuse_while_held(actor: Actor, seen: Seen) -> None:
    doubted = [link.id for link in seen.team.values() if link.is_doubted]
    if actor.role is Role.PATIENT and doubted:
        await refuse_while_held(actor, Asked(HeldAct.RESUME, doubted[0]))
