"""Measures on the page: as they were printed, left half-done, asked once when it is soon, and held until rest."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from journal.care import lifecycle
from journal.catalogue.fields import Answers
from journal.catalogue.tracked import CheckIn
from journal.check_ins import records as check_in_records
from journal.clinic import call_contacts, text_writing
from journal.clinic.call_contacts import CallDetails, CallRole
from journal.clinic.hours import Window
from journal.clinic.instructions import InstructionsDetails
from journal.measures import records
from journal.measures.instruments import IDS
from journal.measures.lines import parse_measure
from journal.sharing import shares
from journal.standing import standing
from tests.portal.browsing import Page, action, autosaved, followed, opened, pressed
from tests.portal.conftest import Portal
from tests.scenes import in_session, rested, shared, signed_in_again

NOBODY = "Nobody has been told."
VERDICTS = ("severe", "overdue", "improved", "worse", "well done")


def items(name: str, value: int = 1, *but: int) -> dict[str, str]:
    """Answer every item of a measure alike, but for some."""
    found = records.find_offered(name).items
    return {f"item{one.number}": str(value) for one in found if one.number not in but}


async def filled_in(portal: Portal, name: str = "phq9", value: int = 1, *but: int) -> Page:
    """Have alice fill in a measure on its page, and read what it came to."""
    async with portal.client("alice") as browser:
        page = await opened(browser, f"/measures/{name}?again=yes")
        return await followed(browser, await pressed(browser, page, **items(name, value, *but)))


async def test_half_a_form_has_no_total_and_is_gone_on_with(any_portal: Portal) -> None:
    """Without JavaScript: six of nine, then all of them; the same form, and a total only then."""
    page = await filled_in(any_portal, "phq9", 1, 3, 5, 7)
    assert "6 of 9 answered" in page.words
    assert "of 27" not in page.words
    async with any_portal.client("alice") as browser:
        form = await opened(browser, "/measures/phq9")
        assert form.value("item1") == "1"
        assert "item3" not in form.fields
        page = await followed(browser, await pressed(browser, form, "pause", item3="2"))
        assert page.heading == "Measures"
        assert "7 of 9 answered" in page.words
        form = await opened(browser, "/measures/phq9")
        page = await followed(browser, await pressed(browser, form, **items("phq9", 2)))
        assert "18 of 27" in page.words
        assert len((await records.load_measures(await any_portal.cast.actor("alice"))).filled) == 1


async def test_each_measure_says_what_it_is(any_portal: Portal) -> None:
    """Time frame, no diagnosis, no emergency service and the licence on each form; a radio for each answer."""
    async with any_portal.client("alice") as browser:
        for name in IDS:
            page, one = await opened(browser, f"/measures/{name}"), records.find_offered(name)
            for told in (
                "It asks about",
                "Not a diagnosis",
                "not an emergency service",
                one.licence,
                one.stem,
            ):
                assert " ".join(told.split()) in page.words, (name, told)
            radios = [at for at in page.markup.all("input") if at.attributes.get("type") == "radio"]
            extra = len(one.extra.answers) if one.extra else 0
            assert len(radios) == len(one.items) * len(one.answers) + extra
            assert not any("required" in at.attributes for at in radios)


async def test_item_nine_opens_the_panel_before_any_total(any_portal: Portal) -> None:
    """It stands on the form for the moment it is chosen, and above what was answered; it says that nobody was told."""
    page = await filled_in(any_portal, "phq9", 1)
    assert NOBODY in page.words
    assert page.words.index(NOBODY) < page.words.index("9 of 27")
    assert page.markup.all("a", within="measure-panel")
    async with any_portal.client("alice") as browser:
        form = await opened(browser, "/measures/phq9")
        assert NOBODY in form.words
        gad = await opened(browser, "/measures/gad7")
        assert NOBODY not in gad.words
        page = await followed(browser, await pressed(browser, form, item9="0"))
        assert NOBODY not in page.words
        assert "8 of 27" in page.words


async def test_the_panel_has_whom_the_care_team_named(portal: Portal) -> None:
    """With whether they answer now, below the emergency number: on the form, on one that is shown again, after it."""
    cast = portal.cast
    alice = (await cast.actor("alice")).id
    hours = (Window((1, 2, 3, 4, 5, 6, 7), "00:00", "00:00"),)
    nurse = CallDetails(CallRole.NURSE, "Nora", "+49 30 5550 7", "Anything that cannot wait", windows=hours)
    await call_contacts.save_contact(await cast.actor("bob"), alice, nurse)
    after = await filled_in(portal, "phq9", 1)
    async with portal.client("alice") as browser:
        form = await opened(browser, "/measures/phq9")
        again = Page.of(await pressed(browser, form, "stay"))
        for page in (form, again, after):
            (call,) = page.markup.all("a", within="measure-panel", href="tel:+493055507")
            assert call.words == "Call +49 30 5550 7"
            panel = page.markup.one("section", **{"aria-label": "If you need somebody now"}).words
            assert panel.index("112") < panel.index("On-call nurse · Nora · Answers now")
            assert "Anything that cannot wait" in panel
        assert "Nora" not in (await opened(browser, "/measures/gad7")).words


async def test_a_text_that_was_not_compared_is_not_filled_in(any_portal: Portal) -> None:
    """On Spanish pages the English text is there, said to be English, also where another is asked for."""
    async with any_portal.client("alice") as browser:
        await browser.post("/account/details", data={"name": "Alice", "time_zone": "UTC", "language": "es"})
        form = await opened(browser, "/measures/phq9")
        assert "Este cuestionario está aquí solo en inglés" in form.words
        assert form.markup.all("div", lang="en")
        assert "Not at all" in form.words
        assert "Ningún día" not in form.words
        sent = form.filled(items("phq9", 2) | {"language": "es"}, "done")
        saved = await followed(browser, await browser.post(action(form), data=sent))
        assert "Ningún día" not in saved.words


async def test_sooner_than_its_time_is_asked_once(any_portal: Portal) -> None:
    """Five days later it says so, and leads on or back; on its own day it is gone on with unasked."""
    await filled_in(any_portal, "phq9", 0)
    async with any_portal.client("alice") as browser:
        assert "You can go on, or wait." not in (await opened(browser, "/measures/phq9")).words
    any_portal.cast.clock.forward(days=5)
    await signed_in_again(any_portal.cast)
    async with any_portal.client("alice") as browser:
        page = await opened(browser, "/measures/phq9")
        assert "This covers the last two weeks" in page.words
        assert "You answered it 5 days ago." in page.words
        assert not page.markup.all("fieldset")
        assert page.markup.all("a", href="/measures/phq9?again=yes")
    await filled_in(any_portal, "phq9", 3)
    any_portal.cast.clock.forward(days=14)
    await signed_in_again(any_portal.cast)
    async with any_portal.client("alice") as browser:
        assert "You can go on, or wait." not in (await opened(browser, "/measures/phq9")).words
        page = await opened(browser, "/measures")
        assert [one.words for one in page.markup.all("li", within="additions")] == [
            "Friday, 27 November 2026 27 of 27",
            "Sunday, 22 November 2026 0 of 27",
        ]
        assert not [word for word in VERDICTS if word in page.words.lower()]


async def test_none_is_answered_until_rest_and_nothing_typed_is_lost(any_portal: Portal) -> None:
    """The page says what waits; what was sent is refused with every answer still on the page, the panel included."""
    async with any_portal.client("alice") as browser:
        form = await opened(browser, "/measures/phq9")
    session = await in_session(any_portal.cast)
    async with any_portal.client("alice") as browser:
        page = await opened(browser, "/measures/phq9")
        assert "This waits until you have rested" in page.words
        assert not page.markup.all("fieldset")
        assert not page.markup.all("a", within="actions", href="/measures/phq9")
        answer = await pressed(browser, form, **items("phq9", 2))
        assert answer.status_code == 409
        page = Page.of(answer)
        assert "Measures wait" in page.words
        assert {name: page.value(name) for name in items("phq9")} == items("phq9", 2)
        assert NOBODY in page.words
        quiet = await autosaved(browser, form, item1="1")
        assert quiet.status_code == 409
        assert "Not saved yet" in quiet.text
    assert (await records.load_measures(await any_portal.cast.actor("alice"))).filled == ()
    await rested(any_portal.cast, session)
    await filled_in(any_portal, "phq9", 2)


async def test_it_saves_by_itself_and_tells_of_another_page(any_portal: Portal) -> None:
    """Each rest of a second saves what is chosen; a second page of the same day is told, with its answers there."""
    async with any_portal.client("alice") as browser:
        form, other = await opened(browser, "/measures/gad7"), await opened(browser, "/measures/gad7")
        saved = await autosaved(browser, form, item1="1")
        assert saved.status_code == 200
        assert "Saved" in saved.text
        answer = await pressed(browser, other, item2="3")
        assert answer.status_code == 409
        page = Page.of(answer)
        assert "another page today" in page.words
        assert page.value("item2") == "3"
        (one,) = (await records.load_measures(await any_portal.cast.actor("alice"))).filled
        assert dict(one.measure.answers) == {"1": 1}
        nothing = await pressed(browser, await opened(browser, "/measures/phq9"))
        assert nothing.headers["location"] == "/measures"


async def test_past_midnight_the_next_save_begins_it_anew(any_portal: Portal) -> None:
    """A form of yesterday stays as it is; the page says so, and its answers begin one of today."""
    async with any_portal.client("alice") as browser:
        form = await opened(browser, "/measures/gad7")
        await autosaved(browser, form, item1="1")
    any_portal.cast.clock.forward(hours=12)
    await signed_in_again(any_portal.cast)
    async with any_portal.client("alice") as browser:
        answer = await browser.post(action(form), data=form.filled({"item1": "2", "revision": "1"}))
        assert answer.status_code == 409
        page = Page.of(answer)
        assert "earlier day" in page.words
        await followed(browser, await pressed(browser, page))
    seen = await records.load_measures(await any_portal.cast.actor("alice"))
    assert [dict(one.measure.answers) for one in seen.filled] == [{"1": 1}, {"1": 2}]


async def test_a_clinician_reads_the_whole_shared_form(any_portal: Portal) -> None:
    """Raw answers, total, time frame and day; never the panel, which is the patient's; a change leads to the list."""
    await filled_in(any_portal, "pcl5-month", 2)
    cast = any_portal.cast
    (one,) = (await records.load_measures(await cast.actor("alice"))).filled
    share: UUID = await shared(cast, one.entry, ("title", "measure.form"))
    alice = (await cast.actor("alice")).id
    async with any_portal.client("bob") as browser:
        page = await opened(browser, f"/patients/{alice}/shared/{share}")
        for told in (
            "PCL-5, past month",
            "the past month",
            "40 of 80",
            "Part D: 14 of 28",
            "2 · Moderately",
        ):
            assert told in page.words, told
        assert NOBODY not in page.words
        assert not [word for word in VERDICTS if word in page.words.lower()]
    async with any_portal.client("alice") as browser:
        edited = await browser.get(f"/journal/{one.entry.id}/edit")
        assert edited.headers["location"] == "/measures"
        typed = {"revision": "1", "kind": "measure", "fields": "measure.form", "measure.form": "1=3"}
        assert (await browser.post(f"/journal/{one.entry.id}", data=typed)).status_code == 404


async def test_numbers_can_be_hidden_and_still_be_shared(any_portal: Portal) -> None:
    """Hidden, their patient sees the words that were chosen and no number, in the preview too; a clinician sees all."""
    await filled_in(any_portal, "pcl5-month", 2)
    cast = any_portal.cast
    (one,) = (await records.load_measures(await cast.actor("alice"))).filled
    alice = (await cast.actor("alice")).id
    async with any_portal.client("alice") as browser:
        assert (await browser.post("/measures", data={"go": "nothing"})).status_code == 404
        page = await followed(browser, await browser.post("/measures", data={"go": "hide"}))
        assert "all answered" in page.words
        share = await shared(cast, one.entry, ("title", "measure.form"))
        preview = {"to": str(cast.link), "sections": ["measure.form"], "step": "chosen"}
        where = f"/journal/{one.entry.id}"
        pages = [
            page,
            *[await opened(browser, at) for at in (where, f"{where}/shares", f"/sharing/{cast.link}")],
        ]
        pages.append(Page.of(await browser.post(f"{where}/shares", data=preview)))
        for each in pages:
            assert not [told for told in ("40 of 80", "14 of 28", "2 · Mod") if told in each.words]
        assert all("Moderately" in each.words for each in (pages[1], pages[-1]))
    async with any_portal.client("bob") as browser:
        assert "40 of 80" in (await opened(browser, f"/patients/{alice}/shared/{share}")).words
    async with any_portal.client("alice") as browser:
        page = await followed(browser, await browser.post("/measures", data={"go": "show"}))
        assert "40 of 80" in page.words


async def test_home_offers_what_was_used_before_in_one_quiet_line(any_portal: Portal) -> None:
    """Never one that was not used, nor before its usual time, nor around a session; one line, and no word of duty."""
    cast, told = any_portal.cast, "can be answered again"
    await filled_in(any_portal, "phq9", 0)
    await filled_in(any_portal, "gad7", 0)
    await filled_in(any_portal, "pcl5-week", 0)
    for days, lines in ((13, 0), (1, 1)):
        cast.clock.forward(days=days)
        await signed_in_again(cast)
        async with any_portal.client("alice") as browser:
            page = await opened(browser, "/")
            assert page.words.count(told) == lines
            assert not [word for word in VERDICTS if word in page.words.lower()]
    session = await in_session(cast)
    async with any_portal.client("alice") as browser:
        assert told not in (await opened(browser, "/")).words
    await rested(cast, session)
    await filled_in(any_portal, "phq9", 0)
    alice = await cast.actor("alice")
    felt: Answers = {"checkin.felt": "1"}  # one line: the check-in of the day comes first
    await check_in_records.save_check_in(alice, CheckIn.NEXT_DAY, session, felt, uuid4(), 0)
    async with any_portal.client("alice") as browser:
        assert (
            told not in (await opened(browser, "/")).words
        )  # nor does it come before what the session brought
        assert "GAD-7 can be answered again" in (await opened(browser, "/today")).words


async def test_a_course_says_how_often(any_portal: Portal) -> None:
    """Its care team's number takes the place of the usual time, for this course alone; the others stay at theirs."""
    cast, told = any_portal.cast, "PHQ-9 can be answered again"
    await filled_in(any_portal, "phq9", 0)
    await filled_in(any_portal, "gad7", 0)
    alice = await cast.actor("alice")
    await text_writing.save_instructions(
        await cast.actor("bob"), alice.id, None, InstructionsDetails(phq9_days=28), is_checked=True
    )
    for days, line in ((15, "GAD-7 can be answered again"), (13, told)):
        cast.clock.forward(days=days)
        await signed_in_again(cast)
        if line == told:
            await filled_in(any_portal, "gad7", 0)
        async with any_portal.client("alice") as browser:
            assert line in (await opened(browser, "/")).words


TOTAL = {"name": "WHO-5", "day": "2026-11-20", "number": "60", "taken_by": "Dr Rao"}


async def test_a_total_from_elsewhere(any_portal: Portal) -> None:
    """Name, day, total and by whom, kept as typed in one part; sent twice it is kept once; hidden like others."""
    async with any_portal.client("alice") as browser:
        form = await opened(browser, "/measures/other")
        sent = form.filled(TOTAL)
        page = await followed(browser, await browser.post("/measures/other", data=sent))
        assert page.heading == "WHO-5"
        for told in (TOTAL | {"day": "20 Nov 2026"}).values():
            assert told in page.words
        await followed(browser, await browser.post("/measures/other", data=sent))
        page = await opened(browser, "/measures")
        (line,) = page.markup.all("li", within="additions")
        assert line.words == "WHO-5 Friday, 20 November 202660Dr Rao"
        await browser.post("/measures", data={"go": "hide"})
        (line,) = (await opened(browser, "/measures")).markup.all("li", within="additions")
        assert line.words == "WHO-5 Friday, 20 November 2026Dr Rao"
    seen = await records.load_measures(await any_portal.cast.actor("alice"))
    assert seen.filled == ()
    (entry,) = seen.entries
    assert entry.document.answers == {"measure.score": "WHO-5\n2026-11-20\n60\nDr Rao"}
    async with any_portal.client("alice") as browser:
        page = await opened(browser, f"/journal/{entry.id}")
        assert "Dr Rao" in page.words
        (section,) = page.markup.all("section", **{"class": "answer"})
        assert section.words.endswith("WHO-520 Nov 2026Dr Rao")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"name": " "}, "name the scale"),
        ({"name": "x" * 61}, "name the scale"),
        ({"day": "2026-11-23"}, "still to come"),
        ({"day": "soon"}, "still to come"),
        ({"number": "high"}, "as a number"),
        ({"number": "1" * 50}, "as a number"),
        ({"taken_by": "x" * 61}, "60 letters"),
    ],
)
async def test_a_total_that_cannot_be_is_refused_with_what_was_typed(
    portal: Portal, wrong: dict[str, str], told: str
) -> None:
    """Each beside its field, and all that was typed is still there."""
    async with portal.client("alice") as browser:
        form = await opened(browser, "/measures/other")
        answer = await browser.post("/measures/other", data=form.filled(TOTAL | wrong))
        assert answer.status_code == 422
        page = Page.of(answer)
        assert told in page.words
        assert {name: page.value(name) for name in TOTAL} == TOTAL | wrong


async def test_no_total_is_entered_until_rest(portal: Portal) -> None:
    """It waits like every measure, and what was typed stays on the page."""
    async with portal.client("alice") as browser:
        form = await opened(browser, "/measures/other")
    await in_session(portal.cast)
    async with portal.client("alice") as browser:
        assert "This waits until you have rested" in (await opened(browser, "/measures/other")).words
        answer = await browser.post("/measures/other", data=form.filled(TOTAL))
        assert answer.status_code == 409
        assert {name: Page.of(answer).value(name) for name in TOTAL} == TOTAL
    assert (await records.load_measures(await portal.cast.actor("alice"))).entries == ()


async def test_it_goes_when_it_is_done(any_portal: Portal) -> None:
    """To whom its patient chose, and not while it is being answered; a correction goes to nobody by itself."""
    cast = any_portal.cast
    await standing.give_standing(await cast.actor("alice"), cast.link, "phq9")
    await standing.give_standing(await cast.actor("alice"), cast.link, "gad7")
    async with any_portal.client("alice") as browser:
        form = await opened(browser, "/measures/phq9")
        assert "Bob Example can read each new one" in form.words
        await autosaved(browser, form, **items("phq9", 1))
        assert not await shares.list_shares(await cast.actor("alice"))
        form = await opened(browser, "/measures/phq9")
        await pressed(browser, form, **items("phq9", 2))
        (copy,) = await shares.list_shares(await cast.actor("alice"))
        (copied,) = parse_measure(copy.document.answers["measure.form"])
        assert set(copied.answers.values()) == {2}
        form = await opened(browser, "/measures/phq9")
        await pressed(browser, form, **items("phq9", 3))
        (copy,) = await shares.list_shares(await cast.actor("alice"))
        assert parse_measure(copy.document.answers["measure.form"]) == (copied,)
        await pressed(browser, await opened(browser, "/measures/gad7"), "pause", **items("gad7", 1, 7))
        assert len(await shares.list_shares(await cast.actor("alice"))) == 1


async def test_what_was_done_while_sharing_was_paused_is_asked_about(any_portal: Portal) -> None:
    """Its page lists it afterwards, not ticked; it goes when its patient says so."""
    cast = any_portal.cast
    await standing.give_standing(await cast.actor("alice"), cast.link, "gad7")
    await lifecycle.pause_sharing(await cast.actor("alice"), cast.link)
    page = await filled_in(any_portal, "gad7", 1)
    assert "7 of 21" in page.words
    await lifecycle.resume_sharing(await cast.actor("alice"), cast.link)
    assert not await shares.list_shares(await cast.actor("alice"))
    async with any_portal.client("alice") as browser:
        page = await opened(browser, f"/sharing/{cast.link}/standing")
        assert "GAD-7 that did not go" in page.words
        await pressed(browser, page, "some", sections=page.fields["shares"])
    assert len(await shares.list_shares(await cast.actor("alice"))) == 1
