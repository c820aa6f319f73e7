"""What a browser keeps of an account: which of two states came later, and that it opens for nobody else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import SEEN_SIZE, FormatError, Keyring, OpenError, SeenState, open_seen_state

ALICE, DANA = b"a" * 16, b"d" * 16
KEYS, OTHER = Keyring.from_account_key(bytes(range(32))), Keyring.from_account_key(bytes(32))
STATES = st.builds(
    SeenState,
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**40 - 1),
    st.integers(0, 2**32 - 1),
    st.binary(min_size=7, max_size=7),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**24 - 1),
    st.booleans(),
)


@given(STATES)
def test_it_opens_as_it_was_kept(state: SeenState) -> None:
    """For the same account with the same keys."""
    sealed = state.seal(KEYS, account=ALICE)
    assert len(sealed) == 62
    assert open_seen_state(KEYS, sealed, account=ALICE) == state


@given(STATES, st.integers(0, 61), st.integers(0, 7))
def test_nothing_else_opens_it(state: SeenState, at: int, bit: int) -> None:
    """Neither other keys nor another account, nor with one bit changed."""
    sealed = state.seal(KEYS, account=ALICE)
    changed = bytearray(sealed)
    changed[at] ^= 1 << bit
    for keys, one, account in ((OTHER, sealed, ALICE), (KEYS, sealed, DANA), (KEYS, bytes(changed), ALICE)):
        with pytest.raises((OpenError, FormatError)):
            open_seen_state(keys, one, account=account)


@given(STATES, STATES)
def test_of_two_states_at_least_one_is_behind_or_they_are_the_same(one: SeenState, other: SeenState) -> None:
    """A state is behind none of its own past; one with a lower number is behind; a fork is behind both ways."""
    same = replace(one, at=0, is_missed=False) == replace(other, at=0, is_missed=False)
    assert (one.is_behind(other) or other.is_behind(one)) is not same
    later = replace(one, epoch=min(one.epoch + 1, 2**32 - 1), at=other.at, tag=other.tag)
    if later.epoch > one.epoch:
        assert one.is_behind(later)
        assert not later.is_behind(one)
    lower = replace(one, revision=max(one.revision - 1, 0))
    assert lower.is_behind(one) is (lower.revision < one.revision)
    for name in ("factor", "events", "memory"):
        without = replace(one, **{name: max(getattr(one, name) - 1, 0)})
        assert without.is_behind(one) is (without != one)
        assert not one.is_behind(without)


@pytest.mark.parametrize(
    "state",
    [
        SeenState(2**32, 1, 1),
        SeenState(-1, 1, 1),
        SeenState(1, 2**40, 1),
        SeenState(1, 1, -1),
        SeenState(1, 1, 2**32),
        SeenState(1, 1, 1, factor=2**32),
        SeenState(1, 1, 1, factor=-1),
        SeenState(1, 1, 1, events=2**32),
        SeenState(1, 1, 1, memory=2**24),
        SeenState(1, 1, 1, memory=-1),
        SeenState(1, 1, 1, b"short"),
    ],
)
def test_what_does_not_fit_is_refused(state: SeenState) -> None:
    """Nothing is cut."""
    with pytest.raises(FormatError):
        state.seal(KEYS, account=ALICE)


@pytest.mark.parametrize("revision", [None, "7", 7.0, 0, -1, 2**40, b"7"])
@pytest.mark.parametrize("tag", [None, b"", b"t" * 6, "t" * 7, b"t" * 7])
def test_what_storage_spoiled_counts_as_none(revision: object, tag: object) -> None:
    """Then the account is behind everything that was seen of it."""
    state = SeenState.from_row(3, revision, 1.5, tag, revision, revision, revision)
    assert (state.epoch, state.revision, state.at, state.tag) == (3, 0, 1, bytes(7))
    assert (state.factor, state.events, state.memory) == (0, 0, 0)
    assert state.is_behind(SeenState(3, 1, 1, b"t" * 7))


@pytest.mark.parametrize("revision", [1, 2**32, 2**40 - 1])
def test_what_storage_has_is_read(revision: int) -> None:
    """Each number in its own place, up to the largest that storage writes."""
    state = SeenState.from_row(3, revision, 9.9, b"t" * 7, 2**32 - 1, 1, 2**24 - 1)
    assert state == SeenState(3, revision, 9, b"t" * 7, 2**32 - 1, 1, 2**24 - 1)
    assert state.numbers == (3, revision, 2**32 - 1, 1, 2**24 - 1)


@pytest.mark.parametrize("number", [0, -1, 2**32, 2**40, None, "7", 7.5])
def test_a_spoiled_number_is_none_by_itself(number: object) -> None:
    """What stands beside it is read all the same."""
    assert SeenState.from_row(3, 5, 9, b"t" * 7, number, 4, 8) == SeenState(3, 5, 9, b"t" * 7, 0, 4, 8)
    assert SeenState.from_row(3, 5, 9, b"t" * 7, 4, number, 8) == SeenState(3, 5, 9, b"t" * 7, 4, 0, 8)
    assert SeenState.from_row(3, 5, 9, b"t" * 7, 4, 8, number) == SeenState(3, 5, 9, b"t" * 7, 4, 8, 0)
    assert SeenState.from_row(3, 5, 9, b"t" * 7, 4, 8, 2**24).memory == 0
    assert SeenState.from_row(3, None, 9, None, 4, 6, 7) == SeenState(3, 0, 9, bytes(7), 4, 6, 7)


def test_a_state_counts_as_nothing_unless_told() -> None:
    """No tag, no second factor, no event, and nothing missed."""
    assert SeenState(1, 2, 3) == SeenState(1, 2, 3, bytes(7), 0, 0, 0, is_missed=False)
    assert len(SeenState(1, 2, 3).seal(KEYS, account=ALICE)) == SEEN_SIZE
