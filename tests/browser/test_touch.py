"""A finger that scrolls answers nothing: a rating is set by a tap, a movement along it, or a key."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, CDPSession, Locator, Page, Request, expect

from journal.entries import entries
from tests.browser.conftest import Desk
from tests.browser.served import Served, at_a_desk, chrome, serving
from tests.browser.test_autosave import SAVED, Sheet, closes
from tests.cast import Furniture

pytestmark = pytest.mark.asyncio(loop_scope="module")

LISTEN = """
window.heard = [];
window.from = window.farthest = 0;
document.addEventListener("input", (event) => window.heard.push(event.target.name || event.target.type));
document.addEventListener("scroll", () => {
  const moved = Math.abs(document.scrollingElement.scrollTop - window.from);
  window.farthest = Math.max(window.farthest, moved);
});
"""
IN_THE_MIDDLE = """async (element) => {
  const page = document.scrollingElement;
  let top = page.scrollTop;
  for (let still = 0; still < 2; still += 1) {
    await new Promise(requestAnimationFrame);
    if (page.scrollTop !== top) [top, still] = [page.scrollTop, 0];
  }
  element.scrollIntoView({block: "center", behavior: "instant"});
  [window.from, window.farthest] = [page.scrollTop, 0];
}"""
"""A scroll goes on after its finger was lifted: it is waited for before the next begins."""
PLACES = (0.03, 0.25, 0.5, 0.75, 0.97)
"""Where on a slider a finger is put down; its thumb stands in the middle while it is blank."""
SCROLLS = ((0, -200), (0, 200), (60, -200), (-90, 200), (120, -160))
"""How far a finger then goes across and down, in pixels: up and down, also aslant."""
STEPS = 6


@pytest.fixture(scope="module")
def server(
    furnished_sqlite: tuple[Path, Furniture], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """One server for all the tests here: each writes an entry of its own."""
    with serving(*furnished_sqlite, tmp_path_factory.mktemp("touch")) as served:
        yield served


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One browser for all the tests here."""
    async with chrome() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def desk(browser: Browser, server: Served) -> AsyncIterator[Desk]:
    """The browser; the test fails at its end if anything was noted."""
    async with at_a_desk(browser, server) as desk:
        yield desk


@dataclass
class Phone:
    """Alice's phone, with an empty reframe on it, and the finger that touches it."""

    page: Page
    finger: CDPSession
    sheet: Sheet
    saves: list[str]
    moment: float = field(default_factory=lambda: datetime.now(UTC).timestamp())

    @property
    def number(self) -> Locator:
        """The field that holds the rating."""
        return self.page.get_by_role("textbox", name="How much does it feel true now?")

    @property
    def slider(self) -> Locator:
        """The slider beside it."""
        return self.page.get_by_role("slider", name="How much does it feel true now?")

    async def at(self, target: Locator, place: float) -> tuple[float, float]:
        """Bring *target* to the middle of the screen; return the point at *place* of its width."""
        await target.evaluate(IN_THE_MIDDLE)
        box = await target.bounding_box()
        assert box is not None
        return box["x"] + box["width"] * place, box["y"] + box["height"] / 2

    async def touch(self, kind: str, *points: tuple[float, float]) -> None:
        """
        Send one touch event, as a screen does, half a second after the one before.

        A finger as slow as that leaves no scroll behind that goes on after it was lifted.
        """
        self.moment += 0.5
        told = {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points], "timestamp": self.moment}
        await self.finger.send("Input.dispatchTouchEvent", told)

    async def drag(self, start: tuple[float, float], across: float, down: float) -> None:
        """Put the finger down, move it, and lift it."""
        await self.touch("touchStart", start)
        for step in range(1, STEPS + 1):
            await self.touch("touchMove", (start[0] + across * step / STEPS, start[1] + down * step / STEPS))
        await self.touch("touchEnd")

    async def heard(self) -> list[str]:
        """Return the fields that told the form of a new value, and forget them."""
        found: list[str] = await self.page.evaluate("window.heard.splice(0)")
        return found

    async def scrolled(self) -> float:
        """Return how far down the page is."""
        found: float = await self.page.evaluate("document.scrollingElement.scrollTop")
        return found


@pytest_asyncio.fixture(loop_scope="module")
async def phone(desk: Desk, server: Served) -> Phone:
    """A phone in alice's hand."""
    page = await desk.person(touch=True)
    await server.admit(page.context, "alice")
    await page.add_init_script(LISTEN)
    await page.goto("/journal/new?kind=reframe")
    saves: list[str] = []
    page.on("request", lambda request: saves.append(request.post_data or "") if is_save(request) else None)
    return Phone(page, await page.context.new_cdp_session(page), Sheet(page, server), saves)


def is_save(request: Request) -> bool:
    """Return whether a request saves an entry."""
    return request.method == "POST" and "/journal/" in request.url


@pytest.mark.parametrize("value", ["", "30", "70"])
async def test_scrolling_over_a_slider_sets_nothing(phone: Phone, value: str) -> None:
    """Wherever on it a finger that scrolls was put down, the rating stays what it was, and nothing is saved."""
    if value:
        await phone.number.fill(value)
        await expect(phone.sheet.status).to_have_text(SAVED)
    before = len(phone.saves)
    await phone.heard()
    for place in PLACES:
        for across, down in SCROLLS:
            start = await phone.at(phone.slider, place)
            await phone.drag(start, across, down)
            await phone.page.wait_for_function("window.farthest > 50")
            said = (place, across, down, await phone.number.input_value(), await phone.heard())
            assert said == (place, across, down, value, [])
            assert await phone.slider.get_attribute("data-untouched") == (None if value else "")
            assert await phone.slider.input_value() == (value or "50")
    assert len(phone.saves) == before
    assert await closes(phone.page) is None


@pytest.mark.parametrize("value", ["", "30"])
async def test_a_scroll_that_leads_nowhere_sets_nothing(phone: Phone, value: str) -> None:
    """A finger that goes up or down sets nothing either where the page has no further to scroll."""
    await phone.number.fill(value)
    await phone.page.evaluate("document.documentElement.style.overflow = 'hidden'")
    await phone.heard()
    for place in PLACES:
        for across, down in SCROLLS:
            start = await phone.at(phone.slider, place)
            top = await phone.scrolled()
            await phone.drag(start, across, down)
            assert (await phone.number.input_value(), await phone.heard()) == (value, [])
            assert await phone.scrolled() == top


@pytest.mark.parametrize("down", [150, -150])
async def test_a_scroll_beside_a_resting_finger_sets_nothing(phone: Phone, down: float) -> None:
    """A second finger that goes up or down over a blank slider leaves it blank, while the first rests elsewhere."""
    for place in PLACES:
        start = await phone.at(phone.slider, place)
        resting = (40.0, start[1] + 250)
        await phone.touch("touchStart", resting)
        await phone.touch("touchStart", resting, start)
        for step in range(1, STEPS + 1):
            await phone.touch("touchMove", resting, (start[0], start[1] + down * step / STEPS))
        await phone.touch("touchEnd")
        assert (await phone.number.input_value(), await phone.heard()) == ("", [])
        assert await phone.slider.get_attribute("data-untouched") == ""


@pytest.mark.parametrize(
    ("typed", "value"),
    [("42", "42"), ("٤٢", "42"), ("४२", "42"), ("４２", "42"), ("𝟜𝟚", "42"), ("4x", "50"), ("", "50")],
)
async def test_a_slider_follows_the_number_in_any_script(phone: Phone, typed: str, value: str) -> None:
    """What is typed beside it moves the slider; what is no number leaves it where a blank one stands."""
    await phone.number.fill(typed)
    assert await phone.slider.input_value() == value
    assert await phone.slider.get_attribute("data-untouched") == (None if value == "42" else "")


@pytest.mark.parametrize("place", PLACES)
async def test_a_tap_on_a_slider_sets_it(phone: Phone, place: float) -> None:
    """A tap sets the value of the place where it fell, also in the middle, where the thumb of a blank one stands."""
    start = await phone.at(phone.slider, place)
    await phone.touch("touchStart", start)
    assert await phone.heard() == []
    await phone.touch("touchEnd")
    assert abs(int(await phone.number.input_value()) - 100 * place) <= 5
    assert await phone.heard() == ["reframe.old_belief_before"]
    assert await phone.slider.get_attribute("data-untouched") is None
    await expect(phone.sheet.status).to_have_text(SAVED)
    async with phone.sheet.served.second_connection() as cast:
        entry = await entries.load_entry(await cast.actor("alice"), await phone.sheet.entry())
    assert entry.document.answers == {"reframe.old_belief_before": int(await phone.number.input_value())}


@pytest.mark.parametrize(("across", "down"), [(90, 0), (-90, 30), (90, -60)])
async def test_a_finger_along_a_slider_sets_it(phone: Phone, across: float, down: float) -> None:
    """A finger that goes along a slider takes the value with it, and the page stays where it is."""
    start = await phone.at(phone.slider, 0.5)
    top, width = await phone.scrolled(), await phone.slider.evaluate("(slider) => slider.clientWidth - 28")
    await phone.drag(start, across, down)
    assert abs(int(await phone.number.input_value()) - (50 + 100 * across / width)) <= 2
    assert await phone.scrolled() == top
    await expect(phone.sheet.status).to_have_text(SAVED)


async def test_a_finger_that_is_called_off_sets_nothing(phone: Phone) -> None:
    """When the phone itself takes over while a finger moves along a slider, the value of before is back."""
    await phone.number.fill("30")
    x, y = await phone.at(phone.slider, 0.5)
    await phone.touch("touchStart", (x, y))
    for step in range(1, STEPS):
        await phone.touch("touchMove", (x + 6 * step, y))
    assert int(await phone.number.input_value()) > 50
    await phone.touch("touchCancel")
    assert await phone.number.input_value() == "30"
    assert await phone.slider.input_value() == "30"


async def test_a_mouse_sets_a_slider(phone: Phone) -> None:
    """A mouse sets the value where it is pressed, also in the middle of a blank slider, and wherever it is moved."""
    x, y = await phone.at(phone.slider, 0.5)
    await phone.page.mouse.click(x, y, button="right")
    await expect(phone.number).to_have_value("")
    await phone.page.mouse.click(x, y)
    await expect(phone.number).to_have_value("50")
    await phone.page.mouse.move(x, y)
    await phone.page.mouse.down()
    await phone.page.mouse.move(x - 60, y - 120, steps=4)
    await phone.page.mouse.up()
    assert int(await phone.number.input_value()) < 40


async def test_a_pen_that_was_called_off_leaves_the_slider_to_the_mouse(phone: Phone) -> None:
    """Where a browser tells nothing of a pen but that it began and was called off, the next press is heard."""
    for kind in ("pointerdown", "pointercancel"):
        told = {"pointerId": 77, "pointerType": "pen", "isPrimary": True, "bubbles": True}
        await phone.slider.dispatch_event(kind, told)
    await phone.page.mouse.click(*await phone.at(phone.slider, 0.5))
    await expect(phone.number).to_have_value("50")


async def test_a_mouse_whose_release_was_lost_lends_a_scroll_nothing(phone: Phone) -> None:
    """A finger that scrolls sets nothing either after a mouse was let go where the page did not hear of it."""
    told = {"pointerId": 1, "pointerType": "mouse", "isPrimary": True, "bubbles": True}
    await phone.slider.dispatch_event("pointerdown", told)
    await phone.drag(await phone.at(phone.slider, 0.25), 0, -200)
    assert (await phone.number.input_value(), await phone.heard()) == ("", [])


@pytest.mark.parametrize(
    ("key", "value"), [("ArrowRight", "51"), ("ArrowLeft", "49"), ("Home", "0"), ("End", "100")]
)
async def test_the_first_key_on_a_blank_slider(phone: Phone, key: str, value: str) -> None:
    """A blank slider is told as blank; the first key goes on from its middle, or to an end, and is told as a number."""
    await expect(phone.slider).to_have_attribute("aria-valuetext", "left blank")
    await phone.slider.press(key)
    await expect(phone.number).to_have_value(value)
    await expect(phone.slider).to_have_value(value)
    await expect(phone.slider).to_have_attribute("aria-valuetext", value)
    await phone.number.fill("")
    await expect(phone.slider).to_have_attribute("aria-valuetext", "left blank")
    assert await phone.slider.get_attribute("data-untouched") == ""


async def test_scrolling_over_a_scale_sets_nothing(phone: Phone) -> None:
    """A finger that scrolls over numbers to tap, or over any choice, chooses none."""
    scale = phone.page.get_by_role("group", name="how true does it feel in your gut")
    for label in await scale.locator("label").all():
        for across, down in SCROLLS:
            await phone.drag(await phone.at(label, 0.5), across, down)
            assert await phone.heard() == []
    await expect(scale.get_by_role("radio", name="Blank")).to_be_checked()


async def test_a_tap_on_a_scale_sets_it(phone: Phone) -> None:
    """A tap on a number chooses it."""
    scale = phone.page.get_by_role("group", name="how true does it feel in your gut")
    await phone.page.touchscreen.tap(*await phone.at(scale.locator("label").nth(2), 0.5))
    await expect(scale.get_by_role("radio", name="3")).to_be_checked()


async def test_a_wheel_over_a_number_sets_nothing(phone: Phone) -> None:
    """A wheel over a field that has the focus scrolls the page; number and slider stay as they are."""
    for value in ("", "30"):
        await phone.number.fill(value)
        await phone.heard()
        for target in (phone.number, phone.slider):
            for down in (120, -120):
                await target.focus()
                await phone.page.mouse.move(*await phone.at(target, 0.5))
                top = await phone.scrolled()
                await phone.page.mouse.wheel(0, down)
                await phone.page.wait_for_function(
                    "(top) => document.scrollingElement.scrollTop !== top", arg=top
                )
                assert (await phone.number.input_value(), await phone.heard()) == (value, [])
