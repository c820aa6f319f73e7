"""
Group commit for SQLite: writes that wait while another is being committed share the next commit.

Each is answered after that commit, and each fails alone: where one of them fails, all are run again, each with a
savepoint of its own.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from tortoise.exceptions import IntegrityError, OperationalError

MAX_GROUP_SIZE = 32  # writes in one commit: nobody waits for more than these

BoundStatement = tuple[str, list[object], bool]
"""A statement with its values, and whether it may change nothing."""
Outcome = int | Exception | None
"""None when each statement changed something, the place of the first that did not, or the error."""


class GroupCommit:
    """The writes that wait for one connection."""

    def __init__(self, acquire: Callable[[], AbstractAsyncContextManager[Any]]) -> None:
        """Set what returns the connection."""
        self._acquire = acquire
        self._waiting: list[tuple[Sequence[BoundStatement], asyncio.Future[int | None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def run(self, statements: Sequence[BoundStatement]) -> int | None:
        """Run statements as one transaction, and return when it is on the disk, as `database.execute_all` does."""
        mine: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((statements, mine))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        return await mine

    async def _write(self) -> None:
        """Write until nothing waits."""
        try:
            while self._waiting:
                await self._write_group()
        finally:
            self._writing = None

    async def _write_group(self) -> None:
        some, before = [], len(self._waiting)
        try:
            async with self._acquire() as held:
                waiting = [
                    one for one in self._waiting if not one[1].done()
                ]  # some are not waited for any more
                some, self._waiting = waiting[:MAX_GROUP_SIZE], waiting[MAX_GROUP_SIZE:]
                # aiosqlite has no public way to run a function on its thread.
                outcomes = await held._execute(run_groups, held._conn, [lines for lines, _ in some])  # noqa: SLF001
        except BaseException as error:
            if not some:  # no connection came
                some, self._waiting = self._waiting[:before], self._waiting[before:]
            for _, future in some:
                _set_outcome(future, error if isinstance(error, Exception) else OperationalError(error))
            if not isinstance(error, Exception):
                raise
            return
        for (_, future), outcome in zip(some, outcomes, strict=True):
            _set_outcome(future, outcome)


def _set_outcome(future: asyncio.Future[int | None], outcome: Outcome) -> None:
    if future.done():
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)


def run_groups(connection: sqlite3.Connection, groups: Sequence[Sequence[BoundStatement]]) -> list[Outcome]:
    """Run groups of statements in one transaction, or each in its own where that one is lost."""
    if len(groups) > 1:
        try:
            return _run_groups_in_one(connection, groups)
        except sqlite3.Error as error:
            _roll_back(connection)
            if _is_busy(error):
                return [_wrap_error(error) for _ in groups]
    outcomes: list[Outcome] = []
    for lines in groups:
        try:
            outcomes.append(_run_alone(connection, lines))
        except sqlite3.Error as error:  # the others would wait as long for nothing
            return outcomes + [_wrap_error(error) for _ in groups[len(outcomes) :]]
    return outcomes


def _run_groups_in_one(
    connection: sqlite3.Connection, groups: Sequence[Sequence[BoundStatement]]
) -> list[Outcome]:
    connection.execute("BEGIN IMMEDIATE")
    if _can_run_together(connection, groups):
        connection.execute("COMMIT")
        return [None for _ in groups]
    _roll_back(connection)
    connection.execute("BEGIN IMMEDIATE")
    outcomes: list[Outcome] = []
    for lines in groups:
        connection.execute("SAVEPOINT one")
        try:
            outcome: Outcome = _find_unchanged(connection, lines)
        except Exception as error:  # also one of Python's, about a value that SQLite cannot take
            if not connection.in_transaction:
                raise  # SQLite has undone the others as well
            outcome = _wrap_error(error)
        if outcome is not None:
            connection.execute("ROLLBACK TO one")
        connection.execute("RELEASE one")
        outcomes.append(outcome)
    connection.execute("COMMIT")
    return outcomes


def _can_run_together(connection: sqlite3.Connection, groups: Sequence[Sequence[BoundStatement]]) -> bool:
    """Run groups one after the other; return False, and the caller has to roll back, when one of them fails."""
    try:
        return all(_find_unchanged(connection, lines) is None for lines in groups)
    except sqlite3.OperationalError:
        raise  # the file, the disk or the time: no fault of one of them
    except Exception:  # noqa: BLE001 - whose it is shows when each is a savepoint
        return False


def _run_alone(connection: sqlite3.Connection, lines: Sequence[BoundStatement]) -> Outcome:
    """Run a group in a transaction of its own; raises `sqlite3.Error` while another process holds the file."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        place = _find_unchanged(connection, lines)
        connection.execute("COMMIT" if place is None else "ROLLBACK")
    except Exception as error:
        _roll_back(connection)
        if isinstance(error, sqlite3.Error) and _is_busy(error):
            raise
        return _wrap_error(error)
    return place


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _is_busy(error: sqlite3.Error) -> bool:
    """Return whether another process holds the file: each write waits its whole patience for that."""
    return getattr(error, "sqlite_errorname", "").startswith("SQLITE_BUSY")


def _find_unchanged(connection: sqlite3.Connection, lines: Sequence[BoundStatement]) -> int | None:
    for place, (sql, values, if_there) in enumerate(lines):
        if not connection.execute(sql, values).rowcount and not if_there:
            return place
    return None


def _wrap_error(error: Exception) -> Exception:
    """Return an error of SQLite's as the ORM raises it."""
    if isinstance(error, sqlite3.IntegrityError):
        return IntegrityError(error)
    return OperationalError(error) if isinstance(error, sqlite3.OperationalError) else error
