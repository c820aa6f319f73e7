"""Charts on a phone and at a desk, in the dark and in the light: reached by a tap, one at a time, with their tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from journal.care_notes import notes
from journal.care_notes.notes import NoteKind
from journal.day_lines import records as day_lines
from journal.day_lines.lines import DayLine
from journal.dosing_day import record
from journal.dosing_day.lines import Reading
from journal.user_input import parse_time
from tests.browser.conftest import Desk
from tests.browser.served import Served, serving
from tests.browser.test_tracked import follow
from tests.cast import Furniture
from tests.portal.views.charts.test_charts import FORM, answered, dosed
from tests.scenes import shared


@pytest.fixture
def server(furnished_sqlite: tuple[Path, Furniture], tmp_path: Path) -> Iterator[Served]:
    """A server for each walk."""
    with serving(*furnished_sqlite, tmp_path) as served:
        yield served


async def looked_at(desk: Desk, page: Page, width: int) -> None:
    """Verify that a page fits its window, and that axe finds nothing."""
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    await page.evaluate("scrollTo(0, 0)")
    await desk.axe(page)


async def tracked(server: Served) -> str:
    """Store a month that alice tracked and what bob planned; return the address of her page at his desk."""
    async with server.second_connection() as cast:
        for value, days_ago in ((2, 29), (1, 15), (1, 0)):
            await shared(cast, await answered(cast, value, days_ago), FORM)
        session = await dosed(cast, 9)
        alice, bob = await cast.actor("alice"), await cast.actor("bob")
        for at, upper in (("13:40", "120"), ("15:00", "140"), ("17:00", "124")):
            await record.save_reading(alice, session, Reading(parse_time(at), upper, "80"))
        for days, mood in ((12, 3), (11, 4), (9, 6), (1, 7)):
            day = day_lines.get_today(alice) - timedelta(days=days)
            await day_lines.save_line(alice, DayLine(day, alice.now, True, mood))
        note = {
            "dose": "",
            "interval": "One week instead of two",
            "focus": "",
            "from_day": "2026-11-15",
            "why": "",
        }
        await notes.write_note(bob, alice.id, NoteKind.PLAN, note, session)
        return f"/patients/{alice.id}"


async def test_charts_of_both(desk: Desk, server: Served) -> None:
    """From Measures, from day lines, and from a patient's page at the desk: each a drawing with a table."""
    patient = await tracked(server)
    for width, scheme in ((390, "dark"), (1280, "light")):
        page = await desk.person(scheme=scheme, width=width, touch=True)
        await server.admit(page.context, "alice")
        await page.goto("/measures")
        await looked_at(desk, page, width)
        await follow(page, page.get_by_role("link", name="Chart of PHQ-9"))
        await expect(page.get_by_role("img", name="PHQ-9 from 0 to 27")).to_be_visible()
        await expect(page.get_by_text("First 18 on 24 Oct 2026, previous 9 on 7 Nov 2026")).to_be_visible()
        await expect(page.get_by_role("table").first).to_contain_text("10 Oct 2026")
        await expect(page.get_by_role("table", name="Marks")).to_contain_text("One week instead of two")
        await looked_at(desk, page, width)
        await follow(page, page.get_by_role("link", name="Draw a line at published numbers"))
        await expect(page.get_by_text("J Gen Intern Med")).to_be_visible()
        await looked_at(desk, page, width)
        await follow(page, page.get_by_role("link", name="Leave published numbers out"))
        await expect(page.get_by_text("J Gen Intern Med")).to_have_count(0)
        await page.goto("/day-lines")
        await follow(page, page.get_by_role("link", name="Charts"))
        await expect(page.get_by_role("img", name="Mood from 0 to 10")).to_be_visible()
        assert await page.locator("polyline").count() == 1
        await looked_at(desk, page, width)
        await follow(page, page.get_by_role("link", name="Blood pressure"))
        await expect(
            page.get_by_text("120/80 before the start, highest 140/80, last 124/80.")
        ).to_be_visible()
        await looked_at(desk, page, width)
        await page.context.close()
    for width, scheme in ((390, "light"), (1280, "dark")):
        page = await desk.person(scheme=scheme, width=width, touch=True)
        await server.admit(page.context, "bob")
        await page.goto(patient)
        await follow(page, page.get_by_role("link", name="Charts"))
        await looked_at(desk, page, width)
        await follow(page, page.get_by_role("link", name="PHQ-9"))
        await expect(page.get_by_role("img", name="PHQ-9 from 0 to 27")).to_be_visible()
        await expect(page.get_by_role("link", name="Mood")).to_have_count(0)
        await looked_at(desk, page, width)
        await page.context.close()
