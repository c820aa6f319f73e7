"""A file is chosen, looked at, imported and removed again on pages that work without a script."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from journal.entries import entries
from journal.importing import tables
from journal.importing.items import Refusal
from journal.sessions.session import Status
from journal.vault import tables as vault_tables
from tests.cast import PASSWORDS
from tests.journal.importing.corpus import (
    LIGHT,
    WORDS,
    build_archive,
    entry_record,
    pack,
    session_record,
)
from tests.journal.sitter.test_links import dose

if TYPE_CHECKING:
    from httpx import AsyncClient, Response

    from tests.portal.conftest import Portal

HERE = "/records/import"
WORD = "a heron under the weir nobody else has seen"


async def sent(browser: AsyncClient, *files: tuple[str, bytes], passphrase: str = "") -> Response:
    """Send files as a browser sends them."""
    parts = [("files", (name, content, "application/octet-stream")) for name, content in files]
    return await browser.post(HERE, files=parts, data={"passphrase": passphrase})


async def done(portal: Portal) -> None:
    while work := tuple(portal.app.state.installation.background_work):
        await asyncio.gather(*work)


async def started(portal: Portal, browser: AsyncClient, *files: tuple[str, bytes]) -> str:
    """Have somebody send files and import them; return the address of the import."""
    await portal.cast.just_asked()
    where = (await sent(browser, *files)).headers["location"]
    assert (await browser.post(f"{where}/start")).headers["location"] == where
    await done(portal)
    return str(where)


async def test_a_file_is_looked_at_imported_and_removed_again(any_portal: Portal) -> None:
    """The page says how many of what, from when to when, and what is left out; then what came of it."""
    portal = any_portal
    names = [
        ("2024-03-01.md", f"---\ntags: [a]\n---\n{WORD}".encode()),
        ("2024-05-02.txt", b"Two"),
        ("a.png", b"x"),
    ]
    async with portal.client("alice") as browser:
        answer = await sent(browser, *names)
        assert answer.status_code == 303
        where = answer.headers["location"]
        page = (await browser.get(where)).text
        for said in (
            "This is in the file",
            "Nothing is added yet",
            "1 Mar 2024",
            "2 May 2024",
            "1 × Tags",
            "1 × Pictures",
        ):
            assert said in page
        assert await entries.load_all_entries(await portal.cast.actor("alice")) == ()
        await portal.cast.just_asked()
        assert (await browser.post(f"{where}/start")).status_code == 303
        await done(portal)
        assert "Your records are imported" in (await browser.get(where)).text
        one, _ = await entries.load_all_entries(await portal.cast.actor("alice"))
        assert WORD in (await browser.get(f"/journal/{one.id}")).text
        assert "imported" in (await browser.get(HERE)).text
        assert (await browser.post(f"{where}/start")).status_code == 409
        assert (await browser.post(f"{where}/removal")).status_code == 303
        await done(portal)
        assert "2 entries are deleted for good." in (await browser.get(where)).text
        assert (await browser.post(f"{where}/removal", data={"go": "delete"})).status_code == 303
        assert (await browser.get(where)).status_code == 404
    assert await entries.load_all_entries(await portal.cast.actor("alice")) == ()


@pytest.mark.parametrize(
    ("files", "typed", "field", "refusal"),
    [
        ((), "", "files", Refusal.NOTHING),
        ((("it.zip", b"PK\3\4"),), "", "files", Refusal.DAMAGED),
        ((("it.zip", pack({"../a.txt": "x"})),), "", "files", Refusal.NAMES),
        ((("it.age", LIGHT),), "", "passphrase", Refusal.PASSPHRASE),
        ((("it.age", LIGHT),), "seven stones that open nothing", "passphrase", Refusal.WRONG_PASSPHRASE),
    ],
)
async def test_a_file_that_is_not_read_changes_nothing(portal: Portal, files, typed, field, refusal) -> None:
    """The page says what is wrong with it and what to do, beside the field; the passphrase never comes back."""
    async with portal.client("alice") as browser:
        answer = await sent(browser, *files, passphrase=typed)
    assert answer.status_code == 422
    assert refusal.label in answer.text
    assert f'id="{field}-error"' in answer.text
    assert not typed or typed not in answer.text
    assert "Please type this once more" not in answer.text  # what it needs stands at the field, if anything
    assert await tables.ImportRun.all().count() == 0


async def test_an_encrypted_file_opens_with_its_passphrase(portal: Portal) -> None:
    """It is read at once, and the passphrase is kept nowhere."""
    async with portal.client("alice") as browser:
        assert (await sent(browser, ("it.age", LIGHT), passphrase=WORDS)).status_code == 303


async def test_importing_asks_who_it_is(portal: Portal) -> None:
    """Nothing is added from an open screen; the password is asked for in place, and then it goes on."""
    async with portal.client("alice") as browser:
        where = (await sent(browser, ("2024-03-01.txt", b"Words"))).headers["location"]
        await portal.cast.later(minutes=20)
        asked = await browser.post(f"{where}/start")
        assert (asked.status_code, 'name="asked-again"' in asked.text) == (401, True)
        assert await vault_tables.Entry.all().count() == 0
        again = await browser.post(f"{where}/start", data={"asked-again": PASSWORDS["alice"]})
        assert again.status_code == 307  # the browser sends the same form once more
        assert (await browser.post(f"{where}/start")).status_code == 303
        await done(portal)
    assert await vault_tables.Entry.all().count() == 1


async def test_in_a_hold_an_import_is_not_removed(portal: Portal) -> None:
    """The page says until when, and what is sent all the same is refused."""
    async with portal.client("alice") as browser:
        where = await started(portal, browser, ("2024-03-01.txt", b"Words"))
        await dose(portal.cast, Status.IN_SESSION)
        page = (await browser.get(where)).text
        assert ("Not today" in page, "Remove the import" in page) == (True, False)
        assert (await browser.post(f"{where}/removal")).status_code == 409
        await done(portal)
    assert len(await entries.load_all_entries(await portal.cast.actor("alice"))) == 1


async def test_past_sessions_stand_beside_the_plan_for_their_patient_alone(portal: Portal) -> None:
    """She sees them with what was noted; her therapist sees no word of them."""
    plan = {"courses": [], "sessions": [session_record(course_id=None, sitter=WORD)]}
    archive = build_archive([entry_record(session_id=session_record()["id"])], plan)
    async with portal.client("alice") as browser:
        await started(portal, browser, ("it.zip", archive))
        page = (await browser.get("/sessions")).text
        assert ("Past sessions that you imported" in page, WORD in page) == (True, True)
        (one,) = await entries.load_all_entries(await portal.cast.actor("alice"))
        shown = (await browser.get(f"/journal/{one.id}")).text
        assert "Imported: Hearthside records" in shown
        assert "18 Nov 2026" in shown  # the session that it is about
        session = one.document.session_id
        assert (await browser.get(f"/sessions/{session}")).status_code == 404
    alice = (await portal.cast.actor("alice")).id
    async with portal.client("bob") as browser:
        for path in (
            f"/patients/{alice}",
            "/patients",
            f"/patients/{alice}/brief",
            f"/patients/{alice}/summary",
        ):
            assert WORD not in (await browser.get(path)).text
        assert (await browser.get(f"/sessions/{session}")).status_code == 404


async def test_where_an_entry_was_written_is_told(portal: Portal) -> None:
    """By the clocks that hung there, beside its own date."""
    entry = {
        "uuid": "A",
        "text": WORD,
        "creationDate": "2024-03-02T03:30:00Z",
        "timeZone": "America/New_York",
    }
    async with portal.client("alice") as browser:
        await started(portal, browser, ("Journal.json", json.dumps({"entries": [entry]}).encode()))
        (one,) = await entries.load_all_entries(await portal.cast.actor("alice"))
        page = (await browser.get(f"/journal/{one.id}")).text
    assert "Imported: Day One" in page
    assert "Fri 1 Mar 2024, 22:30 by the clocks of New York, United States" in page


async def test_nothing_of_a_file_is_on_the_disk_unsealed(portal: Portal, tmp_path: Path) -> None:
    """Neither while it waits nor once it is imported; five megabytes of it are more than a form's parts in memory."""
    much = f"{WORD}\n".encode() * 120_000
    files = [(f"2024-03-{day:02d}.txt", much[: 600_000 + day]) for day in range(1, 10)]

    def is_found() -> list[str]:
        places = [path for path in tmp_path.rglob("*") if path.is_file()]
        return [path.name for path in places if WORD.encode() in path.read_bytes()]

    async with portal.client("alice") as browser:
        await portal.cast.just_asked()
        where = (await sent(browser, *files)).headers["location"]
        assert is_found() == []
        await browser.post(f"{where}/start")
        await done(portal)
        assert is_found() == []
        found = await entries.load_all_entries(await portal.cast.actor("alice"))
        assert sum(str(one.document.answers).count(WORD) for one in found) > 100_000


async def test_files_are_taken_at_one_address_alone(portal: Portal) -> None:
    """Elsewhere a form with files is none; without a session, or from a clinician, nothing is read."""
    part = [("files", ("2024-03-01.txt", b"Words", "text/plain"))]
    async with portal.client("alice") as browser:
        assert (await browser.post("/moments", files=part)).status_code == 415
        large = {"content-length": str(66 << 20), "content-type": "multipart/form-data; boundary=x"}
        assert (await browser.post(HERE, content=b"x", headers=large)).status_code == 413
        assert (
            await browser.post(HERE, content=b"x", headers={"content-type": "text/plain"})
        ).status_code == 415
    async with portal.client() as stranger:
        answer = await stranger.post(HERE, files=part)
        assert (answer.status_code, "Sign in" in answer.text) == (401, True)
    async with portal.client("bob") as clinician:
        assert (await clinician.post(HERE, files=part)).status_code == 404
    assert await tables.ImportRun.all().count() == 0


async def test_somebody_elses_import_is_not_there(portal: Portal) -> None:
    """By no address and no act."""
    async with portal.client("alice") as browser:
        where = (await sent(browser, ("2024-03-01.txt", WORD.encode()))).headers["location"]
    await portal.cast.just_asked()
    async with portal.client("dana") as other:
        assert (await other.get(where)).status_code == 404
        for act in ("start", "removal"):
            assert (await other.post(f"{where}/{act}")).status_code == 404
        assert WORD not in (await other.get(HERE)).text
