"""
Make the vectors beside this file, or with --check say which of them are no longer what the code makes.

Inputs are fixed: every key is the SHA-256 of its name. What HPKE draws at random cannot be fixed, so the
two sealed care-link keys and a sitter's note are taken from the files once they are there.
"""

from __future__ import annotations

import json
import struct
import sys
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from hmac import digest
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESGCMSIV

from crypto import (
    EMPTY_HEAD,
    FLOOR,
    NO_RECORD,
    Argon2Parameters,
    Context,
    Frontier,
    GrantedKey,
    Keyring,
    KeySlot,
    MacKey,
    PageMark,
    PageText,
    PrivateIdentity,
    PublicIdentity,
    RecordRoot,
    RecordSet,
    RecordState,
    ServerKey,
    commit_identity,
    derive_key,
    feed_event_id,
    feed_id,
    feed_key,
    feed_state,
    fingerprint,
    format_recovery_code,
    format_recovery_key,
    format_secret_key,
    hash_leaf,
    hash_recovery_code,
    invitation_id,
    join_fields,
    list_consistency,
    list_inclusion,
    log_label,
    pad,
    prove,
    safety_code,
    seal_sitter_note,
    session_id,
    sitter_link_id,
    sitter_note_key,
    stretch,
    succeed,
    vouch,
    write_leaf,
)
from crypto.envelope import RECORD_HEADER, WRAP_HEADER, encrypt
from crypto.links import _SUITE, _info
from crypto.slots import WITH_SECRET_KEY, _derive_keys
from crypto.symbols import add_check, write_symbols
from journal.audit.chain import (
    EPOCH,
    INITIAL_MAC,
    EventRecord,
    compute_chain_mac,
    compute_event_mac,
    compute_head,
    compute_verified_tag,
)
from journal.entries.page_texts import text_context
from journal.vault.contents import page_context

HERE = Path(__file__).parent
Input = dict[str, Any]
Vector = tuple[str, dict[str, Any]]


def fixed(name: str, size: int = 32) -> bytes:
    """Return the first bytes of a hash chain over *name*, at most 64."""
    first = sha256(b"hearthside vector: " + name.encode()).digest()
    return (first + sha256(first).digest())[:size]


ALICE, BOB, CHARLIE, DANA = (fixed(name, 16) for name in ("alice", "bob", "charlie", "dana"))
ENTRY, LINK, EVENT = fixed("entry", 16), fixed("link", 16), fixed("event", 16)
ACCOUNT_KEY = fixed("account key")
RECOVERY_KEY = fixed("recovery key", 20)
SECRET_KEY = fixed("secret key", 16)
PASSWORD = "a quiet river"
TEXT = b"Tonight the sea was inside the room, and it was kind."
# Name of the vector, address as typed, its normal form.
ADDRESSES = (
    ("plain", "alice@example.org", "alice@example.org"),
    ("loose", "  Alice@EXAMPLE.org\u3000", "alice@example.org"),
    ("wide", "\uff21lice\uff20example\uff0eorg\u3002", "alice@example.org"),
    ("unseen", "a\u00adli\ufe0fce@exa\u200bmple.org\ufeff", "alice@example.org"),
    ("quoted", '"taro."@docomo.example', "taro.@docomo.example"),
    ("folded", "Strau\u00df@example.org", "strauss@example.org"),
    ("unicode", "alice@b\u00fccher.example", "alice@xn--bcher-kva.example"),
    ("a-label", "alice@XN--BCHER-KVA.example", "alice@xn--bcher-kva.example"),
    ("sharp-s", "anna@fa\u00df.example", "anna@xn--fa-hia.example"),
    ("double-s", "anna@fass.example", "anna@fass.example"),
    ("final-sigma", "anna@\u03bf\u03b4\u03bf\u03c2.example", "anna@xn--pxavbm.example"),
    ("joiner", "sara@\u0646\u0627\u0645\u0647\u200c\u0627\u06cc.example", "sara@xn--mgba3gch31f060k.example"),
    ("underscore", "alice@my_ma--il.example", "alice@my_ma--il.example"),
    ("no-domain", "alice@\u2603.Example", "alice@\u2603.example"),
    ("dot-leader", "alice@Example\u2024org", "alice@example\u2024org"),
    ("hyphens", "alice@A\u00df--x.example", "alice@a\u00df--x.example"),
    ("false-a-label", "alice@XN---bbk.example", "alice@xn---bbk.example"),
    ("no-at", "al\u00adice", "alice"),
    ("longest", "a" * 242 + "@example.org", "a" * 242 + "@example.org"),
    ("too-long", "a" * 243 + "@example.org", ""),
)
TRANSITIONAL = (
    ("sharp-s", "anna@fa\u00df.example", "anna@fass.example"),
    ("a-label", "anna@xn--fa-hia.example", "anna@fass.example"),
    ("final-sigma", "anna@\u03bf\u03b4\u03bf\u03c2.example", "anna@xn--pxavbq.example"),
    ("joiner", "sara@\u0646\u0627\u0645\u0647\u200c\u0627\u06cc.example", "sara@xn--mgba3gch31f.example"),
    ("plain", "Alice@Example.org", "alice@example.org"),
    ("no-domain", "alice@\u2603.Example", "alice@\u2603.example"),
)
SPELLINGS = (("unicode", "Alice@B\u00fccher.example"), ("a-label", "alice@xn--bcher-kva.example"))


def person(name: str) -> PrivateIdentity:
    """Return the fixed identity of someone."""
    return PrivateIdentity(fixed(f"{name} mlkem", 64), fixed(f"{name} x25519"), fixed(f"{name} ed25519"))


def flip(data: bytes, at: int) -> bytes:
    """Flip the lowest bit of one byte."""
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :] if at >= 0 else flip(data, len(data) + at)


def case(name: str, operation: str, about: str, given: Input, expect: Input | str) -> Vector:
    """Put one vector together; bytes become hexadecimal, and a bare string names the refusal."""

    def shown(values: Input) -> Input:
        return {key: value.hex() if isinstance(value, bytes) else value for key, value in values.items()}

    outcome = {"refused": expect} if isinstance(expect, str) else {"opens": shown(expect)}
    return name, {"about": about, "operation": operation, "input": shown(given), "expect": outcome}


def contexts() -> Iterator[Vector]:
    """Section 2."""
    given: Input = {"purpose": "entry", "owner": ALICE, "record": ENTRY, "revision": 3}
    encoded = Context("entry", ALICE, ENTRY, 3).encode()
    op = "encode-context"
    yield case("context-encodes", op, "A context of revision 3.", given, {"bytes": encoded})
    short = given | {"owner": ALICE[:15]}
    yield case("context-short-owner", op, "An owner id of 15 bytes.", short, "FormatError")
    negative = given | {"revision": -1}
    yield case("context-negative-revision", op, "A revision below zero.", negative, "FormatError")
    large = given | {"revision": 2**64}
    yield case("context-large-revision", op, "A revision of 65 bits.", large, "FormatError")
    foreign = given | {"purpose": "entrée"}
    yield case("context-foreign-purpose", op, "A purpose that is not ASCII.", foreign, "FormatError")
    yield case("context-no-purpose", op, "An empty purpose.", given | {"purpose": ""}, "FormatError")


def paddings() -> Iterator[Vector]:
    """Section 4."""
    op = "remove-padding"
    for size in (0, 252, 253, 1500):
        text = fixed("text") * 50
        given: Input = {"padded": pad(text[:size])}
        yield case(f"padding-{size}", op, f"A text of {size} bytes.", given, {"text": text[:size]})
    padded = pad(TEXT)
    bad = {
        "filled": ("A filling byte that is not zero.", flip(padded, -1)),
        "too-long": ("A size class larger than the text needs.", padded + bytes(16)),
        "overstated": ("A length beyond the end.", struct.pack(">I", 5000) + padded[4:]),
        "cut": ("Fewer bytes than the smallest class.", padded[:255]),
        "empty": ("No bytes at all.", b""),
    }
    for name, (about, value) in bad.items():
        yield case(f"padding-{name}", op, about, {"padded": value}, "OpenError")


def records() -> Iterator[Vector]:
    """Section 3, algorithm 1."""
    key, context = fixed("record key"), Context("entry", ALICE, ENTRY, 3)
    sealed = encrypt(AESGCM(key), RECORD_HEADER, fixed("nonce", 12), pad(TEXT), context.encode())
    good: Input = {
        "key": key, "purpose": "entry", "owner": ALICE, "record": ENTRY, "revision": 3, "sealed": sealed,
    }  # fmt: skip
    op = "open-record"
    yield case("record-opens", op, "An entry, opened where it belongs.", good, {"text": TEXT})
    bad: dict[str, tuple[str, Input, str]] = {
        "other-version": ("Version 2.", {"sealed": b"\x02" + sealed[1:]}, "FormatError"),
        "version-zero": ("Version 0.", {"sealed": b"\0" + sealed[1:]}, "FormatError"),
        "unknown-algorithm": ("Algorithm 9.", {"sealed": b"\x01\x09" + sealed[2:]}, "FormatError"),
        "downgraded": ("Passed off as a wrapped key.", {"sealed": b"\x01\x02" + sealed[2:]}, "FormatError"),
        "empty": ("No bytes at all.", {"sealed": b""}, "FormatError"),
        "header-only": ("Cut after the header.", {"sealed": sealed[:2]}, "OpenError"),
        "shorter-than-tag": ("29 bytes, one less than the least.", {"sealed": sealed[:29]}, "OpenError"),
        "truncated": ("The last byte is missing.", {"sealed": sealed[:-1]}, "OpenError"),
        "extended": ("One byte too many.", {"sealed": sealed + b"\0"}, "OpenError"),
        "changed-nonce": ("One bit of the nonce flipped.", {"sealed": flip(sealed, 2)}, "OpenError"),
        "changed-text": ("One bit of the ciphertext flipped.", {"sealed": flip(sealed, 20)}, "OpenError"),
        "changed-tag": ("One bit of the tag flipped.", {"sealed": flip(sealed, -1)}, "OpenError"),
        "wrong-key": ("Under another key.", {"key": fixed("other key")}, "OpenError"),
        "wrong-purpose": ("As a share.", {"purpose": "share"}, "OpenError"),
        "wrong-owner": ("In another account.", {"owner": DANA}, "OpenError"),
        "wrong-record": ("In another row.", {"record": fixed("other entry", 16)}, "OpenError"),
        "swapped-ids": ("Owner and record exchanged.", {"owner": ENTRY, "record": ALICE}, "OpenError"),
        "wrong-revision": ("As an older revision.", {"revision": 2}, "OpenError"),
        "short-key": ("A key of 31 bytes.", {"key": key[:31]}, "KeySizeError"),
        "long-key": ("A key of 33 bytes.", {"key": key + b"\0"}, "KeySizeError"),
    }
    for name, (about, change, error) in bad.items():
        yield case(f"record-{name}", op, about, good | change, error)
    smuggled = encrypt(AESGCM(key), RECORD_HEADER, fixed("nonce", 12), flip(pad(TEXT), -1), context.encode())
    about = "Authentic, with bytes hidden in the filling."
    yield case("record-bad-padding", op, about, good | {"sealed": smuggled}, "OpenError")
    bare = encrypt(AESGCM(key), RECORD_HEADER, fixed("nonce", 12), TEXT, context.encode())
    yield case("record-unpadded", op, "Authentic, but not padded.", good | {"sealed": bare}, "OpenError")


def wrapping(key: bytes) -> AESGCMSIV:
    """Set up the cipher for wrapped keys."""
    return AESGCMSIV(derive_key(key, "wrap"))


def wrapped(key: bytes, secret: bytes, context: Context) -> bytes:
    """Wrap a key with a fixed nonce."""
    return encrypt(wrapping(key), WRAP_HEADER, fixed("wrap nonce", 12), secret, context.encode())


def wraps() -> Iterator[Vector]:
    """Section 3, algorithm 2, and section 5."""
    key, secret = fixed("wrapping key"), fixed("link key")
    sealed = wrapped(key, secret, Context("link-key", ALICE, LINK))
    good: Input = {
        "key": key, "purpose": "link-key", "owner": ALICE, "record": LINK, "revision": 0, "sealed": sealed,
    }  # fmt: skip
    op = "unwrap-key"
    yield case("wrap-opens", op, "A care-link key under the vault key.", good, {"key": secret})
    bad: dict[str, tuple[str, Input, str]] = {
        "other-version": ("Version 2.", {"sealed": b"\x02" + sealed[1:]}, "FormatError"),
        "as-record": ("Passed off as a record.", {"sealed": b"\x01\x01" + sealed[2:]}, "FormatError"),
        "truncated": ("The last byte is missing.", {"sealed": sealed[:-1]}, "OpenError"),
        "extended": ("One byte too many.", {"sealed": sealed + b"\0"}, "OpenError"),
        "changed": ("One bit flipped.", {"sealed": flip(sealed, 30)}, "OpenError"),
        "wrong-key": ("Under another key.", {"key": fixed("other key")}, "OpenError"),
        "wrong-owner": ("In another account.", {"owner": DANA}, "OpenError"),
        "short-key": ("A key of 16 bytes.", {"key": key[:16]}, "KeySizeError"),
    }
    for name, (about, change, error) in bad.items():
        yield case(f"wrap-{name}", op, about, good | change, error)
    long = encrypt(
        wrapping(key),
        WRAP_HEADER,
        fixed("wrap nonce", 12),
        secret * 2,
        Context("link-key", ALICE, LINK).encode(),
    )
    yield case("wrap-long-secret", op, "Authentic, around 64 bytes.", good | {"sealed": long}, "OpenError")
    for name, salt, bound in (
        ("plain", b"", b""),
        ("salted", fixed("salt", 16), b""),
        ("bound", b"", b"ctx"),
    ):
        given: Input = {"secret": key, "label": "vault", "salt": salt, "context": bound}
        made = derive_key(key, "vault", salt, context=bound)
        yield case(f"derive-{name}", "derive-key", f"HKDF, {name}.", given, {"key": made})
    given = {"secret": key[:15], "label": "vault", "salt": b"", "context": b""}
    yield case("derive-short-secret", "derive-key", "A secret of 15 bytes.", given, "KeySizeError")


def passwords() -> Iterator[Vector]:
    """Section 6."""
    salt = fixed("password salt", 16)
    op = "stretch"
    base: Input = {"password": PASSWORD, "salt": salt, "parameters": FLOOR.encode()}
    key = stretch(PASSWORD, salt, FLOOR)
    yield case("password-stretches", op, "At the floor.", base, {"key": key})
    spaces = base | {"password": PASSWORD.replace(" ", "\u00a0")}
    yield case("password-other-spaces", op, "No-break spaces give the same key.", spaces, {"key": key})
    accents = stretch("été", salt, FLOOR)
    for name, typed in (("composed", "\u00e9t\u00e9"), ("decomposed", "e\u0301te\u0301")):
        about = f"Accents typed {name}; both give one key."
        yield case(f"password-{name}", op, about, base | {"password": typed}, {"key": accents})
    trailing = base | {"password": PASSWORD + " "}
    key = stretch(PASSWORD + " ", salt, FLOOR)
    yield case("password-trailing-space", op, "A space at the end counts.", trailing, {"key": key})
    lanes = Argon2Parameters(19456, 2, 2)
    two = base | {"parameters": lanes.encode()}
    yield case("password-two-lanes", op, "Parallelism 2.", two, {"key": stretch(PASSWORD, salt, lanes)})
    bounds = {
        "little-memory": (19455, 2, 1),
        "one-pass": (19456, 1, 1),
        "no-lanes": (19456, 2, 0),
        "much-memory": (1048577, 2, 1),
        "absurd-memory": (2**32 - 1, 2, 1),
        "many-passes": (19456, 11, 1),
        "absurd-passes": (19456, 2**32 - 1, 1),
        "many-lanes": (19456, 2, 5),
    }
    for name, numbers in bounds.items():
        given = base | {"parameters": struct.pack(">BIIB", 0x13, *numbers)}
        yield case(f"password-{name}", op, f"Parameters {numbers}.", given, "FormatError")
    old = base | {"parameters": b"\x10" + FLOOR.encode()[1:]}
    yield case("password-old-argon2", op, "Argon2 version 1.0.", old, "FormatError")
    cut = base | {"parameters": FLOOR.encode()[:-1]}
    yield case("password-cut-parameters", op, "Parameters of 9 bytes.", cut, "FormatError")
    endless = base | {"password": "a" * 4097}
    yield case("password-endless", op, "More than 4,096 characters.", endless, "FormatError")
    yield case("password-short-salt", op, "A salt of 8 bytes.", base | {"salt": salt[:8]}, "FormatError")


def slot(kind: str, secret: bytes, parameters: bytes = b"", epoch: int = 0) -> KeySlot:
    """Make a slot with a fixed salt and nonce."""
    salt = fixed(f"{kind} salt", 16)
    commitment, key = _derive_keys(kind, secret, salt, parameters, ALICE)
    sealed = wrapped(key, ACCOUNT_KEY, Context("slot", ALICE, salt, epoch))
    return KeySlot(kind, salt, parameters, commitment, sealed, epoch)


def slot_input(made: KeySlot, **how: object) -> Input:
    """Describe an attempt to open a slot."""
    stored = {
        name: getattr(made, name) for name in ("kind", "salt", "parameters", "commitment", "wrapped", "epoch")
    }
    return stored | {"account": ALICE, "as": made.kind} | how


def slots() -> Iterator[Vector]:
    """Section 7."""
    op, opens = "unlock-slot", {"account_key": ACCOUNT_KEY}
    stretched = stretch(PASSWORD, fixed("password salt", 16), FLOOR)
    good = slot_input(slot("password", stretched, FLOOR.encode()), password=PASSWORD)
    yield case("slot-password-opens", op, "The right password.", good, opens)
    weak = struct.pack(">BIIB", 0x13, 8, 1, 1)
    heavy = struct.pack(">BIIB", 0x13, 2**31, 2, 1)
    bad: dict[str, tuple[str, Input, str]] = {
        "wrong-password": ("Another password.", {"password": PASSWORD + "."}, "OpenError"),
        "wrong-account": ("Moved to another account.", {"account": DANA}, "OpenError"),
        "wrong-commitment": ("Another commitment.", {"commitment": fixed("commitment")}, "OpenError"),
        "cut-commitment": ("A commitment cut short.", {"commitment": good["commitment"][:16]}, "OpenError"),
        "changed-salt": ("Another salt.", {"salt": fixed("other salt", 16)}, "OpenError"),
        "changed-wrap": ("One bit of the wrapped key.", {"wrapped": flip(good["wrapped"], 20)}, "OpenError"),
        "wrap-version": ("Its key of version 2.", {"wrapped": b"\2" + good["wrapped"][1:]}, "FormatError"),
        "weak": ("Parameters below the floor.", {"parameters": weak}, "FormatError"),
        "heavy": ("Parameters above the ceiling.", {"parameters": heavy}, "FormatError"),
        "other-cost": ("Allowed parameters, but not its own.",
                       {"parameters": Argon2Parameters(19457, 2, 1).encode()}, "OpenError"),
        "as-recovery": ("Relabelled.", {"kind": "recovery"}, "FormatError"),
    }  # fmt: skip
    for name, (about, change, error) in bad.items():
        yield case(f"slot-{name}", op, about, good | change, error)
    other = slot_input(slot("password", fixed("another secret"), FLOOR.encode()), password=PASSWORD)
    mixed = good | {"commitment": good["commitment"], "wrapped": other["wrapped"]}
    yield case("slot-mixed", op, "The wrapped key of another slot.", mixed, "OpenError")
    paper = slot_input(slot("recovery", RECOVERY_KEY), secret=RECOVERY_KEY)
    yield case("slot-recovery-opens", op, "The right recovery key.", paper, opens)
    wrong = paper | {"secret": fixed("other recovery key", 20)}
    yield case("slot-recovery-wrong", op, "Another recovery key.", wrong, "OpenError")
    later = slot_input(slot("recovery", RECOVERY_KEY, epoch=7), secret=RECOVERY_KEY)
    yield case("slot-later-epoch", op, "Made at the account's epoch 7.", later, opens)
    newer = later | {"epoch": 8}
    yield case("slot-other-epoch", op, "Passed off as made at another epoch.", newer, "OpenError")
    cut = paper | {"secret": RECOVERY_KEY[:19]}
    yield case("slot-recovery-cut", op, "A recovery key of 19 bytes.", cut, "KeySizeError")
    costly = paper | {"parameters": FLOOR.encode()}
    yield case("slot-recovery-parameters", op, "Parameters where none belong.", costly, "FormatError")
    secret = fixed("prf output")
    touch = slot_input(slot("passkey", secret), secret=secret)
    yield case("slot-passkey-opens", op, "The right passkey.", touch, opens)
    relabelled = touch | {"kind": "recovery"}
    yield case("slot-passkey-relabelled", op, "Relabelled.", relabelled, "FormatError")
    mixed_in = derive_key(stretched, "slot-secret-key", SECRET_KEY)
    both = slot_input(
        slot("password", mixed_in, FLOOR.encode() + WITH_SECRET_KEY), password=PASSWORD, secret_key=SECRET_KEY
    )
    yield case("slot-secret-key-opens", op, "Password and secret key.", both, opens)
    needless = good | {"secret_key": SECRET_KEY}
    yield case("slot-secret-key-not-needed", op, "A slot that needs none, with one.", needless, opens)
    alone = {name: value for name, value in both.items() if name != "secret_key"}
    yield case("slot-secret-key-missing", op, "The right password alone.", alone, "OpenError")
    refused: dict[str, tuple[str, Input, str]] = {
        "other": ("Another secret key.", {"secret_key": fixed("other secret key", 16)}, "OpenError"),
        "wrong-password": ("The right secret key alone.", {"password": PASSWORD + "."}, "OpenError"),
        "left-out": ("Passed off as one that needs none.", {"parameters": FLOOR.encode()}, "OpenError"),
        "put-on": ("Passed off as one that needs one.",
                   {"parameters": FLOOR.encode() + WITH_SECRET_KEY, "commitment": good["commitment"]}, "OpenError"),
        "other-form": ("A form that is not known.", {"parameters": FLOOR.encode() + b"\2"}, "FormatError"),
        "short": ("A secret key of 15 bytes.", {"secret_key": SECRET_KEY[:15]}, "KeySizeError"),
    }  # fmt: skip
    for name, (about, change, error) in refused.items():
        yield case(f"slot-secret-key-{name}", op, about, both | change, error)


def secret_keys() -> Iterator[Vector]:
    """Sections 8 and 13."""
    op, text, opens = "read-secret-key", format_secret_key(SECRET_KEY), {"secret_key": SECRET_KEY}
    yield case("secret-key-reads", op, "As printed.", {"text": text}, opens)
    spoken = text.lower().replace("-", " \u2013 ") + "\n"
    yield case("secret-key-loosely", op, "Lower case, other dashes, spaces.", {"text": spoken}, opens)
    yield case("secret-key-unmarked", op, "Without the letters in front.", {"text": text[3:]}, opens)
    highest = {"secret_key": b"\xff" * 16}
    yield case("secret-key-highest", op, "All bits set.", {"text": format_secret_key(b"\xff" * 16)}, highest)
    beyond = write_symbols(add_check(2**128), 30, 5)
    bad = {
        "typo": ("One wrong symbol.", text[:3] + ("2" if text[3] != "2" else "3") + text[4:]),
        "short": ("A symbol missing.", text[:-1]),
        "long": ("A symbol too many.", text + "0"),
        "other-mark": ("Other letters in front.", "KS" + text[2:]),
        "beyond": ("A number of more than 128 bits.", beyond),
        "recovery-key": ("A recovery key.", format_recovery_key(RECOVERY_KEY)),
    }
    for name, (about, typed) in bad.items():
        yield case(f"secret-key-{name}", op, about, {"text": typed}, "FormatError")
    op = "open-kept-secret-key"
    key = derive_key(fixed("server key"), "server-kept")
    place = Context("kept-secret-key", ALICE, NO_RECORD)
    good: Input = {
        "server_key": fixed("server key"),
        "account": ALICE,
        "sealed": wrapped(key, SECRET_KEY + bytes(16), place),
    }
    yield case("kept-secret-key-opens", op, "The right server key and account.", good, opens)
    others = {
        "other-account": ("Kept for another account.", {"account": DANA}, "OpenError"),
        "other-key": ("Another server key.", {"server_key": fixed("other server key")}, "OpenError"),
        "filled": ("Something else behind it.", {"sealed": wrapped(key, SECRET_KEY * 2, place)}, "OpenError"),
        "cut": ("The last byte is missing.", {"sealed": good["sealed"][:-1]}, "OpenError"),
        "version": ("Version 2.", {"sealed": b"\2" + good["sealed"][1:]}, "FormatError"),
    }
    for name, (about, change, error) in others.items():
        yield case(f"kept-secret-key-{name}", op, about, good | change, error)


def recovery_keys() -> Iterator[Vector]:
    """Section 8."""
    op, text = "read-recovery-key", format_recovery_key(RECOVERY_KEY)
    opens = {"recovery_key": RECOVERY_KEY}
    zero = format_recovery_key(bytes(20))
    swapped = text[:2] + text[3] + text[2] + text[4:]
    yield case("recovery-key-reads", op, "As printed.", {"text": text}, opens)
    spoken = text.lower().replace("-", " \u2013 ") + "\n"
    yield case("recovery-key-loosely", op, "Lower case, other dashes, spaces.", {"text": spoken}, opens)
    foreign = text.translate({ord("0") + digit: 0x660 + digit for digit in range(10)})
    yield case("recovery-key-digits", op, "Arabic-Indic digits.", {"text": foreign}, opens)
    letters = zero.replace("0", "o").replace("1", "l")
    yield case("recovery-key-letters", op, "O for 0.", {"text": letters}, {"recovery_key": bytes(20)})
    highest = format_recovery_key(b"\xff" * 20)
    yield case("recovery-key-highest", op, "All bits set.", {"text": highest}, {"recovery_key": b"\xff" * 20})
    bad = {
        "typo": ("One wrong symbol.", ("2" if text[0] != "2" else "3") + text[1:]),
        "swap": ("Two neighbours exchanged.", swapped),
        "short": ("A symbol missing.", text[:-1]),
        "long": ("A symbol too many.", text + "0"),
        "letter-u": ("A letter that is never used.", "U" + text[1:]),
        "empty": ("Nothing.", ""),
        "stretched": ("More than 256 characters.", text + " " * 256),
    }
    for name, (about, typed) in bad.items():
        yield case(f"recovery-key-{name}", op, about, {"text": typed}, "FormatError")


def recovery_codes() -> Iterator[Vector]:
    """Section 8."""
    op, code = "hash-recovery-code", fixed("recovery code", 10)
    text = format_recovery_code(code)
    good = {"text": text, "account": ALICE}
    hashed = {"hash": hash_recovery_code(code, account=ALICE)}
    yield case("recovery-code-hashes", op, "As printed.", good, hashed)
    spoken = good | {"text": text.lower().replace("-", " ")}
    yield case("recovery-code-loosely", op, "Lower case, spaces.", spoken, hashed)
    other = {"hash": hash_recovery_code(code, account=BOB)}
    yield case("recovery-code-other-account", op, "Another hash.", good | {"account": BOB}, other)
    for name, typed in (("short", text[:-1]), ("long", text + "0"), ("letter-u", "U" * 16)):
        about = "Not sixteen symbols that are in use."
        yield case(f"recovery-code-{name}", op, about, good | {"text": typed}, "FormatError")


def identities() -> Iterator[Vector]:
    """Section 9."""
    alice, bob = person("alice"), person("bob")
    public = alice.public().encode()
    op = "read-public-identity"
    yield case("identity-reads", op, "Alice.", {"public": public}, {"signing": public[-32:]})
    order_eight = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
    low = bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")
    bad = {
        "other-version": ("Version 2.", b"\x02" + public[1:]),
        "cut": ("A byte missing.", public[:-1]),
        "mlkem-modulus": ("An ML-KEM coefficient above the modulus.", public[:1] + b"\xff\xff" + public[3:]),
        "x25519-zero": ("X25519 zero.", public[:1185] + bytes(32) + public[1217:]),
        "x25519-order-eight": ("X25519 of order eight.", public[:1185] + low + public[1217:]),
        "ed25519-zero": ("Ed25519 y = 0.", public[:-32] + bytes(32)),
        "ed25519-neutral": ("Ed25519 neutral element.", public[:-32] + b"\x01" + bytes(31)),
        "ed25519-order-eight": ("Ed25519 of order eight.", public[:-32] + order_eight),
        "ed25519-order-eight-negative": ("The same, x negated.", public[:-32] + order_eight[:-1] + b"\x85"),
        "ed25519-not-reduced": ("Ed25519 y = p + 3.", public[:-32] + b"\xf0" + b"\xff" * 30 + b"\x7f"),
    }
    for name, (about, value) in bad.items():
        yield case(f"identity-{name}", op, about, {"public": value}, "FormatError")

    op, keyring = "open-identity", Keyring.from_account_key(ACCOUNT_KEY)

    def kept(content: bytes) -> bytes:
        context = Context("identity", ALICE, NO_RECORD).encode()
        return encrypt(
            AESGCM(keyring.identity_wrap), RECORD_HEADER, fixed("nonce", 12), pad(content), context
        )

    good: Input = {
        "account_key": ACCOUNT_KEY, "account": ALICE, "sealed": kept(alice.encode()), "expected": public,
    }  # fmt: skip
    yield case("identity-opens", op, "Alice's own.", good, {"private": alice.encode()})
    swapped = good | {"expected": bob.public().encode()}
    yield case("identity-swapped", op, "The public half was replaced.", swapped, "OpenError")
    moved = good | {"account": DANA}
    yield case("identity-moved", op, "Moved to another account.", moved, "OpenError")
    newer = good | {"sealed": kept(b"\x02" + alice.encode()[1:])}
    yield case("identity-newer", op, "Authentic, of a newer version.", newer, "FormatError")

    op = "verify-signature"
    signature = alice.sign(TEXT, purpose="test")
    signed: Input = {"public": public, "purpose": "test", "message": TEXT, "signature": signature}
    yield case("signature-verifies", op, "By Alice.", signed, {"verified": True})
    for name, about, change in (
        ("other-purpose", "For another purpose.", {"purpose": "link-key"}),
        ("other-person", "By Bob.", {"public": bob.public().encode()}),
        ("other-message", "Of another text.", {"message": TEXT + b"!"}),
        ("changed", "One bit flipped.", {"signature": flip(signature, 5)}),
        ("cut", "63 bytes.", {"signature": signature[:63]}),
    ):
        yield case(f"signature-{name}", op, about, signed | change, "OpenError")
    manifest = join_fields(ALICE, public, b'{"files": []}')
    taken = {"purpose": "records", "message": manifest, "signature": alice.sign(manifest, purpose="records")}
    yield case("signature-records", op, "Of a manifest, by Alice.", signed | taken, {"verified": True})


def recorded(name: str, link_key: bytes, info: bytes, to: PublicIdentity) -> bytes:
    """Take the HPKE part from a committed vector, or seal it anew where there is none."""
    file = HERE / f"{name}.json"
    if file.exists():
        return GrantedKey.decode(bytes.fromhex(json.loads(file.read_text("utf-8"))["input"]["grant"])).sealed
    return _SUITE.encrypt(link_key, to.hpke_key(), info=info)


def link_keys() -> Iterator[Vector]:
    """Section 10."""
    alice, bob, charlie, dana = (person(name) for name in ("alice", "bob", "charlie", "dana"))
    link_key = fixed("link key")
    info = _info(LINK, ALICE, BOB, alice.public(), bob.public())

    def grant(sealed: bytes, signer: PrivateIdentity = alice, purpose: str = "link-key") -> bytes:
        return GrantedKey(sealed, signer.sign(join_fields(info, sealed), purpose=purpose)).encode()

    sealed = recorded("link-key-opens", link_key, info, bob.public())
    good: Input = {
        "grant": grant(sealed), "link": LINK, "patient": ALICE, "clinician": BOB,
        "private": bob.encode(), "signed_by": alice.public().encode(),
    }  # fmt: skip
    op = "open-link-key"
    yield case("link-key-opens", op, "Alice grants, Bob opens.", good, {"link_key": link_key})
    other = recorded("link-key-wrong-info", link_key, b"another info", bob.public())
    bad: dict[str, tuple[str, Input, str]] = {
        "wrong-info": ("Signed rightly, sealed with another info.", {"grant": grant(other)}, "OpenError"),
        "other-link": ("For another care link.", {"link": fixed("other link", 16)}, "OpenError"),
        "other-patient": ("As if from Dana.", {"patient": DANA}, "OpenError"),
        "other-clinician": ("As if to Charlie.", {"clinician": CHARLIE}, "OpenError"),
        "wrong-reader": ("Charlie tries to open it.", {"private": charlie.encode()}, "OpenError"),
        "signed-by-another": ("Signed by another patient.", {"grant": grant(sealed, dana)}, "OpenError"),
        "other-pin": ("Checked against Dana's keys.", {"signed_by": dana.public().encode()}, "OpenError"),
        "other-purpose": ("Signed for another purpose.", {"grant": grant(sealed, alice, "x")}, "OpenError"),
        "changed": ("One bit of the sealed key.", {"grant": flip(grant(sealed), -1)}, "OpenError"),
        "changed-signature": ("One bit of the signature.", {"grant": flip(grant(sealed), 10)}, "OpenError"),
        "truncated": ("The last byte is missing.", {"grant": grant(sealed)[:-1]}, "OpenError"),
        "low-order": ("Signed rightly, an X25519 share of zero.",
                      {"grant": grant(sealed[:1088] + bytes(32) + sealed[1120:])}, "OpenError"),
        "other-version": ("Version 2.", {"grant": b"\x02" + grant(sealed)[1:]}, "FormatError"),
        "other-algorithm": ("Algorithm 1.", {"grant": b"\x01\x01" + grant(sealed)[2:]}, "FormatError"),
    }  # fmt: skip
    for name, (about, change, error) in bad.items():
        yield case(f"link-key-{name}", op, about, good | change, error)


def trust() -> Iterator[Vector]:
    """Section 11."""
    alice, bob = person("alice").public(), person("bob").public()
    secret = fixed("invitation secret")
    given: Input = {"secret": secret}
    yield case("invitation-id", "invitation-id", "The look-up id.", given, {"id": invitation_id(secret)})
    cut: Input = {"secret": secret[:31]}
    yield case("invitation-short", "invitation-id", "A secret of 31 bytes.", cut, "KeySizeError")
    voucher = vouch(secret, bob, account=BOB, role="clinician")
    good: Input = {
        "secret": secret, "voucher": voucher, "identity": bob.encode(), "account": BOB, "role": "clinician",
    }  # fmt: skip
    op = "verify-voucher"
    yield case("voucher-verifies", op, "Bob vouched for.", good, {"verified": True})
    for name, about, change in (
        ("other-keys", "Other keys in Bob's name.", {"identity": alice.encode()}),
        ("other-account", "Bob's keys in another name.", {"account": CHARLIE}),
        ("other-role", "As if he were the patient.", {"role": "patient"}),
        ("other-invitation", "Of another invitation.", {"secret": fixed("other invitation")}),
        ("cut", "31 bytes.", {"voucher": voucher[:31]}),
    ):
        yield case(f"voucher-{name}", op, about, good | change, "OpenError")

    keyring = Keyring.from_account_key(ACCOUNT_KEY)
    sealed = encrypt(
        AESGCM(keyring.pins), RECORD_HEADER, fixed("nonce", 12), pad(BOB + bob.encode()),
        Context("pin", ALICE, LINK).encode(),
    )  # fmt: skip
    good = {"account_key": ACCOUNT_KEY, "owner": ALICE, "peer": BOB, "link": LINK, "sealed": sealed}
    op = "open-pin"
    yield case("pin-opens", op, "Alice remembers Bob.", good, {"public": bob.encode()})
    for name, about, change in (
        ("other-peer", "As if it were Charlie.", {"peer": CHARLIE}),
        ("other-owner", "In Dana's account.", {"owner": DANA}),
        ("other-link", "For another care link.", {"link": fixed("other link", 16)}),
        ("other-key", "Under another account key.", {"account_key": fixed("other account key")}),
    ):
        yield case(f"pin-{name}", op, about, good | change, "OpenError")

    code = safety_code(ALICE, alice, BOB, bob)
    sides: Input = {"a_id": ALICE, "a": alice.encode(), "b_id": BOB, "b": bob.encode()}
    turned: Input = {"a_id": BOB, "a": bob.encode(), "b_id": ALICE, "b": alice.encode()}
    op = "safety-code"
    yield case("safety-code-alice-bob", op, "Alice first.", sides, {"code": code})
    yield case("safety-code-bob-alice", op, "Bob first: the same code.", turned, {"code": code})
    one: Input = {"account": ALICE, "identity": alice.encode()}
    about = "Of Alice: a half of her safety codes."
    yield case("fingerprint-alice", "fingerprint", about, one, {"code": fingerprint(ALICE, alice)})
    changed = sides | {"b": person("charlie").public().encode()}
    code = safety_code(ALICE, alice, BOB, person("charlie").public())
    yield case("safety-code-other-keys", op, "Other keys: another code.", changed, {"code": code})


def server() -> Iterator[Vector]:
    """Sections 12 and 13."""
    token = fixed("session token")
    given: Input = {"token": token}
    yield case("session-id", "session-id", "The row's id.", given, {"id": session_id(token)})
    context = Context("web-session", ALICE, NO_RECORD)
    row = wrapped(derive_key(token, "web-session-key"), ACCOUNT_KEY, context)
    good: Input = {"token": token, "wrapped": row, "account": ALICE, "epoch": 0, "waiting": False}
    op = "unwrap-session"
    yield case("session-opens", op, "The right cookie.", good, {"account_key": ACCOUNT_KEY})
    wrong = good | {"token": fixed("other token")}
    yield case("session-other-token", op, "Another cookie.", wrong, "OpenError")
    moved = good | {"account": DANA}
    yield case("session-other-account", op, "Moved to another account.", moved, "OpenError")
    later = wrapped(
        derive_key(token, "web-session-key"), ACCOUNT_KEY, Context("web-session", ALICE, NO_RECORD, 7)
    )
    since: Input = good | {"wrapped": later, "epoch": 7}
    yield case(
        "session-later-epoch", op, "Begun at the account's epoch 7.", since, {"account_key": ACCOUNT_KEY}
    )
    newer = since | {"epoch": 8}
    yield case("session-other-epoch", op, "Passed off as begun at another epoch.", newer, "OpenError")
    waiting = wrapped(
        derive_key(token, "web-session-key"), ACCOUNT_KEY, Context("web-session-waiting", ALICE, NO_RECORD)
    )
    held: Input = good | {"wrapped": waiting, "waiting": True}
    yield case("session-waiting-opens", op, "Before the second factor.", held, {"account_key": ACCOUNT_KEY})
    passed = held | {"waiting": False}
    yield case("session-waiting-as-open", op, "Passed off as past the second factor.", passed, "OpenError")
    cut = good | {"token": token[:16]}
    yield case("session-short-token", op, "A cookie of 16 bytes.", cut, "KeySizeError")

    key = fixed("server key")
    records_key = derive_key(key, "server-records")
    place = Context("session", ALICE, ENTRY, 1)
    sealed = encrypt(AESGCM(records_key), RECORD_HEADER, fixed("nonce", 12), pad(TEXT), place.encode())
    good = {
        "server_key": key, "purpose": "session", "owner": ALICE, "record": ENTRY, "revision": 1,
        "sealed": sealed,
    }  # fmt: skip
    op = "open-server-record"
    yield case("server-record-opens", op, "A session's time and place.", good, {"text": TEXT})
    other = good | {"server_key": fixed("other server key")}
    yield case("server-record-other-key", op, "Of another installation.", other, "OpenError")
    owner = ServerKey(key)
    for name, email, normal in ADDRESSES:
        given = {"server_key": key, "email": email}
        index = {"index": digest(derive_key(key, "server-index"), normal.encode(), "sha256")}
        about = f"Found as {normal}." if len(normal) < 50 else "Found as it is."
        yield case(f"blind-index-{name}", "blind-index", about if normal else "Nobody's.", given, index)
    for name, email, sent in TRANSITIONAL:
        given = {"server_key": key, "email": email}
        index = {"index": digest(derive_key(key, "server-index"), sent.encode(), "sha256")}
        yield case(f"transitional-index-{name}", "transitional-index", f"As {sent}.", given, index)
    for name, email in SPELLINGS:
        given = {"server_key": key, "email": email}
        index = {"index": owner.spelling_index(email)}
        yield case(f"spelling-index-{name}", "spelling-index", "One address, two spellings.", given, index)
    given = {"server_key": key, "label": "audit", "message": TEXT}
    yield case("server-mac", "server-mac", "A link of a chain.", given, {"mac": owner.mac("audit", TEXT)})


def audit_log() -> Iterator[Vector]:
    """Section 13, the audit log."""
    key, first = fixed("chain key"), fixed("mac of the first event")
    people = {"actor": BOB, "patient": ALICE, "recipient": b"", "about": ENTRY}
    told: Input = {
        "id": EVENT,
        "at": 1_795_348_800_000_007,
        **people,
        "action": "share.opened",
        "outcome": "done",
    }
    bare = (
        told
        | dict.fromkeys(people, b"")
        | {"at": -1, "action": "account.sign-in-refused", "outcome": "refused"}
    )
    older = told | {"id": b""}
    chain = MacKey(key)

    def line(one: Input) -> EventRecord:
        names = (*people, "id")
        who, whose, whom, about, own = [UUID(bytes=one[name]) if one[name] else None for name in names]
        at = EPOCH + timedelta(microseconds=one["at"])
        return EventRecord(at, who, whose, whom, about, one["action"], one["outcome"], own)

    for name, about, one in (
        ("audit-event", "An event that waits for its place.", told),
        ("audit-event-bare", "Nobody known, and a time before 1970.", bare),
    ):
        given = {"chain_key": key, **one}
        yield case(name, "audit-event", about, given, {"mac": compute_event_mac(chain, line(one))})
    for name, about, number, before, one in (
        ("audit-chain-first", "The first event.", 1, INITIAL_MAC, told),
        ("audit-chain-next", "The event after it.", 2, first, bare),
        ("audit-chain-older", "One that was chained by its own act, without an id.", 2, first, older),
    ):
        given = {"chain_key": key, "sequence": number, "mac_before": before, **one}
        mac = compute_chain_mac(chain, compute_head(chain, number - 1, before), number, line(one))
        yield case(name, "audit-chain", about, given, {"mac": mac})
    for name, number, mac in (("audit-head-empty", 0, INITIAL_MAC), ("audit-head", 2**40, first)):
        given = {"chain_key": key, "sequence": number, "mac": mac}
        yield case(name, "audit-head", "Where a log ends.", given, {"head": compute_head(chain, number, mac)})
    given = {"chain_key": key, "sequence": 7, "mac": first}
    about = "How far a log was found whole."
    yield case(
        "audit-verified", "audit-verified", about, given, {"tag": compute_verified_tag(chain, 7, first)}
    )


def states() -> Iterator[Vector]:
    """Section 17."""
    key, op = fixed("state key"), "sum-records"
    texts = [
        (fixed("entry", 16), 1, fixed("first envelope", 300)),
        (fixed("other entry", 16), 7, fixed("other envelope", 40)),
    ]

    def given(*members: tuple[bytes, int, bytes]) -> Input:
        found = [{"id": one[0].hex(), "revision": one[1], "sealed": one[2].hex()} for one in members]
        return {"key": key, "records": found}

    def summed(*members: tuple[bytes, int, bytes]) -> Input:
        return {"sum": RecordState(key, ()).hash_members(members).total.to_bytes(32, "big")}

    first, other = texts
    older = (first[0], 2, first[2])
    yield case("state-nothing", op, "No record.", given(), summed())
    yield case("state-one", op, "One record.", given(first), summed(first))
    yield case("state-two", op, "Two records.", given(first, other), summed(first, other))
    yield case(
        "state-two-turned", op, "In the other order: the same.", given(other, first), summed(first, other)
    )
    yield case("state-revision", op, "The same bytes as another revision.", given(older), summed(older))
    short = (first[0], 1, bytes(15))
    yield case("state-short-envelope", op, "An envelope of 15 bytes.", given(short), "FormatError")
    cut = (first[0][:15], 1, first[2])
    yield case("state-short-id", op, "An id of 15 bytes.", given(cut), "FormatError")

    state = RecordState(key, (RecordState(key, ()).hash_members(texts), RecordSet(), RecordSet(1, 5)))
    op = "read-record-state"
    good: Input = {"state": state.encode()}
    entries = bytes((0, 0, 0, 2)) + state.sets[0].total.to_bytes(32, "big")
    yield case("state-reads", op, "Two entries, no earlier text, one list.", good, {"entries": entries})
    yield case("state-cut", op, "One byte missing.", {"state": state.encode()[:-1]}, "FormatError")
    yield case("state-long", op, "One byte too many.", {"state": state.encode() + b"x"}, "FormatError")


def roots() -> Iterator[Vector]:
    """Section 19."""
    op, beside = "read-record-root", RecordState(fixed("state key"), (RecordSet(1, 5), RecordSet()))
    marks = (
        PageMark(0, 9, 64, -1, 0, fixed("first tag", 16)),
        PageMark(4, 1, 1, 1_764_230_400_000_000, 1 << 63, fixed("second tag", 16)),
        PageMark(3, 2, 5, 1_764_230_400_000_000, 3, fixed("third tag", 16)),
    )
    tags = b"".join(mark.tag for mark in marks)
    root = RecordRoot(beside, marks).encode()
    head, each = root[:105], [root[at : at + 46] for at in (105, 151, 197)]
    nothing = RecordRoot(beside).encode()
    yield case("root-reads", op, "Three pages, two from one moment.", {"root": root}, {"tags": tags})
    yield case("root-empty", op, "A journal with nothing in it.", {"root": nothing}, {"tags": b""})
    yield case("root-version", op, "Of a later version.", {"root": b"\x03" + root[1:]}, "FormatError")
    yield case("root-cut", op, "One byte missing.", {"root": root[:-1]}, "FormatError")
    yield case("root-long", op, "One byte too many.", {"root": root + b"x"}, "FormatError")
    late = head + each[1] + each[0]
    yield case("root-out-of-order", op, "The newer page first.", {"root": late}, "FormatError")
    twice = head + each[0] + each[0]
    yield case("root-twice", op, "A page named twice.", {"root": twice}, "FormatError")
    bare = head + each[0][:12] + bytes(2) + each[0][14:]
    yield case("root-empty-page", op, "A page with nothing on it.", {"root": bare}, "FormatError")
    key, op, place = fixed("vault key"), "open-record", page_context(UUID(bytes=ALICE), 4, 9)
    lines = b'[[1764230400000000,"%s",1,1,"%s",1764230400000000,"free","Title",null]]' % (
        ENTRY.hex().encode(),
        fixed("entry tag", 16).hex().encode(),
    )
    sealed = encrypt(AESGCM(key), RECORD_HEADER, fixed("nonce", 12), pad(lines), place.encode())
    good: Input = {
        "key": key, "purpose": "contents", "owner": ALICE, "record": (4).to_bytes(16, "big"), "revision": 9,
        "sealed": sealed,
    }  # fmt: skip
    yield case("page-opens", op, "Page 4 in its ninth state, with one line.", good, {"text": lines})
    yield case("page-other-number", op, "As another page.", good | {"record": bytes(16)}, "OpenError")
    yield case("page-other-state", op, "As another state of it.", good | {"revision": 8}, "OpenError")


def texts() -> Iterator[Vector]:
    """The text of a page, of section 19."""
    op, tag = "read-page-text", fixed("page tag", 16)
    words = ["sea the é", "", "door"]
    made = PageText.of([one.encode() for one in words]).encode(fold=271, tag=tag)
    good: Input = {"text": made, "fold": 271, "tag": tag, "count": 3}
    yield case("text-reads", op, "Three entries, one without a word.", good, {"texts": words})
    nothing = PageText.of([]).encode(fold=271, tag=tag)
    yield case(
        "text-empty", op, "Of a page without lines.", good | {"text": nothing, "count": 0}, {"texts": []}
    )
    for name, about, changed in (
        ("version", "Of a later version.", {"text": b"\x02" + made[1:]}),
        ("other-fold", "Folded otherwise.", {"fold": 272}),
        ("other-tag", "Of another state of the page.", {"tag": fixed("tag", 16)}),
        ("other-count", "Of a page with more lines.", {"count": 4}),
        ("cut", "One byte missing.", {"text": made[:-1]}),
        ("long", "One byte too many.", {"text": made + b"x"}),
        ("no-ends", "Nothing but a head.", {"text": made[:21]}),
        (
            "backwards",
            "An end before the one before.",
            {"text": made[:21] + struct.pack(">I", 11) + made[25:]},
        ),
    ):
        yield case(f"text-{name}", op, about, good | changed, "FormatError")
    key, op, place = fixed("vault key"), "open-record", text_context(UUID(bytes=ALICE), 4, 9)
    sealed = encrypt(AESGCM(key), RECORD_HEADER, fixed("nonce", 12), pad(made), place.encode())
    kept: Input = {
        "key": key, "purpose": "contents-text", "owner": ALICE, "record": (4).to_bytes(16, "big"), "revision": 9,
        "sealed": sealed,
    }  # fmt: skip
    yield case("text-opens", op, "The text of page 4 in its ninth state.", kept, {"text": made})
    yield case("text-other-number", op, "As another page's.", kept | {"record": bytes(16)}, "OpenError")
    yield case("text-other-state", op, "As another state's.", kept | {"revision": 8}, "OpenError")
    yield case("text-as-page", op, "As a page.", kept | {"purpose": "contents"}, "OpenError")


def sitters() -> Iterator[Vector]:
    """Section 20."""
    alice, charlie, secret = person("alice"), person("charlie"), fixed("sitter's secret")
    op, note = "sitter-link-id", fixed("sitter's note", 16)
    yield case("sitter-id", op, "Where a link is found.", {"secret": secret}, {"id": sitter_link_id(secret)})
    yield case("sitter-id-short", op, "31 bytes.", {"secret": secret[:31]}, "KeySizeError")
    file = HERE / "sitter-note-opens.json"
    if file.exists():
        sealed = bytes.fromhex(json.loads(file.read_text("utf-8"))["input"]["sealed"])
    else:
        ids = {"patient": ALICE, "link": LINK, "note": note}
        sealed = seal_sitter_note(sitter_note_key(secret), TEXT, **ids, to=alice.public())
    good: Input = {
        "secret": secret, "sealed": sealed, "patient": ALICE, "link": LINK, "note": note,
        "private": alice.encode(),
    }  # fmt: skip
    op = "open-sitter-note"
    yield case("sitter-note-opens", op, "The patient reads it.", good, {"text": TEXT})
    bad: dict[str, tuple[str, Input, str]] = {
        "other-secret": ("Not written with this link.", {"secret": fixed("other secret")}, "OpenError"),
        "other-patient": ("As if Dana's.", {"patient": DANA}, "OpenError"),
        "other-link": ("Of another link.", {"link": fixed("other link", 16)}, "OpenError"),
        "other-note": ("In another note's place.", {"note": fixed("other note", 16)}, "OpenError"),
        "wrong-reader": ("Charlie tries to open it.", {"private": charlie.encode()}, "OpenError"),
        "changed": ("One bit of what is sealed.", {"sealed": flip(sealed, -1)}, "OpenError"),
        "cut": ("The last byte is missing.", {"sealed": sealed[:-1]}, "OpenError"),
        "bare": ("A header alone.", {"sealed": sealed[:2]}, "OpenError"),
        "other-version": ("Version 2.", {"sealed": b"\x02" + sealed[1:]}, "FormatError"),
        "other-algorithm": ("Algorithm 3.", {"sealed": b"\x01\x03" + sealed[2:]}, "FormatError"),
    }
    for name, (about, change, error) in bad.items():
        yield case(f"sitter-note-{name}", op, about, good | change, error)


def feeds() -> Iterator[Vector]:
    """Section 21."""
    secret, ident, events = fixed("calendar's secret"), fixed("feed", 16), fixed("key of event ids")
    op = "feed-id"
    yield case("feed-id", op, "Where an address is found.", {"secret": secret}, {"id": feed_id(secret)})
    yield case("feed-id-short", op, "31 bytes.", {"secret": secret[:31]}, "KeySizeError")
    where = Context("feed", ALICE, ident, 2)
    sealed = encrypt(
        AESGCM(feed_key(secret)), RECORD_HEADER, fixed("feed nonce", 12), pad(TEXT), where.encode()
    )
    good: Input = {
        "secret": secret, "purpose": "feed", "owner": ALICE, "record": ident, "revision": 2, "sealed": sealed,
    }  # fmt: skip
    op = "open-feed"
    yield case("feed-opens", op, "What an address opens, saved for the second time.", good, {"text": TEXT})
    bad: dict[str, tuple[str, Input, str]] = {
        "other-secret": ("By another address.", {"secret": fixed("other secret")}, "OpenError"),
        "looked-up": ("By what storage has of the address.", {"secret": feed_id(secret)}, "OpenError"),
        "other-owner": ("As if Dana's.", {"owner": DANA}, "OpenError"),
        "other-row": ("In another address's row.", {"record": fixed("other feed", 16)}, "OpenError"),
        "earlier": ("As what was saved first.", {"revision": 1}, "OpenError"),
        "long-secret": ("33 bytes.", {"secret": secret + b"\0"}, "KeySizeError"),
    }
    for name, (about, change, error) in bad.items():
        yield case(f"feed-{name}", op, about, good | change, error)
    op, given = "feed-event", {"key": events, "session": ENTRY}
    yield case("feed-event", op, "A session in a calendar.", given, {"id": feed_event_id(events, ENTRY)})
    yield case("feed-event-short", op, "31 bytes of key.", given | {"key": events[:31]}, "KeySizeError")
    op, given = "feed-state", {"secret": secret, "shown": TEXT}
    yield case("feed-state", op, "What is shown.", given, {"state": feed_state(feed_key(secret), TEXT)})
    yield case("feed-state-short", op, "31 bytes.", given | {"secret": secret[:31]}, "KeySizeError")


def seen_states() -> Iterator[Vector]:
    """Section 24."""
    op, place = "open-seen-state", Context("seen-state", ALICE, NO_RECORD)
    vault, tag = derive_key(ACCOUNT_KEY, "vault"), fixed("tag", 7)
    encoded = (
        b"\x01"
        + (7).to_bytes(4)
        + (1_234).to_bytes(8)
        + (5).to_bytes(4)
        + (678).to_bytes(4)
        + (1_795_348_800).to_bytes(4)
        + tag
    )
    good: Input = {"account_key": ACCOUNT_KEY, "account": ALICE, "sealed": wrapped(vault, encoded, place)}
    yield case("seen-state-opens", op, "What a browser keeps.", good, {"seen": encoded})
    key = wrapped(vault, fixed("another key"), Context("link-key", ALICE, NO_RECORD))
    bad: dict[str, tuple[str, Input, str]] = {
        "other-account": ("As if Dana's.", {"account": DANA}, "OpenError"),
        "other-keys": ("With the keys of a renewal.", {"account_key": fixed("new account key")}, "OpenError"),
        "a-key": ("A key that the vault key wraps, in its place.", {"sealed": key}, "OpenError"),
        "other-algorithm": ("Algorithm 1.", {"sealed": b"\x01\x01" + good["sealed"][2:]}, "FormatError"),
    }
    for name, (about, change, error) in bad.items():
        yield case(f"seen-state-{name}", op, about, good | change, error)


def successions() -> Iterator[Vector]:
    """Section 22."""
    alice, bob, charlie = person("alice"), person("bob"), person("charlie")
    made = succeed(ALICE, 3, 1_795_348_800, old=alice, new=bob)
    body, second = made[: 17 + 2 * 1249], made[-64:]
    good: Input = {"account": ALICE, "statement": made}
    op = "open-succession"
    yield case(
        "succession-opens", op, "Alice's third change of keys.", good, {"after": bob.public().encode()}
    )
    message = succeed(ALICE, 3, 1_795_348_800, old=charlie, new=bob)[-128:-64]
    same = succeed(ALICE, 3, 1_795_348_800, old=alice, new=alice)
    bad: dict[str, tuple[str, Input, str]] = {
        "other-account": ("As if Dana's.", {"account": DANA}, "OpenError"),
        "other-number": ("As the fourth.", {"statement": made[:8] + b"\4" + made[9:]}, "OpenError"),
        "other-time": ("A second later.", {"statement": flip(made, 16)}, "OpenError"),
        "old-by-another": ("Charlie signs in the place of the old keys.",
                           {"statement": body + message + second}, "OpenError"),
        "turned": ("Both signatures, turned round.", {"statement": body + second + made[-128:-64]}, "OpenError"),
        "nothing": ("The keys stay the same.", {"statement": same}, "OpenError"),
        "cut": ("The last byte is missing.", {"statement": made[:-1]}, "OpenError"),
        "from-zero": ("It counts from 0.", {"statement": made[:1] + bytes(8) + made[9:]}, "FormatError"),
        "other-version": ("Version 2.", {"statement": b"\2" + made[1:]}, "FormatError"),
        "unusable": ("The new keys are none.", {"statement": made[:1266] + bytes(1249) + made[-128:]}, "FormatError"),
    }  # fmt: skip
    for name, (about, change, error) in bad.items():
        yield case(f"succession-{name}", op, about, good | change, error)


def key_logs() -> Iterator[Vector]:
    """Section 25."""
    alice, salt, key = person("alice").public(), fixed("a salt"), fixed("a log")
    leaf = write_leaf(log_label(key, ALICE), commit_identity(salt, alice, account=ALICE))
    op, given = "key-log-leaf", {"log_key": key, "salt": salt, "account": ALICE, "identity": alice.encode()}
    yield case("key-log-leaf", op, "A leaf of Alice's.", given, {"leaf": leaf})
    yield case("key-log-leaf-short", op, "31 bytes of salt.", given | {"salt": salt[:31]}, "KeySizeError")
    leaves, edge, nodes, heads = [bytes([number]) * 64 for number in range(11)], Frontier(), {}, [EMPTY_HEAD]
    for number, one in enumerate(leaves):
        for level, found in enumerate(edge.append(hash_leaf(one))):
            nodes[level, number >> level] = found
        heads.append(edge.head)
    op = "key-log-head"
    for size in (0, 1, 7, 11):
        whole: Input = {"leaves": b"".join(leaves[:size])}
        yield case(f"key-log-head-{size}", op, f"{size} leaves.", whole, {"root": heads[size].root})
    short: Input = {"leaves": b"".join(leaves)[:-1]}
    yield case("key-log-head-short", op, "The last leaf has 63 bytes.", short, "KeySizeError")
    op, proof = "key-log-inclusion", b"".join(prove(list_inclusion(5, 11), nodes))
    good: Input = {"leaf": leaves[5], "number": 5, "size": 11, "root": heads[11].root, "proof": proof}
    yield case("key-log-inclusion", op, "The sixth of eleven.", good, {"root": heads[11].root})
    bad: dict[str, tuple[str, Input]] = {
        "other-leaf": ("Another leaf.", {"leaf": leaves[4]}),
        "other-number": ("As the fifth.", {"number": 4}),
        "beyond": ("As the twelfth.", {"number": 11}),
        "bent": ("One bit of the proof.", {"proof": flip(proof, 40)}),
        "short": ("A hash is missing.", {"proof": proof[:-32]}),
        "long": ("A hash too many.", {"proof": proof + proof[:32]}),
        "of-no-leaf": ("A node passed off as a leaf.", {"leaf": nodes[0, 4] + nodes[0, 5], "proof": proof[32:]}),
    }  # fmt: skip
    for name, (about, change) in bad.items():
        yield case(f"key-log-inclusion-{name}", op, about, good | change, "OpenError")
    op, proof = "key-log-consistency", b"".join(prove(list_consistency(6, 11), nodes))
    good = {"old_size": 6, "old_root": heads[6].root, "size": 11, "root": heads[11].root, "proof": proof}
    yield case("key-log-consistency", op, "Six leaves, then eleven.", good, {"root": heads[11].root})
    power: Input = {
        "old_size": 8,
        "old_root": heads[8].root,
        "proof": b"".join(prove(list_consistency(8, 11), nodes)),
    }
    yield case(
        "key-log-consistency-whole",
        op,
        "Eight, which are one subtree.",
        good | power,
        {"root": heads[11].root},
    )
    same: Input = {"old_size": 11, "old_root": heads[11].root, "proof": b""}
    yield case("key-log-consistency-same", op, "Nothing was added.", good | same, {"root": heads[11].root})
    bad = {
        "other-old": ("It began otherwise.", {"old_root": heads[5].root}),
        "other-new": ("It goes on otherwise.", {"root": heads[10].root}),
        "shorter": ("It is shorter than it was.", {"size": 5, "root": heads[5].root, "proof": b""}),
        "parted": ("As long, and another.", {"old_size": 11, "old_root": heads[10].root, "proof": b""}),
        "bent": ("One bit of the proof.", {"proof": flip(proof, 3)}),
        "empty": ("No proof.", {"proof": b""}),
        "long": ("A hash too many.", {"proof": proof + proof[:32]}),
    }  # fmt: skip
    for name, (about, change) in bad.items():
        yield case(f"key-log-consistency-{name}", op, about, good | change, "OpenError")


MAKERS = (
    contexts, paddings, records, wraps, passwords, slots, secret_keys, recovery_keys, recovery_codes, identities,
    link_keys, trust, server, audit_log, states, roots, texts, sitters, feeds, successions,
    seen_states, key_logs,
)  # fmt: skip


def vectors() -> dict[str, str]:
    """Make all vectors: file name to content."""
    made: dict[str, str] = {}
    for maker in MAKERS:
        for name, vector in maker():
            if f"{name}.json" in made:
                raise ValueError(f"Two vectors are called {name}.")
            made[f"{name}.json"] = json.dumps(vector, indent=2) + "\n"
    return made


def main(arguments: list[str]) -> int:
    """Write the vectors, or check those that are there."""
    made = vectors()
    present = {file.name: file.read_text("utf-8") for file in HERE.glob("*.json")}
    if "--check" not in arguments:
        for name, content in made.items():
            (HERE / name).write_text(content, encoding="utf-8")
        for name in present.keys() - made.keys():
            (HERE / name).unlink()
    if "--check" not in arguments:
        sys.stdout.write(f"{len(made)} vectors written\n")
        return 0
    different = sorted(name for name in made.keys() | present.keys() if made.get(name) != present.get(name))
    sys.stdout.write("".join(f"{name} differs\n" for name in different))
    sys.stdout.write(f"{len(made)} vectors checked\n")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
