"""What stands inside the sealed columns of care links, invitations and shared copies, and where."""

from __future__ import annotations

from uuid import UUID

import msgspec

from crypto import Context
from journal.catalogue.fields import Answers


class InvitationNote(msgspec.Struct, frozen=True):
    """For whom an invitation is meant, in the clinician's words; server key."""

    name: str


class PastCare(msgspec.Struct, frozen=True):
    """Who cared for a patient, and from when to when, as it was at the end; server key."""

    clinician: str
    name: str
    profession: str
    since: str
    until: str


class ShareDocument(msgspec.Struct, frozen=True):
    """
    The copy a clinician reads; care-link key. `written_at` and `shared_at` are UTC, ISO 8601.

    `entry_id` is the hex id of the entry that it was made from, so that a row moved to another entry is noticed.
    """

    kind: str
    title: str
    session_id: str | None
    answers: Answers
    fields: list[str]
    written_at: str
    shared_at: str
    entry_revision: int
    note: str = ""
    entry_id: str = ""


def link_key_context(patient: UUID, link: UUID) -> Context:
    """Return where the patient's own copy of a link key stands."""
    return Context("link-key", patient.bytes, link.bytes)


def secret_context(clinician: UUID, invitation: UUID) -> Context:
    """Return where the secret of an invitation stands."""
    return Context("invitation-secret", clinician.bytes, invitation.bytes)


def note_context(clinician: UUID, invitation: UUID) -> Context:
    """Return where the note stands for whom an invitation is."""
    return Context("invitation", clinician.bytes, invitation.bytes)


def past_context(patient: UUID, link: UUID) -> Context:
    """Return where it stands who cared for a patient until a link ended."""
    return Context("past-care", patient.bytes, link.bytes)


def given_back_context(link: UUID, given: UUID) -> Context:
    """Return where a copy stands that is being given back."""
    return Context("given-back", link.bytes, given.bytes)


def share_context(link: UUID, share: UUID, revision: int) -> Context:
    """Return where a shared copy stands."""
    return Context("share", link.bytes, share.bytes, revision)
