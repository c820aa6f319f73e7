"""The server key is changed while the service runs, by the command an operator types, also when that is killed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from httpx import AsyncClient

from journal.audit.verification import verify_log
from journal.care import documents, invitations
from journal.care import tables as care_tables
from journal.installation.installation import Installation
from journal.installation.key_file import KeyFile
from journal.key_rotation.server_key import count_rows
from journal.rate_limiting import tables as rate_limiting_tables
from journal.store.database import Store
from tests.cast import NOON, PASSWORDS, SERVER_KEY, Furniture, cast_of
from tests.durability.test_served import origin_of, served
from tests.portal.browsing import autosaved, opened
from tests.serving import MAIN, ROOT
from tests.waiting import browser_at, own_port

MANY = 400


@dataclass
class Practice:
    """A served installation whose key lies in a file."""

    url: str
    data: Path
    key: KeyFile
    port: int
    in_file: bool = True
    variable: str = SERVER_KEY.hex()
    rounds: dict[str, int] = field(default_factory=dict)

    @property
    def settings(self) -> dict[str, str]:
        """What every process of this installation is given besides."""
        file = str(self.key.path) if self.in_file else ""
        return {"HEARTHSIDE_SERVER_KEY": self.variable, "HEARTHSIDE_SERVER_KEY_FILE": file}

    async def command(self, *arguments: str) -> Process:
        """Begin a command, with all that it says in one stream."""
        settings = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "HEARTHSIDE_DATA": str(self.data),
            "HEARTHSIDE_DATABASE_URL": self.url,
            **self.settings,
        }
        return await asyncio.create_subprocess_exec(
            sys.executable, "-c", MAIN, *arguments, env=settings, stdout=PIPE, stderr=STDOUT
        )

    async def says(self, *arguments: str) -> tuple[int | None, str]:
        """Run a command; return its exit code and what it said."""
        process = await self.command(*arguments)
        said, _ = await process.communicate()
        return process.returncode, said.decode()


@asynccontextmanager
async def open_store(url: str) -> AsyncIterator[None]:
    """Look at the database from here."""
    store = await Store.open(url)
    try:
        with store.use():
            yield
    finally:
        await store.close()


@pytest.fixture
async def practice(furnished_url: tuple[str, Furniture], tmp_path: Path) -> AsyncIterator[Practice]:
    """The cast and much else, on either database."""
    with own_port() as port:
        yield await installed(*furnished_url, tmp_path, port)


@pytest.fixture
async def sqlite_practice(
    furnished_sqlite_url: tuple[str, Furniture], tmp_path: Path
) -> AsyncIterator[Practice]:
    """The same on SQLite, for what has nothing to do with the kind of database."""
    with own_port() as port:
        yield await installed(*furnished_sqlite_url, tmp_path, port)


async def installed(url: str, furniture: Furniture, tmp_path: Path, port: int) -> Practice:
    """The cast, and so many invitations that changing the key takes a while."""
    async with open_store(url):
        bob = await cast_of(furniture).actor("bob")
        made = [await invitations.create_invitation(bob, "Alice") for _ in range(3)]
        row = await care_tables.Invitation.get(id=made[0].id)
        rows = []
        for _ in range(MANY):
            ident = uuid4()
            sealed = bob.installation.server_keys.seal(
                b'{"name":"Alice"}', documents.invitation_note_context(bob.id, ident)
            )
            rows.append(
                care_tables.Invitation(
                    id=ident, clinician_id=bob.id, lookup=ident.hex, voucher=row.voucher, secret=b"", sealed=sealed,
                    created_at=NOON, expires_at=NOON + timedelta(days=1),
                )
            )  # fmt: skip
        await care_tables.Invitation.bulk_create(rows)
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    key = tmp_path / "key"
    key.touch(mode=0o600)
    key.write_text(SERVER_KEY.hex())
    return Practice(url, data, KeyFile(key), port)


async def lives(practice: Practice, name: str, over: asyncio.Event) -> None:
    """Sign in again and again, look at what the server key opens, and write, until it is over."""
    typed = {"email": f"{name}@example.org", "password": PASSWORDS[name]}
    while not over.is_set() or practice.rounds.get(name, 0) < 2:
        async with browser_at(origin_of(practice.port)) as browser:
            answer = await browser.post("/sign-in", data=typed)
            if answer.status_code == 429:  # a try counted under one key is not given back under the other
                async with open_store(practice.url):
                    await rate_limiting_tables.Throttle.all().delete()
                continue
            assert answer.status_code == 303, answer.text
            await writes(browser, name)
            practice.rounds[name] = practice.rounds.get(name, 0) + 1


async def writes(browser: AsyncClient, name: str) -> None:
    """Save an entry, or invite somebody."""
    if name == "alice":
        page = await opened(browser, "/journal/new?kind=free")
        saved = await autosaved(browser, page, title="While the key changes", free__text="word " * 30)
        assert "Saved" in saved.text
    else:
        invited = await browser.post("/invitations", data={"name": "Somebody new"})
        assert invited.status_code in (200, 303), invited.text


async def test_the_key_changes_while_people_sign_in_and_write(practice: Practice) -> None:
    """
    Killed in the middle and begun again, then finished: nobody is turned away at any moment, with no restart.

    In the end the new key alone opens everything that is there, and a head of the log kept before still fits.
    """
    async with open_store(practice.url):
        kept = (await verify_log(Installation.with_key(SERVER_KEY))).head
    over = asyncio.Event()
    async with served(practice.url, practice.data, practice.port, **practice.settings):
        people = [asyncio.create_task(lives(practice, name, over)) for name in ("alice", "bob")]
        first = await practice.command("rotate-server-key")
        assert first.stdout is not None
        while b"account:" not in (line := await first.stdout.readline()):
            assert line, "the command ended"
        with suppress(ProcessLookupError):
            os.kill(first.pid, signal.SIGKILL)
        await first.communicate()
        new, old = KeyFile(practice.key.path).read()
        assert old == SERVER_KEY
        code, told = await practice.says("doctor")
        assert "rotate-server-key" in told
        assert code == 1
        code, told = await practice.says("rotate-server-key")
        assert (code, "Everything is sealed under the new key" in told) == (0, True), told
        assert KeyFile(practice.key.path).read() == (new, old)
        assert "still there" in (await practice.says("doctor"))[1]
        code, told = await practice.says("rotate-server-key", "--finish")
        assert (code, "The old key is gone" in told) == (0, True), told
        over.set()
        await asyncio.gather(*people)
        assert (await practice.says("rotate-server-key", "--finish"))[1].startswith("There is one server key")
    assert KeyFile(practice.key.path).read() == (new,)
    assert practice.key.path.stat().st_mode & 0o777 == 0o600
    async with open_store(practice.url):
        counts = await count_rows(Installation.with_key(new))
        assert not any(count.old or count.unopened for count in counts)
        assert {count.table: count.rows for count in counts}["invitation"] >= MANY
        report = await verify_log(Installation.with_key(new), [kept])
        assert report.chain_break is None
    assert min(practice.rounds.values()) >= 2


async def test_a_wrong_key_gets_no_other_before_it(sqlite_practice: Practice) -> None:
    """A key that does not open the database is left as it is."""
    sqlite_practice.key.path.write_text("ab" * 32)
    code, told = await sqlite_practice.says("rotate-server-key")
    assert (code, "not the one of this database" in told) == (1, True)
    assert sqlite_practice.key.read() == (bytes.fromhex("ab" * 32),)


async def test_a_key_from_a_variable_is_the_operators_to_change(sqlite_practice: Practice) -> None:
    """The command says what to put there; with both keys there it seals anew, and says when one is enough."""
    file, sqlite_practice.in_file = sqlite_practice.key.path.read_text(), False
    _, told = await sqlite_practice.says("rotate-server-key")
    new = told.split("HEARTHSIDE_SERVER_KEY='")[1][:64]
    sqlite_practice.variable = f"{new} {file}"
    code, told = await sqlite_practice.says("rotate-server-key")
    assert (code, "Everything is sealed under the new key" in told) == (0, True), told
    code, told = await sqlite_practice.says("rotate-server-key", "--finish")
    assert (code, "Leave only the first" in told) == (0, True), told
    async with open_store(sqlite_practice.url):
        assert not any(
            count.unopened for count in await count_rows(Installation.with_key(bytes.fromhex(new)))
        )
    assert sqlite_practice.key.path.read_text() == file
