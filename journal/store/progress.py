"""
What one act has sent to the database, so that an act that was refused can be told from one that may have been saved.

An act that has changed nothing yet is repeated when the database refuses it for what others do at the same moment.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from random import uniform
from typing import ParamSpec, TypeVar

import asyncpg
from tortoise.exceptions import DBConnectionError

from journal.store.errors import unwrap_driver_error

P = ParamSpec("P")
T = TypeVar("T")

RETRY_DELAYS = (0.05, 0.2)  # seconds before the second and the third try, at least; twice as long at most
MAX_RETRY_SECONDS = 8.0  # seconds after the first try in which another one begins

TRANSIENT_ERRORS = (
    asyncpg.SerializationError,  # 40001
    asyncpg.DeadlockDetectedError,  # 40P01
    asyncpg.LockNotAvailableError,  # 55P03
    asyncpg.ReadOnlySQLTransactionError,  # 25006: a standby that is about to be promoted
)
WRITE_KEYWORDS = ("INSERT", "UPDATE", "DELETE", "WITH")
TRANSIENT_SQLITE_ERRORS = ("SQLITE_BUSY", "SQLITE_LOCKED")
UNKNOWN_OUTCOME_ERRORS = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.StatementCompletionUnknownError,
)


@dataclass(slots=True)
class Progress:
    """
    How many commits one act has sent of which the database has not said that they came to nothing.

    Those in `side_commits` are no part of what was asked for, as a counted try of a password is not: when it is
    undone all the same, nothing was saved. It is not repeated even so.
    """

    commits: int = 0
    side_commits: int = 0


_is_side_commit: ContextVar[bool] = ContextVar("is_side_commit", default=False)
_progress: ContextVar[Progress | None] = ContextVar("progress", default=None)


@contextmanager
def track_commit() -> Iterator[None]:
    """Note that the block commits something, unless the database says that it did not."""
    progress = _progress.get()
    if progress is None:
        yield
        return
    kind = "side_commits" if _is_side_commit.get() else "commits"
    setattr(progress, kind, getattr(progress, kind) + 1)
    try:
        yield
    except BaseException as error:
        if is_rolled_back(error):
            setattr(progress, kind, getattr(progress, kind) - 1)
        raise


def commit_aside(act: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Return *act*, which commits nothing of what somebody asked for."""

    @wraps(act)
    async def wrapper(*args: P.args, **named: P.kwargs) -> T:
        token = _is_side_commit.set(True)
        try:
            return await act(*args, **named)
        finally:
            _is_side_commit.reset(token)

    return wrapper


def is_writing(sql: str) -> bool:
    """Return whether a statement changes rows, and outside of a transaction does so for good."""
    return sql.lstrip()[:6].upper().startswith(WRITE_KEYWORDS)


def is_rolled_back(error: BaseException) -> bool:
    """Return whether what was being committed when *error* came is certainly not there."""
    if isinstance(error, DBConnectionError):  # it never reached the database
        return True
    cause = unwrap_driver_error(error) if isinstance(error, Exception) else error
    if isinstance(cause, asyncpg.QueryCanceledError | sqlite3.Error):
        return True
    return isinstance(cause, asyncpg.PostgresError) and not isinstance(cause, UNKNOWN_OUTCOME_ERRORS)


def is_transient(error: Exception) -> bool:
    """Return whether the same act may well succeed in a moment: others were in its way."""
    cause = unwrap_driver_error(error)
    name = getattr(cause, "sqlite_errorname", "")
    return isinstance(cause, TRANSIENT_ERRORS) or name.startswith(TRANSIENT_SQLITE_ERRORS)


async def run_with_retry(act: Callable[[], Awaitable[T]], progress: Progress | None = None) -> T:
    """
    Run *act*, and once or twice more if others were in its way before it had changed anything.

    What an act does outside of the database must be good to do twice. A part of an act, as a whole transaction is, can
    be repeated where the act cannot; what it has sent counts for the act as well.

    Args:
        act: It is called again for each try.
        progress: Is told what the act has sent.
    """
    progress, loop, around = progress or Progress(), asyncio.get_running_loop(), _progress.get()
    until = loop.time() + MAX_RETRY_SECONDS
    for pause in (*RETRY_DELAYS, None):
        token = _progress.set(progress)
        try:
            return await act()
        except Exception as error:
            if (
                pause is None
                or progress.commits
                or progress.side_commits
                or not is_transient(error)
                or loop.time() > until
            ):
                raise
        finally:
            _progress.reset(token)
            if around is not None:  # where something was sent, this was the last try
                around.commits += progress.commits
                around.side_commits += progress.side_commits
        await asyncio.sleep(uniform(pause, 2 * pause))  # noqa: S311 - it keeps two acts out of step, no secret
    raise AssertionError  # the last try returns or raises
