"""Records go from one installation to another, empty one: exported, imported there, exported again, and compared."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from playwright.async_api import expect

from journal.actor import Actor
from journal.authentication import sign_in, web_sessions
from journal.entries import entries
from journal.records import archive, collection
from journal.scheduling import plan as session_plan
from journal.sessions.session import Route, SessionDetails, SessionKind, Setting
from journal.store.database import Store
from journal.vault.documents import EntryDocument
from tests.browser.conftest import Desk
from tests.browser.served import Served, serving
from tests.browser.test_replies import look, press
from tests.cast import PASSWORDS, PRACTICE, Cast, Furniture, cast_of
from tests.portal.views.test_records import PHRASE, opened_by_age

WORDS = "A kingfisher over the mill race."
NAMED = {"id", "session_id", "belongs_to", "course_id", "about", "imported"}
"""What differs afterwards: ids, and what the format page names."""


@pytest.fixture
def server(furnished_sqlite: tuple[Path, Furniture], tmp_path: Path) -> Iterator[Served]:
    """A second installation, in which nobody has written anything."""
    (tmp_path / "there").mkdir()
    with serving(*furnished_sqlite, tmp_path / "there") as served:
        yield served


@asynccontextmanager
async def first_installation(path: Path, furniture: Furniture, folder: Path) -> AsyncIterator[Cast]:
    """Open the installation that the records come from."""
    copied = shutil.copyfile(path, folder / "first.sqlite3")
    store = await Store.open(f"sqlite://{copied}")
    try:
        with store.use():
            yield cast_of(furniture)
    finally:
        await store.close()


async def write(cast: Cast) -> None:
    """Have alice write entries with earlier versions, about a session that is over."""
    alice = await cast.actor("alice")
    talk = SessionDetails(
        SessionKind.DOSING, "2026-11-20T09:00", "Europe/Berlin", 60, Setting.CLINIC, Route.IM
    )
    session = await session_plan.add_session(alice, alice.id, talk)
    for number, kind in enumerate(("free", "integration", "reframe", "grounding")):
        document = EntryDocument(kind, f"Water {number}", WORDS, session.hex if number else None)
        one = await entries.save_entry(await cast.actor("alice"), uuid4(), 0, document)
        cast.clock.forward(minutes=11)
        changed = msgspec.structs.replace(document, title=f"Water {number} again")
        await entries.save_entry(await cast.actor("alice"), one.id, one.revision, changed)


def pick(zipped: bytes) -> Any:
    """Return the entries and sessions of an archive, without what differs."""
    with zipfile.ZipFile(io.BytesIO(zipped)) as found:
        told, plan = (json.loads(found.read(f"data/{name}.json")) for name in ("entries", "sessions"))
    return strip([told, plan["sessions"]])


def strip(value: Any) -> Any:
    """Return a document without what differs."""
    if isinstance(value, dict):
        return {name: strip(one) for name, one in value.items() if name not in NAMED}
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


async def test_records_are_the_same_in_another_installation(
    desk: Desk, server: Served, furnished_sqlite: tuple[Path, Furniture], tmp_path: Path
) -> None:
    """Field by field, but for ids and what the format page names; then the whole import is removed again."""
    async with first_installation(*furnished_sqlite, tmp_path) as first:
        await write(first)
        before = await export(first, "alice")
    sealed = await archive.seal_with_age(before, PHRASE)
    assert opened_by_age(sealed, PHRASE, tmp_path) == before
    server.forward(hours=6)
    page = await desk.person(scheme="dark", width=390)
    await server.admit(page.context, "dana")
    await page.goto("/records/import")
    await look(desk, page, 390, True)
    await page.get_by_label("Your file").set_input_files(
        {"name": "records.zip.age", "mimeType": "application/octet-stream", "buffer": sealed}
    )
    await page.get_by_label("What an encrypted file opens with").fill(PHRASE)
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
    async with server.second_connection() as cast:
        cast.clock.now = server.now
        assert pick(await export(cast, "dana")) == pick(before)
    await page.goto("/sessions")
    await expect(page.get_by_text("Past sessions that you imported")).to_be_visible()
    await look(desk, page, 390, True)
    await page.go_back()
    await press(page, "Remove the import")
    await expect(page.get_by_text("4 entries are deleted for good.")).to_be_visible()
    await look(desk, page, 390, True)
    async with server.second_connection() as cast:
        cast.clock.now = server.now
        assert await entries.load_all_entries(await sign_in_again(cast, "dana")) == ()
