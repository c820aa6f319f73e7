"""The check list of a session: a state belongs to the words of a line, and nothing of another page is overwritten."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import msgspec
import pytest

from journal.catalogue.fields import EntryKind
from journal.clinic import instructions, text_writing
from journal.clinic import tables as clinic_tables
from journal.clinic.instructions import InstructionsDetails, ItemGroup
from journal.entries import by_kind, revisions
from journal.errors import InvalidInput, NotFound, StaleRevision
from journal.preparing import checklist
from journal.preparing.checklist import CheckLine, Checklist, CheckState, TextState
from journal.sealing import open_document, seal_document
from journal.sessions.session import SessionKind
from tests.cast import Cast
from tests.shared_material import dosing, plan_course, plan_session

OPEN, DONE, NOT_FOR_ME = CheckState
TEXT = InstructionsDetails(
    fasting="Nothing to eat from 8 in the morning\nSips of water",
    medicines="Ask before the blue tablet",
    bring="A blanket\nA pair of warm socks",
)


async def begin(cast: Cast) -> UUID:
    """Have bob plan a course for alice, and return her third dosing session."""
    await plan_course(cast)
    return (await dosing(cast))[2].id


async def tell(cast: Cast, details: InstructionsDetails = TEXT, *, base: int = 0) -> None:
    """Have bob write the text of her course."""
    session = (await dosing(cast))[2]
    await text_writing.save_instructions(
        await cast.actor("bob"), session.patient, session.course, details, base=base, is_checked=True
    )


async def load(cast: Cast, session: UUID) -> Checklist:
    """Alice's check list."""
    return await checklist.load_checklist(await cast.actor("alice"), session)


def states(lines: tuple[CheckLine, ...]) -> dict[str, CheckState]:
    """Lines and their states."""
    return {line.text: line.state for line in lines}


async def test_each_line_goes_any_way(cast: Cast) -> None:
    """A line of the clinic or of one's own is open, done or not for me, and back; the others stay."""
    session = await begin(cast)
    await tell(cast)
    alice = await cast.actor("alice")
    await checklist.add_lines(alice, session, ["  Ask Jo to\nsit. ", "The dog", "The dog"])
    seen = await load(cast, session)
    assert [line.group for line in seen.clinic] == [
        *[ItemGroup.FASTING] * 2,
        ItemGroup.MEDICINES,
        *[ItemGroup.BRING] * 2,
    ]
    assert states(seen.own) == {"Ask Jo to sit.": OPEN, "The dog": OPEN}
    for state in (DONE, NOT_FOR_ME, DONE, OPEN, NOT_FOR_ME):
        for text in ("The dog", "A blanket"):
            await checklist.change_state(alice, session, text, state)
            seen = await load(cast, session)
            every = states(seen.clinic) | states(seen.own)
            assert every.pop(text) is state
            await checklist.change_state(alice, session, text, OPEN)
    seen = await load(cast, session)
    assert {*states(seen.clinic).values(), *states(seen.own).values()} == {OPEN}
    assert seen.is_intact
    other = await load(cast, (await dosing(cast))[3].id)
    assert (other.entry, other.own) == (None, ())


async def test_a_changed_text_is_open_again_and_says_what_it_was(cast: Cast) -> None:
    """Of a line that the clinic changed, the old words and state are told until it is ticked anew; the others stay."""
    session = await begin(cast)
    await tell(cast)
    alice = await cast.actor("alice")
    for text in ("Nothing to eat from 8 in the morning", "A blanket", "Ask before the blue tablet"):
        await checklist.change_state(alice, session, text, DONE)
    fasting = "Sips of water\nNothing to eat from 6 in the morning"
    await tell(cast, msgspec.structs.replace(TEXT, fasting=fasting, medicines=""), base=1)
    seen = await load(cast, session)
    assert seen.clinic == (
        CheckLine("Sips of water", OPEN, ItemGroup.FASTING),
        CheckLine(
            "Nothing to eat from 6 in the morning",
            OPEN,
            ItemGroup.FASTING,
            "Nothing to eat from 8 in the morning",
            DONE,
        ),
        CheckLine("A blanket", DONE, ItemGroup.BRING),
        CheckLine("A pair of warm socks", OPEN, ItemGroup.BRING),
    )
    with pytest.raises(StaleRevision):
        await checklist.change_state(alice, session, "Nothing to eat from 8 in the morning", DONE)
    for state in (NOT_FOR_ME, OPEN):
        await checklist.change_state(alice, session, "Nothing to eat from 6 in the morning", state)
        changed = (await load(cast, session)).clinic[1]
        assert (changed.state, changed.old_text, changed.old_state) == (state, "", None)


async def test_lines_of_ones_own_are_changed_removed_and_taken_over(cast: Cast) -> None:
    """A changed line keeps place and state; a removed one goes with its state; the next session takes them, open."""
    session = await begin(cast)
    alice = await cast.actor("alice")
    await checklist.add_lines(alice, session, ["One", "Two", "Three"])
    await checklist.change_state(alice, session, "Two", DONE)
    await checklist.change_line(alice, session, "Two", "Two, twice")
    await checklist.remove_line(alice, session, "One")
    assert states((await load(cast, session)).own) == {"Two, twice": DONE, "Three": OPEN}
    for old, new in (("Three", " "), ("Three", "x" * 201), ("Three", "Two, twice")):
        with pytest.raises(InvalidInput):
            await checklist.change_line(alice, session, old, new)
    with pytest.raises(StaleRevision):
        await checklist.change_line(alice, session, "One", "Another")
    after = (await dosing(cast))[3].id
    assert (await load(cast, after)).earlier == ("Two, twice", "Three")
    await checklist.add_lines(alice, after, ["Three"])
    await checklist.take_over_lines(alice, after)
    seen = await load(cast, after)
    assert (states(seen.own), seen.earlier) == ({"Three": OPEN, "Two, twice": OPEN}, ())


async def test_a_line_that_is_removed_stays_in_an_earlier_version(cast: Cast) -> None:
    """Also where it was added moments ago."""
    alice, session = await cast.actor("alice"), await begin(cast)
    await checklist.add_lines(alice, session, ["Tell Mara"])
    await checklist.remove_line(alice, session, "Tell Mara")
    (record,) = (await by_kind.load_entries_of_kinds(alice, {EntryKind.CHECKLIST}))[1]
    (kept,) = await revisions.list_revisions(alice, record.id)
    assert kept.document.answers[checklist.OWN] == "Tell Mara"
    assert checklist.OWN not in record.document.answers


async def test_what_does_not_fit_is_refused_and_the_rest_stays(cast: Cast) -> None:
    """Nothing, a line too long, and the 41st; forty of 200 letters are kept, whatever their state."""
    session = await begin(cast)
    alice = await cast.actor("alice")
    for text in ("", " \u2028 ", "x" * 201, "x" * 100_000):
        with pytest.raises(InvalidInput):
            await checklist.add_lines(alice, session, [text])
    assert (await load(cast, session)).entry is None
    full = [f"{number:03}{'ä' * 197}" for number in range(40)]
    await checklist.add_lines(alice, session, full)
    with pytest.raises(InvalidInput):
        await checklist.add_lines(alice, session, ["One more"])
    for text in full[::13]:
        await checklist.change_state(alice, session, text, DONE)
    seen = states((await load(cast, session)).own)
    assert list(seen) == full
    assert [text for text, state in seen.items() if state is DONE] == full[::13]


async def test_pages_that_change_it_at_once_overwrite_nothing(cast: Cast) -> None:
    """Three pages add a line at the same moment: one check list, with all three."""
    session = await begin(cast)
    alice = await cast.actor("alice")
    await asyncio.gather(*(checklist.add_lines(alice, session, [text]) for text in ("One", "Two", "Three")))
    assert {*states((await load(cast, session)).own)} == {"One", "Two", "Three"}
    _, found = await by_kind.load_entries_of_kinds(alice, {EntryKind.CHECKLIST})
    assert len(found) == 1


async def test_a_text_that_nobody_of_the_team_signed_is_not_shown(cast: Cast) -> None:
    """Whoever holds the server key can seal another text; it is not the care team's, and no line of it is there."""
    session = await begin(cast)
    await tell(cast)
    (row,) = await clinic_tables.InstructionsVersion.all()
    where = instructions.instructions_context(row.patient_id, row.course_id, 1)  # type: ignore[attr-defined]
    keys = cast.installation.server_keys
    document = open_document(keys, row.sealed, where, instructions.SignedInstructions)
    forged = msgspec.structs.replace(
        document,
        details=msgspec.Raw(bytes(document.details).replace(b'"check_minutes":', b'"check_minutes": ')),
    )
    row.sealed = seal_document(keys, forged, where)
    await row.save()
    seen = await load(cast, session)
    assert (seen.clinic, seen.instructions, seen.text_state) == ((), None, TextState.UNSIGNED)


async def test_nobody_else_has_it(cast: Cast) -> None:
    """Not another patient, a clinician or an administrator; a talk and a session that is not there have none."""
    session = await begin(cast)
    talk = await plan_session(cast, SessionKind.PREPARATION, "2026-11-25T10:00")
    for who in ("dana", "bob", "charlie", "erin"):
        with pytest.raises(NotFound):
            await checklist.load_checklist(await cast.actor(who), session)
        with pytest.raises(NotFound):
            await checklist.add_lines(await cast.actor(who), session, ["words"])
    alice = await cast.actor("alice")
    for other in (talk, uuid4()):
        with pytest.raises(NotFound):
            await checklist.load_checklist(alice, other)
        with pytest.raises(NotFound):
            await checklist.add_lines(alice, other, ["words"])
