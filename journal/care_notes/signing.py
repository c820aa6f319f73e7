"""What carries the signature of who wrote it: limits, what a clinic noted at a session, a review, and a reply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


def resign_note(
    actor: Actor,
    link: Link,
    former: Sequence[PublicIdentity],
    note: UUID,
    version: int,
    kind: str,
    details: msgspec.Struct,
) -> bytes | None:
    """Return a signature with the actor's keys of now for what is signed with theirs of before; None for any other."""
    if is_signed_by(actor.public_identity, link, note, version, kind, details):
        return None
    if not any(is_signed_by(one, link, note, version, kind, details) for one in former):
        return None
    return sign_note(actor, link, note, version, kind, details)


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
    """
    Verify that one of the two people of a care link signed exactly this; raises `Damaged`.

    Keys of before count as well, while their owner is signing anew what they had signed with them.
    """
    try:
        theirs = actor.public_identity if actor.role is author else PublicIdentity.decode(link.peer_keys)
    except CryptoError as error:
        raise Damaged from error
    former = link.own_former if actor.role is author else link.peer_former
    if not any(is_signed_by(one, link, note, version, kind, details) for one in (theirs, *former)):
        raise Damaged


def is_signed_by(
    keys: PublicIdentity, link: Link, note: UUID, version: int, kind: str, details: msgspec.Struct
) -> bool:
    """Return whether exactly this is signed with these keys."""
    signed = _encode_signed(link, note, version, kind, details)
    try:
        verify(keys, signed, getattr(details, "signature", b""), purpose=PURPOSES[kind])
    except CryptoError:
        return False
    return True


def _encode_signed(link: Link, note: UUID, version: int, kind: str, details: msgspec.Struct) -> bytes:
    domain = f"hearthside/v1/{PURPOSES[kind]}".encode()
    encoded = encode_document(msgspec.structs.replace(details, signature=b""))
    return join_fields(domain, link.id.bytes, note.bytes, version.to_bytes(8, "big"), encoded)
