"""The course summary at a clinician's desk: a row for each of 50 dosing sessions, of 1,000 shared pieces."""

from __future__ import annotations

from pathlib import Path

from bench.figures import Figures, Length
from bench.people import People
from bench.server import served
from bench.tracked import measure_desk


async def summary(plain: int, folder: Path, people: People, length: Length) -> Figures:
    """
    Measure a clinician's course summary on one connection, beside the smallest answer there is.

    Args:
        folder: Where *people* are with what `bench.tracked` had them track.
    """
    with served(folder) as port:
        return await measure_desk("summary", port, people, "summary", plain, length)
