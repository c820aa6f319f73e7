"""The page of reminders: nothing until it is chosen, what was typed stays, and what to do without mail."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from journal.catalogue.fields import EntryKind
from journal.entries import entries
from journal.reminders.waiting import load_waiting
from journal.scheduling import plan as session_plan
from journal.vault.documents import EntryDocument
from tests.journal.reminders.test_sending import in_days, waiting_of
from tests.portal.browsing import opened
from tests.portal.conftest import Portal

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
