"""What a bundle is built of: one patient's records, as far as they are given."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from journal.audit.acts import Act
from journal.catalogue.fields import NOTED_BY_OTHERS
from journal.records.schema import Answered
from journal.sessions.session import Phase, Route, SessionKind, Setting, Status

_BLANKS = re.compile("[^\\S \t\r\n]")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Written:
    """
    An entry, a copy of one, or an earlier version; `at` is a day alone where the time is not told.

    `is_imported`: it came from a file, so nobody knows who wrote it.
    """

    id: UUID
    kind: str
    title: str
    note: str
    at: datetime | date
    session_id: UUID | None
    answers: Sequence[Answered]
    language: str = ""
    earlier: tuple[Written, ...] = ()
    is_imported: bool = False

    @property
    def has_known_author(self) -> bool:
        """Return whether its patient wrote it here: not somebody else, and no file says so."""
        return self.kind not in NOTED_BY_OTHERS and not self.is_imported


@dataclass(frozen=True, slots=True)
class Meeting:
    """A session; what is not told of it is None or empty."""

    id: UUID
    kind: SessionKind
    status: Status
    starts_at: datetime
    zone: str
    setting: Setting
    route: Route | None = None
    phase: Phase | None = None
    course_id: UUID | None = None
    minutes: int | None = None
    number: int | None = None
    dose_text: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def begins_at(self) -> datetime:
        """Return when it began, or was planned to."""
        return self.started_at or self.starts_at


@dataclass(frozen=True, slots=True)
class Course:
    """A series of sessions."""

    id: UUID
    title: str


@dataclass(frozen=True, slots=True)
class Colleague:
    """A clinician of the patient's care team."""

    id: UUID
    name: str
    profession: str


@dataclass(frozen=True, slots=True)
class Grant:
    """
    Something that a clinician can read, or could until it was revoked; of what was revoked nobody knows more.

    `parts` are the ids of the chosen parts of the entry; empty where it is about all that was shared with them.
    `until` is the last day on which it can be read, 2026-11-30, where one was chosen; `filed` are the times that its
    reader filed it in the record of their practice.
    """

    id: UUID
    at: datetime | date
    reader: UUID | None = None
    entry_id: UUID | None = None
    parts: frozenset[str] = frozenset()
    is_active: bool = True
    until: str = ""
    filed: Sequence[datetime] = ()


@dataclass(frozen=True, slots=True)
class Deed:
    """An act in the log: who did what, with what, and when."""

    at: datetime
    action: Act
    actor: UUID | None
    about: UUID | None


@dataclass(frozen=True, slots=True)
class Chart:
    """
    One patient's records, each list in a fixed order; `id` is that of the account, or of the packet.

    `maker` is which colleague chose what is in it; none where that was the patient.
    """

    id: UUID
    made_at: datetime
    app_version: str
    name: str = ""
    phone: str = ""
    email: str = ""
    practice: str = ""
    colleagues: Sequence[Colleague] = ()
    courses: Sequence[Course] = ()
    meetings: Sequence[Meeting] = ()
    written: Sequence[Written] = ()
    grants: Sequence[Grant] = ()
    deeds: Sequence[Deed] = ()
    maker: UUID | None = None


def clean(text: str) -> str:
    """Return words as an element of FHIR may have them: no control characters, and no blank but the usual ones."""
    return _FORBIDDEN.sub("", _BLANKS.sub(" ", text)).strip()


def format_moment(at: datetime | date) -> str:
    """Return a day, or a moment in UTC to the second."""
    if not isinstance(at, datetime):
        return at.isoformat()
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
