"""Sharing: nothing without a confirmed look, exactly what was looked at, and nothing left behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from crypto import PrivateIdentity, Sealer, grant_link_key, new_link_key
from journal.accounts import tables as accounts_tables
from journal.care import lifecycle, links
from journal.care import tables as care_tables
from journal.care.documents import share_context
from journal.care.link_keys import SharingPaused, open_shared_key
from journal.entries import removal
from journal.errors import HeldUntilRested, InvalidInput, NotFound, StaleRevision, TrustBroken
from journal.sealing import seal_document
from journal.sharing import caseload, copies, reading, saving, shares
from journal.sharing.recipients import load_readers
from journal.store.database import Store
from journal.vault.documents import EntryDocument
from tests.cast import NOON, Cast, Furniture, cast_of
from tests.scenes import PARTS, connected, in_session, opened_by, read_by, rested, rewritten, shared, written


async def test_nothing_is_shared_by_default(cast: Cast) -> None:
    """An entry that nobody shared leaves no trace that a clinician could see."""
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    before = await reading.load_folder(bob, alice.id), (await caseload.load_caseload(bob)).cases
    await written(cast)
    after = await reading.load_folder(bob, alice.id), (await caseload.load_caseload(bob)).cases
    assert await read_by(cast, "bob") == ()
    assert await shares.list_shares(alice) == ()
    assert replace(before[0], link=after[0].link) == after[0]
    assert before[1] == after[1]


async def test_only_the_chosen_sections_are_read(cast: Cast) -> None:
    """What was not ticked is not in the copy: neither another answer, nor the title, nor the content note."""
    entry = await written(cast)
    await shared(cast, entry, ("int.top3",))
    (copy,) = await read_by(cast, "bob")
    assert copy.answers == {"int.top3": "the door\nsleep"}
    assert (copy.title, copy.note, copy.fields) == ("", "", ["int.top3"])


async def test_title_and_note_are_sections_like_any_other(cast: Cast) -> None:
    """They are shared when they are ticked."""
    await shared(cast, await written(cast), ("title", "note"))
    (copy,) = await read_by(cast, "bob")
    assert (copy.title, copy.note, copy.answers) == ("The sea", "About my father", {})


async def test_what_cannot_be_shared_is_not(cast: Cast) -> None:
    """A question that stays private does not come along, however its id is sent; nor does an invented one."""
    entry = await written(cast)
    await shared(cast, entry, ("int.not_ready", "int.meaning", "session_id", "nothing.like.it"))
    (copy,) = await read_by(cast, "bob")
    assert set(copy.answers) == {"int.meaning"}


@pytest.mark.parametrize("parts", [(), ("int.not_ready",), ("int.body",), ("nothing",)])
async def test_choosing_nothing_shares_nothing(cast: Cast, parts: tuple[str, ...]) -> None:
    """Without a section that can be shared there is no copy."""
    entry = await written(cast)
    with pytest.raises(InvalidInput):
        await shared(cast, entry, parts)
    assert await care_tables.Share.all().count() == 0


async def test_a_change_after_the_preview_shares_nothing(cast: Cast) -> None:
    """What is shared is what was seen: an older look does not share a newer text."""
    entry = await written(cast)
    await rewritten(cast, entry, **{"int.meaning": "Something else entirely."})
    with pytest.raises(StaleRevision):
        await shared(cast, entry)
    assert await care_tables.Share.all().count() == 0


async def test_a_later_edit_stays_private_until_it_is_shared(cast: Cast) -> None:
    """The clinician goes on reading the copy; the patient sees that it has changed."""
    entry = await written(cast)
    await shared(cast, entry)
    await rewritten(cast, entry, **{"int.meaning": "Changed."})
    (copy,) = await read_by(cast, "bob")
    assert copy.answers["int.meaning"] == "Maybe that I am allowed to rest."
    (one,) = await shares.list_shares(await cast.actor("alice"))
    assert one.changed
    assert one.outdated == {"int.meaning"}


async def test_an_edit_elsewhere_is_no_change_of_what_is_shared(cast: Cast) -> None:
    """Only the chosen sections count."""
    entry = await written(cast)
    await shared(cast, entry)
    await rewritten(cast, entry, **{"int.unsure": "Another private thing."})
    (one,) = await shares.list_shares(await cast.actor("alice"))
    assert not one.changed


async def test_an_update_replaces_the_copy_and_is_unread_again(cast: Cast) -> None:
    """There is one copy of an entry for one clinician, and it is new to them after each update."""
    alice, entry = await cast.actor("alice"), await written(cast)
    share = await shared(cast, entry)
    opened = await opened_by(cast, "bob", share)
    (one,) = await shares.list_shares(alice)
    assert one.opened_at == opened
    entry = await rewritten(cast, entry, **{"int.meaning": "Changed."})
    assert await shared(cast, entry) == share
    (one,) = await shares.list_shares(await cast.actor("alice"))
    assert one.opened_at is None
    assert not one.changed
    (copy,) = await read_by(cast, "bob")
    assert copy.answers == {"int.meaning": "Changed."}
    (case,) = (await caseload.load_caseload(await cast.actor("bob"))).cases
    assert case.unread == 1


async def test_two_confirmations_at_once_make_one_copy(cast: Cast) -> None:
    """A button pressed twice shares once."""
    entry = await written(cast)
    ids = await asyncio.gather(*(shared(cast, entry) for _ in range(10)))
    assert len(set(ids)) == 1
    assert await care_tables.Share.all().count() == 1
    assert len(await read_by(cast, "bob")) == 1


async def test_a_share_is_for_one_clinician(cast: Cast) -> None:
    """A second clinician of the same patient reads nothing of it."""
    await connected(cast, "charlie")
    await shared(cast, await written(cast))
    assert len(await read_by(cast, "bob")) == 1
    assert await read_by(cast, "charlie") == ()


async def test_outsiders_find_nothing(cast: Cast) -> None:
    """A clinician without a care link cannot tell alice from somebody who does not exist."""
    share = await shared(cast, await written(cast))
    alice, charlie = await cast.actor("alice"), await cast.actor("charlie")
    with pytest.raises(NotFound):
        await reading.load_folder(charlie, alice.id)
    with pytest.raises(NotFound):
        await reading.read_share(charlie, alice.id, share)


async def test_a_patient_cannot_act_on_what_is_not_hers(cast: Cast) -> None:
    """Another patient's entry, link and share do not exist for her, and stay as they are."""
    theirs = await connected(cast, "bob", "dana")
    entry = await written(cast)
    share = await shared(cast, entry)
    dana = await cast.actor("dana")
    own = await written(cast, "dana")
    with pytest.raises(NotFound):
        await shares.share_entry(dana, entry.id, theirs, PARTS, previewed=1)
    with pytest.raises(NotFound):
        await shares.share_entry(dana, own.id, cast.link, PARTS, previewed=1)
    with pytest.raises(NotFound):
        await shares.revoke_share(dana, share)
    with pytest.raises(NotFound):
        await shares.load_share(dana, share)
    assert await shares.list_shares(dana) == ()
    assert await care_tables.Share.all().count() == 1
    assert await care_tables.Share.filter(link_id=theirs).count() == 0


async def test_clinicians_do_not_share(cast: Cast) -> None:
    """The acts of a patient are not there for a clinician."""
    entry = await written(cast)
    share = await shared(cast, entry)
    bob = await cast.actor("bob")
    for act in (
        shares.list_shares(bob),
        shares.revoke_share(bob, share),
        shares.share_entry(bob, entry.id, cast.link, PARTS, previewed=1),
    ):
        with pytest.raises(NotFound):
            await act
    assert await care_tables.Share.all().count() == 1


async def test_revoking_takes_the_copy_away(cast: Cast) -> None:
    """What is revoked is not there any more, for the clinician and in the database."""
    share = await shared(cast, await written(cast))
    alice = await cast.actor("alice")
    await shares.revoke_share(alice, share)
    assert await read_by(cast, "bob") == ()
    assert await care_tables.Share.all().count() == 0
    with pytest.raises(NotFound):
        await reading.read_share(await cast.actor("bob"), alice.id, share)
    with pytest.raises(NotFound):
        await shares.revoke_share(alice, share)


async def test_deleting_an_entry_takes_its_copies_away(cast: Cast) -> None:
    """A deleted entry is read by nobody; bringing it back shares nothing again."""
    entry = await written(cast)
    await shared(cast, entry)
    alice = await cast.actor("alice")
    await removal.delete_entry(alice, entry.id)
    assert await read_by(cast, "bob") == ()
    await removal.restore_entry(alice, entry.id)
    assert await read_by(cast, "bob") == ()


async def test_a_paused_link_takes_no_new_copy(cast: Cast) -> None:
    """While sharing is paused nothing is added, also when the pause comes in the middle of sharing."""
    entry, alice = await written(cast), await cast.actor("alice")
    await lifecycle.pause_sharing(alice, cast.link)
    with pytest.raises(SharingPaused):
        await shared(cast, entry)
    assert await care_tables.Share.all().count() == 0


async def test_a_pause_in_the_middle_wins(cast: Cast) -> None:
    """A link that was paused after it was loaded takes no copy."""
    entry, alice = await written(cast), await cast.actor("alice")
    link = await links.load_my_link(alice, cast.link)
    key = await open_shared_key(alice, link)
    await lifecycle.pause_sharing(alice)
    copy = copies.build_copy(entry, PARTS, alice.now)
    with pytest.raises(StaleRevision):
        await saving.save_copy(alice, link, entry, copy, key)
    assert await care_tables.Share.all().count() == 0


async def test_sharing_waits_until_rested_and_stopping_never(cast: Cast) -> None:
    """From a dosing session until rest is confirmed on the next day, nothing is shared, and what is can be stopped."""
    share, other = await shared(cast, await written(cast)), await written(cast)
    session = await in_session(cast)
    with pytest.raises(HeldUntilRested):
        await shared(cast, other)
    await shares.revoke_share(await cast.actor("alice"), share)
    assert await read_by(cast, "bob") == ()
    await rested(cast, session)
    assert await shares.list_shares(await cast.actor("alice")) == ()
    await shared(cast, other)
    assert len(await read_by(cast, "bob")) == 1


async def test_a_replaced_public_key_stops_sharing(cast: Cast) -> None:
    """When the clinician's keys in the database are not the pinned ones, nothing is sealed for them."""
    entry, bob = await written(cast), await cast.actor("bob")
    await accounts_tables.Account.filter(id=bob.id).update(
        public_identity=PrivateIdentity.generate().public().encode()
    )
    with pytest.raises(TrustBroken):
        await shared(cast, entry)
    assert await care_tables.Share.all().count() == 0


async def test_a_share_planted_under_a_foreign_key_is_refused(cast: Cast) -> None:
    """
    Whoever writes the database cannot put words into alice's mouth.

    The planted link key is sealed to bob as it has to be, but signed by somebody else.
    """
    alice, bob, entry = await cast.actor("alice"), await cast.actor("bob"), await written(cast)
    await shared(cast, entry)
    key, mallory = new_link_key(), PrivateIdentity.generate()
    blob = grant_link_key(
        key,
        link=cast.link.bytes,
        patient=alice.id.bytes,
        clinician=bob.id.bytes,
        to=bob.public_identity,
        signer=mallory,
    )
    ident = uuid4()
    planted = copies.build_copy(entry, PARTS, alice.now)
    other = await written(cast)
    await care_tables.CareLink.filter(id=cast.link).update(clinician_key=blob)
    await care_tables.Share.create(
        id=ident,
        link_id=cast.link,
        entry_id=other.id,
        revision=1,
        sealed=seal_document(Sealer(key), planted, share_context(cast.link, ident, 1)),
        created_at=alice.now,
        updated_at=alice.now,
    )
    with pytest.raises(TrustBroken):
        await reading.load_folder(bob, alice.id)
    with pytest.raises(TrustBroken):
        await reading.read_share(bob, alice.id, ident)
    mine = {one.id: one.damaged for one in await shares.list_shares(alice)}
    assert mine[ident]
    assert sorted(mine.values()) == [False, True]


async def test_a_planted_key_signed_by_swapped_patient_keys_is_refused(cast: Cast) -> None:
    """Not even with alice's public keys swapped as well: bob has hers pinned once he has read."""
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    await shared(cast, await written(cast))
    await reading.load_folder(bob, alice.id)
    mallory = PrivateIdentity.generate()
    blob = grant_link_key(
        new_link_key(),
        link=cast.link.bytes,
        patient=alice.id.bytes,
        clinician=bob.id.bytes,
        to=bob.public_identity,
        signer=mallory,
    )
    await care_tables.CareLink.filter(id=cast.link).update(clinician_key=blob)
    await accounts_tables.Account.filter(id=alice.id).update(public_identity=mallory.public().encode())
    with pytest.raises(TrustBroken):
        await reading.load_folder(await cast.actor("bob"), alice.id)


async def test_a_copy_moved_to_another_entry_is_damaged(cast: Cast) -> None:
    """
    A row pointed at another entry is noticed on both sides.

    Otherwise the patient would be asked to update it, and would share what she never chose.
    """
    entry, other = await written(cast), await written(cast)
    share = await shared(cast, entry)
    await care_tables.Share.filter(id=share).update(entry_id=other.id)
    (one,) = await shares.list_shares(await cast.actor("alice"))
    assert one.damaged
    assert not one.changed
    assert one.document.fields == []
    assert await read_by(cast, "bob") == ()


async def test_a_damaged_copy_hides_nothing_and_can_be_revoked(cast: Cast) -> None:
    """One flipped bit costs that copy alone: the others stay listed, and the bad one can be taken away."""
    first, second = await shared(cast, await written(cast)), await shared(cast, await written(cast))
    row = await care_tables.Share.get(id=first)
    broken = bytearray(row.sealed)
    broken[-1] ^= 1
    await care_tables.Share.filter(id=first).update(sealed=bytes(broken))
    alice = await cast.actor("alice")
    assert {one.id: one.damaged for one in await shares.list_shares(alice)} == {first: True, second: False}
    await shares.revoke_share(alice, first)
    assert [one.id for one in await shares.list_shares(alice)] == [second]


@pytest.fixture
async def file_cast(furnished_sqlite_url: tuple[str, Furniture]) -> AsyncIterator[tuple[Cast, Path]]:
    """Everybody, on an SQLite file that can be looked into."""
    url, furniture = furnished_sqlite_url
    store = await Store.open(url)
    with store.use():
        yield cast_of(furniture), Path(url.removeprefix("sqlite://"))
    await store.close()


def on_disk(path: Path) -> bytes:
    """Read the database file and everything that stands beside it."""
    return b"".join(part.read_bytes() for part in sorted(path.parent.glob(path.name + "*")))


@pytest.mark.parametrize("length", [40, 20_000], ids=["in one page", "over many pages"])
@pytest.mark.parametrize("ending", ["revoke", "end", "delete"])
async def test_what_is_revoked_leaves_the_files(
    file_cast: tuple[Cast, Path], length: int, ending: str
) -> None:
    """Neither the database file nor its write-ahead log holds the sealed copy afterwards."""
    cast, path = file_cast
    entry = await written(
        cast, document=EntryDocument("free", answers={"free.text": "a word " * (length // 7)})
    )
    share = await shared(cast, entry, ("free.text",))
    row = await care_tables.Share.get(id=share)
    pieces = [bytes(row.sealed)[at : at + 32] for at in range(14, len(row.sealed) - 32, 512)]
    assert pieces
    assert all(piece in on_disk(path) for piece in pieces[:1])
    alice = await cast.actor("alice")
    if ending == "revoke":
        await shares.revoke_share(alice, share)
    elif ending == "end":
        await lifecycle.end_care(alice, cast.link)
    else:
        await removal.delete_entry(alice, entry.id)
    left = on_disk(path)
    assert not any(piece in left for piece in pieces)


async def test_readers_of_any_number_of_entries(cast: Cast) -> None:
    """A list may be longer than a statement can have values: a search finds what there is."""
    entry = await written(cast)
    await shared(cast, entry)
    asked = [*(uuid4() for _ in range(33_000)), entry.id]
    found = await load_readers(await cast.actor("alice"), dict.fromkeys(asked, NOON))
    assert {ident: [one.name for one in its] for ident, its in found.items()} == {
        str(entry.id): ["Bob Example"]
    }
