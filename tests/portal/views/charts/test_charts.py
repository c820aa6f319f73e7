"""Charts on the page: one at a time, from one's own numbers or from what was shared, and none before rest."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

from journal.accounts import details
from journal.care import lifecycle
from journal.care import tables as care_tables
from journal.care_notes import notes
from journal.care_notes.notes import NoteKind
from journal.catalogue.fields import Answers
from journal.charts import own
from journal.charts import shared as shared_charts
from journal.charts.drawn import SUBJECTS
from journal.day_lines import records as day_lines
from journal.day_lines.lines import DayLine, OwnScale
from journal.dosing_day import record
from journal.dosing_day.lines import Reading, Taken
from journal.measures import records, scores
from journal.scheduling import plan as session_plan
from journal.sessions.rows import load_my_sessions
from journal.sessions.session import SessionDetails, SessionKind, Setting, Status
from journal.user_input import parse_time
from journal.vault import tables as vault_tables
from journal.vault.documents import EntryDocument
from journal.vault.entry_rows import Entry
from tests.cast import ZONE, Cast
from tests.portal.browsing import opened
from tests.portal.conftest import Portal
from tests.portal.test_statements import counted
from tests.scenes import in_session, journal_of, rested, shared, written

VERDICTS = (
    "better",
    "worse",
    "improve",
    "severe",
    "mild",
    "moderate",
    "average",
    "mean",
    "overdue",
    "well done",
)
FORM = ("measure.form",)


async def answered(cast: Cast, value: int, days_ago: int = 0, *but: int, name: str = "phq9") -> Entry:
    """Have alice have answered every item of a measure alike some days ago, but for some."""
    alice, text = await cast.actor("alice"), records.find_offered(name)
    given = {str(one.number): value for one in text.items if one.number not in but}
    then = replace(alice, now=alice.now - timedelta(days=days_ago))
    return await records.save_answers(then, text, given, uuid4(), 0)


async def dosed(cast: Cast, days_ago: int) -> UUID:
    """Have a dosing session have taken place."""
    alice = await cast.actor("alice")
    local = (alice.now.astimezone(alice.zone) - timedelta(days=days_ago)).strftime("%Y-%m-%dT14:00")
    one = await session_plan.add_session(
        alice, alice.id, SessionDetails(SessionKind.DOSING, local, ZONE, 120, Setting.HOME)
    )
    await session_plan.change_status(alice, one, Status.CLOSED)
    await session_plan.confirm_rest(alice)
    return one


async def test_a_measure_by_its_days(any_portal: Portal) -> None:
    """The sentence, plain differences, a table with half a form in it, and a bar that ends on the day of the answer."""
    cast = any_portal.cast
    for value, days_ago, *but in ((2, 29), (1, 15), (3, 1, 2, 3, 4), (1, 0, 9)):
        await answered(cast, value, days_ago, *but)
    await dosed(cast, 9)
    alice, form = await cast.actor("alice"), records.find_offered("phq9")
    today = (await records.load_measures(alice)).find_today(form)
    assert today is not None
    whole = {str(number): 1 if number < 9 else 2 for number in range(1, 10)}
    await records.save_answers(alice, form, whole, today.entry.id, 1)
    said = "First 18 on 24 Oct 2026, previous 9 on 7 Nov 2026, latest 10 on 22 Nov 2026"
    async with any_portal.client("alice") as browser:
        assert "/charts?show=phq9" in (await browser.get("/measures")).text
        page = await opened(browser, "/charts?show=phq9")
        assert f"{said}, 9 days after a dosing session." in page.words
        assert "+1 point" in page.words
        assert "−8 points" in page.words
        assert (
            "It asks about 14 days, so the latest answer is also about days before that session."
            in page.words
        )
        assert "6 of 9 answered" in page.words
        assert len(page.markup.all("circle", within="picture-drawing")) == 3
        assert len(page.markup.all("polyline")) == 0
        assert not [one for one in VERDICTS if one in page.words.lower()]
        assert "sensitivity 88 %" not in page.words
        page = await opened(browser, "/charts?show=phq9&lines=published")
        assert "sensitivity 88 %" in page.words
        assert "Kroenke" in page.words
        for path in (
            "/charts?show=nothing",
            "/charts?show=phq9&page=0",
            "/charts?show=phq9&page=x",
            "/charts?show=Phq9",
        ):
            assert (await browser.get(path)).status_code == 404
        assert f"{said}." in (await opened(browser, "/measures")).words
        await details.set_hidden_numbers(await cast.actor("alice"), True)
        page = await opened(browser, "/charts?show=phq9")
        assert "The numbers are hidden from you here, so nothing is drawn." in page.words
        assert "all answered" in page.words
        assert page.markup.all("circle", within="picture-drawing") == []
        assert "18" not in page.words
        assert "point" not in page.words
        assert "latest" not in (await opened(browser, "/measures")).words


async def test_other_scales_push_no_form_off_its_page(portal: Portal) -> None:
    """Sixty totals from elsewhere leave the one form where it is; one without a title is found as well."""
    entry = await answered(portal.cast, 1, 3)
    alice = await portal.cast.actor("alice")
    totals = [f"WHO-5\n2026-11-20\n{number}" for number in range(61)]
    others = [EntryDocument("measure", "WHO-5", answers={"measure.score": one}) for one in totals]
    untitled = EntryDocument("measure", answers=entry.document.answers)
    await journal_of(portal.cast, [*others, untitled])
    plan = await load_my_sessions(alice)
    (chart,) = (await own.load_chart(alice, plan, "phq9", 1)).drawn.charts
    assert [row.value for row in chart.rows] == [9, 9]


async def test_a_journal_that_was_changed_is_drawn_and_told(portal: Portal) -> None:
    """Without its table of contents the page draws the same of what opens, and says that storage was changed."""
    for value, days_ago in ((2, 20), (1, 3)):
        await answered(portal.cast, value, days_ago)
        await answered(portal.cast, value, days_ago, name="gad7")
    async with portal.client("alice") as browser:
        before = (await opened(browser, "/charts?show=phq9")).words
        await vault_tables.ContentsPage.all().delete()
        page = await opened(browser, "/charts?show=phq9")
    assert "First 18 on 2 Nov 2026, latest 9 on 19 Nov 2026." in before
    assert "First 18 on 2 Nov 2026, latest 9 on 19 Nov 2026." in page.words
    assert "/journal/comparison" in page.answer.text
    assert len(page.markup.all("circle", within="picture-drawing")) == 2


async def test_every_chart_of_nothing_is_calm(portal: Portal) -> None:
    """Each page opens without a number, says so, and shows no frame; home offers none."""
    async with portal.client("alice") as browser:
        for one in SUBJECTS:
            page = await opened(browser, f"/charts?show={one}")
            assert "Nothing to draw yet" in page.words, one
            assert page.markup.all("svg", within="picture") == []
        assert "/charts" not in (await browser.get("/")).text


async def test_none_is_shown_between_the_start_and_rest(portal: Portal) -> None:
    """The page says so kindly, draws nothing and asks for nothing; links to it are gone; after rest it is there."""
    await answered(portal.cast, 1)
    alice = await portal.cast.actor("alice")
    await day_lines.save_line(alice, DayLine(day_lines.get_today(alice), alice.now, mood=2))
    session = await in_session(portal.cast)
    await record.save_reading(alice, session, Reading(parse_time("14:40"), "120", "80"))
    async with portal.client("alice") as browser:
        for one in ("", "?show=phq9", "?show=pressure"):
            page = await opened(browser, f"/charts{one}")
            assert "Charts wait while a dosing session and the rest after it last." in page.words
            assert page.markup.all("svg", within="picture") == []
        for path in ("/measures", "/day-lines", f"/sessions/{session}/readings"):
            assert "/charts" not in (await browser.get(path)).text
    await rested(portal.cast, session)
    async with portal.client("alice") as browser:
        assert "9 on 22 Nov 2026" in (await opened(browser, "/charts?show=phq9")).words


async def test_day_lines_and_readings(any_portal: Portal) -> None:
    """Mood and a line of one's own, joined day to day only; readings before, highest and last, with their times."""
    cast = any_portal.cast
    alice = await cast.actor("alice")
    today = day_lines.get_today(alice)
    await day_lines.save_own_scales(alice, [OwnScale("Ease <b>")])
    for days, mood in ((5, 3), (2, 4), (1, 6), (0, 7)):
        line = DayLine(today - timedelta(days=days), alice.now, days > 0, mood, own={"Ease <b>": 10 - mood})
        await day_lines.save_line(alice, line)
    one = await dosed(cast, 3)
    for at, upper, lower in (("13:40", "120", "80"), ("15:00", "140", "90"), ("17:00", "124", "82")):
        await record.save_reading(alice, one, Reading(parse_time(at), upper, lower))
    await record.save_taken(alice, one, Taken(parse_time("14:10"), "first half"))
    async with any_portal.client("alice") as browser:
        page = await opened(browser, "/charts?show=mood")
        assert (
            "First 3 on 17 Nov 2026, previous 6 on 21 Nov 2026, latest 7 on 22 Nov 2026, 3 days after a dosing session."
            in page.words
        )
        assert len(page.markup.all("polyline")) == 2
        assert "written later" in page.words
        page = await opened(browser, "/charts?show=own-1")
        assert page.heading == "Ease <b>"
        assert "latest 3 on 22 Nov 2026" in page.words
        assert "/charts?show=mood" in (await browser.get("/day-lines")).text
        page = await opened(browser, "/charts?show=pressure")
        assert "On 19 Nov 2026: 120/80 before the start, highest 140/90, last 124/82." in page.words
        assert "15:00" in page.words
        assert "/charts?show=pressure" in (await browser.get(f"/sessions/{one}/readings")).text


async def test_a_clinician_sees_what_was_shared_and_no_hint_of_more(any_portal: Portal) -> None:
    """Whatever alice writes and does not share, bob's pages are the same, letter by letter; and nobody else has one."""
    cast = any_portal.cast
    await shared(cast, await answered(cast, 2, 15), FORM)
    await shared(cast, await answered(cast, 1), FORM)
    one = await dosed(cast, 3)
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    note = {"dose": "", "interval": "one week", "focus": "", "from_day": "2026-11-20", "why": "It faded."}
    await notes.write_note(bob, alice.id, NoteKind.PLAN, note, uuid4())
    here = f"/patients/{alice.id}/charts"
    paths = [here, *(f"{here}?show={subject}" for subject in SUBJECTS)]
    async with any_portal.client("bob") as browser:
        assert here in (await browser.get(f"/patients/{alice.id}")).text
        page = await opened(browser, f"{here}?show=phq9")
        assert "First 18 on 7 Nov 2026, latest 9 on 22 Nov 2026, 3 days after a dosing session." in page.words
        assert "one week" in page.words
        assert [at.attributes["href"] for at in page.markup.all("a", within="chart-choices")] == [
            f"{here}?show=phq9"
        ]
        before = [(await browser.get(path)).text for path in paths]
        # What alice keeps to herself, of each sort; the plan and what was shared stay as they are.
        await answered(cast, 3, name="gad7")
        await records.save_answers(alice, records.find_offered("pcl5-week"), {"1": 4}, uuid4(), 0)
        await scores.save_score(alice, uuid4(), "PHQ-9", "2026-11-20", "27", "somebody")
        await day_lines.save_line(alice, DayLine(day_lines.get_today(alice), alice.now, mood=2))
        await record.save_reading(alice, one, Reading(parse_time("14:40"), "180", "110"))
        changed: Answers = {
            "checkin.moment": "before",
            "checkin.day": "2026-11-18",
            "checkin.medicines": "yes",
        }
        await written(cast, document=EntryDocument("check_in", answers=changed))
        assert [(await browser.get(path)).text for path in paths] == before
    async with any_portal.client("charlie") as browser:
        assert {(await browser.get(path)).status_code for path in paths} == {404}
    async with any_portal.client("alice") as browser:
        assert {(await browser.get(path)).status_code for path in paths} == {404}


async def test_a_paused_share_draws_nothing(portal: Portal) -> None:
    """The page says that sharing is paused, and no more; what was looked at before stands in the patient's log."""
    cast = portal.cast
    share = await shared(cast, await answered(cast, 2), FORM)
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    for subject, is_opened in (("", False), ("gad7", False), ("phq9", True)):
        await shared_charts.load_chart(bob, alice.id, subject)
        row = await care_tables.Share.get(id=share)
        assert (row.opened_at is not None) == is_opened
    await lifecycle.pause_sharing(alice, cast.link)
    found = await shared_charts.load_chart(bob, alice.id, "phq9")
    assert (found.drawn, found.subjects) == (None, ())
    async with portal.client("bob") as browser:
        for one in ("", "?show=phq9"):
            page = await opened(browser, f"/patients/{alice.id}/charts{one}")
            assert "has paused sharing" in page.words
            assert page.markup.all("svg", within="picture") == []
            assert "PHQ-9" not in page.words.replace(page.heading, "")


async def test_a_page_asks_as_much_for_many_as_for_few(portal: Portal) -> None:
    """The statements of a chart do not grow with what there is; earlier forms are not opened for the latest page."""
    cast = portal.cast
    asked: list[list[int]] = []
    for begin in (0, 3):
        for days_ago in range(begin, begin + 3):
            await shared(cast, await answered(cast, 2, days_ago), FORM)
        alice = await cast.actor("alice")
        told = []
        for who, path in (("alice", "/charts?show=phq9"), ("bob", f"/patients/{alice.id}/charts?show=phq9")):
            async with portal.client(who) as browser:
                assert (await browser.get(path)).status_code == 200
                async with counted(portal) as statements:
                    assert (await browser.get(path)).status_code == 200
            told.append(len(statements))
        asked.append(told)
    assert asked[0] == asked[1]
    assert max(asked[0]) <= 14
