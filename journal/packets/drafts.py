"""
Packets as their owner keeps them: a draft is changed, made into a file, and stands for the accounting afterwards.

Two pages never undo each other's choice: each save names the revision that it began from.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated
from uuid import UUID, uuid4

import msgspec
from tortoise.queryset import QuerySet

from journal.accounts.current_keys import lock_account, require_keys
from journal.actor import Actor
from journal.ages import compute_age
from journal.care import links as care_links
from journal.care.links import Link
from journal.errors import Damaged, JournalError, NotFound, StaleRevision
from journal.i18n import N_
from journal.packets import tables
from journal.packets.documents import (
    MAX_DRAFTS,
    STEPS,
    Choice,
    Layout,
    Told,
    choice_context,
    disclosed_context,
    layout_context,
    told_context,
)
from journal.roles import Role
from journal.sealing import open_document, seal_document
from journal.store.database import flush_deleted, transaction
from journal.store.rows import NonNegative, OpenedRows, Row, Timestamp, fetch_row, fetch_rows, open_rows

SILENT_AFTER = timedelta(minutes=2)
"""After how long without a sign a file that is being made is taken for one that was not finished."""
PAGE_LENGTH = 20
"""Packets on a page of the list."""
CHANGED = N_("This packet was changed on another page. Nothing was saved here; look at it as it is now.")


class NoRoom(JournalError):
    """There are as many packets of one patient's records as fit."""

    message = N_("There are 20 packets that are not made yet. Delete one first; nothing was changed.")


class State(StrEnum):
    """How far a packet is; its code is stored."""

    DRAFT = "draft"
    MAKING = "making"
    MADE = "made"
    FAILED = "failed"


CHANGEABLE = (State.DRAFT, State.FAILED)


class PacketRow(Row, frozen=True):
    """A row of a packet, without its file."""

    id: UUID
    patient_id: UUID | None
    revision: NonNegative
    state: State
    done: Annotated[int, msgspec.Meta(ge=0, le=STEPS)]
    sealed: bytes
    told: bytes | None
    created_at: Timestamp
    updated_at: Timestamp
    file_until: Timestamp | None


class ToldRow(Row, frozen=True):
    """Of a packet that was made, who got it."""

    id: UUID
    told: bytes


class DisclosedRow(Row, frozen=True):
    """Of a packet that somebody else made of a patient's records, what the patient is told of it."""

    id: UUID
    disclosed: bytes


class LayoutRow(Row, frozen=True):
    """Of a packet, where the pages of its preview begin."""

    id: UUID
    layout: bytes | None


@dataclass(frozen=True, slots=True)
class Packet:
    """
    One packet, opened. `link` is the care link to whose records they are; none for the owner's own.

    `done` counts the steps of a file that is being made.

    `told` is who got it and what for, once it is made; `file_until` until when its file can be fetched.
    """

    id: UUID
    revision: int
    state: State
    done: int
    choice: Choice
    told: Told | None
    created_at: datetime
    updated_at: datetime
    file_until: datetime | None
    link: Link | None = None

    @property
    def is_made(self) -> bool:
        """Return whether its file was made."""
        return self.state is State.MADE

    def is_silent(self, now: datetime) -> bool:
        """Return whether its file was being made, and no sign of it came for a while: the server ended meanwhile."""
        return self.state is State.MAKING and compute_age(self.updated_at, now) > SILENT_AFTER

    def is_making(self, now: datetime) -> bool:
        """Return whether its file is being made."""
        return self.state is State.MAKING and not self.is_silent(now)

    def can_be_changed(self, now: datetime) -> bool:
        """Return whether what it holds can still be chosen."""
        return self.state in CHANGEABLE or self.is_silent(now)

    def has_file(self, now: datetime) -> bool:
        """Return whether its file can be fetched."""
        return self.is_made and self.file_until is not None and now < self.file_until


@dataclass(frozen=True, slots=True)
class PacketList:
    """One page of somebody's packets; `team` are the care links to those of whose records they can be."""

    packets: OpenedRows[Packet]
    page: int
    pages: int
    team: tuple[Link, ...]


async def create_packet(actor: Actor, choice: Choice | None = None, patient: UUID | None = None) -> UUID:
    """
    Begin a packet, with nothing chosen unless *choice* says so.

    Args:
        patient: For a clinician, whose records.

    Raises:
        NoRoom: If there are as many as fit.
        NotFound: If a clinician names nobody in their care.
        TrustBroken: If the two never agreed on their link.
    """
    if actor.role is Role.CLINICIAN:
        if patient is None:
            raise NotFound
        await care_links.load_link_with(actor, patient)
    elif patient is not None or actor.role is not Role.PATIENT:
        raise NotFound
    chosen = msgspec.structs.replace(choice or Choice(), patient=patient.hex if patient else "")
    ident = uuid4()
    async with transaction():
        await lock_account(actor.id)
        await require_keys(actor)
        there = query_mine(actor).filter(patient_id=patient).exclude(state=State.MADE.value)
        if await there.count() >= MAX_DRAFTS:
            raise NoRoom
        await tables.Packet.create(
            id=ident,
            owner_id=actor.id,
            patient_id=patient,
            revision=1,
            state=State.DRAFT.value,
            done=0,
            sealed=seal_document(actor.vault, chosen, choice_context(actor.id, ident, 1)),
            created_at=actor.now,
            updated_at=actor.now,
        )
    return ident


async def list_packets(actor: Actor, page: int = 1) -> PacketList:
    """
    Return a page of the actor's packets, the latest first; the last page for a number beyond it.

    A clinician's are of the records of those in their care alone.
    """
    links: dict[UUID | None, Link | None] = {None: None}
    mine = query_mine(actor).filter(patient_id=None)
    if actor.role is not Role.PATIENT:
        links = {one.patient: one for one in await care_links.load_my_links(actor)}
        mine = query_mine(actor).filter(patient_id__in=list(links))
    pages = max(1, -(-await mine.count() // PAGE_LENGTH))
    number = min(max(1, page), pages)
    shown = mine.order_by("-created_at", "-id").offset((number - 1) * PAGE_LENGTH).limit(PAGE_LENGTH)
    rows = await fetch_rows(PacketRow, shown)
    team = tuple(one for one in links.values() if one)
    return PacketList(
        open_rows(rows, lambda row: _open(actor, row, links[row.patient_id])), number, pages, team
    )


async def load_packet(actor: Actor, wanted: UUID) -> Packet:
    """
    Return one of the actor's packets.

    Raises:
        NotFound: If it is not the actor's, or of somebody's records who is not in their care.
        Damaged: If it does not open.
        TrustBroken: If the two never agreed on their link.
    """
    row = await fetch_row(PacketRow, query_mine(actor).filter(id=wanted))
    if row is None or (row.patient_id is None) is not (actor.role is Role.PATIENT):
        raise NotFound
    link = await care_links.load_link_with(actor, row.patient_id) if row.patient_id else None
    return _open(actor, row, link)


async def save_choice(actor: Actor, wanted: UUID, base: int, choice: Choice) -> None:
    """
    Store what was chosen.

    Args:
        base: The revision that was changed.

    Raises:
        StaleRevision: If another page changed it, or its file is being made or is there.
        NotFound: If it is not the actor's.
    """
    async with transaction():
        await lock_account(actor.id)
        await require_keys(actor)
        there = await load_packet(actor, wanted)
        if there.revision != base or not there.can_be_changed(actor.now):
            raise StaleRevision(CHANGED)
        if there.choice == choice and there.state is State.DRAFT:
            return
        await write_choice(actor, there, choice, State.DRAFT)


async def write_choice(actor: Actor, there: Packet, choice: Choice, state: State) -> int:
    """Store a choice and a state in the transaction that is open; return the revision, or raise `StaleRevision`."""
    revision = there.revision + 1
    sealed = seal_document(actor.vault, choice, choice_context(actor.id, there.id, revision))
    mine = query_mine(actor).filter(id=there.id, revision=there.revision)
    if not await mine.update(
        revision=revision, state=state.value, done=0, sealed=sealed, updated_at=actor.now
    ):
        raise StaleRevision(CHANGED)
    return revision


async def delete_packet(actor: Actor, wanted: UUID) -> None:
    """
    Delete a packet whose file was not made, also one that does not open; of another only its file.

    Who got it and what for stays for the accounting. Raises `NotFound`.
    """
    mine = query_mine(actor).filter(id=wanted)
    async with transaction():
        await lock_account(actor.id)
        await require_keys(actor)
        if not await mine.filter(told=None).delete() and not await mine.update(file=None, file_until=None):
            raise NotFound
    await flush_deleted()


async def load_told(actor: Actor) -> dict[UUID, Told]:
    """
    Return who got packets of the patient's records and what for, by packet, as far as it opens.

    So whoever made them; what was chosen stays closed.
    """
    actor.require_role(Role.PATIENT)
    rows = await fetch_rows(ToldRow, query_mine(actor).filter(told__isnull=False))
    theirs = tables.Packet.filter(patient_id=actor.id, disclosed__isnull=False)
    others = await fetch_rows(DisclosedRow, theirs)
    return {
        **dict(open_rows(rows, lambda row: (row.id, _open_told(actor, row)))),
        **dict(open_rows(others, lambda row: (row.id, _open_disclosed(actor, row)))),
    }


async def load_layout(actor: Actor, wanted: UUID, digest: str) -> Layout | None:
    """Return where the pages of a preview with *digest* begin, if that is known."""
    row = await fetch_row(LayoutRow, query_mine(actor).filter(id=wanted))
    if row is None or row.layout is None:
        return None
    try:
        found = open_document(actor.vault, row.layout, layout_context(actor.id, wanted), Layout)
    except Damaged:
        return None  # it is known anew in a moment
    return found if found.digest == digest else None


async def save_layout(actor: Actor, wanted: UUID, layout: Layout) -> None:
    """Store where the pages of a preview begin."""
    sealed = seal_document(actor.vault, layout, layout_context(actor.id, wanted))
    async with transaction():
        await lock_account(actor.id)
        await require_keys(actor)
        await query_mine(actor).filter(id=wanted).update(layout=sealed)


def seal_disclosed(actor: Actor, patient: UUID, packet: UUID, told: Told) -> bytes:
    """Seal what a patient is told of a packet that the actor makes of their records."""
    keys, where = actor.installation.server_keys, disclosed_context(patient, packet)
    return seal_document(keys, msgspec.structs.replace(told, quoted={}), where)


def query_mine(actor: Actor) -> QuerySet[tables.Packet]:
    """Return a query for the actor's packets."""
    return tables.Packet.filter(owner_id=actor.id)


def _open(actor: Actor, row: PacketRow, link: Link | None) -> Packet:
    if row.revision == 0:
        raise Damaged
    choice = open_document(actor.vault, row.sealed, choice_context(actor.id, row.id, row.revision), Choice)
    if choice.patient != (link.patient.hex if link else ""):  # the row was moved to another's records
        raise Damaged
    told = None if row.told is None else _open_told(actor, ToldRow(row.id, row.told))
    return Packet(
        row.id,
        row.revision,
        row.state,
        row.done,
        choice,
        told,
        row.created_at,
        row.updated_at,
        row.file_until,
        link,
    )


def _open_disclosed(actor: Actor, row: DisclosedRow) -> Told:
    where = disclosed_context(actor.id, row.id)
    return open_document(actor.installation.server_keys, row.disclosed, where, Told)


def _open_told(actor: Actor, row: ToldRow) -> Told:
    return open_document(actor.vault, row.told, told_context(actor.id, row.id), Told)
