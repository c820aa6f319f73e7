"""The brief at a clinician's desk: one page for the next talk, of 50 dosing sessions and 1,000 shared pieces."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from bench.figures import Figures, Length
from bench.people import People
from bench.server import served
from bench.tracked import EVERY, STILL, TOLD, list_measures, measure_desk, share_pieces
from journal.catalogue.fields import Answers, EntryKind
from journal.catalogue.tracked import DAY, MOMENT
from journal.dosing_day.record import READINGS
from journal.vault.documents import EntryDocument

MEASURED = {"phq9": 150, "gad7": 150}
"""Filled measures; beside them are 14 entries for each session."""
WORDS = "There was a door at the end of the corridor, and behind it somebody was humming. " * 6
AROUND: tuple[tuple[int, EntryKind, Answers], ...] = (
    (
        -1,
        EntryKind.PREPARATION,
        {"prep.intention": WORDS[:200], "prep.fears": WORDS, "prep.resources": WORDS},
    ),
    (0, EntryKind.DAY, {READINGS: ["14:05 | 121 | 80 | 70 | 97 | ", "15:05 | 128 | 82 | 72 | 97 | "]}),
    (0, EntryKind.CAPTURE, {"int.images": WORDS, "int.body": WORDS}),
    (1, EntryKind.SITTER, {"sitter.checks": ["14:05 | awake", "14:20 | asleep | quiet"]}),
    (1, EntryKind.INTEGRATION, {"int.meaning": WORDS, "int.different": WORDS, "int.top3": "One\nTwo\nThree"}),
    (2, EntryKind.INTEGRATION, {"int.one_action": WORDS[:100], "int.not_first": WORDS[:100]}),
    (
        2,
        EntryKind.GROUNDING,
        {"ground.skill": "orient", "ground.helped": "yes", "ground.trigger_name": "The door"},
    ),
    (3, EntryKind.GROUNDING, {"ground.skill": "feet_hands", "ground.helped": "worse"}),
)
"""What is written around each session, so many days after it; a reframe and five check-ins come to it."""


async def brief(plain: int, folder: Path, people: People, length: Length) -> Figures:
    """
    Measure the brief on one connection, beside the smallest answer there is.

    Args:
        folder: Where *people* are, and nobody else: what is shared is added to it.
    """
    await share_pieces(folder, people, _list_pieces, part=50 if length.small else 1)
    with served(folder) as port:
        return await measure_desk("brief", port, people, "brief", plain, length)


def _list_pieces(now: datetime, sessions: list[UUID], part: int) -> Iterator[tuple[datetime, EntryDocument]]:
    for number, session in enumerate(sessions):
        at = now - EVERY * (number + 4)
        for days, kind, answers in AROUND:
            yield (
                at + timedelta(days=days),
                EntryDocument(kind.value, session_id=session.hex, answers=answers),
            )
        yield at + timedelta(days=4), _reframe(at, number, session)
        for days, moment in ((0, "before"), (1, "next-day"), (7, "7-days"), (14, "14-days"), (30, "30-days")):
            day = min(at + timedelta(days=days), now)
            told: Answers = {MOMENT: moment, DAY: day.date().isoformat(), **TOLD.get(moment, STILL)}
            yield day, EntryDocument(EntryKind.CHECK_IN.value, session_id=session.hex, answers=told)
    yield from list_measures(now, MEASURED, part)


def _reframe(at: datetime, number: int, session: UUID) -> EntryDocument:
    days = [(at + timedelta(days=5 + place)).date() for place in range(4)]
    answers: Answers = {
        "reframe.old_meaning": f"{number % 12} {WORDS[:100]}",
        "reframe.new_meaning": WORDS[:100],
        "reframe.old_belief_before": 80,
        "reframe.new_belief": 30,
        "reframe.trigger_name": f"Place {number % 9}",
        "reframe.revisits": [f"{day} | {70 - place} | {40 + place} | 4 | " for place, day in enumerate(days)],
        "reframe.moments": [f"{day} The door | On the stairs." for day in days],
    }
    return EntryDocument(EntryKind.REFRAME.value, session_id=session.hex, answers=answers)
