"""
Rows with the types that their columns are meant to have.

SQLite keeps whatever is written: text where bytes belong, a number for a date, letters in no encoding. PostgreSQL keeps
dates that no calendar has. A row that holds such a value is damaged, and no other row is: a list gives it a place and
shows the rest, and whoever needs that one row gets `Damaged`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any, Self, TypeVar
from uuid import UUID

import msgspec
from tortoise.queryset import QuerySet

from journal.errors import Damaged
from journal.store.database import fetch_raw
from journal.time_zones import FIRST_YEAR, LAST_YEAR

NonNegative = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
"""A count or a revision."""

Timestamp = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time with its zone, of a year between `FIRST_YEAR` and `LAST_YEAR`."""

Flag = bool | Annotated[int, msgspec.Meta(ge=0, le=1)]
"""Yes or no, which SQLite writes as a number."""

JoinedValue = Any
"""A value out of another row, which is none the better or worse for it: `as_bytes` reads it."""


class Row(msgspec.Struct, frozen=True, array_like=True):
    """
    One row: its fields are columns, in the order in which a statement asks for them.

    A field that is called otherwise than its column has that as its name: `msgspec.field(name="patient__sealed")`.
    """


class IdRow(Row, frozen=True):
    """A row of which the id is enough."""

    id: UUID


@dataclass(frozen=True, slots=True)
class DamagedRow:
    """A row in which a column holds what Hearthside never writes; `readable` are the values that can be read."""

    readable: Mapping[str, Any]

    @property
    def id(self) -> UUID | None:
        """Return the row's id, if it can be read."""
        ident: UUID | None = self.readable.get("id")
        return ident


R = TypeVar("R", bound=Row)
T = TypeVar("T")


class OpenedRows(tuple[T, ...]):
    """The opened rows of a list; `damaged` are the ids of the others, or None for one without an id."""

    damaged: tuple[UUID | None, ...]

    def __new__(cls, items: Iterable[T] = (), damaged: Iterable[UUID | None] = ()) -> Self:
        """Build the list of *items*, with the ids of the damaged rows."""
        made = super().__new__(cls, tuple(items))
        made.damaged = tuple(damaged)
        return made


@dataclass(frozen=True, slots=True)
class _RowType:
    """A kind of row as `msgspec` needs it. `timestamps` are the fields that hold times."""

    list_type: Any
    fields: tuple[tuple[str, Any], ...]
    timestamps: tuple[str, ...]


def parse_rows(row_type: type[R], raw: Sequence[Sequence[Any]]) -> list[R | DamagedRow]:
    """Return rows of a bare statement as *row_type*, in their order; one of other types as a `DamagedRow`."""
    shape = _get_row_type(row_type)
    if raw and type(raw[0]) is not tuple:
        raw = [tuple(row) for row in raw]
    try:
        rows: list[R | DamagedRow] = msgspec.convert(raw, shape.list_type, builtin_types=(bytes,))
    except msgspec.ValidationError:
        return [_parse_row(row_type, shape, row) for row in raw]
    for place, row in enumerate(rows):
        for name in shape.timestamps:
            moment = getattr(row, name)
            if moment is not None and not FIRST_YEAR <= moment.year <= LAST_YEAR:
                rows[place] = _build_damaged_row(shape, raw[place])
    return rows


def filter_undamaged(rows: Iterable[R | DamagedRow]) -> list[R]:
    """Return the rows that are not damaged."""
    return [row for row in rows if not isinstance(row, DamagedRow)]


def require_undamaged(row: R | DamagedRow) -> R:
    """Return the row; raises `Damaged` if it is damaged."""
    if isinstance(row, DamagedRow):
        raise Damaged
    return row


def get_column(row: Row | DamagedRow, name: str) -> Any:
    """Return one column of a row that may be damaged, or None where it cannot be read."""
    return row.readable.get(name) if isinstance(row, DamagedRow) else getattr(row, name)


def as_bytes(value: JoinedValue) -> bytes:
    """Return *value* if it is bytes, else empty bytes, which never open."""
    return value if isinstance(value, bytes) else b""


def parse_first_row(row_type: type[R], raw: Sequence[Sequence[Any]]) -> R | None:
    """Return the first row of a bare statement as *row_type*, or None; raises `Damaged` when it is not of its types."""
    return next((require_undamaged(row) for row in parse_rows(row_type, raw[:1])), None)


async def fetch_rows(
    row_type: type[R], query: QuerySet[Any], columns: Sequence[str] | None = None
) -> list[R | DamagedRow]:
    """
    Run *query* past the ORM's own reading, which ends at the first wrong value.

    Args:
        columns: What to ask for; the names of *row_type* unless given.
    """
    asked = query.values_list(*(columns or row_type.__struct_encode_fields__))
    asked.sql()  # puts the statement together
    sql, values = asked.query.get_parameterized_sql()
    return parse_rows(row_type, await fetch_raw(sql, *values))


async def fetch_row(row_type: type[R], query: QuerySet[Any]) -> R | None:
    """Return the first row of *query*, or None; raises `Damaged` when it is not of its types."""
    return next((require_undamaged(row) for row in await fetch_rows(row_type, query.limit(1))), None)


def open_rows(rows: Iterable[R | DamagedRow], open_row: Callable[[R], T]) -> OpenedRows[T]:
    """Open every row that can be opened; collect the ids of the others."""
    found, damaged = [], []
    for row in rows:
        try:
            found.append(open_row(require_undamaged(row)))
        except Damaged:
            damaged.append(get_column(row, "id"))
    return OpenedRows(found, damaged)


def _parse_row(kind: type[R], row_type_info: _RowType, raw: Sequence[Any]) -> R | DamagedRow:
    known = _parse_columns(row_type_info, raw)
    return kind(**known) if len(known) == len(row_type_info.fields) else DamagedRow(known)


def _build_damaged_row(shape: _RowType, raw: Sequence[Any]) -> DamagedRow:
    return DamagedRow(_parse_columns(shape, raw))


def _parse_columns(shape: _RowType, raw: Sequence[Any]) -> dict[str, Any]:
    """Read each column for itself."""
    known = {}
    for (name, kind), value in zip(shape.fields, raw, strict=True):
        try:
            read = msgspec.convert(value, kind, builtin_types=(bytes,))
        except msgspec.ValidationError:
            continue
        if not isinstance(read, datetime) or FIRST_YEAR <= read.year <= LAST_YEAR:
            known[name] = read
    return known


@lru_cache
def _get_row_type(kind: type[R]) -> _RowType:
    fields = tuple((one.name, one.type) for one in msgspec.structs.fields(kind))
    moments = tuple(name for name, of in fields if of == Timestamp or of == Timestamp | None)
    return _RowType(list[kind], fields, moments)  # type: ignore[valid-type]
