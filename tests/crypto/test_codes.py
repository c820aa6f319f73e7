"""Recovery codes as people write, read out and mistype them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import (
    FormatError,
    KeySizeError,
    format_recovery_code,
    hash_recovery_code,
    new_recovery_code,
    parse_recovery_code,
)

ALICE, BOB = bytes(range(16)), bytes(range(16, 32))
codes = st.binary(min_size=10, max_size=10)


@given(code=codes)
def test_round_trip(code: bytes) -> None:
    """What is printed reads back, however it is spaced, in four groups of four."""
    text = format_recovery_code(code)
    assert [len(group) for group in text.split("-")] == [4, 4, 4, 4]
    assert parse_recovery_code(text) == code
    assert parse_recovery_code(f" {text.lower().replace('-', ' ')}\n") == code
    assert parse_recovery_code(text.replace("0", "o").replace("1", "l")) == code


@pytest.mark.parametrize("typed", ["", "123456", "0000-0000-0000-000", "0000-0000-0000-0000-0", "U" * 16])
def test_what_is_no_code_is_refused(typed: str) -> None:
    """Too few, too many and unknown symbols are no code."""
    with pytest.raises(FormatError):
        parse_recovery_code(typed)


def test_a_code_has_eighty_random_bits_and_no_two_are_alike() -> None:
    """Enough that a hash needs no stretching."""
    drawn = {new_recovery_code() for _ in range(100)}
    assert len(drawn) == 100
    assert {len(code) for code in drawn} == {10}
    assert all(len({code[place] for code in drawn}) > 8 for place in range(10))


@given(code=codes)
def test_a_hash_is_of_one_account(code: bytes) -> None:
    """The same code of another person has another hash, and neither shows the code."""
    hashed = hash_recovery_code(code, account=ALICE)
    assert hashed != hash_recovery_code(code, account=BOB)
    assert len(hashed) == 32
    assert code not in hashed


def test_sizes_are_kept() -> None:
    """Another size is refused, of the code and of the account."""
    with pytest.raises(KeySizeError):
        hash_recovery_code(bytes(9), account=ALICE)
    with pytest.raises(FormatError):
        hash_recovery_code(bytes(10), account=b"")
    with pytest.raises(KeySizeError):
        format_recovery_code(bytes(11))
