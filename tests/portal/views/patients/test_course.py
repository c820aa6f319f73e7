"""A course in one form: the numbers, every date before anything is written, and the plan that comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import pytest
from httpx import AsyncClient, Response

from journal.scheduling import plan as session_plan
from journal.sessions.rows import load_my_sessions
from journal.sessions.session import Phase, Route, Setting, Status
from tests.portal.browsing import Page, followed, opened
from tests.portal.conftest import Portal
from tests.shared_material import dosing, plan_course

SIX = {
    "dosing_count": "6",
    "every_days": "7",
    "first_date": "2026-12-04",
    "first_time": "14:00",
    "route": "sublingual",
    "dose_text": "as told",
}


async def form_of(portal: Portal, browser: AsyncClient) -> tuple[str, Page]:
    """Open the form for alice."""
    path = f"/patients/{(await portal.cast.actor('alice')).id}/course"
    return path, await opened(browser, path)


async def sent(browser: AsyncClient, path: str, page: Page, step: str, **typed: str) -> Response:
    """Press one of the form's buttons."""
    return await browser.post(path, data=page.filled(typed) | {"step": [step]})


def dates(page: Page) -> list[str]:
    """The lines of the preview."""
    return [one.words for one in page.markup.all("li") if "date" in one.attributes.get("class", "").split()]


async def test_six_sessions_a_week_apart_in_one_form(any_portal: Portal) -> None:
    """Six at home, integration the day after each, preparation before the first: thirteen dates, then planned."""
    async with any_portal.client("bob") as browser:
        path, form = await form_of(any_portal, browser)
        assert form.value("zone") == "Europe/Berlin"
        preview = Page.of(await sent(browser, path, form, "preview", **SIX))
        assert preview.heading == "13 sessions, not planned yet"
        shown = dates(preview)
        assert len(shown) == 13
        assert shown[0].startswith(
            "Wednesday, 2 December 2026 10:00 Preparation session before the 1st dosing"
        )
        assert shown[1].startswith("Friday, 4 December 2026 14:00 1st dosing session")
        assert "120 minutes" in shown[1]
        assert shown[-1].startswith("Saturday, 9 January 2027 10:00 Integration session about the 6th dosing")
        assert await load_my_sessions(await any_portal.cast.actor("alice")) == ()
        patient = await followed(browser, await sent(browser, path, preview, "confirm"))
        assert "12 more planned" in patient.words
    plan = await load_my_sessions(await any_portal.cast.actor("alice"))
    alice = await any_portal.cast.actor("alice")
    first = (await session_plan.load_session(alice, (await dosing(any_portal.cast))[0].id)).details
    assert len(plan) == 13
    assert (first.setting, first.route, first.phase, first.dose_text, first.minutes, first.status) == (
        Setting.HOME,
        Route.SUBLINGUAL,
        Phase.INDUCTION,
        "as told",
        120,
        Status.PLANNED,
    )
    async with any_portal.client("alice") as browser:
        assert "6th dosing session" in (await opened(browser, "/sessions")).words


async def test_a_course_confirmed_twice_is_planned_once(portal: Portal) -> None:
    """Pressing the button twice, or going back to it, plans thirteen sessions and not more."""
    async with portal.client("bob") as browser:
        path, form = await form_of(portal, browser)
        preview = Page.of(await sent(browser, path, form, "preview", **SIX))
        for _ in range(2):
            assert (await sent(browser, path, preview, "confirm")).status_code == 303
    assert len(await load_my_sessions(await portal.cast.actor("alice"))) == 13


@pytest.mark.parametrize(
    ("first", "said"),
    [
        ("2027-11-02", ""),
        ("2026-11-20", "3 dates have passed already"),
        ("2025-11-20", "13 dates have passed already"),
    ],
)
async def test_dates_that_have_passed_are_pointed_out(portal: Portal, first: str, said: str) -> None:
    """Before a course is saved, the preview says how many of its dates lie in the past."""
    async with portal.client("bob") as browser:
        path, form = await form_of(portal, browser)
        preview = Page.of(await sent(browser, path, form, "preview", **(SIX | {"first_date": first})))
        assert ("passed already" in preview.words) is bool(said)
        assert said in preview.words


async def test_going_back_keeps_what_was_typed(portal: Portal) -> None:
    """From the dates back to the form, nothing has to be typed again."""
    async with portal.client("bob") as browser:
        path, form = await form_of(portal, browser)
        preview = Page.of(await sent(browser, path, form, "preview", **SIX, integration_days_after=""))
        assert len(dates(preview)) == 7
        again = Page.of(await sent(browser, path, preview, "change"))
        assert again.answer.status_code == 200
        assert {name: again.value(name) for name in SIX} == SIX
        assert again.value("integration_days_after") == ""


async def test_what_cannot_be_planned_is_said_by_field(portal: Portal) -> None:
    """Each slip has a sentence beside its field, whatever step it is sent with; nothing is planned."""
    slips: Mapping[str, str] = {
        "first_date": "soon",
        "first_time": "noon",
        "dosing_count": "0",
        "every_days": "a week",
        "minutes": "-5",
        "preparation_time": "",
        "route": "teleport",
    }
    async with portal.client("bob") as browser:
        path, form = await form_of(portal, browser)
        for step in ("preview", "confirm", ""):
            answer = await sent(browser, path, form, step, **slips)
            again = Page.of(answer)
            assert answer.status_code == 422
            asked = {one.attributes["href"][1:] for one in again.markup.all("a", within="error-list")}
            assert asked == set(slips) - {"dosing_count"}
            assert {name: again.value(name) for name in slips if name != "route"} == {
                name: value for name, value in slips.items() if name != "route"
            }
        spray = SIX | {"route": "intranasal_esketamine"}
        assert "certified clinic" in (await sent(browser, path, form, "preview", **spray)).text
        many = SIX | {"dosing_count": "21"}
        assert "between 1 and 20" in (await sent(browser, path, form, "preview", **many)).text
    assert await load_my_sessions(await portal.cast.actor("alice")) == ()


async def test_the_dates_say_what_the_clocks_do(portal: Portal) -> None:
    """Across March and October the wall time stays, and the dates say so; a skipped hour is told as such."""
    async with portal.client("bob") as browser:
        path, form = await form_of(portal, browser)
        weekly = {"first_date": "2027-03-21", "first_time": "14:00", "dosing_count": "2", "every_days": "7"}
        spring = dates(
            Page.of(await sent(browser, path, form, "preview", **weekly, integration_days_after=""))
        )
        assert [line[:37] for line in spring[1:]] == [
            "Sunday, 21 March 2027 14:00 1st dosin",
            "Sunday, 28 March 2027 14:00 2nd dosin",
        ]
        assert "clocks have gone forward" in spring[2]
        weekly["first_time"] = "02:30"
        gap = dates(Page.of(await sent(browser, path, form, "preview", **weekly, integration_days_after="")))
        assert "03:30" in gap[2]
        assert "this time is skipped" in gap[2]
        weekly["first_date"] = "2027-10-24"
        fold = dates(
            Page.of(await sent(browser, path, form, "preview", **weekly, integration_days_after="1"))
        )
        assert "this time comes twice" in fold[3]
        assert "Monday, 1 November 2027 10:00" in fold[4]
        assert "clocks have gone back" in fold[4]


async def test_a_second_course_counts_on_and_says_what_is_there(portal: Portal) -> None:
    """The next course of the same series begins with the next number; days that are taken are named."""
    await plan_course(portal.cast, count=2)
    async with portal.client("bob") as browser:
        path, form = await form_of(portal, browser)
        typed = SIX | {"first_date": "2026-11-13", "first_time": "16:00", "dosing_count": "1"}
        preview = Page.of(await sent(browser, path, form, "preview", **typed))
        assert "On some of these days there is something already" in preview.words
        (taken,) = preview.markup.all("li", within="notice")
        assert taken.words.startswith("2nd dosing session · Friday, 13 November 2026, 14:00")
        assert "3rd dosing session" in dates(preview)[1]
        other = Page.of(await sent(browser, path, form, "preview", **typed, phase="maintenance"))
        assert "1st dosing session, maintenance" in dates(other)[1]


async def test_a_clinician_adds_moves_and_cancels_single_sessions(portal: Portal) -> None:
    """One more integration session about a dosing session, moved, and cancelled: the patient sees each step."""
    await plan_course(portal.cast)
    third = (await dosing(portal.cast))[2]
    alice = (await portal.cast.actor("alice")).id
    async with portal.client("bob") as browser:
        page = await opened(browser, f"/sessions/{third.id}")
        link = next(one for one in page.markup.all("a") if one.words == "Add an integration session about it")
        form = await opened(browser, link.attributes["href"])
        assert (form.value("kind"), form.value("about")) == ("integration", third.id.hex)
        answer = await browser.post(
            f"/patients/{alice}/sessions/new", data=form.filled({"date": "2026-11-25", "time": "09:00"})
        )
        where = answer.headers["location"]
        edit = await opened(browser, f"{where}/edit")
        await browser.post(f"{where}/edit", data=edit.filled({"date": "2026-11-26"}))
    async with portal.client("alice") as browser:
        shown = await opened(browser, where)
        assert "Integration session about the 3rd dosing session" in shown.words
        assert "Thursday, 26 November 2026, 09:00" in shown.words
    async with portal.client("bob") as browser:
        await browser.post(f"{where}/status", data={"status": "cancelled"})
    one = await session_plan.load_session(await portal.cast.actor("alice"), UUID(where.rsplit("/", 1)[1]))
    assert one.details.status is Status.CANCELLED


async def test_a_course_for_somebody_elses_patient_cannot_be_planned(portal: Portal) -> None:
    """For other clinicians the page does not exist, nor for patients."""
    path = f"/patients/{(await portal.cast.actor('alice')).id}/course"
    for outsider in ("charlie", "dana", "alice"):
        async with portal.client(outsider) as browser:
            assert (await browser.get(path)).status_code == 404
            answer = await browser.post(path, data=SIX | {"step": "confirm"})
            assert answer.status_code == 404
