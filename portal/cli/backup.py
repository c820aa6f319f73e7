"""`hearthside backup` and `hearthside restore`."""

from __future__ import annotations

import argparse
import asyncio
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from journal.errors import NotFound
from journal.operations import backup, restoration
from journal.practice.practice import Restoration
from journal.store.address import format_path, get_sqlite_file
from journal.store.database import open_for_command
from portal.cli.environment_checks import record_backup
from portal.config import Config


def back_up(config: Config, options: argparse.Namespace) -> int:
    """Copy the database, in use or not, to a new file."""
    database = get_sqlite_file(config.database_url)
    if database is None:
        print("HEARTHSIDE_DATABASE_URL names PostgreSQL: make backups with its own pg_dump.", file=sys.stderr)
        return 1
    backup.back_up_database(database, Path(options.file).absolute())
    with suppress(OSError):  # the copy is made and checked; only the doctor needs the mark
        record_backup(config)
    print(f"The backup is in {options.file}. The server key is not in it: keep a copy of the key elsewhere.")
    return 0


def restore(config: Config, options: argparse.Namespace) -> int:
    """Restore a backup where there is no database yet."""
    database = get_sqlite_file(config.database_url)
    if database is None:
        print(
            "HEARTHSIDE_DATABASE_URL names PostgreSQL: restore with its own pg_restore or psql.",
            file=sys.stderr,
        )
        return 1
    older = backup.restore_backup(
        Path(options.file).absolute(), database, config.server_key, *config.older_keys
    )
    print(
        f"Restored to {format_path(database)}. People signed in when the backup was made are signed in again."
    )
    if older:
        print(
            "The backup comes from an older version: run hearthside migrate before serving, and then hearthside"
            " announce-restore, so that everybody is told once."
        )
        return 0
    return announce_restore(config, argparse.Namespace(until=""))


def announce_restore(config: Config, options: argparse.Namespace) -> int:
    """Have everybody told once that a backup was restored."""
    until = restoration.parse_moment(options.until) if options.until else None
    try:
        announced = asyncio.run(_announce(config, until))
    except NotFound:
        print("Nobody has set up the practice yet, so there is nobody to tell.")
        return 0
    print(
        f"Everybody is told once, when they next open a page, that a backup was restored which ends"
        f" {announced.until:%Y-%m-%d %H:%M} UTC."
    )
    return 0


async def _announce(config: Config, until: datetime | None) -> Restoration:
    async with open_for_command(config.database_url):
        return await restoration.announce_restoration(config.installation(), until)
