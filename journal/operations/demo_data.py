"""
The demonstration: a practice, its two clinicians and three patients, all invented, and what they wrote.

Days count from the day on which it is loaded, so that it always shows a practice in the middle of its week.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from importlib import resources

import msgspec

from journal.care.documents import Attention
from journal.catalogue.fields import Answer, EntryKind, FieldKind
from journal.catalogue.forms import get_form
from journal.clinic.call_contacts import CallDetails
from journal.clinic.instructions import InstructionsDetails
from journal.packets.documents import Part
from journal.reading_hours.hours import Hours
from journal.sessions.session import Phase, Route, SessionDetails, SessionKind, Setting, Status
from journal.time_zones import resolve_local_time

_DONE_STATUSES = frozenset({Status.INTEGRATING, Status.CLOSED})


class DemoPerson(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who can sign in to the demonstration; a clinician may have reading hours, and both reminders."""

    name: str
    email: str
    password: str
    time_zone: str
    reading_hours: Hours | None = None
    reminders: tuple[str, ...] = ()


class DemoSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One session; `day` counts from today, `about` is the place of its dosing session in the list."""

    kind: SessionKind
    day: int
    time: str
    minutes: int
    setting: Setting
    route: Route | None = None
    phase: Phase | None = None
    dose_text: str = ""
    status: Status = Status.PLANNED
    sequence_no: int | None = None
    about: int | None = None
    sitter: str = ""
    join: str = ""


class DemoEdit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Answers that the patient changed after sharing, and when."""

    day: int
    time: str
    answers: dict[str, Answer]


class DemoRevisit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A later look at a reframe, as its patient rated it then; `day` counts from today."""

    day: int
    old: int
    new: int
    felt: int
    words: str = ""


class DemoReview(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the prescriber said about a version of an evaluation."""

    outcome: str
    words: str


class DemoEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    One entry; `session` is a place in the list of sessions, `shared` names the answers that are shared, and
    `attention` is what is asked of their reader. What is shared may end `until` days from today, and may be `filed`.
    """

    kind: EntryKind
    day: int
    time: str
    title: str
    answers: dict[str, Answer]
    session: int | None = None
    note: str = ""
    shared: tuple[str, ...] = ()
    attention: Attention | None = None
    until: int | None = None
    filed: bool = False
    due: int | None = None
    edit: DemoEdit | None = None
    revisits: tuple[DemoRevisit, ...] = ()
    reviews: tuple[DemoReview, ...] = ()

    def get_first_answers(self, today: date) -> dict[str, Answer]:
        """Return the answers as first written, with the day on which a small step is due, and other days as dates."""
        answers = dict(self.answers)
        for field in get_form(self.kind).fields:
            days = answers.get(field.id)
            if field.kind is FieldKind.DATE and isinstance(days, int):
                answers[field.id] = (today + timedelta(days=days)).isoformat()
            if field.kind is FieldKind.MOMENTS and isinstance(days, list):
                answers[field.id] = [_date_moment(line, today) for line in days]
        if self.due is None:
            return answers
        return {**answers, "reframe.test_due": (today + timedelta(days=self.due)).isoformat()}

    def get_latest_answers(self, today: date) -> dict[str, Answer]:
        """Return the answers as they stand, later changes included."""
        return self.get_first_answers(today) | (self.edit.answers if self.edit else {})


def _date_moment(line: str, today: date) -> str:
    """Return the line of a moment, which begins with its day from today, with that day as a date."""
    days, _, told = line.partition(" ")
    return f"{today + timedelta(days=int(days))} {told}"


class DemoNote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the clinician wrote for a patient, *day* days from today at *time*, and from which day on it holds."""

    day: int
    time: str
    from_day: int
    dose: str = ""
    interval: str = ""
    focus: str = ""
    why: str = ""


class DemoThing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the clinician set for the next talk, what the patient said to it, and the answer that they shared."""

    kind: str
    why: str
    name: str = ""
    words: str = ""
    said: str = ""
    answer: str = ""


class DemoOwnNote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the clinician wrote for themselves about a patient, *day* days from today at *time*."""

    day: int
    time: str
    text: str


class DemoReadings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the clinician noted in the clinic at a session, an hour after its end; by its place in the list."""

    session: int
    fields: dict[str, str]


class DemoPacket(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Entries of some kinds, chosen for somebody; by the clinician among what is shared with them."""

    recipient: str
    purpose: str
    kinds: tuple[EntryKind, ...]
    parts: tuple[Part, ...] = ()
    by_clinician: bool = False


class DemoPatient(DemoPerson, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One patient, with a course and a journal."""

    course: str
    prescriber_name: str
    sessions: tuple[DemoSession, ...]
    entries: tuple[DemoEntry, ...]
    contacts: tuple[CallDetails, ...] = ()
    instructions: InstructionsDetails | None = None
    notes: tuple[DemoNote, ...] = ()
    things: tuple[DemoThing, ...] = ()
    own_notes: tuple[DemoOwnNote, ...] = ()
    readings: tuple[DemoReadings, ...] = ()
    packets: tuple[DemoPacket, ...] = ()

    def get_moment(self, today: date, day: int, time: str) -> datetime:
        """Return the moment, in UTC, of a wall time *day* days from *today* where the patient lives."""
        return resolve_local_time(f"{today + timedelta(days=day)}T{time}", self.time_zone).utc

    def build_session_details(self, today: date, ids: Mapping[int, str]) -> tuple[SessionDetails, ...]:
        """
        Return the sessions as they stand on *today*.

        Args:
            today: The date where the patient lives.
            ids: The id that each session is given, by its place in the list.
        """
        return tuple(self._build_details(one, today, ids) for one in self.sessions)

    def _build_details(self, one: DemoSession, today: date, ids: Mapping[int, str]) -> SessionDetails:
        begun = one.kind is SessionKind.DOSING and one.status in _DONE_STATUSES
        start = self.get_moment(today, one.day, one.time)
        return SessionDetails(
            one.kind,
            f"{today + timedelta(days=one.day)}T{one.time}",
            self.time_zone,
            one.minutes,
            one.setting,
            one.route,
            one.phase,
            one.dose_text,
            one.status,
            one.sequence_no,
            None if one.about is None else ids[one.about],
            self.prescriber_name if one.kind is SessionKind.DOSING else "",
            one.sitter,
            join=one.join,
            started_at=start.isoformat() if begun else None,
            ended_at=(start + timedelta(minutes=one.minutes)).isoformat() if begun else None,
            rested_on=(today + timedelta(days=one.day + 1)).isoformat() if begun else None,
        )


class DemoPractice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole demonstration."""

    name: str
    clinician: DemoPerson
    prescriber: DemoPerson
    patients: tuple[DemoPatient, ...] = ()


def load_demo_practice() -> DemoPractice:
    """Read the demonstration from the package's data files."""
    data = resources.files("journal") / "data"
    practice = msgspec.json.decode((data / "demo-practice.json").read_bytes(), type=DemoPractice)
    files = (data / f"demo-{name}.json" for name in ("alice", "dana", "femi"))
    patients = tuple(msgspec.json.decode(file.read_bytes(), type=DemoPatient) for file in files)
    return msgspec.structs.replace(practice, patients=patients)
