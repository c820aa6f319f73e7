"""
Whose keys are whose, for people who have never met: the profile under the server key says it, and signatures bind it.

Whoever writes the database can exchange an account's public keys, and cannot make the profile name others.
"""

from __future__ import annotations

from hashlib import sha256

from crypto import CryptoError, Handover, PublicIdentity, verify_consent, verify_suggestion
from journal import tables
from journal.documents import Profile, open_document, profile_context
from journal.errors import TrustBroken
from journal.house import House
from journal.store import key_of


def digest_of(public: bytes) -> str:
    """Give what a profile says of its account's public keys: their SHA-256, in hexadecimal digits."""
    return sha256(public).hexdigest()


def keys_of(house: House, row: tables.Account) -> PublicIdentity:
    """
    Give an account's public keys, if they are those that it was opened with.

    Raises:
        TrustBroken: If storage shows others.
        Damaged: If the profile does not open.
    """
    profile = open_document(house.server, bytes(row.sealed), profile_context(key_of(row.id)), Profile)
    public = bytes(row.public_identity)
    if profile.keys != digest_of(public):
        raise TrustBroken
    return PublicIdentity.decode(public)


def handover_of(row: tables.Handover, patient: PublicIdentity, successor: PublicIdentity) -> Handover:
    """Give what the signatures of a handover cover, for these two people's keys."""
    return Handover(
        handover=key_of(row.id).bytes,
        link=key_of(row.link_id).bytes,
        patient=key_of(row.patient_id).bytes,  # type: ignore[attr-defined]
        clinician=key_of(row.clinician_id).bytes,  # type: ignore[attr-defined]
        successor=key_of(row.successor_id).bytes,  # type: ignore[attr-defined]
        patient_keys=patient,
        successor_keys=successor,
        expires_at=int(row.expires_at.timestamp()),
    )


def check_handed_over(house: House, link: tables.CareLink, successor: PublicIdentity) -> None:
    """
    Check, as the successor, that a care link comes of a handover that its patient agreed to.

    Raises:
        TrustBroken: If the clinician did not suggest it, or the patient did not agree to this very link.
    """
    row = link.handover
    if row is None or key_of(row.patient_id) != key_of(link.patient_id):  # type: ignore[attr-defined]
        raise TrustBroken
    try:
        patient = PublicIdentity.decode(bytes(link.patient.public_identity))
        offer = handover_of(row, patient, successor)
        verify_suggestion(offer, bytes(row.signature), keys_of(house, row.clinician))
        verify_consent(offer, bytes(link.voucher), made=key_of(link.id).bytes)
    except CryptoError as error:
        raise TrustBroken from error
