"""Importing a journal of 10,000 entries: read in its process, added in parts, and what memory that takes."""

from __future__ import annotations

import asyncio
import json
import resource
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from uuid import uuid4

from bench.figures import Figure, Figures, Length
from bench.people import SERVER_KEY, People
from bench.rows import DATABASE
from journal.actor import Actor
from journal.authentication import web_sessions
from journal.entries import entries
from journal.importing import adding, reading, runs
from journal.installation.installation import Installation
from journal.store.database import Store
from journal.vault.documents import EntryDocument

ENTRIES, SMALL_ENTRIES = 10_000, 200
SAVED, SMALL_SAVED = 300, 20
WORDS = "The sea was inside the room, and the door stood ajar. " * 20
FIRST = datetime(2015, 1, 1, 8, tzinfo=UTC)
CONTENT_TYPE = "multipart/form-data; boundary=mark"
MIB = 1 << 20


async def importing(folder: Path, people: People, length: Length) -> Figures:
    """Measure what it takes from a file of 200-word entries to all of them in the journal, on disk."""
    count = SMALL_ENTRIES if length.small else ENTRIES
    store = await Store.open(f"sqlite://{folder / DATABASE}")
    token = urlsafe_b64decode(people.patient + "=")
    try:
        with store.use():
            actor = await web_sessions.load_actor(Installation.with_key(SERVER_KEY), token)
            assert actor is not None
            before, begun = _peak(resource.RUSAGE_SELF), perf_counter()
            found = await reading.read_upload(actor, CONTENT_TYPE, _send(count))
            read = perf_counter() - begun
            wanted = await runs.stage(actor, *found)
            await _add(actor, wanted)
            took = perf_counter() - begun
            run = await runs.load_run(actor, wanted)
            assert run.document.added == count, run
            saved = await _save(actor, SMALL_SAVED if length.small else SAVED)
    finally:
        await store.close()
    beside = {
        "read_s": read,
        "process_peak_mb": _peak(resource.RUSAGE_CHILDREN),
        "server_peak_more_mb": _peak(resource.RUSAGE_SELF) - before,
    }
    return {
        "import_10000_per_s": Figure(count / took, beside),
        "import_10000_of_saving": Figure(count / took / saved, {"saves_per_s": saved}),
    }


async def _save(actor: Actor, count: int) -> float:
    """Return how many entries of the same length a second saves one by one, without pages."""
    begun = perf_counter()
    for number in range(count):
        written = EntryDocument("free", answers={"free.text": f"Saved {number}. {WORDS}"})
        await entries.save_entry(actor, uuid4(), 0, written)
    return count / (perf_counter() - begun)


async def _add(actor: Actor, wanted: object) -> None:
    await adding.start_import(actor, wanted, _fail)  # type: ignore[arg-type]
    while work := tuple(actor.installation.background_work):
        await asyncio.gather(*work)


def _fail(error: BaseException) -> None:
    raise error


async def _send(count: int) -> AsyncIterator[bytes]:
    """Yield a form with an export of Day One in it."""
    told = [
        {
            "uuid": str(number),
            "text": f"{number}. {WORDS}",
            "creationDate": (FIRST + timedelta(hours=number)).isoformat(),
            "timeZone": "Europe/Berlin",
        }
        for number in range(count)
    ]
    yield b'--mark\r\nContent-Disposition: form-data; name="files"; filename="Journal.json"\r\n\r\n'
    yield json.dumps({"entries": told}).encode()
    yield b"\r\n--mark--\r\n"


def _peak(whose: int) -> float:
    """Return the most memory that this process, or one that it began, has taken, in megabytes."""
    return resource.getrusage(whose).ru_maxrss * 1024 / MIB
