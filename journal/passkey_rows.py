"""Passkeys as they stand in their rows: sealed under the server key, vouched for by their own account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec

from crypto import Context, Sealer, join_fields
from journal import tables
from journal.ceremonies import Known
from journal.documents import open_bytes, open_document, seal_document
from journal.errors import Damaged
from journal.house import House


class PasskeyDocument(msgspec.Struct, frozen=True):
    """
    What verifies a passkey, and what its owner calls it; server key. `opens`: it has a key slot.

    `vouched` is under the owner's vault key: else whoever has the server key could put in a passkey of theirs.
    """

    name: str
    credential: bytes
    public_key: bytes
    sign_count: int
    transports: list[str]
    backed_up: bool
    opens: bool
    vouched: bytes


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey of somebody's."""

    id: UUID
    account: UUID
    revision: int
    document: PasskeyDocument
    created_at: datetime
    last_used_at: datetime | None

    @property
    def known(self) -> Known:
        """Give the credential as a browser is reminded of it."""
        return Known(self.document.credential, tuple(self.document.transports))


async def of_account(house: House, account: UUID) -> tuple[Passkey, ...]:
    """Give the passkeys of an account, oldest first."""
    rows = await tables.Passkey.filter(account_id=account).order_by("created_at", "id")
    return tuple(opened(house, row) for row in rows)


async def keep(
    house: House, passkey: Passkey, document: PasskeyDocument, used_at: datetime | None = None
) -> bool:
    """Write a passkey's next revision; tells whether nobody else had done so in the meantime."""
    after = Passkey(passkey.id, passkey.account, passkey.revision + 1, document, passkey.created_at, used_at)
    changed: dict[str, Any] = {"revision": after.revision, "sealed": sealed(house, after)}
    if used_at is not None:
        changed["last_used_at"] = used_at
    return bool(await tables.Passkey.filter(id=passkey.id, revision=passkey.revision).update(**changed))


def opened(house: House, row: tables.Passkey) -> Passkey:
    """Open a row; raises `Damaged` when it was altered, or hung under another account."""
    account: UUID = row.account_id  # type: ignore[attr-defined]
    document = open_document(
        house.server, bytes(row.sealed), passkey_context(account, row.id, row.revision), PasskeyDocument
    )
    return Passkey(row.id, account, row.revision, document, row.created_at, row.last_used_at)


def sealed(house: House, passkey: Passkey) -> bytes:
    """Seal what `opened` opens."""
    return seal_document(
        house.server, passkey.document, passkey_context(passkey.account, passkey.id, passkey.revision)
    )


def require_own(passkey: Passkey, vault: Sealer) -> None:
    """Check that the account itself added a passkey, by its vault key; raises `Damaged`."""
    found = open_bytes(vault, passkey.document.vouched, _vouching(passkey.account, passkey.id))
    if found != _fingerprint(passkey.document.credential, passkey.document.public_key):
        raise Damaged


def lookup_of(credential: bytes) -> str:
    """Make a credential findable without storing its id."""
    return sha256(credential).hexdigest()


def vouched(vault: Sealer, account: UUID, passkey: UUID, credential: bytes, public_key: bytes) -> bytes:
    """Seal what a passkey is verified by under its account's own key, so that `require_own` knows it again."""
    return vault.seal(_fingerprint(credential, public_key), context=_vouching(account, passkey))


def _fingerprint(credential: bytes, public_key: bytes) -> bytes:
    return sha256(join_fields(credential, public_key)).digest()


def _vouching(account: UUID, passkey: UUID) -> Context:
    return Context("passkey-vouched", account.bytes, passkey.bytes)


def passkey_context(account: UUID, passkey: UUID, revision: int) -> Context:
    """Say where a passkey stands."""
    return Context("passkey", account.bytes, passkey.bytes, revision)
