"""
After a reset: the clinician returns what the patient had shared, and the patient adds it to the journal.

The clinician still holds the old link key. With it they open the copies that were kept, and seal each under the key
of the new link, which was made with the patient's new keys. Nobody else can do either.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from crypto import CryptoError, Sealer, open_link_key, open_pin
from journal.account_reset.retained_records import RETENTION_PERIOD
from journal.accounts.current_keys import lock_account, require_keys
from journal.actor import Actor
from journal.ages import build_alive_filter
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.care import links
from journal.care import tables as care_tables
from journal.care.documents import ShareDocument, given_back_context, share_context
from journal.care.link_keys import open_shared_key
from journal.care.link_renewal import build_sealer, held_key_context
from journal.care.links import Link
from journal.care.share_list import ShareLinkRow
from journal.catalogue.forms import SHAREABLE_KINDS
from journal.errors import Damaged, NotFound, StaleRevision, TrustBroken
from journal.held_acts import Asked, HeldAct
from journal.i18n import N_
from journal.plan_words.keys import has_words, reseal_words
from journal.plan_words.reading import load_key
from journal.roles import Role
from journal.sealing import open_document, seal_document
from journal.sessions.holds import refuse_while_held
from journal.sessions.plan_key import open_copy
from journal.store.database import fetch_raw, flush_deleted, transaction
from journal.store.rows import (
    DamagedRow,
    NonNegative,
    OpenedRows,
    Row,
    fetch_rows,
    filter_undamaged,
    open_rows,
    parse_rows,
)
from journal.time_zones import parse_stored
from journal.vault import record_state
from journal.vault import tables as vault_tables
from journal.vault.contents import build_entry_line
from journal.vault.documents import Beside, EntryDocument, Origin, entry_context
from journal.vault.record_snapshot import Part
from journal.vault.record_state import RecordChange

SELECT_OLD_LINKS = """
    SELECT care_link.id, care_link.patient_id, clinician_key, held_key, plan_copy, key_number, former, clinician_pin
    FROM care_link LEFT JOIN link_renewal ON link_renewal.id = care_link.id
    WHERE care_link.patient_id = $1 AND clinician_id = $2 AND ended_at IS NOT NULL
        AND (clinician_key IS NOT NULL OR held_key IS NOT NULL)
    ORDER BY created_at
"""
"""Written out, since every page of a patient runs it, mostly without a result."""


class OldLinkRow(Row, frozen=True):
    """A row of `SELECT_OLD_LINKS`: a care link from before a reset."""

    id: UUID
    patient_id: UUID
    clinician_key: bytes | None
    held_key: bytes | None
    plan_copy: bytes | None
    key_number: NonNegative
    former: bytes | None
    clinician_pin: bytes | None


class RetainedShareRow(Row, frozen=True):
    """A row of a copy from before a reset."""

    id: UUID
    entry_id: UUID
    revision: NonNegative
    sealed: bytes


class ReturnedShareRow(Row, frozen=True):
    """A row of a copy that was returned."""

    id: UUID
    kept_id: UUID
    sealed: bytes


class RetainedIdRow(Row, frozen=True):
    """Which kept copy a returned one was made from."""

    kept_id: UUID


@dataclass(frozen=True, slots=True)
class Returnable:
    """How many copies a clinician could return, and whether what is written of sessions opens again with them."""

    copies: int
    words: bool

    def __bool__(self) -> bool:
        return bool(self.copies or self.words)


async def find_returnable(actor: Actor, link: Link) -> Returnable:
    """Return what the clinician could return over their care link with a patient."""
    before = await _load_old_links(actor, link)
    copies = [len(filter_undamaged(await _load_returnable(actor, link, old))) for old in before]
    has_key = any(old.plan_copy for old in before) and not link.paused_at
    return Returnable(sum(copies), has_key and await has_words(link.patient))


async def return_shares(actor: Actor, patient: UUID) -> int:
    """
    Send back everything that this patient had shared with the clinician before the reset.

    A copy that does not open any more stays behind. The words of sessions from before the reset are sealed for all who
    see the plan now, at once.

    Returns:
        How many copies were sent.

    Raises:
        NotFound: If there is nothing to send.
        SharingPaused: If the patient has paused sharing.
        TrustBroken: If the old link key was not signed with the patient's old keys.
    """
    link = await links.load_link_with(actor, patient)
    now_key, before = await open_shared_key(actor, link), await _load_old_links(actor, link)
    if not before:
        raise NotFound
    keys = [(old, _open_old_key(actor, old)) for old in before]
    async with transaction():
        await lock_account(patient)
        # Locks the link before it reads: of two pages that send back at once, one finds nothing left.
        lasting = care_tables.CareLink.filter(
            id=link.id, ended_at=None, paused_at=None, key_number=link.row.key_number
        )
        if not await lasting.update(restarted_at=None):
            raise StaleRevision(N_("Sharing was paused or ended meanwhile. Nothing was given back."))
        await require_keys(actor)
        given, resealed, plan = 0, 0, await load_key(actor, link)
        for old, old_key in keys:
            words = open_copy(old.plan_copy, old.id, old_key)
            if words is not None and plan is not None:
                opened = await reseal_words(patient, actor, words, plan)
                if opened:  # where nothing was done, nothing changes
                    await care_tables.CareLink.filter(id=old.id).update(plan_copy=None)
                resealed += opened
            for row in filter_undamaged(await _load_returnable(actor, link, old)):
                try:
                    place = share_context(old.id, row.id, row.revision)
                    document = open_document(old_key, row.sealed, place, ShareDocument)
                except Damaged:
                    continue
                if document.entry_id != row.entry_id.hex:
                    continue
                ident = uuid4()
                sealed = seal_document(now_key, document, given_back_context(link.id, ident))
                await care_tables.GivenBack.create(
                    id=ident, link_id=link.id, kept_id=row.id, sealed=sealed, created_at=actor.now
                )
                given += 1
        if given or resealed:
            await audit_log.record_event(
                actor, Act.GIVEN_BACK, patient=patient, about=link.id, recipient=patient
            )
    return given


async def list_returned_shares(actor: Actor, link: Link) -> OpenedRows[ShareDocument]:
    """Return what a clinician sent back and waits for the patient's answer, oldest entry first."""
    actor.require_role(Role.PATIENT)
    found = await _open_returned(actor, link)
    return OpenedRows([document for _, _, document in found], found.damaged)


async def count_returned_by_link(actor: Actor) -> dict[UUID, int]:
    """Return for each link of the patient's how many returned copies wait; those with none are left out."""
    actor.require_role(Role.PATIENT)
    found: dict[UUID, int] = {}
    waiting = care_tables.GivenBack.filter(link__patient_id=actor.id, link__ended_at=None)
    for row in filter_undamaged(await fetch_rows(ShareLinkRow, waiting)):
        found[row.link_id] = found.get(row.link_id, 0) + 1
    return found


async def accept_returned_shares(actor: Actor, wanted: UUID) -> int:
    """
    Add what one clinician has sent back to the journal, each as an entry of its kind and of its own date.

    What does not open stays where it is, and blocks none of the others.

    Raises:
        Damaged: If nothing of it opens.
    """
    actor.require_role(Role.PATIENT)
    link = await links.load_my_link(actor, wanted)
    async with transaction():
        await record_state.lock_state(actor)
        opened = await _open_returned(actor, link)
        if opened.damaged and not opened:
            raise Damaged
        for ident, kept_id, document in opened:
            # Of two pages that take it in at once, one finds it taken.
            if not await care_tables.GivenBack.filter(id=ident).delete():
                raise NotFound
            await care_tables.KeptShare.filter(id=kept_id, link__patient_id=actor.id).delete()
            entry, kept = (
                uuid4(),
                EntryDocument(
                    document.kind,
                    document.title,
                    document.note,
                    document.session_id,
                    document.answers,
                    beside=Beside(origin=Origin("", "")) if document.imported else None,
                    language=document.language,
                ),
            )
            written = min(_parse_written_at(document), actor.now)
            sealed = seal_document(actor.vault, kept, entry_context(actor.id, entry, 1))
            await vault_tables.Entry.create(
                id=entry,
                owner_id=actor.id,
                revision=1,
                sealed=sealed,
                created_at=written,
                updated_at=actor.now,
            )
            line = build_entry_line(entry, 1, sealed, written, actor.now, kept)
            await record_state.update_state(actor, RecordChange(Part.ENTRIES, added=[line]))
        if opened:
            await audit_log.record_event(actor, Act.TAKEN_IN, patient=actor.id, about=link.id)
    await flush_deleted()
    return len(opened)


async def delete_returned_shares(actor: Actor, wanted: UUID) -> None:
    """Delete what one clinician has sent back, for good; raises `HeldUntilRested` too soon after a dosing session."""
    link = await links.load_my_link(actor, wanted)
    actor.require_role(Role.PATIENT)
    async with transaction():
        await record_state.lock_state(actor)
        await refuse_while_held(actor, Asked(HeldAct.DISCARD, wanted))
        mine = care_tables.GivenBack.filter(link_id=link.id)
        kept = [row.kept_id for row in filter_undamaged(await fetch_rows(RetainedIdRow, mine))]
        await care_tables.KeptShare.filter(id__in=kept, link__patient_id=actor.id).delete()
        await mine.delete()
    await flush_deleted()


async def _open_returned(actor: Actor, link: Link) -> OpenedRows[tuple[UUID, UUID, ShareDocument]]:
    key = await open_shared_key(actor, link)

    def open_row(row: ReturnedShareRow) -> tuple[UUID, UUID, ShareDocument]:
        place = given_back_context(link.id, row.id)
        document = open_document(key, row.sealed, place, ShareDocument)
        if document.kind not in SHAREABLE_KINDS:
            raise Damaged
        _parse_written_at(document)
        return row.id, row.kept_id, document

    found = open_rows(
        await fetch_rows(ReturnedShareRow, care_tables.GivenBack.filter(link_id=link.id)), open_row
    )
    return OpenedRows(sorted(found, key=lambda one: one[2].written_at), found.damaged)


def _parse_written_at(document: ShareDocument) -> datetime:
    """Return when an entry was written, in UTC; raises `Damaged` where a clinician sealed no valid time."""
    try:
        return parse_stored(document.written_at)
    except ValueError as error:
        raise Damaged from error


async def _load_old_links(actor: Actor, link: Link) -> list[OldLinkRow]:
    """Return the ended links of these two people whose key the clinician still has, as after a reset."""
    return filter_undamaged(parse_rows(OldLinkRow, await fetch_raw(SELECT_OLD_LINKS, link.patient, actor.id)))


async def _load_returnable(actor: Actor, link: Link, old: OldLinkRow) -> list[RetainedShareRow | DamagedRow]:
    rows = filter_undamaged(await fetch_rows(RetainedIdRow, care_tables.GivenBack.filter(link_id=link.id)))
    kept = care_tables.KeptShare.filter(link_id=old.id, **build_alive_filter(actor.now, RETENTION_PERIOD))
    return await fetch_rows(
        RetainedShareRow, kept.exclude(id__in=[row.kept_id for row in rows]) if rows else kept
    )


def _open_old_key(actor: Actor, old: OldLinkRow) -> Sealer:
    """Open the old link key, which must be signed with the patient's old keys."""
    patient = old.patient_id
    ids = {"link": old.id.bytes, "patient": patient.bytes, "clinician": actor.id.bytes}
    try:
        pinned = {"owner": actor.id.bytes, "peer": patient.bytes, "link": old.id.bytes}
        theirs = open_pin(actor.keyring, old.clinician_pin or b"", **pinned)
        if old.held_key is not None:
            key = actor.keyring.unwrap(old.held_key, context=held_key_context(actor.id, old.id))
        else:
            blob = old.clinician_key or b""
            key = open_link_key(blob, **ids, private=actor.open_identity(), signed_by=theirs)
        return build_sealer(key, old.id, old.key_number, old.former or b"")
    except CryptoError as error:
        raise TrustBroken from error
