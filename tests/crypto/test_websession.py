"""Web sessions: the row without the cookie is worth nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import (
    CryptoError,
    FormatError,
    KeySizeError,
    OpenError,
    SessionToken,
    new_session_token,
    session_id,
    unwrap_account_key,
    wrap_account_key,
)

ALICE, DANA = b"a" * 16, b"d" * 16
TOKEN, ACCOUNT_KEY = b"t" * 32, b"k" * 32
keys = st.binary(min_size=32, max_size=32)


@given(token=keys, account_key=keys, account=st.binary(min_size=16, max_size=16))
def test_round_trip(token: bytes, account_key: bytes, account: bytes) -> None:
    """The cookie opens the account key that was wrapped for it."""
    wrapped = wrap_account_key(token, account_key, account=account)
    assert unwrap_account_key(token, wrapped, account=account) == account_key


@given(token=keys.filter(lambda token: token != TOKEN), bit=st.integers(0, 62 * 8 - 1))
def test_another_token_or_a_flipped_bit_never_opens(token: bytes, bit: int) -> None:
    """Only this cookie opens it, and only as it was written."""
    wrapped = wrap_account_key(TOKEN, ACCOUNT_KEY, account=ALICE)
    with pytest.raises(OpenError):
        unwrap_account_key(token, wrapped, account=ALICE)
    altered = bytearray(wrapped)
    altered[bit // 8] ^= 1 << bit % 8
    with pytest.raises(CryptoError):
        unwrap_account_key(TOKEN, bytes(altered), account=ALICE)


def test_a_row_moved_to_another_account_does_not_open() -> None:
    """A session cannot be turned into someone else's."""
    with pytest.raises(OpenError):
        unwrap_account_key(TOKEN, wrap_account_key(TOKEN, ACCOUNT_KEY, account=ALICE), account=DANA)


@pytest.mark.parametrize("waiting", [True, False])
def test_a_session_of_one_stage_does_not_open_as_of_the_other(waiting: bool) -> None:
    """Whoever changes the row's stage opens nothing with it, and nothing is passed off the other way."""
    wrapped = wrap_account_key(TOKEN, ACCOUNT_KEY, account=ALICE, waiting=waiting)
    assert unwrap_account_key(TOKEN, wrapped, account=ALICE, waiting=waiting) == ACCOUNT_KEY
    with pytest.raises(OpenError):
        unwrap_account_key(TOKEN, wrapped, account=ALICE, waiting=not waiting)


def test_a_token_leads_to_its_row_and_opens_it() -> None:
    """What the cookie gives at once is what it gives bit by bit."""
    token, wrapped = SessionToken(TOKEN), wrap_account_key(TOKEN, ACCOUNT_KEY, account=ALICE, epoch=3)
    assert token.id == session_id(TOKEN)
    assert token.unwrap_account_key(wrapped, account=ALICE, epoch=3) == ACCOUNT_KEY
    with pytest.raises(OpenError):
        token.unwrap_account_key(wrapped, account=ALICE, epoch=2)
    with pytest.raises(OpenError):
        SessionToken(ACCOUNT_KEY).unwrap_account_key(wrapped, account=ALICE, epoch=3)


def test_ids_do_not_show_tokens() -> None:
    """The row's id differs from the token and between tokens, and has 32 bytes."""
    assert len({TOKEN, session_id(TOKEN), session_id(b"u" * 32)}) == 3
    assert len(session_id(TOKEN)) == 32


def test_tokens_are_fresh() -> None:
    """Each has 256 random bits."""
    made = {new_session_token() for _ in range(50)}
    assert len(made) == 50
    assert all(len(token) == 32 for token in made)


@pytest.mark.parametrize("token", [b"", b"t" * 31, b"t" * 33])
def test_sizes_are_checked(token: bytes) -> None:
    """A cookie of another length is refused before anything is looked up."""
    with pytest.raises(KeySizeError):
        session_id(token)
    with pytest.raises(KeySizeError):
        wrap_account_key(token, ACCOUNT_KEY, account=ALICE)
    with pytest.raises(KeySizeError):
        unwrap_account_key(token, bytes(62), account=ALICE)
    with pytest.raises(KeySizeError):
        wrap_account_key(TOKEN, b"k" * 16, account=ALICE)
    with pytest.raises(FormatError):
        wrap_account_key(TOKEN, ACCOUNT_KEY, account=b"short")
