"""The signature of who wrote a note: of limits and of a review, so that whoever has the link key cannot write them."""

from __future__ import annotations

from uuid import UUID

import msgspec

from crypto import CryptoError, PublicIdentity, join_fields, verify
from journal.actor import Actor
from journal.care.links import Link
from journal.errors import Damaged
from journal.roles import Role
from journal.sealing import encode_document

_DOMAIN = "hearthside/v1/"


def sign_note(
    actor: Actor, link: Link, note: UUID, version: int, details: msgspec.Struct, *, purpose: str
) -> bytes:
    """Return the signature of who writes these details."""
    signed = _encode_signed(link, note, version, details, purpose)
    return actor.open_identity().sign(signed, purpose=purpose)


def verify_note(
    actor: Actor, link: Link, note: UUID, version: int, details: msgspec.Struct, *, purpose: str
) -> None:
    """Verify that the clinician of a care link signed exactly this; raises `Damaged`."""
    try:
        theirs = (
            PublicIdentity.decode(link.peer_keys) if actor.role is Role.PATIENT else actor.public_identity
        )
        signed = _encode_signed(link, note, version, details, purpose)
        verify(theirs, signed, getattr(details, "signature", b""), purpose=purpose)
    except CryptoError as error:
        raise Damaged from error


def _encode_signed(link: Link, note: UUID, version: int, details: msgspec.Struct, purpose: str) -> bytes:
    encoded = encode_document(msgspec.structs.replace(details, signature=b""))
    domain = (_DOMAIN + purpose).encode()
    return join_fields(domain, link.id.bytes, note.bytes, version.to_bytes(8, "big"), encoded)
