"""What is sealed of a clinician's own note, and how much of it there may be."""

from __future__ import annotations

from uuid import UUID

import msgspec

from crypto import Context
from journal.catalogue.fields import MAX_TEXT_LENGTH

MAX_LENGTH = MAX_TEXT_LENGTH
"""Letters of a note."""
MAX_NOTES = 300
"""Notes of one clinician about one patient."""
PAGE_LENGTH = 10
"""Notes on a page."""


class NoteDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    A clinician's own note; their vault key. `patient` is a hex id, `about` that patient's name as it was.

    `written_at` and `edited_at` are UTC, ISO 8601; the second is empty for one that was never edited. `language` is
    that of the page on which it was written last.
    """

    patient: str
    about: str
    text: str
    written_at: str
    edited_at: str = ""
    language: str = ""


def note_context(owner: UUID, note: UUID, revision: int) -> Context:
    """Return the context of a clinician's own note."""
    return Context("own-note", owner.bytes, note.bytes, revision)
