"""A clinician's packet: exactly what a patient shares with them now, and no byte that tells of the rest."""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient, Response

from journal.audit import events as audit_events
from journal.audit.acts import Act
from journal.care import lifecycle
from journal.care.documents import Attention
from journal.entries import entries
from journal.packets import endings
from journal.packets import tables as packet_tables
from journal.records.verification import verify_zip
from journal.sharing import shares, terms
from journal.vault.documents import EntryDocument
from tests.cast import PASSWORDS
from tests.journal.fhir.reading import list_words
from tests.portal.conftest import Portal
from tests.portal.views.packets.test_packets import field, made
from tests.portal.views.test_records import PHRASE, opened_by_age
from tests.scenes import connected, in_session, rewritten, shared, signed_in_again, written

SHARED = "Maybe that I am allowed to rest."
KEPT = "The part nobody needs to know."
OFFER = re.compile(r'(?<=aria-labelledby="offer-label">)[^<]*|(?<=name="offered" value=")[^"]*')
"""The passphrase that a page offers, which is another one each time."""
TOLD = {"recipient": "Dr. Ada Willow", "purpose": "A second opinion"}


@dataclass
class Scene:
    """A part of one entry that alice shares with bob."""

    portal: Portal
    alice: UUID
    share: UUID


@pytest.fixture
async def scene(portal: Portal) -> Scene:
    """Have alice share one part."""
    share = await shared(portal.cast, await written(portal.cast), ("title", "int.meaning"))
    return Scene(portal, (await portal.cast.actor("alice")).id, share)


async def begun(scene: Scene, browser: AsyncClient, **chosen: object) -> str:
    """Have bob begin a packet of alice's records with all of one kind in it; return its address."""
    answer = await browser.post("/packets", data={"patient": str(scene.alice)})
    assert answer.status_code == 303, answer.text
    where = str(answer.headers["location"])
    saved = await browser.post(where, data={"revision": "1", "span": "all", "go": "save", **TOLD, **chosen})
    assert saved.status_code == 303, saved.text
    sent = {"revision": "2", "kind": "integration", "go": "all"}
    assert (await browser.post(f"{where}/entries", data=sent)).status_code == 303
    return where


def form(page: Response, **fields: str) -> dict[str, str]:
    """Fill in the form of the preview."""
    return {
        "previewed": field(page, "previewed"), "offered": PHRASE, "passphrase": "", "opens_for": "",
        "current": PASSWORDS["bob"], "go": "make", **fields,
    }  # fmt: skip


async def file_of(scene: Scene, browser: AsyncClient, where: str) -> Response:
    """Have bob make a file; return the answer that carries it."""
    page = await browser.get(f"{where}/preview")
    answer = await browser.post(f"{where}/preview", data=form(page))
    assert answer.status_code == 303, answer.text
    await made(scene.portal)
    return await browser.get(f"{where}/file")


async def openings(scene: Scene) -> list[UUID | None]:
    """Which copies bob opened, by the log of alice."""
    found = await audit_events.list_all_patient_events(scene.alice)
    return [one.object_id for one in found if one.action is Act.SHARE_OPENED]


async def test_to_turn_the_pages_of_a_preview_opens_nothing_anew(portal: Portal) -> None:
    """Whoever reads it from the first page on opened it once; whoever begins with another page, too."""
    text = "\n\n".join(f"{SHARED} {number}" for number in range(200))
    entry = await rewritten(portal.cast, await written(portal.cast), **{"int.meaning": text})
    alice, share = await portal.cast.actor("alice"), await shared(portal.cast, entry, ("int.meaning",))
    scene = Scene(portal, alice.id, share)
    async with portal.client("bob") as browser:
        where = await begun(scene, browser)
        for page, count in ((2, 1), (3, 1), (1, 2), (2, 2), (99, 2)):
            seen = await browser.get(f"{where}/preview?page={page}")
            assert page == 99 or f"Page {page} of " in seen.text
            assert await openings(scene) == [share] * count


async def test_it_holds_what_is_shared_and_both_sides_know(scene: Scene, tmp_path: Path) -> None:
    """The chosen copy, signed by the clinician, and no other word; its patient reads who got it and what for."""
    async with scene.portal.client("bob") as browser:
        listed = await browser.get(f"/packets?patient={scene.alice}")
        assert "Alice Sample" in listed.text
        where = await begun(scene, browser, parts=["name", "sessions", "consent", "fhir"])
        chosen = await browser.get(f"{where}/entries?kind=integration")
        assert SHARED not in chosen.text  # who has not opened it reads no word of it yet
        assert await openings(scene) == []
        page = await browser.get(f"{where}/preview")
        assert SHARED in page.text
        assert "It holds the same as FHIR too." in page.text
        assert "Bob Example (therapist)" in page.text
        assert await openings(scene) == [scene.share]
        file = await file_of(scene, browser, where)
        bob = await scene.portal.cast.actor("bob")
    opened = opened_by_age(file.content, PHRASE, tmp_path)
    assert verify_zip(opened, bob.fingerprint).is_whole
    packed = zipfile.ZipFile(io.BytesIO(opened))
    data = json.loads(packed.read("data/packet.json"))
    assert data["made_by"] == {"role": "clinician", "name": "Bob Example", "profession": "therapist"}
    assert (data["name"], data["consents"], data["time_zone"]) == ("Alice Sample", [], "Europe/Berlin")
    assert len(data["entries"]) == 1
    assert str(scene.share) not in json.dumps(data)
    assert [one["id"] for one in data["entries"][0]["answers"]] == ["int.meaning"]
    bundle = list(list_words(json.loads(packed.read("data/fhir.json"))))
    assert {"Alice Sample", "Bob Example"} <= set(bundle)
    assert SHARED in "".join(bundle)
    whole = "".join(packed.read(name).decode("latin-1") for name in packed.namelist()) + "".join(bundle)
    for word in (KEPT, *TOLD.values(), "sleep", "About my father"):
        assert word not in whole, word
    async with scene.portal.client("alice") as browser:
        assert (
            "Bob Example (therapist) made a packet of what you share"
            in (await browser.get("/sharing/log")).text
        )
        told = (await browser.get("/sharing/disclosures")).text
        line = "Dr. Ada Willow got a file: pages that Bob Example (therapist) chose from what you share with them."
        assert f"{line} Why: A second opinion." in told
        assert (await browser.get(where)).status_code == 404


async def test_nothing_that_is_not_shared_changes_a_byte(scene: Scene) -> None:
    """
    Not a page of choosing, and not the preview with the digest of all that leaves.

    Entries and parts that are not shared, copies for others, and one that its clinician may see the title of alone.
    """
    cast = scene.portal.cast
    async with scene.portal.client("bob") as browser:
        where = await begun(scene, browser, parts=["sessions", "fhir"])
        paths = (where, f"{where}/entries?kind=integration", f"{where}/preview")

        async def seen() -> list[str]:
            found = [(await browser.get(path)).text for path in paths]
            return [OFFER.sub("", one) for one in found]

        before = await seen()
        one = await written(
            cast, document=EntryDocument("integration", "Mine", answers={"int.meaning": KEPT})
        )
        await written(cast, document=EntryDocument("free", "Mine too", answers={"free.text": KEPT}))
        theirs = await connected(cast, "charlie")
        await shared(cast, one, ("title", "int.meaning"), to=theirs)
        closed = await written(cast, document=EntryDocument("free", "Closed", answers={"free.text": KEPT}))
        await shares.share_entry(
            await cast.actor("alice"), closed.id, cast.link, ["title", "free.text"],
            previewed=1, attention=Attention.IF_RAISED,
        )  # fmt: skip
        assert await seen() == before


@pytest.mark.parametrize("change", ["revoked", "updated", "paused", "ended"])
async def test_what_is_no_longer_shared_does_not_leave(scene: Scene, change: str) -> None:
    """Between preview and making, or between making and fetching: nothing is made, nothing is handed out."""
    cast = scene.portal.cast
    async with scene.portal.client("bob") as browser:
        previewed, ready = await begun(scene, browser), await begun(scene, browser)
        page = await browser.get(f"{previewed}/preview")
        assert (await file_of(scene, browser, ready)).status_code == 200
        alice = await cast.actor("alice")
        if change == "revoked":
            await shares.revoke_share(alice, scene.share)
        elif change == "updated":
            (one,) = await shares.list_shares(alice)
            entry = await entries.load_entry(alice, one.entry)
            entry = await rewritten(cast, entry, **{"int.meaning": "Something else."})
            await shared(cast, entry, ("int.meaning",))
        elif change == "paused":
            await lifecycle.pause_sharing(alice, cast.link)
        else:
            await lifecycle.end_care(alice, cast.link)
        status = 404 if change == "ended" else 409
        refused = await browser.post(f"{previewed}/preview", data=form(page))
        assert refused.status_code == (
            422 if change == "revoked" else status
        )  # then nothing is in it any more
        assert SHARED not in refused.text
        fetched = await browser.get(f"{ready}/file")
        assert fetched.status_code == status
        shown = await browser.get(ready)
        if change in ("revoked", "updated"):
            assert "The file is not handed out any more" in shown.text
            assert "Your packet is made" not in shown.text
            assert f"{ready}/file" not in shown.text
        else:
            assert shown.status_code == status
        if change == "ended":
            assert TOLD["recipient"] not in (await browser.get("/packets")).text
    assert sorted(one.state for one in await packet_tables.Packet.all()) == ["draft", "made"]
    async with scene.portal.client("alice") as browser:  # what left stands there, also after care ended
        assert TOLD["recipient"] in (await browser.get("/sharing/disclosures")).text


async def test_what_ended_by_itself_is_not_handed_out(scene: Scene) -> None:
    """Whoever made a file before the last day of a copy was over gets neither it nor another one afterwards."""
    cast = scene.portal.cast
    alice = await cast.actor("alice")
    await terms.change_terms(alice, scene.share, alice.now.astimezone(alice.zone).date(), may_file=False)
    async with scene.portal.client("bob") as browser:
        where = await begun(scene, browser)
        assert (await file_of(scene, browser, where)).status_code == 200
    (one,) = await shares.list_shares(alice)
    assert one.end is not None
    cast.clock.now = one.end.moment
    await signed_in_again(cast)
    async with scene.portal.client("bob") as browser:
        assert (await browser.get(f"{where}/file")).status_code == 409
        assert f"{where}/file" not in (await browser.get(where)).text
        assert SHARED not in (await browser.get(f"{await begun(scene, browser)}/preview")).text


async def test_what_is_revoked_while_the_file_is_made_does_not_leave(scene: Scene) -> None:
    """The packet says that it was not finished; no file, no line of the accounting."""
    async with scene.portal.client("bob") as browser:
        where = await begun(scene, browser)
        page = await browser.get(f"{where}/preview")
        async with scene.portal.app.state.installation.export_limiter:
            assert (await browser.post(f"{where}/preview", data=form(page))).status_code == 303
            await shares.revoke_share(await scene.portal.cast.actor("alice"), scene.share)
        await made(scene.portal)
        assert "The file was not finished" in (await browser.get(where)).text
    (row,) = await packet_tables.Packet.all()
    assert (row.state, row.file, row.told, row.disclosed) == ("failed", None, None, None)
    async with scene.portal.client("alice") as browser:
        assert TOLD["recipient"] not in (await browser.get("/sharing/disclosures")).text


async def test_the_acute_day_of_a_patient_holds_it_as_little_as_the_export(scene: Scene) -> None:
    """What was shared before is the clinician's to work with; what alice says of her day is not in it."""
    await in_session(scene.portal.cast)
    async with scene.portal.client("bob") as browser:
        where = await begun(scene, browser, parts=["sessions"])
        page = await browser.get(f"{where}/preview")
        assert "In session" not in page.text
        assert (await file_of(scene, browser, where)).status_code == 200


async def test_nobody_else_finds_it(scene: Scene) -> None:
    """Neither another clinician of hers, nor the patient, nor an administrator; and nobody's records but in care."""
    await connected(scene.portal.cast, "charlie")
    async with scene.portal.client("bob") as browser:
        where = await begun(scene, browser)
        dana = (await scene.portal.cast.actor("dana")).id
        for patient in (str(dana), str(uuid4()), "", "nobody"):
            assert (await browser.post("/packets", data={"patient": patient})).status_code == 404, patient
    for name in ("charlie", "alice", "erin"):
        async with scene.portal.client(name) as browser:
            for path in ("", "/entries?kind=integration", "/preview", "/file", "/deletion"):
                assert (await browser.get(f"{where}{path}")).status_code == 404, (name, path)
    async with scene.portal.client("alice") as browser:
        assert (await browser.post("/packets", data={"patient": str(scene.alice)})).status_code == 404
    await connected(scene.portal.cast, "bob", "dana")
    await packet_tables.Packet.all().update(patient_id=dana)
    async with scene.portal.client("bob") as browser:
        moved = await browser.get(where)
        assert (moved.status_code, "Alice" in moved.text) == (409, False)


async def test_what_is_told_stays_and_the_rest_goes(scene: Scene) -> None:
    """The file goes after a day; a renewed server key still tells the patient who got it."""
    async with scene.portal.client("bob") as browser:
        where = await begun(scene, browser)
        assert (await file_of(scene, browser, where)).status_code == 200
        await scene.portal.cast.later(hours=25)
        await signed_in_again(scene.portal.cast)
        await endings.delete_expired(scene.portal.cast.clock())
    (row,) = await packet_tables.Packet.all()
    assert (row.file, row.disclosed is None) == (None, False)
    assert TOLD["recipient"].encode() not in (row.disclosed or b"")
    async with scene.portal.client("bob") as browser:
        assert "The file is deleted here" in (await browser.get(where)).text
        again = await browser.post(where, data={"go": "again"})
        assert SHARED in (await browser.get(f"{again.headers['location']}/preview")).text
        assert (await browser.post(f"{where}/deletion")).status_code == 303
    async with scene.portal.client("alice") as browser:
        assert TOLD["recipient"] in (await browser.get("/sharing/disclosures")).text
