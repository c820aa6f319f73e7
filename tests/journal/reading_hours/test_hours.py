"""A clinician's reading hours: written by them alone, told to those in their care, and what is refused."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from journal.care import links
from journal.clinic.hours import Window
from journal.errors import InvalidInput, NotFound, StaleRevision
from journal.reading_hours import hours as reading_hours
from journal.reading_hours import tables
from journal.reading_hours.hours import Hours
from journal.reading_hours.next_look import LookState, load_next_look
from journal.scheduling import plan as session_plan
from journal.sealing import seal_document
from journal.sessions.session import SessionDetails, SessionKind, Setting
from tests.cast import Cast
from tests.scenes import connected

MORNINGS = Hours(
    "Europe/Berlin",
    (Window((1, 2, 3, 4, 5, 6, 7), "09:00", "12:00"),),
    covers="Dr. Sand",
    words="I read slowly.",
)


async def save(cast: Cast, hours: Hours = MORNINGS, base: int = 0, who: str = "bob") -> None:
    await reading_hours.save_hours(await cast.actor(who), hours, base=base)


async def test_a_patient_is_told(cast: Cast) -> None:
    """What bob wrote stands on the pages of his patient, with the next talk of her plan; charlie wrote nothing."""
    link = cast.link
    other = await connected(cast, "charlie")
    await save(cast)
    alice = await cast.actor("alice")
    look = await load_next_look(alice, await links.load_my_link(alice, link))
    assert (look.state, look.name, look.hours.covers) == (
        LookState.NEXT,
        (await cast.actor("bob")).name,
        "Dr. Sand",
    )
    assert look.at is not None
    assert look.talk is None
    soon = f"{alice.now + timedelta(minutes=30):%Y-%m-%dT%H:%M}"
    details = SessionDetails(SessionKind.INTEGRATION, soon, "UTC", 50, Setting.CLINIC)
    await session_plan.add_session(await cast.actor("bob"), alice.id, details)
    alice = await cast.actor("alice")
    look = await load_next_look(alice, await links.load_my_link(alice, link))
    assert (look.state, look.talk) == (LookState.AFTER_TALK, details.starts_at)
    assert (await load_next_look(alice, await links.load_my_link(alice, other))).state is LookState.UNKNOWN


@pytest.mark.parametrize("who", ["alice", "erin"])
async def test_only_clinicians_write_some(cast: Cast, who: str) -> None:
    """Patients and administrators have none."""
    with pytest.raises(NotFound):
        await save(cast, who=who)
    with pytest.raises(NotFound):
        await reading_hours.load_my_hours(await cast.actor(who))


@pytest.mark.parametrize(
    ("hours", "field"),
    [
        pytest.param(Hours("UTC", (Window((1,), "12:00", "09:00"),)), "start0", id="end before they begin"),
        pytest.param(Hours("UTC", (Window((1,), "09:00", "09:00"),)), "start0", id="end as they begin"),
        pytest.param(
            Hours("UTC", (Window((1,), "09:00", "10:00"), Window((2,), "22:00", "02:00"))),
            "start1",
            id="over midnight",
        ),
        pytest.param(Hours("UTC", (Window((), "09:00", "10:00"),)), "start0", id="no days"),
        pytest.param(Hours("UTC", (Window((8,), "09:00", "10:00"),)), "start0", id="no such day"),
        pytest.param(Hours("UTC", 5 * (Window((1,), "09:00", "10:00"),)), "start0", id="too many"),
        pytest.param(Hours("Mars/Base"), "zone", id="no such zone"),
        pytest.param(
            Hours("UTC", (), "2026-12-02", "2026-12-01"), "away_until_date", id="away ends before it begins"
        ),
        pytest.param(Hours("UTC", (), "2026-12-02", ""), "away_until_date", id="away without an end"),
        pytest.param(Hours("UTC", (), "", "2026-12-02"), "away_from_date", id="away without a beginning"),
        pytest.param(Hours("UTC", (), "2026-12-02", "2027-12-05"), "away_until_date", id="away for too long"),
        pytest.param(
            Hours("UTC", (), "2029-01-01", "2029-01-02"), "away_until_date", id="away too far ahead"
        ),
        pytest.param(
            Hours("UTC", (), "9999-12-30", "9999-12-31"), "away_until_date", id="away at the end of days"
        ),
        pytest.param(Hours("UTC", covers="x" * 201), "covers", id="too much about who covers"),
        pytest.param(Hours("UTC", words="x" * 201), "words", id="too long a sentence"),
    ],
)
async def test_what_is_refused(cast: Cast, hours: Hours, field: str) -> None:
    """Each says which field it is about, and nothing is stored."""
    with pytest.raises(InvalidInput) as refused:
        await save(cast, hours)
    assert list(refused.value.fields) == [field]
    assert await tables.ReadingHours.all().count() == 0


async def test_two_windows_of_one_person(cast: Cast) -> None:
    """What was saved meanwhile is not overwritten unseen; each save is logged."""
    await save(cast)
    with pytest.raises(StaleRevision):
        await save(cast)
    await save(cast, Hours("UTC"), base=1)
    with pytest.raises(StaleRevision):
        await save(cast, base=1)
    assert (await reading_hours.load_my_hours(await cast.actor("bob"))).revision == 2


async def test_what_does_not_open_counts_as_none(cast: Cast) -> None:
    """Bent hours, and those of somebody else, tell nobody a time; they are written anew."""
    await save(cast)
    await save(cast, who="charlie")
    theirs = await tables.ReadingHours.get(id=(await cast.actor("charlie")).id)
    bob = await cast.actor("bob")
    for sealed in (bytes(80), theirs.sealed):
        await tables.ReadingHours.filter(id=bob.id).update(sealed=sealed)
        alice = await cast.actor("alice")
        assert (
            await load_next_look(alice, await links.load_my_link(alice, cast.link))
        ).state is LookState.UNKNOWN
        assert (await reading_hours.load_my_hours(bob)).is_damaged
    await save(cast)
    assert (await reading_hours.load_my_hours(bob)).hours == MORNINGS


@pytest.mark.parametrize(
    "wrong",
    [
        {"zone": "Nowhere/At all"},
        {"windows": (Window((1,), "9 o'clock", "12:00"),)},
        {"windows": (Window((1,), "09:00", "noon"),)},
        {"away_from": "2026-02-30", "away_until": "2026-03-01"},
        {"away_from": "2026-03-01", "away_until": "soon"},
        {"away_from": "2026-03-02", "away_until": "2026-03-01"},
    ],
)
async def test_hours_that_say_no_time_count_as_not_written(cast: Cast, wrong: dict[str, object]) -> None:
    """Whoever has the server key can seal anything: a patient's page opens, and is told nothing of it."""
    await save(cast)
    written = msgspec.structs.replace(MORNINGS, **wrong)
    bob = await cast.actor("bob")
    context = reading_hours.hours_context(bob.id, 1)
    sealed = seal_document(cast.installation.server_keys, written, context)
    await tables.ReadingHours.filter(id=bob.id).update(sealed=sealed)
    alice = await cast.actor("alice")
    look = await load_next_look(alice, await links.load_my_link(alice, cast.link))
    assert look.state is LookState.UNKNOWN
    assert (await reading_hours.load_my_hours(bob)).is_damaged
