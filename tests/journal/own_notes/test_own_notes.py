"""A clinician's own notes are theirs alone, outlast the care by 90 days, and are deleted by their word alone."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from journal.audit import events as audit_events
from journal.audit import tables as audit_tables
from journal.authentication import sign_in, web_sessions
from journal.care import invitations, lifecycle, tables
from journal.errors import InvalidInput, JournalError, NotFound, StaleRevision
from journal.operations.retention import purge_deleted
from journal.own_notes import after_care, notes
from journal.own_notes.documents import MAX_LENGTH, PAGE_LENGTH
from journal.own_notes.notes import CareEnded, OwnNote
from journal.practice import account_deletion
from journal.sharing import handover_answers, handover_offers
from tests.cast import PASSWORDS, Cast
from tests.scenes import connected

WORDS = "Begin with the stairs.\n\nLeave time."


async def noted(cast: Cast, text: str = WORDS, note: UUID | None = None, base: int = 0) -> UUID:
    """Have bob write a note about alice, or edit one."""
    cast.clock.forward(seconds=1)
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    return await notes.save_note(bob, alice.id, note or uuid4(), text, base)


async def read(cast: Cast, page: int = 1) -> list[str]:
    """Return the words of bob's notes about alice."""
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    return [one.text for one in (await notes.load_notes(bob, alice.id, page)).notes]


async def load(cast: Cast, note: UUID) -> OwnNote:
    """Return one of bob's notes about alice."""
    return await notes.load_note(await cast.actor("bob"), (await cast.actor("alice")).id, note)


async def ended(cast: Cast, by: str = "bob") -> None:
    """Have care end between alice and bob."""
    await lifecycle.end_care(await cast.actor(by), cast.link)


async def left(cast: Cast, who: str = "bob") -> list[tuple[str, bool]]:
    """Return about whom there are notes after care, and whether it is asked what becomes of them."""
    return [(one.name, one.is_asked) for one in await after_care.list_left(await cast.actor(who))]


async def later(cast: Cast, *names: str, **by: float) -> None:
    """Pass so much time that bob and alice, or who is named, sign in again."""
    cast.clock.forward(**by)
    for name in names or ("alice", "bob"):
        if await web_sessions.load_actor(cast.installation, cast.tokens[name]) is None:
            back = await sign_in.sign_in(cast.installation, f"{name}@example.org", PASSWORDS[name])
            cast.tokens[name] = back.token


async def test_a_note_is_written_edited_and_deleted(cast: Cast) -> None:
    """Newest first; an edit keeps its place and its first time; what was sent twice is there once."""
    first = await noted(cast, f"\r\n{WORDS}\r\n")
    written_at = cast.clock.now
    await noted(cast, "The second.")
    assert await read(cast) == ["The second.", WORDS]
    assert await noted(cast, "Begin later.", first, 1) == first
    assert await noted(cast, "Begin later.", first, 1) == first
    assert await read(cast) == ["The second.", "Begin later."]
    one = await load(cast, first)
    assert (one.revision, one.written_at, one.about) == (2, written_at, "Alice Sample")
    assert one.edited_at is not None
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    await notes.delete_note(bob, alice.id, first)
    assert await read(cast) == ["The second."]
    with pytest.raises(NotFound):
        await notes.delete_note(bob, alice.id, first)


async def test_two_pages_lose_nothing(cast: Cast) -> None:
    """What another page saved or deleted meanwhile is not written over; two new notes of one page are both kept."""
    note = await noted(cast)
    await noted(cast, "Newer.", note, 1)
    with pytest.raises(StaleRevision):
        await noted(cast, "Older page.", note, 1)
    assert await read(cast) == ["Newer."]
    assert await noted(cast, "Sent from the same page.", note) != note
    assert await read(cast) == ["Sent from the same page.", "Newer."]
    await notes.delete_note(await cast.actor("bob"), (await cast.actor("alice")).id, note)
    with pytest.raises(StaleRevision):
        await noted(cast, "Gone.", note, 2)


async def test_what_is_no_note_is_refused(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing written, too much, and one more than there is room for."""
    await noted(cast, "x" * MAX_LENGTH)
    monkeypatch.setattr(notes, "MAX_NOTES", 2)
    await noted(cast)
    for text in ("", " \n ", "x" * (MAX_LENGTH + 1), "The third."):
        with pytest.raises(InvalidInput):
            await noted(cast, text)


async def test_a_page_holds_ten(cast: Cast) -> None:
    """The others are one page on, and no note is missed or shown twice."""
    written = [f"Note {number}" for number in range(PAGE_LENGTH + 2)]
    for text in written:
        await noted(cast, text)
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    assert (await notes.load_notes(bob, alice.id)).has_more
    assert not (await notes.load_notes(bob, alice.id, 2)).has_more
    assert [*await read(cast), *await read(cast, 2)] == written[::-1]
    assert await read(cast, 3) == []


async def test_nobody_else_has_them(cast: Cast) -> None:
    """A second clinician of the same patient finds nothing, by no id; patient and administrator even less."""
    note, alice = await noted(cast), await cast.actor("alice")
    with pytest.raises(NotFound):
        await notes.load_notes(await cast.actor("charlie"), alice.id)
    await connected(cast, "charlie")
    charlie = await cast.actor("charlie")
    assert (await notes.load_notes(charlie, alice.id)).notes == ()
    assert await notes.load_all(charlie) == ()
    assert not await notes.has_notes(charlie)
    hers: tuple[Awaitable[object], ...] = (
        notes.load_note(charlie, alice.id, note),
        notes.delete_note(charlie, alice.id, note),
        after_care.delete_notes(charlie, alice.id),
        after_care.keep_notes(charlie, alice.id),
    )
    for refused in hers:
        with pytest.raises(NotFound):
            await refused
    with pytest.raises(StaleRevision):
        await notes.save_note(charlie, alice.id, note, "Mine now.", 1)
    assert await notes.save_note(charlie, alice.id, note, "An id that is taken.") != note
    assert await read(cast) == [WORDS]
    for name in ("alice", "dana", "erin"):
        who = await cast.actor(name)
        acts: tuple[Awaitable[object], ...] = (
            notes.load_notes(who, alice.id),
            notes.save_note(who, alice.id, uuid4(), WORDS),
            notes.load_all(who),
            notes.has_notes(who),
            after_care.list_left(who),
            after_care.delete_notes(who, alice.id),
        )
        for refused in acts:
            with pytest.raises(JournalError):
                await refused


async def test_no_log_tells_of_them(cast: Cast) -> None:
    """Writing, editing and deleting leave no event: a patient reads their log, an administrator the whole."""
    alice = await cast.actor("alice")
    waiting, chained = (
        await audit_tables.AuditPending.all().count(),
        await audit_tables.AuditEvent.all().count(),
    )
    mine = len(await audit_events.list_all_patient_events(alice.id))
    note = await noted(cast)
    await noted(cast, "Changed.", note, 1)
    await notes.delete_note(await cast.actor("bob"), alice.id, note)
    assert await audit_tables.AuditPending.all().count() == waiting
    assert await audit_tables.AuditEvent.all().count() == chained
    assert len(await audit_events.list_all_patient_events(alice.id)) == mine


@pytest.mark.parametrize("by", ["alice", "bob"])
async def test_after_care_they_are_read_and_nothing_new_is_written(cast: Cast, by: str) -> None:
    """Whoever ended it: a new note and an edit are refused and change nothing, what is there can be deleted."""
    note, second = await noted(cast), await noted(cast, "Second.")
    await ended(cast, by)
    for ident, base in ((uuid4(), 0), (note, 1)):
        with pytest.raises(CareEnded):
            await noted(cast, "Too late.", ident, base)
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    found = await notes.load_notes(bob, alice.id)
    assert (found.link, found.name) == (None, "Alice Sample")
    assert found.ask_from is not None
    assert await read(cast) == ["Second.", WORDS]
    assert await left(cast) == [("Alice Sample", False)]
    await notes.delete_note(bob, alice.id, second)
    assert await read(cast) == [WORDS]
    charlie = await cast.actor("charlie")
    with pytest.raises(NotFound):
        await notes.save_note(charlie, alice.id, uuid4(), "Never in my care.")


async def test_ninety_days_later_their_writer_is_asked_and_nothing_goes_by_itself(cast: Cast) -> None:
    """Not before, however often storage is cleaned; kept, they are asked about again; a word deletes them all."""
    await noted(cast)
    await noted(cast, "Second.")
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    with pytest.raises(NotFound):  # while care lasts
        await after_care.keep_notes(bob, alice.id)
    assert await left(cast) == []
    await ended(cast)
    await later(cast, days=89, hours=23)
    await after_care.keep_notes(await cast.actor("bob"), alice.id)  # before it is asked, nothing happens
    assert await left(cast) == [("Alice Sample", False)]
    await later(cast, hours=1)
    assert await left(cast) == [("Alice Sample", True)]
    await later(cast, days=400)
    await purge_deleted(cast.installation, cast.clock.now)
    assert await left(cast) == [("Alice Sample", True)]
    assert len(await read(cast)) == 2
    await after_care.keep_notes(await cast.actor("bob"), alice.id)
    assert await left(cast) == [("Alice Sample", False)]
    await later(cast, days=90)
    assert await left(cast) == [("Alice Sample", True)]
    await after_care.delete_notes(await cast.actor("bob"), alice.id)
    assert await left(cast) == []
    assert await tables.OwnNote.all().count() == 0


async def test_care_that_begins_again_opens_them_again(cast: Cast) -> None:
    """Then nothing is asked, and they are written and edited as before; the next end counts anew."""
    note = await noted(cast)
    await ended(cast)
    await later(cast, days=89)
    bob = await cast.actor("bob")
    invited = await invitations.create_invitation(bob, "Alice")
    cast.link = await invitations.accept_invitation(await cast.actor("alice"), invited.token)
    await later(cast, days=2)
    assert await left(cast) == []
    await noted(cast, "Again.", note, 1)
    await ended(cast)
    assert await left(cast) == [("Alice Sample", False)]
    await later(cast, days=90)
    assert await left(cast) == [("Alice Sample", True)]


async def test_a_handover_takes_no_note_along(cast: Cast) -> None:
    """The colleague who takes over has none; who handed over keeps theirs, as after any end of care."""
    await noted(cast)
    bob, alice, charlie = [await cast.actor(name) for name in ("bob", "alice", "charlie")]
    offer = await handover_offers.suggest_colleague(bob, alice.id, str(charlie.id))
    await handover_answers.accept_handover(alice, offer, [], end_care=True)
    charlie = await cast.actor("charlie")
    assert (await notes.load_notes(charlie, alice.id)).notes == ()
    assert await notes.load_all(charlie) == ()
    assert await left(cast, "charlie") == []
    assert await read(cast) == [WORDS]
    assert await left(cast) == [("Alice Sample", False)]


async def test_a_deleted_account_leaves_them_to_their_writer(cast: Cast) -> None:
    """As after the end of care; the name they know stands in the sealed notes alone."""
    await noted(cast)
    alice = await cast.actor("alice")
    await account_deletion.request_deletion(alice, "delete")
    await later(cast, "bob", days=8)
    await purge_deleted(cast.installation, cast.clock.now)
    assert await left(cast) == [("Alice Sample", False)]
    bob = await cast.actor("bob")
    found = await notes.load_notes(bob, alice.id)
    assert [one.text for one in found.notes] == [WORDS]
    with pytest.raises(CareEnded):
        await notes.save_note(bob, alice.id, uuid4(), "Too late.")
    rows = await tables.OwnNote.all().values()
    assert not any(b"Alice" in bytes(row["sealed"]) for row in rows)
    await later(cast, "bob", days=90)
    assert await left(cast) == [("Alice Sample", True)]
    await after_care.delete_notes(await cast.actor("bob"), alice.id)
    assert await tables.OwnNote.all().count() == 0


async def test_what_storage_made_of_them_is_noticed(cast: Cast) -> None:
    """A note of another time, id, revision or patient opens as none, hides no other, and can be deleted."""
    note, other = await noted(cast), await noted(cast, "Whole.")
    bob, alice, dana = [await cast.actor(name) for name in ("bob", "alice", "dana")]
    row = tables.OwnNote.filter(id=note)
    kept = (await row.values())[0]
    sealed = (await tables.OwnNote.get(id=other)).sealed
    for changed in (
        {"sealed": sealed},
        {"revision": 2},
        {"revision": 0},
        {"written_at": cast.clock.now},
    ):
        await row.update(**changed)
        found = (await notes.load_notes(bob, alice.id)).notes
        assert ([one.text for one in found], found.damaged) == (["Whole."], (note,))
        await row.update(**{name: kept[name] for name in changed})
    assert await read(cast) == ["Whole.", WORDS]
    await row.update(patient=dana.id)
    (moved,) = await after_care.list_left(await cast.actor("bob"))
    assert moved.name == ""
    assert (await notes.load_notes(bob, dana.id)).notes.damaged == (note,)
    await row.update(patient=alice.id, sealed=b"")
    with pytest.raises(StaleRevision):
        await noted(cast, "Over what does not open.", note, 1)
    await notes.delete_note(bob, alice.id, note)
    assert await read(cast) == ["Whole."]


async def test_keys_of_before_write_nothing(cast: Cast) -> None:
    """A page whose account got other keys meanwhile seals and deletes nothing."""
    note, alice = await noted(cast), await cast.actor("alice")
    bob = replace(await cast.actor("bob"), sealed_identity=b"of before")
    acts: tuple[Awaitable[object], ...] = (
        notes.save_note(bob, alice.id, uuid4(), WORDS),
        notes.delete_note(bob, alice.id, note),
    )
    for refused in acts:
        with pytest.raises(JournalError):
            await refused
    assert await read(cast) == [WORDS]
