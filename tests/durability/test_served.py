"""The whole server, killed under load: what a browser was told is saved is there when it is started again."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
import sqlite3
from asyncio import FIRST_COMPLETED as FIRST
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from uuid import UUID

from httpx import AsyncClient, TransportError

from journal.audit.verification import verify_log
from journal.store.database import Store
from tests.cast import PASSWORDS, SERVER_KEY, Furniture, cast_of
from tests.portal.browsing import action, autosaved, opened
from tests.serving import listening
from tests.waiting import browser_at, own_port

log = logging.getLogger(__name__)
ROUNDS = 4
AT_ONCE = 4
ENOUGH = 3  # times that each page was told, before the server is killed


def origin_of(port: int) -> str:
    """The address that people type."""
    return f"http://127.0.0.1:{port}"


@asynccontextmanager
async def served(url: str, data: Path, port: int, **more: str) -> AsyncIterator[Process]:
    """Serve the database at *url* as an operator does, until the process is killed or the block ends."""
    settings = {
        "HEARTHSIDE_DATA": str(data),
        "HEARTHSIDE_DATABASE_URL": url,
        "HEARTHSIDE_SERVER_KEY": SERVER_KEY.hex(),
        "HEARTHSIDE_ORIGIN": origin_of(port),
        "HEARTHSIDE_PORT": str(port),
        **more,
    }
    async with listening("serve", settings=settings) as program:
        yield program.process


async def autosave(browser: AsyncClient, name: str, told: dict[UUID, str], enough: asyncio.Semaphore) -> None:
    """Type into an entry and rest, over and over; note what the page was told is saved."""
    page = await opened(browser, "/journal/new?kind=free")
    for count in range(1_000_000):
        title = f"{name}/{count}"
        answer = await autosaved(browser, page, title=title, free__text="word " * 300, revision=str(count))
        assert answer.status_code == 200, answer.text
        assert re.search(r"\bSaved \d", answer.text)
        told[UUID(action(page)[-36:])] = title
        if count == ENOUGH:
            enough.release()


async def everybody(enough: asyncio.Semaphore) -> None:
    """Wait until each page has been told often enough, however unevenly they are served."""
    for _ in range(AT_ONCE):
        await enough.acquire()


async def test_a_killed_server_loses_nothing_it_called_saved(
    furnished_sqlite_url: tuple[str, Furniture], tmp_path: Path
) -> None:
    """Killed while several pages save themselves; started again it has all of it, and nobody is signed out."""
    url, told = furnished_sqlite_url[0], dict[UUID, str]()
    with own_port() as port:
        async with served(url, tmp_path, port), browser_at(origin_of(port)) as browser:
            typed = {"email": "alice@example.org", "password": PASSWORDS["alice"]}
            assert (await browser.post("/sign-in", data=typed)).status_code == 303
            cookies = dict(browser.cookies)
        for number in range(ROUNDS):
            async with (
                served(url, tmp_path, port) as process,
                browser_at(origin_of(port), cookies=cookies) as browser,
            ):
                enough = asyncio.Semaphore(0)
                pages = [
                    asyncio.create_task(autosave(browser, f"{number}/{one}", told, enough))
                    for one in range(AT_ONCE)
                ]
                waiting = asyncio.create_task(everybody(enough))
                await asyncio.wait([*pages, waiting], return_when=FIRST)
                os.kill(process.pid, signal.SIGKILL)
                for ended in await asyncio.gather(*pages, return_exceptions=True):
                    assert isinstance(ended, TransportError), ended
                assert waiting.done()
        async with served(url, tmp_path, port), browser_at(origin_of(port), cookies=cookies) as browser:
            for ident, title in told.items():
                page = await opened(browser, f"/journal/{ident}/edit")
                assert _number(page.value("title")) >= _number(title)
    with closing(sqlite3.connect(url.removeprefix("sqlite://"))) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    store = await Store.open(url)
    with store.use():
        assert (await verify_log(cast_of(furnished_sqlite_url[1]).installation)).chain_break is None
    await store.close()
    saves = sum(_number(title) + 1 for title in told.values())
    assert len(told) == ROUNDS * AT_ONCE
    log.info("%s rounds with the whole server, %s saves acknowledged, none lost", ROUNDS, saves)


def _number(title: str) -> int:
    return int(title.rsplit("/", 1)[1])
