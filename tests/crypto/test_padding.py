"""Padmé: few size classes, little waste, one padded form for each text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import FormatError, OpenError, pad, unpad
from crypto.padding import MINIMUM, padded_size


@given(text=st.binary(max_size=4096))
def test_round_trip(text: bytes) -> None:
    """What was padded comes back, in one of the size classes."""
    padded = pad(text)
    assert unpad(padded) == text
    assert len(padded) == padded_size(4 + len(text)) >= MINIMUM


@given(size=st.integers(min_value=MINIMUM + 1, max_value=2**40))
def test_overhead_is_at_most_twelve_percent(size: int) -> None:
    """Above the minimum, hiding the length costs no more than 12 %."""
    assert size <= padded_size(size) <= size * 1.12


@given(size=st.integers(min_value=1, max_value=2**40))
def test_size_classes_are_fixed_points_in_order(size: int) -> None:
    """A padded size is its own class, and a longer text never gets a shorter one."""
    padded = padded_size(size)
    assert padded_size(padded) == padded
    assert padded_size(size + 1) >= padded


@pytest.mark.parametrize(
    ("size", "padded"),
    [(1, 256), (256, 256), (257, 272), (1504, 1536), (10_004, 10_240), (1_000_004, 1_015_808)],
)
def test_sizes_on_the_format_page(size: int, padded: int) -> None:
    """The table in docs/crypto-format.md section 4 is right."""
    assert padded_size(size) == padded


def test_short_and_longer_notes_look_alike() -> None:
    """A line of 10 bytes and one of 250 are of one size."""
    assert len(pad(b"x" * 10)) == len(pad(b"x" * 250))


def test_there_are_few_classes() -> None:
    """All lengths up to 100,000 bytes fall into fewer than 200 sizes."""
    assert len({padded_size(size) for size in range(1, 100_001)}) < 200


@given(text=st.binary(max_size=600), data=st.data())
def test_altered_filling_is_refused(text: bytes, data: st.DataObject) -> None:
    """No byte of the filling can carry anything."""
    padded = bytearray(pad(text))
    spare = range(4 + len(text), len(padded))
    if spare:
        padded[data.draw(st.sampled_from(spare))] = data.draw(st.integers(1, 255))
        with pytest.raises(OpenError):
            unpad(bytes(padded))


@given(text=st.binary(max_size=600), other=st.integers(min_value=0, max_value=2**32 - 1))
def test_another_stated_length_does_not_lengthen_the_text(text: bytes, other: int) -> None:
    """A changed length either is refused or shows no byte that was not sealed."""
    padded = other.to_bytes(4, "big") + pad(text)[4:]
    try:
        opened = unpad(padded)
    except OpenError:
        return
    assert opened.rstrip(b"\0") == text.rstrip(b"\0")


@pytest.mark.parametrize("padded", [b"", b"\0\0\0", bytes(255), bytes(257), bytes(272)])
def test_wrong_size_class_is_refused(padded: bytes) -> None:
    """An empty text has one padded form: 256 zero bytes."""
    assert unpad(bytes(256)) == b""
    with pytest.raises(OpenError):
        unpad(padded)


def test_text_too_long_for_its_length_field_is_refused() -> None:
    """Four bytes of length cannot state 4 GiB, and nothing pretends they can."""

    class Endless(bytes):
        """Stands for 4 GiB without taking them."""

        def __len__(self) -> int:
            return 2**32

    with pytest.raises(FormatError):
        pad(Endless())
