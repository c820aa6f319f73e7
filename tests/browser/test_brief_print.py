"""On paper: a brief is one sheet, A4 or Letter, whatever was shared; so is what a patient prints for their sitter."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio
from httpx import AsyncClient
from playwright.async_api import Browser, Page, Route

from journal.catalogue.answers import parse_answers
from journal.catalogue.fields import EntryKind
from journal.catalogue.forms import MAX_PART_LENGTH, MAX_PART_LINES, get_form
from journal.clinic import text_writing
from journal.clinic.instructions import InstructionsDetails
from journal.sessions.session import SessionKind
from tests.browser.conftest import Desk
from tests.browser.served import at_a_desk, chrome
from tests.cast import Furniture
from tests.journal.notices.test_agreements import agreed
from tests.journal.notices.test_notices import choose, due
from tests.portal.conftest import ORIGIN, Portal, running
from tests.shared_material import WORDS, dosing, plan_session, share_a_full_brief, write

LONG = WORDS * 5
SHOUTED = "NEVER AGAIN WILL I WALK AWAY FROM WHO I WAS WHEN WATER WAS WARM AND NOBODY WANTED MORE. " * 15
IDEOGRAPHS = "海はとても静かで、扉は両側に開いていて、手が温かくなった。もう何も持たなくてよいと思った。" * 20
UNBROKEN = "humming" * 200
FEW = "Walk\n" * 4
PLAN_IDS = ("long", "shouted", "wide", "unbroken", "few")


@pytest_asyncio.fixture(loop_scope="session")
async def portal(furnished_sqlite_url: tuple[str, Furniture], tmp_path) -> AsyncIterator[Portal]:
    """The application, on SQLite."""
    async with running(*furnished_sqlite_url, tmp_path) as portal:
        yield portal


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """The browser that people print with."""
    async with chrome(whole=True) as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def desk(browser: Browser) -> AsyncIterator[Desk]:
    """A browser at an address at which no server listens."""
    async with at_a_desk(browser, origin=ORIGIN) as desk:
        yield desk


async def serve(page: Page, browser: AsyncClient) -> None:
    """Answer the page's requests from the application in this process."""

    async def answer(route: Route) -> None:
        got = await browser.get(route.request.url)
        await route.fulfill(status=got.status_code, headers=dict(got.headers), body=got.content)

    await page.route("**/*", answer)


async def sheets(page: Page, paper: str) -> int:
    """Print, and count the pages."""
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", await page.pdf(format=paper)))


@pytest.mark.parametrize(
    ("words", "turns", "note"),
    [
        (LONG, 3, ""),
        (SHOUTED, 3, ""),
        (IDEOGRAPHS, 3, ""),
        (UNBROKEN, 3, ""),
        (LONG, 1, ""),
        (LONG, 3, LONG[:300]),
    ],
    ids=["long", "shouted", "wide", "unbroken", "few", "marked"],
)
async def test_a_full_brief_is_one_sheet(
    portal: Portal, desk: Desk, words: str, turns: int, note: str
) -> None:
    """Every section filled to its brim, for any kind of talk and in any script, is one page of either paper."""
    await share_a_full_brief(portal.cast, lambda field: words, turns=turns, note=note)
    alice = (await portal.cast.actor("alice")).id
    third = (await dosing(portal.cast))[2]
    preparation = await plan_session(portal.cast, SessionKind.PREPARATION, "2026-11-19T10:00", about=third)
    async with portal.client("bob") as client:
        page = await desk.person()
        await serve(page, client)
        for session in ("", f"?session={preparation}"):
            await page.goto(f"{ORIGIN}/patients/{alice}/brief{session}")
            await page.evaluate("document.fonts.ready")
            assert await page.locator(".brief-lines > li, .brief-pair").count() > 10
            assert {paper: await sheets(page, paper) for paper in ("A4", "Letter")} == {"A4": 1, "Letter": 1}


@pytest.mark.parametrize("words", [LONG, SHOUTED, IDEOGRAPHS, UNBROKEN, FEW], ids=PLAN_IDS)
async def test_a_safety_plan_is_one_page(portal: Portal, desk: Desk, words: str) -> None:
    """Each part as long as it can be, in as many lines, and many days on which it was gone through."""
    form = get_form(EntryKind.SAFETY)
    most = [one for one in form.fields if one.max_lines]
    length = MAX_PART_LENGTH // MAX_PART_LINES - 1
    lines = "\n".join(words[start * length : (start + 1) * length].strip() for start in range(MAX_PART_LINES))
    days = [f"2026-03-{day:02} | Dr. Example of the practice by the river" for day in range(1, 20)]
    part = FEW if words == FEW else lines
    assert not parse_answers(form, {one.id: [part] for one in most}).problems
    await write(portal.cast, "safety", {**{one.id: part for one in most}, "safety.reviewed": days})
    async with portal.client("alice") as client:
        page = await desk.person()
        await serve(page, client)
        await page.goto(f"{ORIGIN}/safety-plan")
        await page.evaluate("document.fonts.ready")
        assert await page.locator(".safety-lines > li").count() >= 24
        assert {paper: await sheets(page, paper) for paper in ("A4", "Letter")} == {"A4": 1, "Letter": 1}


@pytest.mark.parametrize("length", [80, 330, 900])
async def test_a_sitter_s_sheet_is_one_page(portal: Portal, desk: Desk, length: int) -> None:
    """With every emergency number, some words in each part of a plan, and a care team's text as long as it can be."""
    cast, lines = portal.cast, f"You are on the sofa at home.\n{LONG}"[:length].strip()
    long, short = ("words_help", "words_hinder", "music"), ("light", "stop", "more")
    answers = dict.fromkeys(long, lines) | dict.fromkeys(short, "The small lamp by the books")
    await write(cast, "comfort", {f"comfort.{name}": told for name, told in answers.items()})
    session = await plan_session(cast, SessionKind.DOSING, "2026-11-25T14:00")
    text = InstructionsDetails(
        sitter_text=f"{lines}\n{LONG * 9}\nNobody drives tonight."[: min(5 * length, 2000)]
    )
    alice = await cast.actor("alice")
    await text_writing.save_instructions(await cast.actor("bob"), alice.id, None, text, is_checked=True)
    async with portal.client("alice") as client:
        page = await desk.person()
        await serve(page, client)
        await page.goto(f"{ORIGIN}/sessions/{session}/sitter/sheet")
        await page.evaluate("document.fonts.ready")
        assert await page.locator(".sheet-lines").count() == 1
        assert {paper: await sheets(page, paper) for paper in ("A4", "Letter")} == {"A4": 1, "Letter": 1}


async def test_a_talk_s_beginning_is_on_the_first_screen(portal: Portal, desk: Desk) -> None:
    """At 1280 by 800: a waiting notice, what to bring, what not to open with and what is new, without scrolling."""
    cast = portal.cast
    await agreed(cast)
    await choose(cast, 1, uuid4())
    cast.clock.forward(minutes=11)
    await due(cast)
    await share_a_full_brief(cast, lambda field: WORDS[:80], turns=1)
    alice = (await cast.actor("alice")).id
    async with portal.client("bob") as client:
        page = await desk.person()
        await serve(page, client)
        await page.set_viewport_size({"width": 1280, "height": 800})
        await page.goto(f"{ORIGIN}/patients/{alice}/brief")
        await page.evaluate("document.fonts.ready")
        assert await page.locator(".brief > .notice").count() == 1
        assert await page.locator(".brief-opening > section").count() == 3
        for at in await page.locator(".brief > .notice, .brief-opening > section").all():
            box = await at.bounding_box()
            assert box is not None
            assert box["y"] + box["height"] <= 800
        for width, is_dark in ((1280, False), (390, True)):
            await page.set_viewport_size({"width": width, "height": 800})
            await page.emulate_media(color_scheme="dark" if is_dark else "light")
            await page.reload()
            await desk.axe(page)
            assert await page.evaluate("document.documentElement.scrollWidth") == width
        assert await sheets(page, "Letter") == 1
