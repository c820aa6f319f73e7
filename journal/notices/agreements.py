"""
What a patient and a clinician agree on about notices: who gets them, who is the backup, and after how long.

One proposes and the other agrees; from then on it is in force. What the patient agreed to stands in an entry of its own
kind, so it is sealed, proven, taken away and erased as every entry is; what both see stands sealed under their care
link. Neither alone puts anything in force, and storage cannot put back what a patient ended. To weaken it is held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import msgspec
from tortoise.exceptions import IntegrityError

from journal.accounts.current_keys import lock_account
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.care import links as care_links
from journal.care import tables
from journal.care.link_keys import SharingPaused, get_peer_identity, open_shared_key
from journal.care.links import CareTeam, Link, require_active
from journal.catalogue.fields import Answers, EntryKind
from journal.entries import only_entry
from journal.errors import Damaged, InvalidInput, NotFound, StaleRevision, TrustBroken
from journal.held_acts import Asked, HeldAct
from journal.i18n import N_
from journal.notices.documents import HOURS, MAX_LOOKS_LENGTH, PolicyDocument, Terms, policy_context
from journal.notices.lines import AgreedLine, parse_agreed
from journal.notices.policy import Agreement, Policy, are_weaker, is_weaker, select_agreed
from journal.roles import Role
from journal.sealing import open_document, seal_document
from journal.sessions.holds import refuse_while_held, refuse_while_patient_held
from journal.store.database import flush_deleted, transaction
from journal.store.rows import NonNegative, Row, fetch_row
from journal.user_input import clean_line
from journal.vault import record_state
from journal.vault.entry_rows import Entry

AGREED = "notices.agreed"
MAX_PAST = 100
"""How many that are over are kept in the list; the log has all of them."""
CHANGED_MEANWHILE = N_("This was changed in the meantime. Nothing was changed here; look at it again.")
NOBODY = N_("Choose somebody in your care team. Nothing was changed.")
NO_BACKUP = N_("Choose somebody else in your care team as the backup, or nobody. Nothing was changed.")
NO_HOURS = N_("Choose after how long. Nothing was changed.")
NOT_NOW = N_("Nothing can be sent to this person at present. Nothing was changed.")
LONG_LOOKS = N_("Please keep this to 120 letters.")


class PolicyRow(Row, frozen=True):
    """A row of what is agreed over a care link."""

    revision: NonNegative
    sealed: bytes


async def load_policy(
    actor: Actor,
    team: CareTeam | None = None,
    mine: Iterable[Entry] | None = None,
    found: Iterable[Agreement] = (),
) -> Policy | None:
    """
    Return what is in force for the patient, or None.

    The latest of what they agreed to counts with which the other agreed as well. Only where there is none, what was
    agreed on last counts although it cannot be opened, since nothing took its place: with somebody whose care has
    ended, without a link, or damaged. A proposal that nobody agreed to counts for nothing, and hides nothing.

    Args:
        team: The patient's care team, where it is loaded already.
        mine: Entries among which theirs is that says what they agreed to, where they are loaded already.
        found: What `list_agreements` returned, where it was asked already.
    """
    known = {one.link.id: one for one in found}
    open_lines = [one for one in reversed(await _load_lines(actor, mine)) if one.until is None]
    if not open_lines:
        return None
    team = team or await care_links.load_care_team(actor)
    there = {link.id: link for link in team.links if link.ended_at is None}
    closed: list[Policy] = []
    for one in open_lines:
        backup = there.get(one.backup) if one.backup else None
        link = there.get(one.link)
        if link is None:
            closed.append(Policy(one, None, None, backup, one.link in team.unagreed))
            continue
        held = known.get(link.id) or await _load_agreement(actor, link)
        if held.is_damaged:
            closed.append(Policy(one, None, None, backup, is_strange=True))
        elif held.agreed is not None and held.agreed.id == one.id.hex:
            return Policy(one, held.agreed, link, backup)
    return await select_agreed(actor, closed)


async def list_agreements(
    actor: Actor, team: CareTeam | None = None, mine: Iterable[Entry] | None = None
) -> tuple[Agreement, ...]:
    """Return what each of a patient's care links holds; *team* and *mine* as for `load_policy`."""
    actor.require_role(Role.PATIENT)
    team = team or await care_links.load_care_team(actor)
    found = [await _load_agreement(actor, link) for link in team.links]
    own = {one.id.hex for one in await _load_lines(actor, mine) if one.until is None}
    return tuple(
        replace(one, agreed=one.agreed if one.agreed and one.agreed.id in own else None) for one in found
    )


async def load_agreement(actor: Actor, patient: UUID, link: Link | None = None) -> Agreement:
    """
    Return what a clinician agreed on with a patient; *link* is their care link, where it is loaded already.

    Raises:
        SharingPaused, TrustBroken: As `open_shared_key` does.
    """
    return await _load_agreement(actor, link or await care_links.load_link_with(actor, patient))


async def propose(actor: Actor, to: UUID | None, backup: UUID | None, hours: int | None) -> None:
    """
    Propose as a patient who gets notices, who is the backup, and after how long; what is in force stays until then.

    Raises:
        InvalidInput: If somebody is named who is not in the care team or cannot be sent anything, or no time is.
        HeldUntilRested: If it weakens what is in force, too soon after a dosing session.
    """
    actor.require_role(Role.PATIENT)
    team = await care_links.load_care_team(actor)
    link = await _require_named(actor, team, "to", to, NOBODY)
    other = await _require_named(actor, team, "backup", backup, NO_BACKUP) if backup else None
    if other is not None and other.id == link.id:
        raise InvalidInput({"backup": NO_BACKUP})
    if hours not in HOURS:
        raise InvalidInput({"hours": NO_HOURS})
    chosen, names = other.id if other else None, (link.peer_name, other.peer_name if other else "")
    new = AgreedLine(uuid4(), link.id, hours, actor.now, chosen, None, *names)
    await _refuse_weakening(actor, new)
    by, backup_id = Role.PATIENT.value, chosen.hex if chosen else ""
    terms = Terms(new.id.hex, hours, by, _format(actor.now), backup_id, new.backup_name)
    await record_state.require_intact(actor)
    async with transaction():
        await record_state.lock_state(actor)
        await _refuse_weakening(actor, new)
        await require_active(link)
        force = await load_policy(actor)
        kept = force.line.id if force else None
        # Of what nobody agreed to yet, the latest alone is proposed: an earlier one can be agreed to no more.
        over = {one.link for one in await _load_lines(actor) if one.until is None and one.id != kept}
        over -= {link.id, *([force.line.link] if force else [])}
        await tables.NoticePolicy.filter(id__in=[*over], patient_id=actor.id).delete()
        await change_lines(actor, lambda every: [*_end_but(every, kept, actor.now), new])
        await replace_document(actor, link, lambda old: msgspec.structs.replace(old, proposed=terms))


async def agree(actor: Actor, to: UUID, terms: str) -> None:
    """
    Agree as a patient to what a clinician proposed; raises as `propose` does, and `StaleRevision` for other terms.
    """
    actor.require_role(Role.PATIENT)
    link = await _require_named(actor, await care_links.load_care_team(actor), "to", to, NOBODY)
    await record_state.require_intact(actor)
    async with transaction():
        await record_state.lock_state(actor)
        await require_active(link)
        wanted = (await load_document(actor, link))[1].proposed
        if (
            wanted is None
            or wanted.id != terms
            or wanted.by == Role.PATIENT.value
            or wanted.hours not in HOURS
        ):
            raise StaleRevision(CHANGED_MEANWHILE)
        backup = UUID(wanted.backup) if wanted.backup else None
        if backup is not None:
            await _require_named(actor, await care_links.load_care_team(actor), "backup", backup, NO_BACKUP)
        names = (link.peer_name, wanted.backup_name)
        new = AgreedLine(UUID(wanted.id), link.id, wanted.hours, actor.now, backup, None, *names)
        await _refuse_weakening(actor, new)
        await change_lines(actor, lambda every: [*_end_but(every, None, actor.now), new])
        await _put_in_force(actor, link, wanted)


async def end(actor: Actor, to: UUID) -> None:
    """
    End as a patient what is agreed or proposed over a care link.

    Raises:
        HeldUntilRested: If that is in force, too soon after a dosing session.
    """
    actor.require_role(Role.PATIENT)
    await _refuse_ending(actor, to)
    async with transaction():
        await record_state.lock_state(actor)
        await _refuse_ending(actor, to)
        await change_lines(
            actor,
            lambda every: [
                replace(one, until=actor.now) if one.link == to and one.until is None else one
                for one in every
            ],
        )
        await tables.NoticePolicy.filter(id=to, patient_id=actor.id).delete()
        await audit_log.record_event(actor, Act.NOTICES_ENDED, patient=actor.id, about=to)
    await flush_deleted()


async def end_all_of(actor: Actor, wanted: UUID) -> None:
    """End what stands in an entry before it is deleted, so that restoring it puts nothing in force again."""
    entry = await only_entry.load_only_entry(actor, EntryKind.NOTICES)
    if entry is not None and entry.id == wanted:
        for one in await _load_lines(actor):
            if one.until is None:
                await end(actor, one.link)


async def propose_as_clinician(actor: Actor, patient: UUID, hours: int | None, looks: str) -> None:
    """
    Propose as a clinician that they get a patient's notices; the backup stays for the patient to choose.

    Raises:
        InvalidInput: If no time is given, or the words are too long.
        SharingPaused, TrustBroken: While nothing can be opened.
        StaleRevision: If the patient proposed something meanwhile.
    """
    link = await care_links.load_link_with(actor, patient)
    if hours not in HOURS:
        raise InvalidInput({"hours": NO_HOURS})
    made, words = uuid4().hex, _clean_looks(looks)
    by, at = Role.CLINICIAN.value, _format(actor.now)

    def change(old: PolicyDocument) -> PolicyDocument:
        if old.proposed is not None and old.proposed.by == Role.PATIENT.value:
            raise StaleRevision(CHANGED_MEANWHILE)  # it waits for an answer, and is not written over
        kept = (old.agreed.backup, old.agreed.backup_name) if old.agreed else ("", "")
        terms = Terms(made, hours, by, at, *kept, words, language=actor.language)
        return msgspec.structs.replace(old, proposed=terms)

    async with transaction():
        await require_active(link)
        await replace_document(actor, link, change)


async def agree_as_clinician(actor: Actor, patient: UUID, terms: str, looks: str) -> None:
    """
    Agree as a clinician to what a patient proposed; raises as `propose_as_clinician`, or `StaleRevision`.

    Weaker terms, and those that may take another's place, wait while the patient's own acts do.
    """
    link, words = await care_links.load_link_with(actor, patient), _clean_looks(looks)
    async with transaction():
        await lock_account(patient)
        await require_active(link)
        now = (await load_document(actor, link))[1]
        wanted, others = now.proposed, tables.NoticePolicy.filter(patient_id=patient).exclude(id=link.id)
        if wanted is None or wanted.id != terms or wanted.by != Role.PATIENT.value:
            raise StaleRevision(CHANGED_MEANWHILE)
        if are_weaker(wanted, now.agreed) or await others.exists():
            await refuse_while_patient_held(actor, patient)
        said = msgspec.structs.replace(wanted, looks=words, language=actor.language)
        await _put_in_force(actor, link, said)


async def end_as_clinician(actor: Actor, patient: UUID) -> None:
    """End as a clinician what is agreed or proposed, in no hold; the patient reads that nobody gets notices now."""
    link = await care_links.load_link_with(actor, patient)
    async with transaction():
        await lock_account(patient)
        await care_links.require_cared_for(link)
        if await tables.NoticePolicy.filter(id=link.id).exists():
            await refuse_while_patient_held(actor, patient)
        if await tables.NoticePolicy.filter(id=link.id).delete():
            await audit_log.record_event(actor, Act.NOTICES_ENDED, patient=patient, about=link.id)
    await flush_deleted()


def find_reason(link: Link | None, *, is_strange: bool = False) -> str:
    """Return why nothing can be sent over a care link: paused, ended, keys or suspended; nothing where it can."""
    if link is None or link.ended_at:
        return "keys" if is_strange else "ended"
    if not link.trusted:
        return "keys"
    return "paused" if link.paused_at else "suspended" if link.peer_suspended else ""


async def _require_named(
    actor: Actor, team: CareTeam, field: str, wanted: UUID | None, sentence: str
) -> Link:
    try:
        link = team.get_link(wanted or UUID(int=0))
        if find_reason(link):
            raise InvalidInput({field: NOT_NOW})
        await get_peer_identity(actor, link)
    except (NotFound, TrustBroken) as error:
        raise InvalidInput({field: sentence}) from error
    return link


async def _refuse_weakening(actor: Actor, new: AgreedLine) -> None:
    force = await load_policy(actor)
    if is_weaker(new, force.line if force else None):
        await refuse_while_held(actor, Asked(HeldAct.NOTICES))


async def _refuse_ending(actor: Actor, to: UUID) -> None:
    force = await load_policy(actor)
    if force is not None and force.line.link == to:
        await refuse_while_held(actor, Asked(HeldAct.NOTICES))


async def _put_in_force(actor: Actor, link: Link, terms: Terms) -> None:
    now = msgspec.structs.replace(terms, agreed_at=_format(actor.now))
    # What was in force before, with whomever, is so no more.
    await tables.NoticePolicy.filter(patient_id=link.patient).exclude(id=link.id).delete()
    await replace_document(actor, link, lambda _: PolicyDocument(now))
    await audit_log.record_event(
        actor, Act.NOTICES_AGREED, patient=link.patient, about=link.id, recipient=link.clinician
    )


async def _load_lines(actor: Actor, mine: Iterable[Entry] | None = None) -> tuple[AgreedLine, ...]:
    if mine is None:
        entry = await only_entry.load_only_entry(actor, EntryKind.NOTICES)
    else:
        entry = only_entry.select_only_entry(mine, EntryKind.NOTICES)
    return parse_agreed(entry.document.answers.get(AGREED)) if entry else ()


async def _load_agreement(actor: Actor, link: Link) -> Agreement:
    try:
        revision, document = await load_document(actor, link)
    except Damaged:
        return Agreement(link, is_damaged=True)
    proposed = document.proposed
    mine = proposed is not None and (proposed.by == Role.PATIENT.value) == (actor.role is Role.PATIENT)
    return Agreement(link, document.agreed, proposed, mine, revision=revision)


async def load_document(actor: Actor, link: Link) -> tuple[int, PolicyDocument]:
    """Return what a care link holds, and its revision; 0 where there is nothing."""
    if actor.role is not Role.PATIENT and link.paused_at:
        raise SharingPaused
    row = await fetch_row(PolicyRow, tables.NoticePolicy.filter(id=link.id, patient_id=link.patient))
    if row is None:
        return 0, PolicyDocument()
    key = await open_shared_key(actor, link)
    return row.revision, open_document(key, row.sealed, policy_context(link.id, row.revision), PolicyDocument)


async def replace_document(
    actor: Actor, link: Link, change: Callable[[PolicyDocument], PolicyDocument]
) -> None:
    """Replace what a care link holds, in the transaction that is open; one that does not open is replaced whole."""
    key = await open_shared_key(actor, link)
    try:
        revision, old = await load_document(actor, link)
    except Damaged:
        await tables.NoticePolicy.filter(id=link.id, patient_id=link.patient).delete()
        revision, old = 0, PolicyDocument()
    sealed = seal_document(key, change(old), policy_context(link.id, revision + 1))
    if revision:
        there = tables.NoticePolicy.filter(id=link.id, revision=revision)
        if not await there.update(revision=revision + 1, sealed=sealed):
            raise StaleRevision(CHANGED_MEANWHILE)
        return
    try:
        await tables.NoticePolicy.create(id=link.id, patient_id=link.patient, revision=1, sealed=sealed)
    except IntegrityError as error:
        raise StaleRevision(CHANGED_MEANWHILE) from error


async def change_lines(actor: Actor, change: Callable[[Sequence[AgreedLine]], list[AgreedLine]]) -> None:
    """Change what the patient agreed to, in the transaction that is open."""

    def change_answers(before: Answers) -> Answers:
        every = change(parse_agreed(before.get(AGREED)))
        over = [one for one in every if one.until is not None]
        dropped = over[: max(0, len(over) - MAX_PAST)]
        return {**before, AGREED: [one.line for one in every if one not in dropped]}

    await only_entry.change_only_entry(actor, EntryKind.NOTICES, change_answers, CHANGED_MEANWHILE, keep=None)


def _end_but(every: Sequence[AgreedLine], kept: UUID | None, now: datetime) -> list[AgreedLine]:
    return [replace(one, until=now) if one.until is None and one.id != kept else one for one in every]


def _clean_looks(words: str) -> str:
    cleaned = clean_line(words[: MAX_LOOKS_LENGTH * 2])
    if len(cleaned) > MAX_LOOKS_LENGTH:
        raise InvalidInput({"looks": LONG_LOOKS})
    return cleaned


def _format(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")
