"""The ORM's configuration for a database: which driver, where, and how long it waits."""

from __future__ import annotations

from typing import Any

from journal.store_address import PostgresDatabase, SqliteFile, read_address
from journal.store_sqlite import PRAGMAS

# Seconds. A network that swallows everything gives no other sign.
PATIENCE = 60.0  # for PostgreSQL's answer to one statement of the service
COMMAND = 10.0  # the same for one of a command
OPENING = 10.0  # until a database is open, looked at, and found to be ours
CONNECTING = 15  # for one connection later on
LOCKED = "5s"


def configuration(url: str, *, patience: float | None = PATIENCE) -> dict[str, Any]:
    """
    Return the ORM's configuration for *url*, as `journal.store_address.read_address` reads it.

    The connection is named after its kind: the ORM keeps prepared statements by that name.

    Args:
        patience: Seconds to wait for PostgreSQL's answer to one statement, unless *url* says `command_timeout`. None
            waits for as long as it works, and only for a lock no longer than `LOCKED`: so a migration does.
    """
    address = read_address(url)
    kind = "sqlite" if isinstance(address, SqliteFile) else "postgres"
    where = _sqlite(address) if isinstance(address, SqliteFile) else _postgres(address, patience)
    app = {"models": ["journal.tables"], "default_connection": kind, "migrations": "journal.migrations"}
    return {"connections": {kind: where}, "apps": {"journal": app}, "use_tz": True, "timezone": "UTC"}


def _sqlite(address: SqliteFile) -> dict[str, Any]:
    return {"engine": "journal.store_sqlite", "credentials": {"file_path": str(address.path), **PRAGMAS}}


def _postgres(address: PostgresDatabase, patience: float | None) -> dict[str, Any]:
    credentials: dict[str, Any] = {
        "host": address.host,
        "port": address.port,
        "user": address.user,
        "password": address.password,
        "database": address.name,
        "timeout": CONNECTING,
        "command_timeout": patience if address.command_timeout is None else address.command_timeout,
    }
    if address.ssl:
        credentials["ssl"] = True
    if patience is None:
        credentials["server_settings"] = {"lock_timeout": LOCKED}
    return {"engine": "tortoise.backends.asyncpg", "credentials": credentials}


MIGRATIONS = configuration("sqlite://makemigrations.sqlite3")  # of `tortoise -c`; it opens no database
