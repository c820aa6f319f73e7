"""A clinician who leaves hands over only with the patient's consent, and nothing but what the patient chose."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from crypto import PrivateIdentity
from journal.accounts import tables as accounts_tables
from journal.accounts.profiles import Profile, profile_context
from journal.audit.acts import Act
from journal.audit.events import list_patient_events
from journal.care import lifecycle, link_keys, links
from journal.care import tables as care_tables
from journal.care.invitations import AlreadyLinked
from journal.care.link_keys import open_shared_key
from journal.care.links import UNKNOWN_NAME
from journal.errors import HeldUntilRested, InvalidInput, NotFound, TrustBroken
from journal.practice import people
from journal.scheduling import plan as session_plan
from journal.sealing import seal_document
from journal.sharing import caseload, handover_answers, handover_offers, reading, shares
from journal.sharing.handover_answers import ClinicianUnavailable
from tests.cast import Cast
from tests.scenes import connected, in_session, read_by, shared, signed_in_again, written


async def suggested(cast: Cast) -> UUID:
    """Have bob suggest charlie to alice."""
    bob, charlie, alice = [await cast.actor(name) for name in ("bob", "charlie", "alice")]
    return await handover_offers.suggest_colleague(bob, alice.id, str(charlie.id))


async def nothing_for_charlie(cast: Cast) -> None:
    """Fail unless alice does not exist for charlie."""
    charlie, alice = await cast.actor("charlie"), await cast.actor("alice")
    assert await links.load_my_links(charlie) == ()
    assert (await caseload.load_caseload(charlie)).cases == ()
    for attempt in (
        links.load_link_with(charlie, alice.id), reading.load_folder(charlie, alice.id),
        session_plan.load_patient_plan(charlie, alice.id), handover_offers.withdraw_offer(charlie, alice.id),
        handover_offers.suggest_colleague(charlie, alice.id, str((await cast.actor("bob")).id)),
    ):  # fmt: skip
        with pytest.raises(NotFound):
            await attempt
    assert not await care_tables.CareLink.filter(clinician_id=charlie.id).exists()


async def test_until_the_patient_agrees_the_colleague_learns_nothing(cast: Cast) -> None:
    """Suggested, declined, taken back or run out: for charlie there is no such patient, nor any key."""
    await shared(cast, await written(cast))
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    one = await suggested(cast)
    await nothing_for_charlie(cast)
    await handover_answers.decline_handover(alice, one)
    await nothing_for_charlie(cast)
    assert (await handover_offers.list_offers(alice)) == ()
    (found,) = await handover_offers.load_latest_offer(bob, await links.load_link_with(bob, alice.id))
    assert found is not None
    assert found.state == "declined"
    await suggested(cast)
    await handover_offers.withdraw_offer(bob, alice.id)
    await nothing_for_charlie(cast)
    late = await suggested(cast)
    cast.clock.forward(days=29)
    await signed_in_again(cast)
    with pytest.raises(NotFound):
        await handover_answers.accept_handover(await cast.actor("alice"), late, [])
    await nothing_for_charlie(cast)


async def test_a_yes_takes_along_what_was_chosen_and_nothing_else(cast: Cast) -> None:
    """Charlie reads the one copy that alice ticked, under a key of its own; bob keeps what he had."""
    first, second = [await shared(cast, await written(cast)) for _ in range(2)]
    alice = await cast.actor("alice")
    made = await handover_answers.accept_handover(alice, await suggested(cast), [first])
    (document,) = await read_by(cast, "charlie")
    assert document == (await shares.load_share(alice, first)).document
    assert len(await read_by(cast, "bob")) == 2
    assert {one.id for one in await shares.list_shares(alice)} > {first, second}
    charlie, link = await cast.actor("charlie"), await links.load_my_link(alice, made)
    theirs = await links.load_link_with(charlie, alice.id)
    assert await link_keys.derive_safety_code(alice, link) == await link_keys.derive_safety_code(
        charlie, theirs
    )
    assert theirs.trusted
    assert (await open_shared_key(alice, link)) != (
        await open_shared_key(alice, await links.load_my_link(alice, cast.link))
    )
    acts = [(one.action, one.recipient_id) for one in await list_patient_events(alice.id, limit=9)]
    assert (Act.HANDOVER_ACCEPTED, charlie.id) in acts
    assert (Act.SHARED, charlie.id) in acts
    with pytest.raises(NotFound):
        await handover_answers.accept_handover(alice, made, [])


async def test_nothing_goes_along_by_itself_and_care_can_end_at_once(cast: Cast) -> None:
    """With nothing ticked charlie reads nothing; bob's copies and key are destroyed when alice says so."""
    await shared(cast, await written(cast))
    alice = await cast.actor("alice")
    await handover_answers.accept_handover(alice, await suggested(cast), [], end_care=True)
    assert await read_by(cast, "charlie") == ()
    (link,) = await links.load_my_links(alice)
    assert link.peer_name == "Charlie Outsider"
    assert await shares.list_shares(alice) == ()
    with pytest.raises(NotFound):
        await links.load_link_with(await cast.actor("bob"), alice.id)


async def test_it_waits_after_dosing_and_saying_no_does_not(cast: Cast) -> None:
    """Consent is not taken from somebody who has not slept; a no works at any time."""
    one = await suggested(cast)
    await in_session(cast)
    alice = await cast.actor("alice")
    with pytest.raises(HeldUntilRested):
        await handover_answers.accept_handover(alice, one, [])
    await nothing_for_charlie(cast)
    await handover_answers.decline_handover(alice, one)
    assert await handover_offers.list_offers(alice) == ()


@pytest.mark.parametrize("who", ["bob", "charlie"])
async def test_while_one_of_the_two_is_suspended_nothing_can_be_agreed(cast: Cast, who: str) -> None:
    """The patient is told that it has to wait, and afterwards it can go on."""
    one, erin = await suggested(cast), await cast.actor("erin")
    alice, other = await cast.actor("alice"), await cast.actor(who)
    await people.suspend_person(erin, other.id)
    (offer,) = await handover_offers.list_offers(alice)
    assert not offer.possible
    with pytest.raises(ClinicianUnavailable):
        await handover_answers.accept_handover(alice, one, [])
    assert not await care_tables.CareLink.filter(handover_id=one).exists()
    await people.unsuspend_person(erin, other.id)
    made = await handover_answers.accept_handover(alice, one, [])
    assert await care_tables.CareLink.exists(id=made, handover_id=one)


async def test_only_the_clinician_may_suggest_and_only_the_patient_may_answer(cast: Cast) -> None:
    """For everybody else there is no such suggestion."""
    one = await suggested(cast)
    for name in ("dana", "bob", "charlie", "erin"):
        actor = await cast.actor(name)
        for attempt in (
            handover_offers.load_offer(actor, one), handover_answers.decline_handover(actor, one),
            handover_answers.accept_handover(actor, one, []),
        ):  # fmt: skip
            with pytest.raises(NotFound):
                await attempt
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    for name in ("alice", "erin", "charlie"):
        with pytest.raises(NotFound):
            await handover_offers.suggest_colleague(await cast.actor(name), alice.id, str(bob.id))
    for nobody in (alice.id, bob.id, (await cast.actor("erin")).id, uuid4(), "", "x"):
        with pytest.raises(InvalidInput):
            await handover_offers.suggest_colleague(bob, alice.id, str(nobody))


async def test_a_share_of_somebody_else_is_not_taken_along(cast: Cast) -> None:
    """What another clinician reads, what was revoked and what never was are all refused, and nothing begins."""
    alice, one = await cast.actor("alice"), await suggested(cast)
    entry = await written(cast)
    gone = await shared(cast, entry)
    await shares.revoke_share(alice, gone)
    for share in (gone, uuid4()):
        with pytest.raises(InvalidInput):
            await handover_answers.accept_handover(alice, one, [share])
    await nothing_for_charlie(cast)


async def test_somebody_who_is_in_the_team_is_not_added_twice(cast: Cast) -> None:
    """The patient is told that they are connected, and the suggestion still waits."""
    await connected(cast, "charlie")
    one = await suggested(cast)
    alice = await cast.actor("alice")
    with pytest.raises(AlreadyLinked):
        await handover_answers.accept_handover(alice, one, [])
    assert len(await links.load_my_links(alice)) == 2
    assert [offer.id for offer in await handover_offers.list_offers(alice)] == [one]


async def test_twenty_answers_at_once_make_one_care_link(cast: Cast) -> None:
    """However often it is pressed, and in whichever order a no comes, one answer counts."""
    alice, one = await cast.actor("alice"), await suggested(cast)
    done = await asyncio.gather(
        *(handover_answers.accept_handover(alice, one, []) for _ in range(20)), return_exceptions=True
    )
    made = [answer for answer in done if isinstance(answer, UUID)]
    assert len(made) == 1
    assert all(isinstance(answer, UUID | NotFound | AlreadyLinked) for answer in done)
    assert await care_tables.CareLink.filter(patient_id=alice.id, ended_at=None).count() == 2


@pytest.mark.parametrize(
    "change", ["successor", "another colleague", "clinician", "link", "expiry", "signature", "keys"]
)
async def test_a_suggestion_that_storage_changed_is_no_suggestion(sqlite_cast: Cast, change: str) -> None:
    """Another successor, another sender, more time, or other keys: it cannot be accepted, and names nobody."""
    cast = sqlite_cast
    one, alice = await suggested(cast), await cast.actor("alice")
    charlie, erin = await cast.actor("charlie"), await cast.actor("erin")
    row, mallory = care_tables.Handover.filter(id=one), PrivateIdentity.generate()
    if change == "successor":
        await row.update(successor_id=erin.id)
    elif change == "another colleague":
        await row.update(successor_id=(await cast.actor("bob")).id)
    elif change == "clinician":
        await row.update(clinician_id=charlie.id)
    elif change == "link":
        await row.update(link_id=uuid4())
    elif change == "expiry":
        await row.update(expires_at=cast.clock.now + timedelta(days=300))
    elif change == "signature":
        await row.update(signature=mallory.sign(b"anything", purpose="handover"))
    else:
        await accounts_tables.Account.filter(id=charlie.id).update(public_identity=mallory.public().encode())
    (offer,) = await handover_offers.list_offers(alice)
    assert not offer.signed
    assert offer.successor.name == UNKNOWN_NAME
    with pytest.raises(TrustBroken):
        await handover_answers.accept_handover(alice, one, [])
    assert not await care_tables.CareLink.filter(handover_id=one).exists()


async def test_keys_exchanged_before_the_suggestion_are_noticed(sqlite_cast: Cast) -> None:
    """The profile says whose keys are whose: bob vouches for nobody whose row shows others."""
    cast = sqlite_cast
    charlie, mallory = await cast.actor("charlie"), PrivateIdentity.generate()
    await accounts_tables.Account.filter(id=charlie.id).update(public_identity=mallory.public().encode())
    with pytest.raises(TrustBroken):
        await suggested(cast)
    profile = Profile(charlie.name, charlie.email, charlie.time_zone, "clinician", "therapist")
    await accounts_tables.Account.filter(id=charlie.id).update(
        sealed=seal_document(cast.installation.server_keys, profile, profile_context(charlie.id))
    )
    with pytest.raises(TrustBroken):
        await suggested(cast)


async def test_a_suggestion_alone_makes_no_link(sqlite_cast: Cast) -> None:
    """A care link that storage makes of a suggestion without alice's consent shows charlie neither name nor plan."""
    cast = sqlite_cast
    one, alice, charlie = await suggested(cast), await cast.actor("alice"), await cast.actor("charlie")
    await handover_answers.decline_handover(alice, one)
    (real,) = await care_tables.CareLink.filter(id=cast.link).values()
    forged = real | {
        "id": uuid4(), "clinician_id": charlie.id, "pair": None, "clinician_pin": None,
        "invitation_id": None, "handover_id": one,
    }  # fmt: skip
    await care_tables.CareLink.create(**forged)
    assert await links.load_my_links(charlie) == ()
    with pytest.raises(TrustBroken):
        await links.load_link_with(charlie, alice.id)
    assert (await caseload.load_caseload(charlie)).cases == ()


async def test_a_link_of_a_handover_cannot_be_copied(sqlite_cast: Cast) -> None:
    """Alice's consent is to one link: after its end, a copy of the row under another id is nothing."""
    cast = sqlite_cast
    one, alice, charlie = await suggested(cast), await cast.actor("alice"), await cast.actor("charlie")
    made = await handover_answers.accept_handover(alice, one, [])
    (row,) = await care_tables.CareLink.filter(id=made).values()
    await lifecycle.end_care(alice, made)
    await care_tables.CareLink.create(**(row | {"id": uuid4(), "clinician_pin": None}))
    assert await links.load_my_links(charlie) == ()
