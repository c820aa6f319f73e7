"""Charts at the clinician's desk: of 50 dosing sessions and 1,000 shared pieces, one page is drawn."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from bench.client import Person, asking, repeat
from bench.figures import Figure, Figures, Length, middle
from bench.pages import in_turn
from bench.people import SERVER_KEY, People
from bench.rows import DATABASE
from bench.server import Port, cpu_seconds, served
from journal.actor import Actor
from journal.authentication import web_sessions
from journal.care import links
from journal.catalogue.fields import Answers, EntryKind
from journal.catalogue.tracked import DAY, DAY_LINES_FIELD, MOMENT, MONTH
from journal.dosing_day.record import READINGS
from journal.entries import entries
from journal.installation.installation import Installation
from journal.measures.records import FORM
from journal.sessions import rows as session_rows
from journal.sessions.session import SessionDetails, SessionKind, Setting, Status
from journal.sharing import shares
from journal.store.database import Store
from journal.vault.documents import EntryDocument

SESSIONS = 50
EVERY = timedelta(days=7)
PIECES = {"phq9": 400, "gad7": 200, "pcl5-month": 64}
"""Filled measures, by their ids; beside them are readings and five check-ins for each session, and day lines."""
MONTHS = 36
TOLD: dict[str, Answers] = {
    "before": {"checkin.medicines": "yes"},
    "next-day": {
        "checkin.difficulty": 6,
        "checkin.away_most": 8,
        "checkin.away_until": "after two hours",
        "checkin.effects_mild": ["nausea", "dizziness"],
        "checkin.effects_until": "until the evening",
        "checkin.unplanned": ["vomited"],
        "checkin.unplanned_words": "twice on the way to the sofa",
    },
}
STILL: Answers = {"checkin.still": "fading", "checkin.still_date": "2026-01-05"}
"""What is answered at each moment, so that each cell of a course summary has a line."""
LINES = {"phq9": (9, 14), "gad7": (7, 14), "pcl5-month": (20, 30)}


ListPieces = Callable[[datetime, list[UUID], int], Iterator[tuple[datetime, EntryDocument]]]
"""Yields entries with their times, by the time now, the sessions, and one in how many is wanted."""


async def charts(plain: int, folder: Path, people: People, length: Length) -> Figures:
    """
    Measure a clinician's chart on one connection, beside the smallest answer there is.

    Args:
        folder: Where *people* are, and nobody else: what is tracked is added to it.
    """
    await share_pieces(folder, people, _list_pieces, part=100 if length.small else 1)
    with served(folder) as port:
        return await measure_desk("charts", port, people, "charts?show=phq9", plain, length)


async def measure_desk(
    name: str, port: Port, people: People, page: str, plain: int, length: Length
) -> Figures:
    """
    Measure a page about the known patient at their clinician's desk on one connection.

    Args:
        page: Its address below the patient's.
        plain: The port of the smallest answer there is, which is measured in turn with it.
    """
    opening = asking(Person(port, people.clinician).get(f"/patients/{people.known}/{page}"))
    rounds = await in_turn([(plain, asking(Person(plain).get("/healthz"))), (port, opening)], length)
    before = cpu_seconds(port)
    drawn = await repeat(port, [opening], length.seconds)
    cpu = (cpu_seconds(port) - before) / len(drawn.answers)
    rates = [ours for _, ours in rounds]
    return {
        f"{name}_per_s": Figure(middle(rates), {"ms": 1000 / middle(rates), "cpu_ms": 1000 * cpu}),
        f"{name}_of_plain": Figure(middle([ours / hello for hello, ours in rounds])),
    }


async def share_pieces(folder: Path, people: People, list_pieces: ListPieces, *, part: int) -> None:
    """Store what the patient wrote in a year and shared: one in *part* of its sessions and pieces."""
    installation = Installation.with_key(SERVER_KEY, quick=part > 1)
    store = await Store.open(f"sqlite://{folder / DATABASE}")
    with store.use():
        patient = await load_person(installation, people.patient)
        (link,) = await links.load_my_links(patient)
        sessions = [await hold_session(patient, number) for number in range(max(1, SESSIONS // part))]
        for at, document in list_pieces(patient.now, sessions, part):
            then = replace(patient, now=at)
            saved = await entries.save_entry(then, uuid4(), 0, document)
            await shares.share_entry(patient, saved.id, link.id, list(document.answers), previewed=1)
    await store.close()


async def load_person(installation: Installation, cookie: str) -> Actor:
    """Return whoever a cookie signs in."""
    actor = await web_sessions.load_actor(installation, urlsafe_b64decode(cookie + "=" * (-len(cookie) % 4)))
    assert actor is not None
    return actor


async def hold_session(patient: Actor, number: int) -> UUID:
    """Have a dosing session have taken place, so many weeks ago, and its patient have rested."""
    begun, ident = patient.now - EVERY * (number + 4), uuid4()
    details = SessionDetails(
        SessionKind.DOSING,
        begun.strftime("%Y-%m-%dT%H:%M"),
        "UTC",
        120,
        Setting.HOME,
        status=Status.CLOSED,
        started_at=begun.isoformat(),
        rested_on=(begun + timedelta(days=2)).date().isoformat(),
    )
    await session_rows.insert_session(patient, patient.id, ident, details, None)
    return ident


def _list_pieces(now: datetime, sessions: list[UUID], part: int) -> Iterator[tuple[datetime, EntryDocument]]:
    for number, session in enumerate(sessions):
        at = now - EVERY * (number + 4)
        times = [at + timedelta(minutes=15 * place) for place in range(8)]
        told = [f"{one:%H:%M} | {118 + place} | 80 | 70 | 97 | " for place, one in enumerate(times)]
        yield at, EntryDocument(EntryKind.DAY.value, session_id=session.hex, answers={READINGS: told})
        for days, moment in ((0, "before"), (1, "next-day"), (7, "7-days"), (14, "14-days"), (30, "30-days")):
            day = min(at + timedelta(days=days), now)
            answers: Answers = {MOMENT: moment, DAY: day.date().isoformat(), **TOLD.get(moment, STILL)}
            yield day, EntryDocument(EntryKind.CHECK_IN.value, session_id=session.hex, answers=answers)
    yield from list_measures(now, PIECES, part)
    for number in range(max(1, MONTHS // part)):
        first = (now - timedelta(days=31 * number)).date().replace(day=1)
        told = [
            f"{first + timedelta(days=place)} |  |  | {place % 11} | 5 | 6 |  | words" for place in range(28)
        ]
        answers = {MONTH: first.isoformat(), DAY_LINES_FIELD: told}
        yield now - timedelta(days=31 * number), EntryDocument(EntryKind.DAY_LINES.value, answers=answers)


def list_measures(
    now: datetime, counts: Mapping[str, int], part: int
) -> Iterator[tuple[datetime, EntryDocument]]:
    """Yield filled measures, one a day, so many of each; a *part* of them."""
    for name, count in counts.items():
        for number in range(max(2, count // part)):
            at = now - timedelta(days=number)
            yield at, EntryDocument(EntryKind.MEASURE.value, answers={FORM: _fill(name, at.date(), number)})


def _fill(name: str, day: date, number: int) -> list[str]:
    items, days = LINES[name]
    head = [f"instrument={name}", "version=1", "language=en", f"days={days}", f"day={day}", f"finished={day}"]
    return [*head, *(f"{item}={(item + number) % 4}" for item in range(1, items + 1))]
