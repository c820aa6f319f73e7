"""From the start of a dosing session until rest is confirmed, no page asks for numbers, shows them or offers a step."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from journal.catalogue.forms import FORMS
from journal.catalogue.revisits import Revisit
from journal.clinic import text_writing
from journal.clinic.instructions import InstructionsDetails
from journal.entries import entries
from journal.reframing import reframes
from journal.scheduling import plan as session_plan
from journal.sessions.session import ALLOWED_MOVES, Status
from journal.vault.documents import EntryDocument
from tests.portal.browsing import Page, action, opened
from tests.portal.conftest import Portal
from tests.scenes import in_session, rested, signed_in_again, written
from tests.shared_material import share

REFRAME = EntryDocument(
    "reframe",
    title="From before",
    answers={
        "reframe.old_meaning": "I am too much.",
        "reframe.old_belief_before": 80,
        "reframe.trigger_name": "Sundays",
        "reframe.test_action": "Ask for help once.",
        "reframe.test_due": "2026-11-20",
    },
)
ASKED = {"old_belief", "new_belief", "felt_truth"} | {
    one.id for form in FORMS.values() for one in form.fields if one.range is not None
}
"""The names of every field that asks for a number on a scale."""
PAGES = (
    "/", "/today", "/journal", "/sessions", "/sessions/{session}", "/sessions/rest", "/sessions/{session}/medicine",
    "/sessions/{session}/readings", "/journal/{reframe}", "/journal/{reframe}/revisits",
    "/journal/{reframe}/shares", "/triggers", "/triggers/{reframe}", "/sharing", "/ground", "/steady", "/comfort",
    "/moments", "/records", "/records/leaving", "/journal/{reframe}/edit", "/journal/{reframe}/edit?prompt=first",
    "/journal/new",
    "/journal/{reframe}/edit?prompt=reframe.emotions", "/journal/{reframe}/step", "/sharing/{link}",
    "/journal/new?kind=reframe", "/journal/new?kind=reframe&prompt=first", "/journal/new?kind=integration",
    "/journal/new?kind=preparation&prompt=first", "/journal/new?kind=grounding", "/journal/new?kind=capture",
)  # fmt: skip


async def test_no_page_asks_or_shows_numbers(any_portal: Portal) -> None:
    """On every page of a patient's, during the day and in the night after; the control: afterwards they are there."""
    cast = any_portal.cast
    reframe = (await written(cast, document=REFRAME)).id
    alice = await cast.actor("alice")
    for old in (70, 60):
        await reframes.add_revisit(alice, reframe, Revisit(reframes.get_today(alice), old))
    cast.clock.forward(days=4)
    await signed_in_again(cast)
    await share(cast, reframe, "reframe.old_belief_before", "reframe.revisits")
    session = await in_session(cast)

    async def look() -> set[str]:
        found: set[str] = set()
        async with any_portal.client("alice") as browser:
            for page in PAGES:
                at = page.format(session=session, reframe=reframe, link=cast.link)
                answer = await browser.get(
                    at, follow_redirects=page == "/today"
                )  # goes home while it has nothing
                assert answer.status_code == 200, (at, answer.status_code)
                shown = Page.of(answer)
                names = {one.attributes.get("name", "") for one in shown.markup.all("input")}
                if names & ASKED or any(one.endswith(".before") for one in names):
                    found.add("ratings")
                if shown.markup.all("svg", within="picture") or shown.markup.all("figure"):
                    found.add("picture")
                links = {one.attributes.get("href", "") for one in shown.markup.all("a")}
                if any(link.endswith(("/revisits", "/step")) for link in links):
                    found.add("revisit")
                if any("kind=reframe" in link or "kind=integration" in link for link in links):
                    found.add("questions")
                if shown.markup.all("form", action=f"/journal/{reframe}/step"):
                    found.add("step")
                found |= {
                    "offer" for one in shown.markup.all("section") if one.attributes.get("class") == "offer"
                }
        return found

    assert await look() == set()
    cast.clock.forward(hours=7)
    await signed_in_again(cast)
    assert await look() == set()
    await rested(cast, session)
    assert await look() == {"ratings", "revisit", "picture", "offer", "questions", "step"}


async def test_a_form_that_waits_gives_room_for_a_few_words(portal: Portal) -> None:
    """Neither kind begins; the page says why, and what it saves is a capture about the same session."""
    cast = portal.cast
    session = await in_session(cast)
    async with portal.client("alice") as browser:
        for kind in ("reframe", "integration", "preparation"):
            page = await opened(browser, f"/journal/new?kind={kind}&session={session}&prompt=first")
            assert "This can wait" in page.words
            assert (page.value("kind"), page.value("session")) == ("capture", session.hex)
        saved = await browser.post(action(page), data=page.filled({"int.remembered": "The sea"}, "done"))
        assert saved.status_code == 303
    (entry,) = await entries.load_all_entries(await cast.actor("alice"))
    assert (entry.document.kind, entry.document.session_id) == ("capture", session.hex)


async def test_a_draft_that_was_open_goes_on_being_saved(any_portal: Portal) -> None:
    """A reframe begun before the start: its ratings and words are saved from the open page, and none is lost after."""
    cast = any_portal.cast
    draft = uuid4()
    address = f"/journal/new?kind=reframe&id={draft}&prompt=first"
    async with any_portal.client("alice") as browser:
        page = await opened(browser, address)
    form = page.filled({"reframe.old_meaning": "I am too much.", "reframe.old_belief_before": "80"}, "next")
    session = await in_session(cast)
    await signed_in_again(cast)
    async with any_portal.client("alice") as browser, any_portal.client("alice") as other:
        saved = await browser.post(f"/journal/{draft}", data=form)
        assert saved.status_code == 303
        assert "prompt=reframe.session_light" in saved.headers["location"]  # the feelings ask for numbers
        assert (await other.get(address)).status_code == 303
        edit = await opened(other, f"/journal/{draft}/edit")
        assert "What you gave stays" in edit.words
        words = edit.filled({"reframe.new_meaning": "I can be heard."}, "done")
        assert (await other.post(f"/journal/{draft}", data=words)).status_code == 303
        wrong = await browser.post(
            f"/journal/{draft}", data={**form, "revision": "2", "reframe.old_belief_before": "800"}
        )
        assert wrong.status_code in (409, 422)
        assert 'value="800"' in wrong.text
    answers = (await entries.load_entry(await cast.actor("alice"), draft)).document.answers
    assert answers["reframe.old_belief_before"] == 80
    assert answers["reframe.new_meaning"] == "I can be heard."
    await rested(cast, session)
    async with any_portal.client("alice") as browser:
        edit = await opened(browser, f"/journal/{draft}/edit")
        assert any(name.startswith("reframe.emotions") for name in edit.fields)
        assert "Your first numbers stay as they were." in edit.words


@pytest.mark.parametrize(("written_hours", "calm"), [(None, 4), (2, 2), (12, 12)])
async def test_the_calm_screen_lasts_for_the_hours_of_the_course(
    portal: Portal, written_hours: int | None, calm: int
) -> None:
    """Four hours from the start, or as many as the care team wrote for the course, then the ordinary page."""
    cast = portal.cast
    alice = await cast.actor("alice")
    if written_hours is not None:
        text = InstructionsDetails(bring="A blanket", acute_hours=written_hours)
        bob = await cast.actor("bob")
        await text_writing.save_instructions(bob, alice.id, None, text, base=0, is_checked=True)
    session = await in_session(cast)
    await session_plan.change_status(await cast.actor("alice"), session, Status.RECOVERING)
    began = cast.clock.now - timedelta(hours=1)
    for minutes, expected in ((calm * 60 - 1, True), (calm * 60 + 1, False)):
        cast.clock.now = began + timedelta(minutes=minutes)
        await signed_in_again(cast)
        async with portal.client("alice") as browser:
            page = await opened(browser, f"/sessions/{session}")
            assert bool(page.markup.all("div", **{"class": "calm"})) is expected


OFFER = "write what you remember"


@pytest.mark.parametrize("is_over", [False, True])
async def test_capture_is_offered_two_to_four_hours_after_the_start(portal: Portal, is_over: bool) -> None:
    """On the calm page, before and after it was said to be over; a few words can be written at any time."""
    cast = portal.cast
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    text = InstructionsDetails(bring="A blanket", medicines="The blue one", acute_hours=12)
    await text_writing.save_instructions(bob, alice.id, None, text, base=0, is_checked=True)
    session = await in_session(cast)
    if is_over:
        await session_plan.change_status(await cast.actor("alice"), session, Status.RECOVERING)
    began = cast.clock.now - timedelta(hours=1)
    for minutes, offered in ((61, False), (119, False), (120, True), (180, True), (239, True), (240, False)):
        cast.clock.now = began + timedelta(minutes=minutes)
        await signed_in_again(cast)
        async with portal.client("alice") as browser:
            page = await opened(browser, f"/sessions/{session}")
            assert (OFFER in page.words) is offered, minutes
            assert page.markup.all("a", href=f"/journal/new?kind=capture&session={session}"), minutes
            assert ("The blue one" in page.words, "A blanket" in page.words) == (True, False)
            assert page.words.count("Note medicine or a reading") == 1


def test_nothing_leads_back_before_the_start() -> None:
    """Of all statuses that can be reached from a start, none is one of before it."""
    before = {Status.PLANNED, Status.PREPARING, Status.DAY_OF, Status.CANCELLED}
    reached, new = {Status.IN_SESSION}, {Status.IN_SESSION}
    while new:
        new = set().union(*(ALLOWED_MOVES[one] for one in new)) - reached
        reached |= new
    assert not reached & before


async def test_no_route_takes_a_start_back(portal: Portal) -> None:
    """Whatever status is sent, and however it is changed or moved: it stays begun, at the very same time."""
    session: UUID = await in_session(portal.cast)
    alice = await portal.cast.actor("alice")
    began = (await session_plan.load_session(alice, session)).details.started_at
    async with portal.client("alice") as browser:
        for status in ("planned", "preparing", "day_of", "cancelled"):
            await browser.post(f"/sessions/{session}/status", data={"status": status})
        form = await opened(browser, f"/sessions/{session}/edit")
        await browser.post(f"/sessions/{session}/edit", data=form.filled({"date": "2027-01-01"}))
        await browser.post(f"/sessions/{session}/edit", data=form.filled({"kind": "integration"}))
    details = (await session_plan.load_session(alice, session)).details
    assert (details.status, details.started_at) == (Status.IN_SESSION, began)
