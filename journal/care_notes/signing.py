"""What carries the signature of who wrote it: limits, what a clinic noted at a session, a review, and a reply."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

import msgspec

from crypto import CryptoError, PublicIdentity, join_fields, verify
from journal.actor import Actor
from journal.care.links import Link
from journal.errors import Damaged
from journal.roles import Role
from journal.sealing import encode_document

PURPOSES: Mapping[str, str] = MappingProxyType(
    {
        "limits": "limits",
        "clinic": "clinic-readings",
        "review": "review",
        "reply": "reply",
        "talk-item": "talk-item",
    }
)
"""For which purpose each kind of note is signed, replies and what is set for a talk; the others are not."""


def sign_note(
    actor: Actor, link: Link, note: UUID, version: int, kind: str, details: msgspec.Struct
) -> bytes:
    """Return the signature of who writes these details."""
    signed = _encode_signed(link, note, version, kind, details)
    return actor.open_identity().sign(signed, purpose=PURPOSES[kind])


def verify_note(
    actor: Actor,
    link: Link,
    note: UUID,
    version: int,
    kind: str,
    details: msgspec.Struct,
    *,
    author: Role = Role.CLINICIAN,
) -> None:
    """Verify that one of the two people of a care link signed exactly this; raises `Damaged`."""
    try:
        theirs = actor.public_identity if actor.role is author else PublicIdentity.decode(link.peer_keys)
        signature = getattr(details, "signature", b"")
        signed = _encode_signed(link, note, version, kind, details)
        verify(theirs, signed, signature, purpose=PURPOSES[kind])
    except CryptoError as error:
        raise Damaged from error


def _encode_signed(link: Link, note: UUID, version: int, kind: str, details: msgspec.Struct) -> bytes:
    domain = f"hearthside/v1/{PURPOSES[kind]}".encode()
    encoded = encode_document(msgspec.structs.replace(details, signature=b""))
    return join_fields(domain, link.id.bytes, note.bytes, version.to_bytes(8, "big"), encoded)
