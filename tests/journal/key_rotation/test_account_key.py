"""Renewing an account's keys: everything sealed anew, in batches, through crashes, with nothing lost between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from tortoise.fields import BinaryField

from crypto import CryptoError, Keyring, hash_recovery_code, parse_recovery_code
from journal.accounts.current_keys import ConcurrentChange
from journal.actor import Actor
from journal.authentication import (
    recovery_key,
    second_factor,
    sign_in,
    totp_enrolment,
    web_sessions,
)
from journal.authentication import tables as authentication_tables
from journal.authentication.second_factor import SecondFactor
from journal.care import invitations, lifecycle, link_keys, links
from journal.care import tables as care_tables
from journal.entries import entries, revisions
from journal.errors import Damaged, InvalidInput, NotFound, SavedAsEarlierVersion
from journal.key_rotation import account_key as account_key_renewal
from journal.key_rotation.account_columns import ACCOUNT_COLUMNS
from journal.key_rotation.account_key import BATCH_SIZE, SETTLING_TIME, STEPS, RotationInProgress
from journal.key_rotation.link_columns import LINK_COLUMNS
from journal.operations.account_marks import compare_marks, load_marks
from journal.sharing import shares
from journal.store.database import get_connection, is_sqlite
from journal.store.foreign_objects import load_models
from journal.store.rows import filter_undamaged
from journal.vault import record_state
from journal.vault import tables as vault_tables
from journal.vault.documents import EntryDocument
from tests.cast import PASSWORDS, Cast
from tests.factors import enrolled
from tests.scenes import read_by, rewritten, shared, written

ELSEWHERE = {
    "practice.sealed": "server key",
    "outbox.sealed": "server key",
    "setup_link.sealed": "server key",
    "handover.signature": "a signature, for all to check",
    "audit_key.sealed": "server key",
    "account.sealed": "server key",
    "contents_text.sealed": "made from entries by a search; deleted when a renewal begins and when it ends",
    "account.public_identity": "public, and another one once a renewal begins",
    "account.identity": "made anew when a renewal begins",
    "succession.statement": "public, and signed",
    "key_log.leaf": "a commitment to public keys",
    "key_log.salt": "what that is opened with",
    "key_log.nodes": "hashes of leaves",
    "account.access": "sealed anew when a renewal begins",
    "second_factor.sealed": "made anew, without a factor, when a renewal begins",
    "key_slot.salt": "public",
    "key_slot.parameters": "public",
    "key_slot.commitment": "made anew when a renewal begins",
    "key_slot.wrapped": "made anew when a renewal begins",
    "key_renewal.retired": "the renewal itself",
    "key_renewal.before": "the renewal itself",
    "kap_session.words": "sealed anew, as the key of the plan is drawn anew when a renewal begins",
    "course.words": "sealed anew, as the key of the plan is drawn anew when a renewal begins",
    "instructions_version.words": "sealed anew, as the key of the plan is drawn anew when a renewal begins",
    "set_aside.plan_key": "what was set aside keeps the keys of then",
    "set_aside.retired": "what was set aside keeps the keys of then",
    "set_aside_slot.slot": "what was set aside keeps the keys of then",
    "set_aside_record.sealed": "what was set aside keeps the keys of then",
    "kept_share.sealed": "care-link key of then; its clinician's renewal seals it under another one",
    "web_session.wrapped": "made anew when a renewal begins",
    "passkey.sealed": "server key",
    "web_session.device": "server key",
    "invitation.voucher": "a MAC under the invitation's secret",
    "invitation.sealed": "server key",
    "care_link.clinician_key": "the clinician's identity: granted anew, or kept as `held_key`, when a renewal begins",
    "care_link.past": "server key",
    "link_renewal.former": "the renewal of a link itself",
    "packet.disclosed": "server key",
    "care_link.voucher": "a MAC under the invitation's secret",
    "course.sealed": "server key",
    "call_contact.sealed": "server key",
    "reading_hours.sealed": "server key",
    "reminder_slot.sealed": "server key",
    "instructions_version.sealed": "server key",
    "calendar_feed.sealed": "a key from the address's secret, which stands nowhere; ended with the keys",
    "calendar_feed.key": "ended with the keys",
    "sitter_link.sealed": "a key from the link's secret, which stands nowhere",
    "sitter_note.sealed": "the patient's identity: in `SIGNED_RECORDS`",
    "sitter_note.mark": "a key from the link's secret, which stands nowhere",
    "kap_session.sealed": "server key",
    "share.due": "server key",
}
"""Columns of bytes that a renewal does not go through, and why each need not."""


def test_every_sealed_column_is_renewed_or_said_to_be_elsewhere() -> None:
    """A new column of bytes fails here until somebody has said which key seals it."""
    columns = set()
    for model in load_models():
        found = [name for name, one in model._meta.fields_map.items() if isinstance(one, BinaryField)]
        columns |= {f"{model._meta.db_table}.{name}" for name in found}
    renewed = [one.name for one in (*ACCOUNT_COLUMNS, *LINK_COLUMNS)]
    assert columns == set(renewed) | ELSEWHERE.keys()
    assert len(renewed) == len(set(renewed))
    assert not set(renewed) & ELSEWHERE.keys()


BREAK = {
    True: tuple(
        f"CREATE TRIGGER {name} BEFORE {what} ON {table} BEGIN SELECT RAISE(ABORT, 'no more'); END"
        for name, what, table in (
            ("t1", "UPDATE OF place", "key_renewal"),
            ("t2", "DELETE", "key_renewal"),
            ("t3", "UPDATE OF place", "link_renewal"),
        )
    ),
    False: (
        "CREATE FUNCTION no_more() RETURNS trigger AS $$ BEGIN RAISE 'no more'; END $$ LANGUAGE plpgsql",
        "CREATE TRIGGER t1 BEFORE UPDATE OF place ON key_renewal EXECUTE FUNCTION no_more()",
        "CREATE TRIGGER t2 BEFORE DELETE ON key_renewal EXECUTE FUNCTION no_more()",
        "CREATE TRIGGER t3 BEFORE UPDATE OF place ON link_renewal EXECUTE FUNCTION no_more()",
    ),
}
"""What makes the database refuse the last statement of a batch, and of the end; on SQLite, and on PostgreSQL."""
MEND = {
    True: ("DROP TRIGGER t1", "DROP TRIGGER t2", "DROP TRIGGER t3"),
    False: (
        "DROP TRIGGER t1 ON key_renewal",
        "DROP TRIGGER t2 ON key_renewal",
        "DROP TRIGGER t3 ON link_renewal",
        "DROP FUNCTION no_more",
    ),
}


async def run(statements: Mapping[bool, Sequence[str]]) -> None:
    """Run statements behind the application's back."""
    for statement in statements[is_sqlite()]:
        await get_connection().execute_query(statement)


async def furnished(cast: Cast, count: int = 3) -> list[UUID]:
    """Have alice have entries, an earlier version and something shared, and bob an invitation that waits."""
    made = [await written(cast) for _ in range(count)]
    cast.clock.forward(minutes=15)
    await rewritten(cast, made[0], **{"int.meaning": "Now I see it another way."})
    await shared(cast, made[1])
    await read_by(cast, "bob")  # pins her keys
    await invitations.create_invitation(await cast.actor("bob"), "Jan")
    return [one.id for one in made]


async def begun(cast: Cast, who: str = "alice") -> Actor:
    """Have somebody begin; return them as their next request loads them."""
    cast.tokens[who] = await account_key_renewal.begin_rotation(await cast.actor(who), PASSWORDS[who])
    return await cast.actor(who)


async def ended(cast: Cast, who: str = "alice") -> account_key_renewal.RotationProgress:
    """Have somebody's renewal come to its end."""
    while not (came := await account_key_renewal.reseal_batches(await cast.actor(who))).finished:
        if came.settling:
            cast.clock.forward(seconds=SETTLING_TIME.total_seconds())
    return came


async def opening(account: UUID, keyring: Keyring) -> dict[str, tuple[int, int]]:
    """Count for every column the account's rows that these keys open, and all of them."""
    found = {}
    for one in ACCOUNT_COLUMNS:
        rows = await one.load_rows(one.query_rows(account))
        able = 0
        for row in filter_undamaged(rows):
            try:
                one.open_value(keyring, account, row)
                able += 1
            except CryptoError:
                continue
        found[one.name] = (able, len(rows))
    return found


@pytest.mark.parametrize("who", ["alice", "bob"])
async def test_afterwards_no_row_opens_with_the_old_key(cast: Cast, who: str) -> None:
    """Every value under the account's keys opens with the new ones, none with the old; and the old key is gone."""
    await furnished(cast)
    before = await cast.actor(who)
    assert {able == every for able, every in (await opening(before.id, before.keyring)).values()} == {True}
    after = await begun(cast, who)
    assert (await ended(cast, who)).unopened == 0
    after = await cast.actor(who)
    assert after.keyring.retired is None
    assert not after.is_rotating_keys
    old, new = await opening(before.id, before.keyring), await opening(before.id, after.keyring)
    assert {able for able, _ in old.values()} == {0}
    assert [name for name, (able, every) in new.items() if able != every] == []
    assert sum(every for _, every in new.values()) > 2
    assert not await authentication_tables.KeyRenewal.exists()
    with pytest.raises(Damaged):
        replace(after, keyring=before.keyring).open_identity()


async def test_everything_still_works_afterwards(cast: Cast) -> None:
    """Entries, earlier versions and shares are as they were, for both people, and both have one new safety code."""
    ids = await furnished(cast)
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    code = await link_keys.derive_safety_code(alice, await links.load_my_link(alice, cast.link))
    texts = {one.id: one.document for one in await entries.load_all_entries(alice)}
    for who in ("alice", "bob"):
        await begun(cast, who)
        await ended(cast, who)
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    assert (await record_state.compare_records(alice, earlier=True)).is_intact
    assert {one.id: one.document for one in await entries.load_all_entries(alice)} == texts
    assert len(await revisions.list_revisions(alice, ids[0])) == 1
    assert [one.damaged for one in await shares.list_shares(alice)] == [False]
    assert len(await read_by(cast, "bob")) == 1
    anew = await link_keys.derive_safety_code(alice, await links.load_my_link(alice, cast.link))
    assert await link_keys.derive_safety_code(bob, await links.load_link_with(bob, alice.id)) == anew != code
    assert [one.state for one in await invitations.list_invitations(bob)] == ["withdrawn", "accepted"]
    await lifecycle.pause_sharing(alice, cast.link)
    await lifecycle.resume_sharing(alice, cast.link)
    assert len(await read_by(cast, "bob")) == 1


async def test_the_journal_is_usable_in_the_middle(cast: Cast) -> None:
    """Between two batches she reads and writes, old and new, and shares; and bob reads."""
    ids = await furnished(cast, BATCH_SIZE + 5)
    alice = await begun(cast)
    came = await account_key_renewal.reseal_batches(alice)
    assert (came.done, came.finished) == (BATCH_SIZE, False)
    assert {one.id for one in await entries.load_all_entries(alice)} == set(ids)
    for wanted in ids:
        before = await entries.load_entry(alice, wanted)
        changed = EntryDocument("integration", "Changed on the way", answers=before.document.answers)
        await entries.save_entry(alice, wanted, before.revision, changed)
    fresh = await written(cast)
    await shared(cast, fresh)
    assert len(await read_by(cast, "bob")) == 2
    await ended(cast)
    found = {one.id: one.document.title for one in await entries.load_all_entries(await cast.actor("alice"))}
    assert set(found) == {*ids, fresh.id}
    assert {title for ident, title in found.items() if ident != fresh.id} == {"Changed on the way"}


async def test_whatever_batch_dies_the_next_request_goes_on(cast: Cast) -> None:
    """Every batch in turn is broken off at its last statement: nothing is half done, and what came before stands."""
    ids = await furnished(cast, 4)
    before, came, turns = await begun_with(cast), 0, 0
    while True:
        turns += 1
        await run(BREAK)
        with pytest.raises(Exception, match="no more"):
            await _with_waiting(cast)
        await run(MEND)
        after = await cast.actor("alice")
        assert after.is_rotating_keys
        assert {one.id for one in await entries.load_all_entries(after)} == set(ids)
        assert (there := await account_key_renewal.load_progress(after)) is not None
        assert there.done == came
        if (progress := await _with_waiting(cast)).finished:
            break
        assert progress.done >= came
        came = progress.done
    assert turns == len(STEPS) + 2  # the rows of a link, and the end
    old = await opening(before.id, before.keyring)
    assert {able for able, _ in old.values()} == {0}
    assert {one.id for one in await entries.load_all_entries(await cast.actor("alice"))} == set(ids)


async def begun_with(cast: Cast) -> Actor:
    """Have alice begin; return her with the keys from before."""
    before = await cast.actor("alice")
    await begun(cast)
    return before


async def _with_waiting(cast: Cast) -> account_key_renewal.RotationProgress:
    came = await account_key_renewal.reseal_batches(await cast.actor("alice"))
    if came.settling:
        cast.clock.forward(seconds=SETTLING_TIME.total_seconds())
        came = await account_key_renewal.reseal_batches(await cast.actor("alice"))
    return came


async def test_a_save_that_set_out_before_is_not_lost(cast: Cast) -> None:
    """What a request that began before the renewal writes under the old key is found at the end, and sealed anew."""
    await furnished(cast)
    before = await cast.actor("alice")
    await begun(cast)
    while not (await account_key_renewal.reseal_batches(await cast.actor("alice"))).settling:
        continue
    late = await entries.save_entry(before, uuid4(), 0, EntryDocument("free", "Late, but here"))
    assert (await ended(cast)).unopened == 0
    alice = await cast.actor("alice")
    assert (await entries.load_entry(alice, late.id)).document.title == "Late, but here"
    assert (await opening(alice.id, before.keyring))["entry.sealed"][0] == 0


async def test_a_save_of_what_is_sealed_anew_meanwhile(cast: Cast) -> None:
    """Read under the old key, and saved after a batch: kept in its place, and the journal is as it was left."""
    first, second, third = await furnished(cast)
    alice = await begun(cast)
    known = {ident: await entries.load_entry(alice, ident) for ident in (first, second, third)}
    assert not (await account_key_renewal.reseal_batches(alice)).finished
    document = EntryDocument("free", "Mine", answers={"free.text": "as I go on"})
    saved = await entries.save_entry(alice, first, known[first].revision, document, known=known[first])
    assert (await entries.load_entry(alice, first)).document.title == "Mine"
    assert saved.revision == known[first].revision + 1
    assert (await record_state.compare_records(alice, earlier=True)).is_intact
    with pytest.raises(SavedAsEarlierVersion):  # another page saved first
        await entries.save_entry(
            alice, first, known[first].revision, EntryDocument("free", "Late"), known=known[first]
        )
    assert (await record_state.compare_records(alice, earlier=True)).is_intact
    await ended(cast)
    assert (await record_state.compare_records(await cast.actor("alice"), earlier=True)).is_intact


async def test_what_opens_under_no_key_is_counted_and_left(cast: Cast) -> None:
    """A damaged record stops nothing, is not hidden and is not touched."""
    ids = await furnished(cast)
    row = await vault_tables.Entry.get(id=ids[0])
    bent = bytes(row.sealed[:-1]) + bytes([row.sealed[-1] ^ 1])
    await vault_tables.Entry.filter(id=ids[0]).update(sealed=bent)
    await begun(cast)
    assert (await ended(cast)).unopened == 1
    assert bytes((await vault_tables.Entry.get(id=ids[0])).sealed) == bent
    assert (await entries.load_entry(await cast.actor("alice"), ids[1])).document.title == "The sea"


async def test_every_other_way_in_ends(cast: Cast) -> None:
    """Other browsers are signed out, the old recovery key opens nothing, and the password opens the new key."""
    alice = await cast.actor("alice")
    offer = await recovery_key.offer_recovery_key(alice)
    await recovery_key.confirm_recovery_key(alice, cast.tokens["alice"], offer.sealed, offer.formatted_key)
    elsewhere = (await sign_in.sign_in(cast.installation, "alice@example.org", PASSWORDS["alice"])).token
    here = cast.tokens["alice"]
    after = await begun(cast)
    assert not after.recovery_ready
    assert await web_sessions.load_actor(cast.installation, elsewhere) is None
    assert await web_sessions.load_actor(cast.installation, here) is None
    with pytest.raises(InvalidInput):
        await sign_in.recover_account(
            cast.installation,
            alice.email,
            offer.formatted_key,
            "seven small stones",
            "seven small stones",
            "",
        )
    assert {one.kind for one in await authentication_tables.KeySlot.filter(account_id=alice.id)} == {
        "password"
    }
    again = (await sign_in.sign_in(cast.installation, alice.email, PASSWORDS["alice"])).token
    signed_in = await web_sessions.load_actor(cast.installation, again)
    assert signed_in is not None
    assert signed_in.keyring == after.keyring


@pytest.mark.parametrize("who", ["alice", "dana", "bob", "erin"])
async def test_at_no_batch_does_an_account_look_put_back(sqlite_cast: Cast, who: str) -> None:
    """Neither to a browser nor beside a kept line: of a patient with entries, of one without, of staff."""
    cast = sqlite_cast
    await furnished(cast)
    seen, kept = [(await cast.actor(who)).seen], [*(await load_marks()).values()]
    await begun(cast, who)
    finished = False
    while not finished:
        now, marks = (await cast.actor(who)).seen, await load_marks()
        assert now is not None
        assert not any(one is None or now.is_behind(one) for one in seen)
        assert compare_marks(kept, marks, set()) == []
        seen, kept = [*seen, now], [*kept, *marks.values()]
        came = await account_key_renewal.reseal_batches(await cast.actor(who))
        finished = came.finished
        if came.settling:
            cast.clock.forward(seconds=SETTLING_TIME.total_seconds())
    now = (await cast.actor(who)).seen
    assert now is not None
    assert not any(one is None or now.is_behind(one) for one in seen)
    assert compare_marks(kept, await load_marks(), set()) == []


async def test_two_step_sign_in_ends_and_is_set_up_anew(sqlite_cast: Cast) -> None:
    """Whoever had the old keys knows its secret and codes; while the renewal is under way it can be on again."""
    cast = sqlite_cast
    secret, codes = await enrolled(cast, "alice")
    hashed = hash_recovery_code(parse_recovery_code(codes[0]), account=(await cast.actor("alice")).id.bytes)
    alice = await begun(cast)
    assert await second_factor.load_second_factor(alice.id, alice.vault) == (SecondFactor(listed=True), 3)
    await enrolled(cast, "alice")
    anew, _ = await second_factor.load_second_factor(alice.id, alice.vault)
    assert anew.secret != secret
    assert hashed not in anew.codes
    await ended(cast)
    alice = await cast.actor("alice")
    assert (await second_factor.load_second_factor(alice.id, alice.vault))[0] == anew


async def test_a_password_too_short_alone_begins_nothing(sqlite_cast: Cast) -> None:
    """Twelve characters are enough beside two-step sign-in, which would end: another password comes first."""
    cast, short = sqlite_cast, "mbf-qzt-wkx!"
    await enrolled(cast, "alice")
    alice = await cast.actor("alice")
    cast.tokens["alice"] = await sign_in.change_password(alice, PASSWORDS["alice"], short, short, "")
    with pytest.raises(InvalidInput) as refused:
        await account_key_renewal.begin_rotation(await cast.actor("alice"), short)
    assert refused.value.fields == {"current": totp_enrolment.TOO_SHORT_ALONE}
    alice = await cast.actor("alice")
    assert not alice.is_rotating_keys
    assert (await second_factor.load_second_factor(alice.id, alice.vault))[0].is_enabled


async def test_it_needs_the_password_and_begins_once(cast: Cast) -> None:
    """Without the password nothing changes; while one renewal is under way, no other begins."""
    with pytest.raises(InvalidInput):
        await account_key_renewal.begin_rotation(await cast.actor("alice"), "not the password")
    assert not (await cast.actor("alice")).is_rotating_keys
    before = await cast.actor("alice")
    await begun(cast)
    with pytest.raises(RotationInProgress):
        await account_key_renewal.begin_rotation(await cast.actor("alice"), PASSWORDS["alice"])
    with pytest.raises(ConcurrentChange):
        await account_key_renewal.begin_rotation(before, PASSWORDS["alice"])
    await ended(cast)
    assert (await account_key_renewal.reseal_batches(await cast.actor("alice"))).finished


async def test_a_key_that_storage_puts_beside_the_new_one_is_refused(cast: Cast) -> None:
    """Nobody who writes the database can name a key of their own as the retired one, nor another account's."""
    await begun(cast, "dana")
    theirs = await authentication_tables.KeyRenewal.get(id=(await cast.actor("dana")).id)
    alice = await cast.actor("alice")
    planted = Keyring.from_account_key(bytes(32)).retire(bytes(32), account=alice.id.bytes)
    for sealed in (planted, bytes(theirs.retired)):
        await authentication_tables.KeyRenewal.create(
            id=alice.id, retired=sealed, place="", total=0, began_at=alice.now
        )
        with pytest.raises(Damaged):
            await cast.actor("alice")
        await authentication_tables.KeyRenewal.filter(id=alice.id).delete()


async def test_nothing_of_others_is_touched(cast: Cast) -> None:
    """A renewal goes through its own account's rows alone."""
    await furnished(cast)
    dana = await cast.actor("dana")
    other = await written(cast, "dana")
    kept = bytes((await vault_tables.Entry.get(id=other.id)).sealed)
    pins = await care_tables.CareLink.all().values_list("clinician_pin", flat=True)
    await begun(cast)
    await ended(cast)
    assert bytes((await vault_tables.Entry.get(id=other.id)).sealed) == kept
    assert await care_tables.CareLink.all().values_list("clinician_pin", flat=True) == pins
    assert (await entries.load_entry(dana, other.id)).document.title == "The sea"
    with pytest.raises(NotFound):
        await entries.load_entry(await cast.actor("alice"), other.id)
