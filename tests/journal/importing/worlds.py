"""Random journals: entries of every kind that can come back, with versions, and sessions in zones that are unusual."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import msgspec
from hypothesis import strategies as st

from crypto import Sealer
from journal.catalogue.answers import ADDED_KINDS
from journal.catalogue.emotions import Emotion
from journal.catalogue.fields import Answer, EntryKind, Field, FieldKind
from journal.catalogue.forms import FORMS
from journal.entries import entries
from journal.errors import SavedAsEarlierVersion
from journal.importing.hearthside import NOT_IMPORTED
from journal.plan_words.keys import open_own_key
from journal.sessions.rows import CourseDetails, insert_course, insert_session
from journal.sessions.session import (
    Phase,
    Route,
    SessionDetails,
    SessionKind,
    Setting,
    Status,
    check_session,
    clean_details,
)
from journal.store.database import transaction
from journal.user_input import clean_line, clean_text
from journal.vault.documents import EntryDocument

if TYPE_CHECKING:
    from journal.actor import Actor

KINDS = tuple(kind for kind in EntryKind if kind not in NOT_IMPORTED)
TALK_STATUSES = (Status.PLANNED, Status.CLOSED, Status.CANCELLED)
SIGNS = (
    "aé\u0301\u0323ß ñ\n\t|=;,<&{}\"'\\#@+-0123456789\u200d\u200b\ufe0f\u202e\u2066\u2069\u061c\ufeff\u00a0"
    "שלוםمرحباनमस्ते漢字한\u1112\u1161🌊👩🏽‍🦱\u2028\x85\x0b\x1f\x00\x07\x1b\ud7ff\ue000\uffff\U0010ffff"
)
ZONES = (
    "Europe/Berlin",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Pacific/Kiritimati",
    "US/Pacific",
    "UTC",
)
CLOCKS = ("2026-03-29T02:30", "2026-10-25T02:30", "2026-03-08T02:15", "2026-11-01T01:15", "2011-12-30T12:00")
"""Times that clocks skip or show twice somewhere, and a day that Samoa did not have."""


@dataclass(frozen=True)
class Step:
    """One save of an entry, so many minutes after the one before; `is_late`: by a page that read it before that."""

    document: EntryDocument
    minutes: int
    is_late: bool
    language: str


@dataclass(frozen=True)
class World:
    """What somebody wrote: entries step by step, the session that each is about by its place, and what was planned."""

    entries: tuple[tuple[datetime, tuple[Step, ...], int | None], ...]
    sessions: tuple[tuple[SessionDetails, int | None, int | None], ...]
    courses: tuple[str, ...]


texts = st.one_of(
    st.text(SIGNS, max_size=40),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    st.text("\u0301\u0489a", min_size=30, max_size=90),
    st.sampled_from(
        ["=1+1", "<script>alert(1)</script>", "{{ 7*7 }}", "\u202ereversed", "---\ntitle: x\n---"]
    ),
    st.uuids().map(str),
)
lines = texts.map(lambda text: clean_line(text)[:300].strip())
"""What a line on a form is once it was typed; what is cut is cut before it is cleaned."""
long_texts = st.builds(
    lambda text, times: clean_text((text or "x") * times)[:20_000].strip("\n"),
    texts,
    st.sampled_from([1, 1, 1, 700]),
)
days = st.dates(date(1990, 1, 1), date(2030, 12, 31)).map(date.isoformat)


def answers_of(field: Field) -> st.SearchStrategy[Answer]:
    """Return what may be stored for a question."""
    if field.range is not None:
        return st.integers(*field.range)
    codes = [option.value for option in field.options]
    most = field.max_answer_length
    by_kind: dict[FieldKind, st.SearchStrategy[Any]] = {
        FieldKind.LINE: lines.map(lambda text: text[:most].strip()),
        FieldKind.TEXT: long_texts.map(lambda text: text[:most].strip("\n")),
        FieldKind.CHOICE: st.sampled_from(codes or [""]),
        FieldKind.CHOICES: st.lists(st.sampled_from(codes or [""]), unique=True, max_size=3),
        FieldKind.DATE: days,
        FieldKind.EMOTIONS: st.lists(
            st.builds(lambda name, cell: Emotion(name, cell).line, lines, cells), max_size=3
        ),
    }
    return by_kind.get(field.kind, st.lists(added_lines, max_size=4))


cells = st.sampled_from(["", "0", "100"])
added_lines = st.builds(
    lambda day, words, ident: f"{day} | 7 | {ident} | {words}".rstrip(),
    days,
    lines,
    st.sampled_from(["", "SESSION", "ENTRY"]),
)
"""Lines of a bar, as those of every room; the marks in capitals become ids once there are some."""


@st.composite
def documents(draw: st.DrawFn, kind: EntryKind) -> EntryDocument:
    """Return an entry with some of its questions answered."""
    fields = FORMS[kind].fields
    chosen = draw(st.lists(st.sampled_from(fields), max_size=4, unique_by=lambda field: field.id))
    answers = {field.id: draw(answers_of(field)) for field in fields if field in chosen}
    return EntryDocument(
        kind.value,
        draw(lines),
        draw(lines),
        answers={key: one for key, one in answers.items() if one not in ("", [])},
    )


@st.composite
def steps(draw: st.DrawFn, kind: EntryKind) -> tuple[Step, ...]:
    """Return how an entry was written: once, or a few times over, also until nothing of it is left."""
    written = documents(kind).filter(lambda one: not one.is_empty)
    later = st.one_of(written, documents(kind), st.just(EntryDocument(kind.value)))
    said = [draw(written), *draw(st.lists(later, max_size=2))]
    shared = st.sampled_from(["", "en", "es"])
    return tuple(
        Step(one, draw(st.sampled_from([1, 11, 2000])), bool(number) and draw(st.booleans()), draw(shared))
        for number, one in enumerate(said)
    )


@st.composite
def sessions(draw: st.DrawFn) -> SessionDetails:
    """Return a session that can be planned, at any state; most are over."""
    kind = draw(st.sampled_from(SessionKind))
    is_dosing = kind is SessionKind.DOSING
    ordinary = st.datetimes(datetime(2020, 1, 1), datetime(2026, 12, 31)).map(
        lambda at: at.isoformat(timespec="minutes")
    )
    moments = st.none() | st.datetimes(
        datetime(2020, 1, 1), datetime(2026, 11, 20), timezones=st.just(UTC)
    ).map(datetime.isoformat)
    languages = st.sampled_from(["", "en", "es"])
    return clean_details(
        SessionDetails(
            kind,
            draw(st.sampled_from(CLOCKS) | ordinary),
            draw(st.sampled_from(ZONES)),
            draw(st.integers(1, 24 * 60)),
            draw(st.sampled_from(Setting)),
            draw(st.none() | st.sampled_from(Route)) if is_dosing else None,
            draw(st.none() | st.sampled_from(Phase)) if is_dosing else None,
            draw(lines),
            draw(st.sampled_from(Status if is_dosing else TALK_STATUSES)),
            draw(st.none() | st.integers(0, 99)) if is_dosing else None,
            prescriber_name=draw(lines),
            sitter=draw(lines),
            note=draw(long_texts)[:2000],
            cancel_reason=draw(lines),
            started_at=draw(moments),
            ended_at=draw(moments),
            rested_on=draw(st.none() | days),
            added_by_patient=draw(st.booleans()),
            ask_after=draw(st.none() | days),
            acute_hours=draw(st.none() | st.integers(0, 72)),
            join=draw(st.sampled_from(["", "https://example.org/room?a=1#b", "+49 30 1234"]) | lines),
            language=draw(languages),
            dose_language=draw(languages),
            note_language=draw(languages),
            reason_language=draw(languages),
        )
    )


@st.composite
def worlds(draw: st.DrawFn, now: datetime) -> World:
    """Return an entry of every kind that can come back, in any order, and a few sessions that start apart."""
    planned = draw(
        st.lists(
            sessions().filter(lambda one: not check_session(one)),
            max_size=5,
            unique_by=lambda one: one.starts_at,
        )
    )
    planned.sort(key=lambda one: one.starts_at)
    places = st.none() | st.sampled_from(range(len(planned))) if planned else st.none()
    courses = tuple(draw(st.lists(lines, max_size=2)))
    course = st.none() | st.sampled_from(range(len(courses))) if courses else st.none()
    begun = st.datetimes(
        datetime(2019, 1, 1), now.replace(tzinfo=None) - timedelta(days=9), timezones=st.just(UTC)
    )
    moments = draw(st.lists(begun, min_size=len(KINDS), max_size=len(KINDS), unique=True))
    return World(
        tuple((at, draw(steps(kind)), draw(places)) for at, kind in zip(moments, KINDS, strict=True)),
        tuple((one, draw(course), draw(places)) for one in planned),
        courses,
    )


async def build_world(actor: Actor, world: World) -> None:
    """Write all of it as the pages and the plan write it."""
    courses = [uuid4() for _ in world.courses]
    planned = [uuid4() for _ in world.sessions]
    async with transaction():
        key = Sealer(await open_own_key(actor))
        for place, title in enumerate(world.courses):
            at = actor.now + timedelta(seconds=place)
            await insert_course(actor, actor.id, courses[place], CourseDetails(title, "es"), key, at)
        for ident, (details, course, about) in zip(planned, world.sessions, strict=True):
            details = msgspec.structs.replace(details, about=None if about is None else planned[about].hex)
            within = None if course is None else courses[course]
            await insert_session(actor, actor.id, ident, details, within, key)
    for at, written, session in world.entries:
        await _write(actor, at, written, planned[session] if session is not None else None)


async def _write(actor: Actor, at: datetime, written: tuple[Step, ...], session: UUID | None) -> None:
    ident, base = uuid4(), 0
    marks = {"SESSION": session.hex if session else "", "ENTRY": str(ident)}
    for number, step in enumerate(written):
        at += timedelta(minutes=step.minutes if number else 0, microseconds=number)
        writer = replace(actor, now=at, language=step.language)
        document = msgspec.structs.replace(
            step.document,
            session_id=session.hex if session else None,
            answers={
                name: _put_ids(name, step.document.kind, one, marks)
                for name, one in step.document.answers.items()
            },
        )
        try:
            one = await entries.save_entry(
                writer, ident, base - step.is_late, document, sitting=f"page {number}"
            )
        except SavedAsEarlierVersion:
            continue
        base = one.revision


def _put_ids(name: str, kind: str, answer: Answer, marks: dict[str, str]) -> Answer:
    if not isinstance(answer, list) or FORMS[EntryKind(kind)].field(name).kind not in ADDED_KINDS:
        return answer
    for mark, ident in marks.items():
        answer = [line.replace(mark, ident) for line in answer]
    return answer
