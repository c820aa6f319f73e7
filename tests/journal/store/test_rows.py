"""One reader of rows: what is not of its column's type is damaged, for that row alone, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.errors import Damaged
from journal.key_rotation import tables as key_rotation_tables
from journal.store.database import Store, execute, fetch_raw, is_sqlite, transaction
from journal.store.rows import (
    DamagedRow,
    Flag,
    JoinedValue,
    NonNegative,
    OpenedRows,
    Row,
    Timestamp,
    as_bytes,
    fetch_row,
    fetch_rows,
    filter_undamaged,
    get_column,
    open_rows,
    parse_first_row,
    parse_rows,
    require_undamaged,
)
from journal.time_zones import FIRST_YEAR, LAST_YEAR

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Mixed(Row, frozen=True):
    """A column of every type."""

    id: UUID
    revision: NonNegative
    sealed: bytes
    at: Timestamp
    until: Timestamp | None
    ready: Flag
    word: str
    other: JoinedValue


class WorkerRow(Row, frozen=True):
    """A row of a table that nothing hangs on."""

    id: UUID
    key_mark: str
    seen_at: Timestamp


IDENT = uuid4()
GOOD = (str(IDENT), 3, b"sealed", "2026-11-22 12:00:00+00:00", None, 1, "word", object())
WRONG: tuple[tuple[str, object], ...] = (
    ("id", "not an id"), ("id", None), ("id", 7), ("id", b"short"), ("id", ""),
    ("revision", "3"), ("revision", -1), ("revision", 2**31), ("revision", 2**63 - 1), ("revision", 3.0),
    ("revision", True), ("revision", None), ("sealed", "text"), ("sealed", "c2VhbGVk"), ("sealed", None), ("sealed", 5),
    ("at", "yesterday"), ("at", "2026-11-22 12:00:00"), ("at", "2026-13-45 99:99:99+00:00"), ("at", ""), ("at", 5),
    ("at", b"2026-11-22 12:00:00+00:00"), ("at", None), ("at", "9999-12-31 23:59:59.999999+00:00"),
    ("at", "0001-01-01 00:00:00+14:00"), ("at", datetime.min), ("at", datetime.max), ("until", "never"), ("until", 0),
    ("until", "1969-12-31 23:59:59+00:00"), ("ready", 2), ("ready", "yes"), ("ready", None), ("word", b"\xc3\x28"),
    ("word", 9e999), ("word", None),
)  # fmt: skip
NAMES = Mixed.__struct_fields__


def row_with(name: str, value: object) -> tuple[object, ...]:
    """A good row with one value in the place of another."""
    place = NAMES.index(name)
    return (*GOOD[:place], value, *GOOD[place + 1 :])


def test_a_good_row_is_read_as_it_was_written() -> None:
    """Text becomes ids and times, as the same values do that come as such."""
    other = (IDENT, 3, b"sealed", NOW, None, True, "word", None)
    for row in parse_rows(Mixed, [GOOD, other]):
        one = require_undamaged(row)
        assert (one.id, one.revision, one.sealed, one.at, one.until) == (IDENT, 3, b"sealed", NOW, None)
        assert one.ready
    assert parse_first_row(Mixed, []) is None


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_one_wrong_value_damages_its_row_alone(name: str, value: object) -> None:
    """The rows around it are whole, and all that can be read of it is known."""
    before, wrong, after = parse_rows(Mixed, [GOOD, row_with(name, value), GOOD])
    assert filter_undamaged([before, wrong, after]) == [require_undamaged(before), require_undamaged(after)]
    assert isinstance(wrong, DamagedRow)
    assert wrong.readable.keys() == set(NAMES) - {name}
    assert wrong.id == (None if name == "id" else IDENT)
    assert get_column(wrong, name) is None
    assert get_column(before, "revision") == get_column(after, "revision") == 3
    with pytest.raises(Damaged):
        require_undamaged(wrong)
    with pytest.raises(Damaged):
        parse_first_row(Mixed, [row_with(name, value), GOOD])


@given(
    st.lists(
        st.tuples(
            st.sampled_from(NAMES[:-1]),
            st.none()
            | st.integers()
            | st.floats()
            | st.text()
            | st.binary()
            | st.booleans()
            | st.datetimes(),
        ),
        max_size=6,
    )
)
def test_nothing_that_a_cell_can_hold_ends_the_reading(cells: list[tuple[str, object]]) -> None:
    """Whatever the values, as many rows come out as went in, and each that is whole is of its types."""
    rows = parse_rows(Mixed, [row_with(*cell) for cell in cells])
    assert len(rows) == len(cells)
    for row in filter_undamaged(rows):
        assert FIRST_YEAR <= row.at.year <= LAST_YEAR
        assert 0 <= row.revision < 2**31
        assert isinstance(row.sealed, bytes)
        assert isinstance(row.id, UUID)


def test_a_list_names_what_could_not_be_opened() -> None:
    """By its id where that can be read: wrong types, and what does not open, alike."""
    closed = uuid4()

    def opened(row: Mixed) -> UUID:
        if row.id == closed:
            raise Damaged
        return row.id

    rows = parse_rows(Mixed, [GOOD, row_with("id", str(closed)), row_with("id", 5), row_with("at", "never")])
    found = open_rows(rows, opened)
    assert found.damaged == (closed, None, IDENT)
    assert list(found) == [IDENT]
    assert OpenedRows() == ()


def test_a_value_of_another_row_damages_nothing() -> None:
    """It is read where it is needed, and opens nowhere when it is of the wrong type."""
    assert as_bytes(b"bytes") == b"bytes"
    assert as_bytes("text") == as_bytes(None) == as_bytes(7) == b""


def test_names_of_columns_can_differ_from_those_of_fields() -> None:
    """A column that is reached through another table has a name of its own."""

    class Through(Row, frozen=True):
        """A column of another table."""

        sealed: JoinedValue = msgspec.field(name="account__sealed")

    assert Through.__struct_encode_fields__ == ("account__sealed",)


async def workers(
    url: str, *values: str
) -> tuple[list[WorkerRow | DamagedRow], list[WorkerRow | DamagedRow]]:
    """Read a table with three good rows and one for each of *values*, by a bare statement and through the ORM."""
    store = await Store.open(url)
    with store.use():
        for number in range(3):
            await key_rotation_tables.Worker.create(id=uuid4(), key_mark=f"mark {number}", seen_at=NOW)
        for value in values:
            ident = uuid4()
            await key_rotation_tables.Worker.create(
                id=ident, key_mark="wrong", seen_at=NOW - timedelta(days=1)
            )
            assert await execute(f"UPDATE worker SET {value} WHERE id = $1", ident)
        bare = parse_rows(WorkerRow, await fetch_raw("SELECT id, key_mark, seen_at FROM worker"))
        async with transaction():  # on a connection of its own
            asked = await fetch_rows(WorkerRow, key_rotation_tables.Worker.all().order_by("key_mark"))
        only = await fetch_row(WorkerRow, key_rotation_tables.Worker.filter(key_mark="mark 1"))
        assert only is not None
        assert only.key_mark == "mark 1"
        assert await fetch_row(WorkerRow, key_rotation_tables.Worker.filter(key_mark="none")) is None
    await store.close()
    return bare, asked


async def test_text_in_no_encoding_ends_no_query(sqlite_url: str) -> None:
    """SQLite hands it out as it is, and Python's own reading would give up every row for it."""
    wrong = (
        "key_mark = CAST(x'c328a0a1' AS TEXT)",
        "seen_at = CAST(x'ff' AS TEXT)",
        "seen_at = 7",
        "id = x'00ff'",
    )
    for rows in await workers(sqlite_url, *wrong):
        assert sorted(row.key_mark for row in filter_undamaged(rows)) == ["mark 0", "mark 1", "mark 2"]
        assert len(rows) == 3 + len(wrong)


async def test_a_date_that_no_calendar_has_ends_no_query(postgres_url: str) -> None:
    """PostgreSQL knows more years than Python, and times without end."""
    wrong = tuple(
        f"seen_at = '{when}'" for when in ("infinity", "-infinity", "294276-12-31", "0044-03-15 BC")
    )
    for rows in await workers(postgres_url, *wrong):
        assert sorted(row.key_mark for row in filter_undamaged(rows)) == ["mark 0", "mark 1", "mark 2"]
        assert len(rows) == 3 + len(wrong)


async def test_times_go_to_the_database_and_back_unchanged(database_url: str) -> None:
    """To the microsecond, in every part of the range, whatever zone they were written in."""
    store = await Store.open(database_url)
    times = [
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(1999, 12, 31, 23, 59, 59, 999999, UTC),
        datetime(2026, 3, 29, 1, 30, 0, 1, UTC),
        datetime(9998, 12, 31, 23, 59, 59, 999999, UTC),
    ]
    with store.use():
        for when in times:
            await key_rotation_tables.Worker.create(id=uuid4(), key_mark="", seen_at=when)
        rows = filter_undamaged(
            await fetch_rows(WorkerRow, key_rotation_tables.Worker.all().order_by("seen_at"))
        )
        assert [row.seen_at for row in rows] == times
        for when in times:
            assert len(await fetch_raw("SELECT id FROM worker WHERE seen_at = $1", when)) == 1
        assert is_sqlite() == database_url.startswith("sqlite:")
    await store.close()
