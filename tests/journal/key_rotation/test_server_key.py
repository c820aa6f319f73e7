"""Sealing everything under a new server key: complete, beside people who write, and to be begun again at any point."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import msgspec
import pytest

from journal.accounts import tables as accounts_tables
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.audit.verification import verify_log
from journal.authentication import key_slots, sign_in, web_sessions
from journal.errors import Damaged
from journal.installation.installation import Installation
from journal.installation.key_file import KeyFile
from journal.installation.server_keys import ServerKeys
from journal.key_rotation import tables as key_rotation_tables
from journal.key_rotation import workers
from journal.key_rotation.server_columns import SERVER_COLUMNS
from journal.key_rotation.server_key import ColumnCount, DuplicateAddress, count_rows, reseal_all
from journal.plan_words.reading import open_words
from journal.scheduling import plan as session_plan
from journal.sessions.rows import load_my_sessions
from journal.sessions.session import SessionDetails, SessionKind, Setting
from journal.store.database import Store, execute, fetch_raw, transaction
from tests.cast import PASSWORDS, SERVER_KEY, ZONE, Cast, Furniture, cast_of
from tests.log import chain_all
from tests.postgres import WAITING
from tests.waiting import PATIENCE

NEW_KEY = b"n" * 32


def house_with(cast: Cast, *keys: bytes) -> Installation:
    """The installation of the cast, with other keys."""
    return replace(cast.installation, server_keys=ServerKeys(keys))


async def planned(cast: Cast, count: int) -> None:
    """Have alice plan some sessions, each on a day of its own."""
    for day in range(1, count + 1):
        alice = await cast.actor("alice")
        one = SessionDetails(SessionKind.INTEGRATION, f"2031-03-{day:02}T09:00", ZONE, 50, Setting.CLINIC)
        await session_plan.add_session(alice, alice.id, one)


async def signs_in(installation: Installation, name: str = "alice") -> None:
    """Sign somebody in by address and password, and open who they are."""
    signed_in = await sign_in.sign_in(installation, f"{name}@example.org", PASSWORDS[name])
    assert await web_sessions.load_actor(installation, signed_in.token)


async def actor_in(installation: Installation, cast: Cast) -> Actor:
    """Alice, as a process with other keys loads her."""
    alice = await web_sessions.load_actor(installation, cast.tokens["alice"])
    assert alice is not None
    return alice


def stopping(at: int) -> Callable[[ColumnCount], None]:
    """Break off after so many rows."""
    left = iter(range(at))

    def told(_count: ColumnCount) -> None:
        if next(left, None) is None:
            raise InterruptedError

    return told


def old(counts: list[ColumnCount]) -> int:
    """How many rows were not under the newest key."""
    return sum(count.old for count in counts)


async def test_everything_is_sealed_anew_and_nothing_is_lost(cast: Cast) -> None:
    """The new key alone opens all there is, finds everybody and goes on with the log; the old one opens nothing."""
    await planned(cast, 5)
    kept = (await verify_log(cast.installation)).head
    both = house_with(cast, NEW_KEY, SERVER_KEY)
    counts = await reseal_all(both, batch_size=2)
    assert {count.table for count in counts if count.old} >= {
        "account",
        "web_session",
        "kap_session",
        "invitation",
    }
    assert all(count.rows == count.old for count in counts)
    assert old(await reseal_all(both)) == 0
    only = house_with(cast, NEW_KEY)
    assert not any(count.old or count.unopened for count in await count_rows(only))
    assert all(count.unopened == count.rows for count in await count_rows(cast.installation))
    for name in PASSWORDS:
        await signs_in(only, name)
    assert await key_slots.find_slot_by_email(cast.installation, "alice@example.org", "password") == (
        None,
        None,
    )
    await chain_all(only)
    report = await verify_log(only, [kept])
    assert report.chain_break is None
    assert report.head.sequence > kept.sequence


async def test_who_is_interrupted_begins_again(cast: Cast) -> None:
    """After any number of rows everything opens and people sign in; the next run does what is left."""
    await planned(cast, 3)
    both = house_with(cast, NEW_KEY, SERVER_KEY)
    steps = sum(count.rows for count in await count_rows(cast.installation))

    for at in (1, 4, steps // 2):
        with pytest.raises(InterruptedError):
            await reseal_all(both, stopping(at), batch_size=1)
        assert not any(count.unopened for count in await count_rows(both))
        await signs_in(both)
    assert 0 < old(await reseal_all(both)) < steps
    assert old(await count_rows(both)) == 0


async def test_an_address_is_found_when_its_key_changes_during_the_search(
    furnished_postgres_url: tuple[str, Furniture], tmp_path: Path
) -> None:
    """
    The search began under the old key; meanwhile the row went over to the new one, and another request noticed.

    On SQLite no other request runs while an address is looked up.
    """
    url, furniture = furnished_postgres_url
    cast, file = cast_of(furniture), KeyFile(tmp_path / "key")
    file.path.write_text(SERVER_KEY.hex())
    serving = replace(cast.installation, server_keys=ServerKeys(file.read(), file))
    here, there = await Store.open(url), await Store.open(url)
    watcher = await asyncpg.connect(url, timeout=PATIENCE)
    try:
        with there.use():
            async with transaction():
                await execute("LOCK TABLE account IN ACCESS EXCLUSIVE MODE")
                with here.use():
                    signing_in = asyncio.create_task(signs_in(serving))
                while not await watcher.fetchval(WAITING):
                    assert not signing_in.done()
                file.write((NEW_KEY, SERVER_KEY), expected=(SERVER_KEY,))
                await reseal_all(house_with(cast, NEW_KEY, SERVER_KEY))
                assert serving.server_keys.reload_if_changed()
        await signing_in
    finally:
        await watcher.close()
        for store in (here, there):
            await store.close()


async def test_who_writes_meanwhile_loses_nothing(cast: Cast) -> None:
    """Sessions that are changed and people who sign in while every row is swapped: each change stands at the end."""
    await planned(cast, 6)
    both = house_with(cast, NEW_KEY, SERVER_KEY)
    mine = await load_my_sessions(await cast.actor("alice"))

    async def write(times: int) -> None:
        for turn in range(times):
            for name, keys in (("slow", (SERVER_KEY, NEW_KEY)), ("quick", (NEW_KEY, SERVER_KEY))):
                alice = await actor_in(house_with(cast, *keys), cast)
                for one in mine:
                    now = await session_plan.load_session(alice, one.id)
                    details = msgspec.structs.replace(now.details, note=f"{name} {turn}")
                    await session_plan.change_session(alice, now.id, now.revision, details)
            await signs_in(both)

    async def swap(times: int) -> None:
        for _ in range(times):
            await reseal_all(both, batch_size=1)
            await asyncio.sleep(0)

    await asyncio.gather(write(3), swap(8))
    while old(await reseal_all(both)):
        pass
    only = house_with(cast, NEW_KEY)
    alice = await actor_in(only, cast)
    notes = [one.details.note for one in await open_words(alice, None, await load_my_sessions(alice))]
    assert notes == ["quick 2"] * len(mine)


async def test_damaged_rows_are_counted_and_left_alone(cast: Cast) -> None:
    """What no key opens stays as it is, and is told."""
    ((ident, sealed),) = await fetch_raw("SELECT id, sealed FROM invitation")
    spoilt = bytes(sealed[:-1]) + bytes([sealed[-1] ^ 1])
    await execute("UPDATE invitation SET sealed = $1 WHERE id = $2", spoilt, ident)
    counts = await reseal_all(house_with(cast, NEW_KEY, SERVER_KEY))
    assert [(count.table, count.unopened) for count in counts if count.unopened] == [("invitation", 1)]
    assert bytes((await fetch_raw("SELECT sealed FROM invitation"))[0][0]) == spoilt


async def test_an_index_that_was_left_behind_is_found(cast: Cast) -> None:
    """A row under the new key whose address is still looked up under the old one is not done."""
    both = house_with(cast, NEW_KEY, SERVER_KEY)
    alice = await cast.actor("alice")
    await reseal_all(both)
    await accounts_tables.Account.filter(id=alice.id).update(
        email_index=cast.installation.server_keys.blind_index("alice@example.org").hex()
    )
    assert old(await count_rows(both)) == 1
    assert old(await reseal_all(both)) == 1
    await signs_in(house_with(cast, NEW_KEY))


async def in_the_way(cast: Cast, index: bytes) -> None:
    """Put a row there that no page makes, which is found by *index*."""
    await accounts_tables.Account.create(
        id=uuid4(), role="patient", email_index=index.hex(), sealed=b"", public_identity=b"", identity=b"",
        created_at=cast.clock.now,
    )  # fmt: skip


async def test_one_address_twice_stops_nobody(cast: Cast) -> None:
    """Where another row is found by somebody's address, they are found by their own spelling of it."""
    await in_the_way(cast, ServerKeys((NEW_KEY,)).blind_index("alice@example.org"))
    await reseal_all(house_with(cast, NEW_KEY, SERVER_KEY))
    await signs_in(house_with(cast, NEW_KEY))


async def test_one_spelling_twice_is_told(cast: Cast) -> None:
    """Two rows for one spelling, which only a hand in the database makes, stop the change and change nothing."""
    new = ServerKeys((NEW_KEY,))
    await in_the_way(cast, new.blind_index("alice@example.org"))
    await in_the_way(cast, new.spelling_index("alice@example.org"))
    with pytest.raises(DuplicateAddress, match="same address"):
        await reseal_all(house_with(cast, NEW_KEY, SERVER_KEY))
    await signs_in(house_with(cast, NEW_KEY, SERVER_KEY))


async def test_no_key_is_put_away_that_somebody_seals_with(cast: Cast) -> None:
    """A process counts as behind until it says that it seals with the new key, is gone, or has been silent."""
    both, slow, quick = house_with(cast, NEW_KEY, SERVER_KEY), uuid4(), uuid4()
    await workers.report_worker(cast.installation, slow)
    await workers.report_worker(both, quick)
    assert await workers.count_outdated_workers(both) == 1
    await workers.report_worker(both, slow)
    assert await workers.count_outdated_workers(both) == 0
    await workers.report_worker(cast.installation, slow)
    cast.clock.now += workers.WORKER_TIMEOUT
    assert await workers.count_outdated_workers(both) == 0
    await workers.report_worker(cast.installation, quick)
    assert await workers.count_outdated_workers(both) == 1
    await workers.remove_worker(quick)
    assert await workers.count_outdated_workers(both) == 0
    cast.clock.now += timedelta(days=1)
    await workers.report_worker(both, quick)
    assert await key_rotation_tables.Worker.all().count() == 1


async def test_the_key_of_the_log_is_sealed_and_missed(cast: Cast) -> None:
    """Bent, it stops what would be written with it; taken away, the check says so, also once the log goes on."""
    (sealed,) = (await fetch_raw("SELECT sealed FROM audit_key"))[0]
    for bent in (bytes(sealed[:-1]) + bytes([sealed[-1] ^ 1]), b"", b"\x02" + bytes(sealed[1:])):
        await execute("UPDATE audit_key SET sealed = $1", bent)
        with pytest.raises(Damaged):
            await audit_log.record_unauthenticated_event(cast.installation, None, Act.SIGN_IN_REFUSED)
        assert (
            str((await verify_log(cast.installation)).chain_break)
            == "ChainBreak(kind=<Fault.FOREIGN: 'foreign'>, event=1, other=0)"
        )
    await execute("DELETE FROM audit_key")
    broken = (await verify_log(cast.installation)).chain_break
    assert broken is not None
    assert broken.kind == "key-gone"
    await audit_log.record_unauthenticated_event(cast.installation, None, Act.SIGN_IN_REFUSED)
    assert (await verify_log(cast.installation)).chain_break is not None


def test_the_practice_comes_last() -> None:
    """A restored backup is tried on it: where a key opens the practice, it opens the rest."""
    assert SERVER_COLUMNS[-1].table == "practice"
