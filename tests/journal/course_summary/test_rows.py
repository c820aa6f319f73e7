"""What single copies say in a row, and that a row says nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from journal.care.documents import ShareDocument
from journal.catalogue.fields import Answers
from journal.course_summary.copies import list_plans, list_totals, read_effects, read_month, read_still
from journal.course_summary.lines import Effect, Source
from journal.course_summary.summary import SessionRow, build_rows
from journal.entries.naming import EntryName
from journal.sessions.rows import Session
from journal.sessions.session import Phase, SessionDetails, SessionKind, Setting, Status
from journal.sharing.reading import IncomingShare
from tests.course_material import later, next_day, noted

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
BEGAN = datetime(2026, 11, 20, 13, tzinfo=UTC)
FIRST, SECOND = UUID(int=1), UUID(int=2)


def session(ident: UUID = FIRST, **changes: object) -> Session:
    """Return a dosing session on 20 November at 14:00 in Berlin."""
    told: dict[str, object] = {"local": "2026-11-20T14:00", "zone": "Europe/Berlin"}
    details = SessionDetails(SessionKind.DOSING, minutes=60, setting=Setting.CLINIC, **told | changes)  # type: ignore[arg-type]
    return Session(ident, UUID(int=9), None, 1, details, details.starts_at, details.ends_at)


def copy(
    kind: str, answers: Answers, about: str | None = FIRST.hex, note: str = "", ident: int = 7
) -> IncomingShare:
    """Return a shared copy."""
    document = ShareDocument(
        kind,
        "",
        about,
        answers,
        [*answers],
        BEGAN.isoformat(),
        BEGAN.isoformat(),
        1,
        note,
        written_on="2026-11-21",
    )
    return IncomingShare(UUID(int=ident), document, BEGAN, False, EntryName(""))


def row(*shared: IncomingShare, plan: tuple[Session, ...] = (session(),)) -> SessionRow:
    """Return the row of the first session."""
    return build_rows(plan, shared, NOW)[0]


def test_everything_of_a_session_stands_in_its_row() -> None:
    """Each with where it comes from."""
    found = row(
        copy("day", noted(), ident=3),
        copy("check_in", next_day(), ident=4),
        copy("check_in", later("14-days", "fading"), ident=5),
    )
    assert [f"{one.at:%H:%M} {one.words}" for one in found.parts] == [
        "14:02 the first half",
        "14:40 the second half",
    ]
    assert [one[0].reading.systolic for one in (found.before, found.highest, found.after)] == [
        "128",
        "151",
        "131",
    ]
    assert (found.away[0].rating, found.away[0].words) == (8, "when the second record had ended")
    assert found.effects[0].effects == (
        Effect("nausea", "mild"),
        Effect("feeling far away or unreal", "moderate"),
        Effect("dizziness", "moderate", is_still=True),
    )
    assert [one.words or one.labels for one in found.events] == [
        "I stood up too soon and sat down again",
        ("we called the clinic or prescriber",),
    ]
    assert found.difficulty[0].rating == 6
    assert {one.share for one in found.sources} == {UUID(int=number) for number in (3, 4, 5)}


def test_a_row_without_copies_is_empty() -> None:
    """Date and number follow from the plan; a planned session looks like one of which nothing was shared."""
    planned = row(plan=(session(local="2027-01-01T14:00"), session(SECOND)))
    for one in (row(), planned, row(copy("day", {}), copy("check_in", {"checkin.moment": "next-day"}))):
        assert not [*one.sources]


@pytest.mark.parametrize("about", [None, "", "no id", "f" * 33, "ｆ" * 32, SECOND.hex])
def test_a_copy_of_no_session_or_of_another_stands_in_no_row(about: str | None) -> None:
    """Whatever its session is called."""
    assert not [*row(copy("day", noted(), about), copy("check_in", next_day(), about)).sources]


def test_two_sessions_on_one_day_keep_what_is_theirs() -> None:
    """What names one of them stands in its row alone."""
    plan = (session(), session(SECOND, local="2026-11-20T20:00"))
    first, second = build_rows(plan, [copy("day", noted(), SECOND.hex)], NOW)
    assert not [*first.sources]
    assert [one.number.number for one in (first, second) if one.number] == [1, 2]
    assert second.highest[0].reading.systolic == "151"


def test_what_is_not_of_its_form_is_left_out() -> None:
    """A restored record may hold anything; nothing of it breaks the page."""
    broken: Answers = {
        "checkin.moment": ["next-day"],
        "checkin.difficulty": 11,
        "checkin.away_most": "far",
        "checkin.away_until": ["a"],
        "checkin.effects_mild": "nausea",
        "checkin.still": ["gone"],
        "checkin.still_date": 3,
        "checkin.unplanned": 3,
        "day.readings": "14:00",
        "day.medicine": 5,
        "measure.form": ["instrument=phq9", "day=soon"],
        "measure.score": "WHO-5",
        "plan.from": ["x"],
    }
    for kind in ("day", "check_in", "sitter", "measure"):
        assert not [*row(copy(kind, broken)).sources]
    assert list_plans([copy("plan_note", broken | {"plan.by": "Finn"})], ()) == ()
    assert list_totals([copy("measure", broken)], ()) == ()


def test_a_review_that_was_kept_is_no_plan_note() -> None:
    """Nor is what a clinic noted, though both are kept as entries of that kind."""
    kept: Answers = {
        "plan.from": "2026-11-20",
        "plan.why": "We have talked about it.",
        "plan.by": "Finn, prescriber, 2026-11-20",
    }
    assert len(list_plans([copy("plan_note", kept)], ())) == 1
    others: tuple[Answers, ...] = ({"plan.reviewed": "go-ahead"}, {"plan.ready": "15:30"})
    for other in others:
        assert list_plans([copy("plan_note", kept | other)], ()) == ()


def test_cancelled_ones_and_talks_have_no_row() -> None:
    """A session that was stopped early has; a single one has no number."""
    talk = SessionDetails(SessionKind.INTEGRATION, "2026-11-21T14:00", "Europe/Berlin", 50, Setting.CLINIC)
    plan = (
        session(status=Status.STOPPED_EARLY, phase=Phase.SINGLE),
        Session(SECOND, UUID(int=9), None, 1, talk, talk.starts_at, talk.ends_at),
    )
    found = build_rows(plan, (), NOW)
    assert [one.session.id for one in found] == [FIRST]
    assert found[0].number is None


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"checkin.still": "yes", "checkin.still_date": "2026-11-01"}, ("yes", None)),
        ({"checkin.still": "fading", "checkin.still_date": "2026-11-25"}, ("fading", "2026-11-25")),
        ({"checkin.still": "gone", "checkin.still_date": "2026-11-26"}, ("gone", "2026-11-26")),
        ({"checkin.still": "gone", "checkin.still_date": "soon"}, ("gone", None)),
        ({"checkin.still": "hard-to-say"}, ("hard to say", None)),
        ({"checkin.still": "a code of later"}, ("a code of later", None)),
    ],
)
def test_still_there(answers: Answers, said: tuple[str, str | None]) -> None:
    """In the words that were chosen, and since when where it faded or is gone."""
    found = read_still(copy("check_in", answers))
    assert found
    assert (found.answer, found.since.isoformat() if found.since else None) == said
    assert read_still(copy("check_in", {"checkin.still_date": "2026-11-25"})) is None


def test_moments_stand_in_their_order() -> None:
    """Whenever each was shared, and what was answered changes nothing."""
    moments = ("30-days", "7-days", "14-days")
    for answer in ("yes", "gone"):
        found = row(
            *(copy("check_in", later(one, answer), ident=7 + place) for place, one in enumerate(moments))
        )
        assert [one.moment.value for one in found.still if one.moment] == ["7-days", "14-days", "30-days"]


def test_side_effects_in_words_alone() -> None:
    """Other ones and how long they lasted; none at all is no line."""
    found = read_effects(
        copy("check_in", {"checkin.effects_other": "a hum", "checkin.effects_until": "an hour"})
    )
    assert found
    assert (found.effects, found.other, found.until) == ((), "a hum", "an hour")
    found = read_effects(copy("check_in", {"checkin.effects_still": ["taste"]}))
    assert found
    assert found.effects == (Effect("an odd taste", "", is_still=True),)
    assert read_effects(copy("check_in", {"checkin.effects_mild": []})) is None


def test_a_month_is_of_the_day_on_which_it_was_answered() -> None:
    """Else of the day on which it was begun; a check-in of another moment is no month."""
    found = read_month(copy("check_in", {"checkin.blood": "no", "checkin.day": "2026-11-02"}, None))
    assert found
    assert (found.day.isoformat(), found.labels) == ("2026-11-02", {"checkin.blood": "no"})
    found = read_month(copy("check_in", {"checkin.others_words": "beer"}, None, "of drinking"))
    assert found
    assert (found.day.isoformat(), found.words, found.source) == (
        "2026-11-21",
        "beer",
        Source(UUID(int=7), marked="of drinking"),
    )
    assert read_month(copy("check_in", next_day())) is None


def test_totals_of_other_scales_count_as_measures() -> None:
    """By the name that they were given, however it was typed."""
    given = [
        copy("measure", {"measure.score": f"{name}\n2026-11-0{day}\n{day}"}, None)
        for name, day in (("WHO-5", 1), ("who-5 ", 2))
    ]
    found = row(*given)
    assert [(one.total.told[1], one.days) for one in found.measured_before] == [("2", 18)]
    ahead = row(*given, plan=(session(local="2026-11-23T14:00"),))
    assert not ahead.measured_before
