"""
Records that leave, as one walk: a packet for somebody, then everything, and everything in again elsewhere.

The packet is chosen, previewed, made and opened with the stock age tool; a reader of others finds in its PDF the text
of the preview, no more and no less. The records go into a second installation in which nobody has written anything, and
its archive is compared with the first, field by field.
"""

from __future__ import annotations

import io
import json
import re
import unicodedata
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pypdfium2
import pytest
from playwright.async_api import Page, expect

from journal.actor import Actor
from journal.authentication import sign_in, web_sessions
from journal.entries import entries
from journal.records import archive, collection
from journal.scheduling import plan as session_plan
from journal.sessions.session import Route, SessionDetails, SessionKind, Setting
from journal.stamps import IMPORTED
from journal.vault.documents import EntryDocument
from tests.browser.conftest import Desk
from tests.browser.served import Served, at_a_desk, serving
from tests.browser.test_packets import choose_one, make_file
from tests.browser.test_replies import look, press
from tests.cast import PASSWORDS, PRACTICE, Cast, Furniture
from tests.portal.views.test_records import opened_by_age
from tests.shared_material import report_past

WORDS = "A kingfisher over the mill race. "
CHOSEN = "\n\n".join(f"Evening {number}. {WORDS * 6}" for number in range(12))
"""More than a page holds."""
KEPT = "An otter that nobody else has seen."
NAMED = {"id", "session_id", "belongs_to", "course_id", "about", "imported"}
"""What differs afterwards: ids, and what the format page names."""


@pytest.fixture
def server(furnished_sqlite: tuple[Path, Furniture], tmp_path: Path) -> Iterator[Served]:
    """The installation that the records come from."""
    with serving(*furnished_sqlite, tmp_path) as served:
        yield served


@pytest.fixture
def elsewhere(furnished_sqlite: tuple[Path, Furniture], tmp_path: Path) -> Iterator[Served]:
    """A second installation, in which nobody has written anything."""
    (tmp_path / "elsewhere").mkdir()
    with serving(*furnished_sqlite, tmp_path / "elsewhere") as served:
        yield served


async def write(cast: Cast) -> None:
    """Have alice write entries with earlier versions about a session that is over, and one that goes over pages."""
    alice = await cast.actor("alice")
    talk = SessionDetails(
        SessionKind.DOSING, "2026-11-20T09:00", "Europe/Berlin", 60, Setting.CLINIC, Route.IM
    )
    session = await session_plan.add_session(alice, alice.id, talk)
    await report_past(cast)
    for number, kind in enumerate(("free", "integration", "reframe", "grounding")):
        document = EntryDocument(kind, f"Water {number}", KEPT, session.hex if number else None)
        one = await entries.save_entry(await cast.actor("alice"), uuid4(), 0, document)
        cast.clock.forward(minutes=11)
        changed = msgspec.structs.replace(document, title=f"Water {number} again")
        await entries.save_entry(await cast.actor("alice"), one.id, one.revision, changed)
    long = EntryDocument("free", "Evenings", answers={"free.text": CHOSEN})
    await entries.save_entry(await cast.actor("alice"), uuid4(), 0, long)


def bare(text: str) -> str:
    """Return a text without blanks and without the marks that isolate a name."""
    return re.sub(r"[\s\u2066-\u2069]+", "", unicodedata.normalize("NFKC", text))


async def read_preview(desk: Desk, page: Page) -> tuple[str, str, int]:
    """Walk through the preview; return its text, what stands at the foot of each sheet, and how many there are."""
    shown, sheets = "", 0
    while True:
        await look(desk, page, 390, True)
        foot = await page.locator(".sheet-foot").inner_text()
        shown += (await page.locator(".sheet").inner_text()).removesuffix(foot)
        sheets += 1
        onwards = page.get_by_role("link", name="Next page")
        if not await onwards.count():
            return bare(shown), bare(foot.replace("·", " ")), sheets
        async with page.expect_event("load"):
            await onwards.click()


def read_pdf(pdf: bytes, foot: str) -> tuple[str, int]:
    """Return the text of a PDF without the foot of each page, and how many pages it has."""
    document = pypdfium2.PdfDocument(pdf)
    pages = [bare(one.get_textpage().get_text_range()) for one in document]
    feet = [f"{foot}Page{number}of{len(pages)}" for number in range(1, len(pages) + 1)]
    assert all(page.count(one) == 1 for page, one in zip(pages, feet, strict=True)), pages
    return "".join(page.replace(one, "") for page, one in zip(pages, feet, strict=True)), len(pages)


def pick(zipped: bytes) -> Any:
    """Return the entries and sessions of an archive, without what differs."""
    with zipfile.ZipFile(io.BytesIO(zipped)) as found:
        told, plan = (json.loads(found.read(f"data/{name}.json")) for name in ("entries", "sessions"))
    return strip([told, plan["sessions"]])


def strip(value: Any) -> Any:
    """Return a document without what differs."""
    if isinstance(value, dict):
        return {name: strip(one) for name, one in value.items() if name not in NAMED}
    if isinstance(value, str):
        return value.removesuffix(IMPORTED)
    return [strip(one) for one in value] if isinstance(value, list) else value


async def sign_in_again(cast: Cast, name: str) -> Actor:
    """Have somebody sign in on another device, whatever became of the session that they had."""
    signed_in = await sign_in.sign_in(cast.installation, f"{name}@example.org", PASSWORDS[name])
    actor = await web_sessions.load_actor(cast.installation, signed_in.token)
    assert actor is not None
    return actor


async def export(cast: Cast, name: str) -> bytes:
    """Return somebody's archive as it is before it is sealed."""
    who = await sign_in_again(cast, name)
    records = await collection.collect_patient_records(who, PRACTICE)
    return archive.pack_archive(records, {}, "1.0", who.open_identity())


async def take_everything(page: Page) -> tuple[bytes, str]:
    """Save the archive of all records, with FHIR and tables in it; return it with its passphrase."""
    await page.goto("/records")
    passphrase = await page.locator("#offer").inner_text()
    await page.get_by_label("Also for the software of clinics").select_option("named")
    await page.get_by_label("Your password").fill(PASSWORDS["alice"])
    async with page.expect_download() as coming:
        await page.get_by_role("button", name="Create the encrypted file").click()
    return (await (await coming.value).path()).read_bytes(), passphrase


async def test_from_a_packet_to_another_installation(
    desk: Desk, server: Served, elsewhere: Served, tmp_path: Path
) -> None:
    """The PDF says what the preview said; what is exported, imported and exported again is equal but for ids."""
    async with server.second_connection() as cast:
        await write(cast)
    for one in (server, elsewhere):
        one.forward(hours=6)
    page = await desk.person(scheme="dark", width=390)
    await server.admit(page.context, "alice")
    await choose_one(desk, page, "Evenings", 390, javascript=True)
    shown, foot, sheets = await read_preview(desk, page)
    assert (bare(CHOSEN) in shown, bare(KEPT) in shown, sheets > 1) == (True, False, True)
    file, passphrase = await make_file(desk, page, 390, javascript=True)
    packed = zipfile.ZipFile(io.BytesIO(opened_by_age(file, passphrase, tmp_path)))
    assert read_pdf(packed.read("packet.pdf"), foot) == (shown, sheets)
    sealed, passphrase = await take_everything(page)
    before = opened_by_age(sealed, passphrase, tmp_path)
    beside = {name.partition("/")[0] for name in zipfile.ZipFile(io.BytesIO(before)).namelist()}
    assert {"fhir", "numbers"} <= beside
    async with at_a_desk(desk.browser, elsewhere) as other:
        page = await other.person(scheme="dark", width=390)
        await elsewhere.admit(page.context, "dana")
        await import_all(other, page, sealed, passphrase)
        async with elsewhere.second_connection() as cast:
            cast.clock.now = elsewhere.now
            assert pick(await export(cast, "dana")) == pick(before)
        await page.goto("/sessions")
        await expect(page.get_by_text("Past sessions that you imported")).to_be_visible()
        await look(other, page, 390, True)
        await page.go_back()
        await press(page, "Remove the import")
        await expect(page.get_by_text("5 entries are deleted for good.")).to_be_visible()
        await look(other, page, 390, True)
        async with elsewhere.second_connection() as cast:
            cast.clock.now = elsewhere.now
            assert await entries.load_all_entries(await sign_in_again(cast, "dana")) == ()


async def import_all(desk: Desk, page: Page, sealed: bytes, passphrase: str) -> None:
    """Import a file with the records of somebody."""
    await page.goto("/records/import")
    await look(desk, page, 390, True)
    await page.get_by_label("Your file").set_input_files(
        {"name": "records.zip.age", "mimeType": "application/octet-stream", "buffer": sealed}
    )
    await page.get_by_label("What an encrypted file opens with").fill(passphrase)
    await press(page, "See what is in it")
    await expect(page.get_by_text("This is in the file")).to_be_visible()
    await look(desk, page, 390, True)
    await press(page, "Import")
    if await page.locator("[name=asked-again]").count():
        await page.locator("[name=asked-again]").fill(PASSWORDS["dana"])
        async with page.expect_event("load"):
            await page.keyboard.press("Enter")
    await expect(page.get_by_text("Your records are imported")).to_be_visible()
    await look(desk, page, 390, True)
