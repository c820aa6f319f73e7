"""
A course, walked from before its first dosing session until 90 days after its last.

Alice on a phone, whoever sits with her on another, and Bob at his desk; the server's clock is moved on between the
steps. What needs a hurry, a score or a second look anywhere is a fault that this walk is here to find.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Locator, Page, expect

from journal.clinic import text_writing
from journal.clinic.instructions import InstructionsDetails
from journal.sessions.rows import load_my_sessions
from journal.sessions.session import SessionKind
from tests.browser.conftest import Desk
from tests.browser.served import Served, serving
from tests.cast import Furniture
from tests.shared_material import plan_course

BERLIN = ZoneInfo("Europe/Berlin")
FIRST = date(2026, 11, 23)
SIGN_OF_STOP, HELPS = "Say red", "You are at home. It passes."
FEAR, OLD, NEW = "Not coming back.", "I am a burden.", "I was a child, and I was tired."
HALL, GREEN = "A long blue hall.", "The green door stayed open."


@pytest.fixture
def server(furnished_sqlite: tuple[Path, Furniture], tmp_path: Path) -> Iterator[Served]:
    """A server for each walk."""
    with serving(*furnished_sqlite, tmp_path) as served:
        yield served


@dataclass
class Course:
    """Three people at three browsers, and the one clock."""

    desk: Desk
    server: Served
    alice: Page
    bob: Page
    javascript: bool
    scheme: str
    sessions: list[str]

    async def look(self, page: Page) -> None:
        """Verify that the page is whole as it stands: for axe, in its width, and with one title."""
        if self.javascript:
            await page.evaluate("scrollTo(0, 0)")  # what the bar above covers half is small for axe
            await self.desk.axe(page)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
        assert await page.locator("main h1").count() == 1, page.url

    async def until(self, day: int, hour: int, minute: int = 0) -> None:
        """Move the clock to a time of a day, counted from the first dosing session's; alice signs in again."""
        then = datetime(FIRST.year, FIRST.month, FIRST.day, hour, minute, tzinfo=BERLIN) + timedelta(days=day)
        passed = then.astimezone(self.server.now.tzinfo) - self.server.now
        await self.alice.goto("about:blank")
        self.server.forward(seconds=passed.total_seconds())
        await self.server.admit(self.alice.context, "alice")

    def found(self, name: str, within: Page | Locator | None = None) -> Locator:
        """Find a button or a link of exactly that name in the main part of a page."""
        main = (within or self.alice).locator("main") if not isinstance(within, Locator) else within
        link, button = (main.get_by_role(role, name=name, exact=True) for role in ("link", "button"))
        return link.or_(button)

    async def tap(self, *names: str, page: Page | None = None) -> None:
        """Press buttons and follow links of exactly these names, one after the other."""
        page = page or self.alice
        for name in names:
            async with page.expect_event("load"):
                await self.found(name, page).first.click()

    async def save(self, name: str = "Save and close") -> None:
        """Save a form, and look at the page that follows."""
        await self.tap(name)
        await self.look(self.alice)

    async def prepare(self) -> str:
        """Prepare for the first session, write what helps when frightened, tick the list; return the sitter's link."""
        page = self.alice
        await page.goto(self.sessions[0])
        await self.look(page)
        await self.tap("Prepare")
        await page.locator("[name='prep.intention']").fill("To let the sea be.")
        await page.locator("[name='prep.fears']").fill(FEAR)
        await self.look(page)
        await self.save()
        await page.goto(self.sessions[0])
        await self.tap("If I get frightened", "Write it")
        await page.get_by_text("Hold my hand").click()
        await page.get_by_label("Words that help").fill(HELPS)
        await page.get_by_label("How I say stop").fill(SIGN_OF_STOP)
        await page.locator("[name='comfort.record'][value=yes]").check(force=True)
        await self.look(page)
        await self.save()
        await page.goto(self.sessions[0])
        await self.tap("Check list")
        line = page.locator(".check-line").filter(has_text="A blanket")
        async with page.expect_event("load"):
            await line.get_by_role("button", name="Done", exact=True).click()
        await self.look(page)
        await page.goto(self.sessions[0])
        await self.tap("The person who sits with you")
        boxes = page.get_by_role("main").get_by_role("checkbox")
        assert not any([await box.is_checked() for box in await boxes.all()])
        for box in await boxes.all():
            await box.check()
        await self.tap("Make a link")
        await self.look(page)
        return await page.get_by_label("Link", exact=True).input_value()

    async def sit_down(self, link: str) -> Page:
        """Open the sitter's link on another phone, where nobody is signed in."""
        sitter = await self.desk.person(javascript=self.javascript, scheme=self.scheme)
        await sitter.goto(link)
        await self.look(sitter)
        await expect(sitter.get_by_text("Call first, write later.").first).to_be_visible()
        await expect(sitter.get_by_text(HELPS)).to_be_visible()
        assert FEAR not in await sitter.content()
        assert "Alice" not in await sitter.content()
        return sitter

    async def ask_to_share(self) -> None:
        """Ask to share a note of the session while that is held: nothing goes, and it will be asked again."""
        page = self.alice
        await page.goto("/journal")
        await self.look(page)
        await self.tap("Capture, 1st dosing session", "Share")
        await self.look(page)
        await page.get_by_role("main").get_by_role("checkbox").first.check()
        await self.tap("Ask me again once I have rested")
        await self.look(page)
        await expect(page.get_by_text("Share parts of")).to_be_visible()
        await self.bob_reads(0)

    async def share_after_all(self) -> None:
        """Share it now that she is asked again, which is not done for her."""
        page = self.alice
        await expect(page.get_by_text("Share parts of")).to_be_visible()
        await self.bob_reads(0)
        async with page.expect_event("load"):
            await page.get_by_role("button", name="Do it: Share parts of").click()
        await self.look(page)
        await self.tap("See what they will read")
        await expect(page.get_by_text(HALL)).to_be_visible()
        await self.tap("Share this with Bob Example")
        await self.look(page)
        await self.bob_reads(1)

    async def bob_reads(self, copies: int) -> None:
        """Have the therapist see so many shared entries on the patient's page."""
        await self.server.admit(self.bob.context, "bob")
        await self.bob.goto("/patients")
        await self.bob.get_by_role("link", name="Alice Sample", exact=True).click()
        await expect(self.bob.get_by_role("heading", level=1)).to_have_text("Alice Sample")
        await expect(self.bob.locator("a[href*='/shared/']")).to_have_count(copies)
        await self.look(self.bob)

    async def watch(self, sitter: Page, link: str) -> None:
        """Have the sitter look twice, note a part and what was said; saved, they see no more of it than its time."""
        await sitter.goto(link)
        await self.look(sitter)
        for state, words in (("Awake", "Breathing slowly."), ("Asleep", "")):
            await sitter.get_by_label(state, exact=True).check()
            await sitter.get_by_label("In a few words").fill(words)
            await self.send(sitter, "Save the check")
        await sitter.locator("summary", has_text="A part of the medicine was taken").click()
        await sitter.get_by_label("When was it taken?").fill("14:45")
        await self.send(sitter, "Save the time")
        await sitter.locator("summary", has_text="What they said").click()
        await sitter.get_by_label("In their own words").fill(GREEN)
        await self.send(sitter, "Save what they said")
        await self.look(sitter)
        assert GREEN not in await sitter.content()
        await self.alice.goto(f"{self.sessions[0]}/sitter/notes")
        await expect(self.alice.get_by_text("once the session is over")).to_be_visible()
        assert GREEN not in await self.alice.content()

    async def send(self, sitter: Page, button: str) -> None:
        """Save one part of the sitter's form: in place, or as a page."""
        times = await sitter.locator("#sit-times").inner_text()
        await sitter.get_by_role("button", name=button).click()
        await expect(sitter.locator("#sit-times")).not_to_have_text(times)

    async def read_what_was_noted(self) -> None:
        """Read the sitter's notes after rest, delete one and keep the others: nobody else has them."""
        page = self.alice
        await page.goto(self.sessions[0])
        await self.look(page)
        await self.tap("The sitter’s notes")
        await self.look(page)
        await expect(page.get_by_text(GREEN)).to_be_visible()
        await page.get_by_role("checkbox", name=re.compile("Asleep")).check()
        await self.tap("Delete what is ticked")
        await self.look(page)
        await self.tap("Delete for good", "Keep all of them", "Read it, or share parts of it")
        await self.look(page)
        await expect(page.get_by_text(GREEN)).to_be_visible()
        await expect(page.get_by_text("Asleep")).to_have_count(0)
        await self.bob_reads(1)

    async def second_dose(self) -> None:
        """Have the second session, and rest; no look at a reframe is offered before."""
        await self.until(7, 14)
        await self.alice.goto("/")
        await self.tap("Go to its page to start", "I am starting now")
        await self.until(7, 18)
        await self.alice.goto(self.sessions[1])
        await self.tap("It is over, I am resting")
        await self.until(8, 9)
        await self.alice.goto("/")
        await expect(self.alice.locator("section.offer")).to_have_count(0)
        await self.tap("I have slept and feel rested")


@pytest.mark.parametrize(("javascript", "scheme"), [(True, "dark"), (False, "light")])
async def test_a_course(desk: Desk, server: Served, javascript: bool, scheme: str) -> None:
    """Nothing is lost, nothing held takes effect before she has rested, and each offer comes on its day."""
    async with server.second_connection() as cast:
        await plan_course(cast, first=FIRST, count=2)
        alice = await cast.actor("alice")
        mine = await load_my_sessions(alice)
        dosing = [one for one in mine if one.details.kind is SessionKind.DOSING]
        text = InstructionsDetails(
            bring="A blanket", sitter_text="Sit where they can see you.", part_minutes=30
        )
        await text_writing.save_instructions(
            await cast.actor("bob"), alice.id, dosing[0].course, text, is_checked=True
        )
    page = await desk.person(javascript=javascript, scheme=scheme)
    bob = await desk.person(javascript=javascript, scheme=scheme, width=1280)
    walk = Course(desk, server, page, bob, javascript, scheme, [f"/sessions/{one.id}" for one in dosing])
    await server.admit(page.context, "alice")
    link = await walk.prepare()
    sitter = await walk.sit_down(link)

    # The day: started ten minutes late, two parts, a share that has to wait, a note, stopped early
    await walk.until(0, 14, 10)
    await page.goto("/")
    await walk.tap("Go to its page to start", "I am starting now")
    await walk.look(page)
    for time, words in (("14:12", "The first half"), ("14:45", "The second half")):
        await page.goto(f"{walk.sessions[0]}/medicine")
        await page.locator("[name=time]").fill(time)
        await page.locator("[name=line]").fill(words)
        await walk.save("Save")
    await walk.watch(sitter, link)
    await page.goto(walk.sessions[0])
    await walk.tap("Write a few words")
    await page.get_by_role("main").get_by_role("textbox").first.fill(HALL)
    await walk.save()
    await walk.ask_to_share()
    await page.goto(walk.sessions[0])
    await walk.tap("We stopped early")
    await walk.look(page)

    # Two to four hours after: what is still there, without explaining
    await walk.until(0, 17, 30)
    await page.goto("/")
    await walk.look(page)

    # The next morning
    await walk.until(1, 9)
    await page.goto("/")
    await walk.look(page)
    await walk.tap("I have slept and feel rested")
    await walk.look(page)
    await walk.share_after_all()
    gone = await sitter.goto(link)
    assert gone is not None
    assert gone.status == 410
    await walk.read_what_was_noted()

    # A reframe, looked at again on each of its days
    await page.goto(walk.sessions[0])
    await walk.tap("A reframe")
    await page.locator("[name='reframe.old_meaning']").fill(OLD)
    await page.locator("[name='reframe.new_meaning']").fill(NEW)
    await page.locator("summary", has_text="More questions").click()
    await page.locator("[name='reframe.old_belief_before']").fill("80")
    await walk.look(page)
    await walk.save()
    where = page.url.split("#")[0]
    for day, old in ((1, "60"), (3, "30"), (8, "20"), (14, "25"), (30, "70"), (90, "65")):
        if day == 8:
            await walk.second_dose()
        await walk.until(day, 18)
        await page.goto("/")
        await walk.look(page)
        offer = page.locator("section.offer")
        if await offer.count() == 0:  # a check-in or integration comes first
            await walk.tap("What else there is")
            await walk.look(page)
        await expect(offer).to_have_count(1)
        await offer.locator("summary").click()
        await expect(offer.get_by_text(OLD)).to_be_visible()
        await walk.tap("Yes")
        await page.locator("[name=old_belief]").fill(old)
        await walk.look(page)
        await walk.save("Save")
    await page.goto(where)
    await expect(page.get_by_text("Half-way back between")).to_be_visible()
    await walk.look(page)
