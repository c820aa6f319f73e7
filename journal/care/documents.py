"""The documents inside sealed columns of care links, invitations and shared copies, and their contexts."""

from __future__ import annotations

from datetime import date, datetime, tzinfo
from uuid import UUID

import msgspec

from crypto import Context
from journal.catalogue.fields import Answers
from journal.i18n import N_, Labelled
from journal.time_zones import parse_stored


class InvitationNote(msgspec.Struct, frozen=True):
    """For whom an invitation is meant, in the clinician's words; server key."""

    name: str


class PastCare(msgspec.Struct, frozen=True):
    """
    Who cared for a patient, and from when to when, as it was at the end; server key.

    `ended_by` is the role of who ended it, and empty where that was not written down.
    """

    clinician: str
    name: str
    profession: str
    since: str
    until: str
    ended_by: str = ""


class Attention(Labelled):
    """
    What a patient asks of whoever reads a copy, in the order in which it is offered.

    Of `IF_RAISED` its title alone is shown, until its reader opens it by a tap that says what it means.
    """

    BEFORE_TALK = "before-talk", N_("Read before our next talk")
    IF_RAISED = "if-raised", N_("Only if I bring it up")
    NO_ANSWER = "no-answer", N_("No answer needed")

    @property
    def reach(self) -> int:
        """Return how far it lets its reader go unasked: a hold lets a patient choose less, and not more."""
        return {Attention.IF_RAISED: 0, Attention.NO_ANSWER: 1, Attention.BEFORE_TALK: 2}[self]


class ShareDocument(msgspec.Struct, frozen=True):
    """
    The copy a clinician reads; care-link key. `written_at` and `shared_at` are UTC, ISO 8601.

    `entry_id` is the hex id of the entry that it was made from, so that a row moved to another entry is noticed.
    `written_on` is the day of `written_at` on its patient's calendar; copies of before lack it. `attention` is what its
    patient asks of its reader; copies for which nobody was asked lack it. `language` is the entry's. `imported`: it
    came from a file, so nobody here knows who wrote it; copies of before lack it.
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
    written_on: str = ""
    attention: str = ""
    language: str = ""
    imported: bool = False

    def __post_init__(self) -> None:
        """Raise `ValueError` for times that are none: such a copy does not open, and breaks nobody's page."""
        parse_stored(self.written_at)
        parse_stored(self.shared_at)

    @property
    def asks(self) -> Attention | None:
        """Return what its patient asks of its reader; None where they were not asked."""
        return next((one for one in Attention if one == self.attention), None)

    @property
    def keeps_closed(self) -> bool:
        """Return whether its title alone may be shown until it is opened; so for a value that nobody knows."""
        return self.attention not in ("", Attention.BEFORE_TALK, Attention.NO_ANSWER)

    def strip_to_title(self) -> ShareDocument:
        """Return the copy with its title, its kind and its days, and no word else."""
        title = [part for part in self.fields if part == "title"]
        return msgspec.structs.replace(self, answers={}, fields=title, note="")

    def find_first_day(self, zone: tzinfo) -> date:
        """Return the day on which its entry was begun: its patient's, or where a copy does not tell, that in *zone*."""
        try:
            return date.fromisoformat(self.written_on)
        except ValueError:
            return datetime.fromisoformat(self.written_at).astimezone(zone).date()


def link_key_context(patient: UUID, link: UUID) -> Context:
    """Return the context of the patient's own copy of a link key."""
    return Context("link-key", patient.bytes, link.bytes)


def invitation_secret_context(clinician: UUID, invitation: UUID) -> Context:
    """Return the context of an invitation's secret."""
    return Context("invitation-secret", clinician.bytes, invitation.bytes)


def invitation_note_context(clinician: UUID, invitation: UUID) -> Context:
    """Return the context of an invitation's note."""
    return Context("invitation", clinician.bytes, invitation.bytes)


def past_care_context(patient: UUID, link: UUID) -> Context:
    """Return the context of `PastCare`."""
    return Context("past-care", patient.bytes, link.bytes)


def given_back_context(link: UUID, given: UUID) -> Context:
    """Return the context of a copy that is being given back."""
    return Context("given-back", link.bytes, given.bytes)


def patient_head_context(link: UUID) -> Context:
    """Return the context of the head that a link's patient notes for its clinician."""
    return Context("patient-head", link.bytes, link.bytes)


def clinician_head_context(link: UUID) -> Context:
    """Return the context of the head that a link's clinician notes for its patient."""
    return Context("clinician-head", link.bytes, link.bytes)


class ShareDue(msgspec.Struct, frozen=True):
    """When the copy of a share with a last day is deleted, UTC, ISO 8601, and that day; server key."""

    at: str
    day: str


def share_due_context(link: UUID, share: UUID) -> Context:
    """Return the context of when a copy is deleted."""
    return Context("share-due", link.bytes, share.bytes)


def share_context(link: UUID, share: UUID, revision: int) -> Context:
    """Return the context of a shared copy."""
    return Context("share", link.bytes, share.bytes, revision)
