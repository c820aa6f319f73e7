"""PostgreSQL goes away and comes back: kind words meanwhile, then all is well again without a restart."""

from __future__ import annotations

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from journal.entries import entries, revisions
from journal.store import configuration as store_configuration
from journal.store import database
from tests.cast import Furniture, furnish
from tests.durability.test_no_room import FULL
from tests.portal.browsing import Page, action, autosaved, opened, pressed
from tests.portal.conftest import Portal, running
from tests.postgres import PostgresServer


async def test_a_database_that_goes_away_comes_back(own_server: PostgresServer, tmp_path: Path) -> None:
    """While the server is down every page is a 503 in kind words; what was typed is saved once it is back."""
    url = own_server.url("hearth")
    await own_server.create("hearth")
    await database.migrate(url)
    furniture = await furnish(url)
    async with running(url, furniture, tmp_path) as portal, portal.client("alice") as browser:
        page = await opened(browser, "/journal/new?kind=free")
        assert (await autosaved(browser, page, title="Before")).status_code == 200
        kept = await opened(browser, page_of(page))
        await asyncio.to_thread(own_server.stop)
        for _ in range(2):
            told = await autosaved(browser, kept, title="After", **FULL)
            assert (told.status_code, "Saved" in told.text) == (503, False)
            told = await pressed(browser, kept, title="After", **FULL)
            assert told.status_code == 503
            given_back = Page.of(told)
            assert "Nothing was saved" in given_back.words or "cannot tell" in given_back.words
            assert (await browser.get("/journal")).status_code == 503
            for name in (None, "alice"):
                async with portal.client(name) as watch:
                    assert (await watch.get("/readyz")).status_code == 503
                    for path in ("/healthz", "/help-now", "/help-now/practice", "/leave"):
                        assert (await watch.get(path)).status_code == 200, path
        await asyncio.to_thread(own_server.start)
        told = await autosaved(browser, kept, title="After", **FULL)
        assert (told.status_code, "Saved" in told.text) == (200, True)
        assert (await browser.get("/readyz")).status_code == 200
        (entry,) = await entries.load_all_entries(await portal.cast.actor("alice"))
        assert entry.document.title == "After"
        # Without scripts the page that said so has the words, and a button that sends them once more.
        again = await browser.post(action(given_back), data=given_back.fields)
        assert again.status_code == 303
        (entry,) = await entries.load_all_entries(await portal.cast.actor("alice"))
        assert (entry.document.title, entry.document.answers) == (
            "After",
            {"free.text": FULL["free__text"]},
        )


def page_of(page: Page) -> str:
    """Where a writing page's entry is edited."""
    return page.markup.one("form", **{"class": "form"}).attributes["action"] + "/edit"


@dataclass
class Wire:
    """What stands between the application and PostgreSQL, and can be cut while a commit is on it."""

    target: tuple[str, int]
    cuts: Callable[[bytes], bool] | None = None
    answered: bool = False
    cut: int = 0
    swallows: bool = False
    carrying: list[asyncio.Task[None]] = field(default_factory=list)

    async def connected(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Carry one connection, until it is cut."""
        task = asyncio.current_task()
        assert task is not None
        self.carrying.append(task)
        answers, onward = await asyncio.open_connection(*self.target)
        back = asyncio.create_task(self._carry(answers, writer))
        with suppress(ConnectionError):
            while said := await reader.read(1 << 20):
                if self.cuts is not None and self.cuts(said):
                    self.cuts, self.cut = None, self.cut + 1
                    back.cancel()
                    await asyncio.wait([back])
                    if self.answered:  # PostgreSQL has done it and says so, and nobody hears it
                        onward.write(said)
                        await answers.read(1 << 20)
                    break
                if not self.swallows:
                    onward.write(said)
        back.cancel()
        for one in (onward, writer):
            one.transport.abort()
            with suppress(ConnectionError):
                await one.wait_closed()

    @staticmethod
    async def _carry(reader: StreamReader, writer: StreamWriter) -> None:
        with suppress(ConnectionError):
            while said := await reader.read(1 << 20):
                writer.write(said)
        writer.close()


def commits(said: bytes) -> bool:
    """Return whether a transaction is being committed."""
    return b"COMMIT" in said


def carries_the_text(said: bytes) -> bool:
    """Return whether the sealed text is on its way: a save is one statement, which is its own transaction."""
    return len(said) > len(FULL["free__text"])


@asynccontextmanager
async def on_a_wire(
    url: str, furniture: Furniture, data: Path, answered: bool
) -> AsyncIterator[tuple[Portal, Wire]]:
    """Run the application with a wire between it and PostgreSQL that can be cut."""
    parts = urlsplit(url)
    wire = Wire((parts.hostname or "", parts.port or 0), answered=answered)
    async with await asyncio.start_server(wire.connected, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        through = parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{port}").geturl()
        async with running(through, furniture, data) as portal:
            yield portal, wire
        await asyncio.gather(*wire.carrying)


@pytest.mark.parametrize("answered", [False, True])
async def test_a_wire_that_is_cut_in_the_middle_of_a_save(
    furnished_postgres_url: tuple[str, Furniture], tmp_path: Path, answered: bool
) -> None:
    """Committed or not, it is not called saved, and the page says to look first; sending it again saves it once."""
    async with (
        on_a_wire(*furnished_postgres_url, tmp_path, answered) as (portal, wire),
        portal.client("alice") as browser,
    ):
        page = await opened(browser, "/journal/new?kind=free")
        wire.cuts = carries_the_text
        told = await pressed(browser, page, title="After", **FULL)
        assert (wire.cut, told.status_code) == (1, 503)
        given_back = Page.of(told)
        assert "cannot tell whether this was saved" in given_back.words
        again = await browser.post(action(given_back), data=given_back.fields)
        assert again.status_code == 303
        (entry,) = await entries.load_all_entries(await portal.cast.actor("alice"))
        assert (entry.document.title, entry.document.answers) == ("After", {"free.text": FULL["free__text"]})


@pytest.mark.parametrize("answered", [False, True])
@pytest.mark.parametrize("cuts", [commits, carries_the_text])
async def test_a_wire_that_is_cut_in_the_middle_of_a_transaction(
    furnished_postgres_url: tuple[str, Furniture],
    tmp_path: Path,
    cuts: Callable[[bytes], bool],
    answered: bool,
) -> None:
    """
    The text of a page that came too late is kept beside in a transaction of several statements.

    Before COMMIT was sent it is known that nothing was kept; from then on the page says to look first.
    """
    async with (
        on_a_wire(*furnished_postgres_url, tmp_path, answered) as (portal, wire),
        portal.client("alice") as browser,
    ):
        first = await opened(browser, "/journal/new?kind=free")
        assert (await autosaved(browser, first, title="Before")).status_code == 200
        late, soon = [await opened(browser, page_of(first)) for _ in range(2)]
        assert (await pressed(browser, soon, title="Sooner")).status_code == 303
        wire.cuts = cuts
        told = await pressed(browser, late, title="After", **FULL)
        assert (wire.cut, told.status_code) == (1, 503)
        given_back = Page.of(told)
        unknown = "cannot tell whether this was saved" in given_back.words
        assert (unknown, "Nothing was saved" in given_back.words) == (cuts is commits, cuts is not commits)
        again = await browser.post(action(given_back), data=given_back.fields)
        assert again.status_code == 409
        alice = await portal.cast.actor("alice")
        (entry,) = await entries.load_all_entries(alice)
        assert entry.document.title == "Sooner"
        kept = [one.document.title for one in await revisions.list_revisions(alice, entry.id)]
        assert kept.count("After") == 1


def test_there_is_an_end_to_waiting() -> None:
    """Unless the address says otherwise, twenty seconds for a statement; PostgreSQL gives it up before we do."""
    for options, seconds in (("", 20), ("&command_timeout=7", 7)):
        (found,) = store_configuration.build_configuration(f"postgresql://a:b@c/d?ssl=true{options}")[
            "connections"
        ].values()
        credentials = found["credentials"]
        assert credentials["command_timeout"] > seconds
        assert credentials["server_settings"]["statement_timeout"] == str(seconds * 1000)
        assert (credentials["timeout"], credentials["ssl"], credentials["maxsize"]) == (5, True, 5)
    (found,) = store_configuration.build_configuration("postgresql://a:b@c/d", statement_timeout=None)[
        "connections"
    ].values()
    assert found["credentials"]["server_settings"]["statement_timeout"] == "0"  # a migration takes its time
    assert found["credentials"]["server_settings"]["lock_timeout"] == "5000"
