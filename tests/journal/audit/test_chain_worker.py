"""One worker at a time gives events their place in the chain, and no two ever fork it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.audit.chain_worker import BATCH_SIZE, INTERVAL, LEASE_DURATION, AuditChainWorker
from journal.audit.key import load_key
from journal.audit.verification import ChainBreak, Fault, Head, save_verified, verify_log
from journal.errors import Damaged
from journal.installation.installation import Installation
from journal.store.database import Store, execute, fetch_raw, is_sqlite
from tests.cast import Cast, Furniture, cast_of
from tests.log import chain_all, logged

DAY = 86_400_000


@pytest.fixture
async def clean(cast: Cast) -> Cast:
    """The cast, with nothing pending and the lease free."""
    await chain_all(cast.installation)
    await execute("UPDATE audit_lease SET until = 0")
    return cast


async def note(cast: Cast, count: int = 1) -> None:
    """Write some events."""
    for _ in range(count):
        await audit_log.record_unauthenticated_event(cast.installation, None, Act.SIGN_IN_REFUSED)


def workers(cast: Cast) -> tuple[AuditChainWorker, AuditChainWorker]:
    """Two workers."""
    return AuditChainWorker(cast.installation, uuid4()), AuditChainWorker(cast.installation, uuid4())


async def left() -> int:
    """How much longer the lease lasts by the database's clock, in milliseconds."""
    now = (
        "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
        if is_sqlite()
        else "(EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::bigint"
    )
    ((until, time),) = await fetch_raw(f"SELECT until, {now} FROM audit_lease")
    return int(until - time)


def test_a_worker_that_dies_is_replaced_within_five_seconds() -> None:
    """And while one lives, no event waits for two. Both follow from how long a lease lasts and how often one looks."""
    assert timedelta(seconds=5) >= LEASE_DURATION + 2 * INTERVAL
    assert timedelta(seconds=1) >= INTERVAL


async def test_one_worker_chains_while_its_lease_lasts(clean: Cast) -> None:
    """Another does nothing until the lease has ended or was given up, and the first does nothing from then on."""
    one, other = workers(clean)
    await note(clean, 2)
    assert (await one.chain_pending(), await other.chain_pending()) == (2, 0)
    assert 0 < await left() <= LEASE_DURATION / timedelta(milliseconds=1)
    await note(clean)
    assert (await other.chain_pending(), await one.chain_pending()) == (0, 1)
    await note(clean)
    await execute(f"UPDATE audit_lease SET until = until - {LEASE_DURATION // timedelta(milliseconds=1)}")
    assert await other.chain_pending() == 1
    await note(clean)
    assert await one.chain_pending() == 0
    await other.release()
    await note(clean)
    assert await one.chain_pending() == 1
    await one.release()
    assert (await verify_log(clean.installation)).chain_break is None


async def test_whoever_goes_leaves_nothing_behind_and_the_lease_free(clean: Cast) -> None:
    """A worker that ends chains what is pending; one that does not hold the lease takes it from nobody."""
    one, other = workers(clean)
    await note(clean)
    await one.release()
    assert await left() < 0
    await note(clean)
    assert await other.chain_pending() == 1
    await one.release()
    assert await left() > 0


async def test_nothing_pending_takes_no_lease(clean: Cast) -> None:
    """A quiet practice writes nothing at all."""
    one, _ = workers(clean)
    ((before,),) = await fetch_raw("SELECT until FROM audit_lease")
    assert await one.chain_pending() == 0
    assert await fetch_raw("SELECT until FROM audit_lease") == [(before,)]


@pytest.mark.parametrize("days", [-400, 400])
async def test_the_clocks_of_the_workers_do_not_matter(clean: Cast, days: int) -> None:
    """The lease goes by the database's clock alone."""
    one, other = workers(clean)
    other.installation = Installation.with_key(
        bytes(range(32)), clock=lambda: clean.clock.now + timedelta(days=days)
    )
    await note(clean)
    assert (await one.chain_pending(), await other.chain_pending()) == (1, 0)


@pytest.mark.parametrize("days", [1, 400])
async def test_a_lease_that_ends_later_than_any_is_none(clean: Cast, days: int) -> None:
    """After the database's clock was set back nobody has to wait for the old time to come round."""
    one, other = workers(clean)
    await note(clean)
    await one.chain_pending()
    await execute(f"UPDATE audit_lease SET until = until + {days * DAY}")
    await note(clean)
    assert await other.chain_pending() == 1


async def test_a_lease_that_was_taken_away_or_bent_stops_nobody(clean: Cast) -> None:
    """Its row is made anew."""
    one, _ = workers(clean)
    for hand in ("DELETE FROM audit_lease", "UPDATE audit_lease SET holder = NULL"):
        await execute(hand)
        await note(clean)
        assert await one.chain_pending() == 1


async def test_two_that_both_believe_in_their_lease_never_fork_the_chain(clean: Cast) -> None:
    """With the lease out of the way, the head that is compared and swapped is enough: each event once, in one chain."""
    me, before = uuid4(), len(await logged())
    for _ in range(5):
        await note(clean, 20)
        await asyncio.gather(*(AuditChainWorker(clean.installation, me).chain_pending() for _ in range(4)))
        await chain_all(clean.installation)
    report = await verify_log(clean.installation)
    assert (report.chain_break, report.pending, report.head.sequence) == (None, (), before + 100)


async def test_several_batches_are_one_chain(clean: Cast) -> None:
    """However many events are pending, all are chained at once and in their order."""
    before = len(await logged())
    alice = await clean.actor("alice")
    things = [uuid4() for _ in range(2 * BATCH_SIZE + 7)]
    await audit_log.record_share_openings(alice, alice.id, things)
    assert await chain_all(clean.installation) == len(things)
    assert [event.object_id for event in (await logged())[before:]] == things
    assert (await verify_log(clean.installation)).chain_break is None


@pytest.mark.parametrize("stored", ["sequence = -1", "sequence = 0"])
async def test_what_cannot_be_chained_waits(clean: Cast, stored: str) -> None:
    """Where the head was moved, the sealer says so, undoes what it began, and the events stay pending."""
    await execute(f"UPDATE audit_head SET {stored}")
    await note(clean, 3)
    with pytest.raises(Damaged):
        await chain_all(clean.installation)
    assert (await fetch_raw("SELECT COUNT(*) FROM audit_pending"))[0][0] == 3


async def test_a_process_keeps_the_key_that_it_knows(clean: Cast) -> None:
    """Bent in the database, it stops the sealer, who says so, and no act of a process that serves."""
    one, _ = workers(clean)
    await note(clean)
    await one.chain_pending()
    ((sealed,),) = await fetch_raw("SELECT sealed FROM audit_key")
    await execute("UPDATE audit_key SET sealed = $1", b"\x02")
    await note(clean)
    with pytest.raises(Damaged):
        await one.chain_pending()
    await note(clean)
    await execute("UPDATE audit_key SET sealed = $1", sealed)
    assert await one.chain_pending() == 2
    assert (await verify_log(clean.installation)).chain_break is None


@pytest.mark.parametrize("stored", [2**62, 2**40, -1, 0, "words", 9e999])
async def test_a_key_of_another_type_is_damaged(sqlite_cast: Cast, stored: object) -> None:
    """Whatever SQLite keeps in its place, however much memory a number would ask for."""
    await note(sqlite_cast)
    await chain_all(sqlite_cast.installation)
    await execute("UPDATE audit_key SET sealed = $1", stored)
    with pytest.raises(Damaged):
        await load_key(sqlite_cast.installation)


async def test_the_first_events_of_all_from_two_processes_have_one_key(database_url: str) -> None:
    """Nobody's events are under a key that was not kept."""
    installation = Installation.with_key(bytes(range(32)))
    stores = [await Store.open(database_url) for _ in range(3)]

    async def begin(store: Store) -> None:
        with store.use():
            await AuditChainWorker(installation, uuid4()).chain_pending()
            await audit_log.record_unauthenticated_event(installation, None, Act.SIGN_IN_REFUSED)

    await asyncio.gather(*(begin(store) for store in stores))
    with stores[0].use():
        await chain_all(installation)
        report = await verify_log(installation)
        assert (report.chain_break, report.pending, report.head.sequence) == (None, (), 3)
    for store in stores:
        await store.close()


# Going on from where the log was last found whole.


async def verified(cast: Cast) -> Head:
    """Find the log whole, and remember it."""
    report = await verify_log(cast.installation)
    assert report.chain_break is None
    await save_verified(cast.installation, report.head)
    return report.head


async def test_a_check_goes_on_from_the_last_one(clean: Cast) -> None:
    """It looks at what came since and at nothing before, which a check of everything does."""
    head = await verified(clean)
    await note(clean, 3)
    await chain_all(clean.installation)
    onward = await verify_log(clean.installation, is_incremental=True)
    assert (onward.chain_break, onward.since, onward.head.sequence) == (
        None,
        head.sequence,
        head.sequence + 3,
    )
    await execute("UPDATE audit_event SET outcome = 'perhaps' WHERE id = 5")
    assert (await verify_log(clean.installation, is_incremental=True)).chain_break is None
    assert (await verify_log(clean.installation)).chain_break == ChainBreak(Fault.CHANGED, 5)


@pytest.mark.parametrize(
    ("hand", "kind"),
    [
        ("UPDATE audit_event SET outcome = 'perhaps' WHERE id = {last}", Fault.CHANGED),
        ("DELETE FROM audit_event WHERE id = {last}", Fault.MISSING),
        ("DELETE FROM audit_event WHERE id = 3", Fault.MISSING),
        ("DELETE FROM audit_event", Fault.MISSING),
        ("UPDATE audit_event SET mac = '00' WHERE id = {head}", Fault.CHANGED),
        ("UPDATE audit_head SET mac = '00'", Fault.HEAD_WRONG),
        ("UPDATE audit_event SET id = 0 WHERE id = 1", Fault.ADDED),
        ("DELETE FROM audit_key", Fault.KEY_GONE),
    ],
)
async def test_what_a_check_that_goes_on_finds(clean: Cast, hand: str, kind: Fault) -> None:
    """Whatever came since, what is missing at all, and the end; it names the first of all that is wrong."""
    head = await verified(clean)
    await note(clean, 3)
    await chain_all(clean.installation)
    await execute(hand.format(last=head.sequence + 2, head=head.sequence))
    broken = (await verify_log(clean.installation, is_incremental=True)).chain_break
    assert broken == (await verify_log(clean.installation)).chain_break
    assert broken is not None
    assert broken.kind is kind


async def test_an_end_that_was_cut_behind_a_check_is_found(clean: Cast) -> None:
    """Also where the head was put back with it, as somebody can who kept it: what was verified was there."""
    ((sequence, mac),) = await fetch_raw("SELECT sequence, mac FROM audit_head")
    await note(clean)
    await chain_all(clean.installation)
    await verified(clean)
    await execute("DELETE FROM audit_event WHERE id > $1", sequence)
    await execute("UPDATE audit_head SET sequence = $1, mac = $2", sequence, mac)
    assert (await verify_log(clean.installation)).chain_break is None
    assert (await verify_log(clean.installation, is_incremental=True)).chain_break == ChainBreak(
        Fault.SHORTER, sequence, sequence + 1
    )


async def test_nobody_without_the_key_can_say_what_was_verified(clean: Cast) -> None:
    """A row that was made up, copied or bent is as good as none: everything is looked at."""
    head = await verified(clean)
    await note(clean, 3)
    await chain_all(clean.installation)
    (last,) = (await fetch_raw("SELECT id, mac FROM audit_event ORDER BY id DESC LIMIT 1"))[0:1]
    await execute("UPDATE audit_event SET outcome = 'perhaps' WHERE id = 5")
    ((tag,),) = await fetch_raw("SELECT tag FROM audit_verified")
    for sequence, mac, other in (
        (last[0], last[1], tag),
        (head.sequence, head.mac, last[1]),
        (head.sequence, "é", tag),
        (head.sequence - 1, head.mac, tag),
        (-1, head.mac, tag),
    ):
        await execute("UPDATE audit_verified SET sequence = $1, mac = $2, tag = $3", sequence, mac, other)
        report = await verify_log(clean.installation, is_incremental=True)
        assert report.chain_break == ChainBreak(Fault.CHANGED, 5)
    await execute("UPDATE audit_verified SET sequence = $1, mac = $2, tag = $3", head.sequence, head.mac, tag)
    assert (await verify_log(clean.installation, is_incremental=True)).chain_break is None


async def test_a_kept_head_counts_more_than_what_was_verified(clean: Cast) -> None:
    """Kept heads are compared whole: the check goes on from the oldest where that is earlier."""
    stored = [
        Head(*row)
        for row in await fetch_raw("SELECT id, mac FROM audit_event WHERE id IN (2, 6) ORDER BY id")
    ]
    head = await verified(clean)
    assert (await verify_log(clean.installation, [*stored, head], is_incremental=True)).since == 2
    assert (await verify_log(clean.installation, [head], is_incremental=True)).since == head.sequence
    assert (await verify_log(clean.installation, [Head(0, "0" * 64)], is_incremental=True)).since == 0
    false = Head(6, "ab" * 32)
    assert (await verify_log(clean.installation, [false], is_incremental=True)).chain_break == ChainBreak(
        Fault.REWRITTEN, 6
    )
    later = Head(head.sequence + 1, "ab" * 32)
    assert (await verify_log(clean.installation, [later], is_incremental=True)).chain_break == ChainBreak(
        Fault.CUT, head.sequence, head.sequence + 1
    )


async def test_a_check_that_goes_on_can_be_made_while_the_log_grows(clean: Cast) -> None:
    """And while accounts are opened: their events are pending, or chained, and missed in neither case."""
    await verified(clean)
    for _ in range(10):
        await note(clean)
        sealing = asyncio.create_task(chain_all(clean.installation))
        while not sealing.done():
            report = await verify_log(clean.installation, is_incremental=True)
            assert report.chain_break is None
            await asyncio.sleep(0)
        await sealing
        await save_verified(clean.installation, report.head)
    assert (await verify_log(clean.installation)).chain_break is None


async def test_an_account_whose_opening_is_pending_has_a_beginning(
    furnished_sqlite_url: tuple[str, Furniture],
) -> None:
    """A log whose events were not chained yet at all is no log that lost its beginning."""
    url, furniture = furnished_sqlite_url
    store = await Store.open(url)
    with store.use():
        cast = cast_of(furniture)
        await chain_all(cast.installation)
        ((account,),) = await fetch_raw("SELECT id FROM account LIMIT 1")
        await execute("UPDATE account SET id = $1 WHERE id = $2", account, account)
        assert (await verify_log(cast.installation)).chain_break is None
        await execute("PRAGMA foreign_keys = OFF")
        fresh = uuid4()
        await execute("UPDATE account SET id = $1 WHERE id = $2", fresh, account)
        assert (await verify_log(cast.installation)).chain_break == ChainBreak(Fault.NO_BEGINNING, 0, 1)
        await audit_log.record_unauthenticated_event(cast.installation, fresh, Act.ACCOUNT_OPENED)
        assert (await verify_log(cast.installation)).chain_break is None
    await store.close()
