"""The file of an SQLite database, before SQLite opens it: whether it can be used, and by its owner only."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from journal.store.address import SqliteFile, format_path
from journal.store.errors import DatabaseRefused
from journal.store.schema_state import SchemaState

OWNER_ONLY_MODE = 0o600
LOG_SUFFIXES = ("-wal", "-shm", "-journal")


def check_file(path: Path, *, create: bool) -> None:
    """
    Verify that the database in the file *path* can be opened.

    A file that is there is not opened for this: closing it would let go of SQLite's locks on it.

    Args:
        create: Whether an empty file, for its owner only, is made where there is none.

    Raises:
        DatabaseRefused: If it cannot be opened.
    """
    try:
        _check_folder(path)
        if not path.exists() and not path.is_symlink():
            if not create:
                raise DatabaseRefused(SchemaState.NOTHING.value.format(SqliteFile(path)))
            with suppress(FileExistsError):  # another process was first
                os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY_MODE))
        if not path.is_file():
            raise DatabaseRefused(
                f"{format_path(path)} is not a file. Move it away, so that the database can be there."
            )
        _check_logs(path)
    except OSError as error:
        raise DatabaseRefused(
            f"The database {format_path(path)} cannot be opened: {error.strerror}. Run this as the user who owns it."
        ) from error
    if not os.access(path, os.R_OK | os.W_OK):
        raise DatabaseRefused(
            f"The database {format_path(path)} may not be read and written by this user. Run this as the user who owns"
            " it."
        )


def is_usable(path: Path) -> bool:
    """Return whether the database in the file *path* is there, to be read and written."""
    try:
        check_file(path, create=False)
    except DatabaseRefused:
        return False
    return True


def restrict_to_owner(path: Path) -> None:
    """
    Restrict the database in the file *path* to its owner; SQLite makes new logs with the mode of that file.

    Raises:
        DatabaseRefused: If it belongs to somebody else.
    """
    for end in ("", *LOG_SUFFIXES):
        one = path.with_name(path.name + end)
        try:
            if one.stat().st_mode & 0o077:
                one.chmod(OWNER_ONLY_MODE)
        except FileNotFoundError:
            continue  # the logs come and go
        except OSError as error:
            raise DatabaseRefused(
                f"Others on this machine can read {format_path(one)}. As the user who owns it, run: chmod 600"
                f" {format_path(one)}"
            ) from error


def _check_logs(path: Path) -> None:
    """Refuse what stands where SQLite's logs belong and is none: with it SQLite reads, and cannot write."""
    for one in (path.with_name(path.name + end) for end in LOG_SUFFIXES):
        try:
            mode = one.stat().st_mode
        except FileNotFoundError:
            continue  # the logs come and go
        if not stat.S_ISREG(mode):
            raise DatabaseRefused(
                f"{format_path(one)} is not a file. Move it away: SQLite needs its place to write to the database."
            )
        if not os.access(one, os.R_OK | os.W_OK) and one.exists():
            raise DatabaseRefused(
                f"{format_path(one)} may not be read and written by this user. Run this as the user who owns it."
            )


def _check_folder(path: Path) -> None:
    folder = path.parent
    if not folder.is_dir():
        raise DatabaseRefused(
            f"There is no folder {format_path(folder)} for the database. Make it, or name another place:"
            " HEARTHSIDE_DATA or HEARTHSIDE_DATABASE_URL."
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        raise DatabaseRefused(
            f"SQLite cannot write its logs into the folder {format_path(folder)}. Run this as the user who owns the"
            " folder, on a disk that is not read-only."
        )
