"""The audit log: who did what is written with the act, and no later hand can change it unnoticed."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import pytest
from tortoise.exceptions import OperationalError

from crypto import MacKey
from journal.audit import events as audit_events
from journal.audit import log as audit_log
from journal.audit import tables as audit_tables
from journal.audit.acts import Act, Outcome
from journal.audit.chain import INITIAL_MAC, EventRecord, compute_chain_mac, compute_event_mac, compute_head
from journal.audit.chain_worker import INSERT_CHAINED
from journal.audit.key import cache_key, load_key
from journal.audit.pending import build_insert
from journal.audit.verification import ChainBreak, Fault, Head, verify_log
from journal.care import lifecycle
from journal.care import tables as care_tables
from journal.errors import Damaged
from journal.installation.installation import Installation
from journal.sharing import reading, shares
from journal.store.database import Store, execute, fetch_raw, get_connection, transaction
from journal.store.statements import parse_time
from tests.cast import SERVER_KEY, Cast
from tests.log import chain_all
from tests.scenes import connected, opened_by, shared, written

ALL = "SELECT id, at, actor_id, patient_id, recipient_id, object_id, action, outcome, mac FROM audit_event ORDER BY id"
OTHER_KEY = bytes(reversed(range(32)))


async def events() -> int:
    """How many events are chained."""
    ((count,),) = await fetch_raw("SELECT COUNT(*) FROM audit_event")
    return int(count)


@pytest.fixture
async def log(cast: Cast) -> Cast:
    """The cast with a log of twenty events or more: of every shape, with and without ids."""
    share = await shared(cast, await written(cast))
    for _ in range(6):
        await opened_by(cast, "bob", share)
    await audit_log.record_unauthenticated_event(cast.installation, None, Act.SIGN_IN_REFUSED)
    await lifecycle.pause_sharing(await cast.actor("alice"))
    await chain_all(cast.installation)
    assert await events() >= 20
    assert (await verify_log(cast.installation)).chain_break is None
    return cast


async def found(cast: Cast, *kept: Head) -> ChainBreak | None:
    """What is wrong with the log."""
    return (await verify_log(cast.installation, kept)).chain_break


async def head(cast: Cast) -> Head:
    """The head as it would be kept elsewhere."""
    report = await verify_log(cast.installation)
    assert report.chain_break is None
    return report.head


async def renumber(old: int, new: int) -> None:
    assert await execute("UPDATE audit_event SET id = $1 WHERE id = $2", new, old) == 1


async def end_at(sequence: int, mac: str) -> None:
    await execute("UPDATE audit_head SET sequence = $1, mac = $2", sequence, mac)


async def lines() -> list[EventRecord]:
    """Every event as it was chained."""
    found = [EventRecord(*[getattr(row, name) for name in ("at", "actor_id", "patient_id", "recipient_id", "object_id",
                                                     "action", "outcome", "event_id")])
             for row in await audit_tables.AuditEvent.all().order_by("id")]  # fmt: skip
    return [EventRecord(one.at.astimezone(UTC), *_rest(one)) for one in found]


def _rest(one: EventRecord) -> tuple[Any, ...]:
    return one.actor, one.patient, one.recipient, one.about, one.action, one.outcome, one.id


async def write_anew(key: bytes, wanted: Sequence[EventRecord]) -> None:
    """Empty the log and write another in its place, with all that somebody with *key* can do."""
    await execute("DELETE FROM audit_event")
    await execute("DELETE FROM audit_head")
    if key != SERVER_KEY:
        await execute("DELETE FROM audit_key")  # which only the server key opens
    chain = await load_key(Installation.with_key(key))
    head = compute_head(chain, 0, INITIAL_MAC)
    for sequence, line in enumerate(wanted, 1):
        mac = compute_chain_mac(chain, head, sequence, line)
        row = (sequence, line.id, line.at, *_rest(line)[:-1], mac.hex())
        await execute(*build_insert(INSERT_CHAINED, [row]))
        head = compute_head(chain, sequence, mac)
    await audit_tables.AuditHead.create(id=1, sequence=len(wanted), mac=head.hex())


def test_the_chain_is_the_one_of_the_format_page() -> None:
    """Sections 13 and 14 of docs/crypto-format.md, written out once more with nothing of ours."""

    def key(name: str) -> bytes:
        drawn = hmac.digest(bytes(32), SERVER_KEY, "sha256")
        return hmac.digest(drawn, b"hearthside/v1/server-mac/" + name.encode() + b"\x01", "sha256")

    def fields(*values: bytes) -> bytes:
        return b"".join(len(value).to_bytes(4, "big") + value for value in values)

    server = MacKey(SERVER_KEY)
    at = datetime(2026, 11, 22, 12, 0, 0, 7, tzinfo=UTC)
    micros = int((at - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))
    actor, about, ident = uuid4(), uuid4(), uuid4()
    event = (
        micros.to_bytes(8, "big", signed=True),
        actor.bytes,
        b"",
        b"",
        about.bytes,
        b"share.opened",
        b"done",
    )
    none = hmac.digest(key("audit-head"), fields(b"\x01", bytes(8), bytes(32)), sha256)
    first = hmac.digest(
        key("audit"), fields(b"\x02", ident.bytes, none, (1).to_bytes(8, "big"), *event), sha256
    )
    older = hmac.digest(key("audit"), fields(b"\x01", none, (1).to_bytes(8, "big"), *event), sha256)
    last = hmac.digest(key("audit-head"), fields(b"\x01", (1).to_bytes(8, "big"), first), sha256)
    line = EventRecord(at, actor, None, None, about, "share.opened", "done", ident)
    assert compute_head(server, 0, bytes(32)) == none
    assert compute_chain_mac(server, none, 1, line) == first
    assert compute_chain_mac(server, none, 1, replace(line, id=None)) == older
    assert compute_head(server, 1, first) == last
    pending = hmac.digest(key("audit-event"), fields(b"\x01", ident.bytes, *event), sha256)
    assert compute_event_mac(server, line) == pending


async def test_who_what_when_and_how_it_ended(cast: Cast) -> None:
    """An event holds the two people, the thing, the moment in UTC to the microsecond and the outcome."""
    cast.clock.now += timedelta(microseconds=7)
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    share = await shared(cast, await written(cast))
    await reading.read_share(bob, alice.id, share)
    await audit_log.record_unauthenticated_event(cast.installation, alice.id, Act.SIGN_IN_REFUSED)
    await chain_all(cast.installation)
    refused, opened, given = await audit_tables.AuditEvent.all().order_by("-id").limit(3).values()
    assert (given["actor_id"], given["patient_id"], given["recipient_id"]) == (alice.id, alice.id, bob.id)
    assert (given["action"], given["object_id"], given["outcome"]) == (Act.SHARED, share, Outcome.DONE)
    assert (opened["actor_id"], opened["patient_id"], opened["object_id"]) == (bob.id, alice.id, share)
    assert (refused["actor_id"], refused["outcome"]) == (alice.id, Outcome.REFUSED)
    ((stored,),) = await fetch_raw("SELECT at FROM audit_event WHERE id = $1", opened["id"])
    assert parse_time(stored) == cast.clock.now
    assert parse_time(stored).utcoffset() == timedelta(0)


PLACES = (1, 9, -1)
EDITS: tuple[tuple[str, Any], ...] = (
    ("at", datetime(2026, 11, 22, 11, 0, 0, 1, tzinfo=UTC)),
    ("at", datetime(1950, 1, 1, tzinfo=UTC)),
    ("actor_id", UUID(int=7)),
    ("actor_id", None),
    ("patient_id", UUID(int=7)),
    ("patient_id", None),
    ("recipient_id", UUID(int=7)),
    ("object_id", UUID(int=7)),
    ("action", "share.shared"),
    ("action", "never heard of"),
    ("outcome", "perhaps"),
    ("mac", "0" * 64),
    ("mac", "no MAC at all"),
    ("event_id", UUID(int=7)),
    ("event_id", None),
)


@pytest.mark.parametrize("place", PLACES)
async def test_a_changed_event_is_found(log: Cast, place: int) -> None:
    """Whatever column of whatever event is changed, that event is named; put back, nothing is wrong."""
    place = place % (await events() + 1)
    for column, value in EDITS:
        (before,) = await fetch_raw(f"SELECT {column} FROM audit_event WHERE id = $1", place)
        if value is None and before[0] is None:
            continue
        await execute(f"UPDATE audit_event SET {column} = $1 WHERE id = $2", value, place)
        assert await found(log) == ChainBreak(Fault.CHANGED, place), (column, value)
        await execute(f"UPDATE audit_event SET {column} = $1 WHERE id = $2", before[0], place)
        assert await found(log) is None


async def test_another_spelling_hides_nothing(sqlite_cast: Cast) -> None:
    """SQLite keeps what it is given. A spelling that our queries would pass over counts as a change."""
    share = await shared(sqlite_cast, await written(sqlite_cast))
    await opened_by(sqlite_cast, "bob", share)
    await chain_all(sqlite_cast.installation)
    (place,) = (await fetch_raw("SELECT MAX(id) FROM audit_event"))[0]
    for column, spelling in (
        ("patient_id", "upper(patient_id)"),
        ("patient_id", "replace(patient_id, '-', '')"),
        ("object_id", "object_id || ' '"),
        ("actor_id", "'{' || actor_id || '}'"),
        ("at", "replace(at, ' ', 'T')"),
        ("at", "replace(at, '+00:00', '')"),
        ("at", "replace(replace(at, '12:05', '13:05'), '+00:00', '+01:00')"),
        ("at", "'later'"),
        ("at", "7"),
        ("actor_id", "''"),
        ("action", "CAST(action AS BLOB)"),
        ("outcome", "CAST(outcome AS BLOB)"),
        ("action", "action || char(0)"),
        ("action", "action || char(27) || '[2J'"),
        ("mac", "upper(mac)"),
        ("event_id", "upper(event_id)"),
    ):
        (before,) = (await fetch_raw(f"SELECT {column} FROM audit_event WHERE id = $1", place))[0]
        await execute(f"UPDATE audit_event SET {column} = {spelling} WHERE id = $1", place)
        assert await found(sqlite_cast) == ChainBreak(Fault.CHANGED, place), spelling
        await execute(f"UPDATE audit_event SET {column} = $1 WHERE id = $2", before, place)
    await execute("UPDATE audit_event SET action = CAST(x'ff' AS TEXT) WHERE id = $1", 5)
    assert await found(sqlite_cast) == ChainBreak(Fault.CHANGED, 5)


@pytest.mark.parametrize("number", ["'x'", "x'00'", "3.5", "3", "-1", "NULL", "20"])
async def test_a_table_of_another_shape_lets_nothing_in(sqlite_cast: Cast, number: str) -> None:
    """Nor can an event stand between two numbers, under none, or twice, where the table was made to allow it."""
    while await events() < 20:
        await audit_log.record_unauthenticated_event(sqlite_cast.installation, None, Act.SIGN_IN_REFUSED)
        await chain_all(sqlite_cast.installation)
    await execute("ALTER TABLE audit_event RENAME TO other")
    await execute("CREATE TABLE audit_event AS SELECT * FROM other")
    assert await found(sqlite_cast) is None
    await execute(f"INSERT INTO audit_event SELECT {number}, at, actor_id, patient_id, recipient_id, action, object_id,"
        " "
                 "outcome, mac, event_id FROM audit_event WHERE id = 3")  # fmt: skip
    broken = await found(sqlite_cast)
    assert broken is not None
    assert broken.kind is Fault.ADDED


async def test_a_deleted_event_is_found(log: Cast) -> None:
    """The first, one from the middle, the last, several and all."""
    total = await events()
    kept = await audit_tables.AuditEvent.all().order_by("id")
    for gone in (range(1, 2), range(9, 10), range(total, total + 1), range(4, 8), range(1, total + 1)):
        await execute("DELETE FROM audit_event WHERE id >= $1 AND id < $2", gone.start, gone.stop)
        assert await found(log) == ChainBreak(Fault.MISSING, gone.start, gone.stop - 1)
        await audit_tables.AuditEvent.bulk_create([kept[place - 1] for place in gone])
    assert await found(log) is None


async def test_a_deleted_event_is_found_when_the_rest_is_numbered_anew(log: Cast) -> None:
    """Closing the gap does not help."""
    total = await events()
    await execute("DELETE FROM audit_event WHERE id = 9")
    for place in range(10, total + 1):
        await renumber(place, place - 1)
    assert await found(log) == ChainBreak(Fault.FOREIGN, 9)
    await end_at(total - 1, (await audit_tables.AuditHead.get(id=1)).mac)
    assert await found(log) == ChainBreak(Fault.FOREIGN, 9)


async def test_an_inserted_event_is_found(log: Cast) -> None:
    """At the end, or in the middle with the rest moved up; a copy, or one with a MAC of somebody's own."""
    total = await events()
    copy = (await audit_tables.AuditEvent.filter(id=9).values())[0] | {"event_id": uuid4()}
    await audit_tables.AuditEvent.create(**copy | {"id": total + 1})
    assert await found(log) == ChainBreak(Fault.ADDED, total + 1)
    await end_at(total + 1, (await audit_tables.AuditHead.get(id=1)).mac)
    assert await found(log) == ChainBreak(Fault.FOREIGN, total + 1)
    await execute("DELETE FROM audit_event WHERE id = $1", total + 1)
    for place in range(total, 8, -1):
        await renumber(place, place + 1)
    await audit_tables.AuditEvent.create(**copy | {"mac": "ab" * 32})
    assert await found(log) == ChainBreak(Fault.MOVED, 9, 10)
    await execute("DELETE FROM audit_event WHERE id = 9")
    await audit_tables.AuditEvent.create(**copy | {"id": -4})
    assert await found(log) == ChainBreak(Fault.ADDED, 1)


@pytest.mark.parametrize(("one", "other"), [(1, 2), (8, 9), (3, 12), (5, -1)])
async def test_events_that_changed_places_are_found(log: Cast, one: int, other: int) -> None:
    """Neighbours or not, both are named."""
    other %= await events() + 1
    for old, new in ((one, -100), (other, one), (-100, other)):
        await renumber(old, new)
    assert await found(log) == ChainBreak(Fault.SWAPPED, one, other)


async def test_an_event_put_elsewhere_is_found(log: Cast) -> None:
    """The tenth event as the fourth, with those between moved up."""
    await renumber(10, -100)
    for place in range(9, 3, -1):
        await renumber(place, place + 1)
    await renumber(-100, 4)
    assert await found(log) == ChainBreak(Fault.MOVED, 4, 5)


async def test_a_log_numbered_from_another_number_is_found(log: Cast) -> None:
    """Every number one higher, and the head with them."""
    total = await events()
    for place in range(total, 0, -1):
        await renumber(place, place + 1)
    await end_at(total + 1, (await audit_tables.AuditHead.get(id=1)).mac)
    assert await found(log) == ChainBreak(Fault.MISSING, 1, 1)


async def test_a_cut_end_is_found_though_the_head_was_moved(log: Cast) -> None:
    """Without the server key no head fits: neither the old one, nor any MAC that stands in the database."""
    total = await events()
    stored = [row[-1] for row in await fetch_raw(ALL)] + [
        (await audit_tables.AuditHead.get(id=1)).mac,
        "",
        "0" * 64,
    ]
    await execute("DELETE FROM audit_event WHERE id > $1", total - 3)
    for mac in stored:
        await end_at(total - 3, mac)
        assert await found(log) == ChainBreak(Fault.HEAD_WRONG, total - 3)


async def test_a_cut_end_stays_found_when_the_log_goes_on(log: Cast) -> None:
    """The service goes on working, and the event after the cut shows it for good."""
    total = await events()
    (mac,) = (await fetch_raw("SELECT mac FROM audit_event WHERE id = $1", total - 3))[0]
    await execute("DELETE FROM audit_event WHERE id > $1", total - 3)
    await end_at(total - 3, mac)
    for _ in range(3):
        await audit_log.record_unauthenticated_event(log.installation, None, Act.SIGN_IN_REFUSED)
    await chain_all(log.installation)
    assert await events() == total
    assert await found(log) == ChainBreak(Fault.CHANGED, total - 2)


async def test_a_head_that_was_taken_away_is_found_and_stays_so(log: Cast) -> None:
    """Deleting the head's row stops nothing, and hides nothing."""
    total = await events()
    await execute("DELETE FROM audit_head")
    assert await found(log) == ChainBreak(Fault.HEAD_GONE, 0)
    await audit_log.record_unauthenticated_event(log.installation, None, Act.SIGN_IN_REFUSED)
    await audit_log.record_unauthenticated_event(log.installation, None, Act.SIGN_IN_REFUSED)
    await chain_all(log.installation)
    assert await found(log) == ChainBreak(Fault.CHANGED, total + 1)


@pytest.mark.parametrize("sequence", [3, 0, -1])
async def test_a_head_moved_back_over_events_writes_over_none_and_stops_nobody(
    log: Cast, sequence: int
) -> None:
    """Nothing is ever chained where there is something already; the act is done, and its event waits."""
    total = await events()
    await end_at(sequence, (await audit_tables.AuditHead.get(id=1)).mac)
    assert await found(log) == ChainBreak(Fault.HEAD_WRONG, max(sequence, 0))
    share = await care_tables.Share.all().first()
    assert share is not None
    await shares.revoke_share(await log.actor("alice"), share.id)
    assert not await care_tables.Share.filter(id=share.id).exists()
    with pytest.raises(Damaged):
        await chain_all(log.installation)
    assert (await events(), await audit_tables.AuditPending.all().count()) == (total, 1)
    assert await found(log) == ChainBreak(Fault.HEAD_WRONG, max(sequence, 0))


async def test_a_log_that_begins_anew_is_found(log: Cast) -> None:
    """Deleting everything with the head looks like a fresh start, but for the accounts that are there."""
    await execute("DELETE FROM audit_event")
    await execute("DELETE FROM audit_head")
    assert await found(log) == ChainBreak(Fault.NO_BEGINNING, 0, 5)
    await audit_log.record_unauthenticated_event(log.installation, None, Act.SIGN_IN_REFUSED)
    assert await found(log) == ChainBreak(Fault.NO_BEGINNING, 0, 5)
    await chain_all(log.installation)
    assert await found(log) == ChainBreak(Fault.NO_BEGINNING, 0, 5)


async def test_a_log_written_anew_with_another_key_is_found(log: Cast) -> None:
    """However well it is made."""
    await write_anew(OTHER_KEY, await lines())
    assert await found(log) == ChainBreak(Fault.FOREIGN, 1)


async def test_only_a_kept_head_tells_what_the_server_key_can_do(log: Cast) -> None:
    """With the server key a log can be cut and rewritten so that it fits in itself: it does not fit the head."""
    kept, true, total = await head(log), await lines(), await events()
    assert await found(log, kept) is None
    await write_anew(SERVER_KEY, true)
    assert await found(log, kept) is None  # the same events give the same log
    await write_anew(SERVER_KEY, true[:-1])
    assert await found(log) is None
    assert await found(log, kept) == ChainBreak(Fault.CUT, total - 1, total)
    forged = EventRecord(true[-4].at, true[-4].actor, None, None, None, "share.shared", "done")
    await write_anew(SERVER_KEY, [*true[:-4], forged, *true[-3:]])
    assert await found(log) is None
    assert await found(log, kept) == ChainBreak(Fault.REWRITTEN, total)
    await write_anew(SERVER_KEY, [*true[:-1], forged, forged])
    assert await found(log, kept) == ChainBreak(Fault.REWRITTEN, total)


async def test_every_head_that_was_kept_counts(log: Cast) -> None:
    """A log rewritten only from some point on still fits the earlier heads."""
    true, stored = await lines(), await fetch_raw(ALL)
    kept = [Head(0, "0" * 64), *(Head(stored[at][0], stored[at][-1]) for at in (3, 11, -1))]
    assert await found(log, *kept) is None
    forged = EventRecord(true[9].at, None, None, None, None, "share.shared", "done")
    await write_anew(SERVER_KEY, [*true[:9], forged, *true[10:]])
    assert await found(log, *kept[:2]) is None
    assert await found(log, *reversed(kept)) == ChainBreak(Fault.REWRITTEN, 12)


async def test_a_kept_head_shows_an_older_state_put_back(log: Cast) -> None:
    """A whole database put back is intact in itself."""
    older = await lines()
    await audit_log.record_unauthenticated_event(log.installation, None, Act.SIGN_IN_REFUSED)
    await chain_all(log.installation)
    kept = await head(log)
    await write_anew(SERVER_KEY, older)
    assert await found(log, kept) == ChainBreak(Fault.CUT, kept.sequence - 1, kept.sequence)


async def test_fifty_at_once_never_fork_it(cast: Cast) -> None:
    """However many acts end at once, their events come one after the other."""
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    share = await shared(cast, await written(cast))
    await chain_all(cast.installation)
    before = await events()
    await asyncio.gather(
        *(
            audit_log.record_unauthenticated_event(cast.installation, None, Act.SIGN_IN_REFUSED)
            for _ in range(20)
        ),
        *(reading.read_share(bob, alice.id, share) for _ in range(20)),
        *(
            audit_log.record_events(alice, Act.SHARE_OPENED, alice.id, [uuid4() for _ in range(3)])
            for _ in range(10)
        ),
    )
    assert await chain_all(cast.installation) == 70
    assert await events() == before + 70
    assert [row[0] for row in await fetch_raw(ALL)] == list(range(1, before + 71))
    assert await found(cast) is None


async def test_the_first_events_at_once_begin_one_log(database_url: str) -> None:
    """Nor do the first ones of all, from several processes' connections."""
    installation = Installation.with_key(SERVER_KEY)
    stores = [await Store.open(database_url) for _ in range(3)]

    async def write(store: Store) -> None:
        with store.use():
            for _ in range(8):
                await audit_log.record_unauthenticated_event(installation, None, Act.SIGN_IN_REFUSED)

    await asyncio.gather(*(write(store) for store in stores))
    with stores[0].use():
        assert await chain_all(installation) == 24
        report = await verify_log(installation)
        assert (report.chain_break, report.head.sequence) == (None, 24)
    for store in stores:
        await store.close()


async def test_a_log_can_be_checked_while_it_grows(cast: Cast) -> None:
    """What is written meanwhile is no fault."""
    writing = asyncio.gather(
        *(
            audit_log.record_unauthenticated_event(cast.installation, None, Act.SIGN_IN_REFUSED)
            for _ in range(60)
        ),
    )
    while not writing.done():
        assert await found(cast) is None
        await chain_all(cast.installation)
    await writing
    await chain_all(cast.installation)
    assert await found(cast) is None


async def test_pausing_everybody_and_sharing_wait_for_no_circle(cast: Cast) -> None:
    """Two acts that touch the same care links and both write events never block each other."""
    entry = await written(cast)
    other = await connected(cast, "charlie")
    for _ in range(10):
        alice = await cast.actor("alice")
        acts: list[Awaitable[object]] = [
            lifecycle.pause_sharing(alice),
            *(shared(cast, entry, to=link) for link in (other, cast.link)),
        ]
        for outcome in await asyncio.gather(*acts, return_exceptions=True):
            assert not isinstance(outcome, OperationalError), outcome
        for link in (other, cast.link):
            await lifecycle.resume_sharing(alice, link)
    assert await found(cast) is None


async def test_an_act_that_is_undone_leaves_no_event(cast: Cast) -> None:
    """And no gap."""
    await chain_all(cast.installation)
    before = await events()

    async def act() -> None:
        async with transaction():
            await audit_log.record_unauthenticated_event(cast.installation, None, Act.SIGN_IN_REFUSED)
            raise Damaged

    with pytest.raises(Damaged):
        await act()
    assert (await chain_all(cast.installation), await events()) == (0, before)
    await audit_log.record_unauthenticated_event(cast.installation, None, Act.SIGN_IN_REFUSED)
    assert await chain_all(cast.installation) == 1
    assert await found(cast) is None


async def test_many_openings_cost_as_many_statements_as_one(sqlite_cast: Cast) -> None:
    """A brief that opens ninety copies writes them in one go."""
    alice, counts = await sqlite_cast.actor("alice"), []
    await cache_key(sqlite_cast.installation)  # as every process that serves does
    for number in (1, 90):
        seen: list[str] = []
        async with transaction():
            writer = get_connection()._connection
            await writer.set_trace_callback(seen.append)
            await audit_log.record_share_openings(alice, alice.id, [uuid4() for _ in range(number)])
            await writer.set_trace_callback(None)
        counts.append(len(seen))
    assert counts == [1, 1]
    await audit_log.record_share_openings(alice, alice.id, [uuid4() for _ in range(250)])
    await audit_log.record_share_openings(alice, alice.id, [])
    assert await chain_all(sqlite_cast.installation) == 1 + 90 + 250
    assert await found(sqlite_cast) is None


async def test_an_event_nobody_knows_is_named_as_damaged(cast: Cast) -> None:
    """A log that was tampered with is not shown as if it were whole."""
    alice = await cast.actor("alice")
    await audit_log.record_event(alice, Act.SHARE_REVOKED, patient=alice.id, about=uuid4())
    await execute("UPDATE audit_pending SET action = $1 WHERE action = $2", "gone by", "share.revoked")
    assert (await audit_events.list_patient_events(alice.id)).damaged == (None,)
    await execute("UPDATE audit_pending SET action = $1 WHERE action = $2", "share.revoked", "gone by")
    await chain_all(cast.installation)
    await execute("UPDATE audit_event SET action = $1 WHERE action = $2", "gone by", "share.revoked")
    assert (await audit_events.list_patient_events(alice.id)).damaged == (None,)


def test_a_head_is_one_line_and_nothing_else_is_one() -> None:
    """Read as written; neither more fields, nor another version, nor other digits."""
    one = Head(7, "ab" * 32)
    assert Head.parse(f"  {one}\n") == one
    mac = "ab" * 32
    for line in (f"hearthside-audit 2 7 {mac}", f"hearthside-audit 1 7 {mac} x", f"hearthside-audit 1 -7 {mac}",
                 f"hearthside-audit 1 7 {mac.upper()}", f"hearthside-audit 1 ٧ {mac}", f"audit 1 7 {mac}", mac, "",
                 f"hearthside-audit 1 7 {mac[:-2]}", f"hearthside-audit 1 {'9' * 30} {mac}"):  # fmt: skip
        assert Head.parse(line) is None, line
