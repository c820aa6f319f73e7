"""Invitations: one use, an end, a way back, and keys vouched for on both sides."""

from __future__ import annotations

import asyncio
from base64 import urlsafe_b64encode

import pytest

from crypto import PrivateIdentity, vouch
from journal.accounts import tables as accounts_tables
from journal.care import invitations, lifecycle, links
from journal.care import tables as care_tables
from journal.care.invitations import LIFETIME, AlreadyLinked
from journal.care.link_keys import get_peer_identity
from journal.errors import Damaged, HeldUntilRested, InvalidInput, LinkExpired, NotFound, TrustBroken
from journal.sharing import reading
from tests.cast import Cast
from tests.log import logged
from tests.scenes import at_rest, connected, in_session, read_by, rested, shared, signed_in_again, written


async def links_between(cast: Cast, patient: str, clinician: str) -> int:
    """Count the lasting care links of two people."""
    ids = [(await cast.actor(who)).id for who in (patient, clinician)]
    return await care_tables.CareLink.filter(patient_id=ids[0], clinician_id=ids[1], ended_at=None).count()


async def test_the_invited_person_reads_who_invites_them(cast: Cast) -> None:
    """The link names the clinician, and what they called the person."""
    invited = await invitations.create_invitation(await cast.actor("bob"), "  Dana   P. ")
    welcome = await invitations.preview_invitation(cast.installation, invited.token)
    assert (welcome.clinician_name, welcome.invited_as) == ("Bob Example", "Dana P.")


@pytest.mark.parametrize("name", ["", "   ", "x" * 101])
async def test_an_invitation_is_for_somebody(cast: Cast, name: str) -> None:
    """Without a name, or with one too long, none is made."""
    before = await care_tables.Invitation.all().count()
    with pytest.raises(InvalidInput):
        await invitations.create_invitation(await cast.actor("bob"), name)
    assert await care_tables.Invitation.all().count() == before


async def test_the_secret_is_nowhere_in_the_database(cast: Cast) -> None:
    """Neither the link's token nor the secret in it can be read from the row."""
    invited = await invitations.create_invitation(await cast.actor("bob"), "Dana")
    row = await care_tables.Invitation.get(id=invited.id)
    values = (await at_rest(care_tables.Invitation, invited.id)).values()
    everything = b"|".join(value if isinstance(value, bytes) else str(value).encode() for value in values)
    assert invited.token.encode() not in everything
    assert invitations.open_secret(await cast.actor("bob"), row.id, row.secret) not in everything
    assert b"Dana" not in everything


async def test_fifty_accepts_at_once_make_one_care_link(cast: Cast) -> None:
    """However often the button is pressed, one accept wins and the others learn that the link was used."""
    invited = await invitations.create_invitation(await cast.actor("bob"), "Dana")
    dana = await cast.actor("dana")
    outcomes = await asyncio.gather(
        *(invitations.accept_invitation(dana, invited.token) for _ in range(50)), return_exceptions=True
    )
    assert await links_between(cast, "dana", "bob") == 1
    won = [one for one in outcomes if not isinstance(one, BaseException)]
    lost = {type(one) for one in outcomes if isinstance(one, BaseException)}
    assert len(won) == 1
    assert lost <= {LinkExpired, AlreadyLinked}
    assert len(await logged("care.began", patient_id=dana.id)) == 1


async def test_fifty_people_pressing_at_once_make_one_care_link(cast: Cast) -> None:
    """An invitation that two patients open belongs to the one who is first."""
    await lifecycle.end_care(await cast.actor("alice"), cast.link)
    invited = await invitations.create_invitation(await cast.actor("bob"), "Dana")
    people = [await cast.actor("alice"), await cast.actor("dana")] * 25
    await asyncio.gather(
        *(invitations.accept_invitation(one, invited.token) for one in people), return_exceptions=True
    )
    assert await care_tables.CareLink.filter(ended_at=None).count() == 1


async def test_two_invitations_at_once_make_one_care_link(cast: Cast) -> None:
    """Two links from the same clinician connect once; the other one stays unused."""
    bob, dana = await cast.actor("bob"), await cast.actor("dana")
    tokens = [(await invitations.create_invitation(bob, "Dana")).token for _ in range(2)]
    outcomes = await asyncio.gather(
        *(invitations.accept_invitation(dana, token) for token in tokens), return_exceptions=True
    )
    assert await links_between(cast, "dana", "bob") == 1
    assert sum(isinstance(one, AlreadyLinked) for one in outcomes) == 1
    states = sorted(one.state for one in await invitations.list_invitations(await cast.actor("bob")))
    assert states == ["accepted", "accepted", "open"]


async def test_a_second_clinician_can_be_accepted(cast: Cast) -> None:
    """A patient's links stand side by side, each with its own key."""
    second = await connected(cast, "charlie")
    alice = await cast.actor("alice")
    assert [one.peer_name for one in await links.load_my_links(alice)] == ["Bob Example", "Charlie Outsider"]
    keys = {
        one.id: (await care_tables.CareLink.get(id=one.id)).clinician_key
        for one in await links.load_my_links(alice)
    }
    await care_tables.CareLink.filter(id=second).update(clinician_key=keys[cast.link])
    with pytest.raises(TrustBroken):
        await reading.load_folder(await cast.actor("charlie"), alice.id)


async def test_the_same_clinician_again_is_already_connected(cast: Cast) -> None:
    """Nothing happens, and the invitation stays good."""
    invited = await invitations.create_invitation(await cast.actor("bob"), "Alice")
    with pytest.raises(AlreadyLinked):
        await invitations.accept_invitation(await cast.actor("alice"), invited.token)
    assert await links_between(cast, "alice", "bob") == 1
    assert (await invitations.load_invitation(await cast.actor("bob"), invited.id)).state == "open"


async def test_new_care_waits_until_rest(cast: Cast) -> None:
    """During a hold it is not begun, and the invitation stays open for afterwards."""
    invited = await invitations.create_invitation(await cast.actor("charlie"), "Alice")
    session = await in_session(cast)
    with pytest.raises(HeldUntilRested):
        await invitations.accept_invitation(await cast.actor("alice"), invited.token)
    assert await links_between(cast, "alice", "charlie") == 0
    await rested(cast, session)
    await invitations.accept_invitation(await cast.actor("alice"), invited.token)
    assert await links_between(cast, "alice", "charlie") == 1


async def test_after_the_end_a_new_invitation_begins_anew(cast: Cast) -> None:
    """Care can begin again; what was shared before does not come back."""
    await shared(cast, await written(cast))
    await lifecycle.end_care(await cast.actor("alice"), cast.link)
    again = await connected(cast, "bob")
    assert again != cast.link
    assert await read_by(cast, "bob") == ()


async def test_a_used_link_is_used(cast: Cast) -> None:
    """Nobody accepts or even reads it a second time."""
    invited = await invitations.create_invitation(await cast.actor("bob"), "Dana")
    await invitations.accept_invitation(await cast.actor("dana"), invited.token)
    for attempt in (
        invitations.accept_invitation(await cast.actor("dana"), invited.token),
        invitations.accept_invitation(await cast.actor("alice"), invited.token),
        invitations.preview_invitation(cast.installation, invited.token),
    ):
        with pytest.raises(LinkExpired):
            await attempt
    assert await links_between(cast, "dana", "bob") == 1


async def test_a_withdrawn_link_does_nothing(cast: Cast) -> None:
    """From the moment it is withdrawn; and what was accepted cannot be withdrawn."""
    bob = await cast.actor("bob")
    invited = await invitations.create_invitation(bob, "Dana")
    await invitations.withdraw_invitation(bob, invited.id)
    with pytest.raises(LinkExpired):
        await invitations.accept_invitation(await cast.actor("dana"), invited.token)
    assert await links_between(cast, "dana", "bob") == 0
    other = await invitations.create_invitation(bob, "Dana")
    await invitations.accept_invitation(await cast.actor("dana"), other.token)
    with pytest.raises(NotFound):
        await invitations.withdraw_invitation(bob, other.id)
    assert await links_between(cast, "dana", "bob") == 1


async def test_an_expired_link_does_nothing(cast: Cast) -> None:
    """It works up to its end and not beyond."""
    invited = await invitations.create_invitation(await cast.actor("bob"), "Dana")
    cast.clock.forward(seconds=LIFETIME.total_seconds() - 1)
    await invitations.preview_invitation(cast.installation, invited.token)
    cast.clock.forward(seconds=1)
    await signed_in_again(cast)
    with pytest.raises(LinkExpired):
        await invitations.preview_invitation(cast.installation, invited.token)
    with pytest.raises(LinkExpired):
        await invitations.accept_invitation(await cast.actor("dana"), invited.token)
    (latest, _) = await invitations.list_invitations(await cast.actor("bob"))
    assert latest.state == "expired"
    assert await links_between(cast, "dana", "bob") == 0


NEVER_MADE = urlsafe_b64encode(b"n" * 32).rstrip(b"=").decode()


@pytest.mark.parametrize("token", ["", "x", "ü", NEVER_MADE, NEVER_MADE + "A", NEVER_MADE * 1000])
async def test_a_link_that_was_never_made_does_nothing(cast: Cast, token: str) -> None:
    """Whatever is typed into the address."""
    with pytest.raises(LinkExpired):
        await invitations.preview_invitation(cast.installation, token)
    with pytest.raises(LinkExpired):
        await invitations.accept_invitation(await cast.actor("dana"), token)


async def test_a_suspended_clinician_connects_nobody(cast: Cast) -> None:
    """Their open invitations do not work."""
    bob = await cast.actor("bob")
    invited = await invitations.create_invitation(bob, "Dana")
    await accounts_tables.Account.filter(id=bob.id).update(status="suspended")
    with pytest.raises(LinkExpired):
        await invitations.accept_invitation(await cast.actor("dana"), invited.token)


async def test_keys_replaced_after_the_invitation_are_refused(cast: Cast) -> None:
    """Whoever writes the database cannot put their own keys behind bob's invitation."""
    bob = await cast.actor("bob")
    invited = await invitations.create_invitation(bob, "Dana")
    await accounts_tables.Account.filter(id=bob.id).update(
        public_identity=PrivateIdentity.generate().public().encode()
    )
    with pytest.raises(TrustBroken):
        await invitations.preview_invitation(cast.installation, invited.token)
    with pytest.raises(TrustBroken):
        await invitations.accept_invitation(await cast.actor("dana"), invited.token)
    assert await links_between(cast, "dana", "bob") == 0


async def test_keys_replaced_before_the_invitation_are_not_vouched_for(cast: Cast) -> None:
    """A clinician vouches for the keys they hold: with others in the database no invitation is made."""
    bob, before = await cast.actor("bob"), await care_tables.Invitation.all().count()
    await accounts_tables.Account.filter(id=bob.id).update(
        public_identity=PrivateIdentity.generate().public().encode()
    )
    with pytest.raises(Damaged):
        await invitations.create_invitation(await cast.actor("bob"), "Dana")
    assert await care_tables.Invitation.all().count() == before


async def test_an_invitation_moved_to_another_clinician_is_refused(cast: Cast) -> None:
    """The voucher names the account, so charlie cannot be slipped under bob's invitation."""
    invited = await invitations.create_invitation(await cast.actor("bob"), "Dana")
    await care_tables.Invitation.filter(id=invited.id).update(clinician_id=(await cast.actor("charlie")).id)
    with pytest.raises(TrustBroken):
        await invitations.accept_invitation(await cast.actor("dana"), invited.token)


async def test_a_voucher_made_without_the_secret_is_refused(cast: Cast) -> None:
    """A MAC under any other secret does not pass."""
    bob, mallory = await cast.actor("bob"), PrivateIdentity.generate().public()
    invited = await invitations.create_invitation(bob, "Dana")
    forged = vouch(b"m" * 32, mallory, account=bob.id.bytes, role="clinician")
    await care_tables.Invitation.filter(id=invited.id).update(voucher=forged)
    await accounts_tables.Account.filter(id=bob.id).update(public_identity=mallory.encode())
    with pytest.raises(TrustBroken):
        await invitations.accept_invitation(await cast.actor("dana"), invited.token)


async def test_the_patients_keys_are_vouched_for_in_return(cast: Cast) -> None:
    """The clinician takes no keys for the patient's that were not made under the invitation's secret."""
    link = await connected(cast, "bob", "dana")
    dana, mallory = await cast.actor("dana"), PrivateIdentity.generate().public()
    forged = vouch(b"m" * 32, mallory, account=dana.id.bytes, role="patient")
    await accounts_tables.Account.filter(id=dana.id).update(public_identity=mallory.encode())
    await care_tables.CareLink.filter(id=link).update(voucher=forged)
    bob = await cast.actor("bob")
    with pytest.raises(TrustBroken):
        await get_peer_identity(bob, await links.load_link_with(bob, dana.id))
    assert (await care_tables.CareLink.get(id=link)).clinician_pin is None


async def test_outsiders_see_and_withdraw_no_invitation(cast: Cast) -> None:
    """Another clinician's invitations do not exist for one, and a patient has none."""
    invited = await invitations.create_invitation(await cast.actor("bob"), "Dana")
    charlie, alice = await cast.actor("charlie"), await cast.actor("alice")
    assert await invitations.list_invitations(charlie) == ()
    for attempt in (
        invitations.load_invitation(charlie, invited.id),
        invitations.withdraw_invitation(charlie, invited.id),
        invitations.create_invitation(alice, "Dana"),
        invitations.list_invitations(alice),
        invitations.withdraw_invitation(alice, invited.id),
        invitations.accept_invitation(charlie, invited.token),
    ):
        with pytest.raises(NotFound):
            await attempt
    assert (await invitations.load_invitation(await cast.actor("bob"), invited.id)).state == "open"
