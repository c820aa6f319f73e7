"""The patient's timeline, her therapist's page, a session's page, the brief and the archives agree on sessions."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from journal.accounts import details as account_details
from journal.brief import brief
from journal.catalogue.fields import WRITTEN_KINDS, EntryKind
from journal.records import collection as records_collection
from journal.scheduling import plan as session_plan
from journal.sessions.rows import load_my_sessions
from journal.sessions.session import Phase, SessionDetails, SessionKind, Setting, Status
from tests.cast import NOON
from tests.portal.browsing import Page, followed, opened
from tests.portal.conftest import Portal
from tests.portal.views.sessions.test_plan import added
from tests.shared_material import dosing, plan_course, report_past, share, write

FIELDS = {
    EntryKind.PREPARATION: "prep.intention",
    EntryKind.CAPTURE: "int.images",
    EntryKind.INTEGRATION: "int.meaning",
    EntryKind.REFRAME: "reframe.old_meaning",
    EntryKind.GROUNDING: "ground.note",
    EntryKind.FREE: "free.text",
    EntryKind.STEADY: "steady.phrases",
    EntryKind.CHECKLIST: "check.own",
    EntryKind.COMFORT: "comfort.words_help",
    EntryKind.SAFETY: "safety.alone",
    EntryKind.DAY: "day.medicine",
    EntryKind.SITTER: "sitter.events",
    EntryKind.MEASURE: "measure.form",
    EntryKind.CHECK_IN: "checkin.changed",
    EntryKind.DAY_LINES: "dayline.lines",
    EntryKind.EVALUATION: "evaluation.allergies",
    EntryKind.PLAN_NOTE: "plan.focus",
    EntryKind.REPLIES: "replies.lines",
    EntryKind.WAITING: "waiting.requests",
    EntryKind.STANDING: "standing.shares",
    EntryKind.NOTICES: "notices.agreed",
}


def hung_on(page: Page) -> dict[str, str]:
    """For each title on a spine, the address of the session above it; empty before the first."""
    found, session = {}, ""
    for one in page.markup.elements:
        within = set(one.within)
        if one.tag == "a" and "spine-label" in within:
            session = one.attributes["href"].rpartition("/")[2]
        elif "spine-label" in within | {one.attributes.get("class", "")} and "before" in one.words.lower():
            session = ""
        if one.tag == "a" and "entry-title" in within and "spine" in within:
            found[one.words] = session
    return found


async def test_the_timeline_follows_the_plan_and_the_time_zone_at_once(any_portal: Portal) -> None:
    """A session that is moved, or looked at from elsewhere, has another day on the very next page."""
    cast = any_portal.cast
    await write(cast, EntryKind.FREE, {"free.text": "words"})
    alice = await cast.actor("alice")
    late = SessionDetails(
        SessionKind.DOSING, "2026-12-01T23:30", "Europe/Berlin", 60, Setting.CLINIC, phase=Phase.INDUCTION
    )
    first, second = [
        await session_plan.add_session(alice, alice.id, details)
        for details in (late, replace(late, local="2026-12-08T23:30"))
    ]
    async with any_portal.client("alice") as browser:

        async def told() -> list[tuple[str, str]]:
            text = (await browser.get("/journal")).text
            return re.findall(
                r"<span>(\w+, \d+ \w+ \d+)</span>.*?<a href=\"/sessions/[^\"]+\">([^<]+)</a>", text, re.DOTALL
            )

        assert await told() == await told() == [("Tuesday, 1 December 2026", "1st dosing session")]
        await account_details.change_details(alice, "Alice", "Asia/Tokyo")
        assert await told() == [("Wednesday, 2 December 2026", "1st dosing session")]
        await session_plan.change_session(alice, first, 1, replace(late, local="2026-12-20T12:00"))
        assert await told() == [("Wednesday, 9 December 2026", "1st dosing session")]
        await session_plan.change_status(alice, second, Status.CANCELLED)
        assert await told() == [("Sunday, 20 December 2026", "1st dosing session")]


@pytest.mark.parametrize("kind", EntryKind)
async def test_everybody_hangs_it_on_the_same_session(portal: Portal, kind: EntryKind) -> None:
    """Before, between and after sessions, one of them cancelled, and tied to one: every view gives the same answer."""
    cast = portal.cast
    await plan_course(cast)
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    plan = await load_my_sessions(alice)
    talks = [one for one in plan if one.kind is SessionKind.INTEGRATION]
    await session_plan.change_status(bob, talks[1].id, Status.CANCELLED, "")
    third = (await dosing(cast))[2]
    for day in range(-40, 1, 3):
        entry = await write(
            cast, kind, {FIELDS[kind]: "words"}, title=f"Day {day}", at=NOON + timedelta(days=day)
        )
        await share(cast, entry)
    tied = await write(
        cast, kind, {FIELDS[kind]: "words"}, title="Tied", about=third, at=NOON - timedelta(days=30)
    )
    await share(cast, tied)

    async with portal.client("alice") as browser:
        own = hung_on(await opened(browser, "/journal"))
        beside = {one.id: (await opened(browser, f"/sessions/{one.id}")).words for one in plan}
    async with portal.client("bob") as browser:
        shared = hung_on(await opened(browser, f"/patients/{alice.id}"))
    archive = await records_collection.collect_patient_records(await cast.actor("alice"), "A practice")
    taken = {one.title: one.belongs_to for one in archive.entries}
    (copies,) = (
        await records_collection.collect_shared_records(await cast.actor("bob"), "A practice", alice.id)
    ).patients
    assert len(own) == 15
    assert own["Tied"] == str(third.id)
    assert shared == own
    assert {title: str(at or "") for title, at in taken.items()} == own
    assert {one.title: str(one.belongs_to or "") for one in copies.shared} == own
    for title, at in own.items():
        assert at == "" or title in beside[UUID(at)]
    drawn = await brief.build_brief(await cast.actor("bob"), alice.id)
    assert drawn.about is not None
    near = {one.source.document.title for one in drawn.intention}
    around = {str(drawn.about.id)} | {str(one.id) for one in plan if one.details.about == drawn.about.id.hex}
    assert near <= {title for title, at in own.items() if at in around}


async def test_the_calm_screen_has_what_was_written_before_a_late_start(portal: Portal) -> None:
    """An intention written after the planned time, and before she says that it begins, is the one she sees."""
    async with portal.client("alice") as browser:
        await added(browser, date="2026-11-29")
        where = await added(browser)  # planned for an hour from now
        portal.cast.clock.forward(minutes=70)
        await write(portal.cast, "preparation", {"prep.intention": "To let the sea be."})
        portal.cast.clock.forward(minutes=20)
        calm = await followed(browser, await browser.post(f"{where}/status", data={"status": "in_session"}))
    assert "To let the sea be." in calm.words


async def test_a_shared_copy_names_its_session_to_both(portal: Portal) -> None:
    """What is tied to nothing says to which session it belongs, before it is shared and where it is read."""
    cast = portal.cast
    await plan_course(cast)
    seen = await write(cast, "capture", {"int.images": "A hall."})
    async with portal.client("alice") as browser:
        form = {"to": str(cast.link), "sections": "int.images", "step": "look"}
        preview = Page.of(await browser.post(f"/journal/{seen}/shares", data=form))
        copy = await share(cast, seen)
        listed = await opened(browser, f"/sharing/{cast.link}")
    async with portal.client("bob") as browser:
        read = await opened(browser, f"/patients/{(await cast.actor('alice')).id}/shared/{copy}")
    for page in (preview, listed, read):
        assert "Belongs to: Dosing session, 20 Nov 2026" in page.words


async def test_the_brief_is_about_a_session_that_began_early(portal: Portal) -> None:
    """It quotes what was intended for the session that began, as the clinician's page hangs it there."""
    cast = portal.cast
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    first, second = [
        await session_plan.add_session(
            bob, alice.id, SessionDetails(SessionKind.DOSING, local, "UTC", 120, Setting.CLINIC)
        )
        for local in ("2026-11-15T10:00", "2026-11-22T16:00")
    ]
    await report_past(cast)
    entry = await write(
        cast, EntryKind.PREPARATION, {"prep.intention": "words"}, title="Ready", at=NOON - timedelta(days=1)
    )
    await share(cast, entry, at=NOON - timedelta(days=1))
    assert (await brief.build_brief(bob, alice.id)).about == await session_plan.load_session(bob, first)
    await session_plan.change_status(bob, second, Status.IN_SESSION)
    drawn = await brief.build_brief(bob, alice.id)
    assert drawn.about is not None
    assert drawn.about.id == second
    assert [one.source.document.title for one in drawn.intention] == ["Ready"]


async def test_choosing_what_to_write_ties_nothing_that_was_not_chosen(portal: Portal) -> None:
    """Only what fits the moment, and says for which session, is tied; a session that was asked for ties every kind."""
    await plan_course(portal.cast)
    third = (await dosing(portal.cast))[2]
    async with portal.client("alice") as browser:
        links = [one.attributes["href"] for one in (await opened(browser, "/journal/new")).markup.all("a")]
        tied = [one for one in links if "/journal/new?kind=" in one and "session=" in one]
        assert tied == [f"/journal/new?kind=integration&session={third.id}&prompt=first"]
        asked = await opened(browser, f"/journal/new?session={third.id}")
        links = [one.attributes["href"] for one in asked.markup.all("a")]
        assert len([one for one in links if f"session={third.id}" in one]) == len(WRITTEN_KINDS)
