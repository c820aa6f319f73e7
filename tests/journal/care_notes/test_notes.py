"""Notes of a clinician: nobody else's, in versions of which none can go unnoticed, kept by their patient alone."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from journal.care import tables
from journal.care.links import Link, load_link_with
from journal.care_notes import keeping, notes
from journal.care_notes.notes import NoteDetails, NoteKind
from journal.entries import entries
from journal.errors import JournalError, NotFound, StaleRevision
from journal.sealing import encode_document
from tests.cast import Cast
from tests.scenes import signed_in_again

PLAN = {"dose": "As told", "interval": "", "focus": "Sleep", "from_day": "2026-11-23", "why": ""}


async def write(cast: Cast) -> UUID:
    """Have bob write a plan note for alice."""
    alice = await cast.actor("alice")
    return await notes.write_note(await cast.actor("bob"), alice.id, NoteKind.PLAN, PLAN, uuid4())


async def link_of(cast: Cast) -> Link:
    """Return bob's care link with alice."""
    return await load_link_with(await cast.actor("bob"), (await cast.actor("alice")).id)


async def test_nobody_else_reads_or_writes_it(cast: Cast) -> None:
    """Not a stranger, not a colleague with a link of their own, not under another patient; a nurse writes no plan."""
    note = await write(cast)
    await signed_in_again(cast)
    alice = await cast.actor("alice")
    for who in ("charlie", "erin", "dana"):
        with pytest.raises(JournalError):
            await notes.write_note(await cast.actor(who), alice.id, NoteKind.PLAN, PLAN, note, 1)
    for who in ("dana", "bob"):
        with pytest.raises(JournalError):
            await keeping.keep_note(await cast.actor(who), cast.link, note, 1)
    with pytest.raises(NotFound):
        await keeping.keep_note(alice, cast.link, uuid4(), 1)
    with pytest.raises(StaleRevision):
        await keeping.keep_note(alice, cast.link, note, 2)
    assert await tables.CareNote.all().count() == 1


async def test_it_is_kept_with_the_day_on_the_clock_of_its_patient(cast: Cast) -> None:
    """Noon in London is the next day on Kiritimati."""
    note = await write(cast)
    found = await notes.load_note(await cast.actor("bob"), await link_of(cast), note)
    for zone, day in (("Europe/London", "2026-11-22"), ("Pacific/Kiritimati", "2026-11-23")):
        kept = keeping.build_document(found, ZoneInfo(zone))
        assert kept.answers["plan.by"] == f"Bob Example, therapist, {day}"


async def test_a_version_that_is_missing_is_told(cast: Cast) -> None:
    """Whoever takes one away from storage is noticed; one moved to another place does not open."""
    note, bob = await write(cast), await cast.actor("bob")
    alice = await cast.actor("alice")
    await notes.write_note(bob, alice.id, NoteKind.PLAN, PLAN | {"focus": "Appetite"}, note, 1)
    await tables.CareNote.filter(note=note, version=1).delete()
    found = await notes.load_note(bob, await link_of(cast), note)
    assert not found.is_whole
    await tables.CareNote.filter(note=note).update(version=3)
    opened_ = await notes.load_notes(bob, await link_of(cast))
    assert (len(opened_), len(opened_.damaged)) == (0, 1)


async def test_a_note_says_in_which_language_it_was_written(cast: Cast) -> None:
    """So does what its patient keeps of it, on pages of another one; what was signed before it was kept still holds."""
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    note = await notes.write_note(replace(bob, language="en"), alice.id, NoteKind.PLAN, PLAN, uuid4())
    found = await notes.load_note(bob, await link_of(cast), note)
    assert found.current.language == "en"
    entry = await keeping.keep_note(replace(alice, language="es"), cast.link, note, 1)
    assert (await entries.load_entry(alice, entry)).document.language == "en"
    before = NoteDetails("limits", {}, "Bob Example", "prescriber", "2026-11-22T12:00:00+00:00", b"s")
    assert encode_document(before) == (
        b'{"kind":"limits","fields":{},"written_by":"Bob Example","profession":"prescriber",'
        b'"written_at":"2026-11-22T12:00:00+00:00","signature":"cw=="}'
    )
