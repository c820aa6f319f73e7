"""
What people write of a session, apart from its time and place: it is sealed under the key of its patient's plan.

Of a session from before there were such keys, the words stand in its details until its patient signs in.
"""

from __future__ import annotations

from uuid import UUID

import msgspec

from crypto import Context
from journal.sessions.session import LANGUAGE_FIELDS, TEXT_LENGTHS, SessionDetails, Status

WORD_FIELDS = (*TEXT_LENGTHS, "language", *LANGUAGE_FIELDS.values())


class SessionWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The words of a session and their languages, as `SessionDetails` names them."""

    dose_text: str = ""
    prescriber_name: str = ""
    sitter: str = ""
    join: str = ""
    note: str = ""
    cancel_reason: str = ""
    language: str = ""
    dose_language: str = ""
    note_language: str = ""
    reason_language: str = ""


NO_WORDS = SessionWords()


def take_words(details: SessionDetails) -> SessionWords:
    """Return the words that stand in *details*."""
    return SessionWords(**{name: getattr(details, name) for name in WORD_FIELDS})


def has_words(details: SessionDetails) -> bool:
    """Return whether words stand in *details*; the language alone is none."""
    return any(getattr(details, name) for name in TEXT_LENGTHS)


def leave_words(details: SessionDetails) -> SessionDetails:
    """Return *details* without their words."""
    return msgspec.structs.replace(details, **dict.fromkeys(WORD_FIELDS, ""))


def add_words(details: SessionDetails, words: SessionWords) -> SessionDetails:
    """Return *details* with these words; why it was cancelled only while it is."""
    told = {name: getattr(words, name) for name in WORD_FIELDS}
    if details.status is not Status.CANCELLED:
        told["cancel_reason"] = ""
    return msgspec.structs.replace(details, **told)


def words_context(patient: UUID, session: UUID, revision: int) -> Context:
    """Return the context of a session's words; *revision* is the session's when they were written."""
    return Context("session-words", patient.bytes, session.bytes, revision)
