"""Identities: usable public keys only, private keys that match them, signatures for one purpose."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import (
    Context,
    CryptoError,
    FormatError,
    KeySizeError,
    OpenError,
    PrivateIdentity,
    PublicIdentity,
    open_identity,
    seal,
    seal_identity,
    verify,
)
from tests.crypto.people import Person

P = 2**255 - 19
ORDER_EIGHT = int.from_bytes(
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"
)
X25519_SMALL_ORDER = [
    bytes(32),
    b"\x01" + bytes(31),
    bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
    (P - 1).to_bytes(32, "little"),
    P.to_bytes(32, "little"),
    (P + 1).to_bytes(32, "little"),
    bytes(31) + b"\x80",
]


@pytest.fixture(scope="module")
def sealed(alice: Person) -> bytes:
    return seal_identity(alice.keyring, alice.private, account=alice.id)


def test_round_trips(alice: Person, sealed: bytes) -> None:
    """Both halves are read back from their encodings and from their seal."""
    assert PublicIdentity.decode(alice.public.encode()) == alice.public
    assert PrivateIdentity.decode(alice.private.encode()) == alice.private
    assert open_identity(alice.keyring, sealed, alice.public, account=alice.id) == alice.private
    assert (len(alice.public.encode()), len(alice.private.encode())) == (1249, 129)


def test_identities_are_fresh(alice: Person) -> None:
    """No two are alike in any part."""
    other = PrivateIdentity.generate()
    for part in ("mlkem_seed", "x25519_key", "signing_seed"):
        assert getattr(other, part) != getattr(alice.private, part)
    assert other.public() != alice.public


def test_repr_shows_no_seed(alice: Person) -> None:
    """A private identity that ends up in a log line tells nothing."""
    assert repr(alice.private) == "PrivateIdentity()"


def test_replaced_public_half_is_noticed(alice: Person, bob: Person, sealed: bytes) -> None:
    """If storage gives out other public keys in her name, she does not go on with them."""
    mixed = PublicIdentity(alice.public.kem, bob.public.signing)
    for other in (bob.public, mixed, PublicIdentity(bob.public.kem, alice.public.signing)):
        with pytest.raises(OpenError):
            open_identity(alice.keyring, sealed, other, account=alice.id)


def test_sealed_identity_opens_for_its_account_only(alice: Person, dana: Person, sealed: bytes) -> None:
    """Neither another account nor another keyring opens it."""
    with pytest.raises(OpenError):
        open_identity(dana.keyring, sealed, alice.public, account=alice.id)
    with pytest.raises(OpenError):
        open_identity(alice.keyring, sealed, alice.public, account=dana.id)


@given(bit=st.integers(min_value=0))
def test_one_flipped_bit_never_opens(alice: Person, sealed: bytes, bit: int) -> None:
    """A sealed identity altered in any one bit is refused."""
    bit %= len(sealed) * 8
    altered = bytearray(sealed)
    altered[bit // 8] ^= 1 << bit % 8
    with pytest.raises(CryptoError):
        open_identity(alice.keyring, bytes(altered), alice.public, account=alice.id)


def test_private_identity_of_a_newer_version_is_refused(alice: Person) -> None:
    """What opens but cannot be read says that it is of no known form."""
    context = Context("identity", alice.id, bytes(16))
    for content in (b"\x02" + alice.private.encode()[1:], alice.private.encode()[:-1], b""):
        stored = seal(alice.keyring.identity_wrap, content, context=context)
        with pytest.raises(FormatError):
            open_identity(alice.keyring, stored, alice.public, account=alice.id)


def test_seeds_of_wrong_size_are_refused(alice: Person) -> None:
    """Seeds of any other length are none."""
    good = alice.private
    with pytest.raises(KeySizeError):
        PrivateIdentity(good.mlkem_seed[:32], good.x25519_key, good.signing_seed)
    with pytest.raises(KeySizeError):
        PrivateIdentity(good.mlkem_seed, good.x25519_key + b"\0", good.signing_seed)
    with pytest.raises(KeySizeError):
        PrivateIdentity(good.mlkem_seed, good.x25519_key, b"")


def test_public_keys_of_wrong_form_are_refused(alice: Person) -> None:
    """Length and version are checked before anything is read."""
    encoded = alice.public.encode()
    for data in (b"", encoded[:-1], encoded + b"\0", b"\x02" + encoded[1:]):
        with pytest.raises(FormatError):
            PublicIdentity.decode(data)
    with pytest.raises(KeySizeError):
        PublicIdentity(alice.public.kem[:-1], alice.public.signing)
    with pytest.raises(KeySizeError):
        PublicIdentity(alice.public.kem, alice.public.signing + b"\0")


@pytest.mark.parametrize("point", X25519_SMALL_ORDER, ids=lambda point: point.hex()[:8])
def test_small_order_exchange_keys_are_refused(alice: Person, point: bytes) -> None:
    """With such a key, anyone would know the classical half of the shared secret."""
    with pytest.raises(FormatError):
        PublicIdentity(alice.public.kem[:1184] + point, alice.public.signing)


@pytest.mark.parametrize("sign", [0, 1 << 255])
@pytest.mark.parametrize("y", [0, 1, P - 1, ORDER_EIGHT, P - ORDER_EIGHT, P, P + 1, 2**255 - 1])
def test_small_order_signing_keys_are_refused(alice: Person, y: int, sign: int) -> None:
    """Under such a key, one signature fits many messages."""
    with pytest.raises(FormatError):
        PublicIdentity(alice.public.kem, (y | sign).to_bytes(32, "little"))


def test_mlkem_key_out_of_range_is_refused(alice: Person) -> None:
    """FIPS 203 section 7.2: coefficients are below 3329."""
    with pytest.raises(FormatError):
        PublicIdentity(b"\xff" * 1184 + alice.public.kem[1184:], alice.public.signing)


@given(message=st.binary(max_size=300), purpose=st.text(max_size=20))
def test_signature_verifies(alice: Person, message: bytes, purpose: str) -> None:
    """What she signs is hers, for this message and purpose only."""
    signature = alice.private.sign(message, purpose=purpose)
    verify(alice.public, message, signature, purpose=purpose)
    with pytest.raises(OpenError):
        verify(alice.public, message + b"!", signature, purpose=purpose)
    with pytest.raises(OpenError):
        verify(alice.public, message, signature, purpose=purpose + "!")


@given(bit=st.integers(0, 64 * 8 - 1))
def test_one_flipped_bit_of_a_signature_is_noticed(alice: Person, bit: int) -> None:
    """Every bit of a signature counts."""
    altered = bytearray(alice.private.sign(b"message", purpose="test"))
    altered[bit // 8] ^= 1 << bit % 8
    with pytest.raises(OpenError):
        verify(alice.public, b"message", bytes(altered), purpose="test")


def test_signature_by_another_or_cut_is_refused(alice: Person, dana: Person) -> None:
    """Nobody else's signature passes, nor part of one."""
    with pytest.raises(OpenError):
        verify(alice.public, b"message", dana.private.sign(b"message", purpose="test"), purpose="test")
    signature = alice.private.sign(b"message", purpose="test")
    for wrong in (b"", signature[:63], signature + b"\0"):
        with pytest.raises(OpenError):
            verify(alice.public, b"message", wrong, purpose="test")


def test_key_off_the_curve_verifies_nothing(alice: Person) -> None:
    """A signing key that is no point at all refuses with an error of ours."""
    nowhere = PublicIdentity(alice.public.kem, (2).to_bytes(32, "little"))
    with pytest.raises(OpenError):
        verify(nowhere, b"message", alice.private.sign(b"message", purpose="test"), purpose="test")


def test_purpose_and_message_do_not_run_into_each_other(alice: Person) -> None:
    """A signature of "ab" for "c" is none of "b" for "ca"."""
    signature = alice.private.sign(b"bc", purpose="a")
    with pytest.raises(OpenError):
        verify(alice.public, b"c", signature, purpose="ab")
