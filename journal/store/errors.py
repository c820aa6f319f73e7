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


class DatabaseUnavailable(DatabaseRefused):
    """A database that does not answer now, and may answer later."""


class DatabaseStarting(DatabaseUnavailable):
    """A database that is not there yet as far as one can see: refused, silent, or still starting up."""


DAMAGED = (
    "The database {} is damaged. Stop the service, keep the file, and restore the latest backup into another folder:"
    " hearthside restore."
)
LOCKED = (
    "The database {} is locked by another program. Stop that program (fuser or lsof names it), then run the command"
    " again."
)
CANNOT_OPEN = (
    "The database {} cannot be opened. Check that its folder exists, and who owns the folder and the file."
)
READ_ONLY = (
    "The database {} cannot be written. Check the owner and mode of the file and its folder, and that the disk is not"
    " mounted read-only."
)
WRONG_TABLES = "The database {} does not have the tables of this version. Run: hearthside doctor."

NO_SQLITE = f"{{}} is not a database. Move the file away and restore the latest backup, or name another one: {SETTING}."
SQLITE_SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "NOTADB": NO_SQLITE,
        "CORRUPT": DAMAGED,
        "BUSY": LOCKED,
        "LOCKED": LOCKED,
        "PROTOCOL": LOCKED,
        "CANTOPEN": CANNOT_OPEN,
        "PERM": CANNOT_OPEN,
        "AUTH": CANNOT_OPEN,
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
ACCESS_DENIED = (
    f"PostgreSQL refuses the user or the password for the database {{}}. Correct them in {SETTING}, or allow the"
    " user in pg_hba.conf."
)
NO_DATABASE = f"PostgreSQL has no database {{}}. Create it with createdb, or correct its name in {SETTING}."
NO_PRIVILEGE = (
    f"The user in {SETTING} lacks rights in the database {{}}. Make that user its owner: ALTER DATABASE."
)
LOCKED_TABLES = (
    "Another program has locked tables of the database {}. Stop the service, then run the command again."
)
READ_ONLY_SERVER = (
    f"The database {{}} takes no writes: it is a standby, or set to read only. Name the primary in {SETTING}, or set"
    " default_transaction_read_only to off."
)
TOO_SLOW = (
    "A statement took longer than it may in the database {}. Run the command again when less is going on there, or"
    f" append command_timeout=seconds to {SETTING}."
)
CONFLICT = "Somebody else changed the same rows of the database {}. Run the command again."
POSTGRES_SENTENCES: tuple[tuple[type[Exception], str], ...] = (
    (asyncpg.InvalidAuthorizationSpecificationError, ACCESS_DENIED),
    (asyncpg.InvalidCatalogNameError, NO_DATABASE),
    (asyncpg.InsufficientPrivilegeError, NO_PRIVILEGE),
    (asyncpg.LockNotAvailableError, LOCKED_TABLES),
    (asyncpg.ReadOnlySQLTransactionError, READ_ONLY_SERVER),
    (asyncpg.QueryCanceledError, TOO_SLOW),
    (asyncpg.TransactionRollbackError, CONFLICT),
)
STARTING_ERRORS = (
    asyncpg.CannotConnectNowError,  # 57P03
    asyncpg.ConnectionDoesNotExistError,  # it went in the middle of that
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    OSError,  # also TimeoutError, and a socket that is not there
)
UNAVAILABLE_ERRORS = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)


@contextmanager
def translate_errors(address: Address) -> Iterator[None]:
    """
    Raise what a driver says of the database at *address* as a sentence for whoever runs the program.

    Raises:
        DatabaseRefused: Instead of the driver's and the ORM's errors. Other errors are left as they are.
    """
    try:
        yield
    except Exception as error:
        refusal = _find_refusal(address, unwrap_driver_error(error))
        if refusal is None:
            raise
        raise refusal from error


def unwrap_driver_error(error: Exception) -> Exception:
    """Return the driver's own error where the ORM has wrapped it."""
    if isinstance(error, BaseORMException):
        inner = error.args[0] if error.args else None
        return next((one for one in (inner, error.__cause__) if isinstance(one, Exception)), error)
    return error


def _find_refusal(address: Address, error: Exception) -> DatabaseRefused | None:
    if isinstance(address, SqliteFile):
        return _find_sqlite_refusal(address, error)
    return _find_postgres_refusal(address, error)


def _find_sqlite_refusal(address: SqliteFile, error: Exception) -> DatabaseRefused | None:
    if isinstance(error, TimeoutError):
        return DatabaseRefused(LOCKED.format(address))
    if not isinstance(error, sqlite3.DatabaseError | BaseORMException):
        return None
    if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError | IntegrityError):
        return None
    name = getattr(error, "sqlite_errorname", "").split("_")  # SQLITE_BUSY_RECOVERY is a kind of SQLITE_BUSY
    return DatabaseRefused(
        SQLITE_SENTENCES.get(name[1] if len(name) > 1 else "", WRONG_TABLES).format(address)
    )


def _find_postgres_refusal(address: PostgresDatabase, error: Exception) -> DatabaseRefused | None:
    for kind, sentence in POSTGRES_SENTENCES:
        if isinstance(error, kind):
            return DatabaseRefused(sentence.format(address))
    # The driver has no class of its own for a server that offers no TLS.
    if isinstance(error, ssl.SSLError) or (address.ssl and type(error) is ConnectionError):
        return DatabaseRefused(NO_TLS.format(address))
    if isinstance(error, socket.gaierror):
        later = DatabaseStarting if error.errno == socket.EAI_AGAIN else DatabaseUnavailable
        return later(NO_HOST.format(address))
    if isinstance(error, STARTING_ERRORS):
        return DatabaseStarting(NO_ANSWER.format(address))
    if isinstance(error, UNAVAILABLE_ERRORS):
        return DatabaseUnavailable(NO_ANSWER.format(address))
    if isinstance(error, IntegrityError | asyncpg.IntegrityConstraintViolationError):
        return None
    if isinstance(error, asyncpg.PostgresError | BaseORMException):
        return DatabaseRefused(WRONG_TABLES.format(address))
    return None
