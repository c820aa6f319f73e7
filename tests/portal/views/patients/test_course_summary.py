"""The course summary: a row for each dosing session, from the plan, shared copies and the reader's own notes."""

from __future__ import annotations

from uuid import uuid4

import pytest

from journal.care import lifecycle
from journal.care import tables as care_tables
from journal.care_notes import notes
from journal.care_notes.notes import NoteKind
from journal.catalogue.fields import Answers
from journal.sessions.session import Phase
from tests.cast import Cast
from tests.course_material import PLAN, later, next_day, noted, phq9, share_a_course
from tests.portal.browsing import Page, opened
from tests.portal.conftest import Portal
from tests.scenes import become
from tests.shared_material import dosing, plan_course, put_details, share, write

HER_WORDS = "a heron by the weir"
PARTS: tuple[tuple[str, Answers, str], ...] = (
    ("day", {"day.medicine": ["14:01 | the first heron"]}, "14:01 the first heron"),
    (
        "day",
        {"day.readings": ["13:41 | 143 | 87 | 63 | 96 | sitting"]},
        "13:41 143/87, pulse 63, oxygen 96 %",
    ),
    ("day", {"day.events": ["15:11 | the second heron"]}, "15:11 the second heron"),
    ("sitter", {"sitter.medicine": ["14:44 | the third heron"]}, "14:44 the third heron"),
    (
        "sitter",
        {"sitter.readings": ["15:03 | 167 | 97 | 91 | 95 | lying"]},
        "15:03 167/97, pulse 91, oxygen 95 %",
    ),
    ("sitter", {"sitter.events": ["15:12 | the fourth heron"]}, "15:12 the fourth heron"),
    (
        "check_in",
        {"checkin.away_most": 9, "checkin.away_until": "the fifth heron"},
        "9; over: the fifth heron",
    ),
    ("check_in", {"checkin.effects_severe": ["headache"]}, "headache (severe)"),
    ("check_in", {"checkin.effects_other": "the sixth heron"}, "the sixth heron"),
    ("check_in", {"checkin.effects_until": "the seventh heron"}, "how long: the seventh heron"),
    (
        "check_in",
        {"checkin.unplanned": ["fell"], "checkin.unplanned_words": "the eighth"},
        "a fall: the eighth",
    ),
    ("check_in", {"checkin.moment": "7-days", "checkin.still": "gone"}, "About a week after: gone"),
    ("measure", {"measure.score": "Heron scale\n2026-11-01\n17"}, "Heron scale 17 · 5 days before"),
    ("measure", {"measure.score": "Weir scale\n2026-11-09\n18"}, "Weir scale 18 · 3 days after"),
    ("check_in", {"checkin.moment": "monthly", "checkin.others_words": "the ninth heron"}, "the ninth heron"),
    (
        "plan_note",
        {"plan.focus": "the tenth heron", "plan.by": "Finn, nurse, 2026-11-01"},
        "the tenth heronFinn",
    ),
)
"""What can be shared for a summary, part by part, and how it is told there."""


async def summary_of(cast: Cast) -> str:
    """Return the address of alice's summary."""
    return f"/patients/{(await cast.actor('alice')).id}/summary"


async def read(portal: Portal, who: str = "bob") -> Page:
    """Return the summary as somebody reads it."""
    async with portal.client(who) as browser:
        return await opened(browser, await summary_of(portal.cast))


async def test_a_row_says_what_was_shared(any_portal: Portal) -> None:
    """Session by session, each line a link to the copy or the note that it comes from."""
    cast = any_portal.cast
    await share_a_course(cast, 2, months=1)
    page = await read(any_portal)
    for words in (
        "Alice Sample: course summary",
        "28 Aug 2026",
        "Under the tongue",
        "200 mg as told",
        "14:02 the first half",
        "13:50 128/82, pulse 71, oxygen 98 %",
        "14:45 151/94",
        "16:05 131/84",
        "8; over: until the evening",
        "nausea (mild), feeling far away or unreal (moderate), dizziness (moderate, still there the next day)",
        "we called the clinic or prescriber",
        "About two weeks after: fading since 9 Sep 2026",
        "About a month after: gone since 25 Sep 2026",
        "PHQ-9 0 · 2 days before",
        "PHQ-9 9 · 5 days after",
        "Two weeks instead of one",
    ):
        assert words in page.words
    alice = (await cast.actor("alice")).id
    linked = {
        one.attributes["href"]
        for one in page.markup.all("a")
        if one.attributes.get("class") == "summary-line"
    }
    shares = {f"/patients/{alice}/shared/{row.id}" for row in await care_tables.Share.all()}
    assert shares <= linked
    assert {f"/sessions/{one.id}" for one in await dosing(cast)} <= linked
    assert len([one for one in linked if f"/patients/{alice}/notes/" in one]) == 2
    async with any_portal.client("bob") as browser:
        for address in sorted(linked)[::8]:
            assert (await browser.get(address)).status_code == 200


@pytest.mark.parametrize("profession", ["therapist", "prescriber"])
async def test_it_says_what_was_shared_and_nothing_else(any_portal: Portal, profession: str) -> None:
    """Whatever alice wrote, the page is the same until she shares it; then it has that part more, and no other."""
    cast = any_portal.cast
    await become(cast, "bob", profession)
    await plan_course(cast)
    first = (await dosing(cast))[0]
    nothing = (await read(any_portal)).answer.text
    written = [await write(cast, kind, answers, title=HER_WORDS, about=first) for kind, answers, _ in PARTS]
    assert (await read(any_portal)).answer.text == nothing
    for place, (entry, (kind, answers, told)) in enumerate(zip(written, PARTS, strict=True)):
        await share(cast, entry, *answers)
        page = await read(any_portal)
        assert told in page.words, kind
        later_on = [one for _, _, one in PARTS[place + 1 :]]
        assert not [one for one in later_on if one in page.words]
        assert HER_WORDS not in page.answer.text


async def test_another_clinician_s_notes_and_copies_are_not_there(any_portal: Portal) -> None:
    """Without a care link there is no page; a note that bob wrote stands in his page, and in nobody else's."""
    cast = any_portal.cast
    await plan_course(cast, count=1)
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    await notes.write_note(bob, alice.id, NoteKind.PLAN, PLAN | {"from_day": "2026-11-20"}, uuid4())
    assert "Two weeks instead of one" in (await read(any_portal)).words
    async with any_portal.client("charlie") as browser:
        assert (await browser.get(await summary_of(cast))).status_code == 404


async def test_what_was_kept_of_a_note_and_shared_again_stands_there_once(portal: Portal) -> None:
    """The reader's own note is the same as what its patient keeps of it."""
    cast = portal.cast
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    await notes.write_note(bob, alice.id, NoteKind.PLAN, PLAN | {"from_day": "2026-11-20"}, uuid4())
    copied = {f"plan.{name}": words for name, words in PLAN.items()} | {"plan.from": "2026-11-20"}
    await share(cast, await write(cast, "plan_note", copied))
    assert (await read(portal)).words.count("Two weeks instead of one") == 1


async def test_a_pause_leaves_the_plan_alone(any_portal: Portal) -> None:
    """Nothing shared is opened, and the page says why."""
    cast = any_portal.cast
    await share_a_course(cast, 1, months=1)
    await lifecycle.pause_sharing(await cast.actor("alice"), cast.link)
    page = await read(any_portal)
    assert "Alice Sample has paused sharing" in page.words
    assert "28 Aug 2026" in page.words
    assert not [one for one in ("128/82", "nausea", "PHQ-9", "Two weeks") if one in page.words]


async def test_a_content_note_stands_before_words_and_not_before_numbers(portal: Portal) -> None:
    """What its patient wrote is a tap away; what they rated and chose stands there."""
    cast = portal.cast
    await plan_course(cast, count=1)
    about = (await dosing(cast))[0]
    await share(cast, await write(cast, "check_in", next_day(HER_WORDS), note="Of a fall", about=about))
    page = await read(portal)
    assert HER_WORDS not in page.answer.text
    assert "8; over: Before you read: Of a fall" in page.words


async def test_its_patient_sees_that_it_was_opened(any_portal: Portal) -> None:
    """As the copies that it draws on, and no others."""
    cast = any_portal.cast
    await plan_course(cast, count=1)
    about = (await dosing(cast))[0]
    drawn = await share(cast, await write(cast, "day", noted(), about=about))
    other = await share(cast, await write(cast, "free", {"free.text": HER_WORDS}))
    await read(any_portal)
    opened_at = {row.id: row.opened_at for row in await care_tables.Share.all()}
    assert opened_at[drawn] is not None
    assert opened_at[other] is None


async def test_a_plan_without_dosing_sessions_says_so(portal: Portal) -> None:
    """There is no table of nothing."""
    page = await read(portal)
    assert "No dosing session is planned" in page.words
    assert not page.markup.all("table")


async def test_rows_stand_in_the_order_of_their_dates(portal: Portal) -> None:
    """Whatever stands in them: the same course with its answers turned round is in the same order."""
    cast = portal.cast
    await plan_course(cast, count=3)
    sessions = await dosing(cast)
    for one, answer in zip(sessions, ("gone", "yes", "fading"), strict=True):
        await share(cast, await write(cast, "check_in", later("7-days", answer), about=one))
    await share(cast, await write(cast, "measure", phq9(sessions[0].starts_at.date(), 3)))
    page = await read(portal)
    days = [f"{one.starts_at.day} Nov 2026" for one in sessions]
    assert sorted(days, key=page.words.index) == days


@pytest.mark.parametrize(
    ("phase", "told"), [("maintenance", " Maintenance"), ("single", " Single session"), ("induction", "")]
)
async def test_a_narrow_cell_holds_a_number_alone(portal: Portal, phase: str, told: str) -> None:
    """Maintenance and a single session are said below the day, where there is room for a word."""
    cast = portal.cast
    await plan_course(cast, count=1)
    (one,) = await dosing(cast)
    await put_details(cast, one, phase=Phase(phase))
    page = await read(portal)
    assert f"1 6 Nov 2026{told} Under the tongue" in page.words
