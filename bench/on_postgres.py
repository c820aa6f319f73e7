"""The same pages and saves on PostgreSQL, on this machine and with every commit on its disk, beside SQLite's."""

from __future__ import annotations

from pathlib import Path

from bench.client import repeat
from bench.figures import Figure, Figures, Length, middle
from bench.pages import in_turn, reading
from bench.people import SMALL, WITHOUT_JOURNALS
from bench.saving import writing
from bench.server import furnish, served
from tests.postgres import running_postgres


async def beside_sqlite(folder: Path, length: Length) -> Figures:
    """Measure the timeline of 30 entries, and eight patients who write at once, on both in turns."""
    flags = [WITHOUT_JOURNALS, *([SMALL] if length.small else [])]
    with running_postgres(in_memory=False, fsync="on") as server:
        await server.create("people")
        url = server.socket_url("people")
        ours, theirs = furnish(folder, *flags), furnish(folder, f"--url={url}", *flags)
        with served(folder) as file, served(folder, url=url) as away:
            sides = ((file, ours), (away, theirs))
            turns = Length(4 * length.rounds, length.seconds / 4)
            rates = await in_turn([(port, reading(port, people)) for port, people in sides], turns)
            acts = [(port, await writing(port, people.writers)) for port, people in sides]
            saves = [
                [(await repeat(port, some, turns.seconds)).per_second for port, some in acts]
                for _ in range(turns.rounds + 1)
            ][1:]
    return {
        "pg_timeline30_of_sqlite": Figure(
            middle([theirs / ours for ours, theirs in rates]), {"per_s": middle([one for _, one in rates])}
        ),
        "pg_save_of_sqlite": Figure(
            middle([theirs / ours for ours, theirs in saves]), {"per_s": middle([one for _, one in saves])}
        ),
    }
