"""The acts that wait until a patient has rested after a dosing session, and what one of them was about."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from journal.i18n import N_, Labelled


class HeldAct(Labelled):
    """An act that is held; its code is stored, so it never changes its meaning."""

    SHARE = "share", N_("Share parts of an entry")
    TICK = "tick", N_("Share what is added later too")
    REPLY = "reply", N_("Send a reply")
    ADDITIONS = "additions", N_("Share what was added")
    STANDING = "standing", N_("Share something as it is completed")
    NOTICE = "notice", N_("Send a notice about an answer")
    NOTICES = "notices", N_("Weaken what you agreed on about notices")
    RESUME = "resume", N_("Resume sharing")
    COPY = "copy", N_("Keep a copy of the safety plan on a device")
    END_CARE = "end_care", N_("End care")
    HANDOVER = "handover", N_("Accept a suggested colleague")
    CONNECT = "connect", N_("Connect by a clinician’s link")
    SITTER = "sitter", N_("Make a sitter’s link with words of yours")
    DELETE = "delete", N_("Delete an entry")
    ERASE = "erase", N_("Delete an entry for good")
    DISCARD = "discard", N_("Discard what was given back")
    ACCEPT = "accept", N_("Accept the journal as it is")
    EXPORT = "export", N_("Export records")
    DISCLOSURES = "disclosures", N_("Export the accounting of disclosures")
    CONTACT = "contact", N_("Remove a number that an ended care left")
    TEXT = "text", N_("Hide a text that an ended care left")
    OWN_CONTACT = "own_contact", N_("Change your phone number or emergency contact")
    CALENDAR = "calendar", N_("Make or change the address of your calendar")
    ACCOUNT = "account", N_("Delete the account")


@dataclass(frozen=True, slots=True)
class Asked:
    """
    What was asked for.

    `target` is the entry, care link, suggestion, invitation, session, contact or text that it is about; `whom` is for
    whom: the care link of a share, a reply or a notice, or the share of a tick or of additions. `sections` are the ids
    of the parts that were chosen.
    """

    act: HeldAct
    target: UUID | None = None
    whom: UUID | None = None
    sections: tuple[str, ...] = ()
