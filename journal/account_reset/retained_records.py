"""
What an account held before a reset: kept as it was sealed, and opened by the old password or recovery key.

It is kept for ninety days. Nobody can delete it earlier: whoever reset the account may not be its owner.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from hmac import compare_digest
from typing import Any, TypeVar
from uuid import UUID, uuid4

from msgspec.structs import asdict
from tortoise.queryset import QuerySet

from crypto import (
    CryptoError,
    Keyring,
    KeySlot,
    Sealer,
    join_fields,
    parse_recovery_key,
    unlock_with_password,
    unlock_with_recovery_key,
)
from journal.account_reset import tables
from journal.actor import Actor
from journal.ages import alive
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.authentication import tables as authentication_tables
from journal.authentication.key_slots import SlotRow
from journal.care import tables as care_tables
from journal.care.links import NOTHING_LEFT
from journal.care.share_list import LinkOf
from journal.errors import Damaged, NotFound, Refused
from journal.i18n import N_
from journal.installation.installation import House
from journal.rate_limiting import attempts, limits
from journal.roles import Role
from journal.store.database import scrub, transaction
from journal.store.progress import repeated
from journal.store.rows import Counted, DamagedRow, Moment, Named, Opened, Row, read, whole
from journal.store.statements import key_of
from journal.vault import record_state
from journal.vault import tables as vault_tables
from journal.vault.contents import Line, micros, opened_line
from journal.vault.documents import entry_context, revision_context
from journal.vault.entry_rows import EntryRow, RevisionRow
from journal.vault.record_snapshot import Part
from journal.vault.record_state import Move

KEPT = timedelta(days=90)
SOME = 500  # ids in one statement
WRITTEN_AT_ONCE = 100  # rows that the ORM puts together in a few milliseconds
NOT_THIS = N_("That is neither the old password nor the old recovery key. Look at it once more.")


R = TypeVar("R", bound=Row)


class AsideRow(Row, frozen=True):
    """A row of what was set aside."""

    id: UUID
    retired: bytes | None
    created_at: Moment
    expires_at: Moment
    proof: str | None


class AsideSlotRow(Row, frozen=True):
    """A row of an old key slot."""

    kind: str
    slot: bytes
    epoch: Counted


class RecordRow(Row, frozen=True):
    """A row of an entry that was set aside, or, without a revision, of an earlier version."""

    id: UUID
    entry_id: UUID
    revision: Counted | None
    sealed: bytes
    created_at: Moment
    updated_at: Moment
    deleted_at: Moment | None


class SharedRow(Row, frozen=True):
    """A row of a copy, as it is kept."""

    id: UUID
    link_id: UUID
    entry_id: UUID
    revision: Counted
    sealed: bytes


class RetiredRow(Row, frozen=True):
    """The retired key of an account whose keys are being rotated."""

    retired: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """
    What waits to be opened: how many entries, since when, and until when.

    The times are None where nothing proves that it is the account's.
    """

    id: UUID
    entries: int
    since: datetime | None
    until: datetime | None


def proof_of(house: House, aside: UUID, account: UUID, since: datetime, until: datetime) -> str:
    """Return the proof of whose something set aside is, and when; valid until the server key is rotated."""
    times = [str(moment).encode() for moment in (micros(since), micros(until))]
    return house.server.mac("set-aside", join_fields(aside.bytes, account.bytes, *times)).hex()


async def put_aside(house: House, account: UUID) -> UUID:
    """Set everything aside that only the account's present keys open, in the transaction of the reset."""
    aside, now = uuid4(), house.clock()
    renewing = whole(await read(RetiredRow, authentication_tables.KeyRenewal.filter(id=account)))
    await tables.SetAside.create(
        id=aside,
        account_id=account,
        retired=renewing[0].retired if renewing else None,
        created_at=now,
        expires_at=now + KEPT,
        proof=proof_of(house, aside, account, now, now + KEPT),
    )
    slots = authentication_tables.KeySlot.filter(account_id=account)
    opening = slots.filter(kind__in=("password", "recovery"))  # a passkey opens nothing without its own row
    kept_slots = [
        tables.SetAsideSlot(id=uuid4(), aside_id=aside, kind=one.kind, slot=_joined(one), epoch=one.epoch)
        for one in whole(await read(SlotRow, opening))
    ]
    await tables.SetAsideSlot.bulk_create(kept_slots)
    # Nobody can open what is damaged, now or later.
    entries = vault_tables.Entry.filter(owner_id=account)
    async for some in _stretches(EntryRow, entries):
        await tables.SetAsideRecord.bulk_create(
            [tables.SetAsideRecord(aside_id=aside, entry_id=one.id, **asdict(one)) for one in some]
        )
    versions = vault_tables.EntryRevision.filter(entry__owner_id=account)
    async for part in _stretches(RevisionRow, versions):
        await tables.SetAsideRecord.bulk_create(
            [tables.SetAsideRecord(aside_id=aside, updated_at=one.created_at, **asdict(one)) for one in part]
        )
    lasting = care_tables.CareLink.filter(patient_id=account, ended_at=None)
    shares = care_tables.Share.filter(link__patient_id=account, link__ended_at=None)
    await care_tables.KeptShare.bulk_create(
        [
            care_tables.KeptShare(expires_at=now + KEPT, **asdict(one))
            for one in whole(await read(SharedRow, shares))
        ]
    )
    links = [one.id for one in whole(await read(Named, lasting))]
    await care_tables.Share.filter(link_id__in=links).delete()
    await care_tables.GivenBack.filter(link__patient_id=account).delete()  # the clinician can return it again
    await lasting.update(restarted_at=now, patient_key=None, patient_pin=None)  # which nobody can open now
    await entries.delete()
    await slots.delete()
    await authentication_tables.Passkey.filter(account_id=account).delete()
    await authentication_tables.KeyRenewal.filter(id=account).delete()
    return aside


async def _stretches(kind: type[R], query: QuerySet[Any]) -> AsyncIterator[Sequence[R]]:
    """Read rows, which must not change meanwhile, in small batches; damaged ones are left out."""
    for at in range(0, await query.count(), WRITTEN_AT_ONCE):
        yield whole(await read(kind, query.order_by("id").offset(at).limit(WRITTEN_AT_ONCE)))


async def kept(actor: Actor) -> Opened[Kept]:
    """Return what waits to be opened, the latest first."""
    actor.must_be(Role.PATIENT)
    found, damaged = [], []
    for row in await _asides(actor):
        if isinstance(row, DamagedRow):
            damaged.append(row.id)
            continue
        count = await tables.SetAsideRecord.filter(
            aside_id=row.id, revision__isnull=False, deleted_at=None
        ).count()
        proof = proof_of(actor.house, row.id, actor.id, row.created_at, row.expires_at)
        is_theirs = compare_digest(proof.encode(), (row.proof or "").encode())
        dates = (row.created_at, row.expires_at) if is_theirs else (None, None)
        found.append(Kept(row.id, count, *dates))
    return Opened(found, damaged)


async def _asides(actor: Actor) -> list[AsideRow | DamagedRow]:
    mine = tables.SetAside.filter(account_id=actor.id, **alive(actor.now, KEPT))
    return await read(AsideRow, mine.order_by("-created_at"))


async def reopen(actor: Actor, secret: str) -> int:
    """
    Restore what was set aside, sealed under the present keys.

    Args:
        secret: The old password, or the old recovery key.

    Returns:
        How many entries came back.

    Raises:
        Refused: If it opens nothing, or has to wait after several tries.
        Damaged: If it opens the old key, but that opens none of the records.
    """
    actor.must_be(Role.PATIENT)
    charged = await limits.charge(attempts.of_set_aside(actor.house, actor.id), field="secret")
    for row in whole(await _asides(actor)):
        async with limits.not_counted_if_busy(charged):
            older = await _unlocked(actor, row, secret)
        if older:
            await limits.give_back(charged)
            return await repeated(partial(_brought_back, actor, row, older))
    await audit_log.note(actor, Act.PASSWORD_REFUSED, patient=actor.id)
    raise Refused({"secret": NOT_THIS})


async def _brought_back(actor: Actor, row: AsideRow, older: Keyring) -> int:
    wanted = row.id
    async with transaction():
        await record_state.lock(actor)
        # Locks the row first: of two pages that open it at once, one finds it gone.
        if not await tables.SetAside.filter(id=wanted).update(expires_at=row.expires_at):
            raise NotFound
        entries, versions = await _resealed(actor, older, wanted)
        back = {key_of(one.id) for one in entries}
        versions = [one for one in versions if key_of(one.entry_id) in back]  # type: ignore[attr-defined]
        if not entries and await tables.SetAsideRecord.filter(aside_id=wanted).exists():
            raise Damaged
        await vault_tables.Entry.bulk_create(entries, batch_size=WRITTEN_AT_ONCE)
        await vault_tables.EntryRevision.bulk_create(versions, batch_size=WRITTEN_AT_ONCE)
        await _remember(actor, entries, versions)
        moved = [*back, *(key_of(one.id) for one in versions)]
        for at in range(0, len(moved), SOME):
            await tables.SetAsideRecord.filter(id__in=moved[at : at + SOME]).delete()
        if not await tables.SetAsideRecord.filter(aside_id=wanted).exists():
            await tables.SetAside.filter(id=wanted).delete()
        await audit_log.note(actor, Act.SET_ASIDE_OPENED, patient=actor.id, about=wanted)
    await scrub()
    return len(entries)


async def _resealed(
    actor: Actor, older: Keyring, aside: UUID
) -> tuple[list[vault_tables.Entry], list[vault_tables.EntryRevision]]:
    """
    Reseal what was set aside, in a thread.

    A damaged record stays where it is, and blocks none of the others.
    """
    entries: list[vault_tables.Entry] = []
    versions: list[vault_tables.EntryRevision] = []
    sealer = older.vault_sealer()
    async for rows in _stretches(RecordRow, tables.SetAsideRecord.filter(aside_id=aside)):
        for made in await asyncio.to_thread(_sealed_anew, actor, sealer, rows):
            if isinstance(made, vault_tables.Entry):
                entries.append(made)
            else:
                versions.append(made)
    return entries, versions


async def _remember(
    actor: Actor, entries: Sequence[vault_tables.Entry], versions: Sequence[vault_tables.EntryRevision]
) -> None:
    lasting = {key_of(one.id): one for one in entries if one.deleted_at is None}
    lines = await asyncio.to_thread(_lines, actor, lasting)
    earlier = [(key_of(one.id), 0, one.sealed) for one in versions if key_of(one.entry_id) in lasting]  # type: ignore[attr-defined]
    await record_state.move(actor, Move(Part.ENTRIES, come=lines), Move(Part.EARLIER, come=earlier))


def _lines(actor: Actor, entries: Mapping[UUID, vault_tables.Entry]) -> list[Line]:
    return [
        opened_line(actor.vault, actor.id, ident, one.revision, one.sealed, one.created_at, one.updated_at)
        for ident, one in entries.items()
    ]


def _sealed_anew(
    actor: Actor, sealer: Sealer, rows: Iterable[RecordRow]
) -> list[vault_tables.Entry | vault_tables.EntryRevision]:
    made = []
    for row in rows:
        try:
            made.append(_one_resealed(actor, sealer, row))
        except CryptoError:
            continue
    return made


def _one_resealed(
    actor: Actor, sealer: Sealer, row: RecordRow
) -> vault_tables.Entry | vault_tables.EntryRevision:
    if row.revision is None:
        place = revision_context(actor.id, row.id)
        sealed = actor.vault.seal(sealer.open(row.sealed, context=place), context=place)
        return vault_tables.EntryRevision(
            id=row.id, entry_id=row.entry_id, sealed=sealed, created_at=row.created_at
        )
    place = entry_context(actor.id, row.id, row.revision)
    sealed = actor.vault.seal(sealer.open(row.sealed, context=place), context=place)
    return vault_tables.Entry(
        id=row.id,
        owner_id=actor.id,
        revision=row.revision,
        sealed=sealed,
        created_at=row.created_at,
        updated_at=row.updated_at,
        deleted_at=row.deleted_at,
    )


def _joined(row: SlotRow) -> bytes:
    return b"".join((row.salt, row.commitment, row.wrapped, row.parameters))


def _parted(row: AsideSlotRow) -> KeySlot:
    blob = row.slot
    return KeySlot(row.kind, blob[:16], blob[110:], blob[16:48], blob[48:110], row.epoch)


async def _unlocked(actor: Actor, row: AsideRow, secret: str) -> Keyring | None:
    who = actor.id.bytes
    slots = tables.SetAsideSlot.filter(aside_id=row.id).order_by("-kind")
    for one in whole(await read(AsideSlotRow, slots)):
        slot = _parted(one)
        try:
            if one.kind == "recovery":
                key = unlock_with_recovery_key(slot, parse_recovery_key(secret), account=who)
            elif one.kind == "password":
                key = await actor.house.stretch(
                    partial(unlock_with_password, slot, secret, account=who), own=True
                )
            else:
                continue
            older = Keyring.from_account_key(key)
            return older.with_retired(row.retired, account=who) if row.retired is not None else older
        except CryptoError:
            continue
    return None


async def purge(now: datetime) -> int:
    """Erase what was set aside, or kept to be returned, for ninety days."""
    gone = await tables.SetAside.filter(expires_at__lte=now).delete()
    old = care_tables.KeptShare.filter(expires_at__lte=now)
    links = {row.link_id for row in whole(await read(LinkOf, old))}
    gone += await old.delete()
    for link in links:
        if not await care_tables.KeptShare.filter(link_id=link).exists():
            await care_tables.CareLink.filter(id=link, ended_at__isnull=False).update(**NOTHING_LEFT)
    return gone
