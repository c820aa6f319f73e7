"""`hearthside backup` and `hearthside restore`: whole, of one moment, equal afterwards, and nothing else accepted."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest

from journal.entries import entries
from journal.operations import backup
from journal.store.database import Store
from journal.store.errors import DatabaseRefused
from journal.vault.documents import EntryDocument
from portal.cli.command import main
from tests.cast import SERVER_KEY, Cast, Furniture, cast_of
from tests.portal.cli.test_command import hearthside

Refused = backup.BackupRefused
Rows = dict[str, list[tuple[object, ...]]]


def rows(path: Path) -> Rows:
    """Every row of every table."""
    with closing(sqlite3.connect(path)) as opened:
        names = opened.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
        return {name: opened.execute(f'SELECT * FROM "{name}" ORDER BY 1').fetchall() for (name,) in names}


@pytest.fixture
def database(furnished_sqlite_url: tuple[str, Furniture]) -> Path:
    """A database with the cast in it."""
    return Path(furnished_sqlite_url[0].removeprefix("sqlite://"))


@pytest.fixture
def copy(database: Path, tmp_path: Path) -> Path:
    """A backup of it."""
    path = tmp_path / "copy.backup"
    backup.back_up_database(database, path)
    return path


def settings(data: Path, key: bytes = SERVER_KEY) -> dict[str, str]:
    """The settings of an installation in *data*."""
    return {"HEARTHSIDE_DATA": str(data), "HEARTHSIDE_SERVER_KEY": key.hex()}


def test_what_is_restored_equals_what_was_there(copy: Path, database: Path, tmp_path: Path) -> None:
    """Every row of every table comes back, in a place where there was nothing, for its owner only."""
    place = tmp_path / "new" / "hearthside.sqlite3"
    place.parent.mkdir()
    assert backup.restore_backup(copy, place, SERVER_KEY) is False
    assert rows(place) == rows(copy) == rows(database)
    assert rows(place)["account"]
    for path in (copy, place):
        assert path.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in place.parent.iterdir()] == [place.name]


@pytest.mark.parametrize("written", ["'words'", "7", "CAST(x'c328' AS TEXT)", "x'00'"])
def test_a_wrong_practice_is_refused_in_a_sentence(copy: Path, tmp_path: Path, written: str) -> None:
    """Whatever stands in the practice's row of a backup: it is not put back, and nothing is left behind."""
    with closing(sqlite3.connect(copy)) as there:
        there.execute(f"UPDATE practice SET sealed = {written}")
        there.commit()
    place = tmp_path / "new" / "hearthside.sqlite3"
    place.parent.mkdir()
    with pytest.raises(backup.BackupRefused):
        backup.restore_backup(copy, place, SERVER_KEY)
    assert list(place.parent.iterdir()) == []


async def test_a_backup_while_somebody_writes_is_of_one_moment(
    furnished_sqlite_url: tuple[str, Furniture], tmp_path: Path
) -> None:
    """Writing goes on; what was saved before is in each copy, and each copy's entries all open."""
    url, furniture = furnished_sqlite_url
    cast, store = cast_of(furniture), await Store.open(url)
    saved: asyncio.Queue[int] = asyncio.Queue()
    stop = asyncio.Event()

    async def write() -> None:
        alice = await cast.actor("alice")
        number = 0
        while not stop.is_set():
            await entries.save_entry(alice, uuid4(), 0, EntryDocument("free", title=f"entry {number}"))
            number += 1
            saved.put_nowait(number)

    before = []
    with store.use():
        writing = asyncio.create_task(write())
        for number in range(5):
            before.append([await saved.get() for _ in range(20)][-1])
            await asyncio.to_thread(
                backup.back_up_database, Path(url.removeprefix("sqlite://")), tmp_path / f"{number}.backup"
            )
        stop.set()
        await writing
    await store.close()
    for number, least in enumerate(before):
        place = tmp_path / f"{number}.sqlite3"
        backup.restore_backup(tmp_path / f"{number}.backup", place, SERVER_KEY)
        titles = await _titles(f"sqlite://{place}", cast)
        assert titles == [f"entry {one}" for one in range(len(titles))]
        assert len(titles) >= least


async def _titles(url: str, cast: Cast) -> list[str]:
    store = await Store.open(url)
    with store.use():
        found = await entries.load_all_entries(await cast.actor("alice"))
    await store.close()
    return sorted((one.document.title for one in found), key=lambda title: int(title.split()[1]))


def test_nothing_is_overwritten(copy: Path, database: Path, tmp_path: Path) -> None:
    """An existing file is neither the place of a backup nor of a restored database."""
    with pytest.raises(Refused):
        backup.back_up_database(database, copy)
    taken = rows(database)
    with pytest.raises(Refused):
        backup.restore_backup(copy, database, SERVER_KEY)
    assert rows(database) == taken
    left_over = tmp_path / "other.sqlite3-wal"
    left_over.write_bytes(b"log")
    with pytest.raises(Refused):
        backup.restore_backup(copy, tmp_path / "other.sqlite3", SERVER_KEY)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-8192])


def _scrambled(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096 * 3 : -4096] = b"\xa5" * (len(content) - 4096 * 4)
    path.write_bytes(content)


def _newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as opened, opened:
        opened.execute(
            "INSERT INTO tortoise_migrations (app, name, applied_at)"
            " VALUES ('journal', '9999_later', '2030-01-01')"
        )


def _another_program(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as opened, opened:
        opened.execute("CREATE TABLE recipe (name TEXT)")


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (_cut, "damaged"),
        (_scrambled, "damaged"),
        (_newer, "newer version"),
        (_another_program, "not a backup of Hearthside"),
        (lambda path: path.write_text("Dear diary"), "not a backup of Hearthside"),
        (lambda path: path.write_bytes(b""), "not a backup of Hearthside"),
        (Path.unlink, "no such file"),
    ],
)
def test_what_is_not_a_sound_backup_is_refused(
    copy: Path, tmp_path: Path, spoil: Callable[[Path], object], sentence: str
) -> None:
    """Damaged, newer, foreign and missing files are refused in a sentence, and leave the place empty."""
    spoil(copy)
    place = tmp_path / "new" / "hearthside.sqlite3"
    place.parent.mkdir()
    with pytest.raises(Refused, match=sentence):
        backup.restore_backup(copy, place, SERVER_KEY)
    assert list(place.parent.iterdir()) == []


UNKNOWN = {
    "CREATE TRIGGER quiet AFTER UPDATE ON entry BEGIN DELETE FROM share; END": "the trigger 'quiet' on 'entry'",
    "CREATE VIEW looks_like_one AS SELECT * FROM entry": "the view 'looks_like_one'",
    "CREATE TABLE kept_aside (everything BLOB)": "the table 'kept_aside'",
    "CREATE VIRTUAL TABLE found USING fts5(words)": "the table 'found'",
}


@pytest.mark.parametrize(("statement", "sentence"), UNKNOWN.items())
def test_what_no_version_makes_is_not_restored(
    copy: Path, tmp_path: Path, statement: str, sentence: str
) -> None:
    """A trigger, a view or a table of somebody else's would run or stand there unnoticed."""
    with closing(sqlite3.connect(copy)) as opened, opened:
        opened.execute(statement)
    place = tmp_path / "new.sqlite3"
    with pytest.raises(Refused, match="which Hearthside did not make") as refused:
        backup.restore_backup(copy, place, SERVER_KEY)
    assert sentence in str(refused.value)
    assert not place.exists()


def test_what_no_version_makes_keeps_nobody_from_a_backup(database: Path, tmp_path: Path) -> None:
    """Nothing is lost over it: the database is copied as it is."""
    with closing(sqlite3.connect(database)) as opened, opened:
        opened.execute("CREATE TABLE kept_aside (everything BLOB)")
    backup.back_up_database(database, tmp_path / "copy")
    assert (tmp_path / "copy").exists()


def test_another_server_key_is_told(copy: Path, tmp_path: Path) -> None:
    """A backup that this installation's key cannot open is not put in place."""
    with pytest.raises(Refused, match="server key"):
        backup.restore_backup(copy, tmp_path / "new.sqlite3", bytes(32))
    assert not (tmp_path / "new.sqlite3").exists()


def test_a_damaged_database_makes_no_backup(database: Path, tmp_path: Path) -> None:
    """A copy that does not pass the check is not kept."""
    _scrambled(database)
    with pytest.raises((Refused, DatabaseRefused), match="damaged"):
        backup.back_up_database(database, tmp_path / "copy")
    assert [path.name for path in tmp_path.glob("copy*")] == []


def test_the_commands_answer_in_sentences(database: Path, tmp_path: Path) -> None:
    """Backup and restore as one types them, with what they say and their exit codes."""
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    shutil.copyfile(database, old / "hearthside.sqlite3")
    file = str(tmp_path / "hearth.backup")
    made = hearthside("backup", file, **settings(old))
    assert (made.returncode, "The server key is not in it" in made.stdout) == (0, True)
    again = hearthside("backup", file, **settings(old))
    assert (again.returncode, "file of that name already" in again.stderr) == (1, True)
    wrong = hearthside("restore", file, **settings(new, bytes(32)))
    assert (wrong.returncode, "server key does not open" in wrong.stderr) == (1, True)
    restored = hearthside("restore", file, **settings(new))
    assert (restored.returncode, restored.stderr) == (0, "")
    assert "Everybody is told once, when they next open a page" in restored.stdout
    before, after = rows(database), rows(new / "hearthside.sqlite3")
    assert {table for table in before if before[table] != after[table]} == {"audit_pending", "practice"}
    assert len(after["audit_pending"]) == len(before["audit_pending"]) + 1
    twice = hearthside("restore", file, **settings(new))
    assert (twice.returncode, "There is a database already" in twice.stderr) == (1, True)


@pytest.mark.parametrize(("command", "tool"), [("backup", "pg_dump"), ("restore", "pg_restore")])
def test_postgresql_has_its_own_tools(
    command: str,
    tool: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """For PostgreSQL both commands name the program to use, and refuse."""
    monkeypatch.setenv("HEARTHSIDE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("HEARTHSIDE_DATABASE_URL", "postgres://somebody@127.0.0.1/hearth")
    assert main([command, str(tmp_path / "file")]) == 1
    assert tool in capsys.readouterr().err
    assert not (tmp_path / "file").exists()
