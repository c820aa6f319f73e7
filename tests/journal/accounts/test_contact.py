"""A patient's phone number and emergency contact: for their care team, and gone with care."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from crypto import PrivateIdentity
from journal.accounts import details as account_details
from journal.accounts import tables as accounts_tables
from journal.accounts.profiles import NO_CONTACT, ContactDetails
from journal.audit.acts import Act
from journal.care import invitations, lifecycle, links
from journal.care import tables as care_tables
from journal.care.past_care import open_past
from journal.errors import HeldUntilRested, InvalidInput, NotFound, TrustBroken
from journal.practice import account_deletion
from journal.records.collection import collect_patient_records, collect_shared_records
from journal.sessions.holds import refuse_while_held
from journal.sharing import reading
from journal.store.database import fetch_raw
from tests.cast import PRACTICE, Cast
from tests.scenes import in_session, rested, told_contact

GIVEN = ContactDetails("+49 30 1234567", "Juno Steinkauz", "my sister", "030 765 4321")
PARTS = ("123 4567", "1234567", "Steinkauz", "my sister", "765 4321")


async def give(cast: Cast, contact: ContactDetails = GIVEN) -> None:
    """Have alice save her phone number and emergency contact."""
    await told_contact(cast, contact)


async def seen_by(cast: Cast, name: str) -> list[ContactDetails]:
    """What a clinician's links have."""
    return [link.peer_contact for link in await links.load_my_links(await cast.actor(name))]


async def test_the_care_team_sees_what_the_patient_gave(cast: Cast) -> None:
    """Tidied up like a name; who is in care sees it, and who is not sees nothing."""
    await give(
        cast,
        ContactDetails(
            " +49 (30) 123-4567",
            "  Juno\u202e \x00 Steinkauz\n",
            "my\u200b sister",
            "\u0660\u0663\u0660-7654321 ",
        ),
    )
    stored = await account_details.load_contact(await cast.actor("alice"))
    assert stored == ContactDetails("+49 30 123 4567", "Juno Steinkauz", "my sister", "030 7654321")
    assert await seen_by(cast, "bob") == [stored]
    assert await seen_by(cast, "charlie") == []
    assert await seen_by(cast, "alice") == [NO_CONTACT]
    alice = await cast.actor("alice")
    assert (alice.name, alice.email, alice.time_zone) == (
        "Alice Sample",
        "alice@example.org",
        "Europe/Berlin",
    )


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        (ContactDetails(phone="ask me"), "phone"),
        (ContactDetails(phone="+49 (0)30 1234"), "phone"),
        (ContactDetails(emergency_phone="1" * 16), "emergency_phone"),
        (ContactDetails(emergency_phone="1 " * 5000), "emergency_phone"),
        (ContactDetails(emergency_name="x" * 101), "emergency_name"),
        (ContactDetails(emergency_name="e" + "\u0301\u0316" * 4000), "emergency_name"),
        (ContactDetails(emergency_relation="x" * 61), "emergency_relation"),
    ],
)
async def test_what_cannot_be_used_is_said(sqlite_cast: Cast, typed: ContactDetails, field: str) -> None:
    """The field that needs another look is named, and nothing is changed."""
    await give(sqlite_cast)
    with pytest.raises(InvalidInput) as caught:
        await give(sqlite_cast, typed)
    assert set(caught.value.fields) == {field}
    assert await seen_by(sqlite_cast, "bob") == [GIVEN]


@pytest.mark.parametrize("field", ContactDetails.__struct_fields__)
async def test_each_part_stands_alone(sqlite_cast: Cast, field: str) -> None:
    """All of it is optional: one part is enough, and can be taken out again."""
    alone = msgspec.structs.replace(NO_CONTACT, **{field: getattr(GIVEN, field)})
    await give(sqlite_cast, alone)
    assert await seen_by(sqlite_cast, "bob") == [alone]
    await give(sqlite_cast, NO_CONTACT)
    assert await seen_by(sqlite_cast, "bob") == [NO_CONTACT]


@pytest.mark.parametrize("who", ["bob", "erin"])
async def test_only_patients_have_one(sqlite_cast: Cast, who: str) -> None:
    """Staff have no emergency contact here."""
    with pytest.raises(NotFound):
        await told_contact(sqlite_cast, GIVEN, who)
    with pytest.raises(NotFound):
        await account_details.load_contact(await sqlite_cast.actor(who))


async def test_it_waits_until_rest(cast: Cast) -> None:
    """Whom to call in an emergency is neither taken out nor put in under the medicine."""
    await give(cast)
    session = await in_session(cast)
    for contact in (NO_CONTACT, msgspec.structs.replace(GIVEN, phone="+49 30 1")):
        with pytest.raises(HeldUntilRested):
            await give(cast, contact)
    assert await seen_by(cast, "bob") == [GIVEN]
    await rested(cast, session)
    await give(cast, NO_CONTACT)
    assert await seen_by(cast, "bob") == [NO_CONTACT]


async def test_a_start_before_it_is_written_is_seen(cast: Cast) -> None:
    """It is asked once more while the account is locked: a session that began meanwhile holds it."""
    alice, session = await cast.actor("alice"), list[UUID]()

    async def start_after_asking() -> None:
        await refuse_while_held(alice)
        if not session:
            session.append(await in_session(cast))

    with pytest.raises(HeldUntilRested):
        await account_details.change_contact(alice, GIVEN, start_after_asking)
    assert await seen_by(cast, "bob") == [NO_CONTACT]


async def test_while_sharing_is_paused_it_is_seen_as_the_name_is(cast: Cast) -> None:
    """A pause closes what was written; whom to call stays."""
    await give(cast)
    await lifecycle.pause_sharing(await cast.actor("alice"))
    assert await seen_by(cast, "bob") == [GIVEN]


@pytest.mark.parametrize("ender", ["alice", "bob"])
async def test_it_is_gone_with_care(cast: Cast, ender: str) -> None:
    """Whoever ended it, the former clinician finds it nowhere, also when storage takes the end back."""
    await give(cast)
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    await lifecycle.end_care(await cast.actor(ender), cast.link)
    for ended in (False, True):
        assert await links.load_my_links(bob, ended=ended) == ()
    with pytest.raises(NotFound):
        await links.load_link_with(bob, alice.id)
    with pytest.raises(NotFound):
        await collect_shared_records(bob, PRACTICE, None)
    await care_tables.CareLink.filter(id=cast.link).update(ended_at=None)
    assert await seen_by(cast, "bob") == []
    with pytest.raises(TrustBroken):
        await links.load_link_with(bob, alice.id)
    assert await account_details.load_contact(await cast.actor("alice")) == GIVEN


async def test_what_remains_of_ended_care_holds_none_of_it(cast: Cast) -> None:
    """The sealed past of a link has the clinician's name alone; no other row than the account has the contact."""
    await give(cast)
    await lifecycle.end_care(await cast.actor("bob"), cast.link)
    alice = await cast.actor("alice")
    (past,) = await links.load_my_links(alice, ended=True)
    assert past.peer_contact == NO_CONTACT
    sealed = (await care_tables.CareLink.get(id=cast.link)).past
    kept = open_past(cast.installation, past.id, past.patient, past.clinician, sealed)
    assert not [part for part in PARTS if part in str(kept)]


async def test_keys_that_were_not_agreed_on_show_none(cast: Cast) -> None:
    """Where the patient's keys are others, somebody else may answer that phone."""
    await give(cast)
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    await reading.load_folder(bob, alice.id)  # he pins her keys
    other = PrivateIdentity.generate().public().encode()
    await accounts_tables.Account.filter(id=alice.id).update(public_identity=other)
    (link,) = await links.load_my_links(await cast.actor("bob"))
    assert (link.trusted, link.peer_contact) == (False, NO_CONTACT)


async def test_who_asked_to_be_deleted_is_not_called(cast: Cast) -> None:
    """From the first moment it is shown to nobody; after the week the row is gone; who comes back has it again."""
    await give(cast)
    alice = await cast.actor("alice")
    await account_deletion.request_deletion(alice, "delete")
    assert await seen_by(cast, "bob") == [NO_CONTACT]
    await account_deletion.delete_due_accounts(cast.installation, cast.clock.now + timedelta(days=8))
    assert await seen_by(cast, "bob") == []
    assert not await accounts_tables.Account.exists(id=alice.id)
    assert "Steinkauz" not in str(list(cast.installation.server_keys.document_cache))


async def test_a_new_member_sees_it_from_when_care_begins(cast: Cast) -> None:
    """An invitation that was not answered shows nothing."""
    await give(cast)
    token = (await invitations.create_invitation(await cast.actor("charlie"), "Alice")).token
    assert await seen_by(cast, "charlie") == []
    await invitations.accept_invitation(await cast.actor("alice"), token)
    assert await seen_by(cast, "charlie") == [GIVEN]


async def test_the_log_says_that_and_never_what(cast: Cast) -> None:
    """A change is an event without words; saving the same again is none."""
    await give(cast)
    await give(cast)
    asked = "SELECT action FROM audit_pending WHERE action = $1"
    assert len(await fetch_raw(asked, Act.CONTACT_CHANGED.value)) == 1


async def test_exports_have_it_where_they_have_the_name(cast: Cast) -> None:
    """The patient takes their own along; a clinician the one of a patient in care, and none of their own."""
    await give(cast)
    mine = await collect_patient_records(await cast.actor("alice"), PRACTICE)
    theirs = await collect_shared_records(await cast.actor("bob"), PRACTICE, None)
    assert mine.account.contact == GIVEN
    assert (theirs.account.contact, [one.contact for one in theirs.patients]) == (NO_CONTACT, [GIVEN])


async def test_it_lies_sealed(cast: Cast) -> None:
    """No column of any account has a word of it."""
    await give(cast)
    stored = str([bytes(row[0]) for row in await fetch_raw("SELECT sealed FROM account")])
    assert not [part for part in PARTS if part in stored]
