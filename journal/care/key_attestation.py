"""
Attest whose public keys are whose, to people who have never met: by profiles under the server key, and signatures.

Whoever writes the database can exchange an account's public keys, but not the digest of them in its profile.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from uuid import UUID

import msgspec

from crypto import Handover, OpenError, PublicIdentity, trace_back, verify_consent, verify_suggestion
from journal.accounts.profiles import open_cached_profile
from journal.errors import TrustBroken
from journal.installation.installation import Installation
from journal.store.rows import JoinedValue, Row, Timestamp, as_bytes


class HandoverRow(Row, frozen=True):
    """A row of a handover, with the profiles and keys of clinician and successor."""

    id: UUID
    link_id: UUID
    patient_id: UUID
    clinician_id: UUID
    successor_id: UUID
    waiting: str | None
    state: str
    signature: bytes
    created_at: Timestamp
    expires_at: Timestamp
    clinician_profile: JoinedValue = msgspec.field(name="clinician__sealed")
    clinician_keys: JoinedValue = msgspec.field(name="clinician__public_identity")
    clinician_status: JoinedValue = msgspec.field(name="clinician__status")
    successor_profile: JoinedValue = msgspec.field(name="successor__sealed")
    successor_keys: JoinedValue = msgspec.field(name="successor__public_identity")
    successor_status: JoinedValue = msgspec.field(name="successor__status")


def hash_public_keys(public: bytes) -> str:
    """Return the digest of public keys that a profile has: SHA-256, in hexadecimal digits."""
    return sha256(public).hexdigest()


def get_attested_keys(
    installation: Installation, account: UUID, sealed: JoinedValue, public: JoinedValue
) -> PublicIdentity:
    """
    Return an account's public keys, if they are those that it was opened with.

    Raises:
        TrustBroken: If storage shows others.
        Damaged: If the profile does not open.
    """
    profile = open_cached_profile(installation, account, as_bytes(sealed))
    if profile.keys != hash_public_keys(as_bytes(public)):
        raise TrustBroken
    return PublicIdentity.decode(as_bytes(public))


def get_successor_keys(installation: Installation, row: HandoverRow) -> PublicIdentity:
    """Return the public keys of a handover's successor, as `get_attested_keys` does."""
    return get_attested_keys(installation, row.successor_id, row.successor_profile, row.successor_keys)


def build_handover(row: HandoverRow, patient: PublicIdentity, successor: PublicIdentity) -> Handover:
    """Return what the signatures of a handover cover, for these two people's keys."""
    return Handover(
        handover=row.id.bytes,
        link=row.link_id.bytes,
        patient=row.patient_id.bytes,
        clinician=row.clinician_id.bytes,
        successor=row.successor_id.bytes,
        patient_keys=patient,
        successor_keys=successor,
        expires_at=int(row.expires_at.timestamp()),
    )


def verify_handover(
    installation: Installation,
    row: HandoverRow,
    patient: PublicIdentity,
    successor: PublicIdentity,
    *,
    link: UUID,
    consent: bytes,
    earlier: Sequence[bytes] = (),
) -> None:
    """
    Verify, as the successor, that a care link comes of a handover that its patient agreed to.

    Args:
        patient: The public keys of the patient of the care link *link*.
        consent: What the patient signed for it.
        earlier: The changes of the clinician's keys, who may have suggested it with those of before.

    Raises:
        CryptoError: If the clinician did not suggest it, or the patient did not agree to this very link.
        TrustBroken: If the clinician's keys are not those that their account was opened with.
    """
    offer = build_handover(row, patient, successor)
    clinician = get_attested_keys(installation, row.clinician_id, row.clinician_profile, row.clinician_keys)
    for keys in (clinician, *trace_back(earlier, clinician, account=row.clinician_id.bytes)):
        with suppress(OpenError):
            verify_suggestion(offer, row.signature, keys)
            break
    else:
        raise OpenError("The clinician did not suggest this.")
    verify_consent(offer, consent, made=link.bytes)
