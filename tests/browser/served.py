"""
The product in a process of its own, on a database with the cast in it, at the hour at which the cast lives.

It can be ended and started again at the same address, so that a page outlives its server.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from httpx import AsyncClient
from playwright.async_api import Browser, BrowserContext, async_playwright

from journal.store.database import Store
from tests.browser.conftest import PATIENCE_MS, QUIET, Desk, Server
from tests.browser.nursery import nursery
from tests.cast import NOON, PASSWORDS, SERVER_KEY, Cast, Furniture, cast_of
from tests.setup_tools import chromium, quick_chromium

NOBODY = Furniture({}, UUID(int=0))
"""For a database that is still empty."""


@dataclass
class Served:
    """A served installation, as `tests.browser.conftest.Desk` knows it; `database` is its one file."""

    data: Path
    furniture: Furniture
    port: int = 0
    now: datetime = NOON
    processes: list[int] = field(default_factory=list)

    @property
    def origin(self) -> str:
        """The address that people type."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def database(self) -> Path:
        """The file that everything is kept in."""
        return self.data / "hearthside.sqlite3"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.data / "server.log"

    def start(self) -> None:
        """Begin to serve, where it was served before. Whoever connects from now on is answered."""
        # Connections wait in the socket's queue until the new process takes them: nobody has to try again.
        with socket.create_server(("127.0.0.1", self.port)) as listening, self.log.open("ab") as log:
            self.port = listening.getsockname()[1]
            environment = {
                "PATH": os.environ["PATH"],
                "HEARTHSIDE_DATA": str(self.data),
                "HEARTHSIDE_SERVER_KEY": SERVER_KEY.hex(),
                "HEARTHSIDE_ORIGIN": self.origin,
                "SERVED_NOW": self.now.isoformat(),
            }
            self.processes.append(nursery().serve(environment, listening, log.fileno()))

    def stop(self, *, at_once: bool = False) -> None:
        """End the server; *at_once* as a power cut would."""
        nursery().end(self.processes.pop(), signal.SIGKILL if at_once else signal.SIGTERM)

    def forward(self, **by: float) -> None:
        """Move the server's clock on, by the arguments of `timedelta`: it is started again at that hour."""
        self.stop()
        self.now += timedelta(**by)
        self.start()

    async def admit(self, context: BrowserContext, name: str) -> None:
        """Sign somebody of the cast in, in a browser that then has the cookie."""
        answer = await context.request.post(
            f"{self.origin}/sign-in",
            form={"email": f"{name}@example.org", "password": PASSWORDS[name]},
            headers={"origin": self.origin, "sec-fetch-site": "same-origin"},
            max_redirects=0,
        )
        assert answer.status == 303, await answer.text()

    @asynccontextmanager
    async def second_connection(self) -> AsyncIterator[Cast]:
        """Look at the same database from here."""
        store = await Store.open(f"sqlite://{self.database}")
        try:
            with store.use():
                yield cast_of(self.furniture)
        finally:
            await store.close()


@contextmanager
def serving(database: Path, furniture: Furniture, data: Path) -> Iterator[Served]:
    """Serve a copy of *database* from the folder *data*."""
    served = Served(data, furniture)
    shutil.copyfile(database, served.database)
    served.start()
    try:
        yield served
    finally:
        served.stop()


@asynccontextmanager
async def chrome(*, whole: bool = False, without: Sequence[str] = ()) -> AsyncIterator[Browser]:
    """
    Start a browser for several tests.

    Args:
        whole: It is the one that people have: it hyphenates on paper.
        without: Switches that tests usually get and these do not; then it is the whole one as well.
    """
    program = chromium() if whole or without else quick_chromium()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=str(program),
            args=QUIET,
            ignore_default_args=list(without),
            timeout=PATIENCE_MS,
        )
        yield browser
        await browser.close()


@asynccontextmanager
async def at_a_desk(
    browser: Browser, served: Server | Served | None = None, *, origin: str = ""
) -> AsyncIterator[Desk]:
    """Sit down at a browser that others use as well; fails at the end if anything was noted."""
    desk = Desk(browser, served.origin if served and not origin else origin)
    yield desk
    for context in browser.contexts:
        await context.close()
    assert desk.troubles == [], "\n".join(desk.troubles)


async def lend(client: AsyncClient, context: BrowserContext) -> None:
    """Sign a browser in with the cookies of somebody who came in by HTTP."""
    for name, value in client.cookies.items():
        await context.add_cookies([{"name": name, "value": value, "url": str(client.base_url)}])
