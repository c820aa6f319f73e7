"""The record of the day of a session: one of each, corrected line by line, and sealed like every entry."""

from __future__ import annotations

from datetime import time
from uuid import UUID, uuid4

import pytest

from journal.catalogue.fields import EntryKind
from journal.dosing_day import record
from journal.dosing_day.lines import MAX_TIMES, Reading, Taken
from journal.dosing_day.record import MEDICINE, READINGS, Place
from journal.entries import by_kind, entries, revisions
from journal.errors import InvalidInput, NotFound, StaleRevision
from journal.scheduling import plan as session_plan
from journal.sessions.session import SessionDetails, SessionKind, Setting, Status
from tests.cast import ZONE, Cast
from tests.scenes import in_session, read_by, shared


async def planned(cast: Cast, who: str = "alice", kind: SessionKind = SessionKind.DOSING) -> UUID:
    """Have somebody plan a session for the next day."""
    actor = await cast.actor(who)
    return await session_plan.add_session(
        actor, actor.id, SessionDetails(kind, "2026-11-23T14:00", ZONE, 120, Setting.HOME)
    )


async def test_what_is_noted_while_a_session_is_under_way(cast: Cast) -> None:
    """Parts and a reading are kept at once, a form sent twice once, in one record about that session."""
    session, alice = await in_session(cast), await cast.actor("alice")
    await record.save_taken(alice, session, Taken(time(14, 5), "the first half"))
    form = uuid4()
    for _ in range(2):
        await record.save_taken(alice, session, Taken(time(15, 0)), ident=form)
    await record.save_taken(alice, session, Taken(time(15, 0)), ident=uuid4())
    await record.save_reading(alice, session, Reading(time(14, 20), "900", "82"))
    found = await record.load_record(alice, session)
    assert [one.line for one in found.medicine] == ["14:05 | the first half", "15:00", "15:00"]
    assert [(one.systolic, one.diastolic, one.pulse) for one in found.readings] == [("900", "82", "")]
    _, every = await by_kind.load_entries_of_kinds(alice, {EntryKind.DAY})
    assert [one.document.session_id for one in every] == [session.hex]
    assert (await record.load_record(alice, await planned(cast))).entry is None


async def test_a_correction_keeps_what_was_there(cast: Cast) -> None:
    """A line is corrected and removed where the page showed it; earlier versions have the old ones."""
    session, alice = await in_session(cast), await cast.actor("alice")
    for hour in (14, 15):
        await record.save_taken(alice, session, Taken(time(hour), f"at {hour}"))
    seen = await record.load_record(alice, session)
    await record.save_taken(alice, session, Taken(time(15), "at three"), Place(1, seen.revision))
    with pytest.raises(StaleRevision):
        await record.remove_line(alice, session, MEDICINE, Place(0, seen.revision))
    seen = await record.load_record(alice, session)
    assert [one.words for one in seen.medicine] == ["at 14", "at three"]
    await record.remove_line(alice, session, MEDICINE, Place(0, seen.revision))
    assert [one.words for one in (await record.load_record(alice, session)).medicine] == ["at three"]
    assert seen.entry
    kept = [
        await revisions.load_revision(alice, seen.entry.id, one.id)
        for one in await revisions.list_revisions(alice, seen.entry.id)
    ]
    assert ["14:00 | at 14", "15:00 | at 15"] in [one.document.answers[MEDICINE] for one in kept]
    assert ["14:00 | at 14", "15:00 | at three"] in [one.document.answers[MEDICINE] for one in kept]


async def test_what_cannot_be_kept_is_refused(cast: Cast) -> None:
    """No time, a long line, no number, nothing at all, one too many: each says so, and nothing changes."""
    session, alice = await in_session(cast), await cast.actor("alice")
    for taken, fields in ((Taken(None), {"time"}), (Taken(None, "x" * 301), {"time", "line"})):
        with pytest.raises(InvalidInput) as refused:
            await record.save_taken(alice, session, taken)
        assert set(refused.value.fields) == fields
    for reading, fields in (
        (Reading(time(14)), {"systolic"}),
        (Reading(pulse="fast"), {"pulse"}),
        (Reading(oxygen="98", by="x" * 61), {"taken_by"}),
        (Reading(systolic="1" * 5000), {"systolic"}),
    ):
        with pytest.raises(InvalidInput) as refused:
            await record.save_reading(alice, session, reading)
        assert set(refused.value.fields) == fields
    assert (await record.load_record(alice, session)).entry is None
    for minute in range(MAX_TIMES):
        await record.save_taken(alice, session, Taken(time(14, minute)))
    with pytest.raises(InvalidInput):
        await record.save_taken(alice, session, Taken(time(16)))
    with pytest.raises(StaleRevision):
        await record.remove_line(alice, await planned(cast), READINGS, Place(0, 1))


async def test_only_ones_own_dosing_session_has_a_day(cast: Cast) -> None:
    """Another's, a talk, a cancelled one and one that does not exist are not found."""
    alice = await cast.actor("alice")
    cancelled = await planned(cast)
    await session_plan.change_status(alice, cancelled, Status.CANCELLED)
    for wanted in (await planned(cast, "dana"), await planned(cast, kind=SessionKind.INTEGRATION), cancelled):
        with pytest.raises(NotFound):
            await record.save_taken(alice, wanted, Taken(time(14)))


async def test_a_therapist_reads_what_was_shared_of_it(cast: Cast) -> None:
    """Each of the two is a section that can be shared, and the other stays private."""
    session, alice = await planned(cast), await cast.actor("alice")
    await record.save_taken(alice, session, Taken(time(14, 5), "the first half"))
    await record.save_reading(alice, session, Reading(time(14, 20), "128", "82", by="Sam"))
    entry = (await record.load_record(alice, session)).entry
    assert entry
    await shared(cast, entry, (MEDICINE,))
    (copy,) = await read_by(cast, "bob")
    assert copy.answers == {MEDICINE: ["14:05 | the first half"]}
    assert READINGS in (await entries.load_entry(alice, entry.id)).document.answers
