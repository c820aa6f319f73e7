"""`hearthside doctor`: quiet when all is well, and for each thing that is wrong a sentence and exit code 1."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from journal import soundness
from journal.house import House
from journal.soundness import Verdict
from portal import cli
from tests.cast import NOON, SERVER_KEY, Clock, Furniture


@pytest.fixture
def data(
    furnished_sqlite_url: tuple[str, Furniture], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """An installation as it is meant to be."""
    folder, key = tmp_path / "data", tmp_path / "key"
    folder.mkdir(mode=0o700)
    shutil.copyfile(furnished_sqlite_url[0].removeprefix("sqlite://"), folder / "hearthside.sqlite3")
    key.touch(mode=0o600)
    key.write_text(SERVER_KEY.hex())
    monkeypatch.setenv("HEARTHSIDE_DATA", str(folder))
    monkeypatch.setenv("HEARTHSIDE_SERVER_KEY_FILE", str(key))
    monkeypatch.setenv("HEARTHSIDE_ORIGIN", "https://hearth.example.org")
    return folder


async def findings(url: str, *, key: bytes = SERVER_KEY, now: datetime = NOON) -> dict[Verdict, str]:
    """What is said of a database, by verdict."""
    found = await soundness.of_database(url, House.with_key(key, clock=Clock(now)))
    return {
        verdict: "\n".join(one.sentence for one in found if one.verdict is verdict) for verdict in Verdict
    }


def mended(data: Path, capsys: pytest.CaptureFixture[str], expected: int = 1) -> str:
    """Run the command; gives the lines that ask for something."""
    assert cli.main(["doctor"]) == expected
    return "\n".join(line for line in capsys.readouterr().out.splitlines() if line.startswith("mend"))


async def test_a_sound_database_has_nothing_to_mend(furnished_sqlite_url: tuple[str, Furniture]) -> None:
    """Reachable, migrated, careful, under this key, at a sensible time."""
    found = await findings(furnished_sqlite_url[0])
    assert found[Verdict.MEND] == found[Verdict.NOTE] == ""
    assert "server key opens the practice" in found[Verdict.WELL]


async def test_postgresql_is_looked_at_too(furnished_postgres_url: tuple[str, Furniture]) -> None:
    """The servers of tests do not wait for the disk, and the doctor says so."""
    assert "fsync" in (await findings(furnished_postgres_url[0]))[Verdict.MEND]


async def test_what_is_wrong_with_key_and_clock_is_told(furnished_sqlite_url: tuple[str, Furniture]) -> None:
    """Another installation's key, and a clock that was set back."""
    assert "server key is not" in (await findings(furnished_sqlite_url[0], key=bytes(32)))[Verdict.MEND]
    early = datetime(2020, 1, 1, tzinfo=UTC)
    assert "clock" in (await findings(furnished_sqlite_url[0], now=early))[Verdict.MEND]


async def test_a_database_that_does_not_answer_is_told() -> None:
    """An address at which nobody listens is a sentence, not a traceback."""
    assert "cannot be read" in (await findings("postgres://nobody:none@127.0.0.1:1/none"))[Verdict.MEND]


def test_old_crisis_contacts_are_told() -> None:
    """After half a year somebody has to look again."""
    assert soundness.of_contacts(NOON).verdict is Verdict.WELL
    assert soundness.of_contacts(datetime(2036, 1, 1, tzinfo=UTC)).verdict is Verdict.MEND


def test_open_folders_and_keys_are_told(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What others on the machine could read is named with the command that closes it."""
    data.chmod(0o755)
    (data.parent / "key").chmod(0o644)
    told = mended(data, capsys)
    assert f"chmod 700 {data}" in told
    assert f"chmod 600 {data.parent / 'key'}" in told


def test_plain_http_for_the_world_is_told(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that others reach without https is not left so."""
    monkeypatch.setenv("HEARTHSIDE_ORIGIN", "http://127.0.0.1:8000")
    monkeypatch.setenv("HEARTHSIDE_HOST", "0.0.0.0")
    assert "without https" in mended(data, capsys)


def test_a_database_that_is_missing_newer_or_damaged_is_told(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each with what to do about it."""
    path = data / "hearthside.sqlite3"
    with closing(sqlite3.connect(path)) as opened, opened:
        opened.execute("UPDATE tortoise_migrations SET name = '9999_later'")
    assert "newer version" in mended(data, capsys)
    with closing(sqlite3.connect(path)) as opened, opened:
        opened.execute("DELETE FROM tortoise_migrations")
    assert "hearthside migrate" in mended(data, capsys)
    with closing(sqlite3.connect(path)) as opened, opened:
        opened.execute("DELETE FROM account")
    assert "damaged" in mended(data, capsys)
    path.unlink()
    assert "no database yet" in mended(data, capsys)
    assert not path.exists()
