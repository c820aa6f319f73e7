"""
Handing over: a clinician vouches for a colleague to a patient, and the patient agrees.

Two signatures. The clinician's binds both other people's keys together, so that patient and successor each learn the
other's from somebody whom one of them has pinned. The patient's binds the care link that they made of it, so that a
suggestion alone, or one that was declined, makes no link.
Format: docs/crypto-format.md section 11.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from crypto.context import join_fields, require_id
from crypto.identity import PrivateIdentity
from crypto.public_identity import PublicIdentity, verify

OFFER, CONSENT = "handover", "handover-consent"


@dataclass(frozen=True, slots=True)
class Handover:
    """
    What a clinician suggests to a patient.

    Attributes:
        handover: 16 bytes, its own id.
        link: 16 bytes, the care link of the two.
        patient: 16 bytes, the patient's account id.
        clinician: 16 bytes, the account id of whoever suggests it.
        successor: 16 bytes, the account id of whoever is suggested.
        patient_keys: The patient's public keys.
        successor_keys: The successor's public keys.
        expires_at: Seconds since 1970-01-01T00:00:00Z.
    """

    handover: bytes
    link: bytes
    patient: bytes
    clinician: bytes
    successor: bytes
    patient_keys: PublicIdentity
    successor_keys: PublicIdentity
    expires_at: int

    def encode(self) -> bytes:
        """
        Return what both signatures cover.

        Raises:
            FormatError: If an id is not 16 bytes long.
        """
        ids = (self.handover, self.link, self.patient, self.clinician, self.successor)
        for one in ids:
            require_id(one, "An id of a handover")
        keys = (sha256(one.encode()).digest() for one in (self.patient_keys, self.successor_keys))
        return join_fields(b"hearthside/v1/handover", *ids, *keys, self.expires_at.to_bytes(8, "big"))


def suggest(offer: Handover, signer: PrivateIdentity) -> bytes:
    """
    Sign a handover as the clinician who suggests it.

    Returns:
        64 bytes.
    """
    return signer.sign(offer.encode(), purpose=OFFER)


def verify_suggestion(offer: Handover, signature: bytes, clinician: PublicIdentity) -> None:
    """
    Verify that the clinician with these keys suggested exactly this.

    Raises:
        OpenError: If they did not.
    """
    verify(clinician, offer.encode(), signature, purpose=OFFER)


def consent(offer: Handover, signer: PrivateIdentity, *, made: bytes) -> bytes:
    """
    Sign, as the patient, that the new care link *made* comes of a handover that they agreed to.

    Args:
        made: 16 bytes, the id of the link between patient and successor.

    Returns:
        64 bytes.
    """
    require_id(made, "A care-link id")
    return signer.sign(join_fields(offer.encode(), made), purpose=CONSENT)


def verify_consent(offer: Handover, signature: bytes, *, made: bytes) -> None:
    """
    Verify that the patient of a handover agreed to this very link.

    Raises:
        OpenError: If they did not.
    """
    require_id(made, "A care-link id")
    verify(offer.patient_keys, join_fields(offer.encode(), made), signature, purpose=CONSENT)
