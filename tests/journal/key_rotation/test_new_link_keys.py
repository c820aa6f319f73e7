"""Renewed keys, as the other side sees them: followed, signed anew, sealed anew, and nothing lost between."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from uuid import uuid4

import msgspec
import pytest

from crypto import CryptoError, PrivateIdentity, open_sitter_note, seal_identity, succeed
from journal.accounts import tables as accounts_tables
from journal.accounts.profiles import load_profile
from journal.actor import Actor
from journal.audit import tables as audit_tables
from journal.audit.acts import Act
from journal.care import invitations, lifecycle, link_keys, links
from journal.care import tables as care_tables
from journal.care.links import Link
from journal.care_notes import notes
from journal.care_notes.notes import NoteKind
from journal.care_notes.signing import sign_note
from journal.clinic import signatures
from journal.clinic.signatures import Signer
from journal.coming_talk import items
from journal.coming_talk.documents import ItemDetails, item_context
from journal.entries import entries
from journal.errors import Damaged, LinkExpired, StaleRevision, TrustBroken
from journal.key_rotation import account_key, waiting
from journal.key_rotation.account_key import RotationInProgress
from journal.replies import rows as reply_rows
from journal.replies.rows import load_list
from journal.scheduling import plan as session_plan
from journal.sealing import open_document, seal_document
from journal.sessions.session import Status
from journal.sharing import handover_answers, handover_offers, shares
from journal.sharing.handover_offers import WITHDRAWN
from journal.sitter import links as sitter_links
from journal.sitter import notes as sitter_notes
from journal.sitter import reading as sitter_reading
from journal.sitter import tables as sitter_tables
from journal.sitter.links import SitterLinkEnded
from journal.sitter.notes import NoCopy
from journal.store.database import execute, transaction
from journal.vault import record_state
from journal.vault.documents import EntryDocument
from tests.cast import PASSWORDS, Cast
from tests.journal.care_notes.test_limits import TYPED
from tests.journal.clinic.test_instructions import load, write
from tests.journal.coming_talk.test_coming_talk import set_for, talk_on
from tests.journal.key_rotation.test_account_key import begun, ended
from tests.journal.replies.test_replies import send_back, send_mine
from tests.journal.sitter.test_links import dose
from tests.journal.sitter.test_notes import note, rest, sitting_of
from tests.scenes import become, connected, read_by, shared, signed_in_again, written


async def signed(cast: Cast) -> None:
    """Have everything be there that either of the two signs."""
    await become(cast, "bob", "prescriber")
    entry = await written(cast)
    share = await shared(cast, entry)
    await send_mine(cast, entry)
    await send_back(cast, share)
    await notes.write_note(
        await cast.actor("bob"), (await cast.actor("alice")).id, NoteKind.LIMITS, TYPED, uuid4()
    )
    await set_for(cast, await talk_on(cast))
    await write(cast)


async def seen_by(cast: Cast, who: str) -> tuple[int, int, int, Signer]:
    """Count the notes, replies and things for a talk that open and are signed, and say whose the instructions are."""
    actor = await cast.actor(who)
    link = await link_of(actor, cast)
    found = await notes.load_notes(actor, link)
    set_there = await items.load_items(actor, link)
    key = await link_keys.open_shared_key(actor, link)
    replies = await reply_rows.load_all_rows(actor, link, key, await load_list(link, key))
    assert (found.damaged, set_there.damaged, replies.damaged) == ((), (), ())
    text = await load(cast)
    assert text is not None
    signer = await signatures.identify_signer(actor, await links.load_my_links(actor), text)
    return len(found), len(replies), len(set_there), signer


ALL = (1, 2, 1, Signer.CARE_TEAM)


def bent(stored: bytes) -> bytes:
    """Bytes as storage has them, with one bit of the last one flipped."""
    return bytes(stored[:-1]) + bytes([stored[-1] ^ 1])


async def link_of(actor: Actor, cast: Cast) -> Link:
    """Load the link of alice and bob."""
    return await links.load_my_link(actor, cast.link)


async def reopened(cast: Cast, who: str) -> None:
    """Have somebody open pages until nothing waits for them."""
    for _ in range(20):
        actor = await cast.actor(who)
        if not await waiting.continue_renewals(actor, await links.load_my_links(actor)):
            return
        cast.clock.forward(seconds=account_key.SETTLING_TIME.total_seconds())
    raise AssertionError("It does not come to its end.")


@pytest.mark.parametrize("who", ["alice", "bob"])
async def test_the_other_side_follows_and_nobody_else_does(cast: Cast, who: str) -> None:
    """The next page of the other one pins the keys of now; both have one new safety code, and it stands in the log."""
    await shared(cast, await written(cast))
    await read_by(cast, "bob")
    other = {"alice": "bob", "bob": "alice"}[who]
    before = await link_keys.derive_safety_code(*await with_link(cast, other))
    await begun(cast, who)
    now = {name: await link_keys.derive_safety_code(*await with_link(cast, name)) for name in (other, who)}
    assert now[who] == now[other] != before
    (event,) = await audit_tables.AuditPending.filter(action=Act.KEYS_FOLLOWED.value)
    assert (event.actor_id, event.recipient_id) == ((await cast.actor(other)).id, (await cast.actor(who)).id)
    assert (await with_link(cast, other))[1].row.followed_at == cast.clock.now
    assert (await with_link(cast, who))[1].row.followed_at is None
    await ended(cast, who)
    await reopened(cast, other)
    assert len(await read_by(cast, "bob")) == 1
    assert not await care_tables.LinkRenewal.exists()
    assert await link_keys.derive_safety_code(*await with_link(cast, other)) == now[who]
    assert (await record_state.compare_records(await cast.actor("alice"), earlier=True)).is_intact


async def with_link(cast: Cast, who: str) -> tuple[Actor, Link]:
    """Load somebody with the link of alice and bob."""
    actor = await cast.actor(who)
    return actor, await link_of(actor, cast)


@pytest.mark.parametrize("who", ["alice", "bob"])
async def test_a_thief_who_writes_the_database_leads_nobody_astray(sqlite_cast: Cast, who: str) -> None:
    """With the old private keys they sign a change to keys of their own: the profile does not attest it."""
    cast = sqlite_cast
    await shared(cast, await written(cast))
    await read_by(cast, "bob")
    actor, thief = await cast.actor(who), PrivateIdentity.generate()
    forged = succeed(actor.id.bytes, 1, 0, old=actor.open_identity(), new=thief)
    await accounts_tables.Succession.create(id=uuid4(), account_id=actor.id, number=1, statement=forged)
    await accounts_tables.Account.filter(id=actor.id).update(public_identity=thief.public().encode())
    other = await cast.actor({"alice": "bob", "bob": "alice"}[who])
    assert not (await link_of(other, cast)).trusted
    with pytest.raises(TrustBroken):
        await link_keys.get_peer_identity(other, await link_of(other, cast))
    assert not await care_tables.LinkRenewal.exists()


async def test_a_change_that_is_gone_is_not_followed(sqlite_cast: Cast) -> None:
    """Who withholds the change stops sharing: nobody is led to keys that nothing leads to."""
    cast = sqlite_cast
    await begun(cast, "bob")
    await accounts_tables.Succession.all().delete()
    assert not (await link_of(await cast.actor("alice"), cast)).trusted


@pytest.mark.parametrize("who", ["alice", "bob"])
async def test_signatures_are_made_anew(cast: Cast, who: str) -> None:
    """Both read everything before, in the middle and afterwards; then nothing needs the keys of before."""
    await signed(cast)
    assert [await seen_by(cast, name) for name in ("alice", "bob")] == [ALL, ALL]
    await begun(cast, who)
    assert [await seen_by(cast, name) for name in ("alice", "bob")] == [ALL, ALL]
    await account_key.reseal_batches(await cast.actor(who), 3)
    assert [await seen_by(cast, name) for name in ("alice", "bob")] == [ALL, ALL]
    await ended(cast, who)
    await reopened(cast, "alice")
    await accounts_tables.Succession.all().delete()
    assert [await seen_by(cast, name) for name in ("alice", "bob")] == [ALL, ALL]


async def test_what_a_thief_signs_later_counts_no_more(sqlite_cast: Cast) -> None:
    """Once the renewal has ended, the keys of before sign nothing that anybody takes for bob's."""
    cast = sqlite_cast
    await signed(cast)
    old = (await cast.actor("bob")).open_identity()
    await begun(cast, "bob")
    await ended(cast, "bob")
    await reopened(cast, "alice")
    bob = await cast.actor("bob")
    sealed = seal_identity(bob.keyring, old, account=bob.id.bytes)
    forger = replace(bob, public_keys=old.public().encode(), sealed_identity=sealed)
    link, (row,) = await link_of(bob, cast), await care_tables.TalkItem.all()
    key, place = await link_keys.open_shared_key(bob, link), item_context(link.id, row.id)
    details = open_document(key, bytes(row.sealed), place, ItemDetails)
    signature = sign_note(forger, link, row.id, items.SIGNED_VERSION, items.PURPOSE, details)
    forged = seal_document(key, msgspec.structs.replace(details, signature=signature), place)
    await care_tables.TalkItem.filter(id=row.id).update(sealed=forged)
    alice = await cast.actor("alice")
    assert len((await items.load_items(alice, await link_of(alice, cast))).damaged) == 1


async def test_while_sharing_is_paused_signatures_wait(cast: Cast) -> None:
    """Bob cannot open the link then: alice reads what he wrote all the same, and he signs it anew once he can."""
    await signed(cast)
    await lifecycle.pause_sharing(await cast.actor("alice"), cast.link)
    await begun(cast, "bob")
    await ended(cast, "bob")
    assert (await care_tables.CareLink.get(id=cast.link)).signs_later
    alice = await cast.actor("alice")
    assert (await link_of(alice, cast)).paused_at
    assert (await seen_by(cast, "alice"))[:3] == ALL[:3]
    await reopened(cast, "alice")
    await lifecycle.resume_sharing(await cast.actor("alice"), cast.link)
    assert await seen_by(cast, "bob") == ALL
    await reopened(cast, "bob")
    assert not (await care_tables.CareLink.get(id=cast.link)).signs_later
    await accounts_tables.Succession.all().delete()
    assert [await seen_by(cast, name) for name in ("alice", "bob")] == [ALL, ALL]


async def test_a_paused_link_is_renewed_without_being_resumed(cast: Cast) -> None:
    """Alice renews her keys while sharing is paused: bob has no key, until she resumes it."""
    await shared(cast, await written(cast))
    await read_by(cast, "bob")
    await lifecycle.pause_sharing(await cast.actor("alice"), cast.link)
    await begun(cast)
    await ended(cast)
    row = await care_tables.CareLink.get(id=cast.link)
    assert (row.clinician_key, row.held_key, row.key_number) == (None, None, 1)
    assert await read_by(cast, "bob") == ()
    await lifecycle.resume_sharing(await cast.actor("alice"), cast.link)
    assert len(await read_by(cast, "bob")) == 1


async def test_what_set_out_before_is_sealed_anew_or_refused(cast: Cast) -> None:
    """A note that was begun under the key before is kept while that is known, and refused once it is gone."""
    await shared(cast, await written(cast))
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    before = await link_of(bob, cast)
    await begun(cast)
    async with transaction():
        await links.require_active(before)
        await links.require_cared_for(before)
    entry = await entries.save_entry(
        await cast.actor("alice"), uuid4(), 0, EntryDocument("free", "On the way")
    )
    await shares.share_entry(await cast.actor("alice"), entry.id, cast.link, ["title"], previewed=1)
    await ended(cast)
    for refuse in (links.require_active, links.require_cared_for):
        with pytest.raises(StaleRevision, match="keys of this connection"):
            async with transaction():
                await refuse(before)
    assert len(await read_by(cast, "bob")) == 2
    assert alice.id == (await cast.actor("alice")).id


async def test_two_at_once_draw_one_key(cast: Cast) -> None:
    """Two pages of alice find bob's change at the same moment: one key is drawn, and everything opens."""
    await shared(cast, await written(cast))
    await begun(cast, "bob")
    await ended(cast, "bob")
    actors = [await cast.actor("alice") for _ in range(4)]
    await asyncio.gather(*(links.load_my_links(one) for one in actors))
    assert (await care_tables.CareLink.get(id=cast.link)).key_number == 1
    again = [await cast.actor("alice") for _ in range(3)]
    await asyncio.gather(*(account_key.reseal_batches(one, 5) for one in again))
    await reopened(cast, "alice")
    assert len(await read_by(cast, "bob")) == 1
    assert (await record_state.compare_records(await cast.actor("alice"), earlier=True)).is_intact
    row = await care_tables.CareLink.get(id=cast.link)
    assert (row.held_key, row.due_at) == (None, None)


async def test_one_after_the_other(cast: Cast) -> None:
    """Bob renews twice before alice comes, then she does, then both at once: each time everything opens in the end."""
    await signed(cast)
    for _ in range(2):
        await begun(cast, "bob")
        await ended(cast, "bob")
        assert (await care_tables.CareLink.get(id=cast.link)).due_at
        assert await seen_by(cast, "bob") == ALL
    with pytest.raises(RotationInProgress):  # what follows from bob's comes first
        await begun(cast, "alice")
    await reopened(cast, "alice")
    await begun(cast, "alice")
    await begun(cast, "bob")
    await ended(cast, "alice")
    await ended(cast, "bob")
    await reopened(cast, "alice")
    await reopened(cast, "alice")
    assert [await seen_by(cast, name) for name in ("alice", "bob")] == [ALL, ALL]
    assert (await record_state.compare_records(await cast.actor("alice"), earlier=True)).is_intact


async def test_who_has_pinned_nobody_yet_follows_the_voucher(cast: Cast) -> None:
    """Charlie has not looked at his new patient when she renews her keys: what she vouched for leads to them."""
    await connected(cast, "charlie")
    await begun(cast)
    await ended(cast)
    charlie, alice = await cast.actor("charlie"), await cast.actor("alice")
    link = await links.load_link_with(charlie, alice.id)
    assert (link.trusted, link.row.clinician_pin is None) == (True, False)


async def test_a_handover_leads_on(cast: Cast) -> None:
    """Charlie took over and has not looked; patient and former clinician renew their keys, and he himself does."""
    alice, bob, charlie = [await cast.actor(name) for name in ("alice", "bob", "charlie")]
    one = await handover_offers.suggest_colleague(bob, alice.id, str(charlie.id))
    await handover_answers.accept_handover(alice, one, set())
    for who in ("bob", "alice"):
        await begun(cast, who)
        await ended(cast, who)
        await reopened(cast, "alice")
    assert (await links.load_link_with(await cast.actor("charlie"), alice.id)).trusted
    await begun(cast, "charlie")
    await ended(cast, "charlie")
    assert (await links.load_link_with(await cast.actor("charlie"), alice.id)).trusted


async def test_invitations_and_handovers_that_wait(cast: Cast) -> None:
    """A waiting handover is withdrawn, whoever of the three renews; so is an invitation, whose link a thief knows."""
    invited = await invitations.create_invitation(await cast.actor("bob"), "Dana")
    alice, charlie = [await cast.actor(name) for name in ("alice", "charlie")]
    for who in ("alice", "bob", "charlie"):
        offered = await handover_offers.suggest_colleague(await cast.actor("bob"), alice.id, str(charlie.id))
        await begun(cast, who)
        assert (await care_tables.Handover.get(id=offered)).state == WITHDRAWN
        await ended(cast, who)
        await reopened(cast, "alice")
    with pytest.raises(LinkExpired):
        await invitations.accept_invitation(await cast.actor("dana"), invited.token)
    again = await invitations.create_invitation(await cast.actor("bob"), "Dana")
    link = await invitations.accept_invitation(await cast.actor("dana"), again.token)
    assert (await links.load_my_link(await cast.actor("bob"), link)).trusted


async def test_an_invitation_that_set_out_before_is_vouched_for_anew(sqlite_cast: Cast) -> None:
    """A request with bob's keys of before makes it after the renewal began: dana accepts it once that has ended."""
    cast = sqlite_cast
    before = await cast.actor("bob")
    await begun(cast, "bob")
    invited = await invitations.create_invitation(before, "Dana")
    await ended(cast, "bob")
    link = await invitations.accept_invitation(await cast.actor("dana"), invited.token)
    assert (await links.load_my_link(await cast.actor("bob"), link)).trusted


async def test_a_sitters_notes_are_sealed_to_the_new_keys(cast: Cast) -> None:
    """The link ends, since its copy has the keys of before; what was noted is read after rest, as it was."""
    session = await dose(cast)
    _, sitting = await sitting_of(cast, session)
    await note(cast, sitting)
    await begun(cast)
    assert (await sitter_tables.SitterLink.get(id=sitting.link)).ended_at
    await ended(cast)
    await rest(cast, session)
    found = await sitter_reading.load_notes(await cast.actor("alice"), session)
    assert (len(found), found.damaged) == (1, ())


async def test_the_profile_attests_the_new_keys_and_names_the_old(cast: Cast) -> None:
    """What was signed with keys of before can still be told: the profile has their fingerprint, and until when."""

    before = await cast.actor("bob")
    await begun(cast, "bob")
    bob = await cast.actor("bob")
    profile = await load_profile(cast.installation, bob.id)
    assert profile.keys == sha256(bob.public_keys).hexdigest()
    assert [(one.fingerprint, one.until) for one in profile.retired_keys] == [(before.fingerprint, bob.now)]


async def test_a_link_that_was_made_on_the_way_is_covered(cast: Cast) -> None:
    """A request that set out with the keys of before connects alice with charlie: at the end it has a new key."""
    invited = await invitations.create_invitation(await cast.actor("charlie"), "Alice")
    before = await cast.actor("alice")
    await begun(cast)
    link = await invitations.accept_invitation(before, invited.token)
    await ended(cast)
    await reopened(cast, "charlie")
    assert (await care_tables.CareLink.get(id=link)).key_number == 1
    assert (await links.load_my_link(await cast.actor("charlie"), link)).trusted
    charlie = await cast.actor("charlie")
    await link_keys.open_shared_key(charlie, await links.load_my_link(charlie, link))


async def test_what_is_damaged_is_counted_and_stays(cast: Cast) -> None:
    """A copy that no key opens stops nothing, and is as it was."""
    entry = await written(cast)
    share = await shared(cast, entry)
    row = await care_tables.Share.get(id=share)
    changed = bent(row.sealed)
    await care_tables.Share.filter(id=share).update(sealed=changed)
    await begun(cast)
    assert (await ended(cast)).unopened == 1
    assert bytes((await care_tables.Share.get(id=share)).sealed) == changed
    assert await care_tables.CareLink.filter(id=cast.link, key_number=1).exists()


STATEMENTS = (
    ("UPDATE", "account"),
    ("INSERT", "key_renewal"),
    ("INSERT", "succession"),
    ("UPDATE", "handover"),
    ("UPDATE", "care_link"),
    ("DELETE", "key_slot"),
    ("INSERT", "web_session"),
    ("INSERT", "key_log"),
)
OF_PATIENTS = (("UPDATE", "sitter_link"), ("INSERT", "link_renewal"), ("UPDATE", "record_state"))
"""What the transaction that begins a renewal writes: anybody's, and what a patient's does besides."""


@pytest.mark.parametrize("who", ["alice", "bob"])
async def test_a_beginning_that_breaks_off_anywhere_changes_nothing(sqlite_cast: Cast, who: str) -> None:
    """Whichever write of it fails: keys, identity, links and signatures are as before, and it can begin again."""
    cast = sqlite_cast
    await signed(cast)
    await sitting_of(cast, await dose(cast))
    await invitations.create_invitation(await cast.actor("bob"), "Dana")
    charlie = await cast.actor("charlie")
    await handover_offers.suggest_colleague(
        await cast.actor("bob"), (await cast.actor("alice")).id, str(charlie.id)
    )
    before = await cast.actor(who)
    for what, table in (*STATEMENTS, *(OF_PATIENTS if who == "alice" else [("UPDATE", "invitation")])):
        await execute(
            f"CREATE TRIGGER no_more BEFORE {what} ON {table} BEGIN SELECT RAISE(ABORT, 'no more'); END"
        )
        with pytest.raises(Exception, match=r"no more|renewed already"):
            await account_key.begin_rotation(await cast.actor(who), PASSWORDS[who])
        await execute("DROP TRIGGER no_more")
        now = await cast.actor(who)
        assert (now.public_keys, now.is_rotating_keys) == (before.public_keys, False)
        assert not await accounts_tables.Succession.exists()
    assert [await seen_by(cast, name) for name in ("alice", "bob")] == [ALL, ALL]
    await begun(cast, who)
    await ended(cast, who)
    await reopened(cast, "alice")
    assert [await seen_by(cast, name) for name in ("alice", "bob")] == [ALL, ALL]


@pytest.mark.parametrize("table", ["care_link", "link_renewal", "record_state", "audit_pending"])
async def test_following_that_breaks_off_anywhere_is_done_by_the_next_page(
    sqlite_cast: Cast, table: str
) -> None:
    """Whatever fails as alice follows bob's keys, she reads on, no key is half drawn, and her next page does it."""
    cast = sqlite_cast
    await shared(cast, await written(cast))
    await read_by(cast, "bob")
    await begun(cast, "bob")
    await ended(cast, "bob")
    for what in ("UPDATE", "INSERT"):
        await execute(
            f"CREATE TRIGGER no_{what} BEFORE {what} ON {table} BEGIN SELECT RAISE(ABORT, 'no more'); END"
        )
    alice = await cast.actor("alice")
    with suppress(Exception):
        assert not (await link_of(alice, cast)).trusted
    for what in ("UPDATE", "INSERT"):
        await execute(f"DROP TRIGGER no_{what}")
    assert (await care_tables.CareLink.get(id=cast.link)).key_number == 0
    assert not await care_tables.LinkRenewal.exists()
    assert len(await read_by(cast, "bob")) == 1
    assert (await link_of(await cast.actor("alice"), cast)).trusted
    await reopened(cast, "alice")
    assert len(await read_by(cast, "bob")) == 1
    assert (await record_state.compare_records(await cast.actor("alice"))).is_intact


async def test_what_storage_changes_of_it_is_refused(sqlite_cast: Cast) -> None:
    """The clinician's own copy, the key before and the change of keys: bent, none opens or leads to anything."""
    cast = sqlite_cast
    await shared(cast, await written(cast))
    await read_by(cast, "bob")
    await begun(cast, "bob")
    await ended(cast, "bob")

    (change,) = await accounts_tables.Succession.all()
    await accounts_tables.Succession.all().update(statement=bent(change.statement))
    assert not (await link_of(await cast.actor("alice"), cast)).trusted
    kept = (await care_tables.CareLink.get(id=cast.link)).held_key
    await care_tables.CareLink.filter(id=cast.link).update(held_key=bent(kept or b""))
    with pytest.raises(TrustBroken):
        await read_by(cast, "bob")
    await care_tables.CareLink.filter(id=cast.link).update(held_key=kept)
    assert len(await read_by(cast, "bob")) == 1


async def test_a_key_before_that_storage_changed_hides_nothing_of_now(sqlite_cast: Cast) -> None:
    """What was under it does not open, and is told; what is shared from then on does, and nothing is thrown away."""
    cast = sqlite_cast
    await shared(cast, await written(cast))
    await read_by(cast, "bob")
    await begun(cast)
    kept = (await care_tables.LinkRenewal.get(id=cast.link)).former
    await care_tables.LinkRenewal.filter(id=cast.link).update(former=bent(kept))
    await shared(cast, await written(cast))
    assert len(await read_by(cast, "bob")) == 1
    with pytest.raises(Damaged):
        await ended(cast)
    assert await care_tables.LinkRenewal.filter(id=cast.link).exists()
    await care_tables.LinkRenewal.filter(id=cast.link).update(former=kept)
    await ended(cast)
    assert len(await read_by(cast, "bob")) == 2


@pytest.mark.parametrize("one", [True, False])
async def test_a_pause_takes_away_what_a_clinician_kept(sqlite_cast: Cast, one: bool) -> None:
    """Bob keeps the link's key under his own until alice comes: a pause deletes that too, at once."""
    cast = sqlite_cast
    await shared(cast, await written(cast))
    await read_by(cast, "bob")
    await begun(cast, "bob")
    await ended(cast, "bob")
    row = await care_tables.CareLink.get(id=cast.link)
    assert (row.clinician_key, row.held_key is None) == (None, False)
    assert len(await read_by(cast, "bob")) == 1
    await lifecycle.pause_sharing(await cast.actor("alice"), cast.link if one else None)
    assert (await care_tables.CareLink.get(id=cast.link)).held_key is None
    assert await read_by(cast, "bob") == ()


async def test_a_sitter_of_today_stays_until_the_rest(cast: Cast) -> None:
    """Alice renews her keys while somebody sits with her: their link works on; the keys of before open no note."""
    session, later = await dose(cast), await dose(cast, local="2026-11-25T15:00")
    (token, sitting), (_, other) = await sitting_of(cast, session), await sitting_of(cast, later)
    await note(cast, sitting)
    await session_plan.change_status(await cast.actor("alice"), session, Status.IN_SESSION)
    old = (await cast.actor("alice")).open_identity()
    for _ in range(2):  # over two changes as well
        await begun(cast)
        await note(cast, await sitter_links.open_sitting(cast.installation, token))
        await note(cast, sitting)  # of a page that was opened before
        await ended(cast)
    assert (await sitter_tables.SitterLink.get(id=other.link)).ended_at
    rows = await sitter_tables.SitterNote.filter(link_id=sitting.link)
    assert (len(rows), len((await sitter_notes.load_marks(sitting)).opened)) == (5, 5)
    for row in rows:
        ids = {"patient": sitting.patient.bytes, "link": sitting.link.bytes, "note": row.id.bytes}
        with pytest.raises(CryptoError):
            open_sitter_note(sitting.note_key, row.sealed, **ids, private=old)
    await session_plan.change_status(await cast.actor("alice"), session, Status.RECOVERING)
    cast.clock.forward(hours=20)
    await signed_in_again(cast)
    await session_plan.confirm_rest(await cast.actor("alice"))
    with pytest.raises(SitterLinkEnded):
        await sitter_links.open_sitting(cast.installation, token)
    found = await sitter_reading.load_notes(await cast.actor("alice"), session)
    assert (len(found), found.damaged) == (5, ())


@pytest.mark.parametrize("what", ["withheld", "put back", "led elsewhere"])
async def test_a_thief_leads_no_sitter_astray(sqlite_cast: Cast, what: str) -> None:
    """Who has alice's keys of before and writes the database gets no note sealed to them: it is refused."""
    cast = sqlite_cast
    session = await dose(cast)
    token, _ = await sitting_of(cast, session)
    await session_plan.change_status(await cast.actor("alice"), session, Status.IN_SESSION)
    before, thief = await cast.actor("alice"), PrivateIdentity.generate()
    old = before.open_identity()
    await begun(cast)
    await ended(cast)
    mine = accounts_tables.Account.filter(id=before.id)
    if what == "led elsewhere":
        forged = succeed(before.id.bytes, 1, 0, old=old, new=thief)
        await accounts_tables.Succession.all().update(statement=forged)
        await mine.update(public_identity=thief.public().encode())
    else:
        await accounts_tables.Succession.all().delete()
    if what == "put back":
        await mine.update(public_identity=before.public_keys)
    with pytest.raises(NoCopy):
        await note(cast, await sitter_links.open_sitting(cast.installation, token))
    assert not await sitter_tables.SitterNote.exists()
