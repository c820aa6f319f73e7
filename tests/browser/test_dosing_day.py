"""A dosing day on a phone: in each of its states the one next thing is on the first screen, without scrolling."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page

from journal.scheduling import plan as session_plan
from journal.sessions.session import SessionDetails, SessionKind, Setting, Status
from tests.browser.conftest import Desk
from tests.browser.served import Served, serving
from tests.cast import NOON, Furniture

OBSCURED = """
(element) => {
  const { left, right, top, bottom } = element.getBoundingClientRect();
  const corners = [[left + 8, top + 8], [right - 8, top + 8], [left + 8, bottom - 8], [right - 8, bottom - 8]];
  return corners.filter(([x, y]) => !element.contains(document.elementFromPoint(x, y))).length + scrollY;
}
"""
"""How many corners of an element are outside the screen or covered, and how far the page is scrolled."""


@dataclass(frozen=True)
class Day:
    """
    Alice's dosing session, as it stands at noon, which is one o'clock in Berlin.

    `said` is what she said and how many minutes from noon. `home` and `page` are the one next thing on her home and
    on the session's page, if there is one.
    """

    local: str
    said: tuple[tuple[int, Status], ...]
    home: str
    page: str


STARTED, OVER, STOPPED = Status.IN_SESSION, Status.RECOVERING, Status.STOPPED_EARLY
START = "I am starting now"
REST = "I have slept and feel rested"
DAYS = {
    "days before": Day("2026-11-25T14:00", (), "Write", "Prepare"),
    "an hour before": Day("2026-11-22T14:00", (), "Go to its page to start", START),
    "ten minutes past": Day("2026-11-22T12:50", (), "Go to its page to start", START),
    "never begun": Day("2026-11-22T08:00", (), "Say whether it took place", START),
    "started early": Day("2026-11-22T14:00", ((-10, STARTED),), "Open the quiet page", "Help now"),
    "just over": Day(
        "2026-11-22T12:00", ((-60, STARTED), (-5, OVER)), "Open the quiet page", "It is not over yet"
    ),
    "just stopped": Day(
        "2026-11-22T12:00", ((-60, STARTED), (-5, STOPPED)), "Open the quiet page", "It is not over yet"
    ),
    "later that day": Day(
        "2026-11-22T07:00", ((-360, STARTED), (-240, OVER)), "What waits, and until when", ""
    ),
    "next morning": Day("2026-11-21T14:00", ((-1380, STARTED), (-1260, OVER)), REST, REST),
    "next morning, end never said": Day("2026-11-21T14:00", ((-1380, STARTED),), REST, REST),
}


@pytest.fixture
def server(furnished_sqlite: tuple[Path, Furniture], tmp_path: Path) -> Iterator[Served]:
    """A server for each day."""
    with serving(*furnished_sqlite, tmp_path) as served:
        yield served


async def plan_day(server: Served, day: Day) -> str:
    """Have alice's day have gone as far as *day* says; return the address of its session."""
    async with server.second_connection() as cast:
        alice = await cast.actor("alice")
        details = SessionDetails(
            SessionKind.DOSING, day.local, "Europe/Berlin", 120, Setting.HOME, sitter="Kim"
        )
        ident = await session_plan.add_session(alice, alice.id, details)
        for minutes, status in day.said:
            then = replace(alice, now=NOON + timedelta(minutes=minutes))
            await session_plan.change_status(then, ident, status)
    return f"/sessions/{ident}"


@pytest_asyncio.fixture(loop_scope="session")
async def phone(desk: Desk, server: Served) -> AsyncIterator[Page]:
    """A phone of 390 by 844 pixels in alice's hand."""
    page = await desk.person()
    await server.admit(page.context, "alice")
    yield page


async def is_on_first_screen(page: Page, words: str) -> bool:
    """Return whether a button or link is wholly on the screen and uncovered, with nothing scrolled."""
    found = page.locator("main").locator("a, button").filter(has_text=words).first
    return not await found.evaluate(OBSCURED)


@pytest.mark.parametrize("when", DAYS)
async def test_the_next_thing_is_on_the_first_screen(
    desk: Desk, server: Served, phone: Page, when: str
) -> None:
    """On home and on the session's page, whatever was said or not, nobody scrolls for what comes next."""
    day = DAYS[when]
    where = await plan_day(server, day)
    for path, words in (("/", day.home), (where, day.page)):
        if words:
            await phone.goto(path)
            assert await is_on_first_screen(phone, words), path
            await desk.axe(phone)


async def test_a_day_by_its_buttons(server: Served, phone: Page) -> None:
    """Two taps from home to a session under way, one back from an end too many; no step leaves the first screen."""
    await plan_day(server, DAYS["an hour before"])
    await phone.goto("/")
    for words in ("Go to its page to start", START, "It is over, I am resting", "It is not over yet"):
        assert await is_on_first_screen(phone, words), words
        await phone.get_by_text(words, exact=True).click()
    assert await phone.locator("h1").inner_text() == "You are here. There is nothing to do."


async def test_rest_takes_one_tap_from_home(server: Served, phone: Page) -> None:
    """One tap on the next morning, and what waited goes on; then home offers integration."""
    await plan_day(server, DAYS["next morning"])
    await phone.goto("/")
    await phone.get_by_role("button", name=REST).click()
    assert await phone.locator("h1").inner_text() == "Nothing is waiting"
    await phone.goto("/")
    assert "kind=integration" in str(await phone.locator("main a.button-primary").get_attribute("href"))
