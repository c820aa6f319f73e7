"""Rows of passkeys: sealed under the server key, vouched for by their own account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
from tortoise.queryset import QuerySet

from crypto import Context, Sealer, join_fields
from journal.authentication import tables as authentication_tables
from journal.errors import Damaged
from journal.installation.installation import House
from journal.passkeys.webauthn import Known
from journal.sealing import open_bytes, open_document, seal_document
from journal.store.rows import Counted, Moment, Opened, Row, open_each, read, read_one


class PasskeyDocument(msgspec.Struct, frozen=True):
    """
    What verifies a passkey, and what its owner calls it; server key. `opens`: it has a key slot.

    `vouched` is under the owner's vault key: else whoever has the server key could add a passkey of theirs.
    """

    name: str
    credential: bytes
    public_key: bytes
    sign_count: int
    transports: list[str]
    backed_up: bool
    opens: bool
    vouched: bytes


class PasskeyRow(Row, frozen=True):
    """A row of a passkey."""

    id: UUID
    account_id: UUID
    revision: Counted
    sealed: bytes
    created_at: Moment
    last_used_at: Moment | None


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey, opened."""

    id: UUID
    account: UUID
    revision: int
    document: PasskeyDocument
    created_at: datetime
    last_used_at: datetime | None

    @property
    def known(self) -> Known:
        """Return what names the credential to a browser."""
        return Known(self.document.credential, tuple(self.document.transports))


async def of_account(house: House, account: UUID) -> Opened[Passkey]:
    """Return the passkeys of an account, oldest first."""
    rows = authentication_tables.Passkey.filter(account_id=account).order_by("created_at", "id")
    return open_each(await read(PasskeyRow, rows), partial(opened, house))


async def find(house: House, passkeys: QuerySet[authentication_tables.Passkey]) -> Passkey | None:
    """Return the first of *passkeys*, or None; raises `Damaged`."""
    row = await read_one(PasskeyRow, passkeys)
    return opened(house, row) if row else None


async def keep(
    house: House, passkey: Passkey, document: PasskeyDocument, used_at: datetime | None = None
) -> bool:
    """Store a passkey's next revision; return False when another request was faster."""
    after = Passkey(passkey.id, passkey.account, passkey.revision + 1, document, passkey.created_at, used_at)
    changed: dict[str, Any] = {"revision": after.revision, "sealed": sealed(house, after)}
    if used_at is not None:
        changed["last_used_at"] = used_at
    return bool(
        await authentication_tables.Passkey.filter(id=passkey.id, revision=passkey.revision).update(**changed)
    )


def opened(house: House, row: PasskeyRow) -> Passkey:
    """Open a row; raises `Damaged` when it was altered, or moved to another account."""
    place = passkey_context(row.account_id, row.id, row.revision)
    document = open_document(house.server, row.sealed, place, PasskeyDocument)
    return Passkey(row.id, row.account_id, row.revision, document, row.created_at, row.last_used_at)


def sealed(house: House, passkey: Passkey) -> bytes:
    """Seal what `opened` opens."""
    return seal_document(
        house.server, passkey.document, passkey_context(passkey.account, passkey.id, passkey.revision)
    )


def require_own(passkey: Passkey, vault: Sealer) -> None:
    """Verify that the account itself added a passkey, by its vault key; raises `Damaged`."""
    found = open_bytes(vault, passkey.document.vouched, _vouching(passkey.account, passkey.id))
    if found != _fingerprint(passkey.document.credential, passkey.document.public_key):
        raise Damaged


def lookup_of(credential: bytes) -> str:
    """Return the hash that a credential is found by, without its id being stored."""
    return sha256(credential).hexdigest()


def vouched(vault: Sealer, account: UUID, passkey: UUID, credential: bytes, public_key: bytes) -> bytes:
    """Seal what a passkey is verified by under its account's own key, for `require_own`."""
    return vault.seal(_fingerprint(credential, public_key), context=_vouching(account, passkey))


def _fingerprint(credential: bytes, public_key: bytes) -> bytes:
    return sha256(join_fields(credential, public_key)).digest()


def _vouching(account: UUID, passkey: UUID) -> Context:
    return Context("passkey-vouched", account.bytes, passkey.bytes)


def passkey_context(account: UUID, passkey: UUID, revision: int) -> Context:
    """Return the context of a passkey."""
    return Context("passkey", account.bytes, passkey.bytes, revision)
