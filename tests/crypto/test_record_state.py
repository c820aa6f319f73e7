"""The keyed sum over an account's records notices every record that is more, less, older or other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import FormatError, KeySizeError, RecordSet, RecordState
from crypto.record_state import Member, member_hash

KEY = b"s" * 32
members = st.lists(
    st.tuples(
        st.binary(min_size=16, max_size=16), st.integers(0, 2**64 - 1), st.binary(min_size=16, max_size=40)
    ),
    max_size=8,
    unique_by=lambda one: one[0],
)


@given(records=members, order=st.randoms(use_true_random=False))
def test_steps_come_to_the_same_as_counting_anew(records: list[Member], order: object) -> None:
    """However records came, in whatever order, and others left, the set is that of those that are there."""
    state = RecordState(KEY, (RecordSet(), RecordSet()))
    for one in records:
        state = state.change_set(0, added=[one])
    left = records[::2]
    for one in sorted(left, reverse=True):
        state = state.change_set(0, removed=[one])
    assert state.sets[0] == state.hash_members(records[1::2])
    assert state.sets[1] == RecordSet()


@given(records=members.filter(bool), bit=st.integers(0, 127))
def test_any_other_record_gives_another_sum(records: list[Member], bit: int) -> None:
    """Another revision, another end of the envelope, one less, one twice and another key are all noticed."""
    state = RecordState(KEY, ())
    (record, revision, sealed), rest = records[0], records[1:]
    bent = bytearray(sealed)
    bent[-1 - bit // 8] ^= 1 << bit % 8
    others = (
        [(record, revision ^ 1, sealed), *rest],
        [(record, revision, bytes(bent)), *rest],
        [(bytes(15) + b"x", revision, sealed), *rest] if record != bytes(15) + b"x" else rest,
        rest,
        [*records, records[0]],
    )
    sums = {state.hash_members(other).total for other in others}
    assert state.hash_members(records).total not in sums
    assert RecordState(b"t" * 32, ()).hash_members(records).total != state.hash_members(records).total


@given(records=members)
def test_a_state_reads_as_it_was_written(records: list[Member]) -> None:
    """Nothing is lost on the way to storage and back."""
    state = RecordState.begin(3).change_set(1, added=records)
    assert RecordState.decode(state.encode(), 3) == state
    assert len(state.encode()) == 140


def test_every_state_has_a_key_of_its_own() -> None:
    """Two sets of the same records have nothing in common that could be compared."""
    assert len({RecordState.begin(1).key for _ in range(50)}) == 50


@pytest.mark.parametrize("data", [b"", bytes(139), bytes(141)])
def test_another_length_is_no_state(data: bytes) -> None:
    """A state is read whole or not at all."""
    with pytest.raises(FormatError):
        RecordState.decode(data, 3)


@pytest.mark.parametrize(
    "member", [(bytes(15), 0, bytes(16)), (bytes(16), 0, bytes(15)), (bytes(16), -1, bytes(16)),
               (bytes(16), 2**64, bytes(16))]
)  # fmt: skip
def test_what_is_no_record_has_no_place(member: Member) -> None:
    """A member is refused rather than cut or filled."""
    with pytest.raises(FormatError):
        member_hash(KEY)(*member)


def test_a_key_has_32_bytes() -> None:
    """BLAKE2b takes any key up to 64 bytes; ours are of one size."""
    with pytest.raises(KeySizeError):
        member_hash(KEY[:31])


def test_a_count_stays_a_count() -> None:
    """More gone than there were leaves zero, which no record fits."""
    one: Member = (bytes(16), 1, bytes(16))
    state = RecordState.begin(1).change_set(0, removed=[one])
    assert state.sets[0].count == 0
    assert state.sets[0] != RecordSet()


def test_nothing_secret_is_shown() -> None:
    """Neither the key nor a sum stands in what a log line would show."""
    shown = repr(RecordState(KEY, (RecordSet(1, 123456789),)))
    assert "ssss" not in shown
    assert "123456789" not in shown


def test_a_count_stays_within_its_four_bytes() -> None:
    """Whatever storage made up, what is counted can be written down."""
    one = (bytes(16), 1, bytes(16))
    state = RecordState(KEY, (RecordSet(2**32 - 2, 0), RecordSet(2**32 - 1, 0), RecordSet(0, 0)))
    assert state.change_set(0, added=[one]).sets[0].count == 2**32 - 1
    assert state.change_set(1, added=[one]).sets[1].count == 2**32 - 1
    assert state.change_set(2, removed=[one]).sets[2].count == 0
    assert RecordState.decode(state.change_set(1, added=[one, one]).encode(), 3).sets[1].count == 2**32 - 1
