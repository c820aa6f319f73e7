"""What keys and states are held in: it does not change, and no traceback or log line shows what is inside."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import crypto
from crypto import GrantedKey, Keyring, KeySlot, RecordSet, RecordState
from tests.crypto.people import Person

HELD = sorted(
    {
        one
        for file in Path(crypto.__file__).parent.glob("*.py")
        for one in vars(import_module(f"crypto.{file.stem}")).values()
        if isinstance(one, type) and is_dataclass(one) and one.__module__.startswith("crypto.")
    },
    key=lambda one: one.__qualname__,
)


@pytest.mark.parametrize("held", HELD, ids=lambda one: one.__qualname__)
def test_it_does_not_change(held: type) -> None:
    """Whatever was checked when it was made is still so when it is used."""
    made: Any = object.__new__(held)
    for one in fields(held):
        with pytest.raises(AttributeError):
            setattr(made, one.name, b"")


def test_no_secret_is_shown(alice: Person) -> None:
    """Keys and sums stand in no text of what holds them, in whatever form."""
    shown = repr(alice.private) + repr(alice.keyring) + repr(RecordState(b"k" * 32, (RecordSet(1, 77777),)))
    private = alice.private
    for secret in (
        private.encode(),
        private.encode()[:32],
        private.encode()[-32:],
        alice.keyring.vault,
        b"k" * 32,
    ):
        assert repr(secret)[2:-1] not in shown
        assert secret.hex() not in shown
    assert "77777" not in shown
    assert "count=1" in shown


def test_the_same_keys_are_equal(alice: Person, bob: Person) -> None:
    """Two readings of one key are one key; what is prepared of it does not count."""
    again = type(alice.private).decode(alice.private.encode())
    assert again == alice.private
    assert again != bob.private
    assert Keyring.from_account_key(b"a" * 32) == Keyring.from_account_key(b"a" * 32)
    assert Keyring.from_account_key(b"a" * 32) != Keyring.from_account_key(b"b" * 32)


def test_a_slot_is_of_no_epoch_unless_told() -> None:
    """Slots of accounts without epochs have the first."""
    assert KeySlot("password", b"", b"", b"", b"").epoch == 0
    assert GrantedKey(b"sealed", b"signature").signature == b"signature"
