"""Courses become sessions, and wall-clock times stay what the clock on the wall says."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.i18n import LANGUAGES
from journal.sessions.course import CoursePlan, check_plan, expand_plan, link_planned_sessions
from journal.sessions.session import (
    ALLOWED_MOVES,
    Phase,
    Route,
    SessionDetails,
    SessionKind,
    Setting,
    Status,
    check_session,
)
from journal.time_zones import (
    WallClockError,
    get_place,
    is_zone,
    list_common_zones,
    list_zone_choices,
    parse_local,
    parse_zone,
    resolve_local_time,
)

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC")


def plan(**changes: Any) -> CoursePlan:
    """Return a course of six weekly sessions at home, with talks around them."""
    fields: dict[str, Any] = {
        "first_date": date(2026, 12, 1),
        "first_time": time(9, 0),
        "zone": "Europe/Berlin",
        "dosing_count": 6,
        "every_days": 7,
        "setting": Setting.HOME,
        "route": Route.SUBLINGUAL,
        "phase": Phase.INDUCTION,
        "preparation_days_before": 3,
        "integration_days_after": 2,
    }
    return CoursePlan(**(fields | changes))


def dosing_session(**changes: Any) -> SessionDetails:
    """Return one dosing session at home."""
    fields: dict[str, Any] = {
        "kind": SessionKind.DOSING,
        "local": "2026-12-01T09:00",
        "zone": "Europe/Berlin",
        "minutes": 120,
        "setting": Setting.HOME,
    }
    return SessionDetails(**(fields | changes))


@pytest.mark.parametrize(
    ("local", "zone", "utc", "note"),
    [
        ("2026-03-29T01:59", "Europe/Berlin", "2026-03-29T00:59", ""),
        ("2026-03-29T02:30", "Europe/Berlin", "2026-03-29T01:30", "gap"),
        ("2026-03-29T03:00", "Europe/Berlin", "2026-03-29T01:00", ""),
        ("2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30", "fold"),
        ("2026-10-25T03:00", "Europe/Berlin", "2026-10-25T02:00", ""),
        ("2026-03-08T02:30", "America/New_York", "2026-03-08T07:30", "gap"),
        ("2026-11-01T01:30", "America/New_York", "2026-11-01T05:30", "fold"),
        ("2026-10-04T02:15", "Australia/Lord_Howe", "2026-10-03T15:45", "gap"),
        ("2026-04-05T01:45", "Australia/Lord_Howe", "2026-04-04T14:45", "fold"),
        ("2026-04-05T01:15", "Australia/Lord_Howe", "2026-04-04T14:15", ""),
        ("2026-06-01T09:00", "Asia/Kathmandu", "2026-06-01T03:15", ""),
        ("2028-02-29T09:00:30", "UTC", "2028-02-29T09:00:30", ""),
    ],
)
def test_wall_times_around_a_change_of_the_clocks(local, zone, utc, note):
    """A skipped time moves forward and says so; of a time that comes twice the first is taken."""
    resolved = resolve_local_time(local, zone)
    assert resolved.utc == datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert resolved.fold_note == note
    assert bool(resolved.sentence) is bool(note)


def test_a_gap_moves_by_its_own_length():
    """Lord Howe's clocks skip thirty minutes, Berlin's an hour: a skipped time moves by just as much."""
    assert resolve_local_time("2026-10-04T02:15", "Australia/Lord_Howe").utc.astimezone(
        ZoneInfo("Australia/Lord_Howe")
    ).time() == time(2, 45)
    assert resolve_local_time("2026-03-29T02:30", "Europe/Berlin").utc.astimezone(
        ZoneInfo("Europe/Berlin")
    ).time() == time(3, 30)


@pytest.mark.parametrize(
    "local",
    [
        "",
        "tomorrow",
        "2026-12-01",
        "2026-12-01 09:00",
        "2026-12-01T9:00",
        "2026-12-01T09:00Z",
        "2026-12-01T09:00+01:00",
        "2026-02-29T09:00",
        "2026-12-01T24:00",
        "0001-01-01T00:00",
        "9999-12-31T23:59",
        "２０２６-12-01T09:00",
    ],
)
def test_a_wall_time_is_a_day_and_a_time(local):
    """Anything else is refused with a sentence."""
    with pytest.raises(WallClockError, match="day and a time"):
        parse_local(local)


@pytest.mark.parametrize(
    "name",
    ["", "Mars/Olympus", "europe/berlin", "../../etc/passwd", "/etc/passwd", "America", "Europe/Berlin\0"],
)
def test_a_zone_is_one_of_the_known_names(name):
    """No other name is looked up, least of all as a path."""
    assert not is_zone(name)
    with pytest.raises(WallClockError, match="time zone"):
        parse_zone(name)


def test_a_zone_is_read_by_its_place_and_its_offset_of_now():
    """The place comes first, so that its first letters find it; the offset follows the season; old names lead to it."""
    winter, summer = (
        {one.name: one for one in list_zone_choices(datetime(2026, month, 1, tzinfo=UTC))} for month in (1, 7)
    )
    assert winter["Europe/Berlin"].label == "Berlin, Germany (UTC+01:00)"
    assert summer["Europe/Berlin"].label == "Berlin, Germany (UTC+02:00)"
    assert winter["America/Argentina/Buenos_Aires"].label == "Buenos Aires, Argentina (UTC-03:00)"
    assert winter["Asia/Kathmandu"].label == "Kathmandu, Nepal (UTC+05:45)"
    assert winter["UTC"].label == "UTC"
    assert "Asia/Calcutta" in winter["Asia/Kolkata"].old_names
    assert not [old for one in winter.values() for old in one.old_names if old in winter]


def test_places_are_called_and_sorted_as_the_reader_does():
    """Each zone in use is there once, whatever the language, with its country; accents are no letters of their own."""
    now, labels = datetime(2026, 1, 1, tzinfo=UTC), {}
    for language in LANGUAGES:
        choices = list_zone_choices(now, language=language)
        labels[language] = {one.name: one.label.partition(" (")[0] for one in choices}
        assert choices[0].name == "UTC"
        assert {*labels[language]} == {*list_common_zones()}
        assert len({*labels[language].values()}) == len(choices)
    spanish = [*labels["es"].values()]
    assert labels["es"]["America/New_York"] == "Nueva York, Estados Unidos"
    assert labels["es"]["Europe/Kyiv"] == "Kiev, Ucrania"  # the Unicode data know it by an old name alone
    assert labels["en"]["America/Coyhaique"] == "Coyhaique, Chile"  # and this one not at all
    assert labels["en"]["America/Indiana/Knox"] == "Knox, Indiana, United States"
    assert labels["es"]["America/Costa_Rica"] == "Costa Rica"
    assert spanish.index("Adelaida, Australia") < spanish.index("Ámsterdam, Países Bajos")
    assert spanish.index("Ámsterdam, Países Bajos") < spanish.index("Berlín, Alemania")
    assert get_place("US/Eastern", "es") == "Eastern, US"


def test_the_zone_that_somebody_has_stands_on_top():
    """Also by an old name, which goes on working; what is no zone stays as it was sent, to be refused."""
    zones = list_zone_choices(datetime(2026, 1, 1, tzinfo=UTC), "US/Eastern", "Mars/Olympus", "Europe/Berlin")
    assert [one.name for one in zones[:3]] == ["US/Eastern", "Mars/Olympus", "Europe/Berlin"]
    assert zones[0].label == "Eastern, US (UTC-05:00)"
    assert len({one.name for one in zones}) == len(zones)


def test_the_list_of_zones_names_places():
    """The list to choose from is sorted, has the usual zones and none that are spelled as offsets."""
    zones = list_common_zones()
    assert zones[0] == "UTC"
    assert list(zones[1:]) == sorted(zones[1:])
    assert {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"} <= set(zones)
    assert not [name for name in zones if name.startswith(("Etc/", "US/", "SystemV/"))]
    assert not {
        "Asia/Calcutta",
        "Europe/Kiev",
        "America/Montreal",
        "Asia/Istanbul",
        "Antarctica/South_Pole",
    } & set(zones)
    assert all(is_zone(name) for name in zones)


def test_a_course_becomes_sessions_in_order():
    """One preparation, six dosing and six integration sessions come in the order they take place."""
    sessions = expand_plan(plan())
    kinds = [one.details.kind for one in sessions]
    assert kinds == [SessionKind.PREPARATION] + [SessionKind.DOSING, SessionKind.INTEGRATION] * 6
    assert [one.details.sequence_no for one in sessions if one.details.kind is SessionKind.DOSING] == [
        1,
        2,
        3,
        4,
        5,
        6,
    ]
    assert [one.about for one in sessions] == [1, None, 1, None, 3, None, 5, None, 7, None, 9, None, 11]
    assert sessions[0].details.local == "2026-11-28T10:00"
    assert sessions[2].details.local == "2026-12-03T10:00"
    assert sessions[1].details.route is Route.SUBLINGUAL
    assert sessions[2].details.route is None
    assert {one.details.status for one in sessions} == {Status.PLANNED}


def test_sessions_are_linked_by_the_ids_they_are_given():
    """Once sessions have ids, each talk carries the id of its dosing session."""
    sessions = expand_plan(plan(dosing_count=2))
    ids = [f"id-{place}" for place in range(len(sessions))]
    assert [one.about for one in link_planned_sessions(sessions, ids)] == ["id-1", None, "id-1", None, "id-3"]


def test_talks_can_be_left_out():
    """Without days before and after, a course is its dosing sessions alone."""
    sessions = expand_plan(plan(preparation_days_before=None, integration_days_after=None))
    assert [one.details.kind for one in sessions] == [SessionKind.DOSING] * 6


def test_nine_o_clock_remains_nine_o_clock_when_the_clocks_change():
    """A weekly series across the end of summer time keeps its wall time; the moment shifts by an hour."""
    sessions = expand_plan(
        plan(
            first_date=date(2026, 10, 18),
            dosing_count=2,
            preparation_days_before=None,
            integration_days_after=None,
        )
    )
    assert [one.details.local[11:] for one in sessions] == ["09:00", "09:00"]
    assert [one.details.starts_at.hour for one in sessions] == [7, 8]


@given(
    st.dates(date(2020, 1, 1), date(2040, 12, 31)),
    st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    st.sampled_from(ZONES),
    st.integers(1, 20),
    st.integers(1, 90),
)
def test_every_session_has_the_wall_time_of_the_first(first, at, zone, count, every):
    """Seen on the wall, all sessions of a course start at the same time, but for times the clocks skip."""
    sessions = expand_plan(
        CoursePlan(first, at, zone, count, every, Setting.CLINIC, preparation_days_before=None)
    )
    assert len(sessions) == count
    for index, one in enumerate(sessions):
        resolved = one.details.resolved
        seen = resolved.utc.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        assert parse_local(one.details.local) == datetime.combine(first + timedelta(days=index * every), at)
        if resolved.fold_note == "gap":
            assert timedelta(0) < seen - parse_local(one.details.local) <= timedelta(hours=1)
        else:
            assert seen == parse_local(one.details.local)


@given(st.dates(date(1970, 1, 2), date(2200, 12, 30)), st.times(), st.sampled_from(ZONES))
def test_resolving_never_goes_back_before_the_time_asked_for(day, at, zone):
    """Whatever the clocks do, the wall never shows an earlier time than the one asked for."""
    local = f"{day}T{at:%H:%M}"
    seen = resolve_local_time(local, zone).utc.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    assert seen >= parse_local(local)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"dosing_count": 0}, "dosing_count"),
        ({"dosing_count": 21}, "dosing_count"),
        ({"every_days": 0}, "every_days"),
        ({"every_days": 91}, "every_days"),
        ({"minutes": 0}, "minutes"),
        ({"talk_minutes": 0}, "talk_minutes"),
        ({"preparation_days_before": 31}, "preparation_days_before"),
        ({"preparation_days_before": -1}, "preparation_days_before"),
        ({"integration_days_after": 15}, "integration_days_after"),
        ({"preparation_days_before": 0, "preparation_time": time(9, 0)}, "preparation_time"),
        ({"integration_days_after": 0, "integration_time": time(8, 0)}, "integration_time"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"first_date": date(1, 1, 1)}, "first_date"),
        ({"first_date": date(9999, 12, 31)}, "first_date"),
        ({"route": Route.INTRANASAL_ESKETAMINE}, "setting"),
        ({"dose_text": "x" * 301}, "dose_text"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_by_field(changes, field):
    """Each problem names its field in a sentence, and such a plan does not become sessions."""
    problems = check_plan(plan(**changes))
    assert set(problems) == {field}
    assert problems[field].endswith(".")
    with pytest.raises(ValueError, match=r"\.$"):
        expand_plan(plan(**changes))


def test_esketamine_spray_is_for_the_clinic():
    """The nasal spray can be planned in the clinic and nowhere else."""
    spray = {"route": Route.INTRANASAL_ESKETAMINE}
    assert check_session(dosing_session(**spray, setting=Setting.CLINIC)) == {}
    for elsewhere in (Setting.HOME, Setting.TELEHEALTH_HOME):
        assert "clinic" in check_session(dosing_session(**spray, setting=elsewhere))["setting"]


def test_a_session_says_all_its_problems_at_once():
    """Zone, time, length and long text are judged together."""
    problems = check_session(dosing_session(zone="x", local="y", minutes=0, note="n" * 2001))
    assert set(problems) == {"zone", "local", "minutes", "note"}


def test_a_session_is_stored_and_read_back():
    """A session survives its sealed document's encoding, and an unknown field is refused."""
    details = dosing_session(route=Route.IM, phase=Phase.SINGLE, status=Status.RECOVERING, about="id")
    stored = msgspec.json.encode(details)
    assert msgspec.json.decode(stored, type=SessionDetails) == details
    assert b'"route":"im"' in stored
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(stored.replace(b'"minutes"', b'"seconds"'), type=SessionDetails)


def test_start_and_end():
    """A session ends its minutes after it starts, across a change of the clocks too."""
    details = dosing_session(local="2026-10-25T01:30", minutes=120)
    assert details.starts_at == datetime(2026, 10, 24, 23, 30, tzinfo=UTC)
    assert details.ends_at - details.starts_at == timedelta(hours=2)


def test_every_code_has_words():
    """Each kind, setting, route, phase and status has a label that is not its code."""
    for codes in (SessionKind, Setting, Route, Phase, Status):
        assert all(code.label and code.label != code.value for code in codes)


def test_moves_reach_every_status_and_never_undo_a_start():
    """Every status can be reached and left; none leads from a begun session back to one not begun."""
    assert set(ALLOWED_MOVES) == set(Status)
    assert set().union(*ALLOWED_MOVES.values()) == set(Status)
    before = {Status.PLANNED, Status.PREPARING, Status.DAY_OF, Status.CANCELLED}
    begun = [Status.IN_SESSION, Status.RECOVERING, Status.STOPPED_EARLY, Status.INTEGRATING]
    reached = set(begun)
    for _ in Status:
        reached |= {after for status in reached for after in ALLOWED_MOVES[status]}
    assert not reached & before
    assert not any(status in after for status, after in ALLOWED_MOVES.items())
    assert {status for status, after in ALLOWED_MOVES.items() if Status.IN_SESSION in after} == before - {
        Status.CANCELLED
    }
