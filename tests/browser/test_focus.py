"""By keyboard: what has the focus is never behind a bar that stands still, nor outside of the screen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page

from tests.attacks import browse
from tests.browser.conftest import Desk
from tests.browser.served import NOBODY, Served, lend, serving
from tests.browser.writers import Writers, after_session, in_session, places, writing

SCREENS = {"phone": (390, 844), "desk": (1280, 844), "desk at 200 %": (640, 422)}
"""Width and height in CSS pixels; a desk that is enlarged twice has half of them."""

FIELDS = "main form :is(input:not([type=hidden]), textarea, select)"

STOPS = 300
"""More than a page has."""

FIND_BARS = """
() => {
  const stands = (element) => ["sticky", "fixed"].includes(getComputedStyle(element).position);
  const shown = [...document.querySelectorAll("body *")].filter((element) => element.checkVisibility());
  window.bars = shown.filter(stands);
  document.activeElement.blur();
  scrollTo(0, 0);
}
"""
LOOK = """
() => {
  const element = document.activeElement;
  if (!element || element === document.body) return { end: true };
  for (const moving of document.getAnimations()) moving.finish();
  const { left, right, top, bottom, height } = element.getBoundingClientRect();
  const isFree = (x, y) => y >= 0 && y <= innerHeight
    && !window.bars.some((bar) => !bar.contains(element) && bar.contains(document.elementFromPoint(x, y)));
  const [begin, end] = [top + 2, bottom - 2].map((y) => isFree(left + 2, y) && isFree(right - 2, y));
  // A browser shows the line of a text that the caret is in; of what is taller than half the screen it shows an end.
  const seen = element.matches("textarea") || height > innerHeight / 2 ? begin || end : begin && end;
  return { end: false, seen, what: `${Math.round(top)} to ${Math.round(bottom)}: ${element.outerHTML.slice(0, 120)}` };
}
"""


def ordinary(name: str, ceiling: int) -> str:
    """As much as people write."""
    return (
        "ww" if name == "email" else ("what we saw on the way to the lake, " * 4)[: min(ceiling, 100)].strip()
    )


@pytest.fixture(scope="module")
def server(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for all the tests here."""
    with serving(migrated_sqlite, NOBODY, tmp_path_factory.mktemp("focus")) as served:
        yield served


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def writers(server: Served) -> AsyncIterator[Writers]:
    """Two people who fill every field."""
    async with writing(server, ordinary) as writers:
        yield writers


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def pages(writers: Writers) -> dict[str, list[browse.Page]]:
    """Every page that there is for the two, and for anybody."""
    return await places(writers)


async def tab_through(desk: Desk, page: Page) -> None:
    """Note every stop of the Tab key that is not in sight, on every screen."""
    for screen, (width, height) in SCREENS.items():
        await page.set_viewport_size({"width": width, "height": height})
        await page.evaluate(FIND_BARS)
        for key in ("Tab", "Shift+Tab") if screen == "phone" else ("Tab",):
            for _ in range(STOPS):
                await page.keyboard.press(key)
                found = await page.evaluate(LOOK)
                if found["end"]:
                    break
                if not found["seen"]:
                    desk.troubles.append(f"{page.url} on a {screen}, {key}: {found['what']}")
            else:
                desk.troubles.append(f"{page.url}: Tab never leaves")


@pytest.mark.parametrize("name", ["alice", "bob", "anybody"])
async def test_focus_is_in_sight(
    desk: Desk, writers: Writers, pages: dict[str, list[browse.Page]], name: str
) -> None:
    """On one page of each set of fields: on a phone (backwards too), at a desk, and enlarged twice."""
    page = await desk.person()
    await lend(writers.client(name), page.context)
    seen = {""}
    for address in dict.fromkeys(one.url for one in pages[name]):
        await page.goto(address)
        fields = await page.locator(FIELDS).evaluate_all("(all) => all.map((one) => one.name).join()")
        if fields not in seen:
            seen.add(fields)
            await tab_through(desk, page)
    assert len(seen) > 1


async def test_focus_is_in_sight_on_the_day(desk: Desk, writers: Writers) -> None:
    """So it is on the screens of a dosing day."""
    page = await desk.person()
    await lend(writers.alice, page.context)
    for going_on in (in_session, after_session):
        for address in await going_on(writers):
            await page.goto(address)
            await tab_through(desk, page)
