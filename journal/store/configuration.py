"""The ORM's configuration for a database: which driver, where, and how long it waits."""

from __future__ import annotations

from typing import Any

from journal.store.address import PostgresDatabase, SqliteFile, parse_database_url
from journal.store.postgres import build_server_settings
from journal.store.sqlite import PRAGMAS

TABLE_MODULES = (
    "journal.audit.tables",
    "journal.mail.tables",
    "journal.rate_limiting.tables",
    "journal.accounts.tables",
    "journal.vault.tables",
    "journal.clinic.tables",
    "journal.reading_hours.tables",
    "journal.reminders.tables",
    "journal.sitter.tables",
    "journal.calendar.tables",
    "journal.sessions.tables",
    "journal.authentication.tables",
    "journal.device_copies.tables",
    "journal.passkeys.tables",
    "journal.care.tables",
    "journal.practice.tables",
    "journal.account_reset.tables",
    "journal.key_rotation.tables",
    "journal.packets.tables",
    "journal.importing.tables",
    "journal.operations.tables",
)
"""The modules of the tables, by the rooms that keep them."""

# Seconds.
STATEMENT_TIMEOUT = 20.0  # that the database takes for one statement of the service
COMMAND_STATEMENT_TIMEOUT = 10.0  # the same for one of a command
NETWORK_MARGIN = 5.0  # in which it then says so: a network that swallows everything gives no other sign
OPEN_TIMEOUT = 10.0  # until a database is open, looked at, and found to be ours
CONNECT_TIMEOUT = 5  # for one connection later on
MAX_CONNECTIONS = 5  # of one process to PostgreSQL


def build_configuration(
    url: str, *, statement_timeout: float | None = STATEMENT_TIMEOUT, connections: int = MAX_CONNECTIONS
) -> dict[str, Any]:
    """
    Return the ORM's configuration for *url*, as `journal.store.address.parse_database_url` reads it.

    The connection is named after its kind: the ORM keeps prepared statements by that name.

    Args:
        statement_timeout: Seconds that one statement may take, unless *url* says `command_timeout`. None waits for as
            long as the database works: so a migration does.
        connections: How many there are to PostgreSQL at most.
    """
    address = parse_database_url(url)
    if isinstance(address, SqliteFile):
        kind, where = "sqlite", _configure_sqlite(address, statement_timeout)
    else:
        kind, where = "postgres", _configure_postgres(address, statement_timeout, connections)
    app = {"models": list(TABLE_MODULES), "default_connection": kind, "migrations": "journal.migrations"}
    return {"connections": {kind: where}, "apps": {"journal": app}, "use_tz": True, "timezone": "UTC"}


def _configure_sqlite(address: SqliteFile, statement_timeout: float | None) -> dict[str, Any]:
    credentials = {"file_path": str(address.path), "statement_timeout": statement_timeout, **PRAGMAS}
    return {"engine": "journal.store.sqlite", "credentials": credentials}


def _configure_postgres(
    address: PostgresDatabase, statement_timeout: float | None, connections: int
) -> dict[str, Any]:
    seconds = (
        statement_timeout
        if statement_timeout is None or address.command_timeout is None
        else address.command_timeout
    )
    credentials: dict[str, Any] = {
        "host": address.host,
        "port": address.port,
        "user": address.user,
        "password": address.password,
        "database": address.name,
        "timeout": CONNECT_TIMEOUT,
        # PostgreSQL gives a statement up first: then it is known that nothing came of it.
        "command_timeout": None if seconds is None else seconds + NETWORK_MARGIN,
        "server_settings": build_server_settings(seconds),
        "maxsize": connections,
    }
    if address.ssl:
        credentials["ssl"] = True
    return {"engine": "journal.store.postgres", "credentials": credentials}


MIGRATIONS = build_configuration("sqlite://makemigrations.sqlite3")  # of `tortoise -c`; it opens no database
