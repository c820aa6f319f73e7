"""
Key slots: the ways to an account key, one row each, and which of them open it now.

Every account has an epoch, a number that grows by one with every change of its keys, slots, passkeys or second factor.
A change reads the account, checks a password and derives keys, and is written only if the epoch is still the one that
was read: of two at once the second fails, and nothing of it is written.

Each slot and each web session authenticates the epoch that it was made at. The account's access document, sealed under
its own vault key, lists the slots that open it at its present epoch, and since which epoch its sessions count. So an
old password's slot or an ended session that somebody puts back into the database opens nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec

from crypto import Context, Keyring, KeySlot, Sealer
from journal.accounts.current_keys import SELECT_KEYS, ConcurrentChange, has_keys, lock_account
from journal.accounts.log_memory import load_row
from journal.actor import Actor
from journal.authentication import second_factor, tables
from journal.errors import Damaged, JournalError, NotFound
from journal.installation.installation import Installation
from journal.sealing import encode_document, open_document
from journal.store.database import execute, fetch_raw, transaction
from journal.store.rows import (
    NonNegative,
    Row,
    as_bytes,
    fetch_row,
    fetch_rows,
    filter_undamaged,
    get_column,
    parse_rows,
    require_undamaged,
)

SELECT_ACCESS = "SELECT epoch, access, status FROM account WHERE id = $1"
UPDATE_ACCESS = """
    UPDATE account SET epoch = $1, access = $2
    WHERE id = $3 AND epoch = $4 AND status IN ('active', 'leaving')
"""
RESEAL_ACCESS = "UPDATE account SET access = $1 WHERE id = $2 AND epoch = $3"
SELECT_SLOTS = "SELECT kind, commitment, passkey_id FROM key_slot WHERE account_id = $1"
USABLE_STATUSES = ("active", "leaving")


class AccessRow(Row, frozen=True):
    """An account's row, as `SELECT_ACCESS` asks for it."""

    epoch: NonNegative
    access: bytes | None
    status: str


class AllowedSlotRow(Row, frozen=True):
    """A key slot, as `SELECT_SLOTS` asks for it."""

    kind: str
    commitment: bytes
    passkey_id: UUID | None


class AccessRevoked(JournalError):
    """The slot or key no longer opens the account."""


class AllowedSlot(msgspec.Struct, frozen=True):
    """One slot that opens an account: its kind, its commitment, and the epoch that it was made at."""

    kind: str
    commitment: bytes
    epoch: int
    passkey: str = ""  # the hex id of the passkey that it belongs to


class AccessDocument(msgspec.Struct, frozen=True):
    """
    Which slots open an account; vault key. Sessions of an epoch before `sessions_since` are over.

    `remembers_log`: it has a row in which it remembers the log of public keys, so one that is missing was deleted.
    """

    ways: tuple[AllowedSlot, ...] = ()
    sessions_since: int = 0
    remembers_log: bool = False


@dataclass(frozen=True, slots=True)
class Access:
    """An account's access document as read at one epoch. Not `stored`: it is an account from before epochs."""

    account: UUID
    epoch: int
    document: AccessDocument
    stored: bool = True

    @property
    def next_epoch(self) -> int:
        """Return the epoch that a change would make."""
        return self.epoch + 1

    def is_allowed(self, slot: KeySlot) -> bool:
        """Return whether *slot* opens the account."""
        return any(
            (way.kind, way.commitment, way.epoch) == (slot.kind, slot.commitment, slot.epoch)
            for way in self.document.ways
        )

    def with_slot(self, slot: KeySlot, *, passkey: UUID | None = None) -> tuple[AllowedSlot, ...]:
        """Return the slots with *slot* in the place of the one of its kind, or of its passkey."""
        place = passkey.hex if passkey else ""
        others = [way for way in self.document.ways if (way.kind, way.passkey) != (slot.kind, place)]
        return (*others, AllowedSlot(slot.kind, slot.commitment, slot.epoch, place))

    def without_passkey(self, passkey: UUID) -> tuple[AllowedSlot, ...]:
        """Return the slots without that of a passkey."""
        return tuple(way for way in self.document.ways if way.passkey != passkey.hex)


class SlotRow(Row, frozen=True):
    """A row of a key slot."""

    kind: str
    salt: bytes
    parameters: bytes
    commitment: bytes
    wrapped: bytes
    epoch: NonNegative


class SlotAccountRow(Row, frozen=True):
    """The account and epoch of a slot."""

    account_id: UUID
    epoch: NonNegative


async def replace_slot(account: UUID, slot: KeySlot, now: datetime, *, passkey: UUID | None = None) -> None:
    """
    Store *slot* in the place of the account's slot of the same kind; run inside a transaction.

    Each passkey has a slot of its own.
    """
    same = tables.KeySlot.filter(account_id=account, kind=slot.kind)
    await (same.filter(passkey_id=passkey) if passkey else same).delete()
    await tables.KeySlot.create(
        id=uuid4(),
        account_id=account,
        passkey_id=passkey,
        kind=slot.kind,
        salt=slot.salt,
        parameters=slot.parameters,
        commitment=slot.commitment,
        wrapped=slot.wrapped,
        epoch=slot.epoch,
        created_at=now,
    )


async def find_slot_by_email(
    installation: Installation, email: str, kind: str
) -> tuple[UUID | None, KeySlot | None]:
    """
    Return an active account by address, with its slot of one kind; None for both when there is none.

    Reads bare columns, since making a row of the ORM takes long enough to show who has an account.
    """
    rows: Sequence[Sequence[Any]] = ()
    asked: tuple[bytes, ...] = ()
    # The server key may change during the search: repeat it until the keys stay the same.
    while not rows and asked != (indexes := installation.server_keys.lookup_indexes(email)):
        rows, asked = await _load_by_indexes(indexes, kind), indexes
        installation.server_keys.reload_if_changed()
    if not rows:
        return None, None
    account, *parts, epoch = rows[0]
    found = require_undamaged(parse_rows(SlotAccountRow, [(account, epoch)])[0])
    salt, parameters, commitment, wrapped = map(as_bytes, parts)
    return found.account_id, KeySlot(kind, salt, parameters, commitment, wrapped, found.epoch)


async def find_slot(account: UUID, kind: str) -> KeySlot | None:
    """Return an active account's slot of one kind, or None; raises `Damaged`."""
    slots = tables.KeySlot.filter(account_id=account, kind=kind, account__status__in=("active", "leaving"))
    row = await fetch_row(SlotRow, slots.order_by("id"))
    return _build_slot(row) if row else None


async def find_passkey_slot(account: UUID, passkey: UUID) -> KeySlot | None:
    """Return the slot that a passkey opens, or None."""
    row = await fetch_row(SlotRow, tables.KeySlot.filter(account_id=account, passkey_id=passkey))
    return _build_slot(row) if row else None


def _build_slot(row: SlotRow) -> KeySlot:
    return KeySlot(row.kind, row.salt, row.parameters, row.commitment, row.wrapped, row.epoch)


async def _load_by_indexes(indexes: Sequence[bytes], kind: str) -> Sequence[Sequence[Any]]:
    """Return the rows of an address, those of its closest spelling first."""
    places = ", ".join(f"${place}" for place in range(2, 2 + len(indexes)))
    asked = [index.hex() for index in indexes]
    rows = await fetch_raw(SELECT_BY_EMAIL.replace("PLACES", places), kind, *asked)
    return [row[1:] for row in sorted(rows, key=lambda row: asked.index(row[0]))]


SELECT_BY_EMAIL = """
    SELECT email_index, account_id, salt, parameters, commitment, wrapped, key_slot.epoch
    FROM key_slot JOIN account ON account.id = account_id
    WHERE status IN ('active', 'leaving') AND kind = $1 AND email_index IN (PLACES)
    ORDER BY key_slot.id
"""


async def load_salt(account: UUID) -> bytes:
    """Return the salt of an account's password slot, which changes with every new password."""
    rows = await fetch_rows(SlotRow, tables.KeySlot.filter(account_id=account, kind="password"))
    return get_column(rows[0], "salt") or b"" if rows else b""


def build_first_access(slot: KeySlot) -> AccessDocument:
    """Return the access document of a new account, whose password made *slot*, and which `begin_memory` is for."""
    ways = (AllowedSlot(slot.kind, slot.commitment, slot.epoch),)
    return AccessDocument(ways, slot.epoch, remembers_log=True)


def seal_access(vault: Sealer, account: UUID, epoch: int, document: AccessDocument) -> bytes:
    """Seal an account's access document."""
    return vault.seal(encode_document(document), context=access_context(account, epoch))


def open_access(vault: Sealer, account: UUID, epoch: int, blob: bytes) -> AccessDocument:
    """Open an account's access document; raises `Damaged` when it is not what the account wrote at *epoch*."""
    return open_document(vault, blob, access_context(account, epoch), AccessDocument)


async def load_access(account: UUID, vault: Sealer) -> Access:
    """
    Return an account's access document.

    Raises:
        NotFound: If there is no such account, or it is suspended.
        Damaged: If it is not what the account wrote.
    """
    row = next(iter(parse_rows(AccessRow, await fetch_raw(SELECT_ACCESS, account))), None)
    if row is None or (present := require_undamaged(row)).status not in USABLE_STATUSES:
        raise NotFound
    if present.access is not None:
        document = open_access(vault, account, present.epoch, present.access)
        return Access(account, present.epoch, document)
    factor, _ = await second_factor.load_second_factor(account, vault)
    if present.epoch or factor.listed:  # somebody deleted the access document
        raise Damaged
    ways = [
        AllowedSlot(one.kind, one.commitment, 0, one.passkey_id.hex if one.passkey_id else "")
        for one in filter_undamaged(parse_rows(AllowedSlotRow, await fetch_raw(SELECT_SLOTS, account)))
    ]
    return Access(account, 0, AccessDocument(tuple(ways)), stored=False)


async def load_own_access(actor: Actor) -> Access:
    """
    Return the access document of the actor's account, to be changed.

    Raises:
        ConcurrentChange: If the actor's keys are not the account's any more.
        Damaged: If they are, and the document is not what the account wrote.
    """
    try:
        return await load_access(actor.id, actor.vault)
    except (Damaged, NotFound):
        if not await has_keys(actor, SELECT_KEYS):
            raise ConcurrentChange from None
        raise


async def advance_epoch(
    before: Access, vault: Sealer, ways: Sequence[AllowedSlot] | None = None, *, end_sessions: bool = False
) -> int:
    """
    Write the account's next epoch, if *before* is still the present one; first in the transaction of a change.

    It locks the account's row until that transaction ends.

    Args:
        before: What was read when the act began.
        vault: What seals the account's own records from now on.
        ways: The slots that open it from now on; unchanged unless given.
        end_sessions: Whether all earlier sessions end.

    Returns:
        The new epoch.

    Raises:
        ConcurrentChange: If it is not; the transaction has to be rolled back.
    """
    document = msgspec.structs.replace(
        before.document,
        ways=before.document.ways if ways is None else tuple(ways),
        sessions_since=before.next_epoch if end_sessions else before.document.sessions_since,
    )
    blob = seal_access(vault, before.account, before.next_epoch, document)
    if not await execute(UPDATE_ACCESS, before.next_epoch, blob, before.account, before.epoch):
        raise ConcurrentChange
    return before.next_epoch


async def note_log_memory(actor: Actor) -> None:
    """
    Store in the access document of an account from before that it remembers the log of public keys, if it does.

    Raises:
        ConcurrentChange: If the account's keys were changed at the same moment.
    """
    async with transaction():
        await lock_account(actor.id)
        before, (revision, _) = await load_own_access(actor), await load_row(actor)
        if revision and before.stored and not before.document.remembers_log:
            document = msgspec.structs.replace(before.document, remembers_log=True)
            sealed = seal_access(actor.vault, actor.id, before.epoch, document)
            await execute(RESEAL_ACCESS, sealed, actor.id, before.epoch)


async def verify_entry(account: UUID, account_key: bytes, slot: KeySlot | None) -> int:
    """
    Verify that *slot* still opens the account, in the transaction that begins a session, and lock the account's row.

    An account from before epochs gets its first access document here; otherwise nothing is written.

    Args:
        account_key: What *slot* opened.
        slot: What was used; None for the keys of an account that this very transaction made or changed.

    Returns:
        The epoch that the session begins at.

    Raises:
        AccessRevoked: If the slot or the key no longer opens the account, or it was suspended.
    """
    vault = Keyring.from_account_key(account_key).vault_sealer()
    await lock_account(account)
    try:
        found = await load_access(account, vault)
    except NotFound as error:
        raise AccessRevoked from error
    if slot is not None and not found.is_allowed(slot):
        raise AccessRevoked
    if found.stored:
        return found.epoch
    epoch = await advance_epoch(found, vault)
    factor, revision = await second_factor.load_second_factor(account, vault)
    if not await second_factor.replace_second_factor(
        account, vault, msgspec.structs.replace(factor, listed=True), revision
    ):
        raise ConcurrentChange
    return epoch


def is_session_valid(document: AccessDocument, session_epoch: int) -> bool:
    """Return whether a session that began at *session_epoch* is still valid."""
    return session_epoch >= document.sessions_since


def access_context(account: UUID, epoch: int) -> Context:
    """Return the context of an account's access document."""
    return Context("access", account.bytes, account.bytes, epoch)
