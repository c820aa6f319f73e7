"""Key slots: each opens with its own secret, in its own account, as it was made."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto import (
    FLOOR,
    STANDARD,
    Argon2Parameters,
    CryptoError,
    FormatError,
    KeySizeError,
    KeySlot,
    OpenError,
    decoy_recovery_slot,
    decoy_slot,
    passkey_slot,
    password_slot,
    recovery_slot,
    unlock_with_passkey,
    unlock_with_password,
    unlock_with_recovery_key,
)

ALICE, DANA = b"a" * 16, b"d" * 16
ACCOUNT_KEY, RECOVERY_KEY, PRF = b"k" * 32, b"r" * 20, b"p" * 32
PASSWORD = "a quiet river"


@pytest.fixture(scope="module")
def by_password() -> KeySlot:
    return password_slot(ACCOUNT_KEY, PASSWORD, account=ALICE, parameters=FLOOR)


@pytest.fixture(scope="module")
def by_paper() -> KeySlot:
    return recovery_slot(ACCOUNT_KEY, RECOVERY_KEY, account=ALICE)


@settings(max_examples=5)
@given(password=st.text(max_size=30), account=st.binary(min_size=16, max_size=16))
def test_password_slot_round_trip(password: str, account: bytes) -> None:
    """A slot opens with its password and with no longer one."""
    slot = password_slot(ACCOUNT_KEY, password, account=account, parameters=FLOOR)
    assert unlock_with_password(slot, password, account=account) == ACCOUNT_KEY
    with pytest.raises(OpenError):
        unlock_with_password(slot, password + "x", account=account)


@given(
    key=st.binary(min_size=32, max_size=32),
    recovery=st.binary(min_size=20, max_size=20),
    prf=st.binary(min_size=32, max_size=32),
    account=st.binary(min_size=16, max_size=16),
)
def test_other_slots_round_trip(key: bytes, recovery: bytes, prf: bytes, account: bytes) -> None:
    """Recovery keys and passkeys open the slots made with them."""
    paper = recovery_slot(key, recovery, account=account)
    touch = passkey_slot(key, prf, account=account)
    assert unlock_with_recovery_key(paper, recovery, account=account) == key
    assert unlock_with_passkey(touch, prf, account=account) == key


@given(field=st.sampled_from(["salt", "commitment", "wrapped"]), bit=st.integers(min_value=0))
def test_one_flipped_bit_never_opens(by_paper: KeySlot, field: str, bit: int) -> None:
    """A slot altered in any one bit does not open."""
    value = bytearray(getattr(by_paper, field))
    bit %= len(value) * 8
    value[bit // 8] ^= 1 << bit % 8
    fields = {name: getattr(by_paper, name) for name in KeySlot.__slots__} | {field: bytes(value)}
    with pytest.raises(CryptoError):
        unlock_with_recovery_key(KeySlot(**fields), RECOVERY_KEY, account=ALICE)


@given(secret=st.binary(min_size=20, max_size=20).filter(lambda secret: secret != RECOVERY_KEY))
def test_another_recovery_key_never_opens(by_paper: KeySlot, secret: bytes) -> None:
    """Only the one recovery key opens it."""
    with pytest.raises(OpenError):
        unlock_with_recovery_key(by_paper, secret, account=ALICE)


def test_a_slot_opens_in_its_own_account_only(by_password: KeySlot, by_paper: KeySlot) -> None:
    """Moved to another account by whoever writes the database, it stays shut."""
    with pytest.raises(OpenError):
        unlock_with_password(by_password, PASSWORD, account=DANA)
    with pytest.raises(OpenError):
        unlock_with_recovery_key(by_paper, RECOVERY_KEY, account=DANA)


def test_a_replaced_password_does_not_touch_the_key() -> None:
    """A new password wraps the same account key; the old one opens nothing of the new slot."""
    new = password_slot(ACCOUNT_KEY, "another river", account=ALICE, parameters=FLOOR)
    assert unlock_with_password(new, "another river", account=ALICE) == ACCOUNT_KEY
    with pytest.raises(OpenError):
        unlock_with_password(new, PASSWORD, account=ALICE)


def test_other_allowed_parameters_do_not_open(by_password: KeySlot) -> None:
    """Changing the cost within the bounds makes the slot useless, not weaker."""
    changed = replace(by_password, parameters=Argon2Parameters(19457, 2, 1).encode())
    with pytest.raises(OpenError):
        unlock_with_password(changed, PASSWORD, account=ALICE)


@pytest.mark.parametrize("memory", [b"\0\0\0\x08", b"\xff\xff\xff\xff"])
def test_weak_and_absurd_parameters_are_refused(by_password: KeySlot, memory: bytes) -> None:
    """Neither 8 KiB nor 4 TiB is ever tried."""
    changed = replace(
        by_password, parameters=by_password.parameters[:1] + memory + by_password.parameters[5:]
    )
    with pytest.raises(FormatError):
        unlock_with_password(changed, PASSWORD, account=ALICE)


def test_kinds_are_not_exchangeable(by_password: KeySlot, by_paper: KeySlot) -> None:
    """A slot under another label is refused before anything is derived."""
    touch = passkey_slot(ACCOUNT_KEY, PRF, account=ALICE)
    with pytest.raises(FormatError):
        unlock_with_password(by_paper, PASSWORD, account=ALICE)
    with pytest.raises(FormatError):
        unlock_with_recovery_key(by_password, RECOVERY_KEY, account=ALICE)
    with pytest.raises(FormatError):
        unlock_with_passkey(by_paper, PRF, account=ALICE)
    with pytest.raises(FormatError):
        unlock_with_passkey(replace(touch, kind="recovery"), PRF, account=ALICE)
    with pytest.raises(OpenError):
        unlock_with_passkey(replace(by_paper, kind="passkey"), PRF, account=ALICE)


def test_malformed_slots_are_refused(by_password: KeySlot, by_paper: KeySlot) -> None:
    """A salt cut short or parameters where none belong are no slot of ours."""
    with pytest.raises(FormatError):
        unlock_with_password(replace(by_password, salt=b"short"), PASSWORD, account=ALICE)
    with pytest.raises(FormatError):
        unlock_with_recovery_key(replace(by_paper, parameters=b"\0"), RECOVERY_KEY, account=ALICE)
    with pytest.raises(FormatError):
        unlock_with_recovery_key(by_paper, RECOVERY_KEY, account=b"short")


def test_the_commitment_comes_first(by_paper: KeySlot) -> None:
    """A slot whose wrapped key would open stays shut when the commitment is not the secret's."""
    other = recovery_slot(ACCOUNT_KEY, b"x" * 20, account=ALICE)
    with pytest.raises(OpenError, match="does not open this account"):
        unlock_with_recovery_key(replace(by_paper, commitment=other.commitment), RECOVERY_KEY, account=ALICE)
    with pytest.raises(OpenError, match="does not open this account"):
        unlock_with_recovery_key(
            replace(by_paper, commitment=b"", wrapped=other.wrapped), RECOVERY_KEY, account=ALICE
        )


def test_secrets_of_wrong_size_are_refused(by_paper: KeySlot) -> None:
    """Account keys have 32 bytes, recovery keys 20, passkey results 32."""
    touch = passkey_slot(ACCOUNT_KEY, PRF, account=ALICE)
    with pytest.raises(KeySizeError):
        password_slot(b"k" * 31, PASSWORD, account=ALICE, parameters=FLOOR)
    with pytest.raises(KeySizeError):
        recovery_slot(b"k" * 31, RECOVERY_KEY, account=ALICE)
    with pytest.raises(KeySizeError):
        passkey_slot(b"k" * 31, PRF, account=ALICE)
    with pytest.raises(KeySizeError):
        recovery_slot(ACCOUNT_KEY, b"r" * 16, account=ALICE)
    with pytest.raises(KeySizeError):
        passkey_slot(ACCOUNT_KEY, b"p" * 16, account=ALICE)
    with pytest.raises(KeySizeError):
        unlock_with_recovery_key(by_paper, b"r" * 32, account=ALICE)
    with pytest.raises(KeySizeError):
        unlock_with_passkey(touch, b"p" * 20, account=ALICE)


def test_account_ids_of_wrong_size_are_refused() -> None:
    """A slot is bound to a whole account id or not made at all, and not after slow work."""
    with pytest.raises(FormatError):
        recovery_slot(ACCOUNT_KEY, RECOVERY_KEY, account=b"")
    with pytest.raises(FormatError):
        decoy_slot(b"short", FLOOR)


def test_a_decoy_looks_real_and_opens_for_nobody(by_password: KeySlot) -> None:
    """Same kind, sizes and cost as a real slot; no password opens it."""
    decoy = decoy_slot(ALICE, FLOOR)
    for field in ("kind", "parameters"):
        assert getattr(decoy, field) == getattr(by_password, field)
    for field in ("salt", "commitment", "wrapped"):
        assert len(getattr(decoy, field)) == len(getattr(by_password, field))
    assert decoy.wrapped[:2] == by_password.wrapped[:2]
    with pytest.raises(OpenError, match="That password does not open this account"):
        unlock_with_password(decoy, PASSWORD, account=ALICE)
    assert decoy_slot(ALICE).parameters == STANDARD.encode()


def test_no_two_slots_are_alike() -> None:
    """Equal passwords or keys leave no equal bytes in two slots."""
    one, other = (recovery_slot(ACCOUNT_KEY, RECOVERY_KEY, account=ALICE) for _ in range(2))
    assert one.salt != other.salt
    assert one.commitment != other.commitment
    assert one.wrapped != other.wrapped


def test_slots_are_of_the_first_epoch_unless_told() -> None:
    """Each kind of them, made without one."""
    made = (
        password_slot(ACCOUNT_KEY, PASSWORD, account=ALICE, parameters=FLOOR),
        recovery_slot(ACCOUNT_KEY, RECOVERY_KEY, account=ALICE),
        passkey_slot(ACCOUNT_KEY, PRF, account=ALICE),
        decoy_slot(ALICE, FLOOR),
    )
    assert [slot.epoch for slot in made] == [0, 0, 0, 0]


def test_a_decoy_for_a_recovery_key_opens_for_nobody() -> None:
    """It has the sizes of a real slot, a salt and a commitment of its own, and does the same work before it refuses."""
    real, decoy = recovery_slot(ACCOUNT_KEY, RECOVERY_KEY, account=ALICE), decoy_recovery_slot(ALICE)
    assert (decoy.kind, decoy.parameters, decoy.epoch) == ("recovery", b"", 0)
    for part in ("salt", "commitment", "wrapped"):
        assert len(getattr(decoy, part)) == len(getattr(real, part))
        assert getattr(decoy, part) != getattr(decoy_recovery_slot(ALICE), part)
    assert decoy.wrapped[:2] == real.wrapped[:2]
    with pytest.raises(OpenError):
        unlock_with_recovery_key(decoy, RECOVERY_KEY, account=ALICE)
    with pytest.raises(FormatError):
        decoy_recovery_slot(b"short")
