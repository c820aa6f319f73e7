"""The plan: who may see, add, change and move a session, and what a status brings with it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import date, time, timedelta
from uuid import UUID, uuid4

import msgspec
import pytest

from journal.accounts.profiles import load_profile
from journal.actor import Actor
from journal.audit.acts import Act
from journal.audit.tables import AuditPending
from journal.errors import Damaged, HeldUntilRested, InvalidInput, JournalError, NotFound, StaleRevision
from journal.scheduling import plan as session_plan
from journal.sessions import holds, schedule
from journal.sessions import tables as sessions_tables
from journal.sessions.course import CoursePlan
from journal.sessions.day_state import record_dosing_day
from journal.sessions.holds import refuse_while_held
from journal.sessions.rows import load_my_sessions, save_session
from journal.sessions.session import (
    Phase,
    Route,
    SessionDetails,
    SessionKind,
    Setting,
    Status,
    list_next_statuses,
)
from journal.store.database import get_connection, is_sqlite
from tests.cast import NOON, Cast
from tests.scenes import signed_in_again
from tests.shared_material import dosing, plan_course

TODAY = SessionDetails(SessionKind.DOSING, "2026-11-22T14:00", "Europe/Berlin", 120, Setting.HOME)
TALK = SessionDetails(
    SessionKind.INTEGRATION, "2026-11-23T10:00", "Europe/Berlin", 50, Setting.TELEHEALTH_HOME
)
AFTER = timedelta(hours=2)  # an hour into the session of today


async def count_changes(session: UUID) -> int:
    """Count what the audit log has to tell of changes of a session."""
    return await AuditPending.filter(object_id=session, action=Act.SESSION_CHANGED).count()


async def test_a_course_is_written_at_once_and_both_see_it(cast: Cast) -> None:
    """Patient and clinician see the same sessions in order; talks point to their dosing session."""
    await plan_course(cast)
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    mine = await load_my_sessions(alice)
    assert mine == await session_plan.load_patient_plan(bob, alice.id)
    assert "".join(one.details.kind.value[0] for one in mine) == "pdidididididi"
    assert [one.starts_at for one in mine] == sorted(one.starts_at for one in mine)
    third = (await dosing(cast))[2]
    assert [one.details.kind for one in schedule.list_talks(third, mine)] == [SessionKind.INTEGRATION]
    assert {one.details.added_by_patient for one in mine} == {False}


async def test_a_form_sent_twice_plans_once(cast: Cast) -> None:
    """The same course and the same session are written once, however often they are sent."""
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    plan = CoursePlan(date(2026, 12, 1), time(9), "Europe/Berlin", 2, 7, Setting.CLINIC)
    course, ident = uuid4(), uuid4()
    for _ in range(2):
        assert await session_plan.plan_course(bob, alice.id, "", plan, course=course) == course
        assert await session_plan.add_session(alice, alice.id, TODAY, ident=ident) == ident
    assert len(await load_my_sessions(alice)) == 3


@pytest.mark.parametrize("outsider", ["charlie", "dana"])
async def test_nobody_else_finds_a_session(cast: Cast, outsider: str) -> None:
    """For other clinicians and patients neither the plan nor a session exists, whatever they try."""
    alice, stranger = await cast.actor("alice"), await cast.actor(outsider)
    ident = await session_plan.add_session(alice, alice.id, TODAY)
    for attempt in (
        session_plan.load_session(stranger, ident),
        session_plan.load_patient_plan(stranger, alice.id),
        session_plan.add_session(stranger, alice.id, TALK),
        session_plan.change_session(stranger, ident, 1, TALK),
        session_plan.change_status(stranger, ident, Status.CANCELLED),
    ):
        with pytest.raises(NotFound):
            await attempt
    assert (await session_plan.load_session(alice, ident)).details.status is Status.PLANNED


async def test_only_clinicians_plan_courses(cast: Cast) -> None:
    """A patient adds single sessions; the form for a course is not theirs."""
    alice = await cast.actor("alice")
    with pytest.raises(NotFound):
        await session_plan.plan_course(
            alice, alice.id, "", CoursePlan(date(2026, 12, 1), time(9), "UTC", 1, 1, Setting.HOME)
        )


async def test_a_patient_changes_what_they_added_and_else_the_sitter(cast: Cast) -> None:
    """Of what the clinician planned, a patient's change keeps the sitter and leaves the rest out."""
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    own = await session_plan.add_session(alice, alice.id, TODAY)
    planned = await session_plan.add_session(
        bob, alice.id, msgspec.structs.replace(TODAY, dose_text="as told")
    )
    wanted = msgspec.structs.replace(TODAY, local="2026-12-01T16:00", dose_text="twice as much", sitter="Kim")
    for ident in (own, planned):
        await session_plan.change_session(alice, ident, 1, wanted)
    assert (await session_plan.load_session(bob, own)).details.local == "2026-12-01T16:00"
    kept = (await session_plan.load_session(bob, planned)).details
    assert (kept.local, kept.dose_text, kept.sitter) == ("2026-11-22T14:00", "as told", "Kim")


async def test_a_change_touches_no_status(cast: Cast) -> None:
    """How far along a session is cannot be slipped in with a change of the plan."""
    alice = await cast.actor("alice")
    ident = await session_plan.add_session(alice, alice.id, TODAY)
    slipped = msgspec.structs.replace(
        TODAY, note="x", status=Status.CLOSED, rested_on="2027-01-01", started_at="2020-01-01T00:00:00+00:00"
    )
    await session_plan.change_session(alice, ident, 1, slipped)
    found = (await session_plan.load_session(alice, ident)).details
    assert (found.note, found.status, found.rested_on, found.started_at) == ("x", Status.PLANNED, None, None)


async def test_of_two_changes_at_once_the_second_is_told(cast: Cast) -> None:
    """A change made from an older version is refused, and nothing of it is saved."""
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    ident = await session_plan.add_session(alice, alice.id, TODAY)
    await session_plan.change_session(bob, ident, 1, msgspec.structs.replace(TODAY, local="2026-11-24T14:00"))
    with pytest.raises(StaleRevision):
        await session_plan.change_session(
            alice, ident, 1, msgspec.structs.replace(TODAY, local="2026-11-25T14:00")
        )
    assert (await session_plan.load_session(alice, ident)).details.local == "2026-11-24T14:00"


async def test_a_begun_session_keeps_its_day_and_kind(cast: Cast) -> None:
    """Moving a begun session, or calling it a talk, would end the hold early: neither is possible."""
    alice = await cast.actor("alice")
    ident = await session_plan.add_session(alice, alice.id, TODAY)
    await session_plan.change_status(alice, ident, Status.IN_SESSION)
    for change, field in (
        ({"local": "2026-11-20T14:00"}, "local"),
        ({"zone": "Pacific/Kiritimati"}, "local"),
        ({"kind": SessionKind.INTEGRATION}, "kind"),
    ):
        with pytest.raises(InvalidInput) as refused:
            await session_plan.change_session(alice, ident, 2, msgspec.structs.replace(TODAY, **change))
        assert set(refused.value.fields) == {field}


@pytest.mark.parametrize(
    "said",
    [
        (),
        (Status.DAY_OF,),
        (Status.IN_SESSION,),
        (Status.IN_SESSION, Status.RECOVERING),
        (Status.IN_SESSION, Status.STOPPED_EARLY),
        (Status.CANCELLED,),
    ],
)
async def test_no_change_of_the_plan_makes_what_pages_know_of_the_day_untrue(
    cast: Cast, said: tuple[Status, ...]
) -> None:
    """Whatever of a session is changed, its time zone and kind too, every page knows the same day as the plan."""
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    ident = await session_plan.add_session(alice, alice.id, TODAY)
    for status in said:
        await session_plan.change_status(alice, ident, status)
    for change in (
        {"zone": "Pacific/Kiritimati"},
        {"zone": "Pacific/Pago_Pago"},
        {"local": "2026-11-22T03:00"},
        {"kind": SessionKind.INTEGRATION},
        {"minutes": 600},
        {"setting": Setting.CLINIC},
    ):
        for who in (alice, bob):
            one = await session_plan.load_session(who, ident)
            with suppress(InvalidInput):
                changed = msgspec.structs.replace(one.details, **change)
                await session_plan.change_session(who, ident, one.revision, changed)
            known = (await load_profile(cast.installation, alice.id)).dosing_day
            await record_dosing_day(cast.installation, alice.id, cast.clock.now)
            assert (await load_profile(cast.installation, alice.id)).dosing_day == known


async def test_a_change_that_read_the_session_before_it_began_is_refused(cast: Cast) -> None:
    """Whichever revision the form names: what was planned never takes the place of a start that came in between."""
    alice = await cast.actor("alice")
    ident = await session_plan.add_session(alice, alice.id, TODAY)
    read_before = await session_plan.load_session(alice, ident)
    await session_plan.change_status(alice, ident, Status.IN_SESSION)
    with pytest.raises(StaleRevision):
        await save_session(alice, read_before, 2, msgspec.structs.replace(TODAY, zone="Asia/Tokyo"))
    assert (await session_plan.load_session(alice, ident)).status is Status.IN_SESSION


async def test_a_dosing_session_that_others_belong_to_keeps_its_kind(cast: Cast) -> None:
    """A talk is always about a dosing session that is one."""
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    ident = await session_plan.add_session(bob, alice.id, TODAY)
    await session_plan.add_session(bob, alice.id, msgspec.structs.replace(TALK, about=ident.hex))
    with pytest.raises(InvalidInput):
        await session_plan.change_session(
            bob, ident, 1, msgspec.structs.replace(TODAY, kind=SessionKind.PREPARATION)
        )
    for about in (uuid4().hex, "not an id"):
        with pytest.raises(InvalidInput):
            await session_plan.add_session(bob, alice.id, msgspec.structs.replace(TALK, about=about))


async def test_the_way_of_a_dosing_session(cast: Cast) -> None:
    """Started, over, rested the next day, complete: with the moments that go with it, and the hold between."""
    alice = await cast.actor("alice")
    one, three, next_day = (replace(alice, now=NOON + timedelta(hours=hours)) for hours in (1, 3, 21))
    ident = await session_plan.add_session(alice, alice.id, TODAY)
    await session_plan.change_status(one, ident, Status.IN_SESSION)
    await session_plan.change_status(three, ident, Status.RECOVERING)
    begun = (await session_plan.load_session(alice, ident)).details
    assert (begun.started_at, begun.ended_at) == ("2026-11-22T13:00:00+00:00", "2026-11-22T15:00:00+00:00")
    with pytest.raises(HeldUntilRested):
        await session_plan.confirm_rest(three)
    with pytest.raises(HeldUntilRested):
        await refuse_while_held(next_day)
    await session_plan.confirm_rest(next_day)
    await refuse_while_held(next_day)
    await session_plan.change_status(next_day, ident, Status.CLOSED)
    assert (await session_plan.load_session(alice, ident)).details.status is Status.CLOSED


@pytest.mark.parametrize("who", ["alice", "bob"])
@pytest.mark.parametrize("status", [Status.INTEGRATING, Status.CLOSED])
async def test_nobody_skips_the_rest(cast: Cast, who: str, status: Status) -> None:
    """Neither the patient nor the clinician moves a session on before the patient has rested."""
    alice = await cast.actor("alice")
    ident = await session_plan.add_session(alice, alice.id, TODAY)
    await session_plan.change_status(alice, ident, Status.IN_SESSION)
    await session_plan.change_status(alice, ident, Status.RECOVERING)
    with pytest.raises(InvalidInput):
        await session_plan.change_status(await cast.actor(who), ident, status)


async def load_statuses(actor: Actor) -> list[Status]:
    """Load how far along each session of the plan is."""
    return [one.status for one in await load_my_sessions(actor)]


async def test_rest_is_confirmed_on_the_day_of_the_next_session(cast: Cast) -> None:
    """Rest that was never confirmed still is, hours before the hold of a session planned for today ends."""
    alice = await cast.actor("alice")
    last_week = msgspec.structs.replace(TODAY, local="2026-11-15T14:00")
    old = await session_plan.add_session(alice, alice.id, last_week)
    then = replace(alice, now=NOON - timedelta(days=7))
    for status in (Status.IN_SESSION, Status.RECOVERING):
        await session_plan.change_status(then, old, status)
    await session_plan.add_session(alice, alice.id, TODAY)
    today = replace(alice, now=NOON + AFTER)
    await session_plan.confirm_rest(today)
    assert await load_statuses(alice) == [Status.INTEGRATING, Status.PLANNED]
    waiting = await holds.load_hold(today)
    assert waiting is not None
    assert not waiting.needs_confirmation


async def test_rest_that_is_refused_changes_nothing(cast: Cast) -> None:
    """While another session has begun today, the rest after the last one is not half confirmed."""
    alice = await cast.actor("alice")
    last_week = msgspec.structs.replace(TODAY, local="2026-11-15T14:00")
    for details, days in ((last_week, 7), (TODAY, 0)):
        ident = await session_plan.add_session(alice, alice.id, details)
        then = replace(alice, now=NOON - timedelta(days=days))
        for status in (Status.IN_SESSION, Status.RECOVERING):
            await session_plan.change_status(then, ident, status)
    with pytest.raises(HeldUntilRested):
        await session_plan.confirm_rest(replace(alice, now=NOON + AFTER))
    assert await load_statuses(alice) == [Status.RECOVERING, Status.RECOVERING]


SECOND = "EXISTS (SELECT 1 FROM kap_session WHERE revision > 3)"
FAIL_SECOND = {
    True: f"CREATE TRIGGER t1 BEFORE UPDATE ON kap_session WHEN {SECOND} BEGIN SELECT RAISE(ABORT, 'no more'); END",
    False: (
        f"CREATE FUNCTION no_more() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {SECOND} THEN RAISE 'no more';"
        " END IF; RETURN NEW; END $$;"
        " CREATE TRIGGER t1 BEFORE UPDATE ON kap_session FOR EACH ROW EXECUTE FUNCTION no_more()"
    ),
}
"""What makes the database refuse the second of two sessions that are confirmed; on SQLite, and on PostgreSQL."""


async def test_rest_is_confirmed_for_all_sessions_or_none(cast: Cast) -> None:
    """Where the second of two sessions cannot be written, the first is as it was, and so is the log."""
    alice = await cast.actor("alice")
    for days in (14, 7):
        then = NOON - timedelta(days=days)
        details = msgspec.structs.replace(TODAY, local=then.strftime("%Y-%m-%dT14:00"))
        ident = await session_plan.add_session(alice, alice.id, details)
        for status in (Status.IN_SESSION, Status.RECOVERING):
            await session_plan.change_status(replace(alice, now=then), ident, status)
    await get_connection().execute_script(FAIL_SECOND[is_sqlite()])
    noted = await AuditPending.all().count()
    with pytest.raises(Exception, match="no more"):
        await session_plan.confirm_rest(alice)
    assert await load_statuses(alice) == [Status.RECOVERING, Status.RECOVERING]
    assert await AuditPending.all().count() == noted


@pytest.mark.parametrize(
    ("who", "days"), [("alice", 0), ("alice", 1), ("alice", 40), ("bob", 1), ("bob", 40)]
)
async def test_saying_that_it_took_place_asks_for_rest(cast: Cast, who: str, days: int) -> None:
    """On its day and however late, whoever says so: it is held until its patient says that they have rested."""
    cast.clock.forward(seconds=(AFTER + timedelta(days=days)).total_seconds())
    await signed_in_again(cast)
    alice = await cast.actor("alice")
    ident = await session_plan.add_session(alice, alice.id, TODAY)
    await session_plan.change_status(await cast.actor(who), ident, Status.CLOSED)
    hold = await holds.load_hold(alice)
    assert hold is not None
    assert hold.needs_confirmation
    details = (await session_plan.load_session(alice, ident)).details
    assert (details.status, details.began_at) == (Status.RECOVERING, TODAY.starts_at)
    later = replace(alice, now=max(alice.now, hold.may_confirm_from))
    assert await holds.load_hold(later) is not None
    await session_plan.confirm_rest(later)
    assert await holds.load_hold(later) is None


async def test_only_an_answer_frees_what_nobody_reported(cast: Cast) -> None:
    """Neither the confirmation of rest nor putting it off does; that it did not take place does, at once."""
    alice = await cast.actor("alice")
    ident = await session_plan.add_session(alice, alice.id, TODAY)
    with pytest.raises(NotFound):
        await session_plan.ask_later(replace(alice, now=NOON + AFTER), ident)
    then = replace(alice, now=NOON + timedelta(days=20))
    with pytest.raises(HeldUntilRested):
        await session_plan.confirm_rest(then)
    await session_plan.ask_later(then, ident)
    one = await session_plan.load_session(alice, ident)
    assert (one.status, one.details.ask_after) == (Status.PLANNED, "2026-12-13")
    assert await holds.load_hold(then) is not None
    await session_plan.change_session(
        then, ident, one.revision, msgspec.structs.replace(one.details, note="x")
    )
    assert (await session_plan.load_session(alice, ident)).details.ask_after == "2026-12-13"
    with pytest.raises(JournalError):
        await session_plan.ask_later(await cast.actor("bob"), ident)
    with pytest.raises(NotFound):
        await session_plan.ask_later(await cast.actor("dana"), ident)
    await session_plan.change_status(then, ident, Status.CANCELLED)
    assert await holds.load_hold(then) is None


async def test_who_slept_without_saying_that_it_was_over_is_not_in_a_session(cast: Cast) -> None:
    """Confirming the rest moves a session on even when it was never said to be over."""
    alice = await cast.actor("alice")
    ident = await session_plan.add_session(alice, alice.id, TODAY)
    await session_plan.change_status(alice, ident, Status.IN_SESSION)
    await session_plan.confirm_rest(replace(alice, now=NOON + timedelta(hours=20)))
    assert (await session_plan.load_session(alice, ident)).details.status is Status.INTEGRATING


async def test_a_talk_is_never_something_one_is_in_the_middle_of(cast: Cast) -> None:
    """A talk takes place or is cancelled, with the reason for both to read; cancelled, it can be planned again."""
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    ident = await session_plan.add_session(bob, alice.id, TALK)
    with pytest.raises(InvalidInput):
        await session_plan.change_status(alice, ident, Status.IN_SESSION)
    with pytest.raises(InvalidInput):
        await session_plan.change_status(alice, ident, Status.CANCELLED, "x" * 2001)
    await session_plan.change_status(alice, ident, Status.CANCELLED, "a cold")
    assert (await session_plan.load_session(bob, ident)).details.cancel_reason == "a cold"
    await session_plan.change_status(bob, ident, Status.PLANNED)
    assert (await session_plan.load_session(bob, ident)).details.cancel_reason == ""
    await session_plan.change_status(bob, ident, Status.CLOSED)
    assert list_next_statuses((await session_plan.load_session(bob, ident)).details, NOON) == ()


async def test_a_swapped_session_does_not_open(cast: Cast) -> None:
    """The sealed details of one session in another's row are refused, and the first stays as it is."""
    alice = await cast.actor("alice")
    first, second = [await session_plan.add_session(alice, alice.id, one) for one in (TODAY, TALK)]
    row = await sessions_tables.KapSession.get(id=first)
    await sessions_tables.KapSession.filter(id=second).update(sealed=row.sealed)
    mine = await load_my_sessions(alice)
    assert ([one.id for one in mine], mine.damaged) == ([first], (second,))
    with pytest.raises(Damaged):
        await session_plan.load_session(alice, second)


async def test_numbers_follow_what_lasts(cast: Cast) -> None:
    """Cancelling a dosing session renumbers those after it; maintenance counts for itself, single ones not."""
    await plan_course(cast, count=3, is_reported=False)
    alice = await cast.actor("alice")
    first, second, third = await dosing(cast)
    await session_plan.change_status(alice, second.id, Status.CANCELLED)
    for phase in (Phase.MAINTENANCE, Phase.SINGLE):
        later = msgspec.structs.replace(TODAY, local="2027-02-01T10:00", phase=phase, route=Route.IM)
        await session_plan.add_session(alice, alice.id, later)
    plan = await load_my_sessions(alice)
    numbers = schedule.number_sessions(plan)
    assert [numbers[one.id].number for one in (first, third)] == [1, 2]
    assert second.id not in numbers
    assert sorted((one.number, one.total) for one in numbers.values()) == [(1, 1), (1, 2), (2, 2)]


@pytest.mark.parametrize("end", [Status.RECOVERING, Status.STOPPED_EARLY])
async def test_an_end_is_taken_back_for_ten_minutes(cast: Cast, end: Status) -> None:
    """A tap too many leads back to the session under way: its start, its hold and the audit log stay whole."""
    alice = await cast.actor("alice")
    ident = await session_plan.add_session(alice, alice.id, TODAY)
    one, three, soon = (replace(alice, now=NOON + timedelta(minutes=by)) for by in (60, 180, 189))
    await session_plan.change_status(one, ident, Status.IN_SESSION)
    held = await holds.load_hold(one)
    await session_plan.change_status(three, ident, end)
    events = await count_changes(ident)
    await session_plan.change_status(soon, ident, Status.IN_SESSION)
    found = (await session_plan.load_session(alice, ident)).details
    assert (found.status, found.started_at, found.ended_at) == (
        Status.IN_SESSION,
        "2026-11-22T13:00:00+00:00",
        None,
    )
    assert held is not None
    assert await holds.load_hold(soon) == held
    assert await count_changes(ident) == events + 1
    await session_plan.change_status(soon, ident, Status.RECOVERING)
    assert (await session_plan.load_session(alice, ident)).details.ended_at == "2026-11-22T15:09:00+00:00"


@pytest.mark.parametrize("end", [Status.RECOVERING, Status.STOPPED_EARLY])
@pytest.mark.parametrize("minutes", [10, 600, -61])
async def test_an_end_is_not_taken_back_later(cast: Cast, end: Status, minutes: int) -> None:
    """After ten minutes, or by a clock that was put back, it is refused with what to do, and nothing changes."""
    alice = await cast.actor("alice")
    ident = await session_plan.add_session(alice, alice.id, TODAY)
    await session_plan.change_status(alice, ident, Status.IN_SESSION)
    await session_plan.change_status(replace(alice, now=NOON + AFTER), ident, end)
    before = await session_plan.load_session(alice, ident)
    later = replace(alice, now=NOON + AFTER + timedelta(minutes=minutes))
    with pytest.raises(InvalidInput) as refused:
        await session_plan.change_status(later, ident, Status.IN_SESSION)
    assert refused.value.fields == {"status": session_plan.TOO_LATE_TO_TAKE_BACK}
    assert await session_plan.load_session(alice, ident) == before


async def test_a_second_end_opens_no_new_ten_minutes(cast: Cast) -> None:
    """Whoever says first that it is over and then that it was stopped has ten minutes from the first."""
    alice = await cast.actor("alice")
    ident = await session_plan.add_session(alice, alice.id, TODAY)
    await session_plan.change_status(alice, ident, Status.IN_SESSION)
    for minutes, end in ((5, Status.RECOVERING), (14, Status.STOPPED_EARLY)):
        await session_plan.change_status(replace(alice, now=NOON + timedelta(minutes=minutes)), ident, end)
    with pytest.raises(InvalidInput):
        await session_plan.change_status(
            replace(alice, now=NOON + timedelta(minutes=16)), ident, Status.IN_SESSION
        )


@pytest.mark.parametrize(
    ("who", "setting", "may"),
    [
        ("alice", Setting.HOME, True),
        ("alice", Setting.CLINIC, True),
        ("bob", Setting.CLINIC, True),
        ("bob", Setting.HOME, False),
        ("bob", Setting.TELEHEALTH_HOME, False),
        ("charlie", Setting.CLINIC, False),
        ("dana", Setting.HOME, False),
        ("erin", Setting.CLINIC, False),
    ],
)
async def test_who_may_move_a_session_may_take_its_end_back(
    cast: Cast, who: str, setting: Setting, may: bool
) -> None:
    """On a day at home that is the patient alone; in the clinic their clinician as well; nobody else."""
    alice = await cast.actor("alice")
    ident = await session_plan.add_session(alice, alice.id, msgspec.structs.replace(TODAY, setting=setting))
    await session_plan.change_status(alice, ident, Status.IN_SESSION)
    await session_plan.change_status(alice, ident, Status.RECOVERING)
    attempt = session_plan.change_status(await cast.actor(who), ident, Status.IN_SESSION)
    if may:
        await attempt
    else:
        with pytest.raises((InvalidInput, NotFound)):
            await attempt
    found = (await session_plan.load_session(alice, ident)).details.status
    assert found is (Status.IN_SESSION if may else Status.RECOVERING)


def test_rest_that_was_confirmed_is_not_taken_back() -> None:
    """Once the patient has rested, nothing leads back into the session."""
    details = msgspec.structs.replace(
        TODAY,
        status=Status.RECOVERING,
        started_at="2026-11-22T12:00:00+00:00",
        ended_at="2026-11-22T12:00:00+00:00",
        rested_on="2026-11-23",
    )
    assert Status.IN_SESSION not in list_next_statuses(details, NOON)


async def test_what_is_next_and_what_is_over(cast: Cast) -> None:
    """A session is ahead until its end, unless it was cancelled or is over already; then it is behind."""
    alice = await cast.actor("alice")
    today = await session_plan.add_session(alice, alice.id, TODAY)
    talk = await session_plan.add_session(alice, alice.id, TALK)
    plan = await load_my_sessions(alice)
    during, after = NOON + AFTER, NOON + timedelta(hours=3)
    assert [one.id for one in schedule.list_upcoming(plan, during)] == [today, talk]
    assert [one.id for one in schedule.list_upcoming(plan, after)] == [talk]
    assert [one.id for one in schedule.list_past(plan, after)] == [today]
    await session_plan.change_status(alice, talk, Status.CANCELLED)
    assert schedule.list_upcoming(await load_my_sessions(alice), after) == ()


@pytest.mark.parametrize(
    ("status", "hours", "acute"),
    [
        (None, 2, False),
        (Status.IN_SESSION, 9, True),
        (Status.RECOVERING, 3, True),
        (Status.RECOVERING, 5, False),
        (Status.STOPPED_EARLY, 1, True),
    ],
)
async def test_the_calm_screen_lasts_while_much_may_be_felt(
    cast: Cast, status: Status | None, hours: int, acute: bool
) -> None:
    """In session always, afterwards for four hours from the start; nothing that only the clock says counts."""
    alice = await cast.actor("alice")
    ident = await session_plan.add_session(alice, alice.id, TODAY)
    if status is not None:
        await session_plan.change_status(alice, ident, Status.IN_SESSION)
        if status is not Status.IN_SESSION:
            await session_plan.change_status(alice, ident, status)
    one = await session_plan.load_session(alice, ident)
    assert schedule.is_acute(one, NOON + timedelta(hours=hours), 4) is acute


@pytest.mark.parametrize("who", ["alice", "bob"])
async def test_nobody_moves_a_session_at_home_out_of_its_hold(cast: Cast, who: str) -> None:
    """Once its time has come its patient answers whether it took place, and nothing else frees what waits."""
    alice, other = await cast.actor("alice"), await cast.actor(who)
    session = await session_plan.add_session(alice, alice.id, TODAY)
    cast.clock.forward(hours=2)
    alice, other = await cast.actor("alice"), await cast.actor(who)
    changed = (
        {"kind": SessionKind.INTEGRATION},
        {"local": "2026-11-29T14:00"},
        {"zone": "Pacific/Honolulu"},
        {"setting": Setting.CLINIC},
    )
    for change in changed:
        details = msgspec.structs.replace(TODAY, **change)
        with pytest.raises(InvalidInput):
            await session_plan.change_session(other, session, 1, details)
        assert await holds.load_hold(alice) is not None
    if who == "bob":
        for days in (0, 3):
            cast.clock.forward(days=days)
            await signed_in_again(cast)
            with pytest.raises(InvalidInput):
                await session_plan.change_status(await cast.actor("bob"), session, Status.CANCELLED)
        assert await holds.load_hold(await cast.actor("alice")) is not None
    else:
        await session_plan.change_session(alice, session, 1, msgspec.structs.replace(TODAY, sitter="Jo"))
