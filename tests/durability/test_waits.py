"""Nothing is waited for for ever, and what others were in the way of is done again."""

from __future__ import annotations

import asyncio
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
from httpx import AsyncClient
from tortoise.exceptions import DBConnectionError

from journal.entries import entries
from journal.practice import practice
from journal.practice.practice import PracticeSettings
from journal.store import configuration as store_configuration
from journal.store import database
from journal.store import postgres as store_postgres
from journal.store import sqlite as store_sqlite
from journal.store.database import execute, fetch_raw, get_connection, transaction
from journal.store.errors import DatabaseRefused
from journal.store.progress import Progress, run_with_retry
from portal.app import create_app
from portal.config import Config
from portal.views.public import health
from portal.views.public import help as help_pages
from portal.web.errors import UNAVAILABLE_ERRORS
from tests.cast import PASSWORDS, SERVER_KEY, Furniture
from tests.durability.test_no_room import FULL
from tests.durability.test_postgres_gone import Wire, carries_the_text
from tests.portal.browsing import Page, action, opened, pressed
from tests.portal.conftest import ORIGIN, Portal, running
from tests.portal.test_statements import counted
from tests.postgres import WAITING
from tests.waiting import PATIENCE, let_pass

NEW = "a lantern on the kitchen table"
LIMITS = {
    "lock_timeout": "5s",
    "statement_timeout": "20s",
    "idle_in_transaction_session_timeout": "20s",
    "default_transaction_isolation": "read committed",
}
IN_THE_WAY = """
    CREATE SEQUENCE tries;
    CREATE FUNCTION in_the_way() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF nextval('tries') <= {times} THEN RAISE EXCEPTION 'busy' USING ERRCODE = '{state}'; END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER in_the_way AFTER INSERT ON {table} {when}
        FOR EACH ROW EXECUTE FUNCTION in_the_way()
"""
"""Refuses to insert an entry a few times; a sequence counts on when a transaction is rolled back."""

ENDLESS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i % 2 + 1 FROM n) SELECT COUNT(*) FROM n"
LOCKS = "LOCK TABLE entry IN EXCLUSIVE MODE"
RESTING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'"


async def executed(url: str, sql: str) -> None:
    """Run statements on PostgreSQL over a connection of their own."""
    other = await asyncpg.connect(url, timeout=PATIENCE)
    try:
        await other.execute(sql)
    finally:
        await other.close()


async def saved(portal: Portal) -> list[str]:
    """The titles in alice's journal."""
    return [one.document.title for one in await entries.load_all_entries(await portal.cast.actor("alice"))]


async def test_each_connection_keeps_to_our_limits_whatever_the_database_says(
    furnished_postgres_url: tuple[str, Furniture], tmp_path: Path
) -> None:
    """Limits of seconds and the isolation that the locks are written for, over what was set for the database."""
    url, furniture = furnished_postgres_url
    name = urlsplit(url).path[1:]
    others = "default_transaction_isolation = serializable", "statement_timeout = 0", "lock_timeout = '1h'"
    await executed(url, ";".join(f'ALTER DATABASE "{name}" SET {one}' for one in others))
    async with running(url, furniture, tmp_path):
        for setting, value in LIMITS.items():
            _, rows = await get_connection().execute_query(f"SHOW {setting}")
            assert rows[0][0] == value, setting


async def test_a_connection_that_keeps_to_other_limits_is_not_used(postgres_url: str) -> None:
    """A pooler in between may take our settings and not follow: that is said, and nothing is served."""
    other = await asyncpg.connect(postgres_url, timeout=PATIENCE)
    try:
        with pytest.raises(DatabaseRefused, match="lock_timeout is 0 and not 5000"):
            await store_postgres.verify_settings(other, store_postgres.build_server_settings(20))
    finally:
        await other.close()


@pytest.mark.parametrize("when", ["", "DEFERRABLE INITIALLY DEFERRED"])
@pytest.mark.parametrize("state", ["40P01", "40001", "55P03", "25006"])
async def test_what_others_were_in_the_way_of_is_done_again(
    furnished_postgres_url: tuple[str, Furniture], tmp_path: Path, state: str, when: str
) -> None:
    """A deadlock, a conflict, a lock, a standby: in a statement or in COMMIT, twice, and the save succeeds, once."""
    url, furniture = furnished_postgres_url
    async with running(url, furniture, tmp_path) as portal, portal.client("alice") as browser:
        page = await opened(browser, "/journal/new?kind=free")
        await executed(url, IN_THE_WAY.format(table="entry", times=2, state=state, when=when))
        told = await pressed(browser, page, title="After", **FULL)
        assert (told.status_code, await saved(portal)) == (303, ["After"])


@pytest.mark.parametrize("when", ["", "DEFERRABLE INITIALLY DEFERRED"])
@pytest.mark.parametrize("state", ["40P01", "40001", "55P03", "25006", "57014"])
async def test_who_is_always_in_the_way_is_waited_for_no_longer(
    furnished_postgres_url: tuple[str, Furniture], tmp_path: Path, state: str, when: str
) -> None:
    """After three tries, one where a statement took too long: 503, nothing was saved, and the words are there."""
    url, furniture = furnished_postgres_url
    async with running(url, furniture, tmp_path) as portal, portal.client("alice") as browser:
        page = await opened(browser, "/journal/new?kind=free")
        await executed(url, IN_THE_WAY.format(table="entry", times=1000, state=state, when=when))
        told = await pressed(browser, page, title="After", **FULL)
        assert (told.status_code, told.headers["retry-after"]) == (503, "10")
        assert "Nothing was saved" in (given_back := Page.of(told)).words
        assert (await fetch_raw("SELECT last_value FROM tries"))[0][0] == (1 if state == "57014" else 3)
        await executed(url, "DROP TRIGGER in_the_way ON entry")
        assert (await browser.post(action(given_back), data=given_back.fields)).status_code == 303
        assert await saved(portal) == ["After"]


async def test_who_signs_in_meets_nobody_in_the_way(
    furnished_postgres_url: tuple[str, Furniture], tmp_path: Path
) -> None:
    """A try was counted and a password hashed already: what follows is done again by itself, and only that."""
    url, furniture = furnished_postgres_url
    async with running(url, furniture, tmp_path) as portal:
        await executed(url, IN_THE_WAY.format(table="web_session", times=2, state="40P01", when=""))
        form = {"email": "alice@example.org", "password": PASSWORDS["alice"]}
        async with portal.client() as browser:
            assert (await browser.post("/sign-in", data=form)).status_code == 303
            await executed(url, "ALTER SEQUENCE tries RESTART")
            new = {"current": form["password"], "password": NEW, "repeated": NEW}
            assert (await browser.post("/account/password", data=new)).status_code == 303
            assert (await browser.get("/journal")).status_code == 200
            assert (await fetch_raw("SELECT last_value FROM tries"))[0][0] == 3


async def test_a_counted_try_is_nothing_that_was_saved(
    furnished_postgres_url: tuple[str, Furniture], tmp_path: Path
) -> None:
    """Who cannot sign in, or change the password, for others in the way is told that nothing was saved: it is known."""
    url, furniture = furnished_postgres_url
    async with running(url, furniture, tmp_path) as portal:
        await executed(url, IN_THE_WAY.format(table="web_session", times=1000, state="40P01", when=""))
        form = {"email": "alice@example.org", "password": PASSWORDS["alice"]}
        new = {"current": PASSWORDS["bob"], "password": NEW, "repeated": NEW}
        for name, path, sent in ((None, "/sign-in", form), ("bob", "/account/password", new)):
            async with portal.client(name) as browser:
                told = await browser.post(path, data=sent)
                assert (told.status_code, "Nothing was saved" in Page.of(told).words) == (503, True), path
                assert NEW not in told.text
        assert (await fetch_raw("SELECT last_value FROM tries"))[0][0] == 6
        tried = await fetch_raw("SELECT COUNT(*) FROM throttle")
        assert tried[0][0] > 0


async def test_a_statement_without_end_is_ended(database_url: str) -> None:
    """Read, or run inside a transaction or a part of one: the database gives it up, and what comes next is answered."""
    opened_store = await database.Store.open(
        database_url, statement_timeout=store_configuration.STATEMENT_TIMEOUT / 20
    )

    async def read() -> None:
        await fetch_raw(ENDLESS)

    async def run() -> None:
        await get_connection().execute_query(ENDLESS)

    async def in_transaction() -> None:
        async with transaction():
            await run()

    async def in_a_part() -> None:
        async with transaction(), transaction():
            await run()

    with opened_store.use():
        for act in (read, run, in_transaction, in_a_part):
            with pytest.raises(UNAVAILABLE_ERRORS):
                await act()
            assert (await fetch_raw("SELECT 1"))[0][0] == 1
            async with transaction():
                await execute("UPDATE setup_link SET sealed = sealed")
    await opened_store.close()


async def test_a_lock_that_is_not_let_go_is_not_waited_for(
    furnished_postgres_url: tuple[str, Furniture], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody locks a table for good: PostgreSQL ends the wait, and it is known that nothing was saved."""
    monkeypatch.setattr(store_postgres, "LOCK_TIMEOUT", store_postgres.LOCK_TIMEOUT / 100)
    url, furniture = furnished_postgres_url
    holder = await asyncpg.connect(url, timeout=PATIENCE)
    try:
        async with running(url, furniture, tmp_path) as portal, portal.client("alice") as browser:
            page = await opened(browser, "/journal/new?kind=free")
            await holder.execute("BEGIN; LOCK TABLE entry IN EXCLUSIVE MODE")  # it can be read, not written
            told = await pressed(browser, page, title="After", **FULL)
            assert told.status_code == 503
            assert "Nothing was saved" in Page.of(told).words
            assert not await holder.fetchval(WAITING)
            await holder.execute("ROLLBACK")
            assert (await pressed(browser, page, title="After", **FULL)).status_code == 303
            assert await saved(portal) == ["After"]
    finally:
        await holder.close()


async def test_two_acts_that_hold_each_other_up_both_succeed(postgres_url: str) -> None:
    """A real deadlock: PostgreSQL ends one of them, which is done again."""
    opened_store = await database.Store.open(postgres_url)
    with opened_store.use():
        for name in "ab":
            await execute(
                "INSERT INTO setup_link (id, lookup, sealed, created_at, expires_at)"
                " VALUES (gen_random_uuid(), $1, '', now(), now())",
                name,
            )
        both, begun = asyncio.Barrier(2), [0, 0]

        async def take(who: int, first: str, second: str) -> None:
            begun[who] += 1
            async with transaction():
                await execute("UPDATE setup_link SET sealed = sealed || 'x' WHERE lookup = $1", first)
                if begun[who] == 1:
                    await both.wait()
                await execute("UPDATE setup_link SET sealed = sealed || 'x' WHERE lookup = $1", second)

        await asyncio.gather(
            run_with_retry(lambda: take(0, "a", "b")),
            run_with_retry(lambda: take(1, "b", "a")),
        )
        assert sum(begun) == 3
        assert [bytes(one[0]) for one in await fetch_raw("SELECT sealed FROM setup_link")] == [b"xx", b"xx"]
    await opened_store.close()


async def test_what_has_changed_something_is_not_done_again(database_url: str) -> None:
    """An act whose first half is committed may not be begun anew; one that only read, or was undone, may."""
    opened_store = await database.Store.open(database_url)
    tries = 0
    busy = asyncpg.DeadlockDetectedError("busy")

    async def half_done() -> None:
        nonlocal tries
        tries += 1
        await execute("UPDATE setup_link SET sealed = sealed WHERE lookup = $1", "a")
        raise busy

    async def undone() -> None:
        nonlocal tries
        tries += 1
        async with transaction():
            await execute("UPDATE setup_link SET sealed = sealed WHERE lookup = $1", "a")
            raise busy

    with opened_store.use():

        async def a_part_is_done() -> None:
            await run_with_retry(half_done)

        for act, times, sent in ((half_done, 1, 1), (undone, 3, 0), (a_part_is_done, 1, 1)):
            tries, progress = 0, Progress()
            with pytest.raises(asyncpg.DeadlockDetectedError):
                await run_with_retry(act, progress)
            assert (tries, progress.commits) == (times, sent), act.__name__
    await opened_store.close()


async def test_a_transaction_that_rests_lets_go_of_what_it_holds(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that is frozen in the middle of an act: PostgreSQL ends its transaction, and others go on."""
    opened_store = await database.Store.open(postgres_url)
    monkeypatch.setattr(store_postgres, "IDLE_TIMEOUT", store_postgres.IDLE_TIMEOUT / 1000)
    frozen = await database.Store.open(postgres_url)
    watcher = await asyncpg.connect(postgres_url, timeout=PATIENCE)

    async def freeze() -> None:
        async with transaction():
            await execute(LOCKS)
            while await watcher.fetchval(RESTING):
                pass

    try:
        with frozen.use(), pytest.raises(UNAVAILABLE_ERRORS):
            await freeze()
        with opened_store.use():
            async with transaction():
                await execute(LOCKS)
        with frozen.use():  # with a new connection
            assert (await fetch_raw("SELECT 1"))[0][0] == 1
    finally:
        await watcher.close()
        for one in (frozen, opened_store):
            await one.close()


async def test_a_transaction_on_sqlite_that_rests_is_undone(sqlite_url: str) -> None:
    """Whatever it waits for, it is undone after a minute and tells so; what waits behind it goes on."""
    opened_store = await database.Store.open(sqlite_url)
    rests = asyncio.Event()

    async def rest() -> None:
        async with transaction():
            await execute("DELETE FROM setup_link")
            rests.set()
            await asyncio.Event().wait()

    with opened_store.use():
        before = await fetch_raw("SELECT count(*) FROM setup_link")
        resting = asyncio.create_task(rest())
        await rests.wait()
        await until(resting.done, forward=store_sqlite.TRANSACTION_TIMEOUT)
        with pytest.raises(UNAVAILABLE_ERRORS):
            await resting
        async with transaction():
            await execute("UPDATE setup_link SET sealed = sealed")
        assert await fetch_raw("SELECT count(*) FROM setup_link") == before
    await opened_store.close()


@asynccontextmanager
async def writer_held(portal: Portal, times: int = 1) -> AsyncIterator[None]:
    """Hold so many of the connections that write, in transactions that rest."""
    done, held = asyncio.Event(), asyncio.Barrier(times + 1)

    async def hold() -> None:
        async with transaction():
            await held.wait()
            await done.wait()

    with portal.app.state.store.use():
        holding = [asyncio.create_task(hold()) for _ in range(times)]
    await held.wait()
    yield
    done.set()
    await asyncio.gather(*holding)


async def test_a_connection_that_does_not_come_free_is_not_waited_for(
    furnished_url: tuple[str, Furniture], tmp_path: Path
) -> None:
    """What writes is stuck, one connection or all: 503 in seconds and nothing saved; all is well afterwards."""
    url, furniture = furnished_url
    is_sqlite = url.startswith("sqlite")
    async with running(url, furniture, tmp_path) as portal, portal.client("alice") as browser:
        page = await opened(browser, "/journal/new?kind=free")
        async with writer_held(portal, 1 if is_sqlite else get_connection()._pool.get_max_size()):
            pressing = asyncio.create_task(pressed(browser, page, title="After", **FULL))
            waits = store_sqlite.WRITER_TIMEOUT if is_sqlite else store_postgres.ACQUIRE_TIMEOUT
            await until(pressing.done, forward=waits / 30)  # far from `store_sqlite.TRANSACTION_TIMEOUT`
            told = await pressing
            assert (told.status_code, told.headers["retry-after"]) == (503, "10")
            assert "Nothing was saved" in Page.of(told).words
            for path in ("/healthz", "/help-now", "/leave"):
                assert (await browser.get(path)).status_code == 200
        assert (await pressed(browser, page, title="After", **FULL)).status_code == 303
        assert await saved(portal) == ["After"]


async def test_a_begin_that_fails_lets_the_next_one_come(sqlite_url: str) -> None:
    """SQLite's writer is free again after a transaction that could not begin."""
    opened_store = await database.Store.open(sqlite_url)
    with opened_store.use():
        client: Any = get_connection()
        await client._connection.close()
        with pytest.raises(ValueError, match="no active connection"):
            async with transaction():
                pytest.fail("it has begun")
        client._connection = None
        async with transaction():
            await execute("UPDATE setup_link SET sealed = sealed")
    await opened_store.close()


@pytest.mark.parametrize(("asked", "writing", "reading"), [(2, 1, 1), (5, 3, 2)])
async def test_the_pools_are_as_large_as_was_asked(
    postgres_url: str, tmp_path: Path, asked: int, writing: int, reading: int
) -> None:
    """The setting decides how many connections one process makes, half of them for reading; no more are ever lent."""
    config = Config(tmp_path, postgres_url, SERVER_KEY, ORIGIN, "127.0.0.1", 8000, connections=asked)
    app = create_app(config, quick=True)
    async with app.router.lifespan_context(app):
        with app.state.store.use():
            client: Any = get_connection()
            pools = client._pool, client.read_pool._pool
            assert [pool.get_max_size() for pool in pools] == [writing, reading]


async def test_readings_take_turns_for_seconds(postgres_url: str) -> None:
    """Where each connection for reading waits for its answer, the next reading hears so in seconds; then all go on."""
    opened_store = await database.Store.open(postgres_url, connections=2)
    with opened_store.use():
        await fetch_raw("SELECT 1")  # so that the connection is there
        locker = await asyncpg.connect(postgres_url, timeout=PATIENCE)
        await locker.execute("BEGIN; LOCK TABLE throttle IN ACCESS EXCLUSIVE MODE")
        stuck = asyncio.create_task(fetch_raw("SELECT key FROM throttle"))
        client: Any = get_connection()
        await until(client.read_pool._slots.locked)
        waiting = asyncio.create_task(fetch_raw("SELECT 1"))
        await until(waiting.done, forward=store_postgres.ACQUIRE_TIMEOUT)
        with pytest.raises(DBConnectionError):
            await waiting
        await locker.close()
        assert list(await stuck) == []
        assert [tuple(row) for row in await fetch_raw("SELECT 1")] == [(1,)]
    await opened_store.close()


WAYS = [(method, path) for method in ("GET", "HEAD") for path in ("/healthz", "/help-now", "/leave")]
COOKIES = {
    "none": "",
    "bent": "hearthside=%",
    "stale": f"hearthside={urlsafe_b64encode(bytes(32)).rstrip(b'=').decode()}",
}


async def answered(portal: Portal, cookie: str) -> None:
    """See that Help now and the way out answer a browser with this kind of cookie."""
    async with portal.client("alice" if cookie == "valid" else None) as browser:
        if cookie in COOKIES:
            browser.headers["cookie"] = COOKIES[cookie]
        for method, path in WAYS:
            told = await browser.request(method, path)
            assert told.status_code == 200, (method, path)
            if (method, path) == ("GET", "/help-now"):
                assert ("Leave quickly" in told.text) is (cookie in ("valid", "stale"))


@pytest.mark.parametrize("cookie", ["valid", *COOKIES])
async def test_help_and_the_way_out_ask_the_database_nothing(portal: Portal, cookie: str) -> None:
    """Not one statement, by GET or HEAD, whatever cookie comes."""
    portal.cast.clock.forward(minutes=3)  # after which a session's use would be noted
    async with counted(portal) as noted:
        await answered(portal, cookie)
    assert noted == []


async def test_a_database_that_says_nothing_stops_nobody_from_help(
    furnished_postgres_url: tuple[str, Furniture], tmp_path: Path
) -> None:
    """Behind a wire that swallows everything Help now answers; a save is told that it may have been, or may not."""
    url, furniture = furnished_postgres_url
    parts = urlsplit(url)
    wire = Wire((parts.hostname or "", parts.port or 0))

    def swallows_from_the_save(said: bytes) -> bool:
        wire.swallows = wire.swallows or carries_the_text(said)
        return False

    async with await asyncio.start_server(wire.connected, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        through = parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{port}").geturl()
        async with running(through, furniture, tmp_path) as portal, portal.client("alice") as browser:
            page = await opened(browser, "/journal/new?kind=free")
            wire.cuts = swallows_from_the_save
            pressing = asyncio.create_task(pressed(browser, page, title="After", **FULL))
            await until(lambda: wire.swallows, pressing)
            for cookie in ("valid", *COOKIES):
                await answered(portal, cookie)
            assert not pressing.done()
            let_pass(store_configuration.STATEMENT_TIMEOUT + store_configuration.NETWORK_MARGIN)
            told = await pressing
            assert (told.status_code, told.headers["retry-after"]) == (503, "10")
            assert "cannot tell whether this was saved" in (given_back := Page.of(told)).words
            ready = asyncio.create_task(browser.get("/readyz"))
            await until(ready.done, forward=health.READY_TIMEOUT)
            assert (await ready).status_code == 503
            wire.cuts, wire.swallows = None, False
            assert (await browser.post(action(given_back), data=given_back.fields)).status_code == 303
            assert await saved(portal) == ["After"]
        await asyncio.gather(*wire.carrying)


OWN_NUMBER = "/help-now/practice"


async def set_number(portal: Portal) -> None:
    """Have the practice have a phone number, which this process knows of."""
    await practice.change_practice(
        await portal.cast.actor("erin"), PracticeSettings("Practice", phone="030 1234")
    )
    await portal.app.state.practice.reload(portal.app.state.installation)


async def without_number(portal: Portal, browser: AsyncClient) -> None:
    """See that Help now is whole at once while the practice's number does not come, and that this ends in seconds."""
    for headers, status in (({"hx-request": "true"}, 204), ({}, 200)):
        asking = asyncio.create_task(browser.get(OWN_NUMBER, headers=headers))
        await asyncio.sleep(0)
        page = await browser.get("/help-now")
        assert (page.status_code, OWN_NUMBER in page.text, "988" in page.text) == (200, True, True)
        assert not asking.done()
        let_pass(help_pages.PRACTICE_TIMEOUT)
        told = await asyncio.wait_for(asking, PATIENCE)
        assert (told.status_code, "0301234" in told.text) == (status, False)
        assert status == 204 or "did not answer in time" in Page.of(told).words


async def test_the_practices_number_comes_within_seconds_or_not_at_all(
    furnished_postgres_url: tuple[str, Furniture], tmp_path: Path
) -> None:
    """Behind a wire that swallows everything the page is whole without it; it is there again with the database."""
    url, furniture = furnished_postgres_url
    parts = urlsplit(url)
    wire = Wire((parts.hostname or "", parts.port or 0))
    async with await asyncio.start_server(wire.connected, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        there = f"{parts.username}:{parts.password}@127.0.0.1:{port}"
        patient = f"command_timeout={round(10 * PATIENCE)}"  # nothing else ends the waiting
        through = parts._replace(netloc=there, query=patient).geturl()
        async with running(through, furniture, tmp_path) as portal, portal.client("alice") as browser:
            await set_number(portal)
            assert "0301234" in (await browser.get(OWN_NUMBER)).text
            wire.cuts, wire.swallows = lambda _: False, True
            await without_number(portal, browser)
            wire.cuts, wire.swallows = None, False
            assert "0301234" in (await browser.get(OWN_NUMBER)).text
        await asyncio.gather(*wire.carrying)


async def test_the_practices_number_waits_for_no_writer(
    furnished_sqlite_url: tuple[str, Furniture], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite is being written to for good, and the session's use is due: the number is there all the same."""
    monkeypatch.setattr(store_sqlite, "WRITER_TIMEOUT", 10 * PATIENCE)
    url, furniture = furnished_sqlite_url
    async with running(url, furniture, tmp_path) as portal, portal.client("alice") as browser:
        await set_number(portal)
        portal.cast.clock.forward(minutes=3)
        async with writer_held(portal):
            assert "0301234" in (await browser.get(OWN_NUMBER)).text


async def until(is_so: Callable[[], bool], *tasks: asyncio.Task[Any], forward: float = 0) -> None:
    """Let everything else go on until *is_so*, with the clock of the loop going *forward*; no task ends before."""
    while not is_so():
        assert not any(task.done() for task in tasks)
        if forward:
            let_pass(forward)
        await asyncio.sleep(0)
