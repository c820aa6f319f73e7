"""A clinician's own notes: written, edited in two windows, read after care, asked about; without JavaScript too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from journal.care import lifecycle
from tests.browser.conftest import Desk
from tests.browser.served import Served, serving
from tests.browser.test_autosave import asked_before_closing
from tests.browser.test_replies import look, press
from tests.cast import Furniture


@pytest.fixture
def server(furnished_sqlite: tuple[Path, Furniture], tmp_path: Path) -> Iterator[Served]:
    """A server for each walk."""
    with serving(*furnished_sqlite, tmp_path) as served:
        yield served


async def follow(page: Page, name: str) -> None:
    """Follow a link, and wait for the page."""
    async with page.expect_event("load"):
        await page.get_by_role("main").get_by_role("link", name=name).first.click()


@pytest.mark.parametrize(("javascript", "scheme", "width"), [(True, "dark", 390), (False, "light", 1280)])
async def test_notes_from_the_first_word_to_the_last_question(
    desk: Desk, server: Served, javascript: bool, scheme: str, width: int
) -> None:
    """Every step works without JavaScript, axe finds nothing, and what was typed outlasts each refusal."""
    bob = await desk.person(javascript=javascript, scheme=scheme, width=width)
    await server.admit(bob.context, "bob")
    await bob.goto("/patients")
    await follow(bob, "Alice Sample")
    await follow(bob, "My notes")
    place = bob.url
    await look(desk, bob, width, javascript)
    await press(bob, "Save")
    await expect(bob.get_by_text("Nothing is written yet.").first).to_be_visible()
    await look(desk, bob, width, javascript)
    await bob.get_by_label("New note").fill("Begin with the stairs.\n\nשלום, leave time.")
    if javascript:
        assert await asked_before_closing(bob) == "beforeunload"
    await press(bob, "Save")
    await expect(bob.get_by_text("Your note is saved.")).to_be_visible()
    await expect(bob.get_by_text("This is not the clinical record")).to_be_visible()
    await look(desk, bob, width, javascript)

    other = await bob.context.new_page()
    await other.goto(place)
    await follow(other, "Edit")
    await follow(bob, "Edit")
    await bob.get_by_label("Note", exact=True).fill("From the first window.")
    await press(bob, "Save")
    await other.get_by_label("Note", exact=True).fill("From the second window.")
    await press(other, "Save")
    await expect(other.get_by_text("From the first window.")).to_be_visible()
    await expect(other.get_by_label("Note", exact=True)).to_have_value("From the second window.")
    await look(desk, other, width, javascript)
    if javascript:
        assert await asked_before_closing(other) == "beforeunload", "its words came back with the page"

    await bob.goto(place)
    await bob.get_by_label("New note").fill("Typed while care ended.")
    async with server.second_connection() as cast:
        await lifecycle.end_care(await cast.actor("alice"), cast.link)
    await press(bob, "Save")
    await expect(bob.get_by_text("Typed while care ended.")).to_be_visible()
    await expect(bob.get_by_text("Care has ended, so nothing new is written here.")).to_be_visible()
    await look(desk, bob, width, javascript)
    await press(other, "Save")
    await expect(other.get_by_text("From the second window.")).to_be_visible()

    server.forward(days=90)
    await server.admit(bob.context, "bob")
    await bob.goto("/patients")
    await look(desk, bob, width, javascript)
    await follow(bob, "Keep or delete them")
    await look(desk, bob, width, javascript)
    await follow(bob, "Alice Sample")
    await look(desk, bob, width, javascript)
    await press(bob, "Keep them another 90 days")
    await expect(bob.get_by_text("Your notes are kept.")).to_be_visible()
    await follow(bob, "Delete them all")
    await look(desk, bob, width, javascript)
    await press(bob, "Delete them all")
    await expect(bob.get_by_text("There are none")).to_be_visible()
    await look(desk, bob, width, javascript)
