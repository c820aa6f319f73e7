"""
Care-link keys: how a patient hands one clinician the key to what is shared, and nobody else.

HPKE base mode does not say who sealed, so anyone who can write the database could plant a key of their
own. The patient's signature over the context and the sealed key closes that.
Format: docs/crypto-format.md section 10.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from secrets import token_bytes

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from crypto.context import join_fields, require_id
from crypto.derive import KEY_SIZE
from crypto.envelope import TAG_SIZE, VERSION
from crypto.errors import FormatError, OpenError, require_size
from crypto.identity import PrivateIdentity
from crypto.public_identity import SIGNATURE_SIZE, PublicIdentity, verify

HEADER = bytes((VERSION, 3))
"""Version 1, algorithm 3: HPKE to the clinician, signed by the patient."""
SEALED_SIZE = 1120 + KEY_SIZE + TAG_SIZE
GRANT_SIZE = len(HEADER) + SIGNATURE_SIZE + SEALED_SIZE

_PURPOSE = "link-key"
_SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


@dataclass(frozen=True, slots=True)
class GrantedKey:
    """
    A care-link key on its way to the clinician.

    Attributes:
        sealed: 1,168 bytes: encapsulated key (1,120) || ciphertext (32) and tag (16).
        signature: 64 bytes, the patient's.
    """

    sealed: bytes
    signature: bytes

    def encode(self) -> bytes:
        """Return 1,234 bytes: version || algorithm || signature || sealed."""
        return HEADER + self.signature + self.sealed

    @classmethod
    def decode(cls, data: bytes) -> GrantedKey:
        """
        Read what `encode` wrote.

        Raises:
            FormatError: If the version or algorithm is unknown.
            OpenError: If the length is not 1,234 bytes.
        """
        if data[:2] != HEADER:
            raise FormatError("This is no care-link key that this version of Hearthside reads.")
        if len(data) != GRANT_SIZE:
            raise OpenError("The care-link key is cut short or too long.")
        return cls(sealed=data[2 + SIGNATURE_SIZE :], signature=data[2 : 2 + SIGNATURE_SIZE])


def new_link_key() -> bytes:
    """Draw the 32 random bytes that seal what one patient shares with one clinician."""
    return token_bytes(KEY_SIZE)


def grant_link_key(
    link_key: bytes,
    *,
    link: bytes,
    patient: bytes,
    clinician: bytes,
    to: PublicIdentity,
    signer: PrivateIdentity,
) -> bytes:
    """
    Seal a care-link key to a clinician, signed by the patient.

    Args:
        link_key: 32 bytes.
        link: 16 bytes, the care link's id.
        patient: 16 bytes, the signer's account id.
        clinician: 16 bytes, the receiver's account id.
        to: The clinician's public keys, as the patient pinned them.
        signer: The patient's private keys.

    Returns:
        1,234 bytes, an encoded `GrantedKey`.

    Raises:
        KeySizeError: If *link_key* is not 32 bytes long.
        FormatError: If an id is not 16 bytes long.
    """
    require_size(link_key, KEY_SIZE, "A care-link key")
    info = _info(link, patient, clinician, signer.public(), to)
    sealed = _SUITE.encrypt(link_key, to.hpke_key(), info=info)
    signature = signer.sign(join_fields(info, sealed), purpose=_PURPOSE)
    return GrantedKey(sealed, signature).encode()


def open_link_key(
    blob: bytes,
    *,
    link: bytes,
    patient: bytes,
    clinician: bytes,
    private: PrivateIdentity,
    signed_by: PublicIdentity,
) -> bytes:
    """
    Open what `grant_link_key` made, as the clinician.

    Args:
        blob: 1,234 bytes.
        link: 16 bytes, the care link's id.
        patient: 16 bytes, the patient's account id.
        clinician: 16 bytes, the reader's account id.
        private: The clinician's private keys.
        signed_by: The patient's public keys, as the clinician pinned them; never as storage gives them.

    Returns:
        The 32-byte care-link key.

    Raises:
        OpenError: If the patient did not sign it, or it is for another link, person or key.
        FormatError: If the version or algorithm is unknown, or an id is not 16 bytes long.
    """
    granted = GrantedKey.decode(blob)
    info = _info(link, patient, clinician, signed_by, private.public())
    verify(signed_by, join_fields(info, granted.sealed), granted.signature, purpose=_PURPOSE)
    try:
        return _SUITE.decrypt(granted.sealed, private.hpke_key, info=info)
    except InvalidTag:
        raise OpenError("This care-link key is not sealed to your keys.") from None


def _info(
    link: bytes, patient: bytes, clinician: bytes, signer: PublicIdentity, receiver: PublicIdentity
) -> bytes:
    """Encode everything both sides must agree on; it serves as HPKE info and under the signature."""
    require_id(link, "A care-link id")
    require_id(patient, "A patient's account id")
    require_id(clinician, "A clinician's account id")
    return join_fields(
        b"hearthside/v1/link-key",
        HEADER,
        link,
        patient,
        clinician,
        sha256(signer.encode()).digest(),
        sha256(receiver.encode()).digest(),
    )
