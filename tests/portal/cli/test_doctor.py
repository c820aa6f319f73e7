"""`hearthside doctor`: quiet when all is well, and for each thing that is wrong a sentence and exit code 1."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import zoneinfo
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.installation.installation import Installation
from journal.operations import diagnostics
from journal.operations.demo import load_demo
from journal.operations.diagnostics import Verdict
from journal.store.database import Store, get_connection, migrate, open_for_command
from portal.cli import command, environment_checks
from portal.config import Config
from tests.cast import NOON, SERVER_KEY, Clock, Furniture
from tests.portal.cli.test_backup import UNKNOWN


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
    monkeypatch.setenv("HEARTHSIDE_TRUSTED_PROXIES", "127.0.0.1")
    return folder


async def findings(url: str, *, key: bytes = SERVER_KEY, now: datetime = NOON) -> dict[Verdict, str]:
    """What is said of a database, by verdict."""
    found = await diagnostics.check_database(url, Installation.with_key(key, clock=Clock(now)))
    return {
        verdict: "\n".join(one.sentence for one in found if one.verdict is verdict) for verdict in Verdict
    }


def mended(data: Path, capsys: pytest.CaptureFixture[str], expected: int = 1) -> str:
    """Run the command; return the lines that ask for something."""
    assert command.main(["doctor"]) == expected
    return "\n".join(line for line in capsys.readouterr().out.splitlines() if line.startswith("mend"))


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """Run the command; return all it says. The cast lives at an hour of its own, so the clock is never right."""
    command.main(["doctor"])
    return capsys.readouterr().out


async def test_a_sound_database_has_nothing_to_mend(furnished_sqlite_url: tuple[str, Furniture]) -> None:
    """Reachable, migrated, careful, under this key, at a sensible time."""
    found = await findings(furnished_sqlite_url[0])
    assert found[Verdict.MEND] == found[Verdict.NOTE] == ""
    assert "server key opens the practice" in found[Verdict.WELL]


async def test_postgresql_is_looked_at_too(furnished_postgres_url: tuple[str, Furniture]) -> None:
    """The servers of tests do not wait for the disk, and the doctor says so."""
    assert "fsync" in (await findings(furnished_postgres_url[0]))[Verdict.MEND]


@pytest.mark.parametrize(("statement", "sentence"), UNKNOWN.items())
async def test_what_no_version_makes_is_told(
    furnished_sqlite_url: tuple[str, Furniture], statement: str, sentence: str
) -> None:
    """A trigger, a view or a table of somebody else's is named."""
    url, _ = furnished_sqlite_url
    with closing(sqlite3.connect(url.removeprefix("sqlite://"))) as opened, opened:
        opened.execute(statement)
    assert sentence in (await findings(url))[Verdict.MEND]


@pytest.mark.parametrize(
    ("statements", "sentence"),
    [
        (
            [
                "CREATE FUNCTION quiet() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
                "CREATE TRIGGER loud BEFORE INSERT ON entry FOR EACH ROW EXECUTE FUNCTION quiet()",
            ],
            "the trigger 'loud' on 'entry'",
        ),
        (
            ["CREATE FUNCTION quiet() RETURNS int LANGUAGE sql AS 'SELECT 1'"],
            "the function 'quiet'",
        ),
        (["CREATE RULE never AS ON DELETE TO share DO INSTEAD NOTHING"], "the rule 'never' on 'share'"),
        (
            [
                "CREATE POLICY later ON entry FOR SELECT USING (revision > 1)",
                "ALTER TABLE entry ENABLE ROW LEVEL SECURITY",
            ],
            "the policy 'later' on 'entry'",
        ),
        (["ALTER TABLE entry ENABLE ROW LEVEL SECURITY"], "row security on 'entry'"),
        (["CREATE VIEW looks_like_one AS SELECT * FROM entry"], "the view 'looks_like_one'"),
        (["CREATE MATERIALIZED VIEW kept AS SELECT * FROM entry"], "the view 'kept'"),
        (["CREATE TABLE kept_aside (everything bytea)"], "the table 'kept_aside'"),
    ],
)
async def test_what_no_version_makes_on_a_server_is_told(
    furnished_postgres_url: tuple[str, Furniture], statements: list[str], sentence: str
) -> None:
    """Nor does what runs or hides rows there go unnoticed."""
    url, _ = furnished_postgres_url
    async with open_for_command(url):
        for statement in statements:
            await get_connection().execute_script(statement)
    assert sentence in (await findings(url))[Verdict.MEND]


async def test_what_is_wrong_with_key_and_clock_is_told(furnished_sqlite_url: tuple[str, Furniture]) -> None:
    """Another installation's key, and a clock that was set back."""
    assert "server key is not" in (await findings(furnished_sqlite_url[0], key=bytes(32)))[Verdict.MEND]
    early = datetime(2020, 1, 1, tzinfo=UTC)
    assert "clock" in (await findings(furnished_sqlite_url[0], now=early))[Verdict.MEND]


async def test_a_clock_behind_what_is_not_chained_yet_is_told(
    furnished_url: tuple[str, Furniture],
) -> None:
    """The latest act counts from the moment it is written, on either database."""
    installation = Installation.with_key(SERVER_KEY, clock=Clock(NOON + timedelta(days=400)))
    store = await Store.open(furnished_url[0])
    with store.use():
        await audit_log.record_unauthenticated_event(installation, None, Act.SIGN_IN_REFUSED)
    await store.close()
    later = NOON + timedelta(days=399)
    assert "before the latest record" in (await findings(furnished_url[0], now=later))[Verdict.MEND]


async def test_a_database_that_does_not_answer_is_told() -> None:
    """An address at which nobody listens is a sentence, not a traceback."""
    assert "does not answer" in (await findings("postgres://nobody:none@127.0.0.1:1/none"))[Verdict.MEND]


def test_old_crisis_contacts_are_told() -> None:
    """After half a year somebody has to look again."""
    assert diagnostics.check_crisis_contacts(NOON).verdict is Verdict.WELL
    assert diagnostics.check_crisis_contacts(datetime(2036, 1, 1, tzinfo=UTC)).verdict is Verdict.MEND


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
        applied = opened.execute("SELECT max(id), max(name) FROM tortoise_migrations").fetchone()
        opened.execute("UPDATE tortoise_migrations SET name = '9999_later' WHERE id = ?", applied[:1])
    assert "newer version" in mended(data, capsys)
    with closing(sqlite3.connect(path)) as opened, opened:
        opened.execute("UPDATE tortoise_migrations SET name = ? WHERE id = ?", applied[::-1])
        opened.execute("DELETE FROM account")
    assert "damaged" in mended(data, capsys)
    with closing(sqlite3.connect(path)) as opened, opened:
        opened.execute("DELETE FROM tortoise_migrations")
    assert "another program" in mended(data, capsys)
    path.unlink()
    assert "hearthside migrate" in mended(data, capsys)
    assert not path.exists()


def test_a_demonstration_for_everybody_is_told(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its passwords stand in the handbook: on this machine it is welcome, at an https address it is not."""
    monkeypatch.setenv("HEARTHSIDE_DATABASE_URL", f"sqlite://{data / 'demo.sqlite3'}")
    asyncio.run(_demonstrate(data / "demo.sqlite3"))
    assert "whose passwords everybody knows" in mended(data, capsys)
    monkeypatch.setenv("HEARTHSIDE_ORIGIN", "http://127.0.0.1:8000")
    assert "well  The server key opens the practice, a demonstration" in said(capsys)


async def _demonstrate(path: Path) -> None:
    await migrate(f"sqlite://{path}")
    store = await Store.open(f"sqlite://{path}")
    with store.use():
        await load_demo(Installation.with_key(SERVER_KEY, quick=True))
    await store.close()


def test_a_log_that_was_changed_is_told(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The doctor checks the chain as well, and names the command that says more."""
    with closing(sqlite3.connect(data / "hearthside.sqlite3")) as opened, opened:
        opened.execute("UPDATE audit_event SET action = 'signed-out' WHERE id = 2")
    assert "hearthside verify-audit" in mended(data, capsys)


def test_events_that_nobody_chains_are_told(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where no service runs that is worth a word; where one does, it has to be mended."""
    assert command.main(["setup-link"]) == 0
    with closing(sqlite3.connect(data / "hearthside.sqlite3")) as opened, opened:
        assert "not chained" not in said(capsys)  # a moment ago
    asyncio.run(_an_old_event(data))
    assert "note  Events of the audit log that are not chained yet: 2, the oldest of 2026-11-22" in said(
        capsys
    )
    with closing(sqlite3.connect(data / "hearthside.sqlite3")) as opened, opened:
        seen = datetime.now(UTC).isoformat(" ")
        opened.execute("INSERT INTO worker (id, key_mark, seen_at) VALUES (?, '', ?)", (str(uuid4()), seen))
    assert "A service runs and does not chain them" in mended(data, capsys)
    assert command.main(["verify-audit", "--chain"]) == 0
    assert "not chained" not in said(capsys)


async def _an_old_event(data: Path) -> None:
    store = await Store.open(f"sqlite://{data / 'hearthside.sqlite3'}")
    with store.use():
        await audit_log.record_unauthenticated_event(
            Installation.with_key(SERVER_KEY, clock=Clock()), None, Act.SIGN_IN_REFUSED
        )
    await store.close()


def test_a_key_that_is_gone_is_told(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything else: the exit code is 2, since without it nothing can be looked at."""
    (data.parent / "key").unlink()
    assert command.main(["doctor"]) == 2
    assert "HEARTHSIDE_SERVER_KEY" in capsys.readouterr().err


def test_backups_are_remembered(data: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """None is worth a word; one of today is well; one of last month asks for another."""
    assert "note  No backup was made yet" in said(capsys)
    assert command.main(["backup", str(tmp_path / "copy")]) == 0
    assert "well  The latest backup is of" in said(capsys)
    os.utime(data / environment_checks.BACKUP_MARK, (1_600_000_000, 1_600_000_000))
    assert "The latest backup is of 2020-09-13" in mended(data, capsys)


def test_proxies_that_are_missing_or_too_many_are_told(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a name for the proxy all people come from one place; with half the world they come from anywhere."""
    monkeypatch.setenv("HEARTHSIDE_TRUSTED_PROXIES", "10.0.0.0/8")
    assert "trusts 10.0.0.0/8" in mended(data, capsys)
    monkeypatch.delenv("HEARTHSIDE_TRUSTED_PROXIES")
    assert "HEARTHSIDE_TRUSTED_PROXIES=127.0.0.1" in mended(data, capsys)
    monkeypatch.setenv("HEARTHSIDE_HOST", "0.0.0.0")
    assert "note  The service listens on 0.0.0.0" in said(capsys)


def test_files_of_several_people_are_told(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The service reads as one user: what belongs to another is named."""
    if os.geteuid() == 0:
        for owner in (65534, 1_234_567):  # one with a name, and one without
            os.chown(data.parent / "key", owner, owner)
            assert "Not all belong to the user of the service" in mended(data, capsys)


async def test_a_disk_without_room_is_told(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk on which the database has no room to be copied, and one that is only getting full."""
    config = Config.from_mapping(os.environ)
    usage = shutil.disk_usage(data)
    for free, verdict in ((1 << 20, Verdict.MEND), (1 << 30, Verdict.NOTE), (1 << 40, Verdict.WELL)):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: usage._replace(free=free))
        assert environment_checks.check_disk_space(config).verdict is verdict


def test_old_time_zones_are_told(tmp_path: Path) -> None:
    """Rules that are years older than this version's have to be renewed; with none, ours are taken."""
    rules, before = tmp_path / "tzdata.zi", zoneinfo.TZPATH
    zoneinfo.reset_tzpath([str(tmp_path)])
    try:
        assert environment_checks.check_time_zones().verdict is Verdict.WELL
        rules.write_text("# version 2009a\n")
        told = environment_checks.check_time_zones()
        assert (told.verdict, "of 2009a" in told.sentence) == (Verdict.MEND, True)
        rules.write_text("rubbish\n")
        assert environment_checks.check_time_zones().verdict is Verdict.WELL
    finally:
        zoneinfo.reset_tzpath(before)


def test_an_open_way_to_the_database_is_told(data: Path) -> None:
    """A database elsewhere is reached over TLS that checks whom it reaches; one on this machine needs none."""
    config = Config.from_mapping(os.environ)
    for url, verdicts in (
        ("postgres://a:b@db.example.org/c", [Verdict.MEND]),
        ("postgres://a:b@db.example.org/c?ssl=true", [Verdict.WELL]),
        ("postgres://a:b@127.0.0.1/c", []),
        (config.database_url, []),
    ):
        found = environment_checks.check_database_connection(replace(config, database_url=url))
        assert [one.verdict for one in found] == verdicts
