"""Secret keys: their text, the slots that need one, and what a browser keeps of one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto import (
    FLOOR,
    FormatError,
    KeySizeError,
    OpenError,
    ServerKey,
    format_recovery_key,
    format_secret_key,
    is_last_group_of_secret_key,
    new_secret_key,
    parse_recovery_key,
    parse_secret_key,
    password_slot,
    unlock_with_password,
)

ALICE, DANA = b"a" * 16, b"d" * 16
ACCOUNT_KEY, SECRET_KEY, PASSWORD = b"k" * 32, bytes(range(16)), "a quiet river"
SERVER = ServerKey(b"s" * 32)
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
keys = st.binary(min_size=16, max_size=16)


@given(key=keys)
def test_round_trip(key: bytes) -> None:
    """What is printed reads back, with its two letters and without, in six groups of five plain symbols."""
    text = format_secret_key(key)
    mark, *groups = text.split("-")
    assert (mark, len(groups)) == ("SK", 6)
    assert all(len(group) == 5 and set(group) <= set(ALPHABET) for group in groups)
    assert parse_secret_key(text) == parse_secret_key("".join(groups).lower()) == key
    assert is_last_group_of_secret_key(f" {groups[-1].lower()} ", key)


@given(key=keys, at=st.integers(0, 29), data=st.data())
def test_one_wrong_symbol_and_one_swap_are_found(key: bytes, at: int, data: st.DataObject) -> None:
    """As in a recovery key: any single substitution and any swap of unequal neighbours is noticed."""
    symbols = list(format_secret_key(key)[3:].replace("-", ""))
    wrong = data.draw(st.sampled_from([symbol for symbol in ALPHABET if symbol != symbols[at]]))
    with pytest.raises(FormatError):
        parse_secret_key("".join([*symbols[:at], wrong, *symbols[at + 1 :]]))
    if at and symbols[at - 1] != symbols[at]:
        symbols[at - 1 : at + 1] = reversed(symbols[at - 1 : at + 1])
        with pytest.raises(FormatError):
            parse_secret_key("".join(symbols))


@given(key=keys, other=st.binary(min_size=20, max_size=20))
def test_neither_key_is_taken_for_the_other(key: bytes, other: bytes) -> None:
    """Somebody who types one where the other belongs is told, and no last group of four is one of five."""
    with pytest.raises(FormatError):
        parse_recovery_key(format_secret_key(key))
    with pytest.raises(FormatError):
        parse_secret_key(format_recovery_key(other))
    assert not is_last_group_of_secret_key(format_secret_key(key)[-4:], key)


def test_new_keys_differ_and_have_one_size() -> None:
    """Each is 128 fresh random bits, and only 16 bytes are one."""
    made = {new_secret_key() for _ in range(100)}
    assert {len(key) for key in made} == {16}
    assert len(made) == 100
    for size in (0, 15, 17, 20, 32):
        with pytest.raises(KeySizeError):
            format_secret_key(bytes(size))
        with pytest.raises(KeySizeError):
            SERVER.seal_secret_key(bytes(size), account=ALICE)
        with pytest.raises(KeySizeError):
            password_slot(ACCOUNT_KEY, PASSWORD, account=ALICE, parameters=FLOOR, secret_key=bytes(size))


@settings(max_examples=3)
@given(key=keys, other=keys)
def test_a_slot_with_a_secret_key_needs_both(key: bytes, other: bytes) -> None:
    """Neither the password nor the secret key says anything alone; together they open."""
    slot = password_slot(ACCOUNT_KEY, PASSWORD, account=ALICE, parameters=FLOOR, secret_key=key)
    assert slot.needs_secret_key
    assert unlock_with_password(slot, PASSWORD, account=ALICE, secret_key=key) == ACCOUNT_KEY
    for password, with_key in (
        (PASSWORD, None),
        (PASSWORD + "x", key),
        *([(PASSWORD, other)] * (other != key)),
    ):
        with pytest.raises(OpenError):
            unlock_with_password(slot, password, account=ALICE, secret_key=with_key)


def test_a_slot_without_one_opens_whatever_a_browser_kept() -> None:
    """The first form is as it was; a secret key of before does no harm."""
    slot = password_slot(ACCOUNT_KEY, PASSWORD, account=ALICE, parameters=FLOOR)
    assert not slot.needs_secret_key
    assert unlock_with_password(slot, PASSWORD, account=ALICE, secret_key=SECRET_KEY) == ACCOUNT_KEY


@given(key=keys, bit=st.integers(min_value=0))
def test_what_a_browser_keeps_opens_there_alone(key: bytes, bit: int) -> None:
    """It needs this server's key and is for one account; not one bit of it can be changed."""
    kept = SERVER.seal_secret_key(key, account=ALICE)
    assert len(kept) == 62
    assert key not in kept
    assert SERVER.open_secret_key(kept, account=ALICE) == key
    with pytest.raises(OpenError):
        SERVER.open_secret_key(kept, account=DANA)
    with pytest.raises(OpenError):
        ServerKey(b"x" * 32).open_secret_key(kept, account=ALICE)
    altered = bytearray(kept)
    bit %= len(altered) * 8
    altered[bit // 8] ^= 1 << bit % 8
    with pytest.raises((OpenError, FormatError)):
        SERVER.open_secret_key(bytes(altered), account=ALICE)
