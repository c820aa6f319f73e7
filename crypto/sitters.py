"""
A sitter's link: one secret that finds the link, opens what the patient copied for the sitter, and vouches for notes.

A note is sealed twice. Inside, under a key that comes of the secret, so that only who holds the link can have written
it; outside, to the patient's public key, so that only the patient reads it: HPKE alone does not say who sealed.
Format: docs/crypto-format.md section 20.
"""

from __future__ import annotations

from hashlib import sha256
from secrets import token_bytes

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from crypto.context import Context, join_fields, require_id
from crypto.derive import derive_key
from crypto.envelope import VERSION, Sealer, open_sealed, seal
from crypto.errors import FormatError, OpenError, require_size
from crypto.identity import PrivateIdentity
from crypto.public_identity import PublicIdentity

SITTER_SECRET_SIZE = 32
HEADER = bytes((VERSION, 4))
"""Version 1, algorithm 4: HPKE to the patient around an envelope of algorithm 1."""

_PURPOSE = "sitter-note"
_SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def new_sitter_secret() -> bytes:
    """Draw the 32 random bytes that go into the sitter's address, and nowhere else."""
    return token_bytes(SITTER_SECRET_SIZE)


def sitter_link_id(secret: bytes) -> bytes:
    """
    Derive the look-up id of a sitter's link; it reveals nothing about the keys of the copy and of the notes.

    Args:
        secret: 32 bytes, from the sitter's address.

    Returns:
        32 bytes.

    Raises:
        KeySizeError: If *secret* is not 32 bytes long.
    """
    require_size(secret, SITTER_SECRET_SIZE, "A sitter's secret")
    return derive_key(secret, "sitter-id")


def sitter_copy_sealer(secret: bytes) -> Sealer:
    """
    Set up the cipher of what the patient copied for the sitter.

    Raises:
        KeySizeError: If *secret* is not 32 bytes long.
    """
    require_size(secret, SITTER_SECRET_SIZE, "A sitter's secret")
    return Sealer(derive_key(secret, "sitter-copy"))


def sitter_note_key(secret: bytes) -> bytes:
    """
    Derive the key with which a sitter's notes are vouched for; the patient keeps it wrapped.

    Returns:
        32 bytes.

    Raises:
        KeySizeError: If *secret* is not 32 bytes long.
    """
    require_size(secret, SITTER_SECRET_SIZE, "A sitter's secret")
    return derive_key(secret, "sitter-notes")


def seal_sitter_note(
    note_key: bytes, plaintext: bytes, *, patient: bytes, link: bytes, note: bytes, to: PublicIdentity
) -> bytes:
    """
    Seal a sitter's note, so that the patient alone reads it, and only if the link's holder wrote it.

    Args:
        note_key: 32 bytes, from `sitter_note_key`.
        plaintext: Any length in bytes; padded to hide it (Padmé).
        patient: 16 bytes, the patient's account id.
        link: 16 bytes, the id of the sitter's link.
        note: 16 bytes, the note's id.
        to: The patient's public keys, as the copy that the secret opens remembers them.

    Returns:
        version (1 byte) || algorithm (1) || encapsulated key (1,120) || ciphertext and tag.

    Raises:
        KeySizeError: If *note_key* is not 32 bytes long.
        FormatError: If an id is not 16 bytes long.
    """
    inner = seal(note_key, plaintext, context=Context(_PURPOSE, patient, note))
    return HEADER + _SUITE.encrypt(inner, to.hpke_key(), info=_info(patient, link, note, to))


def open_sitter_note(
    note_key: bytes, sealed: bytes, *, patient: bytes, link: bytes, note: bytes, private: PrivateIdentity
) -> bytes:
    """
    Open what `seal_sitter_note` made, as the patient.

    Raises:
        OpenError: If it is not sealed to these keys, not written with this link, or of another place.
        FormatError: If the version or algorithm is unknown, or an id is not 16 bytes long.
    """
    if sealed[:2] != HEADER:
        raise FormatError("This is no sitter's note that this version of Hearthside reads.")
    info = _info(patient, link, note, private.public())
    try:
        inner = _SUITE.decrypt(sealed[2:], private.hpke_key, info=info)
    except (InvalidTag, ValueError):
        raise OpenError("This note is not sealed to your keys.") from None
    return open_sealed(note_key, inner, context=Context(_PURPOSE, patient, note))


def _info(patient: bytes, link: bytes, note: bytes, receiver: PublicIdentity) -> bytes:
    """Encode where a note belongs and whose keys it is sealed to."""
    for value, name in ((patient, "A patient's account id"), (link, "A link's id"), (note, "A note's id")):
        require_id(value, name)
    return join_fields(
        b"hearthside/v1/sitter-note", HEADER, patient, link, note, sha256(receiver.encode()).digest()
    )
