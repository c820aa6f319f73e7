"""
Copy an SQLite database while it is in use, and put such a copy into an empty place.

A backup is one SQLite file with the rows of one moment, sealed as they stand in the database. The server key is not in
it. PostgreSQL brings programs of its own for both.
"""

from __future__ import annotations

import os
import pkgutil
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tortoise.backends.base.config_generator import expand_db_url

from crypto import CryptoError
from journal import migrations
from journal.documents import PracticeDetails, open_document
from journal.errors import Damaged, JournalError
from journal.practice import CONTEXT
from journal.server_keys import ServerKeys

MAGIC = b"SQLite format 3\0"
OURS = frozenset({"account", "entry", "practice", "tortoise_migrations"})
BESIDE = ("-wal", "-shm", "-journal")


class BackupRefused(JournalError):
    """A backup was not made, or not put back; what was there before is untouched."""


def file_of(url: str) -> Path | None:
    """Give the file of an SQLite database's address, or None for PostgreSQL."""
    if not url.startswith("sqlite:"):
        return None
    return Path(expand_db_url(url)["credentials"]["file_path"]).absolute()


def back_up(database: Path, copy: Path) -> None:
    """
    Copy the database in the file *database*, which may be in use, to the new file *copy*, for its owner only.

    Raises:
        BackupRefused: If there is something already, nothing to copy, or the copy is not sound.
    """
    if not database.is_file():
        raise BackupRefused("There is no database yet, so there is nothing to back up.")
    with _made(
        copy, "There is a file of that name already. Nothing was written; choose another name."
    ) as part:
        try:
            # All pages in one step: the rows of one moment, and in WAL mode no writer waits for it.
            with (
                closing(sqlite3.connect(f"{database.as_uri()}?mode=rw", uri=True)) as source,
                closing(sqlite3.connect(part)) as target,
            ):
                source.backup(target)
                target.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
        except sqlite3.Error as error:
            raise BackupRefused(
                "The copy did not succeed: the disk may be full, or the database damaged. Nothing was kept."
            ) from error
        _check(part)


def put_back(copy: Path, database: Path, *server_keys: bytes) -> bool:
    """
    Make a backup the database, in a place where there is none.

    Returns:
        Whether it comes from an older version, so that it has to be migrated.

    Raises:
        BackupRefused: If it is damaged, newer, no backup, sealed under another server key, or the place is taken.
    """
    if not copy.is_file():
        raise BackupRefused("There is no such file.")
    log = copy.with_name(copy.name + "-wal")
    if log.is_file() and log.stat().st_size:
        raise BackupRefused("This file is a database in use, not a backup. Make one with: hearthside backup.")
    if any(database.with_name(database.name + end).exists() for end in BESIDE):
        raise BackupRefused(_TAKEN)
    with _made(database, _TAKEN) as part:
        try:
            shutil.copyfile(copy, part)
        except OSError as error:
            raise BackupRefused("The backup could not be copied. Nothing was restored.") from error
        missing = _check(part)
        _check_key(part, ServerKeys(server_keys))
    return missing


_TAKEN = "There is a database already. Nothing was changed; restore into an empty data folder."


@contextmanager
def _made(path: Path, taken: str) -> Iterator[Path]:
    """Lend a file beside *path* that becomes *path*, whole and on disk, if all goes well; else leave nothing."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError as error:
        raise BackupRefused(taken) from error
    except OSError as error:
        raise BackupRefused("Nothing can be written there. Check the folder and its permissions.") from error
    part = path.with_name(path.name + ".part")
    try:
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        yield part
        _sync(part)
        part.replace(path)
        _sync(path.parent)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        for end in ("", *BESIDE):
            part.with_name(part.name + end).unlink(missing_ok=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def shapes() -> frozenset[str]:
    """Name the migrations that this version knows."""
    return frozenset(module.name for module in pkgutil.iter_modules(migrations.__path__))


def _check(path: Path) -> bool:
    """Refuse a file that is not a sound database of ours, or is newer; tell whether it is older."""
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise BackupRefused("This file is not a backup of Hearthside. Nothing was changed.")
    try:
        with closing(sqlite3.connect(path)) as opened:
            tables = {
                name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            }
            if not tables >= OURS:
                raise BackupRefused("This file is not a backup of Hearthside. Nothing was changed.")
            sound = opened.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            loose = opened.execute("PRAGMA foreign_key_check").fetchall()
            applied = {
                name
                for (name,) in opened.execute("SELECT name FROM tortoise_migrations WHERE app = 'journal'")
            }
    except sqlite3.Error as error:
        raise BackupRefused(_DAMAGED) from error
    if not sound or loose:
        raise BackupRefused(_DAMAGED)
    if applied - shapes():
        raise BackupRefused(
            "This backup was made by a newer version of Hearthside. Install that version, then restore."
        )
    return bool(shapes() - applied)


_DAMAGED = "The copy is damaged: it does not pass the database's own check. Nothing was kept."


def _check_key(path: Path, server: ServerKeys) -> None:
    with closing(sqlite3.connect(path)) as opened:
        row = opened.execute("SELECT sealed FROM practice").fetchone()
    if row is None:
        return  # nobody has begun, so nothing is sealed
    try:
        open_document(server, bytes(row[0]), CONTEXT, PracticeDetails)
    except (CryptoError, Damaged) as error:
        raise BackupRefused(
            "The server key does not open this backup. Nothing was restored. Name the key that the backup's "
            "installation had with HEARTHSIDE_SERVER_KEY_FILE, and restore again."
        ) from error
