"""Values as they go into statements that are written out, and as they come back: the drivers differ in both."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID


@lru_cache
def with_question_marks(sql: str) -> str:
    """Write places for values as SQLite does."""
    return re.sub(r"\$\d+", "?", sql)


def as_text(values: Sequence[object]) -> list[object]:
    """Write ids and times as the ORM does."""
    return [
        str(value)
        if isinstance(value, UUID)
        else value.isoformat(" ")
        if isinstance(value, datetime)
        else value
        for value in values
    ]


def key_of(value: object) -> UUID:
    """Read an id that is known to be one: SQLite gives text, PostgreSQL and the ORM a UUID."""
    return value if isinstance(value, UUID) else _id_of(str(value))


@lru_cache(maxsize=32_768)  # a page reads some eighty ids, and reading one takes as long as opening a record
def _id_of(text: str) -> UUID:
    return UUID(text)


def time_of(value: Any) -> datetime:
    """Read a time as it comes from a bare query: SQLite gives text, PostgreSQL a datetime."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)
