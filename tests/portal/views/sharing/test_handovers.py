"""Handing over in the browser: suggested, looked at, agreed to or not."""

from __future__ import annotations

from journal.care import tables as care_tables
from tests.portal.browsing import opened
from tests.portal.conftest import Portal
from tests.scenes import in_session, shared, written


async def suggested(portal: Portal) -> str:
    """Have bob suggest charlie on his page; return the address of alice's page for it."""
    alice, charlie = await portal.cast.actor("alice"), await portal.cast.actor("charlie")
    where = f"/patients/{alice.id}/handover"
    async with portal.client("bob") as browser:
        page = await opened(browser, where)
        assert "Nothing moves unless Alice Sample agrees" in page.words
        assert "Charlie Outsider, therapist" in page.words
        refused = await browser.post(where, data={})
        assert refused.status_code == 422
        assert "Choose one of your colleagues." in refused.text
        assert (await browser.post(where, data={"successor": str(charlie.id)})).status_code == 303
        assert "You suggested Charlie Outsider, therapist" in (await opened(browser, where)).words
    row = await care_tables.Handover.get(waiting__isnull=False)
    return f"/sharing/handovers/{row.id}"


async def test_the_patient_is_asked_and_decides_what_goes_along(any_portal: Portal) -> None:
    """Home and care team say it calmly; nothing is ticked; a yes shares exactly what was ticked."""
    share = await shared(any_portal.cast, await written(any_portal.cast))
    where = await suggested(any_portal)
    alice = await any_portal.cast.actor("alice")
    async with any_portal.client("charlie") as browser:
        assert "Alice" not in (await opened(browser, "/patients")).words
        assert (await browser.get(f"/patients/{alice.id}")).status_code == 404
    async with any_portal.client("alice") as browser:
        for path in ("/", "/sharing"):
            page = await opened(browser, path)
            assert "Bob Example is leaving and suggests that Charlie Outsider takes over." in page.words
            assert "Nothing moves unless you agree." in page.words
            page.markup.one("a", href=where)
        page = await opened(browser, where)
        assert "shares" not in page.fields
        assert "end_care" not in page.fields
        done = await browser.post(where, data={"shares": [str(share)]})
        page = await opened(browser, done.headers["location"])
        assert "Charlie Outsider is in your care team now" in page.words
        assert "The sea" in page.words
        assert (
            "You agreed that Charlie Outsider (therapist) takes over"
            in (await opened(browser, "/sharing/log")).words
        )
        assert "you agreed that they take over" in (await opened(browser, "/sharing/disclosures")).words
        assert (await browser.get(where)).status_code == 404
    async with any_portal.client("charlie") as browser:
        assert "The sea" in (await opened(browser, f"/patients/{alice.id}")).words
        trust = await opened(browser, f"/patients/{alice.id}/trust")
        assert trust.markup.one("p", id="safety-code").words
    async with any_portal.client("bob") as browser:
        page = await opened(browser, f"/patients/{alice.id}/handover")
        assert "Alice Sample agreed that Charlie Outsider takes over." in page.words


async def test_a_no_is_one_button_and_asks_for_no_reason(portal: Portal) -> None:
    """Afterwards nothing has moved, and bob reads that it is hers to decide."""
    where = await suggested(portal)
    async with portal.client("alice") as browser:
        done = await browser.post(f"{where}/refusal")
        assert "You said no. Nothing has moved." in (await opened(browser, done.headers["location"])).words
        assert "suggests" not in (await opened(browser, "/")).words
        assert (await browser.get(where)).status_code == 404
    alice = await portal.cast.actor("alice")
    async with portal.client("bob") as browser:
        assert "That is theirs to decide." in (await opened(browser, f"/patients/{alice.id}/handover")).words


async def test_during_a_session_there_is_only_a_no(portal: Portal) -> None:
    """The page says why a yes waits, and keeps the no."""
    where = await suggested(portal)
    await in_session(portal.cast)
    async with portal.client("alice") as browser:
        page = await opened(browser, where)
        assert "Yes, Charlie" not in page.words
        assert "Decline" in page.words
        assert (await browser.post(where, data={"end_care": "yes"})).status_code == 409
    assert await care_tables.CareLink.filter(ended_at=None).count() == 1


async def test_taken_back_it_is_gone(portal: Portal) -> None:
    """Bob changes his mind before she answers."""
    where = await suggested(portal)
    alice = await portal.cast.actor("alice")
    async with portal.client("bob") as browser:
        assert (await browser.post(f"/patients/{alice.id}/handover/withdrawal")).status_code == 303
        assert (await browser.post(f"/patients/{alice.id}/handover/withdrawal")).status_code == 404
    async with portal.client("alice") as browser:
        assert (await browser.get(where)).status_code == 404
        assert (await browser.post(where, data={})).status_code == 404
