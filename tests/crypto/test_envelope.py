"""Sealing and wrapping: only the right key, in the right place, unaltered."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import (
    Context,
    CryptoError,
    FormatError,
    KeySizeError,
    OpenError,
    Sealer,
    open_sealed,
    seal,
    unwrap_key,
    wrap_key,
)
from crypto.padding import padded_size

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
ENTRY = Context("entry", b"a" * 16, b"e" * 16, 3)

keys = st.binary(min_size=32, max_size=32)
ids = st.binary(min_size=16, max_size=16)
contexts = st.builds(
    Context, st.sampled_from(["entry", "share", "profile"]), ids, ids, st.integers(0, 2**64 - 1)
)
elsewhere = st.sampled_from(
    [
        Context("share", ENTRY.owner, ENTRY.record, 3),
        Context("entry", b"b" * 16, ENTRY.record, 3),
        Context("entry", ENTRY.owner, b"f" * 16, 3),
        Context("entry", ENTRY.owner, ENTRY.record, 2),
        Context("entry", ENTRY.record, ENTRY.owner, 3),
    ]
)
Opener = Callable[..., bytes]
OPENERS = [(seal, open_sealed), (wrap_key, unwrap_key)]


@given(key=keys, plaintext=st.binary(max_size=3000), context=contexts)
def test_seal_round_trip(key: bytes, plaintext: bytes, context: Context) -> None:
    """What was sealed opens again, and its size tells no more than the size class."""
    sealed = seal(key, plaintext, context=context)
    assert open_sealed(key, sealed, context=context) == plaintext
    assert sealed[:2] == b"\x01\x01"
    assert len(sealed) == 30 + padded_size(4 + len(plaintext))


@given(key=keys, secret=keys, context=contexts)
def test_wrap_round_trip(key: bytes, secret: bytes, context: Context) -> None:
    """A wrapped key opens again and always takes 62 bytes."""
    wrapped = wrap_key(key, secret, context=context)
    assert unwrap_key(key, wrapped, context=context) == secret
    assert wrapped[:2] == b"\x01\x02"
    assert len(wrapped) == 62


@given(plaintext=st.binary(max_size=2048), bit=st.integers(min_value=0))
def test_one_flipped_bit_never_opens(plaintext: bytes, bit: int) -> None:
    """A sealed record altered in any one bit is refused."""
    sealed = bytearray(seal(KEY, plaintext, context=ENTRY))
    bit %= len(sealed) * 8
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(CryptoError):
        open_sealed(KEY, bytes(sealed), context=ENTRY)


@pytest.mark.parametrize(("close", "open_"), OPENERS)
def test_no_flipped_bit_of_any_opens(close: Opener, open_: Opener) -> None:
    """Of one whole envelope, every single bit matters."""
    sealed = close(KEY, b"s" * 32, context=ENTRY)
    for bit in range(len(sealed) * 8):
        altered = bytearray(sealed)
        altered[bit // 8] ^= 1 << bit % 8
        with pytest.raises(FormatError if bit < 16 else OpenError):
            open_(KEY, bytes(altered), context=ENTRY)


@pytest.mark.parametrize(("close", "open_"), OPENERS)
def test_no_part_of_it_opens(close: Opener, open_: Opener) -> None:
    """An envelope cut anywhere, or with a byte added, is refused."""
    sealed = close(KEY, b"s" * 32, context=ENTRY)
    for end in range(len(sealed)):
        with pytest.raises(FormatError if end < 2 else OpenError):
            open_(KEY, sealed[:end], context=ENTRY)
    with pytest.raises(OpenError):
        open_(KEY, sealed + b"\0", context=ENTRY)


@given(noise=st.binary(max_size=400))
def test_noise_never_opens(noise: bytes) -> None:
    """Bytes that were never sealed give an error of ours and no other, with either header too."""
    for header in (b"", b"\x01\x01", b"\x01\x02"):
        for open_ in (open_sealed, unwrap_key):
            with pytest.raises(CryptoError):
                open_(KEY, header + noise, context=ENTRY)


@given(other=elsewhere, key=keys.filter(lambda key: key != KEY))
def test_wrong_context_or_key_never_opens(other: Context, key: bytes) -> None:
    """Neither another key nor another place opens it."""
    for close, open_ in OPENERS:
        sealed = close(KEY, b"s" * 32, context=ENTRY)
        with pytest.raises(OpenError):
            open_(KEY, sealed, context=other)
        with pytest.raises(OpenError):
            open_(key, sealed, context=ENTRY)


def test_a_record_is_no_wrapped_key_and_the_other_way_round() -> None:
    """Exchanging the algorithm byte does not turn one into the other."""
    record, wrapped = seal(KEY, b"s" * 32, context=ENTRY), wrap_key(KEY, b"s" * 32, context=ENTRY)
    with pytest.raises(FormatError):
        unwrap_key(KEY, record, context=ENTRY)
    with pytest.raises(FormatError):
        open_sealed(KEY, wrapped, context=ENTRY)
    with pytest.raises(OpenError):
        unwrap_key(KEY, b"\x01\x02" + record[2:], context=ENTRY)
    with pytest.raises(OpenError):
        open_sealed(KEY, b"\x01\x01" + wrapped[2:], context=ENTRY)


@pytest.mark.parametrize("key", [b"", b"k" * 16, b"k" * 31, b"k" * 33])
def test_key_of_wrong_size_is_refused(key: bytes) -> None:
    """Shorter AES keys are not accepted, though the cipher would take them."""
    sealed, wrapped = seal(KEY, b"", context=ENTRY), wrap_key(KEY, KEY, context=ENTRY)
    with pytest.raises(KeySizeError):
        seal(key, b"", context=ENTRY)
    with pytest.raises(KeySizeError):
        open_sealed(key, sealed, context=ENTRY)
    with pytest.raises(KeySizeError):
        wrap_key(key, KEY, context=ENTRY)
    with pytest.raises(KeySizeError):
        unwrap_key(key, wrapped, context=ENTRY)
    with pytest.raises(KeySizeError):
        wrap_key(KEY, key, context=ENTRY)


def test_nothing_is_sealed_twice_alike() -> None:
    """Nonces are fresh, so that equal texts do not show as equal."""
    assert len({seal(KEY, b"same", context=ENTRY)[2:14] for _ in range(500)}) == 500
    assert len({wrap_key(KEY, KEY, context=ENTRY) for _ in range(100)}) == 100


@given(
    plaintext=st.binary(max_size=600),
    owner=ids,
    record=ids,
    revision=st.integers(min_value=0, max_value=2**64 - 1),
)
def test_opener_reads_what_the_sealer_seals(
    plaintext: bytes, owner: bytes, record: bytes, revision: int
) -> None:
    """The short way for lists opens the same records, and refuses the same ones."""
    sealer = Sealer(KEY)
    sealed = sealer.seal(plaintext, context=Context("entry", owner, record, revision))
    assert sealer.open(sealed, context=Context("entry", owner, record, revision)) == plaintext
    opened = sealer.opener(purpose="entry", owner=owner)
    assert opened(sealed, record, revision) == plaintext
    with pytest.raises(OpenError):
        opened(sealed, record, revision ^ 1)
    with pytest.raises(OpenError):
        sealer.opener(purpose="share", owner=owner)(sealed, record, revision)


def test_opener_checks_sizes() -> None:
    """An id of the wrong length is refused on either way, and so is an impossible revision."""
    sealer = Sealer(KEY)
    with pytest.raises(FormatError):
        sealer.opener(purpose="entry", owner=b"short")
    with pytest.raises(FormatError):
        sealer.opener(purpose="", owner=ENTRY.owner)
    open_row = sealer.opener(purpose="entry", owner=ENTRY.owner)
    with pytest.raises(FormatError):
        open_row(b"", b"short", 0)
    with pytest.raises(FormatError):
        open_row(b"", ENTRY.record, -1)


def test_sealer_refuses_a_key_of_wrong_size_at_once() -> None:
    """The mistake shows where the key comes in."""
    with pytest.raises(KeySizeError):
        Sealer(b"k" * 16)


def test_errors_tell_neither_text_nor_key() -> None:
    """What went wrong is one sentence, whichever of key, place and bytes was wrong."""
    sealed = seal(KEY, b"private words", context=ENTRY)
    messages = set()
    for key, context, value in (
        (OTHER_KEY, ENTRY, sealed),
        (KEY, Context("entry", b"b" * 16, ENTRY.record), sealed),
        (KEY, ENTRY, sealed[:-1]),
    ):
        with pytest.raises(OpenError) as caught:
            open_sealed(key, value, context=context)
        messages.add(str(caught.value))
        assert caught.value.__cause__ is None
    assert len(messages) == 1
