"""Associated data: one encoding for each place, and none for two."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import Context, CryptoError, FormatError, KeySizeError, OpenError, join_fields
from crypto.errors import require_size

# From a few values, so that contexts often differ in one field only or are swapped in two.
ids = st.sampled_from([bytes(16), bytes(15) + b"\x01", b"\x01" + bytes(15), b"entryentryentry\0"])
purposes = st.sampled_from(["entry", "entry\0", "entr", "y", "\0", "share"]) | st.text(
    st.characters(codec="ascii"), min_size=1, max_size=64
)
contexts = st.builds(
    Context,
    purpose=purposes,
    owner=ids,
    record=ids,
    revision=st.sampled_from([0, 1, 256, 2**64 - 1]) | st.integers(min_value=0, max_value=2**64 - 1),
)


@given(a=contexts, b=contexts)
def test_no_two_contexts_encode_alike(a: Context, b: Context) -> None:
    """Different places give different associated data, and one place always the same."""
    assert (a == b) == (a.encode() == b.encode())


@given(context=contexts)
def test_near_contexts_encode_apart(context: Context) -> None:
    """Changing any single field changes the encoding."""
    near = [
        Context(context.purpose[1:] + "#", context.owner, context.record, context.revision),
        Context(context.purpose, context.record, context.owner, context.revision),
        Context(context.purpose, context.owner, context.record, context.revision ^ 1),
    ]
    for other in near:
        assert (other == context) == (other.encode() == context.encode())


def test_encoding_is_the_one_on_the_format_page() -> None:
    """The bytes are the ones that docs/crypto-format.md section 2 spells out."""
    owner, record = bytes(range(16)), bytes(range(16, 32))
    expected = join_fields(b"\x01", b"entry", owner, record, (7).to_bytes(8, "big"))
    assert Context("entry", owner, record, 7).encode() == expected
    assert len(expected) == 61 + len("entry")


@pytest.mark.parametrize(
    "context",
    [
        Context("", bytes(16), bytes(16)),
        Context("x" * 65, bytes(16), bytes(16)),
        Context("entrée", bytes(16), bytes(16)),
        Context("entry", bytes(15), bytes(16)),
        Context("entry", bytes(17), bytes(16)),
        Context("entry", bytes(16), bytes(15)),
        Context("entry", bytes(16), bytes(17)),
        Context("entry", bytes(16), bytes(16), -1),
        Context("entry", bytes(16), bytes(16), 2**64),
    ],
)
def test_context_outside_its_limits_is_refused(context: Context) -> None:
    """Nothing is cut or filled up in silence."""
    with pytest.raises(FormatError):
        context.encode()


@given(a=st.lists(st.binary(max_size=6), max_size=5), b=st.lists(st.binary(max_size=6), max_size=5))
def test_joined_fields_are_unambiguous(a: list[bytes], b: list[bytes]) -> None:
    """Two lists of fields give the same bytes only if they are the same list."""
    assert (a == b) == (join_fields(*a) == join_fields(*b))


def test_every_error_is_a_crypto_error() -> None:
    """One except clause catches all, and the three are told apart by class."""
    assert all(issubclass(error, CryptoError) for error in (OpenError, FormatError, KeySizeError))
    assert not issubclass(FormatError, OpenError)


def test_size_error_does_not_show_the_key() -> None:
    """A message about a key states lengths and never bytes."""
    with pytest.raises(KeySizeError) as caught:
        require_size(b"secret bytes", 32, "A test key")
    assert str(caught.value) == "A test key is 32 bytes long, not 12."


def test_a_purpose_has_at_most_64_characters() -> None:
    """So many are encoded, and not one more."""
    assert b"p" * 64 in Context("p" * 64, bytes(16), bytes(16), 1).encode()
    with pytest.raises(FormatError):
        Context("p" * 65, bytes(16), bytes(16), 1).encode()
