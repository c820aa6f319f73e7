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
from journal.ages import build_alive_filter
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.authentication import tables as authentication_tables
from journal.authentication.key_slots import SlotRow
from journal.care import tables as care_tables
from journal.care.links import ERASED_COLUMNS
from journal.care.share_list import ShareLinkRow
from journal.errors import Damaged, InvalidInput, NotFound
from journal.i18n import N_
from journal.installation.installation import Installation
from journal.plan_words.keys import restore_words
from journal.rate_limiting import attempts, limits
from journal.roles import Role
from journal.sessions.plan_key import take_away
from journal.store.database import flush_deleted, transaction
from journal.store.progress import run_with_retry
from journal.store.rows import (
    DamagedRow,
    IdRow,
    NonNegative,
    OpenedRows,
    Row,
    Timestamp,
    fetch_rows,
    filter_undamaged,
)
from journal.store.statements import parse_id
from journal.vault import record_state
from journal.vault import tables as vault_tables
from journal.vault.contents import ContentsLine, open_entry_line, to_microseconds
from journal.vault.documents import entry_context, revision_context
from journal.vault.entry_rows import EntryRow, RevisionRow
from journal.vault.record_snapshot import Part
from journal.vault.record_state import RecordChange

RETENTION_PERIOD = timedelta(days=90)
BATCH_SIZE = 500  # ids in one statement
INSERT_BATCH_SIZE = 100  # rows that the ORM puts together in a few milliseconds
WRONG_SECRET = N_("That is neither the old password nor the old recovery key. Look at it once more.")


R = TypeVar("R", bound=Row)


class SetAsideRow(Row, frozen=True):
    """A row of what was set aside."""

    id: UUID
    retired: bytes | None
    plan_key: bytes | None
    created_at: Timestamp
    expires_at: Timestamp
    proof: str | None


class SetAsideSlotRow(Row, frozen=True):
    """A row of an old key slot."""

    kind: str
    slot: bytes
    epoch: NonNegative


class SetAsideRecordRow(Row, frozen=True):
    """A row of an entry that was set aside, or, without a revision, of an earlier version."""

    id: UUID
    entry_id: UUID
    revision: NonNegative | None
    sealed: bytes
    created_at: Timestamp
    updated_at: Timestamp
    deleted_at: Timestamp | None


class ShareRow(Row, frozen=True):
    """A row of a copy, as it is kept."""

    id: UUID
    link_id: UUID
    entry_id: UUID
    revision: NonNegative
    sealed: bytes


class RetiredKeyRow(Row, frozen=True):
    """The retired key of an account whose keys are being rotated."""

    retired: bytes


@dataclass(frozen=True, slots=True)
class RetainedRecords:
    """
    What waits to be opened: how many entries, since when, and until when.

    The times are None where nothing proves that it is the account's.
    """

    id: UUID
    entries: int
    since: datetime | None
    until: datetime | None


def compute_proof(
    installation: Installation, aside: UUID, account: UUID, since: datetime, until: datetime
) -> str:
    """Return the proof of whose something set aside is, and when; valid until the server key is rotated."""
    times = [str(moment).encode() for moment in (to_microseconds(since), to_microseconds(until))]
    return installation.server_keys.mac("set-aside", join_fields(aside.bytes, account.bytes, *times)).hex()


async def retain_records(installation: Installation, account: UUID) -> UUID:
    """Set everything aside that only the account's present keys open, in the transaction of the reset."""
    aside, now = uuid4(), installation.clock()
    renewing = filter_undamaged(
        await fetch_rows(RetiredKeyRow, authentication_tables.KeyRenewal.filter(id=account))
    )
    await tables.SetAside.create(
        id=aside,
        account_id=account,
        retired=renewing[0].retired if renewing else None,
        plan_key=await take_away(account),
        created_at=now,
        expires_at=now + RETENTION_PERIOD,
        proof=compute_proof(installation, aside, account, now, now + RETENTION_PERIOD),
    )
    slots = authentication_tables.KeySlot.filter(account_id=account)
    opening = slots.filter(kind__in=("password", "recovery"))  # a passkey opens nothing without its own row
    kept_slots = [
        tables.SetAsideSlot(id=uuid4(), aside_id=aside, kind=one.kind, slot=_join_slot(one), epoch=one.epoch)
        for one in filter_undamaged(await fetch_rows(SlotRow, opening))
    ]
    await tables.SetAsideSlot.bulk_create(kept_slots)
    # Nobody can open what is damaged, now or later.
    entries = vault_tables.Entry.filter(owner_id=account)
    async for some in _load_batches(EntryRow, entries):
        await tables.SetAsideRecord.bulk_create(
            [tables.SetAsideRecord(aside_id=aside, entry_id=one.id, **asdict(one)) for one in some]
        )
    versions = vault_tables.EntryRevision.filter(entry__owner_id=account)
    async for part in _load_batches(RevisionRow, versions):
        await tables.SetAsideRecord.bulk_create(
            [tables.SetAsideRecord(aside_id=aside, updated_at=one.created_at, **asdict(one)) for one in part]
        )
    lasting = care_tables.CareLink.filter(patient_id=account, ended_at=None)
    shares = care_tables.Share.filter(link__patient_id=account, link__ended_at=None, ended_at=None)
    await care_tables.KeptShare.bulk_create(
        [
            care_tables.KeptShare(expires_at=now + RETENTION_PERIOD, **asdict(one))
            for one in filter_undamaged(await fetch_rows(ShareRow, shares))
        ]
    )
    links = [one.id for one in filter_undamaged(await fetch_rows(IdRow, lasting))]
    await care_tables.Share.filter(link_id__in=links).delete()
    await care_tables.GivenBack.filter(link__patient_id=account).delete()  # the clinician can return it again
    await lasting.update(restarted_at=now, patient_key=None, patient_pin=None)  # which nobody can open now
    await entries.delete()
    await slots.delete()
    await authentication_tables.Passkey.filter(account_id=account).delete()
    await authentication_tables.KeyRenewal.filter(id=account).delete()
    return aside


async def _load_batches(kind: type[R], query: QuerySet[Any]) -> AsyncIterator[Sequence[R]]:
    """Read rows, which must not change meanwhile, in small batches; damaged ones are left out."""
    for at in range(0, await query.count(), INSERT_BATCH_SIZE):
        yield filter_undamaged(
            await fetch_rows(kind, query.order_by("id").offset(at).limit(INSERT_BATCH_SIZE))
        )


async def list_retained_records(actor: Actor) -> OpenedRows[RetainedRecords]:
    """Return what waits to be opened, the latest first."""
    actor.require_role(Role.PATIENT)
    found, damaged = [], []
    for row in await _load_rows(actor):
        if isinstance(row, DamagedRow):
            damaged.append(row.id)
            continue
        count = await tables.SetAsideRecord.filter(
            aside_id=row.id, revision__isnull=False, deleted_at=None
        ).count()
        proof = compute_proof(actor.installation, row.id, actor.id, row.created_at, row.expires_at)
        is_theirs = compare_digest(proof.encode(), (row.proof or "").encode())
        dates = (row.created_at, row.expires_at) if is_theirs else (None, None)
        found.append(RetainedRecords(row.id, count, *dates))
    return OpenedRows(found, damaged)


async def _load_rows(actor: Actor) -> list[SetAsideRow | DamagedRow]:
    mine = tables.SetAside.filter(account_id=actor.id, **build_alive_filter(actor.now, RETENTION_PERIOD))
    return await fetch_rows(SetAsideRow, mine.order_by("-created_at"))


async def restore_records(actor: Actor, secret: str) -> int:
    """
    Restore what was set aside, sealed under the present keys.

    Args:
        secret: The old password, or the old recovery key.

    Returns:
        How many entries came back.

    Raises:
        InvalidInput: If it opens nothing, or has to wait after several tries.
        Damaged: If it opens the old key, but that opens none of the records.
    """
    actor.require_role(Role.PATIENT)
    charged = await limits.count_attempt(
        attempts.build_set_aside_counts(actor.installation, actor.id), field="secret"
    )
    for row in filter_undamaged(await _load_rows(actor)):
        async with limits.refund_if_busy(charged):
            older = await _unlock_keyring(actor, row, secret)
        if older:
            await limits.refund_attempt(charged)
            return await run_with_retry(partial(_restore_records, actor, row, older))
    await audit_log.record_event(actor, Act.PASSWORD_REFUSED, patient=actor.id)
    raise InvalidInput({"secret": WRONG_SECRET})


async def _restore_records(actor: Actor, row: SetAsideRow, older: Keyring) -> int:
    wanted = row.id
    async with transaction():
        await record_state.lock_state(actor)
        # Locks the row first: of two pages that open it at once, one finds it gone.
        if not await tables.SetAside.filter(id=wanted).update(expires_at=row.expires_at):
            raise NotFound
        entries, versions = await _reseal_records(actor, older, wanted)
        back = {parse_id(one.id) for one in entries}
        versions = [one for one in versions if parse_id(one.entry_id) in back]  # type: ignore[attr-defined]
        if not entries and await tables.SetAsideRecord.filter(aside_id=wanted).exists():
            raise Damaged
        await vault_tables.Entry.bulk_create(entries, batch_size=INSERT_BATCH_SIZE)
        await vault_tables.EntryRevision.bulk_create(versions, batch_size=INSERT_BATCH_SIZE)
        await _update_record_state(actor, entries, versions)
        await restore_words(actor, older, row.plan_key or b"")
        moved = [*back, *(parse_id(one.id) for one in versions)]
        for at in range(0, len(moved), BATCH_SIZE):
            await tables.SetAsideRecord.filter(id__in=moved[at : at + BATCH_SIZE]).delete()
        if not await tables.SetAsideRecord.filter(aside_id=wanted).exists():
            await tables.SetAside.filter(id=wanted).delete()
        await audit_log.record_event(actor, Act.SET_ASIDE_OPENED, patient=actor.id, about=wanted)
    await flush_deleted()
    return len(entries)


async def _reseal_records(
    actor: Actor, older: Keyring, aside: UUID
) -> tuple[list[vault_tables.Entry], list[vault_tables.EntryRevision]]:
    """
    Reseal what was set aside, in a thread.

    A damaged record stays where it is, and blocks none of the others.
    """
    entries: list[vault_tables.Entry] = []
    versions: list[vault_tables.EntryRevision] = []
    sealer = older.vault_sealer()
    async for rows in _load_batches(SetAsideRecordRow, tables.SetAsideRecord.filter(aside_id=aside)):
        for made in await asyncio.to_thread(_reseal_rows, actor, sealer, rows):
            if isinstance(made, vault_tables.Entry):
                entries.append(made)
            else:
                versions.append(made)
    return entries, versions


async def _update_record_state(
    actor: Actor, entries: Sequence[vault_tables.Entry], versions: Sequence[vault_tables.EntryRevision]
) -> None:
    lasting = {parse_id(one.id): one for one in entries if one.deleted_at is None}
    lines = await asyncio.to_thread(_open_lines, actor, lasting)
    earlier = [(parse_id(one.id), 0, one.sealed) for one in versions if parse_id(one.entry_id) in lasting]  # type: ignore[attr-defined]
    await record_state.update_state(
        actor, RecordChange(Part.ENTRIES, added=lines), RecordChange(Part.EARLIER, added=earlier)
    )


def _open_lines(actor: Actor, entries: Mapping[UUID, vault_tables.Entry]) -> list[ContentsLine]:
    return [
        open_entry_line(
            actor.vault, actor.id, ident, one.revision, one.sealed, one.created_at, one.updated_at
        )
        for ident, one in entries.items()
    ]


def _reseal_rows(
    actor: Actor, sealer: Sealer, rows: Iterable[SetAsideRecordRow]
) -> list[vault_tables.Entry | vault_tables.EntryRevision]:
    made = []
    for row in rows:
        try:
            made.append(_reseal_row(actor, sealer, row))
        except CryptoError:
            continue
    return made


def _reseal_row(
    actor: Actor, sealer: Sealer, row: SetAsideRecordRow
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


def _join_slot(row: SlotRow) -> bytes:
    return b"".join((row.salt, row.commitment, row.wrapped, row.parameters))


def _split_slot(row: SetAsideSlotRow) -> KeySlot:
    blob = row.slot
    return KeySlot(row.kind, blob[:16], blob[110:], blob[16:48], blob[48:110], row.epoch)


async def _unlock_keyring(actor: Actor, row: SetAsideRow, secret: str) -> Keyring | None:
    who = actor.id.bytes
    slots = tables.SetAsideSlot.filter(aside_id=row.id).order_by("-kind")
    for one in filter_undamaged(await fetch_rows(SetAsideSlotRow, slots)):
        slot = _split_slot(one)
        try:
            if one.kind == "recovery":
                key = unlock_with_recovery_key(slot, parse_recovery_key(secret), account=who)
            elif one.kind == "password":
                key = await actor.installation.run_password_hash(
                    partial(unlock_with_password, slot, secret, account=who), is_returning=True
                )
            else:
                continue
            older = Keyring.from_account_key(key)
            return older.with_retired(row.retired, account=who) if row.retired is not None else older
        except CryptoError:
            continue
    return None


async def purge_expired(now: datetime) -> int:
    """Erase what was set aside, or kept to be returned, for ninety days."""
    gone = await tables.SetAside.filter(expires_at__lte=now).delete()
    old = care_tables.KeptShare.filter(expires_at__lte=now)
    links = {row.link_id for row in filter_undamaged(await fetch_rows(ShareLinkRow, old))}
    gone += await old.delete()
    for link in links:
        if not await care_tables.KeptShare.filter(link_id=link).exists():
            await care_tables.CareLink.filter(id=link, ended_at__isnull=False).update(**ERASED_COLUMNS)
    return gone
