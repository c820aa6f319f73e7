"""What an ended care left: its patient removes the numbers and hides the texts, and nothing of a care that lasts."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from journal.audit.acts import Act
from journal.care import lifecycle, past_care
from journal.clinic import call_contacts, ended_care, instructions, tables, text_writing
from journal.clinic.call_contacts import CallDetails, CallRole
from journal.clinic.instructions import InstructionsDetails
from journal.errors import HeldUntilRested, NotFound, StaleRevision
from journal.scheduling import plan as session_plan
from journal.sessions.session import SessionDetails, SessionKind, Setting, Status
from tests.cast import ZONE, Cast
from tests.log import logged

NURSE = CallDetails(CallRole.NURSE, "Nurse Placeholder", "+49 30 5550 1")


async def left(cast: Cast, *, ended: bool = True) -> tuple[UUID, UUID]:
    """Have bob write a contact and a text for alice, and his care end; return their ids."""
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    contact = await call_contacts.save_contact(bob, alice.id, NURSE)
    details = InstructionsDetails("Placeholder tea", acute_hours=8)
    text = await text_writing.save_instructions(bob, alice.id, None, details, is_checked=True)
    if ended:
        await lifecycle.end_care(alice, cast.link)
    return contact, text


async def there(cast: Cast) -> tuple[int, bool]:
    """Return how many contacts alice has, and whether a text counts."""
    alice = await cast.actor("alice")
    text = await instructions.load_instructions(cast.installation, alice.id, None)
    return len(await call_contacts.load_my_contacts(alice)), text is not None


async def test_what_was_left_goes_when_its_patient_says_so(cast: Cast) -> None:
    """The number for good, the text until it is shown again; each is written down once."""
    contact, text = await left(cast)
    alice = await cast.actor("alice")
    assert await there(cast) == (1, True)
    await ended_care.remove_left_contact(alice, contact)
    for _ in range(2):
        await ended_care.hide_left_text(alice, text)
    assert await there(cast) == (0, False)
    for _ in range(2):
        await ended_care.show_text_again(alice, text)
    assert await there(cast) == (0, True)
    for act, about in (
        (Act.CALL_CONTACT_REMOVED, contact),
        (Act.INSTRUCTIONS_HIDDEN, text),
        (Act.INSTRUCTIONS_SHOWN, text),
    ):
        assert [(one.actor_id, one.object_id) for one in await logged(act)] == [(alice.id, about)]


async def test_what_a_care_team_answers_for_is_theirs(cast: Cast) -> None:
    """Refused with a sentence while care lasts, also paused; nothing is changed."""
    contact, text = await left(cast, ended=False)
    alice = await cast.actor("alice")
    for _ in range(2):
        with pytest.raises(StaleRevision, match="in your care team"):
            await ended_care.remove_left_contact(alice, contact)
        with pytest.raises(StaleRevision, match="in your care team"):
            await ended_care.hide_left_text(alice, text)
        await lifecycle.pause_sharing(alice)
    assert await there(cast) == (1, True)


async def test_nobody_else_removes_or_hides_it(cast: Cast) -> None:
    """Another patient finds nothing, and no clinician or administrator comes near, also not who wrote it."""
    contact, text = await left(cast)
    for who in ("dana", "bob", "charlie", "erin"):
        somebody = await cast.actor(who)
        for act, about in (
            (ended_care.remove_left_contact, contact),
            (ended_care.hide_left_text, text),
            (ended_care.show_text_again, text),
        ):
            with pytest.raises(NotFound):
                await act(somebody, about)
            with pytest.raises(NotFound):
                await act(somebody, uuid4())
    assert await there(cast) == (1, True)


async def test_it_waits_until_the_patient_has_rested(cast: Cast) -> None:
    """As everything that takes something away; to show it again never waits."""
    contact, text = await left(cast)
    alice = await cast.actor("alice")
    await ended_care.hide_left_text(alice, text)
    await ended_care.show_text_again(alice, text)
    details = SessionDetails(SessionKind.DOSING, "2026-11-22T13:00", ZONE, 120, Setting.HOME)
    session = await session_plan.add_session(alice, alice.id, details)
    await session_plan.change_status(alice, session, Status.IN_SESSION)
    with pytest.raises(HeldUntilRested):
        await ended_care.remove_left_contact(alice, contact)
    with pytest.raises(HeldUntilRested):
        await ended_care.hide_left_text(alice, text)
    assert await there(cast) == (1, True)
    await tables.InstructionsVersion.filter(id=text).update(hidden_at=alice.now)
    await ended_care.show_text_again(alice, text)
    assert await there(cast) == (1, True)


async def test_one_that_does_not_open_goes_once_nobody_is_in_the_team(cast: Cast) -> None:
    """It is not known who wrote it: while anybody is in the team, it may be theirs."""
    contact, _ = await left(cast, ended=False)
    alice = await cast.actor("alice")
    await tables.CallContact.filter(id=contact).update(revision=7)
    with pytest.raises(StaleRevision):
        await ended_care.remove_left_contact(alice, contact)
    await lifecycle.end_care(alice, cast.link)
    assert await past_care.list_carers(alice.id) == frozenset()
    await ended_care.remove_left_contact(alice, contact)
    assert not (await call_contacts.load_my_contacts(alice)).damaged


@pytest.mark.parametrize(
    ("writer", "carers", "answer"),
    [(1, (), True), (1, (2,), True), (1, (1, 2), False), (None, (), True), (None, (2,), False)],
)
def test_whose_it_is(writer: int | None, carers: tuple[int, ...], answer: bool) -> None:
    """A writer whose care lasts answers for it; where none is known, whoever is in the team does."""
    people = {UUID(int=one) for one in carers}
    assert ended_care.is_left(UUID(int=writer) if writer else None, people) is answer
