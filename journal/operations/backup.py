"""
Back up an SQLite database while it is in use, and restore it into an empty place.

A backup is one SQLite file with the rows of one moment, sealed as they stand in the database. The server key is not in
it. PostgreSQL has tools of its own for both.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from crypto import CryptoError
from journal.errors import Damaged, JournalError
from journal.installation.server_keys import ServerKeys
from journal.practice.practice import PRACTICE_CONTEXT, PracticeDetails
from journal.sealing import open_document
from journal.store.address import SqliteFile, format_path
from journal.store.errors import translate_errors
from journal.store.file import LOG_SUFFIXES, check_file
from journal.store.foreign_objects import format_names, list_foreign_in_file
from journal.store.rows import as_bytes
from journal.store.schema_state import list_migrations

MAGIC = b"SQLite format 3\0"
OUR_TABLES = frozenset({"account", "entry", "practice", "tortoise_migrations"})
ATTEMPTS, PAUSE_SECONDS = 20, 0.25  # seconds between them


class BackupRefused(JournalError):
    """A backup was not made, or not put back; what was there before is untouched."""


def back_up_database(database: Path, copy: Path) -> None:
    """
    Copy the database in the file *database*, which may be in use, to the new file *copy*, for its owner only.

    Raises:
        BackupRefused: If *copy* exists already, or is damaged.
        DatabaseRefused: If the database cannot be read.
    """
    check_file(database, create=False)
    taken = f"There is a file of that name already: {format_path(copy)}. Nothing was written; choose another name."
    with _create_file(copy, taken) as part:
        try:
            with (
                translate_errors(SqliteFile(database)),
                closing(sqlite3.connect(f"{database.as_uri()}?mode=rw", uri=True)) as source,
                closing(sqlite3.connect(part)) as target,
            ):
                source.execute("SELECT name FROM sqlite_master").fetchall()  # raises SQLite's own error
                _copy_pages(source, target)
        except sqlite3.Error as error:
            raise BackupRefused(
                "The copy did not succeed: the disk may be full, or the database damaged. Nothing was kept."
            ) from error
        _verify_copy(part, database, "database")


def _copy_pages(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    """Copy all pages in one step: the rows of one moment, and in WAL mode no writer waits for it."""
    tries = 0

    def count_attempt(*_: int) -> None:
        nonlocal tries
        tries += 1
        if tries > ATTEMPTS:
            raise TimeoutError  # else it would wait for ever for the lock of another program

    source.backup(target, progress=count_attempt, sleep=PAUSE_SECONDS)
    target.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it


def restore_backup(copy: Path, database: Path, *server_keys: bytes) -> bool:
    """
    Restore a backup to a place where there is no database.

    Returns:
        Whether it comes from an older version, so that it has to be migrated.

    Raises:
        BackupRefused: If it is damaged, newer, no backup, sealed under another server key, or the place is taken.
    """
    taken = (
        f"There is a database already at {format_path(database)}. Nothing was changed;"
        " restore into an empty data folder."
    )
    try:
        if not copy.is_file():
            raise BackupRefused(f"There is no such file: {format_path(copy)}.")
        log = copy.with_name(copy.name + "-wal")
        if log.is_file() and log.stat().st_size:
            raise BackupRefused(
                f"{format_path(copy)} is a database in use, not a backup. Make one with: hearthside backup."
            )
        if any(database.with_name(database.name + end).exists() for end in LOG_SUFFIXES):
            raise BackupRefused(taken)
        with _create_file(database, taken) as part:
            shutil.copyfile(copy, part)
            missing = _verify_copy(part, copy, "backup")
            _require_known_parts(part, copy)
            _verify_key(part, ServerKeys(server_keys))
    except OSError as error:
        raise BackupRefused(
            f"{format_path(copy)} cannot be copied to {format_path(database)}: {error.strerror}. Nothing was restored."
        ) from error
    return missing


@contextmanager
def _create_file(path: Path, taken: str) -> Iterator[Path]:
    """Yield a file beside *path* that becomes *path*, whole and on disk, on success; else leave nothing."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError as error:
        raise BackupRefused(taken) from error
    except OSError as error:
        raise BackupRefused(
            f"Nothing can be written to {format_path(path.parent)}: {error.strerror}. Check the folder's owner and"
            " mode."
        ) from error
    part = path.with_name(path.name + ".part")
    try:
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        yield part
        _sync_to_disk(part)
        part.replace(path)
        _sync_to_disk(path.parent)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        for end in ("", *LOG_SUFFIXES):
            part.with_name(part.name + end).unlink(missing_ok=True)


def _sync_to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _verify_copy(path: Path, origin: Path, kind: str) -> bool:
    """Raise unless the copy of *origin*, a *kind* of file, is ours and sound; return whether it is older."""
    foreign = f"{format_path(origin)} is not a {kind} of Hearthside. Nothing was changed."
    damaged = f"{format_path(origin)} is damaged: it does not pass SQLite's own check. Nothing was kept."
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise BackupRefused(foreign)
    try:
        with closing(sqlite3.connect(path)) as opened:
            tables = {
                name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            }
            if not tables >= OUR_TABLES:
                raise BackupRefused(foreign)
            sound = opened.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            loose = opened.execute("PRAGMA foreign_key_check").fetchall()
            applied = {
                name
                for (name,) in opened.execute("SELECT name FROM tortoise_migrations WHERE app = 'journal'")
            }
    except sqlite3.Error as error:
        raise BackupRefused(damaged) from error
    if not sound or loose:
        raise BackupRefused(damaged)
    if applied - list_migrations():
        raise BackupRefused(
            f"{format_path(origin)} belongs to a newer version of Hearthside. Install that version first."
        )
    return bool(list_migrations() - applied)


def _require_known_parts(path: Path, origin: Path) -> None:
    if unknown := list_foreign_in_file(path):
        raise BackupRefused(
            f"{format_path(origin)} has {format_names(unknown)}, which Hearthside did not make. Nothing was kept. It"
            " can change what"
            " is saved, or hide it: find out who made it, and restore an earlier backup, or remove it from a copy."
        )


def _verify_key(path: Path, server: ServerKeys) -> None:
    with closing(sqlite3.connect(path)) as opened:
        opened.text_factory = bytes  # whatever the type: what is not sealed bytes opens with no key
        row = opened.execute("SELECT sealed FROM practice").fetchone()
    if row is None:
        return  # nobody has set it up, so nothing is sealed
    try:
        open_document(server, as_bytes(row[0]), PRACTICE_CONTEXT, PracticeDetails)
    except (CryptoError, Damaged) as error:
        raise BackupRefused(
            "The server key does not open this backup. Nothing was restored. Name the key that the backup's "
            "installation had with HEARTHSIDE_SERVER_KEY_FILE, and restore again."
        ) from error
