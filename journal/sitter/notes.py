"""
What a sitter notes: sealed to the patient's public key at once, so that whoever wrote it cannot read it again.

The key is the one that the link's copy remembers, or, where the patient renewed theirs since, the one that it leads to.

Beside each note stands a mark under the link's secret, with its kind and its time alone: the clock on the sitter's page
comes of them. A mark goes when its link ends.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial
from hashlib import sha256
from uuid import UUID

import msgspec

from crypto import Context, PublicIdentity, join_fields, seal_sitter_note
from journal.accounts.successions import load_present_keys
from journal.errors import JournalError, TrustBroken
from journal.i18n import N_, get_known_language
from journal.installation.installation import Installation
from journal.sealing import encode_document, open_document, seal_document
from journal.sitter import tables
from journal.sitter.lines import NoteKind
from journal.sitter.links import SitterLinkEnded, Sitting, is_still_open
from journal.store.database import transaction
from journal.store.rows import Row, Timestamp, fetch_rows, open_rows
from journal.time_zones import parse_zone

MAX_NOTES = 300
"""Notes of one link: one every five minutes for its 24 hours."""
_LATEST_PART = timedelta(hours=1)
"""How far ahead the time of a part may lie; a later one was yesterday's."""


class NotesFull(JournalError):
    """The link has as many notes as it can."""

    message = N_(
        "This link holds 300 notes, and can take no more. What you wrote is still here: write it on paper."
    )


class NoCopy(JournalError):
    """There are no keys to seal to: the copy is not what was saved, or nothing leads from its keys to those of now."""

    message = N_("Notes cannot be kept with this link. What you wrote is still here: write it on paper.")


class NotAgreed(JournalError):
    """The patient did not choose that somebody writes down what they say."""

    message = N_("They did not ask for what they say to be written down, so it is not kept.")


class Note(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    What is sealed of a note: its kind, its line, when it was written, and the session that it is of.

    `language` is that of the page on which it was written.
    """

    kind: NoteKind
    line: str
    at: datetime
    session: UUID
    language: str = ""


class Mark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the sitter's own page knows of a note: its kind, when it was written, and of a part, when it was taken."""

    kind: NoteKind
    at: datetime
    taken: datetime | None = None


class MarkRow(Row, frozen=True):
    """A row of a note, without the note."""

    id: UUID
    mark: bytes | None
    created_at: Timestamp


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of a link's notes in the order of their times; `times` are those of all notes, opened or not."""

    opened: tuple[Mark, ...] = ()
    times: tuple[datetime, ...] = ()

    @property
    def last_check(self) -> datetime | None:
        """Return when the sitter last looked."""
        return max((one.at for one in self.opened if one.kind is NoteKind.CHECK), default=None)

    @property
    def last_part(self) -> datetime | None:
        """Return when the last part of the medicine was taken."""
        return max((one.taken for one in self.opened if one.taken is not None), default=None)


async def save_note(
    installation: Installation,
    sitting: Sitting,
    ident: UUID,
    kind: NoteKind,
    line: str,
    taken: time | None = None,
    typed: Iterable[str] = (),
    at: datetime | None = None,
    language: str = "",
) -> None:
    """
    Seal a note to the patient and store it; on disk when this returns. The same one sent twice is stored once.

    Args:
        ident: Drawn for the form that was filled in.
        typed: What was typed there for this note: with other words, or of another kind, it is another note.
        line: From `journal.sitter.lines`.
        taken: Of a part of the medicine, the time of day when it was taken.
        at: When it was written, from `find_written`; without one, now.
        language: That of the page.

    Raises:
        SitterLinkEnded: If the link has ended meanwhile.
        NotesFull: If it has as many notes as it can.
        NoCopy: If the copy does not open, or its keys are retired and do not lead to those of now.
        NotAgreed: If it is what was said, and the patient has not chosen that.
    """
    if sitting.copy is None:
        raise NoCopy
    if kind is NoteKind.SAID and not sitting.copy.writes_down:
        raise NotAgreed
    at = at or installation.clock()
    note, remembered = (
        _get_note_id(sitting.link, ident, kind, typed),
        PublicIdentity.decode(sitting.copy.keys),
    )
    ids = {"patient": sitting.patient.bytes, "link": sitting.link.bytes, "note": note.bytes}
    written = encode_document(Note(kind, line, at, sitting.session.id, get_known_language(language)))
    when = None if taken is None else find_moment(taken, at, sitting.session.details.zone)
    mark = seal_document(sitting.copies, Mark(kind, at, when), _mark_context(sitting.patient, note))
    async with transaction():
        # The row is written first, so that an end at the same moment waits, or is seen.
        if not await is_still_open(installation, sitting):
            raise SitterLinkEnded
        if await tables.SitterNote.filter(id=note).exists():
            return
        if await tables.SitterNote.filter(link_id=sitting.link).count() >= MAX_NOTES:
            raise NotesFull
        try:  # here, since they may be renewed at this moment
            to = await load_present_keys(installation, sitting.patient, remembered)
        except TrustBroken as error:
            raise NoCopy from error
        sealed = seal_sitter_note(sitting.note_key, written, **ids, to=to)
        await tables.SitterNote.create(
            id=note,
            patient_id=sitting.patient,
            link_id=sitting.link,
            sealed=sealed,
            mark=mark,
            created_at=at,
        )


async def load_marks(sitting: Sitting) -> Marks:
    """Return the marks of a link's notes; one that does not open gives its time alone."""
    rows = await fetch_rows(
        MarkRow,
        tables.SitterNote.filter(link_id=sitting.link, patient_id=sitting.patient).order_by(
            "created_at", "id"
        ),
    )
    opened = open_rows(rows, partial(_open_mark, sitting))
    times = [one.created_at for one in rows if isinstance(one, MarkRow)]
    return Marks(tuple(sorted(opened, key=lambda one: one.at)), tuple(times))


def find_written(said: int | None, sitting: Sitting, now: datetime) -> datetime:
    """
    Return when a note was written: as its page *said*, in milliseconds since 1970, where that can be.

    A page that had no network sends a note later than it was written. Before the link was made there was no page, and
    nothing was written in the future: then it is *now*, as where a page said nothing.
    """
    if said is None:
        return now
    earliest, latest = (int(one.timestamp() * 1000) for one in (sitting.made_at, now))
    return datetime.fromtimestamp(said / 1000, now.tzinfo) if earliest <= said <= latest else now


def find_moment(at: time, now: datetime, zone: str) -> datetime:
    """Return the moment of a time of day: today's, or yesterday's where that lies ahead."""
    place = parse_zone(zone)
    today = now.astimezone(place).date()
    found = datetime.combine(today, at, place)
    if found - now > _LATEST_PART:
        found = datetime.combine(today - timedelta(days=1), at, place)
    return found.astimezone(now.tzinfo)


def _open_mark(sitting: Sitting, row: MarkRow) -> Mark:
    return open_document(sitting.copies, row.mark or b"", _mark_context(sitting.patient, row.id), Mark)


def _mark_context(patient: UUID, note: UUID) -> Context:
    return Context("sitter-mark", patient.bytes, note.bytes)


def _get_note_id(link: UUID, ident: UUID, kind: NoteKind, typed: Iterable[str]) -> UUID:
    """
    Return the id of a note: what a form brought, for this link alone, so that it meets no other link's.

    Without *ident*, which is random and kept nowhere, nothing of the words can be told from it.
    """
    content = join_fields(link.bytes, ident.bytes, kind.value.encode(), *(one.encode() for one in typed))
    return UUID(bytes=sha256(content).digest()[:16])
