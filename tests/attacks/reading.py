"""
What a page reads of the database: where it would be answered as before, it need not be asked for again.

What a page asks the database first hangs on nothing that the database holds, and whatever it asks next on what it was
answered. So where everything that it asked has the same answer still, it asks the same and shows the same.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tortoise.exceptions import BaseORMException

from journal.store.database import get_connection, is_sqlite
from journal.store.foreign_objects import load_models
from tests.portal.conftest import Portal
from tests.portal.test_statements import counted

TABLES = frozenset(str(model._meta.db_table) for model in load_models())
Look = tuple[str | None, str]
"""Who asks, and for which page."""
Statement = tuple[str, tuple[Any, ...]]
"""What was asked, and its values; SQLite's have them in them."""
Answers = dict[Statement, Any]

_noted: ContextVar[list[Statement] | None] = ContextVar("noted", default=None)


@dataclass
class Readings:
    """
    What each page asked, what was answered when all was well, and what had another answer once they were all opened.

    What pages write, others may show: those that write, and those that ask what has another answer then, are made anew
    each time.
    """

    asked: dict[Look, frozenset[Statement]] = field(default_factory=dict)
    usual: Answers = field(default_factory=dict)
    written: frozenset[Statement] = frozenset()

    @asynccontextmanager
    async def noting(self, portal: Portal, look: Look) -> AsyncIterator[None]:
        """Note what a page asks that is asked for meanwhile, and nothing beside it."""
        async with _statements(portal) as asked:
            yield
        self.asked[look] = frozenset(asked)

    def settle(self, usual: Answers, opened: Answers) -> None:
        """Note what is answered when all is well, and what was once every page had been opened."""
        self.usual, self.written = usual, frozenset(one for one in usual if usual[one] != opened[one])

    def statements(self, *tables: str) -> frozenset[Statement]:
        """Return everything that was asked, or what was asked of certain tables."""
        asked = frozenset[Statement]().union(*self.asked.values())
        return frozenset(one for one in asked if not tables or _tables_in([one[0]]).intersection(tables))

    def may_differ(self, now: Answers) -> set[Look]:
        """Return the pages that may be others than they were, as what may have other answers is answered *now*."""
        changed = self.written | {one for one, answer in now.items() if answer != self.usual[one]}
        return {
            look for look, asked in self.asked.items() if asked & changed or not all(map(_only_reads, asked))
        }


def answers_of_file(path: Path, statements: Collection[Statement]) -> Answers:
    """Ask an SQLite file; what cannot be answered has another answer each time."""
    answers: Answers = {}
    with closing(sqlite3.connect(path)) as there:
        there.text_factory = bytes  # which may be no text
        for one in statements:
            try:
                answers[one] = there.execute(one[0]).fetchall() if _only_reads(one) else None
            except sqlite3.Error:
                answers[one] = object()
    return answers


async def answers_of_postgres(statements: Collection[Statement]) -> Answers:
    """Ask the PostgreSQL database in use; what cannot be answered has another answer each time."""
    answers: Answers = {}
    for one in statements:
        try:
            _, rows = (
                await get_connection().execute_query(one[0], list(one[1])) if _only_reads(one) else (0, ())
            )
            answers[one] = [tuple(row.values()) for row in rows]
        except (BaseORMException, asyncpg.PostgresError, ValueError, OverflowError, TypeError):
            answers[one] = object()
    return answers


def _only_reads(statement: Statement) -> bool:
    return statement[0].lstrip().upper().startswith("SELECT")


def _tables_in(statements: Iterable[str]) -> frozenset[str]:
    """Return the tables that occur in statements, and perhaps some that only a value in them is called like."""
    return TABLES.intersection(re.findall(r"\w+", " ".join(statements)))


@asynccontextmanager
async def _statements(portal: Portal) -> AsyncIterator[list[Statement]]:
    asked: list[Statement] = []
    if is_sqlite():
        async with counted(portal) as with_values:
            yield asked
        asked += [(one, ()) for one in with_values]
    else:
        with _sent_to_postgres(asked):
            yield asked


@contextmanager
def _sent_to_postgres(asked: list[Statement]) -> Iterator[None]:
    def noting(method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def notes(connection: Any, sql: str, *args: Any, **named: Any) -> Any:
            if _noted.get() is asked:  # not what is done beside the page
                asked.append((sql, args))
            return await method(connection, sql, *args, **named)

        return notes

    with pytest.MonkeyPatch.context() as patch:
        for name in ("fetch", "fetchrow", "fetchval", "execute", "executemany"):
            patch.setattr(asyncpg.Connection, name, noting(getattr(asyncpg.Connection, name)))
        before = _noted.set(asked)
        try:
            yield
        finally:
            _noted.reset(before)
