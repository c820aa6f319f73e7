"""The brief: what belongs to the coming session, in the patient's own words, and never anything unshared."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.brief import brief as briefs
from journal.brief.beliefs import build_belief_pairs
from journal.brief.layout import SECTION_LIMITS, measure_letter, shorten_text
from journal.brief.quotes import list_quotes, list_skills, list_steps
from journal.care import lifecycle
from journal.care import tables as care_tables
from journal.care.documents import ShareDocument
from journal.catalogue.fields import Answer, EntryKind, FieldKind
from journal.catalogue.forms import get_form
from journal.catalogue.grounding_skills import SKILLS
from journal.entries import entries
from journal.entries.naming import EntryNamer
from journal.errors import NotFound
from journal.reframing.picture import Course, Finding
from journal.scheduling import plan as session_plan
from journal.sessions.rows import Session
from journal.sessions.session import SessionKind, Status
from journal.sharing.reading import IncomingShare
from journal.vault.documents import EntryDocument
from tests.cast import NOON, Cast
from tests.shared_material import (
    dosing,
    everything,
    plan_course,
    plan_session,
    share,
    share_a_full_brief,
    write,
)

MOMENT = datetime(2026, 11, 20, tzinfo=UTC)
WORD = st.text(min_size=1, max_size=400).filter(lambda text: text.strip())


def copy(kind: EntryKind, answers: dict[str, object], days: int = 0) -> IncomingShare:
    """A copy as its reader has it, written some days after a fixed moment."""
    at = (MOMENT + timedelta(days=days)).isoformat()
    document = ShareDocument(kind, "", None, answers, list(answers), at, at, 1)  # type: ignore[arg-type]
    return IncomingShare(uuid4(), document, MOMENT, True, EntryNamer().name_copy(document))


@st.composite
def copies(draw: st.DrawFn) -> IncomingShare:
    """Any copy that its form allows."""
    kind = draw(st.sampled_from(list(EntryKind)))
    answers: dict[str, object] = {}
    for field in get_form(kind).shareable:
        if draw(st.booleans()):
            continue
        if field.kind in (FieldKind.TEXT, FieldKind.LINE):
            answers[field.id] = draw(WORD)
        elif field.range is not None:
            answers[field.id] = draw(st.integers(*field.range))
        elif field.kind is FieldKind.CHOICE:
            answers[field.id] = draw(st.sampled_from(field.options)).value
        elif field.kind is FieldKind.CHOICES:
            answers[field.id] = [draw(st.sampled_from(field.options)).value]
        elif field.kind is FieldKind.DATE:
            answers[field.id] = "2026-12-01"
        elif field.kind is FieldKind.REVISITS:
            old, new = draw(st.integers(0, 100)), draw(st.integers(0, 100))
            answers[field.id] = [f"2026-12-01 | {old} | {new} | | x"]
    return copy(kind, answers, draw(st.integers(0, 3)))


def texts(one: IncomingShare) -> str:
    """All that a copy says."""
    return "\0".join(str(answer) for answer in one.document.answers.values())


@given(st.lists(copies(), max_size=4))
def test_every_line_is_quoted_from_the_copy_it_names(shared: list[IncomingShare]) -> None:
    """Whatever was shared: words stand in their source as they are, and labels are those of a chosen answer."""
    for role in SECTION_LIMITS:
        for quote in list_quotes(shared, role):
            short = quote.shorten(SECTION_LIMITS[role].letters)
            if quote.chosen:
                fields = get_form(EntryKind(quote.source.document.kind)).fields
                assert any(
                    quote.text in field.get_option_labels(quote.source.document.answers.get(field.id, ""))
                    for field in fields
                )
            else:
                assert short.text in texts(quote.source)
                assert short.text
    for pair in build_belief_pairs(shared):
        short_pair = pair.shorten(20)
        assert short_pair.old in texts(pair.source)
        assert short_pair.new in texts(pair.new_source)
    for step in list_steps(shared):
        assert step.shorten(20).text in texts(step.source)
        assert step.shorten(20).learned in texts(step.source)
    for line in list_skills(shared):
        assert all(use.source.document.kind == EntryKind.GROUNDING for use in line.uses)


@given(st.text().map(str.strip), st.integers(1, 200))
def test_shortening_keeps_a_beginning_that_fits(text: str, letters: int) -> None:
    """A shortened text is the beginning of the whole one, has room, and says that it was shortened."""
    short, cut = shorten_text(text, letters)
    assert text.startswith(short)
    assert cut is (short != text)
    assert sum(map(measure_letter, short)) <= letters


def test_shortening_ends_with_a_word_where_there_are_words() -> None:
    """Between words where they are parted, else where the room ends."""
    assert shorten_text("the sea was quiet today", 12) == ("the sea", True)
    assert shorten_text("a " + "x" * 40, 20) == ("a " + "x" * 18, True)
    assert shorten_text("海はとても静か", 8) == ("海はとて", True)


def test_a_belief_written_again_is_one_line_with_its_latest_rating() -> None:
    """The same sentence in several copies: first rating, the one after it, and the latest; the newest truer one."""
    shared = [
        copy(EntryKind.REFRAME, {"reframe.old_meaning": "it WAS my job ", "reframe.old_belief_after": 40}, 9),
        copy(
            EntryKind.REFRAME,
            {
                "reframe.old_meaning": "It was  my job.",
                "reframe.old_belief_before": 70,
                "reframe.new_meaning": "I was a child.",
                "reframe.new_belief": 55,
            },
            5,
        ),
        copy(
            EntryKind.REFRAME,
            {
                "reframe.old_meaning": "It was my job.",
                "reframe.old_belief_before": 90,
                "reframe.old_belief_after": 80,
                "reframe.new_meaning": "I was small.",
                "reframe.new_belief": 20,
            },
            1,
        ),
        copy(EntryKind.PREPARATION, {"prep.old_story": "It was my job", "prep.old_story_belief": 95}, 0),
        copy(EntryKind.REFRAME, {"reframe.new_meaning": "I may rest."}, 0),
    ]
    first, second = build_belief_pairs(shared)
    assert (first.old, first.new) == ("it WAS my job", "I was a child.")
    assert (first.old_before, first.old_after, first.old_latest) == (95, None, 40)
    assert (first.new_before, first.new_latest) == (20, 55)
    assert {*first.drawn_from} == {one.id for one in shared[:4]}, "each says a word or a number of it"
    assert (second.old, second.new, second.new_before) == ("", "I may rest.", None)


def test_the_latest_rating_is_that_of_the_last_day() -> None:
    """A revisit of after another copy was begun is later than that copy; what can be said of them stays."""
    revisits = ["2026-11-22 | 40 | 62 |", "2026-11-24 | 45 | 60 |", "2026-11-28 | 46 | | 5"]
    shared = [
        copy(EntryKind.PREPARATION, {"prep.old_story": "It was my job.", "prep.old_story_belief": 60}, 6),
        copy(
            EntryKind.REFRAME,
            {
                "reframe.old_meaning": "It was my job.",
                "reframe.old_belief_before": 85,
                "reframe.new_meaning": "I was a child.",
                "reframe.new_belief": 20,
                "reframe.revisits": revisits,
            },
            0,
        ),
    ]
    (pair,) = build_belief_pairs(shared)
    assert (pair.old_before, pair.old_latest) == (85, 46)
    assert (pair.new_before, pair.new_latest) == (20, 60)
    assert pair.finding == Finding(Course.HELD, (date(2026, 11, 28),))
    earlier = [copy(EntryKind.PREPARATION, shared[0].document.answers, 9), shared[1]]  # type: ignore[arg-type]
    assert build_belief_pairs(earlier)[0].old_latest == 60


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("I don’t deserve it.", "I don't deserve it"),
        ("“It was my fault”", '"it was my fault!"'),
        ("That was my fault…", "That was my fault..."),
        ("I am too much—always", "I am too much-always"),
        ("Ich weiß nichts", "ICH WEISS NICHTS"),
        ("je suis fatigué", "je suis fatigue\u0301"),
        ("so\u00adme\u200bhow", "somehow"),
    ],
)
def test_a_belief_is_the_same_however_it_was_typed(one: str, other: str) -> None:
    """On another day from another keyboard, it stands in the brief once, with how true it felt then and now."""
    shared = [
        copy(EntryKind.REFRAME, {"reframe.old_meaning": one, "reframe.old_belief_before": 40}, 2),
        copy(EntryKind.REFRAME, {"reframe.old_meaning": other, "reframe.old_belief_before": 80}, 0),
    ]
    (pair,) = build_belief_pairs(shared)
    assert (pair.old, pair.old_before, pair.old_latest) == (one, 80, 40)


def test_what_made_things_worse_does_not_fall_off() -> None:
    """Of many uses of a skill two are told, and one that made things worse is among them."""
    used = [
        copy(EntryKind.GROUNDING, {"ground.skill": "orient", "ground.helped": helped}, -day)
        for day, helped in enumerate(("yes", "bit", "no", "worse", "yes"))
    ]
    (line,) = list_skills(used)
    assert [use.helped for use in line.uses] == ["Yes", "It got worse"]
    assert line.cut


def test_lists_are_quoted_line_by_line() -> None:
    """Three things to bring are three quotations."""
    found = list(
        list_quotes([copy(EntryKind.INTEGRATION, {"int.top3": "the door\n\n my hands \nsleep"})], "bring")
    )
    assert [quote.text for quote in found] == ["the door", "my hands", "sleep"]


async def test_nothing_unshared_is_ever_in_a_brief(cast: Cast) -> None:
    """Of entries shared in part, and of others not at all, no unshared word, title or number is there."""
    await plan_course(cast)
    third = (await dosing(cast))[2]
    for kind in EntryKind:
        every = everything(kind, lambda field: f"SECRET {field}")
        await write(cast, kind, every, title="SECRET title", about=third)
        chosen = [field for field in every if isinstance(every[field], str)][:2] or list(every)[:1]
        if not chosen:  # nothing of this kind can be shared
            continue
        partly = {
            field: f"open {field}" if str(every[field])[:6] == "SECRET" else every[field] for field in every
        }
        partly |= {
            field: [line.replace("SECRET", "open") for line in lines]
            for field, lines in every.items()
            if isinstance(lines, list)
        }
        partly |= {field: every[field] for field in every if field not in chosen}
        await share(cast, await write(cast, kind, partly, title="SECRET title", about=third), *chosen)
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    drawn = await briefs.build_brief(bob, alice.id)
    assert not drawn.is_empty
    assert "SECRET" not in repr(drawn)
    assert all("open" in repr((quote.text, quote.checks)) for quote in drawn.quotes if not quote.chosen)


async def test_what_is_quoted_counts_as_opened_and_nothing_else(cast: Cast) -> None:
    """The patient sees that the quoted copies were opened; a copy without a place in the brief stays new."""
    await plan_course(cast)
    quoted = await share(cast, await write(cast, "integration", {"int.top3": "the door"}))
    beside = await share(cast, await write(cast, "free", {"free.text": "a long evening"}))
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    drawn = await briefs.build_brief(bob, alice.id)
    assert drawn.sources == (quoted,)
    assert {one.id for one in drawn.since} == {quoted, beside}, "a title opens nothing"
    opened = {row.id: row.opened_at is not None for row in await care_tables.Share.all()}
    assert opened == {quoted: True, beside: False}


async def test_the_session_in_question(cast: Cast) -> None:
    """The coming talk and the dosing session it is about, how long ago that was, and its number."""
    await plan_course(cast)
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    third = (await dosing(cast))[2]
    drawn = await briefs.build_brief(bob, alice.id)
    assert drawn.session is not None
    assert drawn.session.details.about == third.id.hex
    assert (drawn.about, drawn.days) == (third, 2)
    assert drawn.number is not None
    assert (drawn.number.number, drawn.number.total) == (3, 6)


async def test_before_the_first_dosing_session(cast: Cast) -> None:
    """How the patient is, and what they hope for, is there before anything has happened; without a plan as well."""
    answers = {"prep.intention": "To rest.", "prep.fears": "Not coming back."}
    await share(cast, await write(cast, "preparation", answers))
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    drawn = await briefs.build_brief(bob, alice.id)
    assert (drawn.session, drawn.about, drawn.days, drawn.number) == (None, None, None, None)
    assert [quote.text for quote in drawn.intention + drawn.hopes] == ["To rest.", "Not coming back."]
    await plan_course(cast, first=NOON.date() + timedelta(days=5))
    drawn = await briefs.build_brief(bob, alice.id)
    assert drawn.days == -5
    assert [quote.text for quote in drawn.intention + drawn.hopes] == ["To rest.", "Not coming back."]


async def talks(cast: Cast, kind: SessionKind) -> list[Session]:
    """Return alice's sessions of one kind, in order."""
    plan = await session_plan.load_patient_plan(await cast.actor("bob"), (await cast.actor("alice")).id)
    return [one for one in plan if one.kind is kind]


async def test_the_next_talk_counts_whatever_its_kind(cast: Cast) -> None:
    """Today's talk until it is over, then the preparation session; its dosing session is what it looks ahead to."""
    await plan_course(cast)
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    fourth = (await dosing(cast))[3]
    ident = await plan_session(cast, SessionKind.PREPARATION, "2026-11-25T10:00", about=fourth)
    third_talk = (await talks(cast, SessionKind.INTEGRATION))[2]
    for minutes, session in ((-10, third_talk.id), (20, third_talk.id), (120, ident)):
        bob = replace(bob, now=third_talk.starts_at + timedelta(minutes=minutes))
        found = (await briefs.build_brief(bob, alice.id)).session
        assert found is not None
        assert found.id == session
    assert (await briefs.build_brief(bob, alice.id)).about == fourth


async def test_a_preparation_session_quotes_what_was_prepared(cast: Cast) -> None:
    """Intention, hopes and fears, place, people and boundaries, and how the patient is; of the right session."""
    await plan_course(cast)
    third, fourth = (await dosing(cast))[2:4]
    answers: dict[str, Answer] = {
        "prep.why_now": "I am ready.",
        "prep.intention": "To rest.",
        "prep.state": "Tired.",
        "prep.fears": "Not coming back.",
        "prep.place": "The sofa.",
        "prep.people": "My sister.",
        "prep.boundaries": "A hand on the shoulder.",
    }
    await share(cast, await write(cast, "preparation", {"prep.intention": "Before."}, about=third))
    await share(cast, await write(cast, "preparation", answers, about=fourth))
    await plan_session(cast, SessionKind.PREPARATION, "2026-11-25T10:00", about=fourth)
    wanted = (await talks(cast, SessionKind.PREPARATION))[1]
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    drawn = await briefs.build_brief(bob, alice.id, wanted.id)
    assert (drawn.session, drawn.about) == (wanted, fourth)
    assert [quote.text for quote in drawn.quotes] == [
        "To rest.",
        "I am ready.",
        "Not coming back.",
        "The sofa.",
        "My sister.",
        "A hand on the shoulder.",
        "Tired.",
    ]
    later = replace(bob, now=fourth.starts_at + timedelta(days=1))
    again = await briefs.build_brief(later, alice.id, wanted.id)
    assert [quote.text for quote in again.hopes] == ["I am ready.", "Not coming back."]
    assert (await briefs.build_brief(later, alice.id)).hopes == (), "the integration session looks back"


async def test_before_a_dosing_session_a_shared_comfort_plan_is_quoted(cast: Cast) -> None:
    """The parts that were shared, whenever they were written, word for word; two of them for a talk that looks back."""
    await plan_course(cast)
    answers: dict[str, Answer] = {
        "comfort.touch": "ask",
        "comfort.words_help": "You are at home.",
        "comfort.stop": "Red",
        "comfort.light": "Dim",
    }
    entry = await write(cast, "comfort", answers, at=NOON - timedelta(days=40))
    await share(cast, entry, "comfort.touch", "comfort.words_help", "comfort.light")
    await plan_session(cast, SessionKind.PREPARATION, "2026-11-25T10:00", about=(await dosing(cast))[3])
    wanted = (await talks(cast, SessionKind.PREPARATION))[-1]
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    drawn = await briefs.build_brief(bob, alice.id, wanted.id)
    assert [(quote.text, quote.question, quote.chosen) for quote in drawn.comfort] == [
        ("You are at home.", "Words that help", False),
        ("Ask me first", "Touch", True),
    ]
    assert [quote.text for quote in (await briefs.build_brief(bob, alice.id)).comfort] == [
        "You are at home.",
        "Ask me first",
    ]


async def test_a_chosen_session_is_one_of_the_plan(cast: Cast) -> None:
    """A session of the past or a dosing session can be chosen; one that was cancelled or is not theirs cannot."""
    await plan_course(cast)
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    second = (await talks(cast, SessionKind.INTEGRATION))[1]
    fourth = (await dosing(cast))[3]
    assert (await briefs.build_brief(bob, alice.id, second.id)).about == (await dosing(cast))[1]
    assert (await briefs.build_brief(bob, alice.id, fourth.id)).about == fourth
    cancelled = (await talks(cast, SessionKind.INTEGRATION))[3]
    await session_plan.change_status(bob, cancelled.id, Status.CANCELLED)
    for wanted in (cancelled.id, uuid4()):
        with pytest.raises(NotFound):
            await briefs.build_brief(bob, alice.id, wanted)


async def test_what_made_it_worse_is_not_among_what_steadies(cast: Cast) -> None:
    """A skill that made things worse once stands apart, however often it helped and wherever else it was chosen."""
    await plan_course(cast)
    for skill, helped in (("orient", "worse"), ("orient", "yes"), ("feet_hands", "yes")):
        used: dict[str, Answer] = {"ground.skill": skill, "ground.helped": helped}
        await share(cast, await write(cast, "grounding", used))
    await share(
        cast, await write(cast, "preparation", {"prep.anchor": "orient", "prep.resources": "The sea."})
    )
    await share(cast, await write(cast, "integration", {"int.ground_link": "orient"}))
    await share(cast, await write(cast, "integration", {"int.ground_link": "none"}))
    drawn = await briefs.build_brief(await cast.actor("bob"), (await cast.actor("alice")).id)
    assert [one.skill for one in drawn.worse] == [SKILLS["orient"].title]
    assert [one.skill for one in drawn.skills] == [SKILLS["feet_hands"].title]
    assert [quote.text for quote in drawn.steadies] == ["The sea."]
    assert {use.helped for use in drawn.worse[0].uses} == {"Yes", "It got worse"}


async def test_what_belongs_to_other_sessions_stays_out(cast: Cast) -> None:
    """Intentions are those of the session in question; what came before the last talk is not told again."""
    await plan_course(cast)
    second, third, fourth = (await dosing(cast))[1:4]
    for about, name in ((second, "second"), (third, "third"), (fourth, "fourth")):
        prepared = {"prep.intention": f"Towards the {name}."}
        await share(cast, await write(cast, "preparation", prepared, about=about))
    earlier = NOON - timedelta(days=8)
    told = await write(cast, "capture", {"int.images": "An old sea."}, about=second, at=earlier)
    await share(cast, told, at=earlier)
    late = await write(cast, "integration", {"int.different": "A late thought."}, about=second)
    await share(cast, late)
    await share(cast, await write(cast, "capture", {"int.images": "A new sea."}))
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    drawn = await briefs.build_brief(bob, alice.id)
    assert [quote.text for quote in drawn.intention] == ["Towards the third."]
    assert {quote.text for quote in drawn.came} == {"A late thought.", "A new sea."}


async def test_a_cancelled_talk_is_not_the_coming_one(cast: Cast) -> None:
    """When the talk is cancelled, the next one counts, with its own dosing session."""
    await plan_course(cast)
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    plan = await session_plan.load_patient_plan(bob, alice.id)
    talk = next(one for one in plan if one.details.kind is SessionKind.INTEGRATION and one.starts_at > NOON)
    await session_plan.change_status(bob, talk.id, Status.CANCELLED)
    drawn = await briefs.build_brief(bob, alice.id)
    fourth = (await dosing(cast))[3]
    assert drawn.about == fourth
    assert drawn.days == -5


async def test_paused_there_is_nothing_to_quote(cast: Cast) -> None:
    """While sharing is paused the brief keeps the dates and quotes nothing; nothing counts as opened."""
    await share_a_full_brief(cast, turns=1)
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    await lifecycle.pause_sharing(alice)
    drawn = await briefs.build_brief(bob, alice.id)
    assert (drawn.paused, drawn.is_empty, drawn.has_more) == (True, True, False)
    assert drawn.about is not None
    assert not await care_tables.Share.filter(opened_at__isnull=False).exists()


async def test_a_full_brief_says_that_there_is_more(cast: Cast) -> None:
    """Sections hold what they hold; that something shared did not fit is said, and cut quotations are marked."""
    await share_a_full_brief(cast)
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    drawn = await briefs.build_brief(bob, alice.id)
    assert drawn.has_more
    assert any(quote.cut for quote in drawn.quotes)
    for role, room in SECTION_LIMITS.items():
        assert len(getattr(drawn, role)) <= room.lines


async def test_a_short_brief_quotes_whole(cast: Cast) -> None:
    """With room on the page, long answers are quoted to their end."""
    await plan_course(cast)
    words = "One slow sentence after the other. " * 15
    await share(cast, await write(cast, "integration", {"int.meaning": words}))
    drawn = await briefs.build_brief(await cast.actor("bob"), (await cast.actor("alice")).id)
    assert [quote.text for quote in drawn.came] == [words.strip()]
    assert not drawn.has_more


@pytest.mark.parametrize("outsider", ["charlie", "dana", "alice"])
async def test_nobody_else_draws_a_brief(cast: Cast, outsider: str) -> None:
    """A brief is for the patient's own clinician."""
    alice = await cast.actor("alice")
    with pytest.raises(NotFound):
        await briefs.build_brief(await cast.actor(outsider), alice.id)


async def test_no_number_tells_of_private_entries(cast: Cast) -> None:
    """With twenty private entries more, the brief is the same to the letter."""
    await plan_course(cast)
    await share(cast, await write(cast, "integration", {"int.top3": "the door"}))
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    await briefs.build_brief(bob, alice.id)  # the first pins her keys
    before = await briefs.build_brief(bob, alice.id)
    for turn in range(20):
        document = EntryDocument("integration", "", answers={"int.top3": f"private {turn}"})
        await entries.save_entry(alice, uuid4(), 0, document)
    after = await briefs.build_brief(bob, alice.id)
    assert repr(after) == repr(before)
