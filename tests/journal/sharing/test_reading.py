"""What a clinician can read: shared copies and session dates, and nothing that hints at anything else."""

from __future__ import annotations

import cProfile
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from crypto import PrivateIdentity
from journal.accounts import tables as accounts_tables
from journal.audit import events as audit_events
from journal.audit.acts import Act
from journal.care import lifecycle, links
from journal.care import tables as care_tables
from journal.care.link_keys import SharingPaused
from journal.entries import entries
from journal.errors import Damaged, NotFound, TrustBroken
from journal.sharing import caseload, reading, shares
from tests.cast import NOON, Cast
from tests.shared_material import dosing, plan_course, share, write


async def test_a_folder_holds_what_was_shared_newest_first(cast: Cast) -> None:
    """Entries come in the order they were written, latest first; unshared ones leave no trace."""
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    older = await write(cast, "free", {"free.text": "older"}, at=NOON - timedelta(days=2))
    await write(cast, "free", {"free.text": "private"}, at=NOON - timedelta(days=1))
    newer = await write(cast, "free", {"free.text": "newer"})
    for entry in (newer, older):
        await share(cast, entry)
    found = await reading.load_folder(bob, alice.id)
    assert [one.document.answers["free.text"] for one in found.shared] == ["newer", "older"]
    assert "private" not in repr(found)


async def test_opening_is_written_down_and_an_update_is_new_again(cast: Cast) -> None:
    """A copy is new until it is opened, opened once it is, and new again when the patient updates it."""
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    entry = await write(cast, "free", {"free.text": "first"})
    copy = await share(cast, entry)
    assert (await reading.load_folder(bob, alice.id)).shared[0].unread
    _, one = await reading.read_share(bob, alice.id, copy)
    assert one.document.answers == {"free.text": "first"}
    assert not (await reading.load_folder(bob, alice.id)).shared[0].unread
    log = [
        event
        for event in await audit_events.list_patient_events(alice.id)
        if event.action is Act.SHARE_OPENED
    ]
    assert [(event.actor_id, event.object_id) for event in log] == [(bob.id, copy)]
    await share(cast, entry)
    assert (await reading.load_folder(bob, alice.id)).shared[0].unread


async def test_one_copy_among_many_is_opened_alone(cast: Cast) -> None:
    """However many are shared, opening one takes no more work of the cipher's."""
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    opened = []
    for number in range(12):
        copy = await share(cast, await write(cast, "free", {"free.text": f"words {number}"}))
        if number in (1, 11):
            profile = cProfile.Profile()
            with profile:
                _, one = await reading.read_share(bob, alice.id, copy)
            assert one.document.answers == {"free.text": f"words {number}"}
            opened.append(sum(call.callcount for call in profile.getstats() if "decrypt" in str(call.code)))
    assert opened[0] == opened[1] > 0


async def test_a_copy_updated_while_it_is_read_stays_new(cast: Cast) -> None:
    """What was read is the older text; the newer one is not called opened."""
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    copy = await share(
        cast, await write(cast, "free", {"free.text": "words"}), at=NOON + timedelta(seconds=1)
    )
    await reading.mark_opened(bob, alice.id, [copy])
    assert (await reading.load_folder(bob, alice.id)).shared[0].unread


async def test_nothing_opens_while_sharing_is_paused(cast: Cast) -> None:
    """Paused, the folder is empty, a copy is refused and the caseload counts nothing; the plan stays."""
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    await plan_course(cast)
    copy = await share(cast, await write(cast, "free", {"free.text": "words"}))
    await lifecycle.pause_sharing(alice)
    found = await reading.load_folder(bob, alice.id)
    assert (found.paused, found.shared, len(found.sessions)) == (True, (), 13)
    with pytest.raises(SharingPaused):
        await reading.read_share(bob, alice.id, copy)
    (case,) = (await caseload.load_caseload(bob)).cases
    assert (case.paused, case.unread) == (True, 0)


async def test_a_damaged_copy_hides_nothing_and_is_not_hidden(cast: Cast) -> None:
    """One altered copy is counted and refused; the others are read as before."""
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    good = await share(cast, await write(cast, "free", {"free.text": "good"}))
    bad = await share(cast, await write(cast, "free", {"free.text": "bad"}))
    row = await care_tables.Share.get(id=good)
    await care_tables.Share.filter(id=bad).update(sealed=row.sealed)
    found = await reading.load_folder(bob, alice.id)
    assert ([one.id for one in found.shared], found.damaged) == ([good], (bad,))
    with pytest.raises(Damaged):
        await reading.read_share(bob, alice.id, bad)


async def test_a_copy_moved_to_another_entry_is_noticed(cast: Cast) -> None:
    """A storage that hangs a copy on another entry is not believed."""
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    copy = await share(cast, await write(cast, "free", {"free.text": "words"}))
    other = await write(cast, "free", {"free.text": "other"})
    await care_tables.Share.filter(id=copy).update(entry_id=other)
    assert (await reading.load_folder(bob, alice.id)).damaged == (copy,)


@pytest.mark.parametrize("outsider", ["charlie", "dana", "alice"])
async def test_nobody_else_reads(cast: Cast, outsider: str) -> None:
    """Another clinician, another patient, and the patient herself: the clinician's desk is not theirs."""
    alice, stranger = await cast.actor("alice"), await cast.actor(outsider)
    copy = await share(cast, await write(cast, "free", {"free.text": "words"}))
    for attempt in (reading.load_folder(stranger, alice.id), reading.read_share(stranger, alice.id, copy)):
        with pytest.raises(NotFound):
            await attempt
    with pytest.raises(NotFound):
        await reading.read_share(await cast.actor("bob"), alice.id, uuid4())


async def test_after_the_end_of_care_there_is_nothing(cast: Cast) -> None:
    """The patient leaves the caseload, and their page is gone."""
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    copy = await share(cast, await write(cast, "free", {"free.text": "words"}))
    await lifecycle.end_care(bob, cast.link)
    assert (await caseload.load_caseload(bob)).cases == ()
    with pytest.raises(NotFound):
        await reading.read_share(bob, alice.id, copy)
    assert len(await entries.load_all_entries(alice)) == 1


async def test_changed_keys_stop_reading(cast: Cast) -> None:
    """When the database holds other keys for the patient, nothing shared is opened."""
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    await share(cast, await write(cast, "free", {"free.text": "words"}))
    await reading.load_folder(bob, alice.id)
    forged = PrivateIdentity.generate().public().encode()
    await accounts_tables.Account.filter(id=alice.id).update(public_identity=forged)
    with pytest.raises(TrustBroken):
        await reading.load_folder(bob, alice.id)
    assert not (await links.load_link_with(bob, alice.id)).trusted


async def test_the_caseload_says_who_is_next_and_what_is_new(cast: Cast) -> None:
    """What is next carries the number of its dosing session; what was unshared or opened is not counted."""
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    (case,) = (await caseload.load_caseload(bob)).cases
    assert (case.name, case.next, case.last, case.unread) == ("Alice Sample", None, None, 0)
    await plan_course(cast)
    third = (await dosing(cast))[2]
    copies = [await share(cast, await write(cast, "free", {"free.text": str(n)})) for n in range(3)]
    await write(cast, "free", {"free.text": "private"})
    await reading.read_share(bob, alice.id, copies[0])
    await shares.revoke_share(replace(alice, now=NOON - timedelta(days=3)), copies[1])
    (case,) = (await caseload.load_caseload(bob)).cases
    assert case.next is not None
    assert case.number is not None
    assert (case.next.details.about, case.number.number, case.unread) == (third.id.hex, 3, 1)
    assert case.last == third
    assert (await caseload.load_caseload(await cast.actor("charlie"))).cases == ()
