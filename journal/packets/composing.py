"""
What a packet holds: composed of a choice and of what was opened for it, and of nothing else.

Nothing here reads storage, so whatever was not opened for the choice cannot be in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID, uuid5

import msgspec

from journal.care.documents import ShareDocument
from journal.catalogue.fields import NOTED_BY_OTHERS, EntryKind
from journal.errors import InvalidInput
from journal.measures.lines import parse_measure
from journal.measures.scoring import compute_score
from journal.packets.documents import OFFERED_KINDS, Choice, Part
from journal.packets.lines import write_as_shown
from journal.packets.masking import Masker
from journal.records.mapping import build_answers
from journal.records.schema import Answered
from journal.roles import Role
from journal.sessions.rows import Session
from journal.sessions.session import Phase, Route, SessionKind, Setting, Status
from journal.sharing.copies import build_copy
from journal.vault.entry_rows import Entry

FORMAT = "hearthside-packet"
SCHEMA_VERSION = 1
FORM = "measure.form"
ORDER = {kind.value: place for place, kind in enumerate(OFFERED_KINDS)}


class PacketSession(msgspec.Struct, frozen=True):
    """A session as a packet has it: no word of anybody's. `begins_at` is when it began, else as planned."""

    id: UUID
    kind: SessionKind
    status: Status
    begins_at: datetime
    zone: str
    setting: Setting
    route: Route | None
    phase: Phase | None


class PacketConsent(msgspec.Struct, frozen=True):
    """One clinician of the care team whom the patient shares with; `since` is the day on which care began."""

    name: str
    profession: str
    since: date
    is_paused: bool


class PacketMaker(msgspec.Struct, frozen=True):
    """Who made a packet: the patient, whose name does not stand here, or a clinician of what is shared with them."""

    role: Role
    name: str = ""
    profession: str = ""


class PacketReference(msgspec.Struct, frozen=True):
    """What was published about the totals of a measure, and where."""

    text: str
    source: str


class PacketScore(msgspec.Struct, frozen=True):
    """
    A measure as it was answered. `total` is None while an item is missing.

    `change` is the difference to the total before it in this packet, of the same measure in the same version.
    """

    entry_id: UUID
    name: str
    version: str
    language: str
    day: str
    total: int | None
    most: int
    answered: int
    asked: int
    change: int | None
    references: list[PacketReference]


class PacketEntry(msgspec.Struct, frozen=True):
    """The chosen parts of one entry; `imported`: it came from a file, so nobody here knows who wrote it."""

    id: UUID
    kind: str
    title: str
    note: str
    written_on: str
    answers: list[Answered]
    language: str
    imported: bool


class PacketRecord(msgspec.Struct, frozen=True):
    """What a packet holds, as data; `from_day` and `until_day` are empty where no days were chosen."""

    format: str
    schema_version: int
    made_on: str
    made_by: PacketMaker
    time_zone: str
    name: str
    from_day: str
    until_day: str
    sessions: list[PacketSession]
    consents: list[PacketConsent]
    scores: list[PacketScore]
    entries: list[PacketEntry]


BY_PATIENT = PacketMaker(Role.PATIENT)


@dataclass(frozen=True, slots=True)
class Piece:
    """
    The chosen parts of one entry: as a copy, which pages draw as every copy, and as data.

    `id` and `revision` are of the entry, or of the shared copy, that it was opened from; its record has another id.
    """

    id: UUID
    revision: int
    copy: ShareDocument
    record: PacketEntry


@dataclass(frozen=True, slots=True)
class Content:
    """
    All that a packet holds. `sessions` are those that it names; what is not ticked is empty.

    `space` is what its ids are made of, so that no other packet has one of them.

    `masked` are the words that were blacked out, with how often each stood there: it does not leave.
    """

    space: UUID
    made_on: date
    made_by: PacketMaker
    time_zone: str
    name: str
    from_day: str
    until_day: str
    sessions: tuple[Session, ...]
    consents: tuple[PacketConsent, ...]
    scores: tuple[PacketScore, ...]
    pieces: tuple[Piece, ...]
    masked: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Return whether it holds nothing but a first page."""
        return not (self.sessions or self.consents or self.pieces)

    @property
    def has_notes(self) -> bool:
        """Return whether something in it was written by somebody else than its patient."""
        return any(one.copy.kind in NOTED_BY_OTHERS for one in self.pieces)

    @property
    def record(self) -> PacketRecord:
        """Return it as data."""
        return PacketRecord(
            FORMAT,
            SCHEMA_VERSION,
            self.made_on.isoformat(),
            self.made_by,
            self.time_zone,
            self.name,
            self.from_day,
            self.until_day,
            [_build_session(one, self.space) for one in self.sessions],
            list(self.consents),
            list(self.scores),
            [one.record for one in self.pieces],
        )


def compose(
    choice: Choice,
    opened: Iterable[Entry],
    *,
    space: UUID,
    name: str,
    now: datetime,
    zone_name: str,
    sessions: Sequence[Session] = (),
    consents: Sequence[PacketConsent] = (),
    made_by: PacketMaker = BY_PATIENT,
) -> Content:
    """
    Return what a packet holds.

    Args:
        opened: Entries that lie in the time of the choice; of each only its chosen parts are taken.
        space: What its ids are made of: another one for each packet.
        name: The patient's, which stands there only if that was ticked.
        now: In the patient's own time zone.
        made_by: Who composes it.
        sessions: Those in the time of the choice, which are taken only if they were ticked.
        consents: Whom they share with, taken only if that was ticked.
    """
    masker = Masker(choice.masked)
    pieces = sorted(
        (piece for entry in opened if (piece := _build_piece(choice, entry, now, masker, space)) is not None),
        key=lambda one: (ORDER[one.copy.kind], one.copy.written_at, one.id),
    )
    return Content(
        space,
        now.date(),
        msgspec.structs.replace(made_by, name=masker.mask(made_by.name)),
        zone_name,
        masker.mask(name) if Part.NAME in choice.parts else "",
        choice.first_day,
        choice.last_day,
        tuple(sessions) if Part.SESSIONS in choice.parts else (),
        tuple(msgspec.structs.replace(one, name=masker.mask(one.name)) for one in consents)
        if Part.CONSENT in choice.parts
        else (),
        tuple(_list_scores(pieces)),
        tuple(pieces),
        masker.counts,
    )


def make_id(space: UUID, real: UUID) -> UUID:
    """Return the id that an entry or a session has in a packet."""
    return uuid5(space, real.hex)


def _build_piece(choice: Choice, entry: Entry, now: datetime, masker: Masker, space: UUID) -> Piece | None:
    if entry.damaged or entry.document.kind not in ORDER:
        return None
    try:
        copy = build_copy(entry, choice.pieces.get(entry.id.hex, ()), now, now.tzinfo or UTC)
    except InvalidInput:
        return None  # nothing of it was chosen, or what was chosen is gone from it
    # Neither the session that it is tied to nor the moment of the preview is a part of a packet.
    copy = msgspec.structs.replace(copy, session_id=None, shared_at=copy.written_at, entry_revision=0)
    copy = masker.mask_copy(write_as_shown(copy, now.tzinfo or UTC))
    record = PacketEntry(
        make_id(space, entry.id),
        copy.kind,
        copy.title,
        copy.note,
        copy.written_on,
        build_answers(copy.kind, copy.answers),
        copy.language,
        copy.imported,
    )
    return Piece(entry.id, entry.revision, copy, record)


def _list_scores(pieces: Iterable[Piece]) -> Iterable[PacketScore]:
    """Yield the measures among *pieces* as they were answered, the measures by name and each by its days."""
    found = [
        (filled.name, filled.day or date.min, one.id, one.record.id, filled, filled.instrument)
        for one in pieces
        if one.copy.kind == EntryKind.MEASURE
        for filled in parse_measure(one.copy.answers.get(FORM))
    ]
    before: dict[tuple[str, str], int] = {}
    for _, _, _, ident, filled, text in sorted(found, key=lambda one: one[:3]):
        if text is None:
            continue  # its answers stand with the entry; nothing can be added up
        series, score = (filled.instrument_id, filled.version), compute_score(text, filled.answers)
        known = score.total is not None and series in before
        yield PacketScore(
            ident,
            filled.name,
            filled.version,
            filled.language,
            filled.day.isoformat() if filled.day else "",
            score.total,
            score.most,
            score.answered,
            score.asked,
            score.total - before[series] if known and score.total is not None else None,
            [PacketReference(one.text, one.source) for one in text.references if one.least is not None],
        )
        if score.total is not None:
            before[series] = score.total


def _build_session(one: Session, space: UUID) -> PacketSession:
    details = one.details
    return PacketSession(
        make_id(space, one.id),
        details.kind,
        details.status,
        one.begins_at.replace(second=0, microsecond=0),
        details.zone,
        details.setting,
        details.route,
        details.phase,
    )
