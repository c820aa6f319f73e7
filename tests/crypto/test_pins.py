"""Who is who: vouchers, pins and safety codes notice every exchange of keys."""

from __future__ import annotations

import re
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
    PublicIdentity,
    check_pin,
    fingerprint,
    invitation_id,
    is_doubted,
    is_pinned,
    new_invitation_secret,
    open_pin,
    pin,
    pin_in_doubt,
    safety_code,
    seal,
    verify_voucher,
    vouch,
)
from tests.crypto.people import Person

SECRET = b"i" * 32
LINK, OTHER_LINK = b"l" * 16, b"m" * 16


def test_invitation_id_says_nothing_of_the_voucher() -> None:
    """The look-up id is neither the secret nor any key derived for the MAC."""
    assert len(invitation_id(SECRET)) == 32
    assert invitation_id(SECRET) == invitation_id(SECRET)
    assert invitation_id(SECRET) not in (SECRET, invitation_id(b"j" * 32))


def test_invitation_secrets_are_fresh() -> None:
    """Each has 256 random bits."""
    made = {new_invitation_secret() for _ in range(50)}
    assert len(made) == 50
    assert all(len(secret) == 32 for secret in made)


@given(secret=st.binary(min_size=32, max_size=32), role=st.text(max_size=12))
def test_voucher_round_trip(bob: Person, secret: bytes, role: str) -> None:
    """A voucher made with the secret is accepted with it."""
    voucher = vouch(secret, bob.public, account=bob.id, role=role)
    verify_voucher(secret, voucher, bob.public, account=bob.id, role=role)
    with pytest.raises(OpenError):
        verify_voucher(secret, voucher, bob.public, account=bob.id, role=role + "x")


@given(bit=st.integers(0, 255))
def test_one_flipped_bit_of_a_voucher_is_noticed(bob: Person, bit: int) -> None:
    """Every bit of a voucher counts."""
    altered = bytearray(vouch(SECRET, bob.public, account=bob.id, role="clinician"))
    altered[bit // 8] ^= 1 << bit % 8
    with pytest.raises(OpenError):
        verify_voucher(SECRET, bytes(altered), bob.public, account=bob.id, role="clinician")


def test_voucher_is_for_one_account_key_and_role(bob: Person, charlie: Person) -> None:
    """Whoever writes the database cannot put other keys, another account or the other side in."""
    voucher = vouch(SECRET, bob.public, account=bob.id, role="clinician")
    mixed = PublicIdentity(charlie.public.kem, bob.public.signing)
    for identity in (charlie.public, mixed):
        with pytest.raises(OpenError):
            verify_voucher(SECRET, voucher, identity, account=bob.id, role="clinician")
    with pytest.raises(OpenError):
        verify_voucher(SECRET, voucher, bob.public, account=charlie.id, role="clinician")
    with pytest.raises(OpenError):
        verify_voucher(SECRET, voucher, bob.public, account=bob.id, role="patient")
    with pytest.raises(OpenError):
        verify_voucher(b"j" * 32, voucher, bob.public, account=bob.id, role="clinician")
    with pytest.raises(OpenError):
        verify_voucher(SECRET, b"", bob.public, account=bob.id, role="clinician")


def test_invitation_sizes_are_checked(bob: Person) -> None:
    """A secret cut short is refused wherever it comes in."""
    with pytest.raises(KeySizeError):
        invitation_id(SECRET[:16])
    with pytest.raises(KeySizeError):
        vouch(SECRET[:16], bob.public, account=bob.id, role="clinician")
    with pytest.raises(FormatError):
        vouch(SECRET, bob.public, account=b"short", role="clinician")


def test_pin_round_trip(alice: Person, bob: Person) -> None:
    """She recalls the keys that she remembered."""
    sealed = pin(alice.keyring, bob.public, owner=alice.id, peer=bob.id, link=LINK)
    pinned = open_pin(alice.keyring, sealed, owner=alice.id, peer=bob.id, link=LINK)
    check_pin(pinned, bob.public)


def test_pin_belongs_to_owner_peer_and_link(alice: Person, bob: Person, charlie: Person) -> None:
    """A pin in another place, or of someone else, is refused."""
    sealed = pin(alice.keyring, bob.public, owner=alice.id, peer=bob.id, link=LINK)
    for keyring, owner, peer, link in (
        (charlie.keyring, alice.id, bob.id, LINK),
        (alice.keyring, charlie.id, bob.id, LINK),
        (alice.keyring, alice.id, charlie.id, LINK),
        (alice.keyring, alice.id, bob.id, OTHER_LINK),
    ):
        with pytest.raises(OpenError):
            open_pin(keyring, sealed, owner=owner, peer=peer, link=link)
    with pytest.raises(FormatError):
        open_pin(alice.keyring, sealed, owner=alice.id, peer=b"", link=LINK)
    with pytest.raises(FormatError):
        pin(alice.keyring, bob.public, owner=alice.id, peer=b"", link=LINK)


@given(bit=st.integers(min_value=0))
def test_one_flipped_bit_of_a_pin_is_noticed(alice: Person, bob: Person, bit: int) -> None:
    """A pin altered in any one bit is refused."""
    altered = bytearray(pin(alice.keyring, bob.public, owner=alice.id, peer=bob.id, link=LINK))
    bit %= len(altered) * 8
    altered[bit // 8] ^= 1 << bit % 8
    with pytest.raises(CryptoError):
        open_pin(alice.keyring, bytes(altered), owner=alice.id, peer=bob.id, link=LINK)


def test_pin_with_other_content_is_refused(alice: Person, bob: Person) -> None:
    """What opens but holds no identity says so."""
    for content, error in ((b"", OpenError), (bob.id, FormatError), (bob.id + b"\x02", FormatError)):
        sealed = seal(alice.keyring.pins, content, context=Context("pin", alice.id, LINK))
        with pytest.raises(error):
            open_pin(alice.keyring, sealed, owner=alice.id, peer=bob.id, link=LINK)


def test_changed_keys_are_noticed(alice: Person, bob: Person) -> None:
    """Either half changed is a change."""
    check_pin(bob.public, PublicIdentity.decode(bob.public.encode()))
    for current in (
        alice.public,
        PublicIdentity(alice.public.kem, bob.public.signing),
        PublicIdentity(bob.public.kem, alice.public.signing),
    ):
        with pytest.raises(OpenError):
            check_pin(bob.public, current)


def test_safety_code_is_the_same_for_both(alice: Person, bob: Person) -> None:
    """Both read the same 12 groups of 5 digits."""
    code = safety_code(alice.id, alice.public, bob.id, bob.public)
    assert code == safety_code(bob.id, bob.public, alice.id, alice.public)
    assert re.fullmatch(r"\d{5}( \d{5}){11}", code)


def test_safety_code_changes_with_any_key_or_account(alice: Person, bob: Person, charlie: Person) -> None:
    """Someone in between cannot show both sides one code."""
    codes = {
        safety_code(alice.id, alice.public, bob.id, bob.public),
        safety_code(alice.id, charlie.public, bob.id, bob.public),
        safety_code(alice.id, alice.public, bob.id, charlie.public),
        safety_code(charlie.id, alice.public, bob.id, bob.public),
        safety_code(alice.id, bob.public, bob.id, alice.public),
        safety_code(alice.id, PublicIdentity(alice.public.kem, charlie.public.signing), bob.id, bob.public),
    }
    assert len(codes) == 6


def test_safety_code_is_both_fingerprints(alice: Person, bob: Person, charlie: Person) -> None:
    """Each person's half is the same in all their codes: six groups of 5 digits, of their account and its keys."""
    hers = fingerprint(alice.id, alice.public)
    assert re.fullmatch(r"\d{5}( \d{5}){5}", hers)
    for other in (bob, charlie):
        code = safety_code(alice.id, alice.public, other.id, other.public)
        assert sorted([code[:35], code[36:]]) == sorted([hers, fingerprint(other.id, other.public)])
    assert len({hers, fingerprint(bob.id, alice.public), fingerprint(alice.id, bob.public)}) == 3
    with pytest.raises(FormatError):
        fingerprint(b"short", alice.public)


def test_safety_code_needs_whole_ids(alice: Person, bob: Person) -> None:
    """An id cut short is refused on either side."""
    with pytest.raises(FormatError):
        safety_code(b"short", alice.public, bob.id, bob.public)
    with pytest.raises(FormatError):
        safety_code(alice.id, alice.public, b"short", bob.public)


def test_keys_in_doubt_are_remembered_and_fit_nothing(alice: Person, bob: Person, charlie: Person) -> None:
    """A pin in doubt opens to the keys it was made of, says so, and is the bytes of no keys."""
    ids = {"owner": alice.id, "peer": bob.id, "link": LINK}
    doubted, plain = (make(alice.keyring, bob.public, **ids) for make in (pin_in_doubt, pin))
    assert open_pin(alice.keyring, doubted, **ids) == open_pin(alice.keyring, plain, **ids) == bob.public
    assert is_doubted(alice.keyring, doubted, **ids) is True
    assert is_doubted(alice.keyring, plain, **ids) is False
    assert is_pinned(alice.keyring, plain, bob.public.encode(), **ids) is True
    assert is_pinned(alice.keyring, plain, charlie.public.encode(), **ids) is False
    assert is_pinned(alice.keyring, doubted, bob.public.encode(), **ids) is False
    assert is_pinned(alice.keyring, doubted, bob.public.encode() + b"\x01", **ids) is True


@pytest.mark.parametrize("ask", [is_doubted, open_pin])
@pytest.mark.parametrize("other", ["owner", "peer", "link"])
def test_a_doubt_belongs_to_one_pair(
    alice: Person, bob: Person, ask: Callable[..., object], other: str
) -> None:
    """It cannot be moved to another owner, person or link, nor opened by other keys."""
    ids = {"owner": alice.id, "peer": bob.id, "link": LINK}
    sealed = pin_in_doubt(alice.keyring, bob.public, **ids)
    with pytest.raises(OpenError):
        ask(alice.keyring, sealed, **ids | {other: OTHER_LINK})
    with pytest.raises(OpenError):
        is_pinned(alice.keyring, sealed, bob.public.encode(), **ids | {other: OTHER_LINK})
    with pytest.raises(OpenError):
        ask(bob.keyring, sealed, **ids)


def test_only_one_byte_is_a_doubt(alice: Person, bob: Person) -> None:
    """Keys with anything else behind them are no keys."""
    ids = {"owner": alice.id, "peer": bob.id, "link": LINK}
    for behind in (b"\x00", b"\x02", b"\x00\x01", b"\x01\x01"):
        content = bob.id + bob.public.encode() + behind
        sealed = seal(alice.keyring.pins, content, context=Context("pin", alice.id, LINK))
        with pytest.raises(FormatError):
            is_doubted(alice.keyring, sealed, **ids)


def test_a_safety_code_is_ordered_by_keys_where_ids_are_one(bob: Person, charlie: Person) -> None:
    """Two sides of one id, which no practice has, still see one code; so do two with the same keys."""
    codes = {
        safety_code(LINK, one, LINK, two)
        for one, two in ((bob.public, charlie.public), (charlie.public, bob.public))
    }
    assert len(codes) == 1
    assert len(safety_code(LINK, bob.public, LINK, bob.public)) == 71
