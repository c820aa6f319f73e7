"""
After a restart: the clinician gives back what the patient had shared, and the patient takes it into the journal.

The clinician still holds the link key of before. With it they open the copies that were kept, and seal each under
the key of the link that came after, which was made with the patient's new keys. Nobody else can do either.
"""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

from crypto import CryptoError, Sealer, open_link_key, open_pin
from journal import access, audit, care, freshness, links, tables
from journal.actors import Actor, Role
from journal.ages import alive
from journal.audit import Act
from journal.documents import (
    EntryDocument,
    ShareDocument,
    entry_context,
    given_back_context,
    open_document,
    seal_document,
    share_context,
)
from journal.errors import Damaged, NotFound, StaleRevision, TrustBroken
from journal.freshness import Move, Part
from journal.links import Link
from journal.set_aside import KEPT
from journal.store import key_of, scrub, transaction
from journal.words import N_


async def able(actor: Actor, patient: UUID) -> int:
    """Tell how many copies the clinician could give back."""
    link = await links.link_with(actor, patient)
    return sum([len(await _waiting(actor, link, old)) for old in await _before(actor, link)])


async def give_back(actor: Actor, patient: UUID) -> int:
    """
    Give everything back that this patient had shared with the clinician before the restart.

    A copy that does not open any more stays behind.

    Returns:
        How many copies were given.

    Raises:
        NotFound: If there is nothing to give.
        SharingPaused: If the patient has paused sharing.
        TrustBroken: If the key of before was not made by the patient of before.
    """
    link = await links.link_with(actor, patient)
    now_key, before = await care.link_key(actor, link), await _before(actor, link)
    if not before:
        raise NotFound
    keys = [(old, _key_of_before(actor, old)) for old in before]
    async with transaction():
        # Takes the link's lock first: of two pages that give back at once, one finds nothing left.
        lasting = tables.CareLink.filter(id=link.id, ended_at=None, paused_at=None)
        if not await lasting.update(restarted_at=None):
            raise StaleRevision(N_("Sharing was paused or ended meanwhile. Nothing was given back."))
        await access.require_keys(actor)
        given = 0
        for old, old_key in keys:
            for row in await _waiting(actor, link, old):
                try:
                    place = share_context(old.id, row.id, row.revision)
                    document = open_document(old_key, bytes(row.sealed), place, ShareDocument)
                except Damaged:
                    continue
                if document.entry_id != key_of(row.entry_id).hex:
                    continue
                ident = uuid4()
                sealed = seal_document(now_key, document, given_back_context(link.id, ident))
                await tables.GivenBack.create(
                    id=ident, link_id=link.id, kept_id=row.id, sealed=sealed, created_at=actor.now
                )
                given += 1
        if given:
            await audit.note(actor, Act.GIVEN_BACK, patient=patient, about=link.id, recipient=patient)
    return given


async def given_back(actor: Actor, wanted: UUID) -> tuple[ShareDocument, ...]:
    """Give the patient what one clinician has given back, oldest entry first, before it is taken in or left."""
    actor.must_be(Role.PATIENT)
    return tuple([document for _, _, document in await _opened(actor, await links.my_link(actor, wanted))])


async def how_many(actor: Actor) -> dict[UUID, int]:
    """Tell for each link of the patient's how many copies wait to be taken in; those with none are left out."""
    actor.must_be(Role.PATIENT)
    found: dict[UUID, int] = {}
    waiting = tables.GivenBack.filter(link__patient_id=actor.id, link__ended_at=None)
    for link in await waiting.values_list("link_id", flat=True):
        found[key_of(link)] = found.get(key_of(link), 0) + 1
    return found


async def take_in(actor: Actor, wanted: UUID) -> int:
    """Write what one clinician has given back into the journal, each as an entry of its kind and of its own date."""
    actor.must_be(Role.PATIENT)
    link = await links.my_link(actor, wanted)
    async with transaction():
        await freshness.lock(actor)
        opened = await _opened(actor, link)
        for ident, kept_id, document in opened:
            # Of two pages that take it in at once, one finds it taken.
            if not await tables.GivenBack.filter(id=ident).delete():
                raise NotFound
            await tables.KeptShare.filter(id=kept_id, link__patient_id=actor.id).delete()
            entry, kept = (
                uuid4(),
                EntryDocument(
                    document.kind, document.title, document.note, document.session_id, document.answers
                ),
            )
            written = min(datetime.fromisoformat(document.written_at), actor.now)
            sealed = seal_document(actor.vault, kept, entry_context(actor.id, entry, 1))
            await tables.Entry.create(
                id=entry,
                owner_id=actor.id,
                revision=1,
                sealed=sealed,
                created_at=written.astimezone(UTC),
                updated_at=actor.now,
            )
            await freshness.move(actor, Move(Part.ENTRIES, come=[(entry, 1, sealed)]))
        if opened:
            await audit.note(actor, Act.TAKEN_IN, patient=actor.id, about=link.id)
    await scrub()
    return len(opened)


async def leave(actor: Actor, wanted: UUID) -> None:
    """Let go of what one clinician has given back, for good."""
    link = await links.my_link(actor, wanted)
    actor.must_be(Role.PATIENT)
    async with transaction():
        mine = tables.GivenBack.filter(link_id=link.id)
        kept = await mine.values_list("kept_id", flat=True)
        await tables.KeptShare.filter(id__in=list(kept), link__patient_id=actor.id).delete()
        await mine.delete()
    await scrub()


async def _opened(actor: Actor, link: Link) -> list[tuple[UUID, UUID, ShareDocument]]:
    key = await care.link_key(actor, link)
    found = []
    for row in await tables.GivenBack.filter(link_id=link.id):
        ident = key_of(row.id)
        place = given_back_context(link.id, ident)
        document = open_document(key, bytes(row.sealed), place, ShareDocument)
        found.append((ident, key_of(row.kept_id), document))
    return sorted(found, key=lambda one: one[2].written_at)


async def _before(actor: Actor, link: Link) -> list[tables.CareLink]:
    """Give the ended links of these two people to which the clinician still has the key, as after a restart."""
    ended = tables.CareLink.filter(patient_id=link.patient, clinician_id=actor.id, ended_at__isnull=False)
    return await ended.filter(clinician_key__isnull=False).order_by("created_at")


async def _waiting(actor: Actor, link: Link, old: tables.CareLink) -> list[tables.KeptShare]:
    given = await tables.GivenBack.filter(link_id=link.id).values_list("kept_id", flat=True)
    kept = tables.KeptShare.filter(link_id=old.id, **alive(actor.now, KEPT))
    return await kept.exclude(id__in=list(given)) if given else await kept


def _key_of_before(actor: Actor, old: tables.CareLink) -> Sealer:
    """Open the link key of before, which only the patient of before can have signed."""
    patient: UUID = old.patient_id  # type: ignore[attr-defined]
    ids = {"link": old.id.bytes, "patient": patient.bytes, "clinician": actor.id.bytes}
    try:
        pinned = {"owner": actor.id.bytes, "peer": patient.bytes, "link": old.id.bytes}
        theirs = open_pin(actor.keyring, bytes(old.clinician_pin or b""), **pinned)
        blob = bytes(old.clinician_key or b"")
        return Sealer(open_link_key(blob, **ids, private=actor.identity(), signed_by=theirs))
    except CryptoError as error:
        raise TrustBroken from error
