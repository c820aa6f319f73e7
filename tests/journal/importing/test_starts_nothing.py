"""What is imported is kept and read, and nothing begins because of it: past is past, and what is shared is chosen."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from journal.care import links
from journal.check_ins import offers
from journal.coming_talk.items import list_talks_ahead
from journal.importing.items import LeftOut
from journal.reminders import following
from journal.reminders.sending import deliver_reminders
from journal.reminders.waiting import Waiting, load_waiting
from journal.sessions.holds import load_hold
from journal.sessions.rows import load_my_sessions, load_plan
from journal.standing import completion, standing
from journal.standing.kinds import KINDS
from journal.today import today
from tests.cast import NOON
from tests.journal.calendar.test_feeds import made, shown
from tests.journal.importing.corpus import build_archive, entry_record, read, session_record
from tests.journal.importing.test_adding import imported
from tests.journal.reminders.test_sending import chosen
from tests.scenes import read_by

if TYPE_CHECKING:
    from journal.actor import Actor
    from tests.cast import Cast

DOSING = "9f0c2f0e-13a7-4b34-9d41-77c1f2a5e6d3"


def planned(hours: float, **changes: Any) -> dict[str, Any]:
    """Return a session that was planned for so many hours before noon and lasted one; nobody said that they rested."""
    start = NOON - timedelta(hours=hours)
    return session_record(
        **{
            "id": str(uuid4()),
            "course_id": None,
            "local": start.isoformat(timespec="minutes")[:16],
            "zone": "UTC",
            "minutes": 60,
            "started_at": start.isoformat(),
            "ended_at": None,
            "rested_on": None,
        }
        | changes
    )


SESSIONS = [
    planned(1, id=DOSING, status="in_session"),
    planned(2, status="recovering", ended_at=(NOON - timedelta(hours=1)).isoformat()),
    planned(4, status="stopped_early"),
    planned(5, status="planned", started_at=None),
    planned(26, status="integrating"),
    planned(73, status="integrating"),
    planned(24 * 7, status="closed"),
    planned(24 * 14, status="closed"),
    planned(24 * 30, status="closed"),
    planned(1, kind="integration", status="planned", started_at=None, about=DOSING),
    planned(3, kind="preparation", status="planned", started_at=None, about=DOSING),
    planned(6, kind="medical_checkin", status="planned", started_at=None, ask_after="2026-11-22"),
]
"""What would hold, remind, offer or ask at noon if it stood in the plan: from the same hour to a month before."""


async def see(cast: Cast, token: str, alice: Actor) -> list[Any]:
    """Return all that follows from a plan: holds, calendar, reminders, what is next, talks, and what is offered."""
    mine, team = await load_my_sessions(alice), await links.load_my_links(alice)
    known = await following.load_known(cast.installation, alice.id, alice.now)
    next_things = await today.load_today(alice, mine, team)
    return [
        await load_hold(alice),
        (await shown(cast, token)).appointments,
        (known.due, known.calendar),
        await load_waiting(cast.installation, alice.id),
        (next_things.today, next_things.due, next_things.done),
        list_talks_ahead(mine, alice.now),
        offers.find_offer(alice, mine, (), {}),
        tuple(mine),
        tuple(await load_plan(cast.installation, alice.id)),
    ]


async def test_a_session_that_is_imported_starts_nothing(sqlite_cast: Cast):
    """No hold, reminder, mail, talk, offer or line of a calendar, at once and as days go by."""
    cast = sqlite_cast
    await chosen(cast)
    token = await made(cast)
    found = read(("it.zip", build_archive([], {"courses": [], "sessions": SESSIONS})))
    assert found.left_out == {}
    alice = await cast.actor("alice")
    before = await see(cast, token, alice)
    run = await imported(alice, found)
    assert run.document.added_sessions == len(SESSIONS) == len((await load_my_sessions(alice)).imported)
    assert await see(cast, token, alice) == before
    for hours in (3, 20, 24, 24 * 6):
        cast.clock.forward(hours=hours)
        alice = replace(alice, now=cast.clock.now)
        await today.load_and_renew_reminders(alice)
        hold, appointments, (due, _), waiting, _, talks, offer, mine, plan = await see(cast, token, alice)
        assert (hold, appointments, due, talks, offer, mine, plan) == (None, (), {}, (), None, (), ())
        assert isinstance(waiting, Waiting)
        assert waiting.next_at == 0
        assert await deliver_reminders(cast.installation) == 0


async def test_nothing_goes_by_a_standing_share(sqlite_cast: Cast):
    """Whatever kind is shared as it is completed, what is imported was completed elsewhere, and is not asked about."""
    cast = sqlite_cast
    alice = await cast.actor("alice")
    for kind in KINDS:
        await standing.give_standing(alice, cast.link, kind)
    cast.clock.forward(minutes=1)
    records = [
        entry_record(
            id=str(uuid4()),
            kind=one.entry_kind.value,
            title="",
            answers=[{"id": name, "value": value} for name, value in one.example.items()],
        )
        for one in KINDS.values()
    ]
    shared = {"care_team": [{}], "shares": [{"attention": "soon"}], "agreements": [{}], "notices": []}
    found = read(("it.zip", build_archive(records, sharing=shared)))
    assert found.left_out == {LeftOut.SHARING: 2}
    run = await imported(await cast.actor("alice"), found)
    assert run.document.added == len({(one.entry_kind, str(one.example)) for one in KINDS.values()})
    alice = await cast.actor("alice")
    await today.load_and_renew_reminders(alice)
    assert await read_by(cast, "bob") == ()
    assert await completion.list_links_with_unshared(alice) == ()
