"""Ten minutes before a session: from sign-in to the brief of the next talk in one tap, on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from journal.catalogue.fields import Answer
from journal.sessions.session import SessionKind
from tests.browser.conftest import Desk
from tests.browser.served import Served, serving
from tests.cast import PASSWORDS, Cast, Furniture
from tests.shared_material import add_patient, plan_session, share, write


@pytest.fixture
def server(furnished_sqlite: tuple[Path, Furniture], tmp_path: Path) -> Iterator[Served]:
    """A server for each walk."""
    with serving(*furnished_sqlite, tmp_path) as served:
        yield served


async def prepare(cast: Cast, kind: SessionKind, patients: int) -> None:
    """Have alice share what she prepared for a talk of today, among so many patients of bob's."""
    answers: dict[str, Answer] = {
        "prep.intention": "To rest.",
        "prep.fears": "Not coming back.",
        "prep.boundaries": "A hand on the shoulder is welcome.",
        "prep.for_therapist": "Ask me about sleep.",
    }
    await share(cast, await write(cast, "preparation", answers, title="Before Friday"))
    await plan_session(cast, kind, "2026-11-22T13:10")
    await plan_session(cast, SessionKind.DOSING, "2026-11-27T10:00")
    for number in range(1, patients):
        await add_patient(cast, f"Patient Number {number}", f"patient{number}")
        if number % 2:
            day = f"2026-11-{22 + number % 3}T16:{10 + number}"
            await plan_session(cast, SessionKind.INTEGRATION, day, who=f"patient{number}")


async def sign_in(page: Page) -> None:
    """Have bob sign in by his password."""
    await page.goto("/sign-in")
    await page.locator("#email").fill("bob@example.org")
    await page.locator("#password").fill(PASSWORDS["bob"])
    await page.get_by_role("button", name="Sign in", exact=True).tap()


@pytest.mark.parametrize("javascript", [True, False])
@pytest.mark.parametrize(
    ("kind", "patients"),
    [(SessionKind.PREPARATION, 1), (SessionKind.INTEGRATION, 7), (SessionKind.PREPARATION, 12)],
)
async def test_one_tap_from_sign_in_to_the_brief_of_the_next_talk(
    desk: Desk, server: Served, kind: SessionKind, patients: int, javascript: bool
) -> None:
    """The button is on the first screen, and the page that it opens says which session it is for."""
    async with server.second_connection() as cast:
        await prepare(cast, kind, patients)
    page = await desk.person(javascript=javascript, touch=True)
    await sign_in(page)
    await expect(page.get_by_role("heading", level=1, name="Patients")).to_be_visible()
    assert await page.evaluate("scrollY") == 0
    button = page.get_by_role("link", name="Open the brief for Alice Sample")
    box = await button.bounding_box()
    assert box is not None
    assert 0 <= box["y"] <= box["y"] + box["height"] <= 844
    assert box["height"] >= 44
    if javascript:
        await desk.axe(page)
    await button.tap()
    told = "preparation session" if kind is SessionKind.PREPARATION else "integration session"
    await expect(page.get_by_text(f"Brief for the {told}")).to_be_visible()
    await expect(page.get_by_role("heading", level=2).first).to_have_text("To bring")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await page.get_by_text("Another session").tap()
    if javascript:
        await desk.axe(page)
    await page.get_by_role("link", name="Dosing session").tap()
    await expect(page.get_by_text("Brief for the")).to_contain_text("Fri 27 Nov 2026, 10:00")


@pytest.mark.parametrize(("javascript", "scheme"), [(True, "light"), (True, "dark"), (False, "light")])
async def test_a_patient_is_found_by_name(desk: Desk, server: Served, javascript: bool, scheme: str) -> None:
    """The name never stands in the address, and back from a patient nothing has to be sent again."""
    async with server.second_connection() as cast:
        await prepare(cast, SessionKind.INTEGRATION, 12)
    page = await desk.person(javascript=javascript, scheme=scheme, touch=True)
    await server.admit(page.context, "bob")
    await page.goto("/patients")
    await page.get_by_label("Search by name").fill("number 11")
    await page.get_by_role("button", name="Search").tap()
    await expect(page.get_by_text("1 patient", exact=False).first).to_be_visible()
    await expect(page.get_by_role("link", name="Patient Number 11", exact=True)).to_be_visible()
    await expect(page.get_by_role("link", name="Alice Sample", exact=True)).to_have_count(0)
    assert page.url == f"{server.origin}/patients"
    if javascript:
        await desk.axe(page)
    await page.get_by_role("link", name="Show all").tap()
    await expect(page.get_by_role("link", name="Alice Sample", exact=True)).to_be_visible()
