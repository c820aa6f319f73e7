"""The server key: seals, finds and authenticates, each with a key of its own."""

from __future__ import annotations

from hashlib import sha256
from hmac import digest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import (
    KEPT_SECRET_KEY_SIZE,
    Context,
    CryptoError,
    KeySizeError,
    MacKey,
    OpenError,
    ServerKey,
    derive_key,
)

KEY = b"s" * 32
SESSION = Context("session", b"a" * 16, b"r" * 16, 1)


@given(plaintext=st.binary(max_size=600), bit=st.integers(min_value=0))
def test_round_trip_and_flipped_bit(plaintext: bytes, bit: int) -> None:
    """What it seals it opens, and nothing altered."""
    server = ServerKey(KEY)
    sealed = server.seal(plaintext, SESSION)
    assert server.open(sealed, SESSION) == plaintext
    altered = bytearray(sealed)
    bit %= len(altered) * 8
    altered[bit // 8] ^= 1 << bit % 8
    with pytest.raises(CryptoError):
        server.open(bytes(altered), SESSION)


def test_another_key_or_place_does_not_open() -> None:
    """A backup without the server key shows no name and no date, and rows do not move."""
    sealed = ServerKey(KEY).seal(b"Tuesday at ten", SESSION)
    with pytest.raises(OpenError):
        ServerKey(b"x" * 32).open(sealed, SESSION)
    with pytest.raises(OpenError):
        ServerKey(KEY).open(sealed, Context("session", b"b" * 16, b"r" * 16, 1))


@pytest.mark.parametrize(
    "typed",
    [
        "alice@example.org",
        "Alice@Example.ORG",
        "  alice@example.org\n",
        "\uff41lice@example.org",
        "\u3000alice@example.org\u00a0",
    ],
)
def test_one_address_has_one_index(typed: str) -> None:
    """Case, spaces and wide letters do not make another person."""
    assert ServerKey(KEY).blind_index(typed) == ServerKey(KEY).blind_index("alice@example.org")


@given(a=st.emails(), b=st.emails())
def test_different_addresses_have_different_indexes(a: str, b: str) -> None:
    """Two addresses share an index only if they differ in case alone."""
    server = ServerKey(KEY)
    assert (server.blind_index(a) == server.blind_index(b)) == (a.casefold() == b.casefold())


def test_index_needs_the_key() -> None:
    """Nobody without the server key can try addresses, and a plain hash is not what is stored."""
    index = ServerKey(KEY).blind_index("alice@example.org")
    assert len(index) == 32
    assert index != ServerKey(b"x" * 32).blind_index("alice@example.org")
    assert index != sha256(b"alice@example.org").digest()


def test_macs_are_for_one_label() -> None:
    """Each use has a key of its own, unrelated to sealing and finding."""
    server = ServerKey(KEY)
    expected = digest(derive_key(KEY, "server-mac/audit"), b"message", "sha256")
    assert server.mac("audit", b"message") == expected
    assert len({expected, server.mac("other", b"message"), server.mac("audit", b"another")}) == 3


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_key_of_wrong_size_is_refused(size: int) -> None:
    """The setting that holds the key is noticed to be wrong at start."""
    with pytest.raises(KeySizeError):
        ServerKey(bytes(size))


@pytest.mark.parametrize("size", [0, 15, 31, 33])
def test_keys_have_their_length(size: int) -> None:
    """A key of any other length authenticates nothing, and a secret key of any other is not kept."""
    with pytest.raises(KeySizeError):
        MacKey(bytes(size))
    with pytest.raises(KeySizeError):
        ServerKey(KEY).seal_secret_key(bytes(size), account=b"a" * 16)


def test_what_a_browser_keeps_has_its_size() -> None:
    """Several stand one behind the other, and are told apart by it."""
    kept = ServerKey(KEY).seal_secret_key(b"k" * 16, account=b"a" * 16)
    assert len(kept) == KEPT_SECRET_KEY_SIZE == 62
    assert ServerKey(KEY).open_secret_key(kept, account=b"a" * 16) == b"k" * 16
