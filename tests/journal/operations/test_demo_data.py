"""The demonstration: invented, whole, and written as the forms ask."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from journal.authentication.passwords import rate_password
from journal.catalogue.answers import parse_answers
from journal.catalogue.emotions import parse_emotions
from journal.catalogue.fields import EntryKind, FieldKind
from journal.catalogue.forms import get_form
from journal.clinic.instructions import ACUTE_HOURS
from journal.dosing_day.lines import parse_medicine, parse_readings
from journal.dosing_day.record import MEDICINE, READINGS
from journal.operations.demo_data import load_demo_practice
from journal.practice.practice import DEMO_ADDRESSES
from journal.preparing.checklist import split_lines
from journal.reframing.picture import Course, Rating, describe_course
from journal.sessions.holds import find_hold
from journal.sessions.session import SessionKind, Status, check_session

PRACTICE = load_demo_practice()
PATIENTS = {patient.name.split()[0]: patient for patient in PRACTICE.patients}
ENTRIES = [
    pytest.param(entry, id=f"{name}-{place}")
    for name, patient in PATIENTS.items()
    for place, entry in enumerate(patient.entries)
]
TODAYS = [date(2026, 11, 22), date(2027, 3, 15), date(2028, 2, 29)]


def words(answers):
    """Return all words of some answers."""
    return " ".join(
        " ".join(answer) if isinstance(answer, list) else str(answer) for answer in answers.values()
    ).split()


def posted(form, answers):
    """Return *answers* as the browser would post them."""
    raw: dict[str, list[str]] = {}
    for field_id, answer in answers.items():
        if form.field(field_id).kind is FieldKind.EMOTIONS:
            rows = parse_emotions(answer)
            raw |= {
                f"{field_id}.{part}": [getattr(row, part) for row in rows]
                for part in ("name", "before", "after")
            }
        else:
            raw[field_id] = answer if isinstance(answer, list) else [str(answer)]
    return raw


def test_everybody_is_plainly_invented():
    """Names, addresses and passwords say that nobody here is real, and the passwords would be accepted."""
    people = [PRACTICE.clinician, *PRACTICE.patients]
    assert [one.name for one in people] == [
        "Bob Example",
        "Alice Sample",
        "Dana Placeholder",
        "Femi Specimen",
    ]
    assert "demonstration" in PRACTICE.name
    for one in people:
        assert one.email == f"{one.name.split()[0].lower()}@example.org"
        assert one.password.endswith("by lamplight")
        assert rate_password(one.password, context=(one.name, one.email, PRACTICE.name)).problems == ()


def test_there_is_enough_to_look_at():
    """Some sixty entries of every kind, some long, some shared and some not, some changed since."""
    entries = [entry for patient in PRACTICE.patients for entry in patient.entries]
    assert 45 <= len(entries) <= 75
    kept = {EntryKind.PLAN_NOTE for patient in PRACTICE.patients if patient.notes}
    assert {entry.kind for entry in entries} | kept == set(EntryKind)
    writing = [
        entry
        for entry in entries
        if entry.kind
        not in (
            EntryKind.GROUNDING,
            EntryKind.DAY,
            EntryKind.CHECK_IN,
            EntryKind.DAY_LINES,
            EntryKind.EVALUATION,
            EntryKind.MEASURE,
        )
    ]
    assert sum(60 <= len(words(entry.answers)) <= 300 for entry in writing) >= 0.8 * len(writing)
    assert sum(not entry.shared for entry in entries) >= 8
    assert sum(entry.edit is not None for entry in entries) >= 2
    assert sum(bool(entry.note) for entry in entries) >= 1


def test_results_are_mixed():
    """Grounding helps, helps a bit, does not help and makes it worse; a belief can rise, too."""
    entries = [entry for patient in PRACTICE.patients for entry in patient.entries]
    helped = {entry.answers["ground.helped"] for entry in entries if entry.kind is EntryKind.GROUNDING}
    assert helped == {"yes", "bit", "no", "worse"}
    reframes = [entry.answers for entry in entries if entry.kind is EntryKind.REFRAME]
    moved = [
        int(str(one["reframe.old_belief_after"])) - int(str(one["reframe.old_belief_before"]))
        for one in reframes
    ]
    assert min(moved) < 0 < max(moved)


def test_a_reframe_goes_on_over_two_dosing_dates():
    """Six revisits on days of their own: what came of the first of two dates has faded by the second."""
    (found,) = [one for patient in PRACTICE.patients for one in patient.entries if one.revisits]
    assert found.edit is not None
    assert not [name for name, answer in found.edit.answers.items() if isinstance(answer, int)]
    days = [look.day for look in found.revisits]
    dosing = [one.day for one in PATIENTS["Alice"].sessions if one.kind is SessionKind.DOSING]
    assert len(found.revisits) == 6
    assert days == sorted(set(days))
    assert sum(found.day < day < days[-1] for day in dosing) == 2
    first = int(str(found.answers["reframe.old_belief_before"]))
    ratings = [Rating(TODAYS[0] + timedelta(days=look.day), look.old) for look in found.revisits]
    told = describe_course([Rating(TODAYS[0] + timedelta(days=found.day), first), *ratings])
    assert told.course is Course.HALF_WAY
    assert [(day - TODAYS[0]).days for day in told.days] == [-7, -5]


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_entry_is_as_its_form_would_have_made_it(entry):
    """Posting an entry gives back the same answers, before and after the change."""
    form = get_form(entry.kind)
    for answers in (entry.get_first_answers(TODAYS[0]), entry.get_latest_answers(TODAYS[0])):
        asked = {name: answer for name, answer in answers.items() if not form.field(name).apart}
        assert parse_answers(form, posted(form, asked)) == (asked, {})
        for name, parse in ((MEDICINE, parse_medicine), (READINGS, parse_readings)):
            assert [one.line for one in parse(answers.get(name))] == answers.get(name, [])
    assert set(entry.shared) <= set(entry.answers) & {field.id for field in form.shareable}
    assert entry.edit is None or set(entry.edit.answers) & set(entry.shared)
    assert entry.edit is None or (entry.edit.day, entry.edit.time) > (entry.day, entry.time)


@pytest.mark.parametrize("entry", ENTRIES)
def test_the_words_are_the_house_s(entry):
    """No entry uses a word we avoid, or claims that anything cures."""
    said = " ".join([entry.title, entry.note, *words(entry.get_latest_answers(TODAYS[0]))])
    assert (
        re.search(r"\b(trips?|victim|failed|should|healed|cured?|psychotherapy notes)\b", said, re.IGNORECASE)
        is None
    )
    assert '"' not in said


@pytest.mark.parametrize("today", TODAYS)
@pytest.mark.parametrize("name", PATIENTS)
def test_the_plan_is_whole_on_any_day(name, today):
    """Past sessions are over, coming ones planned, talks have their dosing session, and nothing is held."""
    patient = PATIENTS[name]
    sessions = patient.build_session_details(
        today, {place: str(place) for place in range(len(patient.sessions))}
    )
    now = datetime.combine(today, datetime.min.time(), ZoneInfo(patient.time_zone)).astimezone(UTC)
    for one in sessions:
        assert check_session(one) == {}
        assert (one.status in (Status.CLOSED, Status.INTEGRATING)) is (one.starts_at < now)
        assert abs(one.starts_at - now) > timedelta(hours=12) or one.starts_at > now
        if one.about is not None:
            assert sessions[int(one.about)].kind is SessionKind.DOSING
    assert [one.starts_at for one in sessions] == sorted(one.starts_at for one in sessions)
    assert find_hold(sessions, now) is None
    for entry in patient.entries:
        assert patient.get_moment(today, entry.day, entry.time) < now
        assert entry.session is None or entry.session < len(sessions)
        if entry.edit:
            assert patient.get_moment(today, entry.edit.day, entry.edit.time) < now


def test_each_stands_where_the_page_shows_something_else():
    """Alice is after the third of six at home, Dana before her first, Femi in maintenance at the clinic."""

    def dosing(name):
        return [one for one in PATIENTS[name].sessions if one.kind is SessionKind.DOSING]

    assert [one.status in (Status.CLOSED, Status.INTEGRATING) for one in dosing("Alice")] == [True] * 3 + [
        False
    ] * 3
    assert dosing("Dana")[0].status is Status.PREPARING
    assert {one.phase and one.phase.value for one in dosing("Femi")} == {"maintenance"}


def test_a_demonstration_of_before_is_recognised_by_its_people() -> None:
    """The addresses by which an unsealed demonstration is recognised are those of its people, and no others."""
    people = (PRACTICE.clinician, *PRACTICE.patients)
    assert set(DEMO_ADDRESSES) == {one.email for one in people}


def test_one_clinic_wrote_its_text_and_the_others_did_not():
    """Alice sees one with a sitter's part, hours and a timer, and ticked a line of it; dana and femi see none."""
    assert [name for name, patient in PATIENTS.items() if patient.instructions] == ["Alice"]
    text = PATIENTS["Alice"].instructions
    assert text is not None
    assert text.sitter_text
    assert text.part_minutes
    assert text.acute_hours != ACUTE_HOURS
    (ticked,) = [one for one in PATIENTS["Alice"].entries if one.kind is EntryKind.CHECKLIST]
    assert {*text.fasting.splitlines()} & {*split_lines(ticked.answers["check.done"])}
