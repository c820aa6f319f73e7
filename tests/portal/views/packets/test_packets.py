"""Packets on their pages: chosen, previewed exactly as they leave, made beside the pages, and fetched for a day."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from httpx import AsyncClient, Response

from journal.entries import entries
from journal.vault.documents import EntryDocument
from journal.vault.entry_rows import Entry
from tests.cast import PASSWORDS, Cast
from tests.portal.conftest import Portal
from tests.portal.markup import Markup
from tests.portal.views.test_records import PHRASE, opened_by_age

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
    names = ("revision", "previewed")
    kept = {name: field(page, name) for name in names}
    return (
        kept
        | {"offered": PHRASE, "passphrase": "", "opens_for": "", "current": PASSWORDS["alice"], "go": "make"}
        | fields
    )


async def test_a_packet_holds_what_was_ticked_and_nothing_else(portal: Portal, tmp_path: Path) -> None:
    """Chosen, previewed, made and opened with the stock age tool: its data and pages have the one part alone."""
    one, other = await two_entries(portal.cast)
    async with portal.client("alice") as browser:
        where = await begun(portal.cast, browser)
        await ticked(browser, where, 2, f"{one.id.hex}.int.meaning", shown=(one, other))
        page = await browser.get(f"{where}/preview")
        assert CHOSEN in page.text
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
    assert packed.namelist() == ["data/packet.json", "manifest.json", "packet.pdf"]
    manifest = json.loads(packed.read("manifest.json"))
    assert {one["name"]: one["sha256"] for one in manifest["files"]} == {
        name: sha256(packed.read(name)).hexdigest() for name in ("data/packet.json", "packet.pdf")
    }
    data = packed.read("data/packet.json").decode()
    assert CHOSEN in data
    whole = "".join(packed.read(name).decode("latin-1") for name in packed.namelist())
    for word in (KEPT, *TOLD.values(), "Alice", portal.cast.link.hex):
        assert word not in whole, word
