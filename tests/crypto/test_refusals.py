"""Every refusal of the cryptographic layer, word for word: who reads a log or a page can tell one from another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

import crypto
from crypto import (
    Argon2Parameters,
    Context,
    CryptoError,
    FormatError,
    KeySizeError,
    OpenError,
    codes,
    links,
    pins,
)
from crypto.context import require_id
from crypto.derive import derive_key
from crypto.padding import unpad
from crypto.public_identity import PublicIdentity
from tests.crypto.people import Person

ALICE, BOB, CHARLIE = Person.named("alice"), Person.named("bob"), Person.named("charlie")
KEY, ID, LINK = bytes(range(32)), bytes(16), b"L" * 16
HERE = Context("entry", ID, ID)
SMALL = Argon2Parameters(19456, 2, 1)
SLOT = crypto.recovery_slot(KEY, b"r" * 20, account=ID)
PINNED = crypto.pin(ALICE.keyring, BOB.public, owner=ALICE.id, peer=BOB.id, link=LINK)
PAIR = {"link": LINK, "patient": ALICE.id, "clinician": BOB.id}
GRANTED = crypto.grant_link_key(KEY, **PAIR, to=BOB.public, signer=ALICE.private)
SIGNED = ALICE.private.sign(b"words", purpose="test")
SEALED = crypto.seal(KEY, b"words", context=HERE)
KEM, SIGNING = ALICE.public.kem, ALICE.public.signing

Case = tuple[str, type[CryptoError], Callable[[], object]]


def lengths(what: str, size: int, act: Callable[[bytes], object], error: type[CryptoError]) -> list[Case]:
    """Return the two cases of one length: one byte too few or too many."""
    return [
        (f"{what} is {size} bytes long, not {wrong}.", error, lambda wrong=wrong: act(bytes(wrong)))  # type: ignore[misc]
        for wrong in (size - 1, size + 1)
    ]


def keys(what: str, size: int, act: Callable[[bytes], object]) -> list[Case]:
    """Return the cases of a key's length."""
    return lengths(what, size, act, KeySizeError)


def ids(what: str, act: Callable[[bytes], object]) -> list[Case]:
    """Return the cases of an id's length."""
    return lengths(what, 16, act, FormatError)


CASES: list[Case] = [
    *keys("A record key", 32, lambda value: crypto.seal(value, b"", context=HERE)),
    *keys("A key to wrap", 32, lambda value: crypto.wrap_key(KEY, value, context=HERE)),
    *keys("A wrapping key", 32, lambda value: crypto.wrap_key(value, KEY, context=HERE)),
    *keys("The server key", 32, crypto.ServerKey),
    *keys("An account key", 32, crypto.Keyring.from_account_key),
    *keys("An account key", 32, lambda value: crypto.recovery_slot(value, b"r" * 20, account=ID)),
    *keys("An account key", 32, lambda value: crypto.password_slot(value, "p", account=ID, parameters=SMALL)),
    *keys("An account key", 32, lambda value: crypto.passkey_slot(value, KEY, account=ID)),
    *keys("A recovery key", 20, lambda value: crypto.recovery_slot(KEY, value, account=ID)),
    *keys("A recovery key", 20, lambda value: crypto.unlock_with_recovery_key(SLOT, value, account=ID)),
    *keys("A recovery key", 20, crypto.format_recovery_key),
    *keys("A passkey's output", 32, lambda value: crypto.passkey_slot(KEY, value, account=ID)),
    *keys("A passkey's output", 32, lambda value: crypto.unlock_with_passkey(SLOT, value, account=ID)),
    *keys("A session token", 32, crypto.session_id),
    *keys("A session token", 32, lambda value: crypto.wrap_account_key(value, KEY, account=ID)),
    *keys("An invitation secret", 32, crypto.invitation_id),
    *keys(
        "An invitation secret", 32, lambda value: crypto.vouch(value, BOB.public, account=ID, role="patient")
    ),
    *keys(
        "A care-link key",
        32,
        lambda value: links.grant_link_key(value, **PAIR, to=BOB.public, signer=ALICE.private),
    ),
    *keys("A recovery code", 10, codes.format_recovery_code),
    *keys("A recovery code", 10, lambda value: codes.hash_recovery_code(value, account=ID)),
    *keys("A public HPKE key", 1216, lambda value: PublicIdentity(value, SIGNING)),
    *keys("A public signing key", 32, lambda value: PublicIdentity(KEM, value)),
    *keys("An ML-KEM seed", 64, lambda value: replace(ALICE.private, mlkem_seed=value)),
    *keys("An X25519 key", 32, lambda value: replace(ALICE.private, x25519_key=value)),
    *keys("A signing seed", 32, lambda value: replace(ALICE.private, signing_seed=value)),
    *ids("An owner's id", lambda value: Context("entry", value, ID).encode()),
    *ids("A record's id", lambda value: Context("entry", ID, value).encode()),
    *ids("Something", lambda value: require_id(value, "Something")),
    *ids("An account id", lambda value: crypto.vouch(KEY, BOB.public, account=value, role="patient")),
    *ids(
        "An account id", lambda value: crypto.pin(ALICE.keyring, BOB.public, owner=ID, peer=value, link=LINK)
    ),
    *ids(
        "An account id", lambda value: crypto.open_pin(ALICE.keyring, PINNED, owner=ID, peer=value, link=LINK)
    ),
    *ids("An account id", lambda value: crypto.safety_code(value, ALICE.public, ID, BOB.public)),
    *ids("An account id", lambda value: crypto.safety_code(ID, ALICE.public, value, BOB.public)),
    *ids("An account id", lambda value: crypto.decoy_slot(value, SMALL)),
    *ids("An account id", lambda value: crypto.recovery_slot(KEY, b"r" * 20, account=value)),
    *ids("An account id", lambda value: crypto.unlock_with_recovery_key(SLOT, b"r" * 20, account=value)),
    *ids("An account id", lambda value: codes.hash_recovery_code(bytes(10), account=value)),
    *ids("A care-link id", lambda value: _open_grant(link=value)),
    *ids("A patient's account id", lambda value: _open_grant(patient=value)),
    *ids("A clinician's account id", lambda value: _open_grant(clinician=value)),
    *lengths("A password salt", 16, lambda value: crypto.stretch("p", value, SMALL), FormatError),
    *lengths(
        "A wrapped key",
        62,
        lambda value: crypto.unwrap_key(KEY, b"\1\2" + value[2:], context=HERE),
        OpenError,
    ),
    ("A secret has at least 16 bytes, not 15.", KeySizeError, lambda: derive_key(bytes(15), "test")),
    ("A purpose is 1 to 64 ASCII characters.", FormatError, lambda: Context("é", ID, ID).encode()),
    (
        "A revision is a whole number from 0 to 2^64 - 1.",
        FormatError,
        lambda: Context("e", ID, ID, -1).encode(),
    ),
    (
        "This was sealed by another version of Hearthside, or is no sealed value.",
        FormatError,
        lambda: crypto.open_sealed(KEY, b"\7" + SEALED[1:], context=HERE),
    ),
    ("The sealed value is cut short.", OpenError, lambda: crypto.open_sealed(KEY, SEALED[:20], context=HERE)),
    (
        "This key does not open it, or it was changed or moved.",
        OpenError,
        lambda: crypto.open_sealed(bytes(32), SEALED, context=HERE),
    ),
    ("The sealed text is not padded as this format asks.", OpenError, lambda: unpad(bytes(7))),
    (
        "These are not the private keys of an account.",
        FormatError,
        lambda: crypto.PrivateIdentity.decode(b"\7" + ALICE.private.encode()[1:]),
    ),
    (
        "Your public keys were changed. Nothing was opened with them.",
        OpenError,
        lambda: crypto.open_identity(
            ALICE.keyring,
            crypto.seal_identity(ALICE.keyring, ALICE.private, account=ALICE.id),
            BOB.public,
            account=ALICE.id,
        ),
    ),
    (
        "These are not the public keys of an account.",
        FormatError,
        lambda: PublicIdentity.decode(ALICE.public.encode()[:-1]),
    ),
    (
        "The public HPKE key is not usable.",
        FormatError,
        lambda: PublicIdentity(KEM[:1184] + bytes(32), SIGNING),
    ),
    ("The public signing key is not usable.", FormatError, lambda: PublicIdentity(KEM, bytes(32))),
    (
        "The signature is not by this account, or what it signed was changed.",
        OpenError,
        lambda: crypto.verify(BOB.public, b"words", SIGNED, purpose="test"),
    ),
    (
        "This is no care-link key that this version of Hearthside reads.",
        FormatError,
        lambda: _open_grant(blob=b"\7" + GRANTED[1:]),
    ),
    ("The care-link key is cut short or too long.", OpenError, lambda: _open_grant(blob=GRANTED[:-1])),
    ("The care-link key is cut short or too long.", OpenError, lambda: _open_grant(blob=GRANTED + b"\0")),
    (
        "This care-link key is not sealed to your keys.",
        OpenError,
        lambda: _open_grant(blob=_signed_anew(GRANTED[:-1] + bytes([GRANTED[-1] ^ 1]))),
    ),
    (
        "The stored password parameters are of no known form.",
        FormatError,
        lambda: Argon2Parameters.decode(b"\7" + SMALL.encode()[1:]),
    ),
    (
        "The password parameters are weaker or heavier than Hearthside accepts.",
        FormatError,
        lambda: Argon2Parameters(19455, 2, 1).encode(),
    ),
    ("The password is not valid text.", FormatError, lambda: crypto.stretch("\ud800", ID, SMALL)),
    (
        "The keys behind this invitation are not the ones it was made with.",
        OpenError,
        lambda: crypto.verify_voucher(KEY, bytes(32), BOB.public, account=ID, role="clinician"),
    ),
    (
        "These remembered keys belong to someone else.",
        OpenError,
        lambda: pins.open_pin(ALICE.keyring, PINNED, owner=ALICE.id, peer=CHARLIE.id, link=LINK),
    ),
    (
        "Their keys have changed since you were connected.",
        OpenError,
        lambda: crypto.check_pin(BOB.public, CHARLIE.public),
    ),
    (
        "One of the symbols is not right. Please compare each group with your copy.",
        FormatError,
        lambda: crypto.parse_recovery_key("0000-" * 8 + "0001"),
    ),
    (
        "It has digits and letters only, and never the letter U.",
        FormatError,
        lambda: codes.parse_recovery_code("UUUU-UUUU-UUUU-UUUU"),
    ),
    (
        "It has 16 symbols, in groups of four.",
        FormatError,
        lambda: codes.parse_recovery_code("0000-0000-0000-000"),
    ),
    ("It has 16 symbols, in groups of four.", FormatError, lambda: codes.parse_recovery_code("0" * 17)),
    (
        "This is not a password slot of a form that Hearthside reads.",
        FormatError,
        lambda: crypto.unlock_with_password(SLOT, "p", account=ID),
    ),
    (
        "This is not a recovery slot of a form that Hearthside reads.",
        FormatError,
        lambda: crypto.unlock_with_recovery_key(replace(SLOT, parameters=b"\1"), b"r" * 20, account=ID),
    ),
    (
        "That recovery does not open this account.",
        OpenError,
        lambda: crypto.unlock_with_recovery_key(SLOT, b"x" * 20, account=ID),
    ),
]


def _open_grant(blob: bytes = GRANTED, **changed: bytes) -> bytes:
    return crypto.open_link_key(blob, **(PAIR | changed), private=BOB.private, signed_by=ALICE.public)


def _signed_anew(blob: bytes) -> bytes:
    """Sign the changed bytes as Alice, so that only opening them can refuse them."""
    granted = links.GrantedKey.decode(blob)
    info = links._info(LINK, ALICE.id, BOB.id, ALICE.public, BOB.public)
    message = crypto.join_fields(info, granted.sealed)
    return replace(granted, signature=ALICE.private.sign(message, purpose=links._PURPOSE)).encode()


@pytest.mark.parametrize(
    ("sentence", "error", "act"), CASES, ids=[f"{at}-{case[0][:40]}" for at, case in enumerate(CASES)]
)
def test_a_refusal_says_what_is_the_matter(
    sentence: str, error: type[CryptoError], act: Callable[[], object]
) -> None:
    """Each refusal is of its class and says one exact sentence, which quotes nothing secret."""
    with pytest.raises(CryptoError) as caught:
        act()
    assert (type(caught.value), str(caught.value)) == (error, sentence)


def test_what_could_be_an_envelope_is_tried() -> None:
    """From the length of a header, a nonce and a tag on, the cipher decides; below it nothing is tried."""
    with pytest.raises(OpenError, match=r"does not open it"):
        crypto.open_sealed(KEY, SEALED[:30], context=HERE)
    with pytest.raises(OpenError, match=r"cut short"):
        crypto.open_sealed(KEY, SEALED[:29], context=HERE)
