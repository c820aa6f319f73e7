"""Derived keys: one for every label, secret, salt and context."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import KeySizeError, derive_key
from crypto.derive import hkdf

SECRET = b"s" * 32


@given(
    a=st.tuples(st.sampled_from(["vault", "pins", "x"]), st.binary(max_size=4), st.binary(max_size=4)),
    b=st.tuples(st.sampled_from(["vault", "pins", "x"]), st.binary(max_size=4), st.binary(max_size=4)),
)
def test_every_use_has_a_key_of_its_own(a: tuple[str, bytes, bytes], b: tuple[str, bytes, bytes]) -> None:
    """Two keys are equal only for equal label, salt and context."""
    one, other = (
        derive_key(SECRET, label, salt.ljust(4, b"."), context=context) for label, salt, context in (a, b)
    )
    same = (a[0], a[1].ljust(4, b"."), a[2]) == (b[0], b[1].ljust(4, b"."), b[2])
    assert (one == other) == same


def test_label_and_context_do_not_run_into_each_other() -> None:
    """What ends one label is not taken for the start of a context."""
    made = {
        derive_key(SECRET, "ab"),
        derive_key(SECRET, "a", context=b"b"),
        derive_key(SECRET, "ab", context=b"\0"),
        derive_key(SECRET, "a", b"b"),
    }
    assert len(made) == 4


def test_it_is_hkdf_with_our_label() -> None:
    """The key is plain HKDF over the info that the format page states."""
    expected = hkdf(SECRET, salt=b"salt", info=b"hearthside/v1/slot-key\0bound", size=32)
    assert derive_key(SECRET, "slot-key", b"salt", context=b"bound") == expected
    assert len(expected) == 32


@pytest.mark.parametrize("size", [0, 1, 15])
def test_short_secret_is_refused(size: int) -> None:
    """Nothing is derived from what could be guessed."""
    with pytest.raises(KeySizeError):
        derive_key(bytes(size), "vault")
    assert len(derive_key(bytes(16), "vault")) == 32


def test_label_is_ascii() -> None:
    """A label that is not ASCII is a mistake in the code and says so."""
    with pytest.raises(UnicodeEncodeError):
        derive_key(SECRET, "clé")
