"""Events that are not chained yet: an act waits for nobody to write one, and a later hand is noticed here as well."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from journal.audit import events as audit_events
from journal.audit import log as audit_log
from journal.audit import tables as audit_tables
from journal.audit.acts import Act
from journal.audit.chain import generate_event_id
from journal.audit.chain_worker import AuditChainWorker
from journal.audit.query import Event
from journal.audit.verification import ChainBreak, Fault, verify_log
from journal.installation.server_keys import ServerKeys
from journal.key_rotation.server_key import reseal_all
from journal.store.database import Store, execute, fetch_raw, transaction
from tests.cast import SERVER_KEY, Cast, Furniture, cast_of
from tests.log import chain_all, logged
from tests.scenes import opened_by, shared, written
from tests.waiting import PATIENCE

CHANGED, AGAIN = ChainBreak(Fault.PENDING_CHANGED, 0), ChainBreak(Fault.PENDING_AGAIN, 0)
COLUMNS = "id, at, actor_id, patient_id, recipient_id, object_id, action, outcome, mac"
WAITING_FOR_A_LOCK = """
    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


async def found(cast: Cast) -> ChainBreak | None:
    """What is wrong with the log."""
    return (await verify_log(cast.installation)).chain_break


async def pending() -> int:
    """How many events are pending."""
    return await audit_tables.AuditPending.all().count()


async def note(cast: Cast, about: UUID | None = None) -> None:
    """Write an event about alice's record."""
    alice = await cast.actor("alice")
    await audit_log.record_event(
        alice, Act.SHARE_OPENED, patient=alice.id, about=about or uuid4(), recipient=alice.id
    )


async def test_an_act_waits_for_no_other(furnished_postgres_url: tuple[str, Furniture]) -> None:
    """While one act that wrote its event stands still in its transaction, others begin and end and are chained."""
    url, furniture = furnished_postgres_url
    cast = cast_of(furniture)
    stores = [await Store.open(url) for _ in range(2)]
    watcher = await asyncpg.connect(url, timeout=PATIENCE)
    with stores[0].use():
        async with transaction():
            await audit_log.record_unauthenticated_event(cast.installation, None, Act.SIGN_IN_REFUSED)
            with stores[1].use():
                other = asyncio.create_task(
                    audit_log.record_unauthenticated_event(cast.installation, None, Act.SIGNED_OUT)
                )
                while not other.done():
                    assert await watcher.fetchval(WAITING_FOR_A_LOCK) == 0
                await other
                assert await chain_all(cast.installation) == 1
    with stores[1].use():
        assert await chain_all(cast.installation) == 1  # the one that was written first and committed last
        assert [event.action for event in await logged()][-2:] == [Act.SIGNED_OUT, Act.SIGN_IN_REFUSED]
        assert await found(cast) is None
    await watcher.close()
    for store in stores:
        await store.close()


EDITS: tuple[tuple[str, Any], ...] = (
    ("id", UUID(int=7)),
    ("at", datetime(2026, 11, 22, 11, 0, 0, 1, tzinfo=UTC)),
    ("actor_id", UUID(int=7)),
    ("actor_id", None),
    ("patient_id", UUID(int=7)),
    ("recipient_id", None),
    ("object_id", UUID(int=7)),
    ("action", "share.shared"),
    ("action", "never heard of"),
    ("outcome", "perhaps"),
    ("mac", "0" * 64),
    ("mac", "no MAC at all"),
)


async def test_a_changed_event_is_found_and_never_chained(cast: Cast) -> None:
    """Whatever column is changed, that is said; all others are chained, and it as well once it is put back."""
    for column, value in EDITS:
        await note(cast)
        ((ident, before),) = await fetch_raw(f"SELECT id, {column} FROM audit_pending")
        await execute(f"UPDATE audit_pending SET {column} = $1 WHERE id = $2", value, ident)
        assert await found(cast) == CHANGED, (column, value)
        await note(cast)
        assert (await chain_all(cast.installation), await pending()) == (1, 1)
        assert await found(cast) == CHANGED, (column, value)
        await execute(f"UPDATE audit_pending SET {column} = $1", before)
        assert (await chain_all(cast.installation), await pending()) == (1, 0)
        assert await found(cast) is None


async def test_an_event_that_was_put_in_is_found_and_never_chained(cast: Cast) -> None:
    """A copy of a pending one under another id; and one that is chained already, put back as it was."""
    await note(cast)
    (row,) = await audit_tables.AuditPending.all().values()
    await audit_tables.AuditPending.create(**row | {"id": uuid4()})
    assert await found(cast) == CHANGED
    assert (await chain_all(cast.installation), await pending()) == (1, 1)
    await audit_tables.AuditPending.all().delete()
    assert await found(cast) is None
    await audit_tables.AuditPending.create(**row)
    assert await found(cast) == AGAIN
    assert (await chain_all(cast.installation), await pending()) == (0, 1)


async def test_an_event_that_was_slipped_in_twice_is_found(sqlite_cast: Cast) -> None:
    """Whoever hides an event while its copy is chained, and lets the table forget that ids are unique, is found out."""
    await chain_all(sqlite_cast.installation)
    await note(sqlite_cast)
    (row,) = await audit_tables.AuditPending.all().values()
    await chain_all(sqlite_cast.installation)
    ((number, ident),) = await fetch_raw(
        "SELECT id, event_id FROM audit_event WHERE id = (SELECT MAX(id) FROM audit_event)"
    )
    ((index,),) = await fetch_raw(
        "SELECT name FROM sqlite_master WHERE type = 'index' AND name LIKE 'uid_audit_event%'"
    )
    await execute(f'DROP INDEX "{index}"')
    await execute("UPDATE audit_event SET event_id = NULL WHERE id = $1", number)
    await audit_tables.AuditPending.create(**row)
    assert await chain_all(sqlite_cast.installation) == 1
    await execute("UPDATE audit_event SET event_id = $1 WHERE id = $2", ident, number)
    assert await found(sqlite_cast) == ChainBreak(Fault.TWICE, number + 1, number)


async def test_what_is_deleted_before_it_is_chained_is_not_noticed(cast: Cast) -> None:
    """The window that the threat model names: it ends when the event is chained, a second or two later."""
    await note(cast)
    await audit_tables.AuditPending.all().delete()
    assert await found(cast) is None
    await note(cast)
    await chain_all(cast.installation)
    ((number,),) = await fetch_raw("SELECT MAX(id) FROM audit_event")
    await execute("DELETE FROM audit_event WHERE id = $1", number)
    assert await found(cast) == ChainBreak(Fault.MISSING, number, number)


async def test_what_cannot_be_read_hides_none_of_the_others(sqlite_cast: Cast) -> None:
    """Text that is none, and values of a wrong kind, in any column: the rest is chained, and the check says so."""
    for column in COLUMNS.split(", "):
        for wrong in ("CAST(x'ff' AS TEXT)", "x'00'", "7", "3.5", "'x'"):
            for _ in range(3):
                await note(sqlite_cast)
            ((ident,),) = await fetch_raw("SELECT id FROM audit_pending ORDER BY id LIMIT 1 OFFSET 1")
            await execute(f"UPDATE audit_pending SET {column} = {wrong} WHERE id = $1", ident)
            assert await found(sqlite_cast) == CHANGED, (column, wrong)
            assert (
                await chain_all(sqlite_cast.installation),
                (await fetch_raw("SELECT COUNT(*) FROM audit_pending"))[0][0],
            ) == (
                2,
                1,
            ), (column, wrong)
            await execute("DELETE FROM audit_pending")
    assert await found(sqlite_cast) is None


async def test_bad_events_stand_in_nobodys_way(cast: Cast) -> None:
    """Several batches of what is not ours, before and behind: everything of ours is chained, and each counted once."""
    await chain_all(cast.installation)
    await note(cast)
    (row,) = await audit_tables.AuditPending.all().values()
    for first in (0, 2**127):
        await audit_tables.AuditPending.bulk_create(
            [audit_tables.AuditPending(**row | {"id": UUID(int=first + number)}) for number in range(1, 300)]
        )
    alice = await cast.actor("alice")
    await audit_log.record_share_openings(alice, alice.id, [uuid4() for _ in range(450)])
    sealer = AuditChainWorker(cast.installation, uuid4())
    await execute("UPDATE audit_lease SET until = 0")
    assert (await sealer.chain_pending(), sealer.skipped) == (451, 598)
    assert (await sealer.chain_pending(), sealer.skipped) == (0, 598)
    await execute("DELETE FROM audit_pending")
    assert (await sealer.chain_pending(), sealer.skipped) == (0, 0)
    assert await found(cast) is None


async def test_the_log_shows_what_is_pending_at_once_and_in_its_order(cast: Cast) -> None:
    """To everybody who may read it the log is the same before and after its events are chained, page by page."""
    alice = await cast.actor("alice")
    share = await shared(cast, await written(cast))
    await chain_all(cast.installation)
    when = [await opened_by(cast, "bob", share) for _ in range(3)]
    await audit_log.record_share_openings(alice, alice.id, [uuid4() for _ in range(5)])
    await opened_by(cast, "bob", share)

    async def read() -> list[list[Event]]:
        everybody = [one.event for one in await audit_events.list_events(limit=1000)]
        pages: list[Event] = []
        while more := await audit_events.list_patient_events(
            alice.id, limit=3, before=pages[-1].id if pages else None
        ):
            pages += more
        by_bob = await audit_events.list_all_patient_events(alice.id, by=(await cast.actor("bob")).id)
        given = await audit_events.list_disclosure_events(
            alice.id, [Act.SHARED], [Act.SHARE_OPENED], since=when[0]
        )
        one_person = [
            one.event for one in await audit_events.list_events(limit=50, person=share, category="share")
        ]
        return [everybody, pages, list(by_bob), list(given), one_person]

    before, opened = await read(), await audit_events.load_share_openings(alice.id, [share, uuid4()])
    assert await chain_all(cast.installation) == 9
    after = await read()
    for old, new in zip(before, after, strict=True):
        assert len(old) == len(new) > 3
        assert [replace(one, id=0) for one in old] == [replace(one, id=0) for one in new]
        assert [one.id for one in old] == sorted((one.id for one in old), reverse=old is not before[2])
    assert opened == await audit_events.load_share_openings(alice.id, [share, uuid4()])
    assert opened[share][:3] == tuple(when)


async def test_a_page_goes_on_where_the_last_one_ended_though_events_were_chained(cast: Cast) -> None:
    """Whoever turns the page just then may see a line once more, and never misses one."""
    alice = await cast.actor("alice")
    await audit_log.record_share_openings(alice, alice.id, [uuid4() for _ in range(10)])
    first = await audit_events.list_patient_events(alice.id, limit=4)
    await chain_all(cast.installation)
    rest = await audit_events.list_patient_events(alice.id, before=first[-1].id)
    everything = await audit_events.list_patient_events(alice.id)
    assert {one.object_id for one in (*first, *rest)} >= {one.object_id for one in everything}


async def test_what_is_pending_survives_a_change_of_the_server_key(cast: Cast) -> None:
    """An event that was written under the old key is chained under the new one."""
    await note(cast)
    both = replace(cast.installation, server_keys=ServerKeys((b"n" * 32, SERVER_KEY)))
    await reseal_all(both)
    cast.installation = replace(cast.installation, server_keys=ServerKeys((b"n" * 32,)))
    await note(cast)
    assert await chain_all(cast.installation) == 2
    assert await found(cast) is None


async def test_what_is_pending_is_counted(cast: Cast) -> None:
    """With the act of each, and when the oldest of it was written."""
    await chain_all(cast.installation)
    report = await verify_log(cast.installation)
    assert (report.pending, report.oldest_pending) == ((), None)
    begun = cast.clock.now
    for _ in range(3):
        await note(cast)
        cast.clock.forward(seconds=5)
    report = await verify_log(cast.installation)
    assert (report.chain_break, len(report.pending), report.oldest_pending) == (None, 3, begun)
    assert {line.action for line in report.pending} == {Act.SHARE_OPENED}


def test_ids_sort_by_the_moment_they_are_drawn() -> None:
    """Version 7 of RFC 9562; no two are alike."""
    drawn = [generate_event_id() for _ in range(1000)]
    assert [str(one) for one in drawn] == sorted(map(str, drawn))
    assert len(set(drawn)) == 1000
    assert {(one.version, one.variant) for one in drawn} == {(7, "specified in RFC 4122")}
