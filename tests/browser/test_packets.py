"""A packet, from the first tick to the file that a stock program opens; every step without JavaScript too."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pypdfium2
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
    """A server for each walk."""
    with serving(*furnished_sqlite, tmp_path) as served:
        yield served


async def read_sheet(page: Page) -> list[str]:
    """Return the words of the preview."""
    return (await page.locator(".sheet").inner_text()).split()


@pytest.mark.parametrize(("javascript", "scheme", "width"), [(True, "dark", 390), (False, "light", 1280)])
async def test_from_the_first_tick_to_the_file(
    desk: Desk, server: Served, tmp_path: Path, javascript: bool, scheme: str, width: int
) -> None:
    """Chosen, previewed, made, saved and opened by age: the text of its PDF is that of the preview."""
    async with server.second_connection() as cast:
        alice = await cast.actor("alice")
        for title, words in (("Water", CHOSEN), ("Fur", KEPT)):
            await entries.save_entry(
                alice, uuid4(), 0, EntryDocument("free", title, answers={"free.text": words})
            )
    page = await desk.person(javascript=javascript, scheme=scheme, width=width)
    await server.admit(page.context, "alice")
    await page.goto("/packets")
    await press(page, "Begin a packet")
    await look(desk, page, width, javascript)
    await page.get_by_label("Who it is for").fill("Dr. Ada Willow")
    await page.get_by_label("What it is for").fill("A second opinion")
    await press(page, "Choose: Free writing")
    await page.get_by_role("group", name="Water").get_by_label("All 2 parts").check()
    await look(desk, page, width, javascript)
    await press(page, "Save")
    await expect(page.get_by_text("1 chosen of 2 in this time")).to_be_visible()
    await press(page, "See what leaves")
    await look(desk, page, width, javascript)
    shown = await read_sheet(page)
    assert (CHOSEN in " ".join(shown), KEPT in " ".join(shown)) == (True, False)
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
    saved = await (await coming.value).path()
    packed = zipfile.ZipFile(io.BytesIO(opened_by_age(saved.read_bytes(), passphrase, tmp_path)))
    read = pypdfium2.PdfDocument(packed.read("packet.pdf"))
    found = " ".join(" ".join(one.get_textpage().get_text_range() for one in read).split())
    place = 0
    for word in shown[: shown.index("·")]:  # the foot of the sheet stands elsewhere on paper
        place = found.find(word, place)
        assert place >= 0, (word, found)
    assert KEPT not in found
