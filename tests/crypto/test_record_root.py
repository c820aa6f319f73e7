"""The root of a table of contents: what is written is read, and nothing else is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import FormatError, PageMark, RecordRoot, RecordSet, RecordState, bloom_bits

KEY = bytes(range(32))
MARKS = (
    PageMark(0, 3, 64, -5, 0, b"a" * 16),
    PageMark(7, 1, 64, 10, 9, b"b" * 16),
    PageMark(2, 2**64 - 1, 1, 10, 2**64 - 1, b"c" * 16),
)
BESIDE = RecordState(KEY, (RecordSet(2, 2**256 - 1), RecordSet(1, 9)))
ROOT = RecordRoot(BESIDE, MARKS)


def test_what_is_written_is_read() -> None:
    """Every field comes back, and the count is that of all lines."""
    assert RecordRoot.decode(ROOT.encode()) == ROOT
    assert ROOT.count == 129
    assert RecordRoot.decode(RecordRoot(BESIDE).encode()) == RecordRoot(BESIDE)
    assert len(RecordRoot(BESIDE).encode()) == 105
    assert len(ROOT.encode()) == 105 + 3 * 46


def test_it_is_told_from_a_state_without_a_table() -> None:
    """The state of section 17 has a length that no root has."""
    assert all(105 + 46 * pages != 140 for pages in range(10))
    with pytest.raises(FormatError):
        RecordRoot.decode(bytes(140))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        ROOT.encode()[:-1],
        ROOT.encode() + b"x",
        b"\x01" + ROOT.encode()[1:],
        b"\x03" + ROOT.encode()[1:],
        ROOT.encode()[:104],
    ],
)
def test_what_is_no_root_is_refused(data: bytes) -> None:
    """A wrong length or version."""
    with pytest.raises(FormatError):
        RecordRoot.decode(data)


@pytest.mark.parametrize(
    "pages",
    [
        MARKS[::-1],
        (MARKS[0], MARKS[1]._replace(number=0)),
        (MARKS[0]._replace(lines=0),),
        (MARKS[0],) * 2,
    ],
)
def test_pages_stand_in_order_once_each(pages: tuple[PageMark, ...]) -> None:
    """Neither written nor read out of order, twice, or with nothing on them."""
    with pytest.raises(FormatError):
        replace(ROOT, pages=pages).encode()
    head = RecordRoot(BESIDE).encode()
    alone = b"".join(RecordRoot(BESIDE, pages=(page._replace(lines=1),)).encode()[105:] for page in pages)
    if all(page.lines for page in pages):
        with pytest.raises(FormatError):
            RecordRoot.decode(head + alone)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Nothing but `FormatError` comes of bytes that are no root; what is read is written as it was."""
    try:
        root = RecordRoot.decode(data)
    except FormatError:
        return
    assert root.encode() == data


def test_nothing_of_it_is_printed() -> None:
    """Neither key, sums nor tags stand in a traceback."""
    assert KEY.hex() not in repr(ROOT)
    assert repr(KEY) not in repr(ROOT)
    assert "aaaa" not in repr(ROOT)


def test_a_mark_shows_its_number_alone() -> None:
    """Which page it is about helps who looks for a mistake; its tag and its sessions stay hidden."""
    assert repr(MARKS[1]) == "PageMark(number=7, revision=1)"


def test_a_new_root_has_two_empty_sets_and_no_page() -> None:
    """Under a key of its own each time."""
    one, other = RecordRoot(), RecordRoot()
    assert (one.pages, one.beside.sets) == ((), (RecordSet(), RecordSet()))
    assert one.beside.key != other.beside.key
    assert RecordRoot.decode(one.encode()) == one


def test_pages_are_as_many_as_two_bytes_count() -> None:
    """65,536 are written and read, and not one more."""
    marks = tuple(PageMark(number, 1, 1, 0, 0, b"t" * 16) for number in range(2**16 + 1))
    most = RecordRoot(BESIDE, marks[:-1]).encode()
    assert len(RecordRoot.decode(most).pages) == 2**16
    with pytest.raises(FormatError):
        RecordRoot(BESIDE, marks).encode()
    more = most + RecordRoot(BESIDE, marks[-1:]).encode()[105:]
    with pytest.raises(FormatError):
        RecordRoot.decode(more)


@pytest.mark.parametrize(
    ("first", "second", "bits"),
    [
        (0, 1, 0b11),
        (1, 1, 0b10),
        (2, 63, 1 << 63 | 4),
        (64, 65, 0b11),
        (255, 128, 1 << 63 | 1),
        (66, 7, 0b10000100),
    ],
)
def test_a_session_has_two_bits(first: int, second: int, bits: int) -> None:
    """They are those of the first two bytes of its id, modulo 64."""
    assert bloom_bits(bytes((first, second)) + bytes(range(100, 114))) == bits
