"""
After a reset: the clinician returns what the patient had shared, and the patient adds it to the journal.

The clinician still holds the old link key. With it they open the copies that were kept, and seal each under the key
of the new link, which was made with the patient's new keys. Nobody else can do either.
"""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

from crypto import CryptoError, Sealer, open_link_key, open_pin
from journal.account_reset.retained_records import KEPT
from journal.accounts.current_keys import require_keys
from journal.actor import Actor
from journal.ages import alive
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.care import links
from journal.care import tables as care_tables
from journal.care.documents import ShareDocument, given_back_context, share_context
from journal.care.link_keys import link_key
from journal.care.links import Link
from journal.care.share_list import LinkOf
from journal.catalogue.fields import EntryKind
from journal.errors import Damaged, NotFound, StaleRevision, TrustBroken
from journal.i18n import N_
from journal.roles import Role
from journal.sealing import open_document, seal_document
from journal.store.database import fetch, scrub, transaction
from journal.store.rows import (
    FIRST_YEAR,
    LAST_YEAR,
    Counted,
    DamagedRow,
    Opened,
    Row,
    open_each,
    read,
    typed,
    whole,
)
from journal.vault import record_state
from journal.vault import tables as vault_tables
from journal.vault.contents import entry_line
from journal.vault.documents import EntryDocument, entry_context
from journal.vault.record_snapshot import Part
from journal.vault.record_state import Move

KINDS = frozenset(one.value for one in EntryKind)
BEFORE = """
    SELECT id, patient_id, clinician_key, clinician_pin FROM care_link
    WHERE patient_id = $1 AND clinician_id = $2 AND ended_at IS NOT NULL AND clinician_key IS NOT NULL
    ORDER BY created_at
"""
"""Written out, since every page of a patient runs it, mostly without a result."""


class OldLinkRow(Row, frozen=True):
    """A row of `BEFORE`: a care link from before a reset."""

    id: UUID
    patient_id: UUID
    clinician_key: bytes | None
    clinician_pin: bytes | None


class KeptRow(Row, frozen=True):
    """A row of a copy from before a reset."""

    id: UUID
    entry_id: UUID
    revision: Counted
    sealed: bytes


class GivenBackRow(Row, frozen=True):
    """A row of a copy that was returned."""

    id: UUID
    kept_id: UUID
    sealed: bytes


class KeptOf(Row, frozen=True):
    """Which kept copy a returned one was made from."""

    kept_id: UUID


async def able(actor: Actor, link: Link) -> int:
    """Return how many copies the clinician could return over their care link with a patient."""
    return sum([len(whole(await _waiting(actor, link, old))) for old in await _before(actor, link)])


async def give_back(actor: Actor, patient: UUID) -> int:
    """
    Send back everything that this patient had shared with the clinician before the reset.

    A copy that does not open any more stays behind.

    Returns:
        How many copies were sent.

    Raises:
        NotFound: If there is nothing to send.
        SharingPaused: If the patient has paused sharing.
        TrustBroken: If the old link key was not signed with the patient's old keys.
    """
    link = await links.link_with(actor, patient)
    now_key, before = await link_key(actor, link), await _before(actor, link)
    if not before:
        raise NotFound
    keys = [(old, _key_of_before(actor, old)) for old in before]
    async with transaction():
        # Locks the link first: of two pages that send back at once, one finds nothing left.
        lasting = care_tables.CareLink.filter(id=link.id, ended_at=None, paused_at=None)
        if not await lasting.update(restarted_at=None):
            raise StaleRevision(N_("Sharing was paused or ended meanwhile. Nothing was given back."))
        await require_keys(actor)
        given = 0
        for old, old_key in keys:
            for row in whole(await _waiting(actor, link, old)):
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
        if given:
            await audit_log.note(actor, Act.GIVEN_BACK, patient=patient, about=link.id, recipient=patient)
    return given


async def given_back(actor: Actor, link: Link) -> Opened[ShareDocument]:
    """Return what a clinician sent back and waits for the patient's answer, oldest entry first."""
    actor.must_be(Role.PATIENT)
    found = await _opened(actor, link)
    return Opened([document for _, _, document in found], found.damaged)


async def how_many(actor: Actor) -> dict[UUID, int]:
    """Return for each link of the patient's how many returned copies wait; those with none are left out."""
    actor.must_be(Role.PATIENT)
    found: dict[UUID, int] = {}
    waiting = care_tables.GivenBack.filter(link__patient_id=actor.id, link__ended_at=None)
    for row in whole(await read(LinkOf, waiting)):
        found[row.link_id] = found.get(row.link_id, 0) + 1
    return found


async def take_in(actor: Actor, wanted: UUID) -> int:
    """
    Add what one clinician has sent back to the journal, each as an entry of its kind and of its own date.

    What does not open stays where it is, and blocks none of the others.

    Raises:
        Damaged: If nothing of it opens.
    """
    actor.must_be(Role.PATIENT)
    link = await links.my_link(actor, wanted)
    async with transaction():
        await record_state.lock(actor)
        opened = await _opened(actor, link)
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
                    document.kind, document.title, document.note, document.session_id, document.answers
                ),
            )
            written = min(_written_at(document), actor.now)
            sealed = seal_document(actor.vault, kept, entry_context(actor.id, entry, 1))
            await vault_tables.Entry.create(
                id=entry,
                owner_id=actor.id,
                revision=1,
                sealed=sealed,
                created_at=written,
                updated_at=actor.now,
            )
            line = entry_line(entry, 1, sealed, written, actor.now, kept)
            await record_state.move(actor, Move(Part.ENTRIES, come=[line]))
        if opened:
            await audit_log.note(actor, Act.TAKEN_IN, patient=actor.id, about=link.id)
    await scrub()
    return len(opened)


async def leave(actor: Actor, wanted: UUID) -> None:
    """Delete what one clinician has sent back, for good."""
    link = await links.my_link(actor, wanted)
    actor.must_be(Role.PATIENT)
    async with transaction():
        mine = care_tables.GivenBack.filter(link_id=link.id)
        kept = [row.kept_id for row in whole(await read(KeptOf, mine))]
        await care_tables.KeptShare.filter(id__in=kept, link__patient_id=actor.id).delete()
        await mine.delete()
    await scrub()


async def _opened(actor: Actor, link: Link) -> Opened[tuple[UUID, UUID, ShareDocument]]:
    key = await link_key(actor, link)

    def opened(row: GivenBackRow) -> tuple[UUID, UUID, ShareDocument]:
        place = given_back_context(link.id, row.id)
        document = open_document(key, row.sealed, place, ShareDocument)
        if document.kind not in KINDS:
            raise Damaged
        _written_at(document)
        return row.id, row.kept_id, document

    found = open_each(await read(GivenBackRow, care_tables.GivenBack.filter(link_id=link.id)), opened)
    return Opened(sorted(found, key=lambda one: one[2].written_at), found.damaged)


def _written_at(document: ShareDocument) -> datetime:
    """Return when an entry was written, in UTC; raises `Damaged` where a clinician sealed no valid time."""
    try:
        moment = datetime.fromisoformat(document.written_at)
        if moment.tzinfo is not None and FIRST_YEAR <= (written := moment.astimezone(UTC)).year <= LAST_YEAR:
            return written
    except (ValueError, OverflowError) as error:
        raise Damaged from error
    raise Damaged


async def _before(actor: Actor, link: Link) -> list[OldLinkRow]:
    """Return the ended links of these two people whose key the clinician still has, as after a reset."""
    return whole(typed(OldLinkRow, await fetch(BEFORE, link.patient, actor.id)))


async def _waiting(actor: Actor, link: Link, old: OldLinkRow) -> list[KeptRow | DamagedRow]:
    rows = whole(await read(KeptOf, care_tables.GivenBack.filter(link_id=link.id)))
    kept = care_tables.KeptShare.filter(link_id=old.id, **alive(actor.now, KEPT))
    return await read(KeptRow, kept.exclude(id__in=[row.kept_id for row in rows]) if rows else kept)


def _key_of_before(actor: Actor, old: OldLinkRow) -> Sealer:
    """Open the old link key, which must be signed with the patient's old keys."""
    patient = old.patient_id
    ids = {"link": old.id.bytes, "patient": patient.bytes, "clinician": actor.id.bytes}
    try:
        pinned = {"owner": actor.id.bytes, "peer": patient.bytes, "link": old.id.bytes}
        theirs = open_pin(actor.keyring, old.clinician_pin or b"", **pinned)
        blob = old.clinician_key or b""
        return Sealer(open_link_key(blob, **ids, private=actor.identity(), signed_by=theirs))
    except CryptoError as error:
        raise TrustBroken from error
