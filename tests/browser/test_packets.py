"""A packet without JavaScript, from the first tick to its file; with it: tests/browser/test_records_that_leave.py."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.async_api import Page, expect

from journal.entries import entries
from journal.vault.documents import EntryDocument
from tests.browser.conftest import Desk
from tests.browser.served import Served, serving
from tests.browser.test_replies import look, press
from tests.cast import PASSWORDS, Furniture
from tests.portal.views.test_records import opened_by_age

CHOSEN = "A kingfisher over the mill race."
KEPT = "An otter that nobody else has seen."


@pytest.fixture
def server(furnished_sqlite: tuple[Path, Furniture], tmp_path: Path) -> Iterator[Served]:
    """A server for the walk."""
    with serving(*furnished_sqlite, tmp_path) as served:
        yield served


async def choose_one(desk: Desk, page: Page, title: str, width: int, *, javascript: bool) -> None:
    """Choose one entry for somebody, all of it, and go on to the preview."""
    await page.goto("/packets")
    await press(page, "Begin a packet")
    await look(desk, page, width, javascript)
    await page.get_by_label("Who it is for").fill("Dr. Ada Willow")
    await page.get_by_label("What it is for").fill("A second opinion")
    await press(page, "Choose: Free writing")
    await page.get_by_role("group", name=title).get_by_label("All 2 parts").check()
    await look(desk, page, width, javascript)
    await press(page, "Save")
    await expect(page.get_by_text("1 chosen of 2 in this time")).to_be_visible()
    await press(page, "See what leaves")


async def make_file(desk: Desk, page: Page, width: int, *, javascript: bool) -> tuple[bytes, str]:
    """Make the file of the packet that is previewed; return it as it was saved, with its passphrase."""
    passphrase = await page.locator("#offer").inner_text()
    await page.get_by_label("Your password").fill(PASSWORDS["alice"])
    await press(page, "Make the encrypted file")
    await look(desk, page, width, javascript)
    while not javascript and not await page.get_by_role("link", name="Save the file").count():
        await page.reload()
    await expect(page.get_by_role("link", name="Save the file")).to_be_visible()
    await look(desk, page, width, javascript)
    async with page.expect_download() as coming:
        await page.get_by_role("link", name="Save the file").click()
    return (await (await coming.value).path()).read_bytes(), passphrase


async def test_from_the_first_tick_to_the_file(desk: Desk, server: Served, tmp_path: Path) -> None:
    """Every step is a page; what was ticked is in the file, and what was not is neither shown nor in it."""
    async with server.second_connection() as cast:
        alice = await cast.actor("alice")
        for title, words in (("Water", CHOSEN), ("Fur", KEPT)):
            await entries.save_entry(
                alice, uuid4(), 0, EntryDocument("free", title, answers={"free.text": words})
            )
    page = await desk.person(javascript=False, width=1280)
    await server.admit(page.context, "alice")
    await choose_one(desk, page, "Water", 1280, javascript=False)
    await look(desk, page, 1280, javascript=False)
    shown = await page.locator(".sheet").inner_text()
    assert (CHOSEN in shown, KEPT in shown) == (True, False)
    file, passphrase = await make_file(desk, page, 1280, javascript=False)
    packed = zipfile.ZipFile(io.BytesIO(opened_by_age(file, passphrase, tmp_path)))
    (entry,) = json.loads(packed.read("data/packet.json"))["entries"]
    assert (entry["title"], entry["answers"][0]["value"]) == ("Water", CHOSEN)
