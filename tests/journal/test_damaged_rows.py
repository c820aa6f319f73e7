"""Acts beside a row that storage made wrong: it stops none of them, and none of them is stopped for others by it."""

from __future__ import annotations

from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from journal.account_reset import reset as account_reset
from journal.account_reset import reset_links, retained_records
from journal.accounts import addresses as account_addresses
from journal.accounts import tables as accounts_tables
from journal.audit import events as audit_events
from journal.audit.acts import Act
from journal.authentication import idle_lock, sign_in, web_sessions
from journal.authentication import tables as authentication_tables
from journal.authentication.sign_in import verify_password
from journal.care import invitations, lifecycle, links
from journal.care import tables as care_tables
from journal.entries import entries, removal, revisions, search
from journal.errors import Damaged, JournalError, WrongCredentials
from journal.key_rotation import account_key as account_key_renewal
from journal.key_rotation import server_key as server_key_rotation
from journal.mail import tables as mail_tables
from journal.operations import diagnostics, retention
from journal.practice import account_deletion
from journal.rate_limiting import limits
from journal.records import collection as records_collection
from journal.records import disclosures
from journal.scheduling import plan as session_plan
from journal.sessions import holds
from journal.sessions.rows import load_my_sessions
from journal.sessions.session import SessionDetails, SessionKind, Setting, Status
from journal.sharing import copies, reading, shares
from journal.store.database import execute, get_connection, is_sqlite
from journal.vault import record_state
from journal.vault import tables as vault_tables
from journal.vault.documents import EntryDocument
from journal.vault.entry_rows import UNKNOWN_ID, UNKNOWN_TIME
from tests.cast import NAMES, PASSWORDS, PRACTICE, Cast
from tests.journal.key_rotation.test_account_key import ended
from tests.log import chain_all

LATE = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


async def write(cast: Cast, *, at: datetime | None = None, who: str = "alice") -> UUID:
    """Write an entry, at the clock's time unless said otherwise."""
    actor, ident = await cast.actor(who), uuid4()
    document = EntryDocument("free", f"Entry {ident.hex[:4]}", answers={"free.text": "swifts"})
    await entries.save_entry(replace(actor, now=at or actor.now), ident, 0, document)
    return ident


def store_url() -> str:
    """The address of the SQLite database that is open."""
    client: Any = get_connection()
    return f"sqlite://{client.filename}"


async def bend(table: str, column: str, ident: object, *, key: str = "id") -> None:
    """Put a value into a cell that both databases keep there, and that Hearthside never writes."""
    value = {"sealed": b"", "revision": -1}.get(column, LATE)
    assert await execute(f"UPDATE {table} SET {column} = $1 WHERE {key} = $2", value, ident)


async def test_no_entry_is_pushed_off_its_page(cast: Cast) -> None:
    """However many have no date that can be read, the others come page by page, each once; a search finds them all."""
    alice = await cast.actor("alice")
    wrong = [await write(cast) for _ in range(7)]
    good = [await write(cast, at=alice.now - timedelta(minutes=turn + 1)) for turn in range(9)]
    for ident in wrong:
        await bend("entry", "created_at", ident)
    seen: list[UUID] = []
    before = None
    while page := [one for one in await entries.load_timeline(alice, before=before, limit=4) if one.is_dated]:
        seen += [one.id for one in page]
        before = page[-1].created_at
    assert seen == good
    first = await entries.load_timeline(alice, limit=4)
    assert {one.id for one in first if not one.is_dated} == set(wrong)
    found = await search.search_by_opening(alice, "swifts", batch_size=3)
    assert {one.id for one in found} == {*wrong, *good}
    assert {one.id for one in found if one.damaged} == set(wrong)
    assert not (
        await record_state.compare_records(alice)
    ).is_intact  # when an entry was begun is compared as well


async def test_an_id_that_is_none_is_a_record_without_an_address(sqlite_cast: Cast) -> None:
    """It has its place in every list of entries, and the state notices it."""
    alice, good = await sqlite_cast.actor("alice"), await write(sqlite_cast)
    await execute("UPDATE entry SET id = $1 WHERE id = $2", "none at all", await write(sqlite_cast))
    for found in (
        await entries.load_timeline(alice),
        await entries.load_all_entries(alice),
        await search.search_by_opening(alice, "swifts"),
    ):
        assert {one.id for one in found} == {good, UNKNOWN_ID}
        (lost,) = [one for one in found if one.damaged]
        assert not lost.has_address
        assert lost.created_at is not UNKNOWN_TIME
    assert not (await record_state.compare_records(alice)).is_intact


async def test_pausing_passes_over_no_link(cast: Cast) -> None:
    """It needs nothing opened: also a link whose row is wrong is paused, by itself and with the others."""
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    charlie = await invitations.create_invitation(await cast.actor("charlie"), "Alice")
    other = await invitations.accept_invitation(alice, charlie.token)
    await bend("care_link", "created_at", cast.link)
    assert (await links.load_care_team(alice)).unagreed == (cast.link,)
    await lifecycle.pause_sharing(alice)
    assert await care_tables.CareLink.filter(patient_id=alice.id, clinician_key=None).count() == 2
    await lifecycle.resume_sharing(alice, other)
    assert [one.id for one in (await links.load_care_team(bob)).links] == []
    await lifecycle.end_care(alice, cast.link)  # and she can be rid of it
    assert (await links.load_care_team(alice, ended=True)).damaged == 1


async def test_a_wrong_copy_gives_way_to_a_new_one(cast: Cast) -> None:
    """It can be stopped or shared again; either way the clinician reads what is there now, and nothing is missing."""
    alice, bob, ident = await cast.actor("alice"), await cast.actor("bob"), await write(cast)
    for column in ("revision", "sealed"):
        share = await shares.share_entry(alice, ident, cast.link, [copies.TITLE], previewed=1)
        await bend("share", column, share)
        (wrong,) = await shares.list_shares(alice)
        assert (wrong.id, wrong.entry, wrong.damaged) == (share, ident, True)
        assert (await reading.load_folder(bob, alice.id)).damaged == (share,)
        again = await shares.share_entry(alice, ident, cast.link, [copies.TITLE], previewed=1)
        folder = await reading.load_folder(bob, alice.id)
        assert ([one.id for one in folder.shared], folder.damaged, folder.missing) == ([again], (), False)
        await bend("share", column, again)
        await shares.revoke_share(alice, again)
        assert not (await shares.list_shares_and_missing(alice))[1]
    assert (await record_state.compare_records(alice)).is_intact


async def test_a_session_that_is_wrong_holds_nothing_back(cast: Cast) -> None:
    """Nobody could ever say that they have rested after it: sharing, revoking and ending care go on."""
    alice = await cast.actor("alice")
    today = alice.now.strftime("%Y-%m-%dT%H:%M")
    dosing = SessionDetails(SessionKind.DOSING, today, "UTC", 60, Setting.CLINIC)
    ident = await session_plan.add_session(alice, alice.id, dosing)
    assert await holds.load_hold(alice)
    await bend("kap_session", "revision", ident)
    assert (await load_my_sessions(alice)).damaged == (ident,)
    assert await holds.load_hold(alice) is None
    with pytest.raises(Damaged):
        await session_plan.load_session(alice, ident)
    assert (await records_collection.collect_patient_records(alice, PRACTICE)).unreadable[0].what == "session"


async def test_a_session_begins_whatever_became_of_the_profile(cast: Cast) -> None:
    """Where a patient's profile does not open, what their clinician reports still holds acts back."""
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    today = alice.now.strftime("%Y-%m-%dT%H:%M")
    dosing = SessionDetails(SessionKind.DOSING, today, "UTC", 60, Setting.CLINIC)
    ident = await session_plan.add_session(bob, alice.id, dosing)
    await bend("account", "sealed", alice.id)
    await session_plan.change_status(bob, ident, Status.IN_SESSION)
    hold = await holds.load_hold(alice)
    assert hold is not None
    assert hold.needs_confirmation


async def test_what_was_lost_to_another_page_is_kept_beside_a_wrong_version(cast: Cast) -> None:
    """The words of the page that lost are an earlier version as ever."""
    alice, ident = await cast.actor("alice"), await write(cast)
    for text in ("one", "two"):
        await revisions.save_conflict(alice, ident, 1, EntryDocument("free", text), text)
    first = (await revisions.list_revisions(alice, ident))[-1]
    await bend("entry_revision", "sealed", first.id)
    await revisions.save_conflict(alice, ident, 1, EntryDocument("free", "three"), "three")
    kept = await revisions.list_revisions(alice, ident)
    assert {one.document.title for one in kept} == {"one", "two", "three"} - {first.document.title}
    assert kept.damaged == (first.id,)


async def test_renewing_keys_passes_a_wrong_row_by(cast: Cast) -> None:
    """It comes to its end, says how many it left as they were, and everything else is under the new keys."""
    good, wrong = await write(cast), await write(cast)
    await bend("entry", "revision", wrong)
    cast.tokens["alice"] = await account_key_renewal.begin_rotation(
        await cast.actor("alice"), PASSWORDS["alice"]
    )
    assert (await ended(cast)).unopened == 1
    alice = await cast.actor("alice")
    assert not alice.is_rotating_keys
    assert {one.id: one.damaged for one in await entries.load_all_entries(alice)} == {
        good: False,
        wrong: True,
    }


async def test_beginning_anew_sets_aside_what_can_be_opened(cast: Cast) -> None:
    """One wrong entry keeps nobody from beginning anew, nor from getting the others back."""
    good, wrong = await write(cast), await write(cast)
    await bend("entry", "revision", wrong)
    alice = await cast.actor("alice")
    offered = await reset_links.create_reset_link(await cast.actor("bob"), alice.id)
    again = "alice lights the lamp anew"
    cast.tokens["alice"] = await account_reset.reset_account(
        cast.installation, offered.token, "alice@example.org", again, again, PRACTICE, understood=True
    )
    alice = await cast.actor("alice")
    assert [one.entries for one in await retained_records.list_retained_records(alice)] == [1]
    assert await retained_records.restore_records(alice, PASSWORDS["alice"]) == 1
    assert [one.id for one in await entries.load_all_entries(alice)] == [good]


async def test_what_is_done_beside_the_pages_passes_a_wrong_row_by(sqlite_cast: Cast) -> None:
    """Purging, locking and deleting accounts go on with what can be read."""
    cast = sqlite_cast
    alice, dana = await cast.actor("alice"), await cast.actor("dana")
    for ident in (gone := [await write(cast) for _ in range(3)]):
        await removal.delete_entry(alice, ident)
    await execute("UPDATE entry SET id = $1 WHERE id = $2", "none at all", gone[0])
    await web_sessions.start_session(
        cast.installation, alice.id, await web_sessions.load_account_key(alice, cast.tokens["alice"])
    )
    await execute("UPDATE web_session SET used_at = $1 WHERE id = $2", "", alice.session)
    await account_deletion.request_deletion(dana, account_deletion.CONFIRMATION_WORD)
    cast.clock.forward(days=8)
    assert await retention.purge_deleted(cast.installation, cast.clock()) == 2
    assert await vault_tables.Entry.filter(owner_id=alice.id).count() == 1
    assert not await accounts_tables.Account.filter(id=dana.id).exists()
    assert not await authentication_tables.WebSession.filter(account_id=alice.id).exists()


async def test_the_log_names_how_many_events_it_lost(cast: Cast) -> None:
    """Its pages go on behind them, in the patient's own log and in the accounting of disclosures."""
    alice = await cast.actor("alice")
    for _ in range(6):
        ident = await write(cast)
        await shares.share_entry(alice, ident, cast.link, [copies.TITLE], previewed=1)
    await chain_all(cast.installation)
    every = await audit_events.list_all_patient_events(alice.id)
    assert every.damaged == ()
    wrong = [one for one in every if one.action is Act.SHARED][-3:]
    for one in wrong:
        await bend("audit_event", "at", one.id)
    left = [one.id for one in every if one not in wrong]
    seen: list[int] = []
    before = None
    while page := await audit_events.list_patient_events(alice.id, limit=2, before=before):
        assert len(page.damaged) in (0, 3)
        seen += [one.id for one in page]
        before = page[-1].id
    assert seen == left[::-1]
    told = await disclosures.list_disclosures(alice, limit=3)
    assert (len(told), len(told.damaged)) == (3, 3)


@pytest.mark.parametrize("value", ["words", 7, 9e999, b"", "x" * 40])
async def test_changing_the_server_key_passes_a_wrong_row_by(sqlite_cast: Cast, value: object) -> None:
    """Every column that it reads, of the wrong type: what no key opens is counted, and the doctor still answers."""
    alice = await sqlite_cast.actor("alice")
    details = SessionDetails(SessionKind.DOSING, "2026-11-30T10:00", "UTC", 60, Setting.CLINIC)
    for _ in range(3):
        await session_plan.add_session(alice, alice.id, details)
    first, second, third = [row.id for row in await load_my_sessions(alice)]
    for column, ident in (("sealed", first), ("revision", second), ("id", third)):
        await execute(f"UPDATE kap_session SET {column} = $1 WHERE id = $2", value, ident)
    for counts in (
        await server_key_rotation.count_rows(sqlite_cast.installation),
        await server_key_rotation.reseal_all(sqlite_cast.installation),
    ):
        (count,) = [one for one in counts if one.table == "kap_session"]
        assert (count.rows, count.unopened) == (3, 3)
    assert len(await diagnostics.check_database(store_url(), sqlite_cast.installation)) > 5


@pytest.mark.parametrize("value", ["words", b"\xff", 9e999, "", 2**62, -1])
@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("account", "epoch"),
        ("account", "access"),
        ("account", "identity"),
        ("key_slot", "epoch"),
        ("key_slot", "commitment"),
        ("key_slot", "kind"),
        ("web_session", "epoch"),
        ("web_session", "device"),
    ],
)
async def test_a_wrong_way_in_opens_nothing_and_keeps_nobody_else_out(
    sqlite_cast: Cast, table: str, column: str, value: object
) -> None:
    """Coming in, unlocking, saving and changing the password end in a sentence where the rows about it are wrong."""
    cast, alice, token = sqlite_cast, await sqlite_cast.actor("alice"), sqlite_cast.tokens["alice"]
    new = "a lantern on the kitchen table"
    owner = "id" if table == "account" else "account_id"
    assert await execute(f"UPDATE {table} SET {column} = $1 WHERE {owner} = $2", value, alice.id)
    await done_or_refused(web_sessions.load_actor(cast.installation, token))
    await done_or_refused(verify_password(alice, PASSWORDS["alice"]))
    await done_or_refused(entries.save_entry(alice, uuid4(), 0, EntryDocument("free", "Geese")))
    if table == "web_session" or column == "identity":
        assert (await sign_in.sign_in(cast.installation, "alice@example.org", PASSWORDS["alice"])).token
    else:
        with pytest.raises((Damaged, WrongCredentials)):
            await sign_in.sign_in(cast.installation, "alice@example.org", PASSWORDS["alice"])
    await execute("UPDATE web_session SET wrapped = NULL WHERE id = $1", alice.session)
    await done_or_refused(idle_lock.unlock_session(cast.installation, token, PASSWORDS["alice"]))
    await done_or_refused(sign_in.change_password(alice, PASSWORDS["alice"], new, new, PRACTICE))
    assert (await sign_in.sign_in(cast.installation, "bob@example.org", PASSWORDS["bob"])).token


async def done_or_refused(act: Awaitable[object]) -> None:
    """Wait for an act that is done, or refused with a sentence."""
    with suppress(JournalError):
        await act


@pytest.mark.parametrize("column", ["sealed", "email_index"])
async def test_looking_through_addresses_passes_a_wrong_row_by(sqlite_cast: Cast, column: str) -> None:
    """Accounts are carried over, and the doctor names addresses and messages, beside an account that is wrong."""
    installation, alice = sqlite_cast.installation, await sqlite_cast.actor("alice")
    await execute("UPDATE account SET email_index = 'earlier ' || id WHERE id <> $1", alice.id)
    message = uuid4()
    await mail_tables.Outbox.create(
        id=message,
        sealed=b"",
        due_at=alice.now,
        claimed_until=alice.now,
        created_at=alice.now,
        gave_up_at=alice.now,
    )
    await execute("UPDATE outbox SET sealed = $1 WHERE id = $2", "words", message)
    await execute(f"UPDATE account SET {column} = $1 WHERE id = $2", b"\xff", alice.id)
    assert await account_addresses.upgrade_indexes(installation) == len(NAMES) - 1
    assert await account_addresses.list_address_problems(installation) == []
    assert await account_addresses.count_undeliverable(installation) == 0


@pytest.mark.parametrize("column", ["tries", "until", "forgotten"])
@pytest.mark.parametrize("value", ["words", b"\xff", 2**62, 2**31 - 1, -(2**31)])
async def test_a_wrong_count_of_tries_keeps_nobody_out(cast: Cast, column: str, value: object) -> None:
    """Whatever stands there, the right password opens, at once or after the longest pause, and guesses are counted."""
    if not is_sqlite() and (not isinstance(value, int) or (column == "tries" and abs(value) > 2**31)):
        value = 0  # what PostgreSQL's types allow
    for name in ("bob", "alice"):
        with pytest.raises(WrongCredentials):
            await sign_in.sign_in(cast.installation, f"{name}@example.org", "not the password")
    await execute(f"UPDATE throttle SET {column} = $1", value)
    with suppress(limits.TooManyAttempts):
        assert (await sign_in.sign_in(cast.installation, "alice@example.org", PASSWORDS["alice"])).token
    cast.clock.forward(seconds=limits.ACCOUNT_LIMIT.max_pause + 1)
    assert (await sign_in.sign_in(cast.installation, "alice@example.org", PASSWORDS["alice"])).token
    with pytest.raises(limits.TooManyAttempts):
        await guess_on(cast)


async def guess_on(cast: Cast) -> None:
    """Guess more often than anybody may without a pause."""
    for _ in range(limits.OWN_LIMIT.free_attempts + 2):
        with suppress(WrongCredentials):
            await sign_in.sign_in(cast.installation, "alice@example.org", "not the password")
