"""What a sitter's link opens: a copy of the parts that the patient chose, in their words."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from uuid import UUID

import msgspec

from crypto import Context, join_fields
from journal.catalogue.comfort import Part


class CopiedPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    One part, as its patient wrote it. `label` is ours, to be translated.

    `is_label`: so is the text, an answer that was chosen. `language` is that of the patient's words.
    """

    field_id: str
    label: str
    text: str
    is_label: bool = False
    language: str = ""


class SitterCopy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    What the secret of a link opens.

    `keys` are the patient's public keys to which notes are sealed, unless they were renewed since: whoever changes them
    in the database reads none.
    `writes_down`: the patient agreed that somebody writes down what they say.
    """

    keys: bytes
    parts: tuple[CopiedPart, ...] = ()
    writes_down: bool = False


def copy_parts(parts: Iterable[Part], language: str) -> tuple[CopiedPart, ...]:
    """Return parts of a plan as they stand in a copy; their words are in *language*."""
    return tuple(CopiedPart(one.field_id, one.label, one.text, one.is_label, language) for one in parts)


def copy_context(patient: UUID, session: UUID, link: UUID) -> Context:
    """Return the context of a copy: this patient's, of this session and link."""
    place = sha256(join_fields(session.bytes, link.bytes)).digest()[:16]
    return Context("sitter-copy", patient.bytes, place)


def note_key_context(patient: UUID, link: UUID) -> Context:
    """Return the context of the key that vouches for a link's notes, as its patient keeps it."""
    return Context("sitter-notes", patient.bytes, link.bytes)
