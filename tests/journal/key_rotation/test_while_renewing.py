"""What comes between a renewal and the other side: older keys put back, a reset, a handover, a deletion, an export."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from journal.account_reset import returned_shares
from journal.care import link_keys, links
from journal.care import tables as care_tables
from journal.errors import TrustBroken
from journal.key_rotation import waiting
from journal.key_rotation.account_key import RotationInProgress
from journal.operations.retention import purge_deleted
from journal.practice import account_deletion
from journal.records import collection
from journal.records.archive import pack_archive
from journal.records.verification import verify_zip
from journal.sharing import handover_answers, handover_offers, shares
from journal.vault import tables as vault_tables
from journal.vault.record_state import RollbackDetected
from tests.cast import Cast
from tests.journal.account_reset.test_reset import offered, restarted
from tests.journal.key_rotation.test_account_key import begun, ended
from tests.journal.key_rotation.test_new_link_keys import reopened, with_link
from tests.journal.practice.test_account_deletion import hanging_on
from tests.scenes import connected, read_by, shared, signed_in_again, written


async def renewed(cast: Cast, who: str) -> None:
    """Have somebody renew their keys, to the end."""
    await begun(cast, who)
    await ended(cast, who)


async def columns(link: UUID, *names: str) -> dict[str, Any]:
    """What stands in columns of a care link."""
    (row,) = await care_tables.CareLink.filter(id=link).values(*names)
    return dict(row)


async def test_who_pinned_keys_of_two_renewals_ago_follows(sqlite_cast: Cast) -> None:
    """Bob was away while alice renewed her keys twice: his next page leads on, to the same safety code."""
    cast = sqlite_cast
    await shared(cast, await written(cast))
    await read_by(cast, "bob")
    for _ in range(2):
        await renewed(cast, "alice")
    assert len(await read_by(cast, "bob")) == 1
    codes = {await link_keys.derive_safety_code(*await with_link(cast, who)) for who in ("alice", "bob")}
    assert len(codes) == 1


@pytest.mark.parametrize("who", ["alice", "bob"])
async def test_an_older_grant_that_is_put_back_opens_nothing(sqlite_cast: Cast, who: str) -> None:
    """It is signed with alice's keys of before, or sealed to bob's; what he kept himself yields to the grant of now."""
    cast = sqlite_cast
    await shared(cast, await written(cast))
    await read_by(cast, "bob")
    older = await columns(cast.link, "clinician_key", "key_number")
    await renewed(cast, who)
    kept = await columns(cast.link, "held_key")
    await reopened(cast, "alice")
    now, row = (
        await columns(cast.link, "clinician_key", "key_number"),
        care_tables.CareLink.filter(id=cast.link),
    )
    await row.update(**kept)
    assert len(await read_by(cast, "bob")) == 1
    await row.update(held_key=None, **older)
    with pytest.raises(TrustBroken):
        await read_by(cast, "bob")
    await row.update(**now)
    assert len(await read_by(cast, "bob")) == 1


async def test_links_of_two_patients_are_not_exchanged(sqlite_cast: Cast) -> None:
    """What bob keeps until they come, what is granted then, and the keys before stand each for one link alone."""
    cast = sqlite_cast
    theirs = await connected(cast, "bob", "dana")
    await shared(cast, await written(cast))
    await links.load_my_links(await cast.actor("bob"))
    await renewed(cast, "bob")
    for column in ("held_key", "clinician_key"):
        mine, other = await columns(cast.link, column), await columns(theirs, column)
        await care_tables.CareLink.filter(id=cast.link).update(**other)
        await care_tables.CareLink.filter(id=theirs).update(**mine)
        with pytest.raises(TrustBroken):
            await read_by(cast, "bob")
        await care_tables.CareLink.filter(id=cast.link).update(**mine)
        await care_tables.CareLink.filter(id=theirs).update(**other)
        for who in ("alice", "dana"):
            await links.load_my_links(await cast.actor(who))
    former = {str(one.id): bytes(one.former) for one in await care_tables.LinkRenewal.all()}
    await care_tables.LinkRenewal.filter(id=cast.link).update(former=former[str(theirs)])
    assert await read_by(cast, "bob") == ()
    await care_tables.LinkRenewal.filter(id=cast.link).update(former=former[str(cast.link)])
    for who in ("alice", "dana"):
        await reopened(cast, who)
    assert len(await read_by(cast, "bob")) == 1


async def test_a_link_that_is_put_back_takes_nothing_more(sqlite_cast: Cast) -> None:
    """
    Storage puts everything of a link back as it was before bob's renewal, which his thief can open.

    Alice's record state knows a later list of copies: she is told, and shares nothing over it.
    """
    cast = sqlite_cast
    await shared(cast, await written(cast))
    await read_by(cast, "bob")
    tables = ((care_tables.CareLink, "id"), (vault_tables.RecordState, "id"), (care_tables.Share, "link_id"))
    before = [await table.filter(**{where: cast.link}).values() for table, where in tables]
    await renewed(cast, "bob")
    await reopened(cast, "alice")
    for (table, where), (row,) in zip(tables, before, strict=True):
        where_it_is: dict[str, Any] = {where: cast.link}
        pinned = {"patient_pin": (await columns(cast.link, "patient_pin"))["patient_pin"]}
        back = row | (pinned if table is care_tables.CareLink else {})
        await table.filter(**where_it_is).update(
            **{name: value for name, value in back.items() if name != "id"}
        )
    alice, entry = await cast.actor("alice"), await written(cast)
    with pytest.raises(RollbackDetected):
        await shares.share_entry(alice, entry.id, cast.link, ["title"], previewed=1)


async def test_a_renewal_that_storage_stops_is_said_for_as_long_as_it_lasts(sqlite_cast: Cast) -> None:
    """What is shared from then on is under the new key; no other renewal begins, and no page calls it done."""
    cast = sqlite_cast
    await shared(cast, await written(cast))
    await read_by(cast, "bob")
    await renewed(cast, "bob")
    await links.load_my_links(await cast.actor("alice"))
    await care_tables.LinkRenewal.filter(id=cast.link).update(former=b"\x00")
    for _ in range(3):
        alice = await cast.actor("alice")
        assert await waiting.continue_renewals(alice, await links.load_my_links(alice))
        cast.clock.forward(minutes=1)
    with pytest.raises(RotationInProgress):
        await begun(cast, "alice")
    await shared(cast, await written(cast))
    assert len(await read_by(cast, "bob")) == 1


async def test_a_reset_after_renewals(sqlite_cast: Cast) -> None:
    """Alice renewed, then lost everything, then bob renews: the new link is trusted, and he gives back what he had."""
    cast = sqlite_cast
    await shared(cast, await written(cast))
    await read_by(cast, "bob")
    await renewed(cast, "alice")
    await read_by(cast, "bob")
    alice = await restarted(cast, await offered(cast))
    await links.load_my_links(await cast.actor("bob"))  # who pins her keys of now
    await renewed(cast, "bob")
    bob = await cast.actor("bob")
    assert (await links.load_link_with(bob, alice.id)).trusted
    (hers,) = await links.load_my_links(await cast.actor("alice"))
    assert hers.trusted
    await reopened(cast, "alice")
    assert await returned_shares.return_shares(await cast.actor("bob"), alice.id) == 1
    assert await returned_shares.accept_returned_shares(await cast.actor("alice"), hers.id) == 1


async def test_a_handover_while_a_patient_has_yet_to_come(sqlite_cast: Cast) -> None:
    """Bob renewed his keys and suggests charlie: alice's page follows first, and what she ticks goes along."""
    cast = sqlite_cast
    share = await shared(cast, await written(cast))
    await read_by(cast, "bob")
    await renewed(cast, "bob")
    charlie, alice = await cast.actor("charlie"), await cast.actor("alice")
    offer = await handover_offers.suggest_colleague(await cast.actor("bob"), alice.id, str(charlie.id))
    await handover_answers.accept_handover(await cast.actor("alice"), offer, [share])
    assert len(await read_by(cast, "charlie")) == len(await read_by(cast, "bob")) == 1
    await reopened(cast, "alice")
    assert len(await read_by(cast, "charlie")) == len(await read_by(cast, "bob")) == 1


@pytest.mark.parametrize("came", [True, False])
async def test_an_account_is_deleted_while_its_link_waits(cast: Cast, came: bool) -> None:
    """Before alice came, or in the middle of what follows: nothing of hers is left, and for bob nothing waits."""
    await shared(cast, await written(cast))
    await read_by(cast, "bob")
    await renewed(cast, "bob")
    if came:
        await links.load_my_links(await cast.actor("alice"))
        assert await care_tables.LinkRenewal.filter(id=cast.link).exists()
    alice = await cast.actor("alice")
    await account_deletion.request_deletion(alice, account_deletion.CONFIRMATION_WORD)
    cast.clock.forward(days=7)
    await purge_deleted(cast.installation, cast.clock.now)
    assert await hanging_on(alice.id, cast.link) <= {"audit_event", "audit_pending"}
    del cast.tokens["alice"]
    await signed_in_again(cast)
    assert not await links.load_my_links(await cast.actor("bob"))


async def test_an_export_in_the_middle_is_whole(sqlite_cast: Cast) -> None:
    """Under old and new keys alike, with the copies that are shared, and signed by the keys of now."""
    cast = sqlite_cast
    await shared(cast, await written(cast))
    alice = await begun(cast)
    await written(cast)
    records = await collection.collect_patient_records(alice, "A practice")
    assert (len(records.entries), records.unreadable) == (2, ())
    assert verify_zip(pack_archive(records, {}, "1.0", alice.open_identity()), alice.fingerprint).is_whole
