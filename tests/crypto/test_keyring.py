"""The account key and what hangs on it."""

from __future__ import annotations

import pytest

from crypto import Keyring, KeySizeError, derive_key, new_account_key


def test_every_key_is_its_own() -> None:
    """Vault, pins and identity keys differ from each other and from the account key."""
    account_key = new_account_key()
    keyring = Keyring.from_account_key(account_key)
    assert len({account_key, keyring.vault, keyring.pins, keyring.identity_wrap}) == 4
    assert keyring == Keyring.from_account_key(account_key)
    assert keyring.vault == derive_key(account_key, "vault")


def test_account_keys_are_fresh() -> None:
    """Two accounts share nothing."""
    one, other = new_account_key(), new_account_key()
    assert one != other
    assert len(one) == 32
    assert Keyring.from_account_key(one).vault != Keyring.from_account_key(other).vault


def test_key_of_wrong_size_is_refused() -> None:
    """A shortened account key derives nothing."""
    with pytest.raises(KeySizeError):
        Keyring.from_account_key(b"k" * 16)


def test_repr_shows_no_key() -> None:
    """A keyring that ends up in a log line tells nothing."""
    assert repr(Keyring.from_account_key(new_account_key())) == "Keyring()"
