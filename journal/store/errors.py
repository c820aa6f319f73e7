"""Why a database cannot be used: one sentence, which names its file or its setting and says what to do."""

from __future__ import annotations

import socket
import sqlite3
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

import asyncpg
from tortoise.exceptions import BaseORMException, IntegrityError

from journal.errors import JournalError
from journal.store.address import Address, PostgresDatabase, SqliteFile

SETTING = "HEARTHSIDE_DATABASE_URL"


class DatabaseRefused(JournalError):
    """A database that cannot be used as it is. Nothing was changed in it."""


class DatabaseAway(DatabaseRefused):
    """A database that does not answer now, and may answer later."""


class DatabaseStarting(DatabaseAway):
    """A database that is not there yet as far as one can see: refused, silent, or still starting up."""


DAMAGED = (
    "The database {} is damaged. Stop the service, keep the file, and restore the latest backup into another folder:"
    " hearthside restore."
)
LOCKED = (
    "The database {} is locked by another program. Stop that program (fuser or lsof names it), then run the command"
    " again."
)
CLOSED = (
    "The database {} cannot be opened. Check that its folder exists, and who owns the folder and the file."
)
READ_ONLY = (
    "The database {} cannot be written. Check the owner and mode of the file and its folder, and that the disk is not"
    " mounted read-only."
)
OTHER_TABLES = "The database {} does not have the tables of this version. Run: hearthside doctor."

NO_SQLITE = f"{{}} is not a database. Move the file away and restore the latest backup, or name another one: {SETTING}."
SQLITE: Mapping[str, str] = MappingProxyType(
    {
        "NOTADB": NO_SQLITE,
        "CORRUPT": DAMAGED,
        "BUSY": LOCKED,
        "LOCKED": LOCKED,
        "PROTOCOL": LOCKED,
        "CANTOPEN": CLOSED,
        "PERM": CLOSED,
        "AUTH": CLOSED,
        "READONLY": READ_ONLY,
        "IOERR": "The disk cannot read or write the database {}. Check the disk, and the mode of the folder.",
        "FULL": "The disk has no room for the database {}. Make room, then run the command again.",
    }
)
NO_ANSWER = f"PostgreSQL does not answer for the database {{}}. Check that it runs there, and {SETTING}."
NO_TLS = (
    "The TLS connection to the database {} failed. Give the server a certificate for its host name that this machine"
    f" trusts, or correct {SETTING}."
)
NO_HOST = f"The host of the database {{}} cannot be found. Correct it in {SETTING}."
NO_ENTRY = (
    f"PostgreSQL refuses the user or the password for the database {{}}. Correct them in {SETTING}, or allow the"
    " user in pg_hba.conf."
)
NO_DATABASE = f"PostgreSQL has no database {{}}. Create it with createdb, or correct its name in {SETTING}."
NO_RIGHT = (
    f"The user in {SETTING} lacks rights in the database {{}}. Make that user its owner: ALTER DATABASE."
)
NO_LOCK = (
    "Another program has locked tables of the database {}. Stop the service, then run the command again."
)
TAKES_NO_WRITES = (
    f"The database {{}} takes no writes: it is a standby, or set to read only. Name the primary in {SETTING}, or set"
    " default_transaction_read_only to off."
)
TOO_SLOW = (
    "A statement took longer than it may in the database {}. Run the command again when less is going on there, or"
    f" append command_timeout=seconds to {SETTING}."
)
IN_THE_WAY = "Somebody else changed the same rows of the database {}. Run the command again."
POSTGRES: tuple[tuple[type[Exception], str], ...] = (
    (asyncpg.InvalidAuthorizationSpecificationError, NO_ENTRY),
    (asyncpg.InvalidCatalogNameError, NO_DATABASE),
    (asyncpg.InsufficientPrivilegeError, NO_RIGHT),
    (asyncpg.LockNotAvailableError, NO_LOCK),
    (asyncpg.ReadOnlySQLTransactionError, TAKES_NO_WRITES),
    (asyncpg.QueryCanceledError, TOO_SLOW),
    (asyncpg.TransactionRollbackError, IN_THE_WAY),
)
STARTING = (
    asyncpg.CannotConnectNowError,  # 57P03
    asyncpg.ConnectionDoesNotExistError,  # it went in the middle of that
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    OSError,  # also TimeoutError, and a socket that is not there
)
AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)


@contextmanager
def explained(address: Address) -> Iterator[None]:
    """
    Raise what a driver says of the database at *address* as a sentence for whoever runs the program.

    Raises:
        DatabaseRefused: Instead of the driver's and the ORM's errors. Other errors are left as they are.
    """
    try:
        yield
    except Exception as error:
        refusal = _refusal(address, of_driver(error))
        if refusal is None:
            raise
        raise refusal from error


def of_driver(error: Exception) -> Exception:
    """Return the driver's own error where the ORM has wrapped it."""
    if isinstance(error, BaseORMException):
        inner = error.args[0] if error.args else None
        return next((one for one in (inner, error.__cause__) if isinstance(one, Exception)), error)
    return error


def _refusal(address: Address, error: Exception) -> DatabaseRefused | None:
    if isinstance(address, SqliteFile):
        return _of_sqlite(address, error)
    return _of_postgres(address, error)


def _of_sqlite(address: SqliteFile, error: Exception) -> DatabaseRefused | None:
    if isinstance(error, TimeoutError):
        return DatabaseRefused(LOCKED.format(address))
    if not isinstance(error, sqlite3.DatabaseError | BaseORMException):
        return None
    if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError | IntegrityError):
        return None
    name = getattr(error, "sqlite_errorname", "").split("_")  # SQLITE_BUSY_RECOVERY is a kind of SQLITE_BUSY
    return DatabaseRefused(SQLITE.get(name[1] if len(name) > 1 else "", OTHER_TABLES).format(address))


def _of_postgres(address: PostgresDatabase, error: Exception) -> DatabaseRefused | None:
    for kind, sentence in POSTGRES:
        if isinstance(error, kind):
            return DatabaseRefused(sentence.format(address))
    # The driver has no class of its own for a server that offers no TLS.
    if isinstance(error, ssl.SSLError) or (address.ssl and type(error) is ConnectionError):
        return DatabaseRefused(NO_TLS.format(address))
    if isinstance(error, socket.gaierror):
        later = DatabaseStarting if error.errno == socket.EAI_AGAIN else DatabaseAway
        return later(NO_HOST.format(address))
    if isinstance(error, STARTING):
        return DatabaseStarting(NO_ANSWER.format(address))
    if isinstance(error, AWAY):
        return DatabaseAway(NO_ANSWER.format(address))
    if isinstance(error, IntegrityError | asyncpg.IntegrityConstraintViolationError):
        return None
    if isinstance(error, asyncpg.PostgresError | BaseORMException):
        return DatabaseRefused(OTHER_TABLES.format(address))
    return None
