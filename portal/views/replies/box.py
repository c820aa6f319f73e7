"""The box in which a reply is written, as either of two people sees it: what stands in it, and why it may be closed."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from journal.errors import HeldUntilRested, InvalidInput, JournalError
from journal.i18n import N_
from journal.reading_hours.next_look import NextLook
from journal.replies.conversation import Conversation
from journal.replies.drafts import Typed
from journal.replies.writing import AlreadyRead
from portal.web.forms import Form, parse_uuid

HELD_ALONE = N_("Nothing was sent. It is kept as your draft; send it yourself once you have rested.")
GONE = N_(
    "This is not shared with you, so nothing was sent. These are your words; copy what you want to have."
)
NOT_CHANGED = N_("Nothing was changed.")
NOT_SENT = N_("Nothing was sent. What you typed is kept as your draft.")


@dataclass(frozen=True, slots=True)
class Refusal:
    """
    Why something was not done: a sentence, or one for the field; `read_at` is when a reply had been read.

    `is_asked_again` once its patient has rested.
    """

    status: int
    sentence: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    read_at: datetime | None = None
    is_asked_again: bool = False


@dataclass(frozen=True, slots=True)
class ReplyBox:
    """
    What stands under a shared copy: the replies, and a box for the next one.

    `action` is where its form goes, `ident` the id that the next reply gets, `sitting` the random name of this page,
    `text` what stands in the box, in its `language`, and `seen` which draft that is. `done` is what was just done.
    `is_patient` reads it, and `look` is when their clinician looks next, as the patient reads it.
    """

    conversation: Conversation
    action: str
    is_patient: bool
    ident: UUID
    sitting: str
    text: str
    seen: str
    done: str = ""
    refused: Refusal | None = None
    look: NextLook | None = None
    language: str = ""


def build_box(
    found: Conversation,
    action: str,
    *,
    is_patient: bool,
    done: str = "",
    form: Form | None = None,
    refused: Refusal | None = None,
    look: NextLook | None = None,
) -> ReplyBox:
    """Build the box; after a refusal what was typed stands in it, as the draft or beside it."""
    typed = form["reply"] if form and refused else ""
    is_stored = typed.strip() in found.draft
    text, seen = (found.draft, found.seen) if is_stored else (typed, "")
    language = found.draft_language if is_stored else ""
    ident = (parse_uuid(form["ident"]) if form and refused else None) or uuid4()
    sitting = form["sitting"][:32] if form and refused else ""
    return ReplyBox(
        found,
        action,
        is_patient,
        ident,
        sitting or secrets.token_hex(8),
        text,
        seen,
        done,
        refused,
        look,
        language,
    )


def read_typed(form: Form) -> Typed:
    """Return what a form sent."""
    return Typed(form["reply"], form["sitting"][:32], form["seen"][:16])


def build_refusal(error: JournalError, go: str = "send") -> Refusal:
    """Return how a refusal of what the button *go* asks for is shown."""
    if isinstance(error, InvalidInput):
        return Refusal(422, errors=error.fields)
    if isinstance(error, HeldUntilRested):
        return Refusal(409, is_asked_again=True)
    if isinstance(error, AlreadyRead):
        return Refusal(409, read_at=error.read_at)
    return Refusal(409, NOT_SENT if go == "send" else NOT_CHANGED)
