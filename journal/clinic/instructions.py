"""
What the care team writes for the dosing days of a course: what to eat, take, hold and bring, and what a sitter does.

What a sitter is told, and the numbers that reminders follow, are operations data under the server key. The other words
are sealed under the key of the patient's plan, and open by `text_reading.py` alone. A version is never changed: whoever
writes adds one (`text_writing.py`), signs it, and the newest counts. Hearthside has no words of its own for any of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from types import MappingProxyType
from uuid import UUID

import msgspec

from crypto import NO_RECORD, Context, join_fields
from journal.actor import Actor
from journal.clinic import tables
from journal.errors import Damaged
from journal.i18n import N_, Labelled
from journal.installation.installation import Installation
from journal.sealing import decode_document, open_document
from journal.sessions import schedule
from journal.sessions.day_state import DayState, get_day_state
from journal.sessions.moments import USUAL, Offsets
from journal.sessions.rows import Session
from journal.store.database import fetch_raw
from journal.store.rows import (
    NonNegative,
    OpenedRows,
    Row,
    Timestamp,
    fetch_rows,
    filter_undamaged,
    open_rows,
    parse_first_row,
    parse_rows,
)

ACUTE_HOURS, CHECK_MINUTES = 4, 15
"""What holds where the care team has written nothing."""
BOUNDS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "acute_hours": (2, 12),
        "check_minutes": (5, 60),
        "part_minutes": (5, 240),
        "phq9_days": (7, 365),
        "gad7_days": (7, 365),
        "pcl5_month_days": (7, 365),
        "pcl5_week_days": (7, 365),
    }
)
MEASURE_DAYS: Mapping[str, str] = MappingProxyType(
    {
        "phq9": "phq9_days",
        "gad7": "gad7_days",
        "pcl5-month": "pcl5_month_days",
        "pcl5-week": "pcl5_week_days",
    }
)
"""By the id of a measure, where it says after how many days this one is answered again in a course."""
TEXT_LENGTHS: Mapping[str, int] = MappingProxyType(
    {"fasting": 1000, "medicines": 2000, "bring": 2000, "sitter_text": 2000}
)
MAX_ITEMS = 40
ITEM_LENGTH = 200
MAX_VERSIONS = 500

SIGNATURE_PURPOSE = "instructions"
_SIGNED_DOMAIN = b"hearthside/v1/instructions"
SELECT_VERSIONS = """
    SELECT id, patient_id, course_id, version, sealed, created_at, hidden_at, words FROM instructions_version
    WHERE patient_id = $1
"""
SELECT_NEWEST = SELECT_VERSIONS + " AND course_id = $2 ORDER BY version DESC LIMIT 1"
SELECT_NEWEST_WITHOUT_COURSE = SELECT_VERSIONS + " AND course_id IS NULL ORDER BY version DESC LIMIT 1"
SELECT_CURRENT = """
    SELECT id, patient_id, course_id, version, sealed, created_at, hidden_at, words FROM instructions_version one
    WHERE patient_id = $1 AND NOT EXISTS (SELECT 1 FROM instructions_version newer
    WHERE newer.patient_id = one.patient_id AND newer.version > one.version AND (newer.course_id = one.course_id
    OR newer.course_id IS NULL AND one.course_id IS NULL))
"""


class ItemGroup(Labelled):
    """Where in the care team's text a line of the check list stands."""

    FASTING = "fasting", N_("Eating and drinking")
    MEDICINES = "medicines", N_("Medicines to hold or take")
    BRING = "bring", N_("To bring")


class InstructionsDetails(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    What the care team wrote. As it is signed its words are apart, and `words` is their digest (`text_words.py`).

    Of `fasting`, `medicines` and `bring`, each line is one item of the check list. `acute_hours` is how long from the
    start a session counts as acute, `check_minutes` how often the sitter looks, `part_minutes` a timer after a part
    of the medicine was taken, or None. The numbers of days say when a measure is answered again; None: at its usual
    time. `offsets`: how far from a session its moments are. Then: who wrote it, when, in which language.
    """

    fasting: str = ""
    medicines: str = ""
    bring: str = ""
    sitter_text: str = ""
    acute_hours: int = ACUTE_HOURS
    check_minutes: int = CHECK_MINUTES
    part_minutes: int | None = None
    phq9_days: int | None = None
    gad7_days: int | None = None
    pcl5_month_days: int | None = None
    pcl5_week_days: int | None = None
    offsets: Offsets = USUAL
    written_by: str = ""
    written_at: str = ""
    language: str = ""
    words: str = ""


class SignedInstructions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    What is sealed: the details in the very bytes that were signed, the signature, and whose it is.

    `is_carried`: what was signed stands with its words, under the key of the plan; these are its details without them.
    """

    details: msgspec.Raw
    signature: bytes
    signer: UUID
    is_carried: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the check list."""

    group: ItemGroup
    text: str


class Instructions(msgspec.Struct, frozen=True):
    """
    One version, opened; `signed` are the bytes that `signature` is over, by the account `signer`.

    `is_closed`: it has words, and they were not opened; `sealed_words` are they. `is_carried`: it was signed before
    words were apart, and once they are opened `keys` is the public identity that its patient saw it signed with.
    """

    id: UUID
    patient: UUID
    course: UUID | None
    version: int
    hidden_at: datetime | None
    details: InstructionsDetails
    signed: bytes
    signature: bytes
    signer: UUID
    sealed_words: bytes | None = None
    is_closed: bool = False
    is_carried: bool = False
    keys: bytes = b""

    @property
    def written_at(self) -> datetime:
        """Return when it was written."""
        return datetime.fromisoformat(self.details.written_at)

    @property
    def items(self) -> tuple[Item, ...]:
        """Return the lines of the check list, by group."""
        return tuple(
            Item(group, line.strip())
            for group in ItemGroup
            for line in getattr(self.details, group.value).splitlines()
            if line.strip()
        )


class InstructionsRow(Row, frozen=True):
    """A row of `SELECT_VERSIONS`."""

    id: UUID
    patient_id: UUID
    course_id: UUID | None
    version: NonNegative
    sealed: bytes
    created_at: Timestamp
    hidden_at: Timestamp | None
    words: bytes | None


class VersionRow(Row, frozen=True):
    """The number of a version."""

    version: NonNegative


def get_acute_hours(instructions: Instructions | None) -> int:
    """Return how many hours from its start a session counts as acute."""
    return instructions.details.acute_hours if instructions else ACUTE_HOURS


async def is_acute(actor: Actor, one: Session) -> bool:
    """Return whether the actor's own session is so near that its page is one calm screen, by its course's hours."""
    state = get_day_state(one.details, actor.now)
    if state is not DayState.RESTING:
        return state is DayState.UNDER_WAY
    hours = one.details.acute_hours
    if hours is None:  # it began before they were noted with the start
        hours = get_acute_hours(await load_instructions(actor.installation, one.patient, one.course))
    return schedule.is_acute(one, actor.now, hours)


def get_measure_days(instructions: Instructions | None) -> dict[str, int]:
    """Return after how many days measures are answered again in a course, by their ids; none without a word of it."""
    found = (
        {name: getattr(instructions.details, days) for name, days in MEASURE_DAYS.items()}
        if instructions
        else {}
    )
    return {name: days for name, days in found.items() if days}


def get_offsets(instructions: Instructions | None) -> Offsets:
    """Return how far from a session of a course its moments are."""
    return instructions.details.offsets if instructions else USUAL


def get_check_minutes(instructions: Instructions | None) -> int:
    """Return after how many minutes a sitter looks again."""
    return instructions.details.check_minutes if instructions else CHECK_MINUTES


async def load_instructions(
    installation: Installation, patient: UUID, course: UUID | None
) -> Instructions | None:
    """
    Return what counts for a patient's course, or for their sessions without one. The caller has authorised it.

    None also where it does not open or was hidden: what it replaced does not count again. Its words are closed.
    """
    try:
        found = await load_newest(installation, patient, course)
    except Damaged:
        return None
    return None if found is None or found.hidden_at else found


async def load_current(installation: Installation, patient: UUID) -> dict[UUID | None, Instructions]:
    """Return the same for all of a patient's courses. The caller has authorised it."""
    rows = parse_rows(InstructionsRow, await fetch_raw(SELECT_CURRENT, patient))
    return {
        one.course: one for one in open_rows(rows, partial(open_version, installation)) if not one.hidden_at
    }


async def load_newest(installation: Installation, patient: UUID, course: UUID | None) -> Instructions | None:
    """Return the newest version, hidden or not; raises `Damaged` if it does not open. The caller has authorised it."""
    if course is None:
        raw = await fetch_raw(SELECT_NEWEST_WITHOUT_COURSE, patient)
    else:
        raw = await fetch_raw(SELECT_NEWEST, patient, course)
    row = parse_first_row(InstructionsRow, raw)
    return open_version(installation, row) if row else None


async def read_version(patient: UUID, course: UUID | None) -> int:
    """Return the number of the newest version, also of one that does not open; 0 if there is none."""
    theirs = tables.InstructionsVersion.filter(patient_id=patient, course_id=course)
    return max((row.version for row in filter_undamaged(await fetch_rows(VersionRow, theirs))), default=0)


async def load_versions(installation: Installation, patient: UUID) -> OpenedRows[Instructions]:
    """Return all versions of all of a patient's courses, newest first. The caller has authorised it."""
    rows = parse_rows(InstructionsRow, await fetch_raw(SELECT_VERSIONS, patient))
    found = open_rows(rows, partial(open_version, installation))
    return OpenedRows(sorted(found, key=lambda one: one.version, reverse=True), found.damaged)


def group_sessions(plan: tuple[Session, ...]) -> dict[UUID | None, tuple[Session, ...]]:
    """Return sessions by course, in the order of each course's first; those without a course under None, last."""
    grouped: dict[UUID | None, tuple[Session, ...]] = {}
    for one in plan:
        grouped[one.course] = (*grouped.get(one.course, ()), one)
    return dict(sorted(grouped.items(), key=lambda pair: pair[0] is None))


def encode_signed(patient: UUID, course: UUID | None, version: int, details: bytes) -> bytes:
    """Return what the signature of a version is over."""
    course_id = course.bytes if course else NO_RECORD
    return join_fields(_SIGNED_DOMAIN, patient.bytes, course_id, version.to_bytes(8, "big"), details)


def instructions_context(patient: UUID, course: UUID | None, version: int) -> Context:
    """Return the context of a version."""
    return Context("instructions", patient.bytes, course.bytes if course else NO_RECORD, version)


def open_version(installation: Installation, row: InstructionsRow) -> Instructions:
    """Open a row, but for its words; raises `Damaged`."""
    where = instructions_context(row.patient_id, row.course_id, row.version)
    document = open_document(installation.server_keys, row.sealed, where, SignedInstructions)
    encoded = bytes(document.details)
    details = decode_details(encoded)
    return Instructions(
        row.id,
        row.patient_id,
        row.course_id,
        row.version,
        row.hidden_at,
        details,
        encode_signed(row.patient_id, row.course_id, row.version, encoded),
        document.signature,
        document.signer,
        row.words,
        bool(details.words) or document.is_carried,
        document.is_carried,
    )


def decode_details(encoded: bytes) -> InstructionsDetails:
    """Return details of their JSON; raises `Damaged`."""
    return decode_document(encoded, InstructionsDetails)
