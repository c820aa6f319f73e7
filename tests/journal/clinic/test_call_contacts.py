"""Whom a patient can call: written by their care team, read by the patient, and nobody else's."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

import msgspec
import pytest

from journal.care import lifecycle, links
from journal.clinic import call_contacts, tables
from journal.clinic.call_contacts import MAX_CONTACTS, CallContact, CallDetails, CallRole
from journal.clinic.hours import Availability, Window
from journal.errors import InvalidInput, NotFound, StaleRevision
from tests.cast import Cast

NURSE = CallDetails(
    CallRole.NURSE,
    "Nurse Placeholder",
    "+49 30 5550 1",
    "Sickness that does not stop",
    "Europe/Berlin",
    (Window((1, 2, 3, 4, 5), "08:00", "18:00"),),
    "A message is answered the next morning.",
    "2026-12-01",
)


async def save(cast: Cast, details: CallDetails = NURSE) -> CallContact:
    """Have bob write a contact for alice."""
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    ident = await call_contacts.save_contact(bob, alice.id, details)
    return next(one for one in await call_contacts.load_my_contacts(alice) if one.id == ident)


async def test_what_a_therapist_writes_is_what_the_patient_calls(cast: Cast) -> None:
    """With the words as written, who wrote them and when, and a link that dials what is shown."""
    found = await save(cast)
    assert found.details == msgspec.structs.replace(
        NURSE,
        written_by="Bob Example",
        written_at="2026-11-22T12:00:00+00:00",
        writer=(await cast.actor("bob")).id,
    )
    assert found.href == "tel:+493055501"


async def test_it_answers_by_its_own_clock(cast: Cast) -> None:
    """The cast lives on a Sunday: the nurse answers again on Monday at eight in Berlin."""
    found = await save(cast)
    now = (await cast.actor("alice")).now
    answers = found.find_availability(now)
    assert isinstance(answers, Availability)
    assert not answers.answers
    assert str(answers.again) == "2026-11-23 07:00:00+00:00"
    assert not found.is_due(date(2026, 11, 30))
    assert found.is_due(date(2026, 12, 1))


async def test_the_nurse_stands_first(cast: Cast) -> None:
    """In the order of roles, not of writing."""
    await save(cast, msgspec.structs.replace(NURSE, role=CallRole.THERAPIST))
    await save(cast, msgspec.structs.replace(NURSE, role=CallRole.PRESCRIBER))
    await save(cast)
    found = await call_contacts.load_my_contacts(await cast.actor("alice"))
    assert [one.details.role for one in found] == [CallRole.NURSE, CallRole.PRESCRIBER, CallRole.THERAPIST]


@pytest.mark.parametrize("name", ["charlie", "erin", "dana", "alice"])
async def test_nobody_else_writes_them(cast: Cast, name: str) -> None:
    """Not a therapist of somebody else, an administrator, another patient, nor the patient herself."""
    found, somebody = await save(cast), await cast.actor(name)
    patient = (await cast.actor("alice")).id
    with pytest.raises(NotFound):
        await call_contacts.save_contact(somebody, patient, NURSE)
    with pytest.raises(NotFound):
        await call_contacts.save_contact(somebody, patient, NURSE, ident=found.id, base=found.revision)
    with pytest.raises(NotFound):
        await call_contacts.remove_contact(somebody, patient, found.id)
    assert list(await call_contacts.load_my_contacts(await cast.actor("alice"))) == [found]


async def test_care_that_ended_meanwhile_writes_nothing(cast: Cast) -> None:
    """Whoever read the link before its end still changes nothing after it."""
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    found = await save(cast)

    link = await links.load_link_with(bob, alice.id)
    await lifecycle.end_care(alice, link.id)
    with pytest.raises(StaleRevision):
        await links.require_cared_for(link)
    with pytest.raises(NotFound):
        await call_contacts.remove_contact(bob, alice.id, found.id)
    assert list(await call_contacts.load_my_contacts(alice)) == [found]


async def test_an_older_form_changes_nothing(cast: Cast) -> None:
    """Whoever read the contact before it was changed is told, and the change stays."""
    found = await save(cast)
    bob, patient = await cast.actor("bob"), found.patient
    newer = msgspec.structs.replace(NURSE, purpose="Anything at all")
    await call_contacts.save_contact(bob, patient, newer, ident=found.id, base=1)
    with pytest.raises(StaleRevision):
        await call_contacts.save_contact(bob, patient, NURSE, ident=found.id, base=1)
    (left,) = await call_contacts.load_my_contacts(await cast.actor("alice"))
    assert (left.details.purpose, left.revision) == ("Anything at all", 2)


async def test_a_form_that_is_sent_twice_adds_one(cast: Cast) -> None:
    """Its id was made with the form."""
    bob, patient, ident = await cast.actor("bob"), (await cast.actor("alice")).id, uuid4()
    for _ in range(2):
        assert await call_contacts.save_contact(bob, patient, NURSE, ident=ident) == ident
    assert len(await call_contacts.load_my_contacts(await cast.actor("alice"))) == 1


async def test_there_is_room_for_six(cast: Cast) -> None:
    """A seventh is refused, and none of the six is changed for it."""
    for _ in range(MAX_CONTACTS):
        await save(cast)
    with pytest.raises(InvalidInput) as caught:
        await save(cast)
    assert set(caught.value.fields) == {"number"}
    assert len(await call_contacts.load_my_contacts(await cast.actor("alice"))) == MAX_CONTACTS


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"number": ""}, "number"),
        ({"number": "call me"}, "number"),
        ({"name": "x" * 101}, "name"),
        ({"purpose": "x" * 201}, "purpose"),
        ({"outside": "x" * 301}, "outside"),
        ({"zone": "Mars"}, "zone"),
        ({"windows": (Window((), "08:00", "09:00"),)}, "hours"),
        ({"windows": (Window((1,), "08:00", "09:00"),) * 4}, "hours"),
    ],
)
async def test_what_cannot_be_used_is_said(cast: Cast, changes: dict[str, object], field: str) -> None:
    """The field that needs another look is named, and nothing is written."""
    with pytest.raises(InvalidInput) as caught:
        await save(cast, msgspec.structs.replace(NURSE, **changes))
    assert set(caught.value.fields) == {field}
    assert await tables.CallContact.all().count() == 0


async def test_a_damaged_one_hides_no_other(cast: Cast) -> None:
    """It is named as damaged, can be removed, and the others are there."""
    first, second = await save(cast), await save(cast)
    await tables.CallContact.filter(id=first.id).update(sealed=bytes(80))
    found = await call_contacts.load_my_contacts(await cast.actor("alice"))
    assert (list(found), found.damaged) == ([second], (first.id,))
    await call_contacts.remove_contact(await cast.actor("bob"), first.patient, first.id)
    assert (await call_contacts.load_my_contacts(await cast.actor("alice"))).damaged == ()


async def test_one_moved_to_another_patient_does_not_open(cast: Cast) -> None:
    """Its seal holds whose it is."""
    found, dana = await save(cast), await cast.actor("dana")
    await tables.CallContact.filter(id=found.id).update(patient_id=dana.id)
    assert list(await call_contacts.load_my_contacts(dana)) == []
