"""
Statements that are written out: the values in them, which each driver takes in its own way, and several made one.

Several are one statement of PostgreSQL's: one way to the server and back, and not one for each. Of changes, each is a
part of a `WITH`. They see the rows as they were before all of them, so none may build on another.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec

_PLACEHOLDER = re.compile(r"\$([0-9]+)")


def _shift_placeholders(sql: str, by: int) -> str:
    return _PLACEHOLDER.sub(lambda place: f"${int(place[1]) + by}", sql)


@dataclass(frozen=True, slots=True)
class Subquery:
    """A value that the database finds by a SELECT, which takes one value itself, as `$1`."""

    sql: str
    value: object


def write_subqueries(sql: str, values: Sequence[object]) -> tuple[str, tuple[object, ...]]:
    """Write each `Subquery` among the values into the statement; it takes its own value in that place."""
    nested = tuple(value.sql if isinstance(value, Subquery) else "" for value in values)
    if not any(nested):
        return sql, tuple(values)
    return _insert_subqueries(sql, nested), tuple(
        value.value if isinstance(value, Subquery) else value for value in values
    )


@lru_cache(maxsize=256)
def _insert_subqueries(sql: str, selects: tuple[str, ...]) -> str:
    def write_select(place: re.Match[str]) -> str:
        select = selects[int(place[1]) - 1]
        return f"({select.replace('$1', place[0])})" if select else place[0]

    return _PLACEHOLDER.sub(write_select, sql)


@lru_cache(maxsize=256)
def combine_selects(selects: tuple[tuple[str, int], ...]) -> str:
    """
    Return one SELECT for several: its row has a column for each of them, an array of its rows.

    Args:
        selects: Each as it is written, with how many values it takes. The statement takes all values in their order.
    """
    columns, before = [], 0
    for number, (sql, values) in enumerate(selects):
        columns.append(f"ARRAY(SELECT s{number} FROM ({_shift_placeholders(sql, before)}) s{number})")  # noqa: S608 - as written
        before += values
    return f"SELECT {', '.join(columns)}"


@lru_cache(maxsize=256)
def combine_statements(changes: tuple[tuple[str, int, bool], ...]) -> str:
    """
    Return one statement for several.

    It divides by zero, and nothing is changed, where one of them changes no row that has to.

    Args:
        changes: Each as it is written, with how many values it takes, and whether it may change nothing. The statement
            takes all values in their order.
    """
    parts, before = [], 0
    for number, (sql, values, _) in enumerate(changes):
        parts.append(f"s{number} AS ({_shift_placeholders(sql, before)} RETURNING 1)")
        before += values
    needed = (number for number, (*_, if_there) in enumerate(changes) if not if_there)
    each = " AND ".join(f"EXISTS (TABLE s{number})" for number in needed) or "true"
    return f"WITH {', '.join(parts)} SELECT 1 / CASE WHEN {each} THEN 1 ELSE 0 END"


@lru_cache
def use_question_marks(sql: str) -> str:
    """Write places for values as SQLite does."""
    return re.sub(r"\$\d+", "?", sql)


def convert_values(values: Sequence[object]) -> list[object]:
    """Write ids and times as the ORM does."""
    return [
        str(value)
        if isinstance(value, UUID)
        else value.isoformat(" ")
        if isinstance(value, datetime)
        else value
        for value in values
    ]


def parse_id(value: object) -> UUID:
    """Read an id that is known to be one: SQLite gives text, PostgreSQL and the ORM a UUID."""
    return value if isinstance(value, UUID) else _parse_id_text(str(value))


@lru_cache(maxsize=32_768)  # a page reads some eighty ids, and reading one takes as long as opening a record
def _parse_id_text(text: str) -> UUID:
    try:
        return msgspec.convert(text, UUID)  # takes a third of the time
    except msgspec.ValidationError:
        return UUID(text)  # which reads more spellings


def parse_time(value: Any) -> datetime:
    """Read a time as it comes from a bare query: SQLite gives text, PostgreSQL a datetime."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)
