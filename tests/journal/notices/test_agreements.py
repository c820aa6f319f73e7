"""What two people agree on about notices: neither alone puts it in force, and to weaken it waits for rest."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from uuid import UUID, uuid4

import pytest

from journal.audit.acts import Act
from journal.audit.tables import AuditEvent, AuditPending
from journal.care import lifecycle, tables
from journal.catalogue.fields import EntryKind
from journal.entries import entries, only_entry
from journal.errors import HeldUntilRested, InvalidInput, NotFound, StaleRevision
from journal.notices import agreements, proposals
from journal.notices.lines import AgreedLine, NoticeLine, Outcome, parse_agreed, parse_notices
from journal.notices.policy import Agreement, Policy
from journal.scheduling import plan as session_plan
from tests.cast import NOON, Cast
from tests.log import chain_all
from tests.scenes import at_rest, connected, held_twice, in_session, rested, signed_in_again


async def force(cast: Cast) -> Policy | None:
    """Return what is in force for alice."""
    return await agreements.load_policy(await cast.actor("alice"))


async def propose(cast: Cast, to: UUID | None = None, backup: UUID | None = None, hours: int = 24) -> None:
    """Have alice propose something to bob, or to somebody else."""
    cast.clock.forward(minutes=1)
    await agreements.propose(await cast.actor("alice"), to or cast.link, backup, hours)


async def answer(cast: Cast, who: str = "bob", looks: str = "at nine") -> None:
    """Have a clinician agree to what alice proposed."""
    alice, clinician = await cast.actor("alice"), await cast.actor(who)
    there = await agreements.load_agreement(clinician, alice.id)
    assert there.proposed is not None
    await agreements.agree_as_clinician(clinician, alice.id, there.proposed.id, looks)


async def agreed(cast: Cast, to: UUID | None = None, backup: UUID | None = None, hours: int = 24) -> None:
    """Have alice and a clinician agree."""
    await propose(cast, to, backup, hours)
    await answer(cast)


def test_lines_are_read_back_as_they_were_written():
    """Each part survives; what is no line of ours puts nothing in force."""
    for one in (
        AgreedLine(uuid4(), uuid4(), 24, NOON, None, None, "Bob", ""),
        AgreedLine(uuid4(), uuid4(), 1, NOON, uuid4(), NOON, "Bob", "Charlie / Example"),
    ):
        assert parse_agreed([one.line]) == (one,)
    for told in (
        NoticeLine(Outcome.WRITTEN, NOON, uuid4(), uuid4(), "Bob"),
        NoticeLine(Outcome.NO_POLICY, NOON),
    ):
        assert parse_notices([told.line]) == (told,)
    good = AgreedLine(uuid4(), uuid4(), 24, NOON).line
    for text in (
        "",
        "x",
        good.replace("| 24 |", "| 25 |"),
        good.replace("2026", "20x6"),
        good.replace("+00:00", ""),
    ):
        assert parse_agreed([text]) == ()
    assert parse_agreed("x") == ()
    assert parse_notices(["", "x | y", "sent | | "]) == ()


async def test_a_backup_whose_care_ended_is_not_agreed_to(cast: Cast) -> None:
    """A clinician proposes another time with the backup of before, who has left the care team meanwhile."""
    other = await connected(cast, "charlie")
    await agreed(cast, None, other)
    cast.clock.forward(minutes=1)
    alice = await cast.actor("alice")
    await agreements.propose_as_clinician(await cast.actor("bob"), alice.id, 1, "at nine")
    await lifecycle.end_care(alice, other)
    there = (await agreements.load_agreement(await cast.actor("bob"), alice.id)).proposed
    assert there is not None
    with pytest.raises(InvalidInput) as caught:
        await agreements.agree(alice, cast.link, there.id)
    assert set(caught.value.fields) == {"backup"}
    policy = await force(cast)
    assert policy is not None
    assert policy.line.hours == 24


async def test_what_one_proposes_is_in_force_when_the_other_agrees(cast: Cast):
    """Nothing is until then; afterwards both see the same, with the day."""
    await propose(cast)
    assert await force(cast) is None
    await answer(cast, looks="on weekdays at nine")
    found = await force(cast)
    assert found is not None
    assert found.terms is not None
    assert (found.line.hours, found.terms.looks) == (24, "on weekdays at nine")
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    assert (await agreements.load_agreement(bob, alice.id)).agreed == found.terms
    assert found.agreed_at == cast.clock.now


async def test_a_clinician_proposes_and_the_patient_agrees(cast: Cast):
    """What a clinician proposes is nothing until its very terms are agreed to; other terms are refused."""
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    await agreements.propose_as_clinician(bob, alice.id, 8, "")
    assert await force(cast) is None
    (there,) = await agreements.list_agreements(alice)
    assert there.proposed is not None
    with pytest.raises(StaleRevision):
        await agreements.agree(alice, cast.link, uuid4().hex)
    with pytest.raises(StaleRevision):  # nor does a clinician agree to what is their own
        await agreements.agree_as_clinician(bob, alice.id, there.proposed.id, "")
    await agreements.agree(alice, cast.link, there.proposed.id)
    found = await force(cast)
    assert found is not None
    assert found.line.hours == 8


async def test_who_is_not_in_the_care_team_is_refused_and_nothing_changes(cast: Cast):
    """Nor can somebody be their own backup, or be named while nothing can be sent to them."""
    other = await connected(cast, "charlie")
    alice = await cast.actor("alice")
    await lifecycle.end_care(alice, other)
    for to, backup, hours, field in (
        (uuid4(), None, 24, "to"),
        (None, None, 24, "to"),
        (other, None, 24, "to"),
        (cast.link, uuid4(), 24, "backup"),
        (cast.link, other, 24, "backup"),
        (cast.link, cast.link, 24, "backup"),
        (cast.link, None, 5, "hours"),
    ):
        with pytest.raises(InvalidInput) as refused:
            await agreements.propose(alice, to, backup, hours)
        assert [*refused.value.fields] == [field]
    await lifecycle.pause_sharing(alice)
    with pytest.raises(InvalidInput):
        await agreements.propose(await cast.actor("alice"), cast.link, None, 24)
    assert await only_entry.load_only_entry(alice, EntryKind.NOTICES) is None
    assert await tables.NoticePolicy.all().count() == 0


async def test_to_weaken_it_waits_until_rest_and_to_strengthen_does_not(cast: Cast):
    """A longer time, no or another backup, somebody else and the end are held; a shorter time or a backup never is."""
    other = await connected(cast, "charlie")
    await agreed(cast, None, other, 24)
    session = await in_session(cast)
    alice = await cast.actor("alice")
    for to, backup, hours in ((cast.link, other, 48), (cast.link, None, 24), (other, cast.link, 24)):
        with pytest.raises(HeldUntilRested):
            await agreements.propose(alice, to, backup, hours)
    with pytest.raises(HeldUntilRested):
        await agreements.end(alice, cast.link)
    entry = await only_entry.load_only_entry(alice, EntryKind.NOTICES)
    assert entry is not None
    with pytest.raises(HeldUntilRested):  # nor by deleting the record in which it stands
        await agreements.end_all_of(alice, entry.id)
    bob = await cast.actor("bob")
    await agreements.propose_as_clinician(bob, alice.id, 72, "")
    there = next(one for one in await agreements.list_agreements(alice) if one.link.id == cast.link)
    assert there.proposed is not None
    with pytest.raises(HeldUntilRested):
        await agreements.agree(alice, cast.link, there.proposed.id)
    await agreed(cast, None, other, 8)
    found = await force(cast)
    assert found is not None
    assert found.line.hours == 8
    await rested(cast, session)
    await agreements.end(await cast.actor("alice"), cast.link)
    assert await force(cast) is None


async def test_a_clinician_weakens_nothing_while_the_patient_is_held(cast: Cast):
    """What was proposed before the start is agreed to after the rest; nor is anything ended, or another put in."""
    charlie = await connected(cast, "charlie")
    await agreed(cast, hours=8)
    await propose(cast, hours=72)
    session, alice = await in_session(cast), await cast.actor("alice")
    with pytest.raises(HeldUntilRested):
        await answer(cast)
    with pytest.raises(HeldUntilRested):
        await agreements.end_as_clinician(await cast.actor("bob"), alice.id)
    found = await force(cast)
    assert found is not None
    assert (found.line.link, found.line.hours) == (cast.link, 8)
    await rested(cast, session)
    await propose(cast, charlie)
    await in_session(cast)
    with pytest.raises(HeldUntilRested):
        await answer(cast, "charlie")
    cast.clock.forward(days=9)
    await signed_in_again(cast)
    with pytest.raises(HeldUntilRested):
        await agreements.end_as_clinician(await cast.actor("bob"), alice.id)
    await session_plan.confirm_rest(await cast.actor("alice"))
    await agreements.end_as_clinician(await cast.actor("bob"), alice.id)
    assert await force(cast) is None


async def test_an_older_session_without_rest_hides_no_session_of_today(cast: Cast):
    """The week after which a clinician's word is enough is over for the first; the second holds them all the same."""
    await agreed(cast)
    await held_twice(cast)
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    with pytest.raises(HeldUntilRested):
        await agreements.end_as_clinician(bob, alice.id)
    with pytest.raises(HeldUntilRested):
        await lifecycle.end_care(bob, cast.link, knows_no_rest=True)
    cast.clock.forward(days=9)
    await signed_in_again(cast)
    bob = await cast.actor("bob")
    with pytest.raises(HeldUntilRested):
        await agreements.end_as_clinician(bob, alice.id)
    await lifecycle.end_care(bob, cast.link, knows_no_rest=True)


async def test_a_first_agreement_weakens_nothing(cast: Cast):
    """There is nothing to weaken before, so it is not held."""
    await in_session(cast)
    await agreed(cast)
    assert await force(cast) is not None


async def test_another_takes_the_place_of_the_one_before_only_when_they_agree(cast: Cast):
    """Until then the first stays in force; afterwards the first sees that nothing is agreed."""
    other = await connected(cast, "charlie")
    await agreed(cast)
    await propose(cast, other)
    found = await force(cast)
    assert found is not None
    assert found.line.link == cast.link
    await answer(cast, "charlie")
    found = await force(cast)
    assert found is not None
    assert found.line.link == other
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    assert (await agreements.load_agreement(bob, alice.id)).agreed is None


async def test_what_was_proposed_before_can_be_agreed_to_no_more(cast: Cast):
    """The latest alone is proposed, to whomever."""
    other = await connected(cast, "charlie")
    await propose(cast, other)
    await propose(cast)
    alice, charlie = await cast.actor("alice"), await cast.actor("charlie")
    assert (await agreements.load_agreement(charlie, alice.id)).proposed is None
    await answer(cast)
    assert await force(cast) is not None


@pytest.mark.parametrize("spoil", ["ended", "bent"])
async def test_a_proposal_that_nobody_agreed_to_hides_nothing(cast: Cast, spoil: str):
    """Whatever becomes of its care link: who was agreed on before still gets the notice."""
    other = await connected(cast, "charlie")
    await agreed(cast)
    await propose(cast, other)
    if spoil == "ended":
        await lifecycle.end_care(await cast.actor("charlie"), other)
    else:
        await tables.NoticePolicy.filter(id=other).update(sealed=b"bent")
    found = await force(cast)
    assert found is not None
    assert found.link is not None
    assert found.link.id == cast.link


async def test_a_proposal_that_nobody_agreed_to_reaches_no_backup(cast: Cast):
    """Once care with whom it was proposed to has ended, there is nothing in force; what was agreed on before is."""
    backup = await connected(cast, "charlie")
    await propose(cast, backup=backup, hours=8)
    await lifecycle.end_care(await cast.actor("bob"), cast.link)
    assert await force(cast) is None
    again = await connected(cast, "bob")
    await agreed(cast, again, backup, 24)
    await propose(cast, again, backup, 1)
    await lifecycle.end_care(await cast.actor("alice"), again)
    found = await force(cast)
    assert found is not None
    assert (found.link, found.line.hours) == (None, 24)
    assert found.backup is not None


async def test_what_its_clinician_ended_before_care_ended_reaches_no_backup(cast: Cast):
    """What both agreed on is over with that, whatever the log knows of before."""
    backup, alice = await connected(cast, "charlie"), await cast.actor("alice")
    await agreed(cast, backup=backup)
    await agreements.end_as_clinician(await cast.actor("bob"), alice.id)
    await lifecycle.end_care(alice, cast.link)
    assert await force(cast) is None


async def put_in(cast: Cast, act: Act, is_chained: bool) -> None:
    """Have storage write into the log that alice and bob agreed, or ended it."""
    if is_chained:
        await chain_all(cast.installation)
    table = AuditEvent if is_chained else AuditPending
    row = await table.all().order_by("-id").first().values()
    assert row is not None
    await table.create(
        **row
        | {"id": row["id"] + 1 if is_chained else uuid4()}
        | ({"event_id": uuid4()} if is_chained else {})
        | {"at": cast.clock() + timedelta(hours=1), "action": act, "object_id": cast.link}
        | {"patient_id": (await cast.actor("alice")).id}
    )


@pytest.mark.parametrize("is_chained", [True, False])
async def test_what_storage_writes_into_the_log_agrees_to_nothing_and_ends_nothing(
    cast: Cast, is_chained: bool
):
    """No proposal is in force by it, and reaches no backup; what both agreed on stays, for its backup too."""
    backup, alice = await connected(cast, "charlie"), await cast.actor("alice")
    await propose(cast, backup=backup)
    await lifecycle.end_care(alice, cast.link)
    await put_in(cast, Act.NOTICES_AGREED, is_chained)
    assert await force(cast) is None
    if is_chained:  # an event that was chained as another one
        await AuditEvent.filter(action=Act.NOTICES_AGREED).delete()
        await chain_all(cast.installation)
        await AuditEvent.filter(action=Act.CARE_ENDED).update(action=Act.NOTICES_AGREED)
    else:
        await AuditPending.filter(action=Act.CARE_ENDED).update(action=Act.NOTICES_AGREED)
    assert await force(cast) is None


@pytest.mark.parametrize("is_chained", [True, False])
async def test_an_end_that_storage_writes_into_the_log_hides_nothing(cast: Cast, is_chained: bool):
    """What both agreed on last is told, and its backup still gets what is written."""
    backup, alice = await connected(cast, "charlie"), await cast.actor("alice")
    await agreed(cast, backup=backup)
    await lifecycle.end_care(alice, cast.link)
    await put_in(cast, Act.NOTICES_ENDED, is_chained)
    found = await force(cast)
    assert found is not None
    assert (found.link, found.backup and found.backup.id) == (None, backup)


async def test_a_proposal_is_taken_back_or_refused_by_either_and_what_is_in_force_stays(cast: Cast):
    """Also in a hold, since nothing is weakened; what is not proposed any more can be agreed to by nobody."""
    alice = (await cast.actor("alice")).id

    async def seen() -> Agreement:
        return await agreements.load_agreement(await cast.actor("bob"), alice)

    async def drop(who: str, terms: str) -> None:
        actor = await cast.actor(who)
        if who == "alice":
            await proposals.drop_proposal(actor, cast.link, terms)
        else:
            await proposals.drop_as_clinician(actor, alice, terms)

    for is_held in (False, True):
        for proposer, who in product(("alice", "bob"), repeat=2):
            before = await force(cast)
            if proposer == "alice":
                await propose(cast, hours=8)
            else:
                await agreements.propose_as_clinician(await cast.actor("bob"), alice, 8, "")
            proposed = (await seen()).proposed
            assert proposed is not None
            with pytest.raises(StaleRevision):
                await drop(who, uuid4().hex)
            await drop(who, proposed.id)
            assert (await seen()).proposed is None
            with pytest.raises(StaleRevision):
                await drop(who, proposed.id)
            with pytest.raises(StaleRevision):
                await agreements.agree_as_clinician(await cast.actor("bob"), alice, proposed.id, "")
            after = await force(cast)
            assert (after and after.terms) == (before and before.terms)
        assert await tables.NoticePolicy.all().count() == int(is_held)
        if not is_held:
            await agreed(cast)
            await in_session(cast)


async def test_a_clinician_writes_over_no_proposal_of_the_patient(cast: Cast):
    """It has the backup that was chosen, and waits for an answer."""
    other = await connected(cast, "charlie")
    await propose(cast, backup=other)
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    with pytest.raises(StaleRevision):
        await agreements.propose_as_clinician(bob, alice.id, 72, "")
    proposed = (await agreements.load_agreement(bob, alice.id)).proposed
    assert proposed is not None
    assert proposed.backup == other.hex


async def test_either_ends_it_and_storage_cannot_put_it_back(cast: Cast):
    """A row that storage keeps and puts back after its patient ended it is in force no more."""
    await agreed(cast)
    before = await at_rest(tables.NoticePolicy, cast.link)
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    await agreements.end(alice, cast.link)
    await tables.NoticePolicy.create(**before)
    assert await force(cast) is None
    await tables.NoticePolicy.all().delete()
    await agreed(cast)
    await agreements.end_as_clinician(bob, alice.id)
    assert await force(cast) is None


async def test_a_bent_row_is_in_force_for_nobody_and_hides_nothing(cast: Cast):
    """It is told as damaged, and can be proposed anew."""
    await agreed(cast)
    row = await at_rest(tables.NoticePolicy, cast.link)
    bent = row["sealed"][:-1] + bytes([row["sealed"][-1] ^ 1])
    await tables.NoticePolicy.filter(id=cast.link).update(sealed=bent)
    found = await force(cast)
    assert found is not None
    assert found.link is None
    assert found.is_strange
    (there,) = await agreements.list_agreements(await cast.actor("alice"))
    assert there.is_damaged
    await agreed(cast)
    found = await force(cast)
    assert found is not None
    assert found.link is not None


async def test_nobody_else_agrees_sees_or_ends(cast: Cast):
    """An unrelated clinician and patient find nothing, whatever they name."""
    await agreed(cast)
    alice, charlie, dana = [await cast.actor(name) for name in ("alice", "charlie", "dana")]
    for act in (
        agreements.load_agreement(charlie, alice.id),
        agreements.propose_as_clinician(charlie, alice.id, 24, ""),
        agreements.end_as_clinician(charlie, alice.id),
    ):
        with pytest.raises(NotFound):
            await act
    await agreements.end(dana, cast.link)
    assert await force(cast) is not None
    assert await agreements.list_agreements(dana) == ()


async def test_words_of_the_clinician_are_bounded(cast: Cast):
    """What is longer is refused, and nothing is agreed."""
    await propose(cast)
    with pytest.raises(InvalidInput):
        await answer(cast, looks="x" * 121)
    assert await force(cast) is None


async def test_a_deleted_record_restored_puts_nothing_in_force(cast: Cast):
    """Its end stands in it."""
    await agreed(cast)
    alice = await cast.actor("alice")
    entry = await only_entry.load_only_entry(alice, EntryKind.NOTICES)
    assert entry is not None
    await agreements.end_all_of(alice, entry.id)
    assert await force(cast) is None
    assert (await entries.load_entry(alice, entry.id)).document.answers
