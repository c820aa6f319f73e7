"""A packet of 100 entries as PDF, beside one of a single page: how long setting it takes, and how much memory."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import process_time
from uuid import UUID

from jinja2 import Environment

from bench.figures import Figure, Figures, Length, middle
from journal.installation.installation import Installation
from journal.packets.composing import compose
from journal.packets.documents import Choice
from journal.vault.documents import EntryDocument
from journal.vault.entry_rows import Entry
from portal.paper.document import Paper
from portal.paper.encoding import encode_document
from portal.paper.typesetting import PROGRAM
from portal.views.packets.pages import PacketPages, build_pages
from portal.web.pages import build_environment
from portal.web.translation import speaking

ENTRIES, SMALL_ENTRIES = 100, 10
WORDS = "The sea was inside the room, and the door stood ajar. " * 18  # 198 words
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MIB = 1 << 20
MEASURED = """
import json, os, subprocess, sys
process = subprocess.Popen([sys.executable, "-I", sys.argv[1]], stdout=subprocess.PIPE)
pages = json.loads(process.stdout.readline())["pages"]
process.stdout.read()
_, code, used = os.wait4(process.pid, 0)
print(json.dumps([used.ru_utime + used.ru_stime, used.ru_maxrss, pages]))
sys.exit(code != 0)
"""


@dataclass(frozen=True, slots=True)
class _Set:
    """A packet that was set: the CPU that it took and the most memory, and how many pages it has."""

    cpu_s: float
    peak_mb: float
    pages: int


def packet(length: Length) -> Figures:
    """Measure a packet from its entries, opened, to the bytes of its PDF, and the memory of what sets it."""
    many = _measure(SMALL_ENTRIES if length.small else ENTRIES, length.rounds)
    one = _measure(1, length.rounds)
    beside = {"cpu_s": many.cpu_s, "pages": many.pages, "one_page_cpu_s": one.cpu_s}
    peaks = {"peak_mb": many.peak_mb, "one_page_peak_mb": one.peak_mb}
    return {
        "packet_100_by_page": Figure(many.cpu_s / one.cpu_s, beside),
        "packet_100_peak_by_page": Figure(many.peak_mb / one.peak_mb, peaks),
    }


def _measure(count: int, rounds: int) -> _Set:
    environment, installation = build_environment(), Installation.with_key(bytes(32), quick=True)
    with speaking("en"):
        taken = [_set(environment, installation, count) for _ in range(rounds + 1)][1:]
    return _Set(middle([one.cpu_s for one in taken]), middle([one.peak_mb for one in taken]), taken[0].pages)


def _set(environment: Environment, installation: Installation, count: int) -> _Set:
    """Set a packet as the product does; by the CPU, since what sets it has low priority and waits for others."""
    begun = process_time()
    given = encode_document(_build(environment, installation, count).document, Paper.A4)
    built = process_time() - begun
    ran = subprocess.run(
        [sys.executable, "-c", MEASURED, str(PROGRAM)], input=given, capture_output=True, check=True
    )
    used, peak, pages = json.loads(ran.stdout)
    return _Set(built + used, peak * 1024 / MIB, pages)


def _build(environment: Environment, installation: Installation, count: int) -> PacketPages:
    """Return a packet of entries as pages."""
    entries = [
        Entry(
            UUID(int=number),
            1,
            EntryDocument("free", f"Evening {number}", answers={"free.text": f"{number}. {WORDS}"}),
            at := NOON - timedelta(days=number),
            at,
            None,
        )
        for number in range(1, count + 1)
    ]
    choice = Choice(pieces={one.id.hex: ("title", "free.text") for one in entries})
    content = compose(choice, entries, space=UUID(int=1), name="", now=NOON, zone_name="UTC")
    return build_pages(environment, installation, content, NOON, signer="12345 " * 6, paper=Paper.A4)
