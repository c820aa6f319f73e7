"""The practice's own row: what it says of a demonstration, and what happens when it does not open."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest

from journal.errors import Damaged
from journal.installation.installation import Installation
from journal.operations.demo import load_demo
from journal.operations.demo_data import load_demo_practice
from journal.practice import practice
from journal.practice.practice import PRACTICE_CONTEXT, DemoConflict, WrongServerKey
from journal.store.database import Store, execute
from portal import logs
from portal.routes import ROUTES
from tests.attacks.asking import Asking
from tests.cast import NOON, PRACTICE, SERVER_KEY, Clock, Furniture
from tests.portal.conftest import running

HOUSE = Installation.with_key(SERVER_KEY, clock=Clock(NOON), quick=True)
PASSWORDS = tuple(one.password for one in (load_demo_practice().clinician, *load_demo_practice().patients))
BEFORE_THE_FLAG = HOUSE.server_keys.seal(b'{"name":"Quiet Practice"}', context=PRACTICE_CONTEXT)
"""What was sealed before the flag was sealed as well."""


async def written(url: str, statement: str, *values: object) -> None:
    """Change the database behind the application's back."""
    store = await Store.open(url)
    with store.use():
        assert await execute(statement, *values) == 1
    await store.close()


async def signing_in(url: str, furniture: Furniture, folder: Path) -> str:
    """The sign-in page of an application that starts on the database as it is now."""
    async with running(url, furniture, folder) as portal:
        return (await Asking(portal).ask(None, "/sign-in"))[1]


async def test_a_flag_in_the_clear_makes_no_demonstration(
    furnished_url: tuple[str, Furniture], tmp_path: Path
) -> None:
    """Whoever sets it in the database shows nobody the demonstration's passwords, and keeps nobody out."""
    url, furniture = furnished_url
    for sealed in (None, BEFORE_THE_FLAG):
        await written(url, "UPDATE practice SET demo = $1", True)
        if sealed:
            await written(url, "UPDATE practice SET sealed = $1", sealed)
        page = await signing_in(url, furniture, tmp_path)
        assert "demonstration" not in page
        assert not [one for one in PASSWORDS if one in page]
        store = await Store.open(url)
        with store.use():
            assert await practice.create_setup_link(HOUSE)
        await store.close()


async def test_a_demonstration_whose_flag_is_taken_off_stays_one(database_url: str, tmp_path: Path) -> None:
    """Its pages say so, and nobody real is let in; also where the sealed part does not say it yet."""
    store = await Store.open(database_url)
    with store.use():
        await load_demo(HOUSE)
    await store.close()
    for sealed in (None, BEFORE_THE_FLAG):
        await written(database_url, "UPDATE practice SET demo = $1", False)
        if sealed:
            await written(database_url, "UPDATE practice SET sealed = $1", sealed)
        page = await signing_in(database_url, Furniture({}, UUID(int=0)), tmp_path)
        assert PASSWORDS[0] in page
        store = await Store.open(database_url)
        with store.use(), pytest.raises(DemoConflict):
            await practice.create_setup_link(HOUSE)
        await store.close()


async def test_a_damaged_practice_costs_its_name_and_no_page(
    furnished_url: tuple[str, Furniture], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The application starts and tells its operator; pages leave the name out, and nobody is let in without it."""
    url, furniture = furnished_url
    await written(url, "UPDATE practice SET sealed = $1", bytes(40))
    async with running(url, furniture, tmp_path) as portal:
        asking = Asking(portal)
        for who in (None, "alice", "bob", "erin"):
            for rule in ROUTES:
                if "GET" in rule.methods and "{" not in rule.path:
                    status, text = await asking.ask(who, rule.path)
                    assert status < 500, (who, rule.path)
                    assert PRACTICE not in text
        with pytest.raises(Damaged):
            await practice.create_setup_link(portal.cast.installation)
    told = [logs.TextFormatter().format(one) for one in caplog.records if one.name == logs.NAME]
    assert any("the record of the practice is damaged" in line for line in told)


@pytest.mark.parametrize(
    "value",
    ["x'00ff'", "CAST(x'c328' AS TEXT)", "'words'", "''", "x''", "7", "1.5"],
)
async def test_whatever_stands_in_the_practices_row_is_one_sentence(
    furnished_sqlite_url: tuple[str, Furniture], tmp_path: Path, value: str
) -> None:
    """SQLite keeps anything in it: with the right key all else is served, with another one nothing is."""
    url, furniture = furnished_sqlite_url
    await written(url, f"UPDATE practice SET sealed = {value}")
    async with running(url, furniture, tmp_path) as portal:
        assert (await Asking(portal).ask("alice", "/journal"))[0] == 200
    store = await Store.open(url)
    with store.use(), pytest.raises(WrongServerKey):
        await practice.load_practice_view(Installation.with_key(bytes(32)))
    await store.close()


def test_serve_ends_in_one_sentence_where_the_key_opens_nothing(
    furnished_sqlite_url: tuple[str, Furniture], tmp_path: Path
) -> None:
    """What to do, and no trace of the program; `run` says the same."""
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    shutil.copyfile(furnished_sqlite_url[0].removeprefix("sqlite://"), data / "hearthside.sqlite3")
    (data / "key").write_text("ab" * 32)
    for command in ("serve", "run"):
        ended = subprocess.run(
            [
                sys.executable,
                "-c",
                "import sys; from portal.cli.command import main; sys.exit(main())",
                command,
            ],
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(Path.cwd()),
                "HEARTHSIDE_DATA": str(data),
                "HEARTHSIDE_SERVER_KEY_FILE": str(data / "key"),
                "HEARTHSIDE_PORT": "0",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 1, ended.stderr
        assert ended.stderr.splitlines()[-1] == WrongServerKey.message
        assert "Traceback" not in ended.stderr
