"""
A dosing day on a phone, walked by taps from the evening before to the morning after.

It is started early, on time, late or not at all, stopped early, or its end is never said. At each step the one next
thing is on the first screen, without scrolling: on home, on the session's page, on the cover and where it is locked.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from journal.authentication import recovery_key
from journal.store.database import Store
from tests.browser.conftest import Desk
from tests.browser.served import Served, serving
from tests.cast import Furniture, cast_of
from tests.shared_material import add_patient, password_of

OBSCURED = """
(element) => {
  const { left, right, top, bottom } = element.getBoundingClientRect();
  const corners = [[left + 8, top + 8], [right - 8, top + 8], [left + 8, bottom - 8], [right - 8, bottom - 8]];
  return corners.filter(([x, y]) => !element.contains(document.elementFromPoint(x, y))).length
    + (element.closest(".cover") ?? document.scrollingElement).scrollTop;
}
"""
"""How many corners of an element are outside the screen or covered, and how far the page, or its cover, is scrolled."""

BERLIN = ZoneInfo("Europe/Berlin")
INTENTION = "To let the sea be"
PREPARE, WRITE, OPEN, HELP = "Prepare", "Write", "Open", "Help now"
CHECK, CHECK_IN = "Check list", "Open the check-in"
GO, ASK, QUIET = "Go to its page to start", "Say whether it took place", "Open the calm page"
START, OVER, STOP, BACK = (
    "I am starting now",
    "It is over, I am resting",
    "We stopped early",
    "It is not over yet",
)
WAITS, SLEPT, MEANING = (
    "What waits, and until when",
    "I have slept and feel rested",
    "What it may mean",
)
HERE, REST = "You are here. There is nothing to do.", "Rest. There is nothing to do."


async def admit_patients(database: Path, furniture: Furniture) -> None:
    """Have one patient for each walk come into bob's care, with a confirmed recovery key."""
    store = await Store.open(f"sqlite://{database}")
    with store.use():
        cast = cast_of(furniture)
        for walk in WALKS:
            await add_patient(cast, f"Alice {walk}", walk)
            patient = await cast.actor(walk)
            offer = await recovery_key.offer_recovery_key(patient)
            await recovery_key.confirm_recovery_key(
                patient, cast.tokens[walk], offer.sealed, offer.formatted_key
            )
    await store.close()


@pytest.fixture(scope="module")
def server(
    furnished_sqlite: tuple[Path, Furniture], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """One server for all the walks, whose clock only moves on: each walk is a later day of another patient."""
    database, furniture = furnished_sqlite
    copied = tmp_path_factory.mktemp("walkers") / "practice.sqlite3"
    shutil.copyfile(database, copied)
    asyncio.run(admit_patients(copied, furniture))
    with serving(copied, furniture, tmp_path_factory.mktemp("day")) as served:
        yield served


@dataclass
class Walk:
    """One patient's phone, whose clock and the server's are the same; and the address of the session, once planned."""

    desk: Desk
    server: Served
    page: Page
    who: str
    session: str = ""
    evening: datetime = datetime.min

    async def until(self, hours: int, minutes: int = 0, *, days: int = 0) -> None:
        """Let it be some time of a day, counted from the evening before: nobody uses the phone until then."""
        midnight = self.evening.replace(hour=0)
        then = (midnight + timedelta(days=days, hours=hours, minutes=minutes)).astimezone(
            self.server.now.tzinfo
        )
        passed = then - self.server.now
        self.server.forward(seconds=passed.total_seconds())
        await self.page.clock.fast_forward(int(passed.total_seconds() * 1000))

    async def sign_in(self) -> None:
        """Open the home page, and sign in by e-mail address and password, as after every night."""
        await self.page.goto("/")
        await self.stands("Sign in")
        await self.page.get_by_label("E-mail address", exact=True).fill(f"{self.who}@example.org")
        await self.page.get_by_label("Password", exact=True).fill(password_of(self.who))
        await self.tap("Sign in")
        await expect(self.page.get_by_role("heading", level=1)).to_contain_text("Hello, ")

    async def unlock(self, calm: str = "", *, typed: bool = False) -> None:
        """
        Open what covers the page in place: on a dosing day a calm screen, whose way in is one tap below.

        The page then says what comes next by now, unless somebody *typed* something there.
        """
        cover = self.page.get_by_role("dialog", name=calm or "Locked", exact=True)
        await expect(cover).to_be_visible()
        await self.stands(HELP if calm else OPEN, within=cover)
        if calm:
            await cover.locator("summary").filter(has_text=OPEN).click()
        await expect(self.page.get_by_label("Your password", exact=True)).to_be_focused()
        await self.page.keyboard.type(password_of(self.who))
        if typed:
            await self.page.keyboard.press("Enter")
        else:
            async with self.page.expect_event("load"):
                await self.page.keyboard.press("Enter")
        await expect(cover).to_have_count(0)

    async def reopen(self, calm: str = "") -> None:
        """Open the home page where the server has locked it, and type the password; a calm screen comes first."""
        await self.page.goto("/")
        await self.heading(calm or "Locked")
        await self.stands(HELP if calm else OPEN)
        main = self.page.get_by_role("main")
        if calm:
            await main.locator("summary").filter(has_text=OPEN).click()
        await main.get_by_label("Your password", exact=True).fill(password_of(self.who))
        async with self.page.expect_event("load"):
            await self.page.keyboard.press("Enter")

    def found(self, name: str, within: Locator | None = None) -> Locator:
        """Find a button or link of exactly that name."""
        within = within or self.page.get_by_role("main")
        link, button = (within.get_by_role(role, name=name, exact=True) for role in ("link", "button"))
        return link.or_(button)

    async def stands(self, name: str = "", *, within: Locator | None = None) -> None:
        """
        Verify that *name*, and nothing else, is the one next thing, wholly on the first screen; in light and dark.

        Without a name there is nothing to do next.
        """
        within = within or self.page.get_by_role("main")
        for scheme in ("dark", "light"):
            await self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            primary = within.locator(".button-primary:visible")
            if name:
                assert not await self.found(name, within).evaluate(OBSCURED), (name, self.page.url)
                assert await primary.all_inner_texts() == [name], self.page.url
            else:
                assert await primary.all_inner_texts() == [], self.page.url
            await self.desk.axe(self.page)

    async def look(self, home: str, session: str) -> None:
        """Verify what comes next on home and on the session's page, and return to home."""
        await self.page.goto(self.session)
        await self.stands(session)
        await self.page.goto("/")
        await self.stands(home)

    async def tap(self, *names: str) -> None:
        """Press buttons and follow links of exactly these names, which nobody has to scroll for."""
        for name in names:
            found = self.found(name)
            assert not await found.evaluate(OBSCURED), (name, self.page.url)
            async with self.page.expect_event("load"):
                await found.click()

    async def plan(self) -> None:
        """Add tomorrow's session, on the evening before, and write a line about it."""
        now = self.server.now.astimezone(BERLIN)
        self.evening = (now + timedelta(days=now.hour >= 19)).replace(hour=19, minute=0)
        await self.page.clock.install(time=self.server.now)
        await self.until(19)
        await self.sign_in()
        await self.stands(WRITE)
        await self.page.get_by_role("button", name="Menu", exact=True).click()
        menu = self.page.get_by_role("navigation", name="Main", exact=True)
        async with self.page.expect_event("load"):
            await menu.get_by_role("link", name="Sessions", exact=True).click()
        await self.tap("Add a session")
        await self.page.get_by_label("Dosing session", exact=True).check()
        tomorrow = self.evening + timedelta(days=1)
        await self.page.get_by_label("Day", exact=True).fill(f"{tomorrow:%Y-%m-%d}")
        await self.page.get_by_label("Time", exact=True).fill("14:00")
        await self.page.get_by_label("Who sits with you").fill("Kim")
        async with self.page.expect_event("load"):
            await self.found("Save").click()
        self.session = self.page.url
        await self.look(CHECK, PREPARE)
        await self.tap(WRITE)
        await self.page.get_by_label("In one line: what would you like to be open to?").fill(INTENTION)
        async with self.page.expect_event("load"):
            await self.found("Save and close").click()

    async def rest(self, hour: int = 20) -> None:
        """Look in the evening: nothing is asked, and what waits says until when."""
        await self.until(hour, days=1)
        await self.unlock(REST)
        await self.look("", "")
        await self.tap(WAITS)
        await self.heading("Rest first")
        await self.stands()

    async def wake(self) -> None:
        """Look next morning: one tap says that the patient has slept, the next offers integration."""
        await self.until(9, days=2)
        await self.sign_in()
        await self.look(SLEPT, SLEPT)
        await self.tap(SLEPT)
        await self.heading("Nothing is waiting")
        await self.stands("To your sessions")
        await self.look(CHECK_IN, MEANING)
        await self.tap(WRITE)
        await expect(self.page).to_have_url(re.compile("kind=integration"))
        await self.page.get_by_label("What might this be showing you").fill("That the sea is there")
        async with self.page.expect_event("load"):
            await self.found("Save and close").click()
        await expect(self.page.get_by_text("That the sea is there")).to_be_visible()

    async def heading(self, words: str) -> None:
        """Verify which page this is by its title."""
        await expect(self.page.get_by_role("heading", level=1)).to_have_text(words)


@pytest_asyncio.fixture(loop_scope="session")
async def walk(request: pytest.FixtureRequest, desk: Desk, server: Served) -> AsyncIterator[Walk]:
    """A phone of 390 by 844 pixels in a patient's hand, who has planned a session at home for tomorrow, at 14:00."""
    who = request.node.name.removeprefix("test_")
    walk = Walk(desk, server, await desk.person(), who)
    await walk.plan()
    yield walk


async def test_on_time(walk: Walk) -> None:
    """Started ten minutes late, left alone for 40 minutes in the middle, over, and over once more."""
    page = walk.page
    await walk.until(14, 10, days=1)
    await walk.sign_in()
    await walk.look(GO, START)
    await walk.tap(GO, START)
    await walk.heading(HERE)
    await expect(page.get_by_text(INTENTION)).to_be_visible()
    await walk.look(QUIET, HELP)
    await walk.tap(QUIET)
    await walk.until(14, 50, days=1)
    await walk.unlock(HERE)
    await expect(page.get_by_text(INTENTION)).to_be_visible()
    await walk.stands(HELP)
    await walk.tap("Write a few words")
    await page.keyboard.type("A long blue hall")
    await walk.tap("Save and close")
    await walk.tap(OVER)
    await walk.heading(REST)
    await walk.tap(BACK)
    await walk.heading(HERE)
    await walk.until(16, days=1)
    await walk.unlock(HERE)
    await walk.tap(OVER)
    await walk.look(QUIET, HELP)
    await walk.rest()
    await walk.wake()


async def test_early(walk: Walk) -> None:
    """Started four hours before it was planned."""
    await walk.until(10, days=1)
    await walk.sign_in()
    await walk.look(GO, START)
    await walk.tap(GO, START)
    await walk.heading(HERE)
    await walk.look(QUIET, HELP)
    await walk.until(11, 30, days=1)
    await walk.reopen(HERE)
    await walk.stands(QUIET)
    await walk.tap(QUIET, OVER)
    await walk.look(QUIET, HELP)
    await walk.rest()
    await walk.wake()


async def test_late(walk: Walk) -> None:
    """Not begun when it should have been over, and started then."""
    await walk.until(13, days=1)
    await walk.sign_in()
    await walk.stands(GO)
    await walk.until(17, days=1)
    await walk.unlock()
    await walk.stands(ASK)
    await walk.look(ASK, START)
    await walk.tap(ASK, START)
    await walk.heading(HERE)
    await walk.until(19, days=1)
    await walk.unlock(HERE)
    await walk.tap(OVER)
    await walk.look(QUIET, HELP)
    await walk.rest(22)
    await walk.wake()


async def test_not_at_all(walk: Walk) -> None:
    """Nobody began it: home asks until the patient says that it did not take place."""
    await walk.until(13, 20, days=1)
    await walk.sign_in()
    await walk.look(GO, START)
    await walk.tap(GO, "All about this session")
    await walk.page.locator("summary").filter(has_text="Cancel this session").click()
    await walk.page.get_by_label("Why, in a few words").fill("The sitter is ill")
    await walk.until(14, 10, days=1)
    await walk.unlock(typed=True)
    await expect(walk.page.get_by_label("Why, in a few words")).to_have_value("The sitter is ill")
    await walk.until(9, days=2)
    await walk.sign_in()
    await walk.look("It took place", "It took place")
    await walk.tap("Ask me later")
    await walk.look(WRITE, "It took place")
    await walk.until(9, days=3)
    await walk.sign_in()
    await walk.look("It took place", "It took place")
    await walk.tap("It did not take place")
    await walk.look(WRITE, "")


async def test_stopped_early(walk: Walk) -> None:
    """Stopped after half an hour."""
    await walk.until(13, days=1)
    await walk.sign_in()
    await walk.until(14, days=1)
    await walk.reopen()
    await walk.stands(GO)
    await walk.tap(GO, START)
    await walk.until(14, 40, days=1)
    await walk.unlock(HERE)
    await walk.tap(STOP)
    await walk.heading(REST)
    await walk.look(QUIET, HELP)
    await walk.rest()
    await walk.wake()


async def test_end_never_said(walk: Walk) -> None:
    """Started, and the phone left alone until the next morning."""
    await walk.until(14, days=1)
    await walk.sign_in()
    await walk.tap(GO, START)
    await walk.until(22, days=1)
    await walk.unlock(HERE)
    await walk.look(QUIET, HELP)
    await walk.wake()


WALKS = tuple(name.removeprefix("test_") for name in list(globals()) if name.startswith("test_"))
