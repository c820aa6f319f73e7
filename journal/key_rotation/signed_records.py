"""
What an account signed, or had sealed to it, with its keys of before: signed and sealed anew once it has others.

Only what is signed with the keys of before is signed again; anything else stays as it is. Links whose key a clinician
cannot open, since their patient paused sharing, wait until they can.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec
from tortoise.queryset import QuerySet

from crypto import CryptoError, PrivateIdentity, PublicIdentity, Sealer, open_sitter_note, seal_sitter_note
from journal.accounts import successions
from journal.actor import Actor
from journal.care import links
from journal.care import tables as care_tables
from journal.care.link_keys import SharingPaused, open_shared_key
from journal.care.links import Link
from journal.care_notes.notes import NoteDetails, NoteRow, care_note_context
from journal.care_notes.signing import PURPOSES, resign_note
from journal.clinic import tables as clinic_tables
from journal.clinic.instructions import InstructionsRow
from journal.clinic.signatures import resign_instructions
from journal.coming_talk.documents import ItemDetails, item_context
from journal.coming_talk.items import PURPOSE as TALK_ITEM
from journal.coming_talk.items import SIGNED_VERSION, ItemRow
from journal.errors import Damaged, TrustBroken
from journal.replies.documents import PURPOSE as REPLY
from journal.replies.documents import ReplyDocument, reply_context
from journal.replies.rows import ReplyRow
from journal.roles import Role
from journal.sealing import open_document, seal_document
from journal.sitter import tables as sitter_tables
from journal.sitter.copies import note_key_context
from journal.sitter.reading import NoteKeyRow, SitterNoteRow
from journal.store.rows import Row, fetch_rows, filter_undamaged, get_column


class PatientRow(Row, frozen=True):
    """Whose link a clinician's link is."""

    patient_id: UUID


@dataclass(slots=True)
class Signer:
    """
    Somebody who signs anew: their links and what opens them, each opened once.

    `former` are their public keys of before, and `private` the private ones that were replaced last. `blocked` are
    links whose key does not open for them.
    """

    actor: Actor
    links: dict[UUID, Link]
    former: tuple[PublicIdentity, ...]
    private: PrivateIdentity | None
    keys: dict[UUID, Sealer | None] = field(default_factory=dict)
    note_keys: dict[UUID, bytes] = field(default_factory=dict)
    blocked: set[UUID] = field(default_factory=set)

    async def open_key(self, link: UUID) -> Sealer | None:
        """Return what opens a link; None where it does not open now."""
        if link not in self.keys:
            try:
                found = self.links.get(link)
                self.keys[link] = await open_shared_key(self.actor, found) if found else None
            except (SharingPaused, TrustBroken, Damaged):
                self.keys[link] = None
        if self.keys[link] is None:
            self.blocked.add(link)
        return self.keys[link]


Resign = Callable[[Signer, Any], Awaitable[bytes | None]]


@dataclass(frozen=True, slots=True)
class SignedRecords:
    """
    The rows of one table.

    Attributes:
        name: Table and column.
        roles: Whose rows there are.
        query: Returns a query for somebody's rows, whatever link they are of.
        resign: Returns what takes the place of a row's value, or None where nothing is due; may raise `Damaged`.
    """

    name: str
    roles: frozenset[Role]
    row_type: type[Row]
    query: Callable[[Actor], Awaitable[QuerySet[Any]]]
    resign: Resign

    async def count(self, actor: Actor) -> int:
        """Return how many rows there are."""
        return await (await self.query(actor)).count() if actor.role in self.roles else 0

    async def reseal_rows(
        self, signer: Signer, after: UUID | None, limit: int, link: UUID | None = None
    ) -> tuple[UUID | None, int, int]:
        """Go through rows in the order of their ids; return the last id, how many, and how many do not open."""
        if signer.actor.role not in self.roles:
            return after, 0, 0
        query = await self.query(signer.actor)
        if after is not None:
            query = query.filter(id__gt=after)
        if link is not None:
            query = query.filter(link_id=link)
        rows = await fetch_rows(self.row_type, query.order_by("id").limit(limit))
        closed = len(rows) - len(filter_undamaged(rows))
        for row in filter_undamaged(rows):
            try:
                sealed = await self.resign(signer, row)
            except (Damaged, CryptoError):
                closed += 1
                continue
            if sealed is not None:
                there: dict[str, Any] = {"id": get_column(row, "id"), "sealed": get_column(row, "sealed")}
                await query.model.filter(**there).update(sealed=sealed)
        last = next((ident for row in reversed(rows) if (ident := get_column(row, "id"))), after)
        return last, len(rows) if last != after else 0, closed


async def load_signer(actor: Actor) -> Signer:
    """Return somebody as whoever signs anew."""
    mine = (
        {} if actor.role is Role.ADMINISTRATOR else {one.id: one for one in await links.load_my_links(actor)}
    )
    former = await successions.load_former(actor)
    private = actor.open_former_identity()
    if private is not None and private.public() == actor.open_identity().public():
        private = None  # a renewal that an earlier version began: it left the identity as it was
    return Signer(actor, mine, former, private)


async def _query_notes(actor: Actor) -> QuerySet[Any]:
    return care_tables.CareNote.filter(link__clinician_id=actor.id, link__ended_at=None)


async def _query_replies(actor: Actor) -> QuerySet[Any]:
    mine = "link__patient_id" if actor.role is Role.PATIENT else "link__clinician_id"
    whose: dict[str, Any] = {mine: actor.id}
    return care_tables.Reply.filter(author=actor.role.value, link__ended_at=None, **whose)


async def _query_talk_items(actor: Actor) -> QuerySet[Any]:
    return care_tables.TalkItem.filter(link__clinician_id=actor.id, link__ended_at=None)


async def _query_instructions(actor: Actor) -> QuerySet[Any]:
    rows = filter_undamaged(await fetch_rows(PatientRow, care_tables.CareLink.filter(clinician_id=actor.id)))
    return clinic_tables.InstructionsVersion.filter(patient_id__in=list({row.patient_id for row in rows}))


async def _query_sitter_notes(actor: Actor) -> QuerySet[Any]:
    return sitter_tables.SitterNote.filter(patient_id=actor.id)


async def _resign_note(signer: Signer, row: NoteRow) -> bytes | None:
    key = await signer.open_key(row.link_id)
    if key is None:
        return None
    link, place = signer.links[row.link_id], care_note_context(row.link_id, row.note, row.version)
    details = open_document(key, row.sealed, place, NoteDetails)
    if details.kind not in PURPOSES:
        return None
    signature = resign_note(signer.actor, link, signer.former, row.note, row.version, details.kind, details)
    if signature is None:
        return None
    return seal_document(key, msgspec.structs.replace(details, signature=signature), place)


async def _resign_reply(signer: Signer, row: ReplyRow) -> bytes | None:
    key = await signer.open_key(row.link_id)
    if key is None:
        return None
    link, place = signer.links[row.link_id], reply_context(row.link_id, row.id, row.revision)
    document = open_document(key, row.sealed, place, ReplyDocument)
    signature = resign_note(signer.actor, link, signer.former, row.id, row.revision, REPLY, document)
    if signature is None:
        return None
    return seal_document(key, msgspec.structs.replace(document, signature=signature), place)


async def _resign_talk_item(signer: Signer, row: ItemRow) -> bytes | None:
    key = await signer.open_key(row.link_id)
    if key is None:
        return None
    link, place = signer.links[row.link_id], item_context(row.link_id, row.id)
    details = open_document(key, row.sealed, place, ItemDetails)
    signature = resign_note(signer.actor, link, signer.former, row.id, SIGNED_VERSION, TALK_ITEM, details)
    if signature is None:
        return None
    return seal_document(key, msgspec.structs.replace(details, signature=signature), place)


async def _resign_instructions(signer: Signer, row: InstructionsRow) -> bytes | None:
    return resign_instructions(signer.actor, signer.former, row)


async def _reseal_sitter_note(signer: Signer, row: SitterNoteRow) -> bytes | None:
    """Seal a sitter's note, which is sealed to the keys of before, to those of now."""
    actor = signer.actor
    if signer.private is None:
        return None
    if not signer.note_keys:
        theirs = sitter_tables.SitterLink.filter(patient_id=actor.id)
        for one in filter_undamaged(await fetch_rows(NoteKeyRow, theirs)):
            place = note_key_context(actor.id, one.id)
            signer.note_keys[one.id] = actor.keyring.unwrap(one.note_key, context=place)
    key = signer.note_keys.get(row.link_id)
    if key is None:
        raise Damaged
    now, ids = (
        actor.open_identity(),
        {
            "patient": actor.id.bytes,
            "link": row.link_id.bytes,
            "note": row.id.bytes,
        },
    )
    try:
        open_sitter_note(key, row.sealed, **ids, private=now)
    except CryptoError:
        words = open_sitter_note(key, row.sealed, **ids, private=signer.private)
        return seal_sitter_note(key, words, **ids, to=now.public())
    return None


_CLINICIAN, _PATIENT = frozenset({Role.CLINICIAN}), frozenset({Role.PATIENT})
OF_A_LINK = (
    SignedRecords("care_note.signed", _CLINICIAN, NoteRow, _query_notes, _resign_note),
    SignedRecords("reply.signed", _CLINICIAN | _PATIENT, ReplyRow, _query_replies, _resign_reply),
    SignedRecords("talk_item.signed", _CLINICIAN, ItemRow, _query_talk_items, _resign_talk_item),
)
"""What is signed under the key of a care link."""
SIGNED_RECORDS = (
    *OF_A_LINK,
    SignedRecords(
        "instructions_version.signed", _CLINICIAN, InstructionsRow, _query_instructions, _resign_instructions
    ),
    SignedRecords("sitter_note.sealed", _PATIENT, SitterNoteRow, _query_sitter_notes, _reseal_sitter_note),
)
