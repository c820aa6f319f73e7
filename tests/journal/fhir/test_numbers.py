"""Tables of numbers: RFC 4180 to two readers, and no word in them that a spreadsheet runs."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from io import StringIO
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from journal.fhir import exports
from journal.fhir.exports import read_entries, read_sessions, write_numbers
from journal.fhir.numbers import guard, write_table, write_tables
from journal.records.mapping import build_answers
from journal.records.schema import CopyRecord, EntryRecord
from tests.journal.fhir.made import entry, full_journal, journals, records, session

FORMULAS = (
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "a;=1",
    "a\t=1",
    "a\n-1+1",
    "＝1",
    "\ufeff=1",
    'a;"=1&"',
    'a\n"=1',
)
BERLIN = ZoneInfo("Europe/Berlin")
DANGEROUS = "=+-@\t\r＝＋－＠"


def read_strictly(table: bytes) -> list[list[str]]:
    """Read a table by the grammar of RFC 4180, section 2, and by nothing else."""
    text, rows, row, place = table.decode(), [], [], 0
    while place < len(text):
        cell = ""
        if text[place] == '"':
            end = place + 1
            while text[end : end + 1] != '"' or text[end : end + 2] == '""':
                end += 2 if text[end : end + 2] == '""' else 1
                assert end < len(text), "a quoted cell has no end"
            cell, place = text[place + 1 : end].replace('""', '"'), end + 1
        else:
            while text[place] not in ',\r\n"':
                cell += text[place]
                place += 1
        row.append(cell)
        if text[place : place + 2] == "\r\n":
            rows.append(row)
            row, place = [], place + 2
        else:
            assert text[place] == ",", "what follows a cell is neither a comma nor the end of a line"
            place += 1
    assert not row, "the last line has no end"
    return rows


def read_as_python(table: bytes) -> list[list[str]]:
    return [*csv.reader(StringIO(table.decode(), newline=""), strict=True)]


CELLS = st.text(max_size=20) | st.sampled_from(FORMULAS) | st.integers() | st.none()


@given(rows=st.lists(st.lists(CELLS, min_size=2, max_size=2), max_size=5))
@example(rows=[['a "quoted" cell, and\r\nmore', "; =1"]])
def test_a_table_is_read_back_as_it_was_written(rows: list[list[str | int | None]]) -> None:
    """Two readers find the same cells: those that were written, but for the apostrophes."""
    table = write_table(("one", "other"), rows)
    found = read_strictly(table)
    assert found == read_as_python(table)
    assert found[0] == ["one", "other"]
    wanted = [
        ["" if one is None else guard(one) if isinstance(one, str) else str(one) for one in row]
        for row in rows
    ]
    assert found[1:] == wanted


@given(words=st.text(max_size=20) | st.sampled_from(FORMULAS))
def test_no_words_are_a_formula(words: str) -> None:
    """Wherever a spreadsheet of any country begins a cell, none begins with what a formula begins with."""
    kept = guard(words)
    assert kept.replace("'", "") == words.replace("'", "")
    for separator in (";", "\t", "\r", "\n"):
        for piece in kept.split(separator):
            begins = piece.lstrip(" \u00a0\u3000\u200b\ufeff")[:1]
            assert begins not in tuple(DANGEROUS) or kept == words == piece


@pytest.mark.parametrize("words", FORMULAS)
def test_each_known_formula_is_made_words(words: str) -> None:
    """An apostrophe stands before it."""
    assert guard(words) != words
    assert "'" in guard(words)


@pytest.mark.parametrize("words", ["-3", "-2", "97,5", "12.25", "2026-11-22", "a - b", "", "calm", "1=1"])
def test_numbers_and_usual_words_stay_as_they_are(words: str) -> None:
    """Negative numbers too; what stands inside a cell begins none."""
    assert guard(words) == words


def tables_of(entries: tuple[EntryRecord, ...]) -> dict[str, list[dict[str, str]]]:
    tables = write_tables(read_entries(entries, BERLIN), read_sessions(records().plan.sessions))
    return {
        name: [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
        for name, rows in ((name, read_strictly(table)) for name, table in tables.items())
    }


def test_a_journal_with_something_of_everything() -> None:
    """Measures item by item with their totals, readings, check-ins, day lines, ratings and sessions."""
    found = tables_of(full_journal())
    measures = found["numbers/measures.csv"]
    assert [(one["measure"], one["item_1"], one["total"]) for one in measures[:5]] == [
        ("phq9", "1", "9"),
        ("gad7", "0", "0"),
        ("pcl5-month", "4", "80"),
        ("pcl5-week", "2", "40"),
        ("phq9", "3", ""),
    ]
    assert (measures[0]["difficulty"], measures[0]["item_9"], measures[0]["item_10"]) == ("2", "1", "")
    assert (measures[5]["name"], measures[5]["total"], measures[5]["told_by"]) == (
        "MADRS",
        "14.5",
        "Dr. Elsewhere",
    )
    readings = found["numbers/readings.csv"]
    assert [(one["time"], one["systolic"], one["oxygen"]) for one in readings] == [
        ("", "", ""),
        ("13:20", "128", "98"),
        ("13:40", "131", "97.5"),
        ("00:15", "120", ""),
    ]
    (check_in,) = found["numbers/check-ins.csv"]
    assert (check_in["day"], check_in["moment"], check_in["felt"]) == ("2026-11-21", "next-day", "-1")
    assert check_in["effects_mild"] == "nausea dizziness"
    days = found["numbers/day-lines.csv"]
    assert ("2026-11-20", "'=SUM(A1)", "4") in [(one["day"], one["line"], one["value"]) for one in days]
    ratings = {
        one["question_id"]: one["value"]
        for one in found["numbers/ratings.csv"]
        if one["noted_in"] != "reframe"
    }
    assert ratings == {"int.confidence": "6", "ground.suds_before": "8", "ground.suds_after": "3"}
    sessions = found["numbers/sessions.csv"]
    assert sessions[0]["starts_at"] == "2026-11-20T12:00:00Z"
    assert sessions[0]["local"] == "2026-11-20 13:00"
    assert (sessions[0]["route"], sessions[0]["dose"]) == ("sublingual", "100 mg, as told")


@given(words=st.text('a;"=1&\n', max_size=9))
@example(words=';"=1&"')
def test_a_program_that_parts_cells_by_semicolons_finds_no_formula(words: str) -> None:
    """It reads marks and lines of words as its own: what stands behind an empty pair of marks begins a cell too."""
    table = write_table(("one", "other"), [["2026-11-22", words]]).decode()
    for row in csv.reader(StringIO(table, newline=""), delimiter=";"):
        assert [cell for cell in row if cell.startswith("=")] == []


def test_a_day_is_that_of_its_writer() -> None:
    """Half past midnight in Berlin is still the day before in UTC; an imported entry may be of elsewhere."""
    late = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    for zone, day in (
        ("", "2026-11-21"),
        ("America/New_York", "2026-11-20"),
        ("Nowhere/At_All", "2026-11-21"),
    ):
        one = entry(60, "integration", {"int.confidence": 6}, created_at=late, zone=zone)
        (row,) = read_strictly(write_numbers(records((one,)))["numbers/ratings.csv"])[1:]
        assert row[0] == day


def test_a_day_of_a_copy_is_on_its_readers_clock() -> None:
    """As on the pages of a clinician's export."""
    late = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    rated = build_answers("integration", {"int.confidence": 6})
    copy = CopyRecord(UUID(int=70), "integration", "", "", None, None, late, late, None, rated)
    table = write_tables(exports._read_copies([copy], BERLIN), ())["numbers/ratings.csv"]
    assert read_strictly(table)[1][0] == "2026-11-21"


def test_what_a_belief_became_is_there() -> None:
    """Feelings before and after, and each later look at a reframe, each with its day and range."""
    reframe = entry(
        50,
        "reframe",
        {"reframe.emotions": ["fear | 80 | 20"], "reframe.revisits": ["2026-11-21 | 60 | 70 | 5 | words"]},
    )
    rows = [
        (one["day"], one["part"], one["value"], one["most"])
        for one in tables_of((reframe,))["numbers/ratings.csv"]
    ]
    assert rows == [
        ("2026-11-21", "fear, before", "80", "100"),
        ("2026-11-21", "fear, after", "20", "100"),
        ("2026-11-21", "old sentence", "60", "100"),
        ("2026-11-21", "new sentence", "70", "100"),
        ("2026-11-21", "in the gut", "5", "7"),
    ]


@given(entries=journals())
def test_any_journal_makes_tables(entries: tuple[EntryRecord, ...]) -> None:
    """Each row has a cell for each name, and two readers agree on them."""
    for table in write_tables(read_entries(entries, BERLIN), read_sessions([session()])).values():
        rows = read_strictly(table)
        assert rows == read_as_python(table)
        assert {len(row) for row in rows} == {len(rows[0])}
        assert len(rows) > 1


def test_nothing_makes_no_table() -> None:
    """A table without rows is not there."""
    assert write_tables((), ()) == {}
