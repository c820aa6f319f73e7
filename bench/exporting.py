"""Taking everything away: the archive of a journal, up to the point where the passphrase is stretched."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from pathlib import Path
from time import perf_counter

from bench.figures import Figure, Figures, middle
from bench.people import SERVER_KEY, People
from bench.rows import DATABASE
from journal.authentication import web_sessions
from journal.installation.installation import Installation
from journal.records import collection as records_collection
from journal.records.archive import pack_archive
from journal.store.database import Store
from portal import __version__
from portal.documents.archive_pages import build_page_renderer
from portal.web.pages import build_environment

ENTRIES = 1000


async def export(folder: Path, people: People, rounds: int) -> Figures:
    """Measure collecting, opening, drawing and packing a journal of 1,000 entries."""
    store, environment = await Store.open(f"sqlite://{folder / DATABASE}"), build_environment()
    token = urlsafe_b64decode(people.journals[ENTRIES].cookie + "=")
    times, size = [], 0
    try:
        with store.use():
            actor = await web_sessions.load_actor(Installation.with_key(SERVER_KEY), token)
            assert actor is not None
            for _ in range(rounds + 1):
                begun = perf_counter()
                found = await records_collection.collect_patient_records(actor, "Quiet Practice")
                pages = build_page_renderer(environment, actor)(found)
                size = len(pack_archive(found, pages, __version__, actor.open_identity()))
                times.append(perf_counter() - begun)
    finally:
        await store.close()
    beside = {"quickest": min(times), "archive_bytes": size}
    return {f"export_{ENTRIES}_s": Figure(middle(times[1:]), beside)}
