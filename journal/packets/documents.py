"""What is sealed of a packet, and how much of it there may be."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import msgspec

from crypto import Context
from journal.catalogue.fields import EntryKind
from journal.i18n import N_, Labelled

MAX_DRAFTS = 20
"""Packets of one person that can still be changed."""
MAX_PIECES = 2000
"""Entries in one packet."""
MAX_RECIPIENT_LENGTH = 200
MAX_PURPOSE_LENGTH = 500
MAX_FILE_BYTES = 32 * 1024 * 1024
"""Bytes of a made file."""
STEPS = 3
"""The steps of making a file: its turn has come, it is packed, it is sealed."""
FILE_KEPT = timedelta(hours=24)
"""How long a made file can be fetched."""
DRAFT_KEPT = timedelta(days=60)
"""How long a packet stands that nobody changed."""
TOLD_KEPT = timedelta(days=6 * 366)
"""How long it stands who got a packet and what for: as long as the accounting of disclosures looks back."""

NOT_OFFERED = frozenset({EntryKind.REPLIES, EntryKind.WAITING, EntryKind.STANDING, EntryKind.NOTICES})
"""Kinds that no packet holds: what others wrote, and what was agreed on or waits."""
OFFERED_KINDS = tuple(kind for kind in EntryKind if kind not in NOT_OFFERED)


class Span(Labelled):
    """From which time a packet is."""

    ALL = "all", N_("Everything until now")
    COURSE = "course", N_("One course")
    SESSION = "session", N_("One session")
    DATES = "dates", N_("Between two days")


class Part(Labelled):
    """A part of a packet besides the entries."""

    NAME = "name", N_("Your name on the first page")
    SESSIONS = "sessions", N_("Your sessions: days and times, route, phase and setting")
    CONSENT = "consent", N_("Who in your care team you share with")
    FHIR = "fhir", N_("All of it once more as FHIR, for the software of clinics")


OF_OTHERS = (Part.NAME, Part.SESSIONS, Part.FHIR)
"""The parts of a packet of another's records: nothing tells who else there is."""


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    What was chosen; the owner's vault key.

    `patient` is the hex id of whose records they are, and empty for the owner's own. `about` is the hex id of the
    course or session of the span, `first_day` and `last_day` are ISO days. `pieces` are the chosen entries, or copies
    that are shared, by their hex ids, each with the ids of its chosen parts. `language` is that of `recipient` and
    `purpose`; empty in choices from before it was kept. `masked` are words that are blacked out.
    """

    span: Span = Span.ALL
    about: str = ""
    first_day: str = ""
    last_day: str = ""
    parts: tuple[Part, ...] = ()
    pieces: dict[str, tuple[str, ...]] = {}
    recipient: str = ""
    purpose: str = ""
    language: str = ""
    patient: str = ""
    masked: tuple[str, ...] = ()


class Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    Who got a packet and what for, in its owner's words, for the accounting; the owner's vault key.

    Of another's records it is sealed under the server key as well, for whose they are. `made_at` is UTC, ISO 8601;
    `is_plain`: the file opens without a passphrase or a key, `for_key`: for a public key that somebody gave; packets of
    before lack it. `language` is that of the words. `quoted` are the copies
    of another's that it holds, by their hex ids, with the revision of each.
    """

    recipient: str
    purpose: str
    made_at: str
    is_plain: bool = False
    language: str = ""
    quoted: dict[str, int] = {}
    for_key: bool = False


def choice_context(owner: UUID, packet: UUID, revision: int) -> Context:
    """Return the context of what was chosen."""
    return Context("packet", owner.bytes, packet.bytes, revision)


def told_context(owner: UUID, packet: UUID, _: int = 0) -> Context:
    """Return the context of who got a packet and what for."""
    return Context("packet-told", owner.bytes, packet.bytes)


def disclosed_context(patient: UUID, packet: UUID) -> Context:
    """Return the context of what a patient is told of a packet that somebody else made of their records."""
    return Context("packet-disclosed", patient.bytes, packet.bytes)


class Layout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    Where the pages of a preview begin, so that each of them need not set all anew; the owner's vault key.

    It belongs to exactly the words that *digest* stands for. `starts` is the page of each block, `unset` what could not
    be set.
    """

    digest: str
    pages: int
    starts: tuple[int, ...]
    unset: tuple[str, ...]


def layout_context(owner: UUID, packet: UUID, _: int = 0) -> Context:
    """Return the context of where the pages of a preview begin."""
    return Context("packet-layout", owner.bytes, packet.bytes)


def file_context(owner: UUID, packet: UUID, _: int = 0) -> Context:
    """Return the context of a made file."""
    return Context("packet-file", owner.bytes, packet.bytes)
