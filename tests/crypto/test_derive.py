"""Derived keys: one for every label, secret, salt and context."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from crypto import KeySizeError, derive_key
from crypto.derive import Deriver

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
    """The key is the library's plain HKDF over the info that the format page states."""
    made = HKDF(hashes.SHA256(), 32, b"salt", b"hearthside/v1/slot-key\0bound").derive(SECRET)
    assert derive_key(SECRET, "slot-key", b"salt", context=b"bound") == made
    assert len(made) == 32


def test_one_extraction_gives_every_key() -> None:
    """What is derived beside other keys is what is derived alone."""
    for salt in (b"", b"salt"):
        deriver = Deriver(SECRET, salt)
        for label, context in (("vault", b""), ("pins", b""), ("slot-key", b"bound")):
            assert deriver.derive(label, context=context) == derive_key(SECRET, label, salt, context=context)


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
