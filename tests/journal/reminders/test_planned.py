"""When somebody is told: never in quiet hours, on no dosing day, once a day, and of the same thing twice at most."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from journal.clinic.hours import Window
from journal.mail.outbox import DeliveryOutcome
from journal.reading_hours.hours import Hours
from journal.reminders.following import Done, renew, select_next
from journal.reminders.kinds import AFTER, OFFERED, ReminderKind
from journal.reminders.planned import Due, Key, Planned, find_reading_hours
from journal.reminders.quiet import Calendar, QuietHours
from journal.reminders.waiting import MAX_MOMENTS, SIZE, Moment, Waiting, from_seconds, schedule, to_seconds
from journal.roles import Role
from journal.sealing import encode_document
from journal.sessions.course import CoursePlan, expand_plan
from journal.sessions.moments import USUAL
from journal.sessions.session import SessionKind, Setting, Status
from tests.journal.reminders.living import Life, begun, session, with_details

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
)
CLOCKS = st.times().map(lambda one: f"{one:%H:%M}")
HOURS = st.tuples(CLOCKS, CLOCKS).filter(lambda pair: pair[0] != pair[1])


def days(life: Life) -> list[date]:
    """The days on which somebody was told, by their own calendar."""
    return [at.astimezone(life.zone).date() for at, _ in life.told]


@settings(max_examples=25)
@given(
    st.sampled_from(ZONES),
    st.sampled_from(ZONES),
    st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    CLOCKS,
    HOURS,
    st.integers(1, 21),
    st.integers(0, 3),
)
@example("Pacific/Kiritimati", "Pacific/Pago_Pago", date(2026, 11, 1), "23:30", ("21:00", "08:00"), 14, 3)
@example("America/Santiago", "America/Santiago", date(2026, 9, 5), "22:00", ("22:30", "00:00"), 7, 3)
@example("Europe/Berlin", "Europe/Berlin", date(2026, 10, 24), "20:00", ("21:00", "02:30"), 14, 3)
@example("Europe/Berlin", "Europe/Berlin", date(2026, 12, 1), "14:00", ("21:00", "08:00"), 14, 1)
@example("Europe/Berlin", "Europe/Berlin", date(2026, 12, 1), "14:00", ("21:00", "08:00"), 1, 0)
def test_a_course_of_messages(
    zone: str, place: str, first: date, at: str, hours: tuple[str, str], every: int, talk_after: int
) -> None:
    """In any zone, over every change of the clocks: the person's quiet hours, dosing days and one a day are kept."""
    plan = [session(n, f"{first + timedelta(days=n * every)}T{at}", place) for n in range(1, 4)]
    talk = session(9, f"{first + timedelta(days=every + talk_after)}T10:00", place, SessionKind.INTEGRATION)
    life = Life(
        ZoneInfo(zone),
        plan[0].starts_at - timedelta(days=9),
        sorted([*plan, talk], key=lambda o: o.starts_at),
        hours,
    )
    due, calendar = life.know().due, life.know().calendar
    life.live(plan[-1].starts_at + timedelta(days=70))
    told = days(life)
    assert len(told) == len(set(told))
    for moment, moments in life.told:
        assert not life.quiet.has(moment), moment
        assert all(from_seconds(one.since) <= moment < from_seconds(one.until) for one in moments)
    for one in plan:
        day = one.starts_at.astimezone(life.zone).date()
        assert day not in told
        rest = one.starts_at + timedelta(hours=8)
        assert not [at for at, _ in life.told if one.starts_at <= at < rest]
        mornings = [at for at, _ in life.told if at.astimezone(life.zone).date() == day + timedelta(days=1)]
        ends = life.quiet.find_end(
            datetime.combine(day + timedelta(days=1), time(), life.zone).astimezone(UTC)
        )
        assert all(moment >= ends for moment in mornings)
    # What was never told had no hour, or its day had its message before it had come.
    heard = {one for _, moments in life.told for one in moments}
    for (kind, which), one in due.items():
        free = calendar.find_time(one.since)
        begins = next((other.starts_at for other in plan if other.id == which), free)
        later = [other for other in plan if kind in AFTER and begins < other.starts_at <= free]
        if free < one.until and not later and Moment.build(one) not in heard:
            assert [
                at for at, _ in life.told if calendar.get_day(at) == calendar.get_day(free) and at < free
            ], one
    # Whatever still waited when a message could go, was told; and after one repeat there is silence.
    assert not life.waiting.moments
    assert (life.waiting.told, life.waiting.next_at) == ((), 0)
    assert all(moments or earlier for (_, earlier), (_, moments) in pairwise(life.told))


def test_the_usual_course_is_told_of_at_its_moments() -> None:
    """One session, nothing done and nobody back: each moment at its time or at the end of the quiet hours."""
    life = Life(
        BERLIN, datetime(2026, 11, 1, 12, tzinfo=UTC), [session(1, "2026-12-01T14:00", "Europe/Berlin")]
    )
    life.live(datetime(2027, 2, 1, tzinfo=UTC))
    found = [
        f"{at.astimezone(BERLIN):%d.%m. %H:%M}{'' if moments else ' again'}" for at, moments in life.told
    ]
    assert found == [
        "24.11. 14:00",
        "26.11. 14:00 again",
        "30.11. 14:00",
        "02.12. 14:00",
        "04.12. 14:00",
        "06.12. 14:00 again",
        "08.12. 14:00",
        "10.12. 14:00 again",
        "15.12. 14:00",
        "17.12. 14:00 again",
        "31.12. 08:00",
        "02.01. 08:00 again",
    ]


def test_a_talk_of_the_morning_does_not_wait_for_the_afternoon() -> None:
    """The day after a session: told of the talk as quiet hours end, and of what comes later on the next day."""
    plan = [
        session(1, "2026-12-01T14:00", "Europe/Berlin"),
        session(2, "2026-12-02T09:00", "Europe/Berlin", SessionKind.INTEGRATION),
    ]
    kinds = [ReminderKind.TALK, ReminderKind.HOURS_24]
    life = Life(BERLIN, datetime(2026, 11, 1, tzinfo=UTC), plan, kinds=kinds)
    life.live(datetime(2026, 12, 4, tzinfo=UTC))
    assert [f"{at.astimezone(BERLIN):%d.%m. %H:%M}" for at, _ in life.told] == [
        "02.12. 08:00",
        "03.12. 08:00",
    ]


@pytest.mark.parametrize("is_repeat", [False, True])
def test_a_message_whose_reason_is_gone_lends_its_id_to_no_other(is_repeat: bool) -> None:
    """A server may have taken it and not said so: under its id, what comes later would be taken for the same."""
    plan = [
        session(1, "2026-12-01T14:00", "Europe/Berlin", SessionKind.INTEGRATION),
        session(2, "2026-12-20T14:00", "Europe/Berlin", SessionKind.INTEGRATION),
    ]
    life = Life(BERLIN, datetime(2026, 11, 28, tzinfo=UTC), plan)
    if is_repeat:
        life.plan = [session(1, "2026-12-05T14:00", "Europe/Berlin"), plan[1]]
        life.__post_init__()
        life.live(datetime(2026, 11, 29, tzinfo=UTC))
        assert life.told
    life.now = from_seconds(life.waiting.next_at)
    life.send(DeliveryOutcome.RETRY)
    assert (bool(life.waiting.letter), life.waiting.is_repeat) == (True, is_repeat)
    life.come_back()
    life.change([plan[1]])
    assert (life.waiting.letter, life.waiting.made_at, life.waiting.attempts) == ("", 0, 0)
    assert from_seconds(life.waiting.next_at) == plan[1].starts_at - timedelta(days=1)


def test_every_two_weeks_is_fourteen_days_from_the_start() -> None:
    """A course that is planned every two weeks is told of every 14 days, and not on two days of a month."""
    course = CoursePlan(date(2027, 1, 18), time(14), "Europe/Berlin", 5, 14, Setting.HOME)
    plan = [with_details(n, one.details) for n, one in enumerate(expand_plan(course), 1)]
    life = Life(BERLIN, datetime(2027, 1, 1, tzinfo=UTC), plan, kinds=[ReminderKind.CHECKLIST])
    life.live(datetime(2027, 5, 1, tzinfo=UTC))
    assert days(life) == [date(2027, 1, 17) + timedelta(days=14 * n) for n in range(5)]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_a_day_is_the_persons_own(zone: str) -> None:
    """At the two ends of the calendar: the same session, told of by clocks that are 25 hours apart."""
    life = Life(ZoneInfo(zone), datetime(2026, 11, 1, tzinfo=UTC), [session(1, "2026-12-01T12:00", "UTC")])
    life.live(datetime(2027, 2, 1, tzinfo=UTC))
    local = [at.astimezone(life.zone) for at, _ in life.told]
    assert all(time(8) <= at.time() < time(21) for at in local)
    assert life.told[-2][0].astimezone(life.zone).replace(tzinfo=None) == datetime.combine(
        datetime(2026, 12, 1, 12, tzinfo=UTC).astimezone(life.zone).date() + timedelta(days=30), time(8)
    )


def test_a_moved_session_moves_its_moments_and_a_cancelled_one_takes_them() -> None:
    """What was told stays told; what is still to come comes at its new time, once."""
    life = Life(BERLIN, datetime(2026, 11, 1, tzinfo=UTC), [session(1, "2026-12-01T14:00", "Europe/Berlin")])
    life.live(datetime(2026, 11, 25, tzinfo=UTC))
    life.change([session(1, "2026-12-03T10:00", "Europe/Berlin")])
    life.live(datetime(2026, 12, 6, tzinfo=UTC))
    assert [f"{at.astimezone(BERLIN):%d.%m. %H:%M}" for at, _ in life.told] == [
        "24.11. 14:00", "26.11. 10:00", "28.11. 10:00", "02.12. 10:00", "04.12. 10:00",
    ]  # fmt: skip
    before = list(life.told)
    life.change([with_details(1, msgspec.structs.replace(life.plan[0].details, status=Status.CANCELLED))])
    life.live(datetime(2027, 3, 1, tzinfo=UTC))
    assert (life.told, life.waiting.next_at) == (before, 0)


def test_a_session_that_is_planned_late_is_told_of_at_once() -> None:
    """Within the days for preparing, it is told by the next hour that is not quiet; so is one moved there."""
    life = Life(BERLIN, datetime(2026, 11, 1, 22, tzinfo=UTC), [])
    life.change([session(1, "2026-11-05T14:00", "Europe/Berlin")])
    life.live(datetime(2026, 11, 3, tzinfo=UTC))
    assert [f"{at.astimezone(BERLIN):%d.%m. %H:%M}" for at, _ in life.told] == ["02.11. 08:00"]


def test_what_nobody_began_is_not_asked_about() -> None:
    """A planned time that passed without a word tells nothing of after; once it is said, what is still due is told."""
    life = Life(
        BERLIN, datetime(2026, 11, 30, 20, tzinfo=UTC), [session(1, "2026-12-01T14:00", "Europe/Berlin")]
    )
    life.live(datetime(2026, 12, 3, tzinfo=UTC), starts=False)
    assert life.told == []
    life.change([begun(life.plan[0], life.plan[0].starts_at)])
    life.live(datetime(2026, 12, 4, tzinfo=UTC))
    assert [f"{at.astimezone(BERLIN):%d.%m. %H:%M}" for at, _ in life.told] == ["03.12. 08:00"]


def test_who_came_back_is_not_told_again() -> None:
    """One repeat after two days where nobody signed in, and then silence; none where somebody did."""
    at = datetime(2026, 11, 1, tzinfo=UTC)
    for returns, expected in ((False, 2), (True, 1)):
        life = Life(
            BERLIN, at, [session(1, "2026-12-01T14:00", "Europe/Berlin")], kinds=[ReminderKind.DAYS_14]
        )
        life.live(datetime(2026, 12, 16, tzinfo=UTC))
        if returns:
            life.come_back()
        life.live(datetime(2027, 6, 1, tzinfo=UTC))
        assert len(life.told) == expected


def test_a_mail_server_that_is_away_keeps_one_letter_until_it_may_go() -> None:
    """The same id at each attempt; never in quiet hours, and not once what it was about is over."""
    life = Life(BERLIN, datetime(2026, 11, 1, tzinfo=UTC), [session(1, "2026-12-01T20:30", "Europe/Berlin")])
    ids, tries = set(), []
    while life.now < datetime(2026, 12, 1, tzinfo=UTC):
        life.now = max(life.now, min(from_seconds(life.waiting.next_at), life.plan[0].starts_at))
        attempts = life.waiting.attempts
        life.send(DeliveryOutcome.RETRY)
        if life.waiting.attempts > attempts:
            tries.append(life.now)
            ids.add(life.waiting.letter)
    assert len(tries) > 10
    assert not [at for at in tries if life.quiet.has(at)]
    assert [at for at in tries if at >= life.plan[0].starts_at] == []
    assert len(ids - {""}) <= 2  # one for preparing; it was over before the check list's
    life.live(datetime(2026, 12, 3, 20, tzinfo=UTC))
    assert len(life.told) == 1


def test_what_is_done_or_was_told_is_not_renewed() -> None:
    """A person's own request keeps what comes, and of what has come only what still waits."""
    life = Life(BERLIN, datetime(2026, 11, 25, tzinfo=UTC), [session(1, "2026-12-01T14:00", "Europe/Berlin")])
    known = life.know()
    assert (ReminderKind.PREPARATION, life.plan[0].id) in known.due
    passed = Moment.build(known.due[ReminderKind.PREPARATION, life.plan[0].id])
    assert passed not in life.waiting.moments
    pending = msgspec.structs.replace(life.waiting, moments=(passed,))
    assert passed in renew(pending, known.due, Done(), life.now).moments
    for key, due in known.due.items():
        assert Moment.build(due) not in renew(pending, known.due, Done({key}), life.now).moments


def test_a_clinician_is_told_of_the_next_hours_alone() -> None:
    """By the clock of their hours, past days away; once told, nothing comes before they are back, but one repeat."""
    hours = Hours("Europe/Berlin", (Window((1, 3), "09:00", "10:00"),), "2026-11-30", "2026-12-18")
    now = datetime(2026, 11, 29, tzinfo=UTC)
    due: dict[Key, Due] = {
        (ReminderKind.READING_HOURS, one.since): one for one in find_reading_hours(hours, now)
    }
    first = datetime(2026, 12, 21, 8, tzinfo=UTC)
    waiting = renew(Waiting(), select_next(due, now), Done(), now)
    assert [from_seconds(one.since) for one in waiting.moments] == [first]
    assert OFFERED[Role.CLINICIAN] == (ReminderKind.READING_HOURS,)


def test_a_slot_has_one_size() -> None:
    """Full, with as many moments told, it fits into the size that an empty one has."""
    many = tuple(Moment(4_000_000_000 + n, 4_100_000_000 + n, False) for n in range(MAX_MOMENTS))
    full = Waiting(
        4_000_000_000, many, 4_000_000_000, many, "f" * 32, 4_000_000_000, 9999, 4_000_000_000, True
    )
    assert len(encode_document(full)) < SIZE
    calendar = Calendar(QuietHours(time(21), time(8), BERLIN))
    more = tuple(Moment(to_seconds(datetime(2027, 1, 1, tzinfo=UTC)) + n, 4_100_000_000) for n in range(99))
    kept = schedule(Waiting(moments=more), calendar, datetime(2026, 11, 1, tzinfo=UTC)).moments
    assert kept == more[:MAX_MOMENTS]


@given(st.sampled_from(ZONES), st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)), HOURS)
def test_quiet_hours_end(zone: str, naive: datetime, hours: tuple[str, str]) -> None:
    """From any moment in them an end is found within two days, at which they do not have the clock."""
    begin, end = map(time.fromisoformat, hours)
    quiet, moment = QuietHours(begin, end, ZoneInfo(zone)), naive.replace(tzinfo=UTC)
    found = quiet.find_end(moment)
    assert moment <= found < moment + timedelta(days=2)
    assert not quiet.has(found)
    assert Calendar(quiet).find_time(moment) == (found if quiet.has(moment) else moment)


def test_a_session_has_its_place_among_others() -> None:
    """Of two in a row, the later one is prepared for once the earlier one has begun; what is after is of the latest."""
    plan = [session(1, "2026-12-01T14:00", "UTC"), session(2, "2026-12-04T14:00", "UTC")]
    due = Planned(plan, {}, ZoneInfo("UTC"), datetime(2026, 11, 20, tzinfo=UTC)).list_due(ReminderKind)
    assert due[ReminderKind.PREPARATION, plan[1].id].since == plan[0].starts_at
    plan = [begun(one, one.starts_at) for one in plan]
    due = Planned(plan, {None: USUAL}, ZoneInfo("UTC"), datetime(2026, 12, 6, tzinfo=UTC)).list_due(
        ReminderKind
    )
    assert {session for _, session in due} == {plan[1].id}
