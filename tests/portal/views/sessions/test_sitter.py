"""A sitter's link: made on a patient's page, opened by anybody who has it, with whom to call above all else."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from httpx import AsyncClient

from journal.catalogue.fields import Answers, EntryKind
from journal.clinic import call_contacts, text_writing
from journal.clinic.call_contacts import CallDetails, CallRole
from journal.clinic.instructions import InstructionsDetails
from journal.entries import entries, only_entry
from journal.preparing import comfort_plan
from journal.rate_limiting.limits import SOURCE_LIMIT
from journal.scheduling import plan as session_plan
from journal.sessions.session import SessionDetails, SessionKind, Setting, Status
from journal.sitter import links
from journal.time_zones import parse_zone
from journal.vault.documents import EntryDocument
from tests.cast import ZONE, Cast
from tests.portal.browsing import Page, opened
from tests.portal.conftest import Portal
from tests.scenes import in_session, rested
from tests.shared_material import plan_session

HINT = "Say the kettle is on"
CARD = ("Call now", "Call first, write later.", "They cannot be woken", "They want to die")


async def prepare(cast: Cast, *, kind: SessionKind = SessionKind.DOSING) -> str:
    """Have alice plan a session and what helps when she is frightened; return the address of the sitter's page."""
    alice = await cast.actor("alice")
    details = SessionDetails(kind, "2026-11-22T15:00", "Europe/Berlin", 120, Setting.HOME)
    ident = await session_plan.add_session(alice, alice.id, details)
    answers: Answers = {"comfort.touch": "hand", "comfort.words_help": HINT, "comfort.light": "A candle"}
    document = EntryDocument(EntryKind.COMFORT.value, "", answers=answers)
    await only_entry.begin_written_entry(alice, ident, document)
    return f"/sessions/{ident}/sitter"


async def post(browser: AsyncClient, where: str, **fields: object) -> Page:
    """Send the form as it is found."""
    page = await opened(browser, where)
    revision = re.search(r'name="revision" value="(\d+)"', page.answer.text)
    sent = {"go": "make", "revision": revision[1] if revision else ""} | fields
    return Page.of(await browser.post(where, data=sent))


def link_of(page: Page) -> str:
    """Return the address that a page shows once."""
    found = re.search(r"/sit/[\w-]{43}", page.answer.text)
    assert found is not None
    return found[0]


async def test_what_is_ticked_is_what_the_sitter_reads(any_portal: Portal) -> None:
    """In the patient's words, below whom to call; what is not ticked, and anybody's name, is not there."""
    where = await prepare(any_portal.cast)
    bob, alice = await any_portal.cast.actor("bob"), await any_portal.cast.actor("alice")
    await call_contacts.save_contact(bob, alice.id, CallDetails(CallRole.NURSE, "Nurse P.", "+49 30 5550 1"))
    told = InstructionsDetails(sitter_text="Keep the room warm.", check_minutes=10)
    await text_writing.save_instructions(bob, alice.id, None, told, is_checked=True)
    async with any_portal.client("alice") as browser:
        made = await post(browser, where, sections=["comfort.touch", "comfort.words_help"])
        link = link_of(made)
        assert "data:image/svg+xml" in made.answer.text
        again = await opened(browser, where)
        assert "/sit/" not in again.answer.text
        assert "There is a link" in again.words
    async with any_portal.client() as sitter:
        page = await opened(sitter, link)
        for words in (
            *CARD,
            HINT,
            "Hold my hand",
            "Keep the room warm.",
            "every 10 minutes",
            "+49 30 5550 1",
        ):
            assert words in page.words
        for words in ("A candle", "Alice", "Sample", "ketamine", "Bob", "Berlin"):
            assert words not in page.answer.text.replace("/static/", "").replace(link, "")  # it is random
        assert page.words.index("Call now") < page.words.index("Nurse P.") < page.words.index(HINT)
        assert page.answer.headers["cache-control"] == "no-store"
        assert "set-cookie" not in page.answer.headers


async def test_an_unknown_link_shows_whom_to_call(any_portal: Portal) -> None:
    """404, with the emergency numbers, and so does one that is tried once too often, with 429."""
    async with any_portal.client() as sitter:
        for status in (404, 429):
            page = Page.of(await sitter.get("/sit/" + "A" * 43))
            assert page.answer.status_code == status
            for words in CARD:
                assert words in page.words
            assert "tel:" in page.answer.text
            for _ in range(SOURCE_LIMIT.free_attempts):
                if (await sitter.get("/sit/" + "A" * 43)).status_code == 429:
                    break


@pytest.mark.parametrize("how", ["tapped", "replaced", "cancelled"])
async def test_a_link_that_has_ended_shows_whom_to_call_and_nothing_else(
    any_portal: Portal, how: str
) -> None:
    """410, and nothing that the patient chose."""
    where = await prepare(any_portal.cast)
    async with any_portal.client("alice") as browser, any_portal.client() as sitter:
        link = link_of(await post(browser, where, sections=["comfort.words_help"]))
        assert HINT in (await opened(sitter, link)).words
        if how == "cancelled":
            await browser.post(where.replace("sitter", "status"), data={"status": "cancelled"})
        else:
            await browser.post(where, data={"go": "end" if how == "tapped" else "make"})
        page = Page.of(await sitter.get(link))
        assert page.answer.status_code == 410
        assert HINT not in page.words
        assert "This link has ended" in page.words
        for words in CARD:
            assert words in page.words


async def test_after_the_start_a_link_is_bare_and_can_be_ended(any_portal: Portal) -> None:
    """Words that are sent all the same are held; the page says so and still makes a bare one, on the acute day too."""
    where = await prepare(any_portal.cast)
    cast = any_portal.cast
    cast.clock.forward(hours=2)
    await cast.in_use()
    ident = where.split("/")[2]
    async with any_portal.client("alice") as browser:
        await browser.post(f"/sessions/{ident}/status", data={"status": Status.IN_SESSION.value})
        assert "comfort.touch" not in (await opened(browser, where)).answer.text
        held = await post(browser, where, sections=["comfort.words_help"], revision="1")
        assert held.answer.status_code == 409
        assert "/sit/" not in held.answer.text
        link = link_of(await post(browser, where))
        assert where in (await opened(browser, f"/sessions/{ident}")).answer.text
        async with any_portal.client() as sitter:
            assert HINT not in (await opened(sitter, link)).words
            assert (await browser.post(where, data={"go": "end"})).status_code == 303
            assert (await sitter.get(link)).status_code == 410


async def test_a_plan_that_was_changed_meanwhile_is_looked_at_again(any_portal: Portal) -> None:
    """What a page did not show is not given to anybody."""
    where = await prepare(any_portal.cast)
    async with any_portal.client("alice") as browser:
        alice = await any_portal.cast.actor("alice")
        entry = (await comfort_plan.load_plan(alice)).entry
        assert entry is not None
        page = await opened(browser, where)
        changed = EntryDocument(EntryKind.COMFORT.value, "", answers={"comfort.words_help": "Something else"})
        await entries.save_entry(alice, entry.id, entry.revision, changed)
        sent = {"go": "make", "revision": page.value("revision"), "sections": ["comfort.words_help"]}
        answer = Page.of(await browser.post(where, data=sent))
        assert answer.answer.status_code == 422
        assert "/sit/" not in answer.answer.text


async def test_a_talk_has_no_such_page(any_portal: Portal) -> None:
    """Neither a link nor a sheet."""
    where = await prepare(any_portal.cast, kind=SessionKind.PREPARATION)
    async with any_portal.client("alice") as browser:
        for path in (where, f"{where}/sheet"):
            assert (await browser.get(path)).status_code == 404
        assert (await browser.post(where, data={"go": "make"})).status_code == 404


async def test_the_sheet_holds_the_card_and_lines_to_write_on(any_portal: Portal) -> None:
    """With the patient's own plan, and nobody's name."""
    where = await prepare(any_portal.cast)
    async with any_portal.client("alice") as browser:
        page = await opened(browser, f"{where}/sheet")
        for words in (*CARD, HINT, "every 15 minutes"):
            assert words in page.words


async def test_another_session_soon_after(portal: Portal) -> None:
    """While somebody rests, the next session is not prepared for; its hold keeps the notes of the first one closed."""
    cast = portal.cast
    first = await in_session(cast)
    at = (cast.clock.now + timedelta(hours=25)).astimezone(parse_zone(ZONE)).strftime("%Y-%m-%dT%H:%M")
    second = await plan_session(cast, SessionKind.DOSING, at)
    made = await links.make_link(await cast.actor("alice"), first)
    async with portal.client() as sitter:
        await sitter.post(f"/sit/{made.token}", data={"go": "check", "status": "awake"})
    where = f"/sessions/{first}/sitter/notes"

    async def offered(browser: AsyncClient) -> list[str]:
        page = await opened(browser, f"/sessions/{second}")
        return [one.words for one in page.markup.all("a", within="page")]

    async with portal.client("alice") as browser:
        assert "Prepare" not in await offered(browser)
        assert "you have said that you rested" in (await opened(browser, where)).words
    await rested(cast, first)
    async with portal.client("alice") as browser:
        assert "Prepare" in await offered(browser)
        assert "Awake" in (await opened(browser, where)).words
    cast.clock.forward(hours=2)
    await cast.just_asked()
    async with portal.client("alice") as browser:
        page = await opened(browser, where)
        assert "Another session’s time has come." in page.words
        assert "Awake" not in page.words
