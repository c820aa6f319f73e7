"""The page of reminders: nothing until it is chosen, what was typed stays, and what to do without mail."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from journal.catalogue.fields import EntryKind
from journal.entries import entries
from journal.reminders.kinds import ReminderKind
from journal.reminders.waiting import from_seconds, load_waiting
from journal.scheduling import plan as session_plan
from journal.store.database import fetch_raw
from journal.vault.documents import EntryDocument
from tests.journal.mail.test_outbox import house_of
from tests.journal.reminders.test_sending import chosen, in_days, pass_days, session_zone, waiting_of
from tests.portal.browsing import autosaved, opened, pressed
from tests.portal.conftest import Portal
from tests.portal.test_statements import noted
from tests.portal.views.measures.test_filling import filled_in
from tests.portal.views.patients.test_instructions import write as write_instructions
from tests.receiver import receiving
from tests.scenes import signed_in_again

PAGE = "/account/reminders"
TYPED: dict[str, Any] = {"kind": ["preparation", "24-hours"], "quiet_from": "22:30", "quiet_until": "07:15"}
NO_MAIL = "This site sends no mail, so nobody is reminded by it."


async def test_nothing_is_chosen_until_somebody_does(portal: Portal) -> None:
    """The page begins with nothing ticked and the usual quiet hours; what is saved is there again, and goes again."""
    async with portal.client("alice") as alice:
        page, text = await opened(alice, PAGE), (await alice.get(PAGE)).text
        assert " checked" not in text
        assert (page.value("quiet_from"), page.value("quiet_until")) == ("21:00", "08:00")
        assert NO_MAIL in page.words
        assert '<a href="/account/calendar">' in text
        saved = await alice.post(PAGE, data=TYPED)
        assert saved.headers["location"] == "/account?done=reminders"
        page = await opened(alice, PAGE)
        assert (await alice.get(PAGE)).text.count(" checked") == 2
        assert (page.value("quiet_from"), page.value("quiet_until")) == ("22:30", "07:15")
        assert (
            (await alice.post(PAGE, data={**TYPED, "kind": []})).headers["location"].endswith("no-reminders")
        )
        assert await load_waiting(portal.cast.installation, (await portal.cast.actor("alice")).id) is None


@pytest.mark.parametrize(
    ("who", "changes", "says"),
    [
        (
            "alice",
            {"kind": ["preparation", "reading-hours"]},
            "Choose only from the reminders that are offered here.",
        ),
        (
            "bob",
            {"kind": ["reading-hours", "checklist"]},
            "Choose only from the reminders that are offered here.",
        ),
        ("alice", {"quiet_until": "22:30"}, "Quiet hours cannot end when they begin."),
        ("alice", {"quiet_from": "late"}, "Write a time such as 21:00."),
    ],
)
async def test_what_is_refused_keeps_what_was_typed(
    portal: Portal, who: str, changes: dict[str, Any], says: str
) -> None:
    """The sentence says what to do, the ticks and times are those that came, and nothing was saved."""
    async with portal.client(who) as browser:
        sent = TYPED | changes
        refused = await browser.post(PAGE, data=sent)
        assert refused.status_code == 422
        assert says in refused.text
        assert f'value="{sent["quiet_from"]}"' in refused.text
        assert (
            f'value="{sent["kind"][0]}"'
            + (' id="kind"' if sent["kind"][0] in ("preparation", "reading-hours") else "")
            + " checked"
            in refused.text
        )
        assert " checked" not in (await browser.get(PAGE)).text


async def test_each_role_is_offered_its_own(portal: Portal) -> None:
    """A clinician is offered their reading hours, and nothing of a patient's; an administrator has no such page."""
    async with portal.client("bob") as bob, portal.client("erin") as erin:
        page = await opened(bob, PAGE)
        assert (await bob.get(PAGE)).text.count('name="kind"') == 1
        assert "When your reading hours begin" in page.words
        assert "dosing session" not in page.words
        assert (await erin.get(PAGE)).status_code == 404
        assert PAGE not in (await erin.get("/account")).text


async def test_what_was_done_is_not_reminded_of(portal: Portal) -> None:
    """Written before its moment came, a preparation takes its reminder along, once home is opened again."""
    cast = portal.cast
    alice = await cast.actor("alice")
    session = await session_plan.add_session(alice, alice.id, in_days(cast, 10))
    async with portal.client("alice") as browser:
        assert (await browser.post(PAGE, data=TYPED)).status_code == 303
        assert len((await waiting_of(cast)).moments) == 2
        document = EntryDocument(EntryKind.PREPARATION.value, "", "", session.hex, {"prep.hope": "Calm."})
        await entries.save_entry(await cast.actor("alice"), uuid4(), 0, document)
        assert len((await waiting_of(cast)).moments) == 2
        await opened(browser, "/")
        assert len((await waiting_of(cast)).moments) == 1
        assert (await browser.post("/day-lines/own", data={})).status_code < 500
        assert len((await waiting_of(cast)).moments) == 1


async def test_a_form_that_was_taken_takes_its_reminder_along(portal: Portal) -> None:
    """Sent and answered with a way on, without home between; a draft that saves itself changes nothing."""
    cast = portal.cast
    alice = await cast.actor("alice")
    session = await session_plan.add_session(alice, alice.id, in_days(cast, 10))
    async with portal.client("alice") as browser:
        await browser.post(PAGE, data=TYPED)
        page = await opened(browser, f"/journal/new?kind=preparation&session={session}")
        assert len((await waiting_of(cast)).moments) == 2
        assert (await autosaved(browser, page, prep__intention="Less")).status_code == 200
        assert len((await waiting_of(cast)).moments) == 2
        answer = await pressed(browser, page, revision="1", prep__intention="Less on guard.")
        assert answer.status_code == 303
        assert len((await waiting_of(cast)).moments) == 1
        before = await fetch_raw("SELECT sealed FROM reminder_slot")
        refused = await browser.post(PAGE, data=TYPED | {"quiet_from": "late"})
        assert refused.status_code == 422
        assert await fetch_raw("SELECT sealed FROM reminder_slot") == before


async def test_a_courses_own_times_move_what_waits(portal: Portal) -> None:
    """Written by a therapist, in that very act; the patient does nothing, and is told at the new time."""
    cast = portal.cast
    await chosen(cast, kinds=[ReminderKind.CHECKLIST.value])
    alice = await cast.actor("alice")
    await session_plan.add_session(alice, alice.id, in_days(cast, 10))
    (before,) = (await waiting_of(cast)).moments
    await write_instructions(portal, checklist_hours="48")
    (after,) = (await waiting_of(cast)).moments
    assert before.since - after.since == 24 * 3600
    with receiving() as receiver:
        (sent,) = await pass_days(cast, house_of(cast, receiver), 9)
    assert sent == from_seconds(after.since)


async def test_a_measure_is_told_of_when_its_time_has_come_again(portal: Portal) -> None:
    """From the page on which it is filled in; told once and once more, and not once it is filled in again."""
    cast = portal.cast
    await chosen(cast, kinds=[ReminderKind.MEASURES.value])
    assert (await waiting_of(cast)).moments == ()
    await filled_in(portal, "gad7", 1, 3)
    assert (await waiting_of(cast)).moments == ()  # half of one comes at no time
    await filled_in(portal, "gad7", 1)
    (first,) = (await waiting_of(cast)).moments
    assert not first.is_planned
    with receiving() as receiver:
        installation = house_of(cast, receiver)
        sent = await pass_days(cast, installation, 20)
        again = [at.astimezone(session_zone()) for at in sent]
        assert [(at.date() - again[0].date()).days for at in again] == [0, 2]
        assert [at.hour for at in again] == [8, 8]
        assert from_seconds(first.since).astimezone(session_zone()).date() == again[0].date()
        await signed_in_again(cast)
        await filled_in(portal, "gad7", 1)
        assert await pass_days(cast, installation, 6) == []
        await chosen_none_of_measures(portal)
        assert await pass_days(cast, installation, 30) == []


async def chosen_none_of_measures(portal: Portal) -> None:
    """Have alice tick another kind in its place: what a measure left is no moment of hers any more."""
    await signed_in_again(portal.cast)
    async with portal.client("alice") as browser:
        assert (await browser.post(PAGE, data=TYPED | {"kind": ["talk"]})).status_code == 303
    assert (await waiting_of(portal.cast)).moments == ()


async def test_home_asks_two_questions_more_for_reminders(portal: Portal) -> None:
    """What is kept and the profile, read anew; nothing is written where nothing is another."""
    cast = portal.cast
    alice = await cast.actor("alice")
    await session_plan.add_session(alice, alice.id, in_days(cast, 10))
    without = len(await noted(portal, "alice", "/"))
    await chosen(cast)
    asked = await noted(portal, "alice", "/")
    assert [sql for sql in asked if not sql.lstrip().startswith("SELECT")] == []
    assert len(asked) == without + 2 <= 10
