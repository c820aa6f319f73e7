"""The whole path once: from a password to a shared text in front of the therapist."""

from __future__ import annotations

import pytest

from crypto import (
    FLOOR,
    Context,
    Keyring,
    OpenError,
    PrivateIdentity,
    check_pin,
    format_recovery_key,
    grant_link_key,
    new_account_key,
    new_invitation_secret,
    new_link_key,
    new_recovery_key,
    new_session_token,
    open_identity,
    open_link_key,
    open_pin,
    open_sealed,
    parse_recovery_key,
    password_slot,
    pin,
    recovery_slot,
    safety_code,
    seal,
    seal_identity,
    unlock_with_password,
    unlock_with_recovery_key,
    unwrap_account_key,
    verify_voucher,
    vouch,
    wrap_account_key,
)

ALICE, BOB, CHARLIE = bytes([1]) * 16, bytes([2]) * 16, bytes([3]) * 16
LINK, ENTRY = bytes([9]) * 16, bytes([7]) * 16


def test_from_password_to_shared_entry() -> None:
    """Alice signs in, meets Bob through an invitation and shares; Bob reads it and Charlie does not."""
    account_key = new_account_key()
    recovery_key = new_recovery_key()
    by_password = password_slot(account_key, "a quiet river", account=ALICE, parameters=FLOOR)
    by_paper = recovery_slot(account_key, recovery_key, account=ALICE)
    assert unlock_with_password(by_password, "a quiet river", account=ALICE) == account_key
    typed = parse_recovery_key(format_recovery_key(recovery_key).lower())
    assert unlock_with_recovery_key(by_paper, typed, account=ALICE) == account_key

    cookie = new_session_token()
    row = wrap_account_key(cookie, account_key, account=ALICE)
    keyring = Keyring.from_account_key(unwrap_account_key(cookie, row, account=ALICE))

    alice, bob, charlie = (PrivateIdentity.generate() for _ in range(3))
    stored = seal_identity(keyring, alice, account=ALICE)
    assert open_identity(keyring, stored, alice.public(), account=ALICE) == alice

    secret = new_invitation_secret()
    voucher = vouch(secret, bob.public(), account=BOB, role="clinician")
    verify_voucher(secret, voucher, bob.public(), account=BOB, role="clinician")
    pinned = pin(keyring, bob.public(), owner=ALICE, peer=BOB, link=LINK)
    check_pin(open_pin(keyring, pinned, owner=ALICE, peer=BOB, link=LINK), bob.public())
    assert safety_code(ALICE, alice.public(), BOB, bob.public()) == safety_code(
        BOB, bob.public(), ALICE, alice.public()
    )

    link_key = new_link_key()
    granted = grant_link_key(link_key, link=LINK, patient=ALICE, clinician=BOB, to=bob.public(), signer=alice)
    share = seal(link_key, b"I saw the sea.", context=Context("share", LINK, ENTRY))
    opened = open_link_key(
        granted, link=LINK, patient=ALICE, clinician=BOB, private=bob, signed_by=alice.public()
    )
    assert open_sealed(opened, share, context=Context("share", LINK, ENTRY)) == b"I saw the sea."
    with pytest.raises(OpenError):
        open_link_key(
            granted, link=LINK, patient=ALICE, clinician=CHARLIE, private=charlie, signed_by=alice.public()
        )
