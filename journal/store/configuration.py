"""The ORM's configuration for a database: which driver, where, and how long it waits."""

from __future__ import annotations

from typing import Any

from journal.store.address import PostgresDatabase, SqliteFile, read_address
from journal.store.postgres import settings_for
from journal.store.sqlite import PRAGMAS

TABLES = (
    "journal.audit.tables",
    "journal.mail.tables",
    "journal.rate_limiting.tables",
    "journal.accounts.tables",
    "journal.vault.tables",
    "journal.sessions.tables",
    "journal.authentication.tables",
    "journal.passkeys.tables",
    "journal.care.tables",
    "journal.practice.tables",
    "journal.account_reset.tables",
    "journal.key_rotation.tables",
    "journal.operations.tables",
)
"""The modules of the tables, by the rooms that keep them."""

# Seconds.
PATIENCE = 20.0  # that the database takes for one statement of the service
COMMAND = 10.0  # the same for one of a command
NO_SIGN = 5.0  # in which it then says so: a network that swallows everything gives no other sign
OPENING = 10.0  # until a database is open, looked at, and found to be ours
CONNECTING = 5  # for one connection later on
CONNECTIONS = 5  # of one process to PostgreSQL


def configuration(
    url: str, *, patience: float | None = PATIENCE, connections: int = CONNECTIONS
) -> dict[str, Any]:
    """
    Return the ORM's configuration for *url*, as `journal.store.address.read_address` reads it.

    The connection is named after its kind: the ORM keeps prepared statements by that name.

    Args:
        patience: Seconds that one statement may take, unless *url* says `command_timeout`. None waits for as long as
            the database works: so a migration does.
        connections: How many there are to PostgreSQL at most.
    """
    address = read_address(url)
    if isinstance(address, SqliteFile):
        kind, where = "sqlite", _sqlite(address, patience)
    else:
        kind, where = "postgres", _postgres(address, patience, connections)
    app = {"models": list(TABLES), "default_connection": kind, "migrations": "journal.migrations"}
    return {"connections": {kind: where}, "apps": {"journal": app}, "use_tz": True, "timezone": "UTC"}


def _sqlite(address: SqliteFile, patience: float | None) -> dict[str, Any]:
    credentials = {"file_path": str(address.path), "patience": patience, **PRAGMAS}
    return {"engine": "journal.store.sqlite", "credentials": credentials}


def _postgres(address: PostgresDatabase, patience: float | None, connections: int) -> dict[str, Any]:
    seconds = patience if patience is None or address.command_timeout is None else address.command_timeout
    credentials: dict[str, Any] = {
        "host": address.host,
        "port": address.port,
        "user": address.user,
        "password": address.password,
        "database": address.name,
        "timeout": CONNECTING,
        # PostgreSQL gives a statement up first: then it is known that nothing came of it.
        "command_timeout": None if seconds is None else seconds + NO_SIGN,
        "server_settings": settings_for(seconds),
        "maxsize": connections,
    }
    if address.ssl:
        credentials["ssl"] = True
    return {"engine": "journal.store.postgres", "credentials": credentials}


MIGRATIONS = configuration("sqlite://makemigrations.sqlite3")  # of `tortoise -c`; it opens no database
