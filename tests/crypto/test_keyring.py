"""The account key and what hangs on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from crypto import (
    Context,
    Keyring,
    KeySizeError,
    OpenError,
    Sealer,
    derive,
    derive_key,
    new_account_key,
    wrap_key,
)

ALICE, DANA, RECORD = b"a" * 16, b"d" * 16, b"r" * 16
PLACE = Context("entry", ALICE, RECORD, 1)


def test_every_key_is_its_own() -> None:
    """Vault, pins and identity keys differ from each other and from the account key."""
    account_key = new_account_key()
    keyring = Keyring.from_account_key(account_key)
    assert len({account_key, keyring.vault, keyring.pins, keyring.identity_wrap}) == 4
    assert keyring == Keyring.from_account_key(account_key)
    assert keyring.vault == derive_key(account_key, "vault")
    assert keyring.pins == derive_key(account_key, "pins")
    assert keyring.identity_wrap == derive_key(account_key, "identity")


def test_keys_are_derived_once_when_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening an account runs HKDF for the vault key alone; every other key is derived once, when it is needed."""
    ran: list[str] = []

    def noted(name: str) -> Callable[..., bytes]:
        run: Callable[..., bytes] = getattr(derive, name)

        def note(*given: bytes, **named: Any) -> bytes:
            ran.append(name)
            return run(*given, **named)

        return note

    for name in ("extract", "expand"):
        monkeypatch.setattr(derive, name, noted(name))
    keyring = Keyring.from_account_key(new_account_key())
    assert ran == ["extract", "expand"]
    assert keyring.pins != keyring.identity_wrap
    assert keyring.pins != keyring.vault
    assert ran == ["extract", "expand", "expand", "expand"]
    ran.clear()
    wrapped = [wrap_key(keyring.vault, new_account_key(), context=PLACE) for _ in range(3)]
    assert ran == ["extract", "expand"] * 3
    assert len({keyring.unwrap(one, context=PLACE) for one in wrapped}) == 3
    assert ran == ["extract", "expand"] * 4


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


def test_retired_keys_open_and_never_seal() -> None:
    """While an account key is being replaced, what the old one sealed opens; what is sealed now it cannot open."""
    older = new_account_key()
    before, after = Keyring.from_account_key(older), Keyring.from_account_key(new_account_key())
    both = after.with_retired(after.retire(older, account=ALICE), account=ALICE)
    sealed, wrapped = (
        before.vault_sealer().seal(b"old", context=PLACE),
        wrap_key(before.vault, older, context=PLACE),
    )
    assert both.vault_sealer().open(sealed, context=PLACE) == b"old"
    assert both.vault_sealer().opener(purpose="entry", owner=ALICE)(sealed, RECORD, 1) == b"old"
    assert both.unwrap(wrapped, context=PLACE) == older
    anew = both.vault_sealer().seal(b"new", context=PLACE)
    assert both.vault_sealer().opener(purpose="entry", owner=ALICE)(anew, RECORD, 1) == b"new"
    assert after.vault_sealer().open(anew, context=PLACE) == b"new"
    for keyring, blob in ((before, anew), (after, sealed)):
        with pytest.raises(OpenError):
            keyring.vault_sealer().open(blob, context=PLACE)
    with pytest.raises(OpenError):
        after.unwrap(wrapped, context=PLACE)
    for blob in (bytes(30) + sealed, sealed[:-1] + bytes([sealed[-1] ^ 1])):
        with pytest.raises((OpenError, ValueError)):
            both.vault_sealer().open(sealed[:2] + blob[2:], context=PLACE)


def test_a_retired_key_is_bound_to_its_account_and_successor() -> None:
    """Wrapped for another account, or under other keys, it is not taken up."""
    older, mine = new_account_key(), Keyring.from_account_key(new_account_key())
    theirs = Keyring.from_account_key(new_account_key())
    for wrapped in (mine.retire(older, account=DANA), theirs.retire(older, account=ALICE)):
        with pytest.raises(OpenError):
            mine.with_retired(wrapped, account=ALICE)


def test_a_sealer_without_a_retired_key_tries_one_key() -> None:
    """The usual sealer opens nothing of another key."""
    one, other = Sealer(b"1" * 32), Sealer(b"2" * 32)
    with pytest.raises(OpenError):
        other.open(one.seal(b"text", context=PLACE), context=PLACE)


def test_a_mark_stands_for_the_keys_and_those_before() -> None:
    """What identifies keys is derived of each account key, the newest first, and shows none of them."""
    old, new = bytes(32), b"n" * 32
    former, keyring = Keyring.from_account_key(old), Keyring.from_account_key(new)
    assert former.mark == derive_key(old, "mark")
    both = keyring.with_retired(keyring.retire(old, account=ALICE), account=ALICE)
    assert both.mark == derive_key(new, "mark") + derive_key(old, "mark")


def test_pins_of_before_open_and_new_ones_are_sealed_under_the_new_key() -> None:
    """While keys are renewed, what was believed before stays known, and nothing more is sealed as before."""
    old, new = bytes(32), b"n" * 32
    former, keyring = Keyring.from_account_key(old), Keyring.from_account_key(new)
    both = keyring.with_retired(keyring.retire(old, account=ALICE), account=ALICE)
    sealed = former.pin_sealer().seal(b"believed", context=PLACE)
    assert both.pin_sealer().open(sealed, context=PLACE) == b"believed"
    fresh = both.pin_sealer().seal(b"believed", context=PLACE)
    assert keyring.pin_sealer().open(fresh, context=PLACE) == b"believed"
    with pytest.raises(OpenError):
        former.pin_sealer().open(fresh, context=PLACE)
