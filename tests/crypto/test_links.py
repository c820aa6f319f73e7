"""Care-link keys: from this patient, to this clinician, for this link, and from nobody else."""

from __future__ import annotations

from typing import TypedDict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto import (
    CryptoError,
    FormatError,
    GrantedKey,
    KeySizeError,
    OpenError,
    PrivateIdentity,
    PublicIdentity,
    grant_link_key,
    join_fields,
    new_link_key,
    open_link_key,
)
from crypto.links import _SUITE, _info
from tests.crypto.people import Person

LINK, OTHER_LINK = b"l" * 16, b"m" * 16
LINK_KEY = b"k" * 32


class Reading(TypedDict):
    link: bytes
    patient: bytes
    clinician: bytes
    private: PrivateIdentity
    signed_by: PublicIdentity


@pytest.fixture(scope="module")
def granted(alice: Person, bob: Person) -> bytes:
    """Make Alice's grant to Bob."""
    return grant_link_key(
        LINK_KEY, link=LINK, patient=alice.id, clinician=bob.id, to=bob.public, signer=alice.private
    )


@pytest.fixture(scope="module")
def reading(alice: Person, bob: Person) -> Reading:
    """Return what Bob reads it with."""
    return Reading(link=LINK, patient=alice.id, clinician=bob.id, private=bob.private, signed_by=alice.public)


@settings(max_examples=20)
@given(link_key=st.binary(min_size=32, max_size=32), link=st.binary(min_size=16, max_size=16))
def test_round_trip(alice: Person, bob: Person, link_key: bytes, link: bytes) -> None:
    """The clinician reads the key that the patient granted; the grant always takes 1,234 bytes."""
    blob = grant_link_key(
        link_key, link=link, patient=alice.id, clinician=bob.id, to=bob.public, signer=alice.private
    )
    opened = open_link_key(
        blob, link=link, patient=alice.id, clinician=bob.id, private=bob.private, signed_by=alice.public
    )
    assert opened == link_key
    assert len(blob) == 1234
    assert GrantedKey.decode(blob).encode() == blob


@given(bit=st.integers(0, 1234 * 8 - 1))
def test_one_flipped_bit_never_opens(granted: bytes, reading: Reading, bit: int) -> None:
    """A grant altered in any one bit is refused."""
    altered = bytearray(granted)
    altered[bit // 8] ^= 1 << bit % 8
    with pytest.raises(CryptoError):
        open_link_key(bytes(altered), **reading)


def test_every_part_of_the_context_counts(granted: bytes, reading: Reading, charlie: Person) -> None:
    """Another link, patient or clinician makes it someone else's grant."""
    changes: list[Reading] = [
        {**reading, "link": OTHER_LINK},
        {**reading, "patient": charlie.id},
        {**reading, "clinician": charlie.id},
        {**reading, "patient": reading["clinician"], "clinician": reading["patient"]},
    ]
    for changed in changes:
        with pytest.raises(OpenError):
            open_link_key(granted, **changed)


def test_an_outsider_does_not_open_it(granted: bytes, reading: Reading, charlie: Person) -> None:
    """Charlie's keys open nothing that was granted to Bob, whoever he says he is."""
    as_bob: Reading = {**reading, "private": charlie.private}
    as_himself: Reading = {**reading, "private": charlie.private, "clinician": charlie.id}
    for attempt in (as_bob, as_himself):
        with pytest.raises(OpenError):
            open_link_key(granted, **attempt)


def test_a_planted_key_is_noticed(
    alice: Person, bob: Person, dana: Person, granted: bytes, reading: Reading
) -> None:
    """Whoever writes the database can seal to Bob, with all that is public, but not sign as Alice."""
    info = _info(LINK, alice.id, bob.id, alice.public, bob.public)
    sealed = _SUITE.encrypt(b"x" * 32, bob.public.hpke_key(), info=info)
    signature = dana.private.sign(join_fields(info, sealed), purpose="link-key")
    with pytest.raises(OpenError):
        open_link_key(GrantedKey(sealed, signature).encode(), **reading)
    planted = grant_link_key(
        b"x" * 32, link=LINK, patient=alice.id, clinician=bob.id, to=bob.public, signer=dana.private
    )
    with pytest.raises(OpenError):
        open_link_key(planted, **reading)
    grafted = GrantedKey(GrantedKey.decode(planted).sealed, GrantedKey.decode(granted).signature)
    with pytest.raises(OpenError):
        open_link_key(grafted.encode(), **reading)


def test_signed_rightly_but_sealed_otherwise_is_refused(
    alice: Person, bob: Person, charlie: Person, reading: Reading
) -> None:
    """The seal itself is bound as well: to Bob's key and to the context."""
    info = _info(LINK, alice.id, bob.id, alice.public, bob.public)
    for to, bound in ((bob, b"another info"), (charlie, info)):
        sealed = _SUITE.encrypt(LINK_KEY, to.public.hpke_key(), info=bound)
        signature = alice.private.sign(join_fields(info, sealed), purpose="link-key")
        with pytest.raises(OpenError):
            open_link_key(GrantedKey(sealed, signature).encode(), **reading)


def test_x25519_share_of_zero_is_refused(alice: Person, bob: Person, reading: Reading) -> None:
    """Even signed by the patient, a degenerate exchange is an error of ours."""
    info = _info(LINK, alice.id, bob.id, alice.public, bob.public)
    sealed = _SUITE.encrypt(LINK_KEY, bob.public.hpke_key(), info=info)
    sealed = sealed[:1088] + bytes(32) + sealed[1120:]
    signature = alice.private.sign(join_fields(info, sealed), purpose="link-key")
    with pytest.raises(OpenError):
        open_link_key(GrantedKey(sealed, signature).encode(), **reading)


def test_unknown_header_and_length_are_refused(granted: bytes, reading: Reading) -> None:
    """Version and algorithm come first, then the length."""
    for blob in (b"", b"\x02" + granted[1:], b"\x01\x01" + granted[2:]):
        with pytest.raises(FormatError):
            open_link_key(blob, **reading)
    for blob in (granted[:2], granted[:-1], granted + b"\0"):
        with pytest.raises(OpenError):
            open_link_key(blob, **reading)


def test_sizes_are_checked(alice: Person, bob: Person, granted: bytes, reading: Reading) -> None:
    """Keys have 32 bytes and ids 16."""
    with pytest.raises(KeySizeError):
        grant_link_key(
            b"k" * 16, link=LINK, patient=alice.id, clinician=bob.id, to=bob.public, signer=alice.private
        )
    for field in ("link", "patient", "clinician"):
        changed: Reading = {**reading, field: b"short"}  # type: ignore[misc]
        with pytest.raises(FormatError):
            open_link_key(granted, **changed)


def test_link_keys_and_grants_are_fresh(alice: Person, bob: Person, granted: bytes) -> None:
    """No two links share a key, and granting twice shows no equal bytes of the seal."""
    assert new_link_key() != new_link_key()
    assert len(new_link_key()) == 32
    again = grant_link_key(
        LINK_KEY, link=LINK, patient=alice.id, clinician=bob.id, to=bob.public, signer=alice.private
    )
    assert GrantedKey.decode(again).sealed != GrantedKey.decode(granted).sealed
