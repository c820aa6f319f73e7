"""The documents inside sealed columns of what is set for a talk, and their contexts."""

from __future__ import annotations

from uuid import UUID

import msgspec

from crypto import Context
from journal.i18n import N_, Labelled
from journal.time_zones import parse_stored


class Word(Labelled):
    """What a patient says to something that was set, in place of an answer; its code is stored."""

    NOT_NOW = "not-now", N_("Not now")
    NOT_FOR_ME = "not-for-me", N_("Not for me")


class Mark(Labelled):
    """What became of something that was set; its code is stored."""

    TALKED = "talked", N_("Talked about")
    AGAIN = "again", N_("Again next time")
    LET_GO = "let-go", N_("Let go")


class Thing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    One thing that can be set: the code of its kind and, of the library, its name there; or words of a clinician's own.

    `why` is a line to the patient. `language` is that of the page on which words and why were written.
    """

    kind: str
    name: str = ""
    words: str = ""
    why: str = ""
    language: str = ""


class ItemDetails(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    One thing as it is set for a talk; care-link key.

    `session` is the hex id of the talk. `answer` is the hex id of the entry that answers it, if one is ever written:
    drawn at random, so that no row outside shows which entry that is. `place` counts what was set
    at once. The clinician's `signature` covers all of it.
    """

    thing: Thing
    session: str
    answer: str
    written_by: str
    profession: str
    written_at: str
    place: int = 0
    signature: bytes = b""

    def __post_init__(self) -> None:
        """Raise `ValueError` for a time that is none: then it does not open."""
        parse_stored(self.written_at)


class WordDetails(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a patient said to it, and when, UTC, ISO 8601; care-link key."""

    word: str
    said_at: str

    def __post_init__(self) -> None:
        """Raise `ValueError` for a time that is none: then it does not open."""
        parse_stored(self.said_at)


class MarkDetails(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What its clinician marked it as, and when; care-link key. `next` is the hex id of the thing that follows it."""

    mark: str
    marked_at: str
    next: str = ""

    def __post_init__(self) -> None:
        """Raise `ValueError` for a time that is none: then it does not open."""
        parse_stored(self.marked_at)


class SetDetails(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Things that a clinician keeps under a name, which is in `language`; the clinician's vault key."""

    name: str
    things: tuple[Thing, ...]
    language: str = ""


def item_context(link: UUID, item: UUID) -> Context:
    """Return the context of one thing that was set."""
    return Context("talk-item", link.bytes, item.bytes)


def word_context(link: UUID, item: UUID) -> Context:
    """Return the context of what a patient said to it."""
    return Context("talk-word", link.bytes, item.bytes)


def mark_context(link: UUID, item: UUID) -> Context:
    """Return the context of what its clinician marked it as."""
    return Context("talk-mark", link.bytes, item.bytes)


def set_context(clinician: UUID, wanted: UUID) -> Context:
    """Return the context of a clinician's own set."""
    return Context("talk-set", clinician.bytes, wanted.bytes)
