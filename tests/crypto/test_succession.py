"""Changes of keys: signed by both, followed step by step, and to nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import FormatError, OpenError, PrivateIdentity, follow, open_succession, succeed, trace_back
from crypto.succession import SUCCESSION_SIZE

ACCOUNT, OTHER = b"a" * 16, b"b" * 16
KEYS = [PrivateIdentity.generate() for _ in range(5)]
PUBLIC = [one.public() for one in KEYS]
CHAIN = [succeed(ACCOUNT, n + 1, 1_700_000_000 + n, old=KEYS[n], new=KEYS[n + 1]) for n in range(4)]


def test_what_was_signed_is_read_back() -> None:
    """Number, time and both keys are as they were signed, in 2,643 bytes."""
    found = open_succession(CHAIN[2], account=ACCOUNT)
    assert len(CHAIN[2]) == SUCCESSION_SIZE == 2643
    assert (found.number, found.at, found.before, found.after) == (3, 1_700_000_002, PUBLIC[2], PUBLIC[3])


@given(bit=st.integers(0, SUCCESSION_SIZE * 8 - 1))
def test_one_flipped_bit_is_noticed(bit: int) -> None:
    """Every bit of a statement counts."""
    changed = bytearray(CHAIN[0])
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises((OpenError, FormatError)):
        open_succession(bytes(changed), account=ACCOUNT)


@pytest.mark.parametrize("signer", [0, 1])
def test_both_have_to_sign(signer: int) -> None:
    """Whoever has one of the two private keys alone makes no change: not the thief of the old, nor of the new."""
    stolen = KEYS[signer]
    whole = succeed(ACCOUNT, 1, 0, old=stolen, new=KEYS[4])
    ours = succeed(ACCOUNT, 1, 0, old=KEYS[0], new=KEYS[1])
    for forged in (ours[:-128] + whole[-128:-64] + ours[-64:], ours[:-64] + whole[-128:-64]):
        if forged != ours:
            with pytest.raises(OpenError):
                open_succession(forged, account=ACCOUNT)


def test_numbers_and_ids_have_bounds() -> None:
    """A change counts from 1, its time from 1970, and it is of an account."""
    for number, at in ((0, 0), (1 << 64, 0), (1, -1), (1, 1 << 64)):
        with pytest.raises(FormatError):
            succeed(ACCOUNT, number, at, old=KEYS[0], new=KEYS[1])
    with pytest.raises(FormatError):
        succeed(b"short", 1, 0, old=KEYS[0], new=KEYS[1])


@given(first=st.integers(0, 3), last=st.integers(1, 4))
def test_a_chain_is_followed_forwards(first: int, last: int) -> None:
    """From any keys to any later ones it leads; to earlier ones, or to the very same, it does not."""
    statements = CHAIN[:last]
    if first < last:
        steps = follow(PUBLIC[first], statements, PUBLIC[last], account=ACCOUNT)
        assert [one.number for one in steps] == list(range(first + 1, last + 1))
    else:
        with pytest.raises(OpenError):
            follow(PUBLIC[first], statements, PUBLIC[last], account=ACCOUNT)


def test_a_chain_with_a_gap_leads_nowhere() -> None:
    """A statement that is gone, of another account, or numbered otherwise than the one before it says."""
    with pytest.raises(OpenError):
        follow(PUBLIC[0], [CHAIN[0], *CHAIN[2:]], PUBLIC[4], account=ACCOUNT)
    with pytest.raises(OpenError):
        follow(PUBLIC[0], CHAIN, PUBLIC[4], account=OTHER)
    skipped = succeed(ACCOUNT, 3, 0, old=KEYS[1], new=KEYS[2])
    with pytest.raises(OpenError, match="missing"):
        follow(PUBLIC[0], [CHAIN[0], skipped], PUBLIC[2], account=ACCOUNT)


def test_it_ends_where_it_is_said_to_end() -> None:
    """A thief of old keys makes a change to keys of their own: it does not lead to those that are attested."""
    thief = PrivateIdentity.generate()
    forged = succeed(ACCOUNT, 1, 0, old=KEYS[0], new=thief)
    for statements in ([forged], [forged, *CHAIN], [CHAIN[0], forged]):
        if statements[0] is forged:
            with pytest.raises(OpenError):
                follow(PUBLIC[0], statements, PUBLIC[1], account=ACCOUNT)
        else:
            assert follow(PUBLIC[0], statements, PUBLIC[1], account=ACCOUNT)


def test_it_is_traced_back_as_far_as_it_reaches() -> None:
    """The present keys vouch for those before them, and so on; a gap, or another account, ends it."""
    assert trace_back(CHAIN, PUBLIC[4], account=ACCOUNT) == tuple(PUBLIC[3::-1])
    assert trace_back([CHAIN[0], *CHAIN[2:]], PUBLIC[4], account=ACCOUNT) == (PUBLIC[3], PUBLIC[2])
    assert trace_back(CHAIN, PUBLIC[4], account=OTHER) == ()
    assert trace_back(CHAIN, PUBLIC[0], account=ACCOUNT) == ()


def test_a_statement_is_as_long_as_it_is() -> None:
    """One byte less or more, also where the signatures would still fit, is none."""
    old, new = PrivateIdentity.generate(), PrivateIdentity.generate()
    statement = succeed(ACCOUNT, 1, 5, old=old, new=new)
    assert open_succession(statement, account=ACCOUNT).number == 1
    for bent in (statement + b"x", statement[:-1], statement[:1]):
        with pytest.raises(OpenError):
            open_succession(bent, account=ACCOUNT)


def test_tracing_back_passes_over_others_and_ends_at_what_does_not_open() -> None:
    """What leads to other keys is no step, and nothing before a broken one is believed."""
    first, second, third, other = [PrivateIdentity.generate() for _ in range(4)]
    one = succeed(ACCOUNT, 1, 5, old=first, new=second)
    two = succeed(ACCOUNT, 2, 6, old=second, new=third)
    aside = succeed(ACCOUNT, 3, 7, old=first, new=other)
    assert trace_back([one, two, aside], third.public(), account=ACCOUNT) == (
        second.public(),
        first.public(),
    )
    broken = two[:-1] + bytes((two[-1] ^ 1,))
    assert trace_back([one, two, broken], third.public(), account=ACCOUNT) == ()
