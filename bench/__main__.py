"""Measure everything; write bench/results.json and the table in docs/performance.md."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import uvloop

from bench import (
    auditing,
    brief,
    exporting,
    fhir,
    guessing,
    hostile,
    importing,
    journals,
    no_cipher,
    on_postgres,
    pages,
    paper,
    report,
    saving,
    signing_in,
    summary,
    tracked,
)
from bench.figures import FULL, Figures, Length
from bench.people import PATIENT_ONLY, SMALL, People
from bench.rows import DATABASE, add_strangers
from bench.server import ROOT, furnish, served, served_plainly

RESULTS = Path(__file__).with_name("results.json")
PAGE = ROOT / "docs" / "performance.md"
STRANGERS = 100
TIMES = 1000


async def measure(folder: Path, length: Length) -> Figures:
    """Make the people, serve them, and take every figure."""
    small = (SMALL,) if length.small else ()
    busy, few, many, bare = (folder / name for name in ("busy", "few", "many", "bare"))
    everybody = _made(busy, *small)
    shutil.copy(busy / DATABASE, folder / "copy.sqlite3")
    patient = _made(few, PATIENT_ONLY, *small)
    shutil.copytree(few, many)
    shutil.copytree(few, folder / "leaving")
    shutil.copytree(few, folder / "tracked")
    shutil.copytree(few, folder / "brief")
    shutil.copytree(few, folder / "importing")
    without_cipher = _made(bare, PATIENT_ONLY, no_cipher.FLAG, *small)
    for place, strangers in (
        (few, STRANGERS),
        (many, STRANGERS * (10 if small else TIMES)),
        (bare, STRANGERS),
        (folder / "leaving", STRANGERS),
    ):
        add_strangers(place, strangers)
    figures: Figures = {}
    with (
        served_plainly() as plain,
        served(busy) as port,
        served(few) as quiet,
        served(bare, no_cipher.FLAG) as open_,
        served(many) as full,
        served(folder / "leaving", overwrites=False) as leaving,
    ):
        figures |= await pages.hello(plain, quiet, length)
        figures |= await pages.timeline(plain, quiet, patient, length)
        figures |= await journals.cold(port, everybody, length)
        figures |= await journals.pages(port, everybody, length)
        figures |= await pages.sealing((quiet, patient), (open_, without_cipher), length)
        figures |= await pages.overwriting((quiet, patient), (leaving, patient), length)
        figures |= await pages.growth((quiet, patient), (full, patient), length)
        figures |= await journals.search(plain, port, everybody, busy / DATABASE, length)
        figures |= await saving.saving(plain, port, everybody, folder / "copy.sqlite3", length)
        figures |= await saving.growth(port, everybody, length)
        figures |= await journals.others(port, everybody, length)
        figures |= await signing_in.stall(port, everybody, length)
        figures |= await tracked.charts(plain, folder / "tracked", patient, length)
        figures |= await summary.summary(plain, folder / "tracked", patient, length)
        figures |= await brief.brief(plain, folder / "brief", patient, length)
    figures |= await exporting.export(busy, everybody, length.rounds)
    figures |= await importing.importing(folder / "importing", patient, length)
    figures |= fhir.write(length.rounds)
    figures |= paper.packet(length)
    figures |= await guessing.difference(busy, everybody, length)
    figures |= await hostile.difference(busy, everybody, length)
    if length.postgres:
        figures |= await on_postgres.beside_sqlite(_room(folder / "postgres"), length)
    return figures | await measure_audit(folder, length)


async def measure_audit(folder: Path, length: Length) -> Figures:
    """Take the figures of the audit log alone."""
    return await auditing.auditing(_room(folder / "audit"), length)


async def measure_paper(_: Path, length: Length) -> Figures:
    """Take the figures of what is printed alone."""
    return paper.packet(length)


async def measure_importing(folder: Path, length: Length) -> Figures:
    """Take the figures of importing alone."""
    return await importing.importing(folder / "few", _made(folder / "few", PATIENT_ONLY), length)


PARTS = {"audit": measure_audit, "importing": measure_importing, "paper": measure_paper}


def _made(folder: Path, *flags: str) -> People:
    return furnish(_room(folder), *flags)


def _room(folder: Path) -> Path:
    folder.mkdir()
    return folder


def main(arguments: list[str] | None = None) -> int:
    """Run the measurement; return its exit code, which does not judge."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--rounds", type=int, default=FULL.rounds, help="how often each measurement is repeated"
    )
    parser.add_argument("--seconds", type=float, default=FULL.seconds, help="how long one of them takes")
    parser.add_argument("--output", type=Path, default=RESULTS)
    parser.add_argument("--part", choices=sorted(PARTS), help="take only these figures, and keep the others")
    parser.add_argument(
        "--postgres", action="store_true", help="measure pages and saves on PostgreSQL as well"
    )
    options = parser.parse_args(arguments)
    length = Length(options.rounds, options.seconds, postgres=options.postgres)
    kept = json.loads(RESULTS.read_text())
    if not options.part:
        del kept["measured_on"]
    figures = run(length, PARTS.get(options.part, measure))
    measured = report.results(figures, kept)
    report.write(measured, options.output)
    if options.output == RESULTS:
        report.update(PAGE, measured)
    print(report.table(measured))
    return 0


def run(length: Length, take: Callable[[Path, Length], Coroutine[Any, Any, Figures]] = measure) -> Figures:
    """
    Measure in a folder of the checkout.

    Not in /tmp, which may be memory: a commit there is durable in name only.
    """
    (ROOT / ".cache").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / ".cache", prefix="bench-") as folder:
        return uvloop.run(take(Path(folder), length))


if __name__ == "__main__":
    sys.exit(main())
