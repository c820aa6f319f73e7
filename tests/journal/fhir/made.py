"""Records that were never kept: one journal with something of everything, and random ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from hypothesis import strategies as st

from journal.accounts.profiles import ContactDetails
from journal.audit.acts import Act
from journal.catalogue.fields import RANGES, Answer, EntryKind, Field, FieldKind
from journal.catalogue.forms import FORMS
from journal.measures.instruments import list_instruments
from journal.records.collection import PatientRecords
from journal.records.mapping import build_answers
from journal.records.schema import (
    Account,
    CourseRecord,
    EntryRecord,
    EventRecord,
    LinkRecord,
    Plan,
    RemindersRecord,
    Section,
    SessionRecord,
    ShareRecord,
    Sharing,
    Version,
)
from journal.roles import Role
from journal.sessions.session import Phase, Route, SessionKind, Setting, Status
from journal.vault.documents import Reason

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ALICE, BOB, COURSE, DOSING = UUID(int=1), UUID(int=2), UUID(int=3), UUID(int=4)
LINK, SHARE, WHOLE, GONE = UUID(int=5), UUID(int=6), UUID(int=7), UUID(int=8)
INSTRUMENTS = [one for one in list_instruments() if one.enabled]


def session(number: int = 4, **changes: Any) -> SessionRecord:
    """A dosing session at home that is over."""
    told: dict[str, Any] = {
        "id": UUID(int=number),
        "course_id": COURSE,
        "about": None,
        "kind": SessionKind.DOSING,
        "status": Status.INTEGRATING,
        "starts_at": NOON - timedelta(days=2),
        "local": "2026-11-20T13:00",
        "zone": "Europe/Berlin",
        "minutes": 120,
        "setting": Setting.HOME,
        "route": Route.SUBLINGUAL,
        "phase": Phase.INDUCTION,
        "sequence_no": 1,
        "added_by_patient": False,
        "dose_text": "100 mg, as told",
        "prescriber_name": "Priya Prescriber",
        "sitter": "Sam Sitter",
        "note": "the plan's note",
        "cancel_reason": "",
        "started_at": NOON - timedelta(days=2, minutes=-10),
        "ended_at": NOON - timedelta(days=2, hours=-2),
        "rested_on": "2026-11-21",
        "ask_after": None,
        "acute_hours": 6,
        "join": "",
        "moves": 0,
        "moved_at": None,
        "dose_language": "en",
        "note_language": "en",
        "reason_language": "",
    }
    return SessionRecord(**(told | changes))


def entry(number: int, kind: str, answers: dict[str, Answer], **changes: Any) -> EntryRecord:
    """An entry of the day before."""
    told: dict[str, Any] = {
        "id": UUID(int=number),
        "kind": kind,
        "title": "",
        "note": "",
        "session_id": None,
        "belongs_to": DOSING,
        "created_at": NOON - timedelta(days=1, minutes=number),
        "updated_at": NOON - timedelta(days=1),
        "revision": 1,
        "answers": build_answers(kind, answers),
        "earlier": [],
        "language": "en",
    }
    return EntryRecord(**(told | changes))


def measure_lines(name: str, least: int = 1, *beside: str, leave_out: int = 0) -> list[str]:
    """A filled measure, every answer *least*."""
    text = next(one for one in INSTRUMENTS if one.id == name)
    head = [f"instrument={name}", f"version={text.version}", f"language={text.language}", "days=14"]
    when = ["day=2026-11-21", "begun=2026-11-21T09:00:00+01:00", "finished=2026-11-21T09:05:00+01:00"]
    return [
        *head,
        *when,
        *(f"{one.number}={least}" for one in text.items if one.number != leave_out),
        *beside,
    ]


def full_journal() -> tuple[EntryRecord, ...]:
    """Something of everything that has a place of its own in a bundle."""
    earlier = Version(
        UUID(int=90), NOON - timedelta(hours=5), Reason.EARLIER, 1, "Before", "", None, [], "en"
    )
    form = "measure.form"
    return (
        entry(20, "integration", {"int.confidence": 6}, title="What the door might be", earlier=[earlier]),
        entry(21, "measure", {form: measure_lines("phq9", 1, "difficulty=2")}),
        entry(22, "measure", {form: measure_lines("gad7", 0)}),
        entry(23, "measure", {form: measure_lines("pcl5-month", 4)}),
        entry(24, "measure", {form: measure_lines("pcl5-week", 2)}),
        entry(
            25,
            "measure",
            {form: measure_lines("phq9", 3, "corrected=9 1 2026-11-21T09:06:00+01:00", leave_out=2)},
        ),
        entry(26, "measure", {"measure.score": "MADRS\n2026-11-19\n14,5\nDr. Elsewhere"}),
        entry(
            27,
            "check_in",
            {
                "checkin.moment": "next-day",
                "checkin.day": "2026-11-21",
                "checkin.difficulty": 4,
                "checkin.felt": "-1",
                "checkin.effects_mild": ["nausea", "dizziness"],
            },
        ),
        entry(
            28,
            "day",
            {
                "day.readings": [
                    "13:20 | 128 | 82 | 71 | 98 | sitting | me",
                    "13:40 | 131 | | | 97,5 | |",
                    "| | 80 | | | |",
                    "00:15 | 120 | 80 | 60 | | |",
                ],
                "day.medicine": ["13:10 | half"],
            },
        ),
        entry(
            29,
            "day_lines",
            {
                "dayline.lines": [
                    "2026-11-20 | 2026-11-20T20:00+01:00 | | 5 | 6 | 7 | calm=3; =SUM(A1)=4 | tired",
                    "2026-11-21 | | | 4 | | | |",
                ]
            },
        ),
        entry(30, "grounding", {"ground.suds_before": 8, "ground.suds_after": 3, "ground.helped": "yes"}),
        entry(31, "safety", {"safety.signs": "what only she knows"}, title="Her plan"),
        entry(
            32, "dream", {"dream.text": "Grey\u00a0water,\u2028wide\u3000sky.\x0b"}, title="\u3000At\u00a0sea"
        ),
        entry(33, "evaluation", {"evaluation.allergies": "none"}),
        entry(
            34,
            "reframe",
            {"reframe.emotions": ["fear | 80 | 20"], "reframe.revisits": ["2026-11-21 | 60 | | 5 | words"]},
        ),
    )


def records(entries: tuple[EntryRecord, ...] | None = None, **changes: Any) -> PatientRecords:
    """The records of alice, with shares and a log."""
    contact = ContactDetails("+49 30 1234567", "Emil", "brother", "+49 30 7654321")
    told: dict[str, Any] = {
        "account": Account(
            ALICE,
            Role.PATIENT,
            "Alice Sample",
            "alice@example.org",
            "Europe/Berlin",
            "Quiet Practice",
            contact,
            RemindersRecord([], "21:00", "08:00"),
        ),
        "made_at": NOON,
        "entries": full_journal() if entries is None else entries,
        "plan": Plan(
            [CourseRecord(COURSE, "Six at home", "en"), CourseRecord(UUID(int=33), "", "")],
            [
                session(),
                session(
                    9,
                    status=Status.PLANNED,
                    starts_at=NOON + timedelta(days=5),
                    started_at=None,
                    ended_at=None,
                ),
                session(
                    10,
                    kind=SessionKind.INTEGRATION,
                    status=Status.CANCELLED,
                    setting=Setting.TELEHEALTH_HOME,
                    route=None,
                    phase=None,
                    course_id=None,
                    dose_text="",
                    started_at=None,
                    ended_at=None,
                ),
                session(
                    11, setting=Setting.CLINIC, route=Route.INTRANASAL_ESKETAMINE, status=Status.STOPPED_EARLY
                ),
            ],
            [],
            [],
            [],
            [],
            [],
        ),
        "sharing": Sharing(
            [
                LinkRecord(
                    LINK, BOB, "Bob Example", "Therapist", "active", NOON - timedelta(days=30), None, None
                )
            ],
            [
                _share(SHARE, 20, "title", until="2026-11-30"),
                _share(WHOLE, 20, "title", "int.confidence", filed=[NOON - timedelta(hours=1)]),
                _share(UUID(int=40), 999, "free.text"),
            ],
            [],
            [],
        ),
        "log": (
            EventRecord(NOON - timedelta(days=9), Act.SIGNED_IN, ALICE, "Alice Sample", None),
            EventRecord(NOON - timedelta(days=8), Act.SHARED, ALICE, "Alice Sample", GONE),
            EventRecord(NOON - timedelta(days=7), Act.SHARE_OPENED, BOB, "Bob Example", GONE),
            EventRecord(NOON - timedelta(days=6), Act.SHARE_REVOKED, ALICE, "Alice Sample", GONE),
            EventRecord(NOON, Act.RECORDS_TAKEN, ALICE, "Alice Sample", None),
            EventRecord(NOON, Act.CARE_BEGAN, None, "", LINK),
        ),
        "unreadable": (),
    }
    return PatientRecords(**(told | changes))


def _share(ident: UUID, of: int, *parts: str, until: str = "", filed: Sequence[datetime] = ()) -> ShareRecord:
    sections = [Section(part, part, False) for part in parts]
    shared_at = NOON - timedelta(hours=3)
    share = ShareRecord(ident, UUID(int=of), LINK, "Bob Example", sections, 1, shared_at, [], False, None)
    return msgspec.structs.replace(share, until=until, may_file=bool(filed), filed=[*filed])


WORDS = st.text(max_size=12)
NUMBER = st.integers(0, 400).map(str) | st.sampled_from(("", "97,5", "12.25", "٩٨", "x"))


def _answers(field: Field) -> st.SearchStrategy[Answer]:
    match field.kind:
        case FieldKind.RATING_10 | FieldKind.RATING_100 | FieldKind.VOC_7:
            return st.integers(*RANGES[field.kind])
        case FieldKind.CHOICE:
            return st.sampled_from([one.value for one in field.options]) | st.just("older")
        case FieldKind.CHOICES:
            return st.lists(st.sampled_from([one.value for one in field.options]), unique=True)
        case FieldKind.READINGS:
            cells = st.tuples(
                st.sampled_from(("", "09:10", "23:59", "04:00")), NUMBER, NUMBER, NUMBER, NUMBER
            )
            return st.lists(cells.map(lambda one: " | ".join((*one, "lying", "me"))) | WORDS, max_size=3)
        case FieldKind.DAY_LINES:
            line = st.tuples(st.dates(), st.integers(0, 10), WORDS).map(
                lambda one: f"{one[0]} | | | {one[1]} | | | {one[2]}=3 | words"
            )
            return st.lists(line | WORDS, max_size=3)
        case FieldKind.MEASURE:
            names = st.sampled_from([one.id for one in INSTRUMENTS])
            return st.tuples(names, st.integers(0, 3), st.integers(0, 4)).map(
                lambda one: measure_lines(one[0], one[1], leave_out=one[2])
            )
        case FieldKind.LINE | FieldKind.TEXT | FieldKind.DATE:
            return WORDS
        case FieldKind.EMOTIONS | FieldKind.REVISITS:
            lines = st.sampled_from(
                ("fear | 80 | 20", "2026-11-21 | 60 | 70 | 5 | words", " | | ", "anger | x | 7")
            )
            return st.lists(lines | WORDS, max_size=3)
        case _:
            return st.lists(WORDS, max_size=2)


@st.composite
def entries(draw: st.DrawFn, number: int = 100) -> EntryRecord:
    """An entry of any kind with any answers."""
    form = FORMS[draw(st.sampled_from(sorted(FORMS)))]
    asked = draw(st.lists(st.sampled_from(form.fields), unique_by=lambda one: one.id, max_size=4))
    if form.kind is EntryKind.MEASURE:
        asked = [one for one in form.fields if one.kind is FieldKind.MEASURE]
    return entry(
        number,
        form.kind.value,
        {one.id: draw(_answers(one)) for one in asked},
        title=draw(WORDS),
        note=draw(WORDS),
        belongs_to=draw(st.sampled_from((None, DOSING))),
        language=draw(st.sampled_from(("", "en", "es"))),
    )


@st.composite
def journals(draw: st.DrawFn) -> tuple[EntryRecord, ...]:
    """A few entries of any kind."""
    return tuple(draw(entries(100 + place)) for place in range(draw(st.integers(0, 4))))
