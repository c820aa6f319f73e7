"""Taking records away: who may, what the page says, and a file that the stock age tool opens."""

from __future__ import annotations

import asyncio
import io
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import pytest
from httpx import AsyncClient, Response

from journal.audit import events as audit_events
from journal.audit.acts import Act
from journal.care import lifecycle
from journal.clinic import call_contacts, text_writing
from journal.clinic.call_contacts import CallDetails, CallRole
from journal.clinic.hours import Window
from journal.clinic.instructions import InstructionsDetails
from journal.entries import entries
from journal.evaluation.lines import Treatment, format_line
from journal.notices import inbox, writing
from journal.own_notes import notes as own_notes
from journal.reading_hours import hours as reading_hours
from journal.reading_hours.hours import Hours
from journal.records import archive
from journal.records import collection as records_collection
from journal.records.verification import verify_zip
from journal.scheduling import plan as session_plan
from journal.sessions.session import SessionDetails, SessionKind, Setting
from journal.sharing import shares
from journal.vault import tables as vault_tables
from journal.vault.documents import Beside, EntryDocument, Origin
from journal.vault.entry_rows import Entry
from portal.documents.archive_pages import build_page_renderer
from portal.web.pages import build_environment
from tests.cast import NAMES, PASSWORDS, PRACTICE, ZONE, Cast
from tests.course_material import phq9
from tests.journal.fhir.reading import list_words
from tests.journal.notices.test_agreements import agreed
from tests.journal.notices.test_notices import choose
from tests.log import logged
from tests.pages import COMPILED
from tests.portal.conftest import Portal
from tests.portal.markup import Markup
from tests.setup_tools import age

CANARY = "a heron stood in the grey shallows"
SHOWN = "the door was open on both sides"
PHRASE = "seven lamps on a quiet sill"
OUTSIDE = re.compile(
    r"""(?:href|src|action)\s*=\s*["']?\s*(?:[a-z]+:|//)|url\(|@import|<script|<img|<iframe"""
)


async def written(cast: Cast, document: EntryDocument, who: str = "alice") -> Entry:
    """Have somebody write an entry."""
    return await entries.save_entry(await cast.actor(who), uuid4(), 0, document)


async def a_full_journal(cast: Cast) -> Entry:
    """Have alice write two entries and share one part of the second with bob."""
    await written(cast, EntryDocument("free", f"Only mine: {CANARY}", answers={"free.text": CANARY}))
    cast.clock.forward(minutes=1)
    answers: dict[str, str | int | list[str]] = {"int.meaning": SHOWN, "int.top3": CANARY}
    entry = await written(cast, EntryDocument("integration", f"About {CANARY}", answers=answers))
    await shares.share_entry(await cast.actor("alice"), entry.id, cast.link, ["int.meaning"], previewed=1)
    return entry


def form(who: str, **fields: str) -> dict[str, str]:
    """Fill in the form as *who* does."""
    return {"current": PASSWORDS[who], "passphrase": "", "offered": PHRASE} | fields


async def pages_of(cast: Cast, who: str) -> dict[str, str]:
    """Draw the pages of somebody's export, without sealing them."""
    actor = await cast.actor(who)
    if who == "alice":
        return build_page_renderer(build_environment(), actor)(
            await records_collection.collect_patient_records(actor, PRACTICE)
        )
    return build_page_renderer(build_environment(), actor)(
        await records_collection.collect_shared_records(actor, PRACTICE, None)
    )


def words_of(page: str) -> str:
    """Return a page's words, with single blanks between them."""
    return Markup(page).one("body").words


def opened_by_age(sealed: bytes, phrase: str, folder: Path) -> bytes:
    """
    Open a file with the stock age tool, typing the passphrase at its prompt.

    age asks for it on its terminal alone, so a program in between gives it one.
    """
    tool = age()
    assert tool is not None
    (folder / "in.age").write_bytes(sealed)
    spawn = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
    command = [
        sys.executable,
        "-c",
        spawn,
        str(tool),
        "-d",
        "-o",
        str(folder / "out.zip"),
        str(folder / "in.age"),
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        said = b""
        while b"passphrase" not in said:
            part = os.read(running.stdout.fileno(), 1024)
            assert part, said
            said += part
        running.stdin.write(phrase.encode() + b"\n")
        running.stdin.flush()
        said += running.stdout.read()
        assert running.wait() == 0, said
    return (folder / "out.zip").read_bytes()


def hear(event: str, told: tuple[object, ...]) -> None:
    """Write down which files this process opens to write, while somebody listens."""
    if event != "open" or not LISTENING or isinstance(told[0], int):  # a number is a pipe, open already
        return
    if told[0] != os.devnull and isinstance(told[2], int) and told[2] & (os.O_WRONLY | os.O_RDWR):
        HEARD.append(str(told[0]))


HEARD: list[str] = []
LISTENING: list[bool] = []
sys.addaudithook(hear)  # stays for the life of the process, so it does nothing unless asked


@contextmanager
def written_files() -> Iterator[list[str]]:
    """Return the files that are opened to write meanwhile, apart from the caches of Python and of compiled pages."""
    HEARD.clear()
    LISTENING.append(True)
    found: list[str] = []
    try:
        yield found
    finally:
        LISTENING.clear()
        caches = ("__pycache__", os.environ.get(COMPILED) or "__pycache__")
        found += [name for name in HEARD if not any(cache in name for cache in caches)]


async def test_the_audit_hook_hears_what_is_written(tmp_path: Path) -> None:
    """The watch that the next test relies on notices a file that is written, named or not."""
    with written_files() as found:
        (tmp_path / "note").write_text("words")
        with tempfile.TemporaryFile() as unnamed:
            unnamed.write(b"words")
    assert len(found) >= 2


async def test_two_exports_at_once_are_sealed_in_turn_and_nothing_else_waits(
    portal: Portal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A patient and a clinician take their records at the same time; age opens both files, and all is in them.

    Pages are answered meanwhile, and not a word of it is written to any disk of the server.
    """
    await a_full_journal(portal.cast)
    limiter = portal.app.state.installation.export_limiter
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    there = names_in(tmp_path)
    async with (
        portal.client("alice") as alice,
        portal.client("bob") as bob,
        portal.client("charlie") as charlie,
    ):
        with written_files() as on_disk:
            both = asyncio.gather(
                alice.post(
                    "/records", data=form("alice", passphrase=f"  {PHRASE} for me ", fhir="pseudonym")
                ),
                bob.post("/records", data=form("bob", fhir="named")),
            )
            while not limiter.borrowed_tokens:
                assert not both.done()
                assert (await charlie.get("/records")).status_code == 200
                await asyncio.sleep(
                    0
                )  # a page that reads SQLite alone waits for nothing, and lets nobody else go on
            assert (await charlie.get("/records")).status_code == 200
            assert not both.done()
            assert limiter.total_tokens == 1  # never two at a time
            mine, theirs = await both
    assert on_disk == []
    assert not with_traces(tmp_path)
    assert names_in(tmp_path) == there

    for answer in (mine, theirs):
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-type"] == "application/octet-stream"
        disposition = 'attachment; filename="hearthside-records-2026-11-22.zip.age"'
        assert answer.headers["content-disposition"] == disposition
        assert answer.content.startswith(b"age-encryption.org/v1\n-> scrypt ")
        assert CANARY.encode() not in answer.content

    own = checked(opened_by_age(mine.content, f"  {PHRASE} for me ", tmp_path))
    assert CANARY in words_of(own["journal/2026-11.html"].decode())
    assert json.loads(own["data/entries.json"])[0]["answers"][0]["value"] == CANARY
    (tmp_path / "out.zip").unlink()
    copies = opened_by_age(theirs.content, PHRASE, tmp_path)
    files = checked(copies)
    assert SHOWN in words_of(files["patients/1.html"].decode())
    assert CANARY.encode() not in copies + b"".join(files.values())
    hers, his = (
        "\n".join(list_words(json.loads(bundle)))
        for bundle in (own["fhir/records.json"], files["fhir/patient-1.json"])
    )
    assert CANARY in hers
    assert NAMES["alice"] not in hers
    assert SHOWN in his
    assert CANARY not in his
    assert NAMES["alice"] in his
    readme = own["README.txt"].decode()
    assert "fhir/ " in readme


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def with_traces(folder: Path) -> list[Path]:
    """Return the files below *folder* in which a word of the journal or of the passphrase can be read."""
    traces = (CANARY.encode(), SHOWN.encode(), PHRASE.encode())
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and any(trace in path.read_bytes() for trace in traces)
    ]


def checked(packed: bytes) -> dict[str, bytes]:
    """Unpack an archive in memory, hold every file against the manifest, and check its signature."""
    assert verify_zip(packed).is_whole
    with zipfile.ZipFile(io.BytesIO(packed)) as opened:
        assert opened.testzip() is None
        files = {name: opened.read(name) for name in opened.namelist()}
    manifest = msgspec.json.decode(files["manifest.json"])
    hashes = {one["name"]: one["sha256"] for one in manifest["files"]}
    assert hashes == {
        name: sha256(content).hexdigest()
        for name, content in files.items()
        if name not in ("manifest.json", "signature.json")
    }
    return files


@pytest.mark.parametrize("who", ["alice", "bob"])
async def test_a_wrong_password_gives_no_file(portal: Portal, who: str) -> None:
    """Whoever does not know the password gets the page back, with six other words and nothing of what was typed."""
    await a_full_journal(portal.cast)
    async with portal.client(who) as client:
        answer = await client.post(
            "/records", data=form(who, current="not it", passphrase="my own long words")
        )
    page = Markup(answer.text)
    assert answer.status_code == 422
    assert "content-disposition" not in answer.headers
    assert page.one(id="current-error").words
    assert page.one(name="passphrase").attributes["value"] == ""
    assert PHRASE not in answer.text
    assert page.one(name="offered").attributes["value"] == page.one(id="offer").words
    assert page.one(name="current").attributes["value"] == ""
    alice = await portal.cast.actor("alice")
    assert Act.RECORDS_TAKEN not in [
        one.action for one in await audit_events.list_all_patient_events(alice.id)
    ]


@pytest.mark.parametrize(
    "typed", [{"passphrase": "too short"}, {"offered": ""}, {"offered": "aaaaaaaaaaaaaaaa"}]
)
async def test_a_weak_passphrase_is_not_used(portal: Portal, typed: dict[str, str]) -> None:
    """A passphrase that would not protect the file is handed back, whichever field it came in."""
    async with portal.client("alice") as client:
        answer = await client.post("/records", data=form("alice", fhir="pseudonym", **typed))
    assert answer.status_code == 422
    assert Markup(answer.text).one(id="passphrase-error").words
    assert "selected" in Markup(answer.text).one("option", value="pseudonym").attributes


@pytest.mark.parametrize(
    "phrase",
    [
        f"  {PHRASE}\u00a0",
        "seven café lamps glow",
        "seven cafe\u0301 lamps glow",
        "\u3000七つの静かな灯りが窓辺に並んでいます",
        "\u2067שבע מנורות על אדן שקט\u2069",
        " ".join(f"🦊{number}" for number in range(120)),
    ],
)
async def test_age_opens_with_what_was_typed_and_nothing_else(
    portal: Portal, tmp_path: Path, phrase: str
) -> None:
    """Blanks at the ends, accents in either form and marks that nobody sees count as they were typed."""
    async with portal.client("alice") as client:
        answer = await client.post("/records", data=form("alice", passphrase=phrase))
    assert answer.status_code == 200
    assert zipfile.is_zipfile(io.BytesIO(opened_by_age(answer.content, phrase, tmp_path)))


@pytest.mark.parametrize(
    "phrase",
    [
        f"{PHRASE}\nand more",
        f"{PHRASE}\r",
        f"\t{PHRASE}",
        f"{PHRASE}\u2028and more",
        f"{PHRASE}\x85",
        f"{PHRASE}\x7f",
        f"\x00{PHRASE}",
        " ".join(f"🦊{number}" for number in range(140)),
    ],
)
async def test_what_cannot_be_typed_for_age_is_refused_with_a_sentence(portal: Portal, phrase: str) -> None:
    """Rather than changed: a terminal takes one line of so many bytes, and keeps control characters for itself."""
    async with portal.client("alice") as client:
        answer = await client.post("/records", data=form("alice", passphrase=phrase))
    assert answer.status_code == 422
    assert "terminal" in Markup(answer.text).one(id="passphrase-error").words


async def test_a_passphrase_of_blanks_is_one_of_ones_own(portal: Portal) -> None:
    """The offered words do not take the place of what was typed, whatever that is."""
    async with portal.client("alice") as client:
        answer = await client.post("/records", data=form("alice", passphrase=" " * 20))
    assert answer.status_code == 422
    assert Markup(answer.text).one(id="passphrase-error").words


async def test_the_page_offers_a_passphrase_that_would_do(any_portal: Portal) -> None:
    """Every look at the page draws six new words, which it shows and sends back with the form."""
    await a_full_journal(any_portal.cast)
    async with any_portal.client("alice") as client:
        first, second = [Markup((await client.get("/records")).text) for _ in range(2)]
    offers = [page.one(id="offer").words for page in (first, second)]
    assert [page.one(name="offered").attributes["value"] for page in (first, second)] == offers
    assert offers[0] != offers[1]
    assert all(len(offer.split()) == 6 for offer in offers)
    assert "2 entries" in first.one("main").words
    assert "hearthside-records-2026-11-22.zip.age" in first.one("main").words


async def test_a_clinician_chooses_among_their_patients_alone(any_portal: Portal) -> None:
    """The page names the clinician's own patients; without any it says so and has no form."""
    async with any_portal.client("bob") as bob, any_portal.client("charlie") as charlie:
        page = Markup((await bob.get("/records")).text)
        empty = Markup((await charlie.get("/records")).text)
    alice = await any_portal.cast.actor("alice")
    offered = ["", str(alice.id), *("", "named", "pseudonym")]
    assert [option.attributes["value"] for option in page.all("option")] == offered
    assert empty.all("form", within="main") == []


async def post(client: AsyncClient, who: str, patient: UUID | str) -> Response:
    return await client.post("/records", data=form(who, patient=str(patient)))


async def test_outsiders_get_nothing(portal: Portal) -> None:
    """A clinician of other patients, one whose care has ended, and nobody: none of them gets a file."""
    await a_full_journal(portal.cast)
    alice = await portal.cast.actor("alice")
    async with portal.client("charlie") as charlie, portal.client("bob") as bob, portal.client() as nobody:
        assert (await post(charlie, "charlie", alice.id)).status_code == 404
        assert (await post(charlie, "charlie", "")).status_code == 404
        assert (await post(charlie, "charlie", "no id")).status_code == 404
        assert (await post(nobody, "alice", "")).status_code == 401
        await lifecycle.end_care(alice, portal.cast.link)
        assert (await post(bob, "bob", alice.id)).status_code == 404
        assert (await post(bob, "bob", "")).status_code == 404


async def test_after_a_dosing_session_the_page_says_when(portal: Portal) -> None:
    """While acts wait, a sentence stands in place of the form, and a form sent anyway is refused."""
    alice = await portal.cast.actor("alice")
    local = alice.now.astimezone(alice.zone).strftime("%Y-%m-%dT%H:%M")
    await session_plan.add_session(
        alice, alice.id, SessionDetails(SessionKind.DOSING, local, ZONE, 60, Setting.HOME)
    )
    async with portal.client("alice") as client:
        page = await client.get("/records")
        sent = await client.post("/records", data=form("alice"))
    assert page.status_code == 200
    forms = Markup(page.text).all("form", within="main")
    # To be asked again after rest is all that is offered.
    assert {one.attributes["action"] for one in forms} == {"/sessions/waiting"}
    assert "wait until tomorrow" in page.text
    assert sent.status_code == 409
    assert "content-disposition" not in sent.headers


async def test_who_takes_many_files_makes_nobody_wait(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One file at a time for one person, and few who wait: past that 503, and nothing is read."""
    limiter = portal.app.state.installation.export_limiter
    await limiter.acquire_on_behalf_of("somebody")
    async with portal.client("alice") as alice, portal.client("bob") as bob:
        waiting = asyncio.create_task(alice.post("/records", data=form("alice")))
        while not limiter.statistics().tasks_waiting:
            assert not waiting.done()
            await asyncio.sleep(0)
        taken = len(await logged(Act.RECORDS_TAKEN))
        again = await alice.post("/records", data=form("alice"))
        monkeypatch.setattr(archive, "MAX_EXPORTS", 1)
        other = await bob.post("/records", data=form("bob"))
        for refused in (again, other):
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "20")
            assert "being made already" in refused.text
            assert PHRASE not in refused.text
        assert len(await logged(Act.RECORDS_TAKEN)) == taken
        limiter.release_on_behalf_of("somebody")
        assert (await waiting).status_code == 200
        assert (await bob.post("/records", data=form("bob"))).status_code == 200


async def test_when_a_large_archive_is_not_taken_the_person_is_told(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program that seals may end before it has read what it is given, however much that is."""
    alice = await portal.cast.actor("alice")
    for number in range(8):
        document = EntryDocument(
            "free", f"Noise {number}", answers={"free.text": random.Random(number).randbytes(9000).hex()}
        )
        await entries.save_entry(alice, uuid4(), 0, document)
    monkeypatch.setattr(archive, "AGE_PROGRAM", Path("/nowhere/at/all.py"))
    async with portal.client("alice") as client:
        answer = await client.post("/records", data=form("alice"))
    assert answer.status_code == 400
    assert "could not be made this time" in answer.text


async def test_when_sealing_breaks_off_the_person_is_told(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the program that seals ends without a file, there is a sentence and no half of one."""
    monkeypatch.setattr(archive, "AGE_PROGRAM", Path("/nowhere/at/all.py"))
    async with portal.client("alice") as client:
        answer = await client.post("/records", data=form("alice"))
    assert answer.status_code == 400
    assert "could not be made this time" in answer.text


async def test_a_patients_pages_lead_from_sessions_to_entries(portal: Portal) -> None:
    """The contents list entries under their session; every link inside the archive leads somewhere."""
    cast = portal.cast
    alice = await cast.actor("alice")
    session = await session_plan.add_session(
        alice, alice.id, SessionDetails(SessionKind.DOSING, "2026-11-24T14:00", ZONE, 60, Setting.HOME)
    )
    about = await written(cast, EntryDocument("capture", "Of that day", session_id=session.hex))
    for days in (20, 60):
        then = replace(alice, now=alice.now + timedelta(days=days))
        await entries.save_entry(
            then, uuid4(), 0, EntryDocument("free", "", "Heavy", answers={"free.text": "x"})
        )
    await shares.share_entry(await cast.actor("alice"), about.id, cast.link, ["title"], previewed=1)
    pages = await pages_of(cast, "alice")
    pager = Markup(pages["journal/2026-12.html"]).all("a", within="pager")
    assert [one.words for one in pager] == ["November 2026", "January 2027"]
    contents = Markup(pages["index.html"])
    assert "1st dosing session" in contents.one("h2", within="about").words
    first = contents.one("a", within="contents")
    assert first.attributes["href"] == f"journal/2026-11.html#e-{about.id}"
    assert links_that_lead_nowhere(pages) == []


async def test_an_edit_leaves_what_somebody_has_as_it_was(portal: Portal) -> None:
    """The archive says which version a clinician has, and which of its parts read differently in the entry."""
    entry = await a_full_journal(portal.cast)
    changed = msgspec.structs.replace(
        entry.document, answers={**entry.document.answers, "int.meaning": "Else."}
    )
    portal.cast.clock.forward(minutes=1)
    await entries.save_entry(await portal.cast.actor("alice"), entry.id, entry.revision, changed)
    pages = await pages_of(portal.cast, "alice")
    assert "Bob Example has the version of" in words_of(pages["journal/2026-11.html"])
    assert "Shared with Bob Example" not in words_of(pages["journal/2026-11.html"])
    sharing = words_of(pages["sharing.html"])
    assert "The entry has changed since; Bob Example has the version of then." in sharing
    assert "What might this be showing you, if anything? (changed since)" in sharing


async def test_a_clinicians_pages_hold_together(portal: Portal) -> None:
    """The list leads to each patient, and the copies to their sessions."""
    await a_full_journal(portal.cast)
    pages = await pages_of(portal.cast, "bob")
    assert links_that_lead_nowhere(pages) == []
    assert Markup(pages["index.html"]).one("a", within="main").attributes["href"] == "patients/1.html"
    assert "You opened “Integration, 22 Nov 2026”" in words_of(pages["patients/1.html"])
    assert "You exported what is shared with you" in words_of(pages["patients/1.html"])


async def test_what_the_care_team_wrote_can_be_read_by_both(portal: Portal) -> None:
    """Whom to call with the hours in words, and each version of the texts with its signature; escaped."""
    bob, alice = await portal.cast.actor("bob"), await portal.cast.actor("alice")
    hours = Window((1, 5), "08:00", "17:00")
    details = CallDetails(CallRole.NURSE, "Nia <b>", "+49 30 1234567", "dizziness", "Europe/Berlin", (hours,))
    await call_contacts.save_contact(bob, alice.id, details)
    typed = InstructionsDetails(bring="A blanket\nWarm socks", sitter_text="Stay near.", part_minutes=30)
    await text_writing.save_instructions(bob, alice.id, None, typed, is_checked=True)
    for who, name in (("alice", "sessions.html"), ("bob", "patients/1.html")):
        page = (await pages_of(portal.cast, who))[name]
        told = words_of(page)
        for words in (
            "On-call nurse · Nia <b>",
            "Mon, Fri, 08:00 to 17:00, Berlin, Germany",
            "Written and signed by Bob Example on",
            "Sessions without a course",
            "A blanket",
            "Stay near.",
            "4 hours",
            "30 minutes",
        ):
            assert words in told, (who, words)
        assert "Nia <b>" not in page


async def test_a_clinicians_file_holds_their_reading_hours(portal: Portal) -> None:
    """Hours, days away, who covers and the sentence are on its first page, escaped; without any, nothing is said."""
    bob, where = await portal.cast.actor("bob"), "index.html"
    assert "Reading hours" not in (await pages_of(portal.cast, "bob"))[where]
    windows = (Window((1, 5), "08:00", "09:30"),)
    typed = Hours("Europe/Berlin", windows, "2026-12-21", "2027-01-03", "Nia <b>", "I read slowly.")
    await reading_hours.save_hours(bob, typed, base=0)
    page = (await pages_of(portal.cast, "bob"))[where]
    for words in (
        "Mon, Fri, 08:00 to 09:30, Berlin, Germany",
        "21 Dec 2026",
        "3 Jan 2027",
        "Nia <b>",
        "I read slowly.",
    ):
        assert words in words_of(page), words
    assert "Nia <b>" not in page
    assert "I read slowly." not in str(await pages_of(portal.cast, "alice"))


def links_that_lead_nowhere(pages: dict[str, str]) -> list[str]:
    """Follow every link from page to page and to the place in it."""
    places = {
        name: {node.attributes.get("id") for node in Markup(page).elements} for name, page in pages.items()
    }
    lost = []
    for name, page in pages.items():
        for link in Markup(page).all("a") + Markup(page).all("link"):
            path, _, place = link.attributes["href"].partition("#")
            target = os.path.normpath(Path(name).parent / path) if path else name
            if target not in pages or (place and place not in places[target]):
                lost.append(f"{name}: {path}#{place}")
    return lost


async def test_a_clinicians_own_notes_are_a_page_of_their_own(portal: Portal) -> None:
    """Beside the patients' pages, which hold none of it; without notes there is neither page nor link."""
    cast = portal.cast
    assert "own-notes.html" not in await pages_of(cast, "bob")
    async with portal.client("bob") as browser:
        assert "your own notes" not in (await browser.get("/records")).text
        note = f"{CANARY}\n<b>stairs</b>"
        await own_notes.save_note(await cast.actor("bob"), (await cast.actor("alice")).id, uuid4(), note)
        assert "never with one patient’s" in (await browser.get("/records")).text
        pages = await pages_of(cast, "bob")
        assert "This is not the clinical record" in words_of(pages["own-notes.html"])
        assert f"{CANARY} <b>stairs</b>" in words_of(pages["own-notes.html"])
        assert 'href="own-notes.html"' in pages["index.html"]
        assert "own-notes.html" in pages["README.txt"]
        assert [name for name, page in pages.items() if CANARY in page] == ["own-notes.html"]
        assert not any(CANARY in page for page in (await pages_of(cast, "alice")).values())
        await lifecycle.end_care(await cast.actor("alice"), cast.link)
        offered = (await browser.get("/records")).text
        assert "There is nothing to export yet." not in offered
        assert 'name="passphrase"' in offered


@pytest.mark.parametrize("who", ["alice", "bob"])
async def test_pages_need_no_other_place_and_run_nothing(portal: Portal, who: str) -> None:
    """What a patient wrote as markup stays text; no page names another address, and none has a script."""
    nasty = "<script>alert(1)</script><img src=x onerror=alert(1)> & </details>"
    entry = await written(
        portal.cast,
        EntryDocument("reframe", nasty, nasty, answers={"reframe.old_meaning": nasty, "gone.field": nasty}),
    )
    alice = await portal.cast.actor("alice")
    parts = ["title", "note", "reframe.old_meaning"]
    await shares.share_entry(alice, entry.id, portal.cast.link, parts, previewed=1)
    pages = await pages_of(portal.cast, who)
    readme = pages.pop("README.txt")
    assert [name for name, page in pages.items() if OUTSIDE.search(page)] == []
    assert any(" ".join(nasty.split()) in words_of(page) for page in pages.values() if "<body" in page)
    assert all("script-src 'none'" in page for page in pages.values() if "<body" in page)
    assert "&" not in readme.replace(" & ", "")


async def test_every_page_says_what_it_is(portal: Portal) -> None:
    """Each page begins with the warning, has one heading of the first rank, and says who took it and when."""
    await a_full_journal(portal.cast)
    for who in ("alice", "bob"):
        pages = await pages_of(portal.cast, who)
        for name, page in pages.items():
            if name.endswith(".html"):
                assert words_of(page).startswith("Contains sensitive mental-health information")
                assert len(Markup(page).all("h1")) == 1, name
                assert f"Exported by {NAMES[who]} on Sun 22 Nov 2026, 13:01." in words_of(page)
        assert NAMES[who] in pages["README.txt"]
        assert f"\n{(await portal.cast.actor(who)).fingerprint}\n" in pages["README.txt"]


async def test_the_plain_text_is_plain(portal: Portal) -> None:
    """In the README, which is no markup, a name stands as it is written."""
    alice = replace(await portal.cast.actor("alice"), name="Alice O’Hara & 'Co'")
    pages = build_page_renderer(build_environment(), alice)(
        await records_collection.collect_patient_records(alice, PRACTICE)
    )
    assert "Exported by Alice O’Hara & 'Co' on" in pages["README.txt"]
    assert "Alice O’Hara &amp; &#39;Co&#39;" in pages["index.html"]


async def test_notices_can_be_read(portal: Portal) -> None:
    """What was agreed on, and each notice with its times, by whom it was acknowledged and with which words."""
    cast = portal.cast
    await agreed(cast)
    entry = await choose(cast, 1, uuid4())
    alice = await cast.actor("alice")
    await writing.release_now(alice, entry.id)
    (one,) = await inbox.list_open(await cast.actor("bob"))
    words = words_of((await pages_of(cast, "bob"))["patients/1.html"])
    assert "Please check in" in words
    assert "Acknowledged" not in words
    await inbox.acknowledge(await cast.actor("bob"), alice.id, [one.id], "We spoke on the phone.")
    words = words_of((await pages_of(cast, "alice"))["sharing.html"])
    for text in (f"Agreed with {NAMES['bob']}", "at nine", "Sent and acknowledged", "We spoke on the phone."):
        assert text in words
    words = words_of((await pages_of(cast, "bob"))["patients/1.html"])
    for text in (f"Agreed with {NAMES['alice']}", "Acknowledged by", "We spoke on the phone."):
        assert text in words


async def test_each_kind_of_answer_can_be_read(portal: Portal) -> None:
    """Numbers come with their scale, choices and feelings in words, lines as they were typed."""
    answers: dict[str, str | int | list[str]] = {
        "reframe.old_belief_before": 90,
        "reframe.emotions": ["shame | 80 | 30"],
        "reframe.theme": ["safety"],
        "reframe.old_meaning": "first line\n  second line",
        "lost.list": ["one", "two"],
        "reframe.revisits": ["2026-11-22 | 70 | | | softer"],
        "reframe.moments": ["2026-11-22 Crowded rooms | I stayed."],
    }
    await written(portal.cast, EntryDocument("reframe", "R", answers=answers))
    tea = format_line(Treatment("Heron tea", kind="medicine", dose="a cup"))
    await written(portal.cast, EntryDocument("evaluation", answers={"evaluation.treatments": [tea]}))
    await written(portal.cast, EntryDocument("measure", answers=phq9(date(2026, 11, 3), 2)))
    cast = portal.cast
    cast.clock.forward(hours=1)
    page = (await pages_of(cast, "alice"))["journal/2026-11.html"]
    words = words_of(page)
    assert "90 from 0 (not true at all) to 100 (completely true)" in words
    assert "shame before 80, afterwards 30" in words
    assert "Safety" in words
    assert "first line\n  second line" in page
    assert "An earlier question" in words
    assert "Sun 22 Nov 2026 · old sentence: 70" in words
    assert "Heron tea · medicine · dose, as told: a cup" in words
    assert "PHQ-9 · Tue 3 Nov 2026 · 18 of 27" in words
    for line in ("softer", "Crowded rooms", "I stayed."):
        assert line in words


async def test_earlier_versions_are_folded_under_their_entry(portal: Portal) -> None:
    """The present text is read first; what it was before stands behind one line."""
    cast = portal.cast
    entry = await written(cast, EntryDocument("free", "T", answers={"free.text": "as it was"}))
    cast.clock.forward(hours=1)
    now = EntryDocument("free", "T", answers={"free.text": "as it is"})
    await entries.save_entry(await cast.actor("alice"), entry.id, 1, now)
    page = Markup((await pages_of(cast, "alice"))["journal/2026-11.html"])
    assert [(one.words, "earlier" in one.within) for one in page.all("div", within="answer")] == [
        ("as it is", False),
        ("as it was", True),
    ]
    assert page.one("summary", within="earlier").words == "1 earlier version"


async def test_what_did_not_open_is_said_on_the_first_page(portal: Portal) -> None:
    """A hole in the export is not hidden from whoever reads it."""
    entry = await written(portal.cast, EntryDocument("free", "Broken"))
    assert "missing" not in (await pages_of(portal.cast, "alice"))["index.html"]
    await vault_tables.Entry.filter(id=entry.id).update(sealed=bytes(64))
    assert "1 record did not open" in words_of((await pages_of(portal.cast, "alice"))["index.html"])


async def test_what_a_file_brought_says_so_to_every_reader(portal: Portal) -> None:
    """A sitter's notes that were imported: on the pages of a share, in the brief and in both archives."""
    cast = portal.cast
    said = {"sitter.said": ["09:10 | That the sea was warm."]}
    brought = await written(
        cast, EntryDocument("sitter", answers=dict(said), beside=Beside(origin=Origin("", "")))
    )
    kept = await written(
        cast, EntryDocument("sitter", answers={"sitter.said": ["09:12 | That it was calm."]})
    )
    alice = await cast.actor("alice")
    for one, is_there in ((brought, True), (kept, False)):
        share = await shares.share_entry(alice, one.id, cast.link, ["sitter.said"], previewed=1)
        async with portal.client("bob") as browser:
            page = (await browser.get(f"/patients/{alice.id}/shared/{share}")).text
        assert ("imported from a file" in page) is is_there
    for who, name in (("alice", "journal/2026-11.html"), ("bob", "patients/1.html")):
        assert words_of((await pages_of(cast, who))[name]).count("imported from a file") == 1
    async with portal.client("bob") as browser:
        brief = (await browser.get(f"/patients/{alice.id}/brief")).text
    assert "sea was warm" in brief
    assert brief.count("imported from a file") == 1
