"""A course of alice's with everything that a course summary shows of it, shared with bob."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

from journal.care_notes import notes
from journal.care_notes.notes import NoteKind
from journal.catalogue.fields import Answer
from journal.catalogue.tracked import MONTHLY
from journal.sessions.rows import Session
from tests.cast import Cast
from tests.shared_material import dosing, plan_course, share, write

FIRST = date(2026, 8, 28)
PLAN = {
    "dose": "The same",
    "interval": "Two weeks instead of one",
    "focus": "Sleep",
    "why": "Two faded early.",
}
MINE = "her own words, of which nobody was given anything"


def day_of(session: Session) -> date:
    """Return the day of a session."""
    return session.starts_at.date()


def noted() -> dict[str, Answer]:
    """Return what was noted on the day of a session that began at 14:00."""
    return {
        "day.medicine": ["14:02 | the first half", "14:40 | the second half"],
        "day.readings": [
            "13:50 | 128 | 82 | 71 | 98 | sitting",
            "14:45 | 151 | 94 | 88 | 97 | lying",
            "16:05 | 131 | 84 | 74 | 98 | sitting",
        ],
        "day.events": ["15:20 | I stood up too soon and sat down again"],
    }


def next_day(words: str = "when the second record had ended") -> dict[str, Answer]:
    """Return the answers of a check-in on the next day."""
    return {
        "checkin.moment": "next-day",
        "checkin.difficulty": 6,
        "checkin.away_most": 8,
        "checkin.away_until": words,
        "checkin.effects_mild": ["nausea"],
        "checkin.effects_moderate": ["dissociation", "dizziness"],
        "checkin.effects_still": ["dizziness"],
        "checkin.effects_until": "until the evening",
        "checkin.unplanned": ["called-provider"],
    }


def later(moment: str, still: str, since: date | None = None) -> dict[str, Answer]:
    """Return the answers of a check-in some days later."""
    told: dict[str, Answer] = {"checkin.moment": moment, "checkin.still": still}
    return told | ({"checkin.still_date": since.isoformat()} if since else {})


def phq9(day: date, value: int) -> dict[str, Answer]:
    """Return a PHQ-9 of a day, each item answered alike."""
    head = [
        "instrument=phq9",
        "version=1",
        "language=en",
        "days=14",
        f"day={day}",
        f"finished={day}T09:00:00+00:00",
    ]
    return {"measure.form": [*head, *(f"{item}={value}" for item in range(1, 10))]}


async def share_a_course(
    cast: Cast, count: int = 12, months: int = 3, words: str = "until the evening"
) -> None:
    """Have *count* weekly sessions lie behind alice, and everything of them be shared."""
    await plan_course(cast, first=FIRST, count=count)
    for place, one in enumerate((await dosing(cast))[:count]):
        day, at = day_of(one), one.starts_at
        told = next_day() | {"checkin.away_until": words, "checkin.effects_other": words[:500]}
        records = [("day", noted(), 3), ("check_in", told, 24)]
        for days, still in ((7, "yes"), (14, "fading"), (30, "gone")):
            since = None if still == "yes" else day + timedelta(days=days - 2)
            records.append(("check_in", later(f"{days}-days", still, since), 24 * days))
        for kind, answers, hours in records:
            then = min(at + timedelta(hours=hours), cast.clock.now)
            await share(cast, await write(cast, kind, answers, about=one, at=then), at=then)
        measured = await write(cast, "measure", phq9(day - timedelta(days=2), place % 4), at=at)
        await share(cast, measured)
    for month in range(months):
        monthly: dict[str, Answer] = {one.id: one.options[1].value for one in MONTHLY if one.options}
        monthly |= {"checkin.moment": "monthly", "checkin.day": f"2026-{9 + month % 3:02}-{20 - month:02}"}
        await share(cast, await write(cast, "check_in", monthly))
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    for holds in ("2026-10-02", "2026-11-06"):
        await notes.write_note(bob, alice.id, NoteKind.PLAN, PLAN | {"from_day": holds}, uuid4())
