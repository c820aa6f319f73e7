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
from journal.installation.installation import Installation
from journal.passkeys.webauthn import CredentialDescriptor
from journal.sealing import open_bytes, open_document, seal_document
from journal.store.rows import NonNegative, OpenedRows, Row, Timestamp, fetch_row, fetch_rows, open_rows


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
    revision: NonNegative
    sealed: bytes
    created_at: Timestamp
    last_used_at: Timestamp | None


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
    def descriptor(self) -> CredentialDescriptor:
        """Return what names the credential to a browser."""
        return CredentialDescriptor(self.document.credential, tuple(self.document.transports))


async def load_passkeys(installation: Installation, account: UUID) -> OpenedRows[Passkey]:
    """Return the passkeys of an account, oldest first."""
    rows = authentication_tables.Passkey.filter(account_id=account).order_by("created_at", "id")
    return open_rows(await fetch_rows(PasskeyRow, rows), partial(open_passkey, installation))


async def find_passkey(
    installation: Installation, passkeys: QuerySet[authentication_tables.Passkey]
) -> Passkey | None:
    """Return the first of *passkeys*, or None; raises `Damaged`."""
    row = await fetch_row(PasskeyRow, passkeys)
    return open_passkey(installation, row) if row else None


async def save_passkey(
    installation: Installation, passkey: Passkey, document: PasskeyDocument, used_at: datetime | None = None
) -> bool:
    """Store a passkey's next revision; return False when another request was faster."""
    after = Passkey(passkey.id, passkey.account, passkey.revision + 1, document, passkey.created_at, used_at)
    changed: dict[str, Any] = {"revision": after.revision, "sealed": seal_passkey(installation, after)}
    if used_at is not None:
        changed["last_used_at"] = used_at
    return bool(
        await authentication_tables.Passkey.filter(id=passkey.id, revision=passkey.revision).update(**changed)
    )


def open_passkey(installation: Installation, row: PasskeyRow) -> Passkey:
    """Open a row; raises `Damaged` when it was altered, or moved to another account."""
    place = passkey_context(row.account_id, row.id, row.revision)
    document = open_document(installation.server_keys, row.sealed, place, PasskeyDocument)
    return Passkey(row.id, row.account_id, row.revision, document, row.created_at, row.last_used_at)


def seal_passkey(installation: Installation, passkey: Passkey) -> bytes:
    """Seal a passkey's document for its row."""
    return seal_document(
        installation.server_keys,
        passkey.document,
        passkey_context(passkey.account, passkey.id, passkey.revision),
    )


def verify_owner(passkey: Passkey, vault: Sealer) -> None:
    """Verify that the account itself added a passkey, by its vault key; raises `Damaged`."""
    found = open_bytes(vault, passkey.document.vouched, _fingerprint_context(passkey.account, passkey.id))
    if found != _fingerprint(passkey.document.credential, passkey.document.public_key):
        raise Damaged


def hash_credential_id(credential: bytes) -> str:
    """Return the hash that a credential is found by, without its id being stored."""
    return sha256(credential).hexdigest()


def seal_fingerprint(
    vault: Sealer, account: UUID, passkey: UUID, credential: bytes, public_key: bytes
) -> bytes:
    """Seal what a passkey is verified by under its account's own key, for `verify_owner`."""
    return vault.seal(_fingerprint(credential, public_key), context=_fingerprint_context(account, passkey))


def _fingerprint(credential: bytes, public_key: bytes) -> bytes:
    return sha256(join_fields(credential, public_key)).digest()


def _fingerprint_context(account: UUID, passkey: UUID) -> Context:
    return Context("passkey-vouched", account.bytes, passkey.bytes)


def passkey_context(account: UUID, passkey: UUID, revision: int) -> Context:
    """Return the context of a passkey."""
    return Context("passkey", account.bytes, passkey.bytes, revision)
