"""Packets on their pages: chosen, previewed exactly as they leave, made beside the pages, and fetched for a day."""

from __future__ import annotations

import asyncio
import io
import json
import re
import subprocess
import zipfile
from datetime import date, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import pypdfium2
import pyrage
import pytest
from anyio import to_thread
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from httpx import AsyncClient, Response

from journal.audit import events as audit_events
from journal.audit.acts import Act
from journal.entries import entries
from journal.packets import drafts, endings
from journal.packets import tables as packet_tables
from journal.records import archive
from journal.records.archive import zip_files
from journal.records.verification import verify_zip
from journal.scheduling import plan as session_plan
from journal.sessions.session import SessionDetails, SessionKind, Setting, Status
from journal.vault.documents import EntryDocument
from journal.vault.entry_rows import Entry
from portal.paper import typesetting
from tests.cast import PASSWORDS, Cast
from tests.course_material import phq9
from tests.journal.fhir.reading import list_words
from tests.journal.records.test_verification import found_by_both
from tests.portal.cli.test_verify_records import said
from tests.portal.conftest import Portal
from tests.portal.markup import Markup
from tests.portal.views.test_records import PHRASE, opened_by_age
from tests.scenes import signed_in_again
from tests.setup_tools import age

CHOSEN = "a kingfisher over the mill race"
KEPT = "an otter nobody else has seen"
TOLD = {"recipient": "Dr. Ada Willow", "purpose": "A second opinion"}


async def written(cast: Cast, **document: object) -> Entry:
    """Have alice write an entry."""
    cast.clock.forward(minutes=1)
    return await entries.save_entry(await cast.actor("alice"), uuid4(), 0, EntryDocument(**document))  # type: ignore[arg-type]


async def begun(cast: Cast, browser: AsyncClient, **chosen: object) -> str:
    """Have alice begin a packet and say from when, what else and for whom; return its address."""
    answer = await browser.post("/packets")
    assert answer.status_code == 303
    where = answer.headers["location"]
    saved = await browser.post(where, data={"revision": "1", "span": "all", "go": "save", **TOLD, **chosen})
    assert saved.status_code == 303, saved.text
    return str(where)


async def two_entries(cast: Cast) -> tuple[Entry, Entry]:
    """Have alice write one entry of which she will choose a part, and one of which nothing leaves."""
    answers = {"int.meaning": CHOSEN, "int.top3": f"{KEPT} 3"}
    one = await written(cast, kind="integration", title=f"{KEPT} 1", answers=answers)
    return one, await written(cast, kind="integration", title=f"{KEPT} 2", answers={"int.meaning": KEPT})


async def ticked(
    browser: AsyncClient, where: str, revision: int, *parts: str, shown: tuple[Entry, ...]
) -> None:
    """Have alice tick parts of integration entries on their page."""
    sent = {
        "revision": str(revision), "kind": "integration", "page": "1", "go": "save",
        "shown": [one.id.hex for one in shown], "sections": list(parts),
    }  # fmt: skip
    answer = await browser.post(f"{where}/entries", data=sent)
    assert answer.status_code == 303, answer.text


async def made(portal: Portal) -> None:
    """Wait until no file is being made."""
    await asyncio.gather(*portal.app.state.installation.background_work)


def field(page: Response, name: str) -> str:
    """Return the value of a field."""
    return Markup(page.text).all("input", name=name)[-1].attributes["value"]


def form(page: Response, **fields: str) -> dict[str, str]:
    """Fill in the form of the preview."""
    typed = {
        "offered": PHRASE,
        "passphrase": "",
        "opens_for": "",
        "current": PASSWORDS["alice"],
        "go": "make",
    }
    return {"previewed": field(page, "previewed")} | typed | fields


async def test_a_packet_holds_what_was_ticked_and_nothing_else(portal: Portal, tmp_path: Path) -> None:
    """Chosen, previewed, made and opened with the stock age tool: its data and pages have the one part alone."""
    one, other = await two_entries(portal.cast)
    async with portal.client("alice") as browser:
        where = await begun(portal.cast, browser, parts=["fhir"])
        await ticked(browser, where, 2, f"{one.id.hex}.int.meaning", shown=(one, other))
        page = await browser.get(f"{where}/preview")
        assert CHOSEN in page.text
        assert "the same as FHIR too, without names" in page.text
        assert "Its signature names your account even so" in page.text
        assert KEPT not in page.text
        assert TOLD["recipient"] not in page.text
        answer = await browser.post(f"{where}/preview", data=form(page))
        assert (answer.status_code, answer.headers["location"]) == (303, where)
        await made(portal)
        told = await browser.get(where)
        assert TOLD["recipient"] in told.text
        file = await browser.get(f"{where}/file")
    assert (
        file.headers["content-disposition"] == 'attachment; filename="hearthside-packet-2026-11-22.zip.age"'
    )
    opened = opened_by_age(file.content, PHRASE, tmp_path)
    packed = zipfile.ZipFile(io.BytesIO(opened))
    assert packed.namelist() == [
        *("data/fhir.json", "data/packet.json"),
        *("manifest.json", "packet.pdf", "signature.json"),
    ]
    manifest = json.loads(packed.read("manifest.json"))
    alice = await portal.cast.actor("alice")
    verdict = verify_zip(opened, alice.fingerprint)
    assert verdict.is_whole
    said = sha256(packed.read("data/packet.json")).hexdigest()
    assert said[:8] in page.text
    assert said[-8:] in page.text
    assert alice.fingerprint in page.text
    assert {one["name"]: one["sha256"] for one in manifest["files"]} == {
        name: sha256(packed.read(name)).hexdigest()
        for name in ("data/fhir.json", "data/packet.json", "packet.pdf")
    }
    data = packed.read("data/packet.json").decode()
    assert CHOSEN in data
    words = "\n".join(list_words(json.loads(packed.read("data/fhir.json"))))
    assert CHOSEN in words
    assert alice.id.hex not in words.replace("-", "")
    whole = words + "".join(packed.read(name).decode("latin-1") for name in packed.namelist())
    for word in (KEPT, *TOLD.values(), "Alice", portal.cast.link.hex):
        assert word not in whole, word


async def ready(portal: Portal, browser: AsyncClient, **chosen: object) -> tuple[str, Response]:
    """Have alice choose one part for somebody; return the packet's address and its preview."""
    one, other = await two_entries(portal.cast)
    where = await begun(portal.cast, browser, **chosen)
    await ticked(browser, where, 2, f"{one.id.hex}.int.meaning", shown=(one, other))
    return where, await browser.get(f"{where}/preview")


async def test_nothing_is_chosen_before_somebody_chooses(portal: Portal) -> None:
    """A new packet has no entry, no part and nobody it is for, and its preview makes no file."""
    await two_entries(portal.cast)
    async with portal.client("alice") as browser:
        where = (await browser.post("/packets")).headers["location"]
        page = await browser.get(where)
        assert "checked" not in page.text
        assert "0 chosen of 2 in this time" in page.text
        listed = await browser.get(f"{where}/entries?kind=integration")
        assert "checked" not in listed.text
        preview = await browser.get(f"{where}/preview")
        assert "Nothing is chosen yet" in preview.text
        assert 'name="previewed"' not in preview.text


async def test_what_is_outside_the_time_stays_out_though_it_was_ticked(portal: Portal) -> None:
    """The page says so, and so does the preview by not having it."""
    async with portal.client("alice") as browser:
        where, page = await ready(portal, browser)
        assert CHOSEN in page.text
        days = {"span": "dates", "first_date": "2026-11-01", "last_date": "2026-11-02"}
        saved = await browser.post(where, data={"revision": "3", "go": "save", **days, **TOLD})
        assert saved.status_code == 303
        told = await browser.get(where)
        assert "One chosen entry lies outside this time" in told.text
        assert CHOSEN not in (await browser.get(f"{where}/preview")).text


async def test_a_change_since_the_preview_makes_nothing(portal: Portal) -> None:
    """Another word in a chosen part, or another tick: the file is refused, and the preview shows what it is now."""
    async with portal.client("alice") as browser:
        where, page = await ready(portal, browser)
        alice = await portal.cast.actor("alice")
        found = next(one for one in await entries.load_timeline(alice) if CHOSEN in one.document.text())
        changed = dict(found.document.answers) | {"int.meaning": f"{CHOSEN}, and more"}
        await entries.save_entry(
            alice, found.id, 1, EntryDocument("integration", found.document.title, answers=changed)
        )
        answer = await browser.post(f"{where}/preview", data=form(page))
        assert answer.status_code == 409
        assert "Something changed since you looked" in answer.text
        assert f"{CHOSEN}, and more" in answer.text
        assert field(answer, "previewed") != field(page, "previewed")
        again = await browser.post(f"{where}/preview", data=form(answer))
        assert again.status_code == 303
        await made(portal)
        stale = await browser.post(where, data={"revision": "3", "span": "all", "go": "save", **TOLD})
        assert stale.status_code == 409
        assert TOLD["recipient"] in stale.text


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"current": "wrong words"}, "password"),
        ({"passphrase": "short"}, "passphrase"),
        ({"opens_for": "age1whoever"}, "no public key"),
        ({"opens_for": "ssh-rsa AAAA"}, "no public key"),
        ({"opens_for": "age1" + "q" * 58}, "no public key"),
        ({"offered": "", "passphrase": ""}, "Say how the file opens"),
    ],
)
async def test_a_refusal_keeps_what_was_typed_and_makes_nothing(
    portal: Portal, fields: dict[str, str], says: str
) -> None:
    """What is wrong is told in kind words; a public key comes back, a password or passphrase never does."""
    async with portal.client("alice") as browser:
        where, page = await ready(portal, browser)
        answer = await browser.post(f"{where}/preview", data=form(page, **fields))
        assert answer.status_code == 422
        assert says in answer.text
        assert (fields.get("opens_for") or "value") in answer.text
        for secret in ("wrong words", PASSWORDS["alice"], PHRASE):
            assert secret not in answer.text
        assert CHOSEN in answer.text
        (row,) = await packet_tables.Packet.all()
        assert (row.state, row.file, row.told) == ("draft", None, None)
    assert Act.PACKET_MADE not in [
        one.action
        for one in await audit_events.list_all_patient_events((await portal.cast.actor("alice")).id)
    ]


@pytest.mark.parametrize("missing", ["recipient", "purpose"])
async def test_whom_it_is_for_and_what_for_are_needed(portal: Portal, missing: str) -> None:
    """The preview asks for them and has no form; one that is sent all the same makes nothing."""
    async with portal.client("alice") as browser:
        where, page = await ready(portal, browser)
        told = TOLD | {missing: ""}
        await browser.post(where, data={"revision": "3", "span": "all", "go": "save", **told})
        now = await browser.get(f"{where}/preview")
        assert "Who is it for, and what for?" in now.text
        assert 'name="previewed"' not in now.text
        answer = await browser.post(f"{where}/preview", data=form(page))
        assert answer.status_code == 422


@pytest.mark.parametrize("kind", ["age", "ssh"])
async def test_a_file_for_a_public_key_opens_with_its_private_one(
    portal: Portal, kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    Of age and of ssh, with the stock tool; no passphrase counts beside it.

    What comes out is whole and signed, for our command and for the script that knows the format page alone; and one
    bit changed in any file of it is named.
    """
    private = tmp_path / "private"
    if kind == "age":
        identity = pyrage.x25519.Identity.generate()
        key, secret = str(identity.to_public()), f"{identity}\n".encode()
    else:
        pair = Ed25519PrivateKey.generate()
        secret = pair.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
        key = pair.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode() + " ada@willow"
    private.write_bytes(secret)
    private.chmod(0o600)
    async with portal.client("alice") as browser:
        where, page = await ready(portal, browser)
        answer = await browser.post(f"{where}/preview", data=form(page, opens_for=key))
        assert answer.status_code == 303, answer.text
        await made(portal)
        handed = Markup((await browser.get(where)).text).one("main").words
        assert "private key" in handed
        assert "passphrase" not in handed
        file = await browser.get(f"{where}/file")
    with pytest.raises(pyrage.DecryptError):
        pyrage.passphrase.decrypt(file.content, PHRASE)
    tool, opened = age(), tmp_path / "packet.zip"
    assert tool is not None
    await to_thread.run_sync(
        partial(subprocess.run, [tool, "-d", "-i", private, "-o", opened], input=file.content, check=True)
    )
    packed = zipfile.ZipFile(opened)
    assert CHOSEN in packed.read("data/packet.json").decode()
    fingerprint = (await portal.cast.actor("alice")).fingerprint
    assert found_by_both(opened, fingerprint) == set()
    assert said(capsys, opened, "--fingerprint", fingerprint)[0] == 0
    files = {name: packed.read(name) for name in packed.namelist()}
    for name in ("packet.pdf", "data/packet.json"):
        changed = files[name][:-1] + bytes([files[name][-1] ^ 1])
        opened.write_bytes(zip_files(files | {name: changed}, portal.cast.clock()))
        assert found_by_both(opened, fingerprint) == {("differs", name)}
        code, out = said(capsys, opened)[:2]
        assert (code, f"{name} differs" in out) == (1, True)


async def test_a_plain_file_is_made_only_after_a_warning(portal: Portal) -> None:
    """The first press shows what it means and makes nothing; the second, with the password, makes a PDF."""
    async with portal.client("alice") as browser:
        where, page = await ready(portal, browser)
        warned = await browser.post(f"{where}/preview", data=form(page, go="plain"))
        assert "Whoever comes by this PDF can read it" in warned.text
        assert (await packet_tables.Packet.all())[0].state == "draft"
        sent = {"previewed": field(warned, "previewed"), "go": "plain-sure"}
        refused = await browser.post(f"{where}/preview", data=sent | {"current": "wrong words"})
        assert refused.status_code == 422
        assert "Whoever comes by this PDF can read it" in refused.text
        answer = await browser.post(f"{where}/preview", data=sent | {"current": PASSWORDS["alice"]})
        assert answer.status_code == 303
        await made(portal)
        assert "Anybody who has this file can read it." in (await browser.get(where)).text
        file = await browser.get(f"{where}/file")
    assert file.headers["content-disposition"] == 'attachment; filename="hearthside-packet-2026-11-22.pdf"'
    assert file.content.startswith(b"%PDF-")


async def test_it_stands_in_the_accounting_and_the_file_goes_after_a_day(portal: Portal) -> None:
    """For whom, what for and when it left stay; it can be fetched again until then, and a new packet begun of it."""
    async with portal.client("alice") as browser:
        where, page = await ready(portal, browser)
        await browser.post(f"{where}/preview", data=form(page))
        await made(portal)
        first, second = [(await browser.get(f"{where}/file")).content for _ in range(2)]
        assert first == second
        told = (await browser.get("/sharing/disclosures")).text
        assert "Dr. Ada Willow" in told
        assert "A second opinion" in told
        assert "You made a packet of your records" in (await browser.get("/sharing/log")).text
        table = await browser.post("/sharing/disclosures", data={"current": PASSWORDS["alice"]})
        assert "Dr. Ada Willow" in table.text
    await portal.cast.later(hours=25)
    await signed_in_again(portal.cast)
    await endings.delete_expired(portal.cast.clock())
    assert (await packet_tables.Packet.all())[0].file is None
    async with portal.client("alice") as browser:
        assert (await browser.get(f"{where}/file")).status_code == 404
        assert "The file is deleted here" in (await browser.get(where)).text
        again = await browser.post(where, data={"go": "again"})
        copied = again.headers["location"]
        assert copied != where
        assert CHOSEN in (await browser.get(f"{copied}/preview")).text
        deleted = await browser.post(f"{where}/deletion")
        assert deleted.status_code == 303
        assert "Dr. Ada Willow" in (await browser.get("/sharing/disclosures")).text


async def test_nobody_elses_packet_is_there(portal: Portal) -> None:
    """Another patient, and every page of it, gets what is not found; and an administrator reads no word of it."""
    async with portal.client("alice") as browser:
        where, page = await ready(portal, browser)
        await browser.post(f"{where}/preview", data=form(page))
        await made(portal)
    async with portal.client("dana") as browser:
        for path in ("", "/entries?kind=integration", "/preview", "/file", "/deletion"):
            assert (await browser.get(f"{where}{path}")).status_code == 404, path
        for path in ("", "/entries", "/preview", "/deletion"):
            assert (await browser.post(f"{where}{path}", data=form(page))).status_code == 404, path


async def test_a_server_that_ended_meanwhile_says_so(portal: Portal) -> None:
    """A file that was being made and gives no sign for two minutes was not finished; it can be made again."""
    async with portal.client("alice") as browser:
        where, page = await ready(portal, browser)
        await packet_tables.Packet.all().update(state="making", done=1)
        assert "Your packet is being made" in (await browser.get(where)).text
        refused = await browser.post(f"{where}/preview", data=form(page))
        assert (refused.status_code, refused.headers["location"]) == (303, where)
        await portal.cast.later(minutes=3)
        told = await browser.get(where)
        assert "The file was not finished" in told.text
        now = await browser.get(f"{where}/preview")
        assert (await browser.post(f"{where}/preview", data=form(now))).status_code == 303
        await made(portal)
        assert "Your packet is made" in (await browser.get(where)).text


async def test_what_cannot_be_sealed_is_told_and_leaves_nothing(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The packet says that it was not finished; the log has no word of it, and no disclosure is counted."""
    async with portal.client("alice") as browser:
        where, page = await ready(portal, browser)
        monkeypatch.setattr(archive, "AGE_PROGRAM", Path("/nowhere/at/all.py"))
        await browser.post(f"{where}/preview", data=form(page))
        await made(portal)
        assert "The file was not finished" in (await browser.get(where)).text
        assert TOLD["recipient"] not in (await browser.get("/sharing/disclosures")).text
    (row,) = await packet_tables.Packet.all()
    assert (row.state, row.file, row.told) == ("failed", None, None)


async def test_all_of_it_waits_until_she_has_rested(portal: Portal) -> None:
    """In a hold it can be chosen and looked at; neither making nor fetching a file is done."""
    async with portal.client("alice") as browser:
        where, page = await ready(portal, browser)
        await browser.post(f"{where}/preview", data=form(page))
        await made(portal)
        other = (await browser.post(where, data={"go": "again"})).headers["location"]
        alice = await portal.cast.actor("alice")
        local = (portal.cast.clock() - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
        dosing = SessionDetails(SessionKind.DOSING, local, "UTC", 120, Setting.HOME)
        ident = await session_plan.add_session(alice, alice.id, dosing)
        await session_plan.change_status(alice, ident, Status.IN_SESSION)
        preview = await browser.get(f"{other}/preview")
        assert CHOSEN in preview.text
        assert "Not today" in preview.text
        assert 'name="previewed"' not in preview.text
        answer = await browser.post(f"{other}/preview", data=form(page))
        assert answer.status_code == 409
        assert (await browser.get(f"{where}/file")).status_code == 409
        assert "Not today" in (await browser.get(where)).text
        waits = await browser.get("/sessions/waiting")
        assert "Export records" in waits.text
    assert sorted(one.state for one in await packet_tables.Packet.all()) == ["draft", "made"]


async def test_entries_are_chosen_a_page_at_a_time(portal: Portal) -> None:
    """What was ticked on other pages stays; all or none of a kind is one press; numbers beyond the end are the last."""
    written_here = [
        await written(portal.cast, kind="free", answers={"free.text": f"line {number}"})
        for number in range(12)
    ]
    async with portal.client("alice") as browser:
        where = await begun(portal.cast, browser)
        first, last = written_here[-1], written_here[0]
        for revision, one, page in ((2, first, "1"), (3, last, "2")):
            sent = {"revision": str(revision), "kind": "free", "page": page, "go": "save",
                    "shown": one.id.hex, "pieces": one.id.hex}  # fmt: skip
            assert (await browser.post(f"{where}/entries", data=sent)).status_code == 303
        assert "2 chosen of 12 in this time" in (await browser.get(where)).text
        beyond = await browser.get(f"{where}/entries?kind=free&page=99")
        assert "Page 2 of 2" in beyond.text
        for revision, go, count in ((4, "all", 12), (5, "none", 0)):
            sent = {"revision": str(revision), "kind": "free", "page": "1", "go": go}
            assert (await browser.post(f"{where}/entries", data=sent)).status_code == 303
            assert f"{count} chosen of 12 in this time" in (await browser.get(where)).text
        stale = await browser.post(
            f"{where}/entries", data=sent | {"go": "save", "shown": first.id.hex, "pieces": first.id.hex}
        )
        assert stale.status_code == 409
        assert "checked" in stale.text
        for kind in ("waiting", "replies", "nothing"):
            assert (await browser.get(f"{where}/entries?kind={kind}")).status_code == 303


async def test_twenty_drafts_are_enough(portal: Portal) -> None:
    """One more is refused with a sentence; those that were made do not count."""
    alice = await portal.cast.actor("alice")
    for _ in range(20):
        await drafts.create_packet(alice)
    async with portal.client("alice") as browser:
        refused = await browser.post("/packets")
        assert refused.status_code == 409
        assert "There are 20 packets" in refused.text
    await portal.cast.later(days=61)
    await endings.delete_expired(portal.cast.clock())
    assert await packet_tables.Packet.all().count() == 0


async def test_a_file_is_made_from_the_last_page(portal: Portal) -> None:
    """No page before it has the form, and none another passphrase; what is refused there is shown there again."""
    text = "\n\n".join(f"{CHOSEN} {number}" for number in range(200))
    one = await written(portal.cast, kind="integration", answers={"int.meaning": text})
    async with portal.client("alice") as browser:
        where = await begun(portal.cast, browser)
        await ticked(browser, where, 2, f"{one.id.hex}.int.meaning", shown=(one,))
        first = await browser.get(f"{where}/preview")
        assert 'name="previewed"' not in first.text
        assert 'name="offered"' not in first.text
        onwards = next(one for one in Markup(first.text).all("a") if "page=" in one.attributes["href"])
        last = await browser.get(f"{where}/preview?page=99")
        assert onwards.attributes["href"].startswith(f"{where}/preview?page=2")
        refused = await browser.post(f"{where}/preview", data=form(last, current="wrong words"))
        assert (refused.status_code, field(refused, "previewed")) == (422, field(last, "previewed"))
        assert (await browser.post(f"{where}/preview", data=form(last))).status_code == 303
        await made(portal)


async def test_the_pages_of_a_preview_are_set_once(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another page of the same preview starts no typesetter; another word, or what storage made of it, does."""
    async with portal.client("alice") as browser:
        where, page = await ready(portal, browser)
        monkeypatch.setattr(typesetting, "PROGRAM", Path("/nowhere/at/all.py"))
        again = await browser.get(f"{where}/preview?page=1")
        assert (again.status_code, field(again, "previewed")) == (200, field(page, "previewed"))
        await packet_tables.Packet.all().update(layout=b"something else")
        assert (await browser.get(f"{where}/preview")).status_code == 400


async def test_a_word_that_is_blacked_out_leaves_nowhere(portal: Portal, tmp_path: Path) -> None:
    """The preview says which and how often; pages and data have a mark. Too long a line is refused, and stays."""
    async with portal.client("alice") as browser:
        where, _ = await ready(portal, browser)
        sent = {"revision": "3", "span": "all", "go": "save", **TOLD}
        refused = await browser.post(where, data=sent | {"masked": "kingfisher\n" + "x" * 101})
        assert (refused.status_code, "kingfisher" in refused.text) == (422, True)
        assert (await browser.post(where, data=sent | {"masked": "KINGFISHER\nHeron"})).status_code == 303
        page = await browser.get(f"{where}/preview")
        assert "a ■■■ over the mill race" in page.text
        assert "<bdi>KINGFISHER</bdi> (1), <bdi>Heron</bdi> (0)" in page.text
        assert "kingfisher" not in page.text
        await browser.post(f"{where}/preview", data=form(page))
        await made(portal)
        file = await browser.get(f"{where}/file")
    packed = zipfile.ZipFile(io.BytesIO(opened_by_age(file.content, PHRASE, tmp_path)))
    read = pypdfium2.PdfDocument(packed.read("packet.pdf"))
    words = " ".join(one.get_textpage().get_text_range() for one in read)
    assert "a ■■■ over the mill race" in " ".join(words.split())
    whole = words + "".join(packed.read(name).decode("latin-1") for name in packed.namelist())
    assert "kingfisher" not in whole.casefold()


async def test_the_list_is_shown_a_page_at_a_time(portal: Portal) -> None:
    """Twenty on each, and none of them twice."""
    alice = await portal.cast.actor("alice")
    for _ in range(20):
        await drafts.create_packet(alice)
    await packet_tables.Packet.all().update(state="made")
    for _ in range(3):
        await drafts.create_packet(alice)
    async with portal.client("alice") as browser:
        pages = [(await browser.get(f"/packets?page={page}")).text for page in ("", "2", "99")]
    found = [set(re.findall(r"/packets/[0-9a-f-]{36}", page)) for page in pages]
    assert ([len(one) for one in found], found[0] & found[1]) == ([20, 3, 3], set())
    assert "Page 2 of 2" in pages[1]


async def test_a_measure_is_offered_as_the_form_that_it_is(portal: Portal) -> None:
    """Its name is ours and no part to choose; a total from elsewhere is so too. Ticked, it is whole."""
    cast = portal.cast
    for answers in (phq9(date(2026, 11, 1), 2), {"measure.score": "MADRS\n2026-11-01\n14"}):
        one = await written(cast, kind="measure", title="PHQ-9", answers=answers)
        async with portal.client("alice") as browser:
            where = await begun(cast, browser)
            page = (await browser.get(f"{where}/entries?kind=measure")).text
            assert "The whole form" in page
            assert f"{one.id.hex}.title" not in page
            sent = {"revision": "2", "kind": "measure", "page": "1", "go": "save"}
            await browser.post(f"{where}/entries", data={**sent, "shown": one.id.hex, "pieces": one.id.hex})
            assert "PHQ-9" in (await browser.get(f"{where}/preview")).text
