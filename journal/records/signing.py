"""
Sign the manifest of an archive, and verify that signature.

The public keys travel with the archive: it can be verified without this installation, and after the account has others.
What this module imports is little, since `hearthside verify-records` waits for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import msgspec

from crypto import CryptoError, PrivateIdentity, PublicIdentity, fingerprint, join_fields, verify
from journal.errors import Damaged
from journal.sealing import UNREADABLE

SIGNATURE = "signature.json"
FORMAT = "hearthside-signature"
ALGORITHM = "Ed25519"
PURPOSE = "records"


class Signature(msgspec.Struct, frozen=True):
    """Who signed the manifest, and the signature; bytes are in hexadecimal digits."""

    format: str
    version: int
    algorithm: str
    purpose: str
    account_id: UUID
    public_identity: str
    signature: str


@dataclass(frozen=True, slots=True)
class Signer:
    """Whose signature fits: an account and the fingerprint of its keys."""

    account: UUID
    fingerprint: str


def sign_manifest(identity: PrivateIdentity, account: UUID, manifest: bytes) -> bytes:
    """
    Return the content of `signature.json` for the very bytes of a manifest.

    Args:
        identity: The private keys of the account, open in the request that takes the records.
        account: Its id.
        manifest: What `manifest.json` holds.
    """
    signed = identity.sign(_encode_signed(account, identity.public(), manifest), purpose=PURPOSE)
    return _write(account, identity.public(), signed)


def verify_manifest(manifest: bytes, signature: bytes) -> Signer:
    """
    Return whose signature of a manifest this is.

    Raises:
        Damaged: If it is no signature, or of something else.
    """
    try:
        read = msgspec.json.decode(signature, type=Signature)
        public = PublicIdentity.decode(bytes.fromhex(read.public_identity))
        signed = bytes.fromhex(read.signature)
        if _write(read.account_id, public, signed) != signature:
            raise Damaged
        verify(public, _encode_signed(read.account_id, public, manifest), signed, purpose=PURPOSE)
    except (*UNREADABLE, CryptoError) as error:
        raise Damaged from error
    return Signer(read.account_id, fingerprint(read.account_id.bytes, public))


def _write(account: UUID, public: PublicIdentity, signed: bytes) -> bytes:
    """Return the one way to write a signature, so that no bit of the file can be another."""
    written = Signature(FORMAT, 1, ALGORITHM, PURPOSE, account, public.encode().hex(), signed.hex())
    return msgspec.json.format(msgspec.json.encode(written), indent=2)


def _encode_signed(account: UUID, public: PublicIdentity, manifest: bytes) -> bytes:
    return join_fields(account.bytes, public.encode(), manifest)
