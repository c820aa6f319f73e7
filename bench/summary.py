"""The course summary at a clinician's desk: a row for each of 50 dosing sessions, of 1,000 shared pieces."""

from __future__ import annotations

from pathlib import Path

from bench.client import Person, asking, repeat
from bench.figures import Figure, Figures, Length, middle
from bench.pages import in_turn
from bench.people import People
from bench.server import cpu_seconds, served


async def summary(plain: int, folder: Path, people: People, length: Length) -> Figures:
    """
    Measure a clinician's course summary on one connection, beside the smallest answer there is.

    Args:
        folder: Where *people* are with what `bench.tracked` had them track.
    """
    with served(folder) as port:
        page = asking(Person(port, people.clinician).get(f"/patients/{people.known}/summary"))
        rounds = await in_turn([(plain, asking(Person(plain).get("/healthz"))), (port, page)], length)
        before = cpu_seconds(port)
        drawn = await repeat(port, [page], length.seconds)
        cpu = (cpu_seconds(port) - before) / len(drawn.answers)
    rates = [ours for _, ours in rounds]
    return {
        "summary_per_s": Figure(middle(rates), {"ms": 1000 / middle(rates), "cpu_ms": 1000 * cpu}),
        "summary_of_plain": Figure(middle([ours / hello for hello, ours in rounds])),
    }
