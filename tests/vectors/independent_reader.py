"""
Read every vector with nothing but docs/crypto-format.md, `cryptography`, `argon2-cffi` and `idna`.

Following the format page alone and importing nothing of Hearthside, it shows that the page suffices.
HPKE is put together here from ML-KEM, X25519, SHA-3 and HKDF, so that the library's is checked as well.
Run it with no arguments; it names each file that does not do what it promises and exits 1 if there is one.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import sys
import unicodedata
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import idna
from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESGCMSIV

Input = dict[str, Any]
Output = dict[str, Any]


class Refused(Exception):
    """A refusal, carrying the name of the error that section 1 asks for."""


def format_error() -> Refused:
    return Refused("FormatError")


def open_error() -> Refused:
    return Refused("OpenError")


def key_size_error() -> Refused:
    return Refused("KeySizeError")


def raw(data: Input, name: str) -> bytes:
    return bytes.fromhex(data[name])


# Section 2: tuples and contexts.


def tuple_(*fields: bytes) -> bytes:
    return b"".join(len(one).to_bytes(4, "big") + one for one in fields)


def context(purpose: str, owner: bytes, record: bytes, revision: int) -> bytes:
    if not (purpose.isascii() and 1 <= len(purpose) <= 64 and len(owner) == 16 and len(record) == 16):
        raise format_error()
    if not 0 <= revision < 2**64:
        raise format_error()
    return tuple_(b"\x01", purpose.encode("ascii"), owner, record, revision.to_bytes(8, "big"))


# Sections 3 and 4: envelope and padding.


def open_record(key: bytes, sealed: bytes, where: bytes) -> bytes:
    if len(key) != 32:
        raise key_size_error()
    if sealed[:2] != b"\x01\x01":
        raise format_error()
    if len(sealed) < 30:
        raise open_error()
    try:
        padded = AESGCM(key).decrypt(sealed[2:14], sealed[14:], b"\x01\x01" + where)
    except InvalidTag:
        raise open_error() from None
    return remove_padding(padded)


def unwrap(key: bytes, sealed: bytes, where: bytes) -> bytes:
    if len(key) != 32:
        raise key_size_error()
    if sealed[:2] != b"\x01\x02":
        raise format_error()
    if len(sealed) != 62:
        raise open_error()
    try:
        return AESGCMSIV(derive(key, "wrap")).decrypt(sealed[2:14], sealed[14:], b"\x01\x02" + where)
    except InvalidTag:
        raise open_error() from None


def remove_padding(padded: bytes) -> bytes:
    if len(padded) < 256:
        raise open_error()
    total = 4 + int.from_bytes(padded[:4], "big")
    size = 256
    if total > 256:
        e = 0
        while 2 ** (e + 1) <= total:
            e += 1
        s = 1
        while 2**s <= e:
            s += 1
        step = 2 ** (e - s)
        size = (total + step - 1) // step * step
    if len(padded) != size or any(padded[total:]):
        raise open_error()
    return padded[4:total]


# Section 5: derived keys.


def hkdf_extract(salt: bytes, secret: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), secret, "sha256")


def hkdf_expand(extracted: bytes, info: bytes, size: int) -> bytes:
    out, block, counter = b"", b"", 1
    while len(out) < size:
        block = hmac.digest(extracted, block + info + bytes([counter]), "sha256")
        out, counter = out + block, counter + 1
    return out[:size]


def derive(secret: bytes, label: str, salt: bytes = b"", bound: bytes = b"") -> bytes:
    if len(secret) < 16:
        raise key_size_error()
    info = b"hearthside/v1/" + label.encode("ascii") + (b"\0" + bound if bound else b"")
    return hkdf_expand(hkdf_extract(salt, secret), info, 32)


# Sections 6 and 7: passwords and slots.


def stretch(password: str, salt: bytes, parameters: bytes) -> bytes:
    if len(parameters) != 10 or parameters[0] != 0x13:
        raise format_error()
    memory, passes = int.from_bytes(parameters[1:5], "big"), int.from_bytes(parameters[5:9], "big")
    lanes = parameters[9]
    if not (19_456 <= memory <= 1_048_576 and 2 <= passes <= 10 and 1 <= lanes <= 4 and len(salt) == 16):
        raise format_error()
    if len(password) > 4096:
        raise format_error()
    spaced = "".join(" " if unicodedata.category(one) == "Zs" else one for one in password)
    try:
        text = unicodedata.normalize("NFC", spaced).encode("utf-8")
    except UnicodeEncodeError:
        raise format_error() from None
    return hash_secret_raw(
        text, salt, time_cost=passes, memory_cost=memory, parallelism=lanes, hash_len=32, type=Type.ID
    )


def unlock(data: Input) -> bytes:
    kind, account = data["as"], raw(data, "account")
    salt, parameters = raw(data, "salt"), raw(data, "parameters")
    secret = b"" if kind == "password" else raw(data, "secret")
    if kind != "password" and len(secret) != {"recovery": 20, "passkey": 32}[kind]:
        raise key_size_error()
    secret_key = raw(data, "secret_key") if "secret_key" in data else bytes(16)
    if len(secret_key) != 16:
        raise key_size_error()
    if data["kind"] != kind or len(salt) != 16 or (kind != "password" and parameters):
        raise format_error()
    if kind == "password":
        is_mixed = parameters[10:] == b"\x01"
        secret = stretch(data["password"], salt, parameters[:10] if is_mixed else parameters)
        if is_mixed:
            secret = derive(secret, "slot-secret-key", secret_key)
    bound = tuple_(kind.encode("ascii"), account, salt, parameters)
    if not hmac.compare_digest(derive(secret, "slot-commitment", bound=bound), raw(data, "commitment")):
        raise open_error()
    slot_key = derive(secret, "slot-key", bound=bound)
    return unwrap(slot_key, raw(data, "wrapped"), context("slot", account, salt, data["epoch"]))


# Section 8: recovery keys as text.


def read_symbols(text: str, count: int) -> int:
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    digits = []
    if len(text) > 256:
        raise format_error()
    for one in unicodedata.normalize("NFKC", text).upper():
        if one in ".\u2212" or unicodedata.category(one) in ("Zs", "Zl", "Zp", "Pd", "Cc", "Cf"):
            continue
        one = str(unicodedata.decimal(one, one))
        value = alphabet.find({"O": "0", "I": "1", "L": "1"}.get(one, one))
        if value < 0:
            raise format_error()
        digits.append(value)
    if len(digits) != count:
        raise format_error()
    whole = 0
    for digit in digits:
        whole = whole * 32 + digit
    return whole


def read_recovery_key(text: str) -> bytes:
    number, check = divmod(read_symbols(text, 36), 2**20)
    if number % 1_048_573 != check:
        raise format_error()
    return number.to_bytes(20, "big")


def read_secret_key(text: str) -> bytes:
    try:
        mark, digits = divmod(read_symbols(text, 32), 32**30)
        if mark != 25 * 32 + 19:  # SK
            raise format_error()
    except Refused:
        digits = read_symbols(text, 30)
    number, check = divmod(digits, 2**20)
    if number % 1_048_573 != check or number >= 2**128:
        raise format_error()
    return number.to_bytes(16, "big")


def recovery_code_hash(text: str, account: bytes) -> bytes:
    code = read_symbols(text, 16).to_bytes(10, "big")
    return hashlib.sha256(tuple_(b"hearthside/v1/recovery-code", account, code)).digest()


# Section 9: identities.


def read_public(data: bytes) -> tuple[bytes, bytes, bytes]:
    if len(data) != 1249 or data[0] != 1:
        raise format_error()
    mlkem, x25519, signing = data[1:1185], data[1185:1217], data[1217:]
    try:
        MLKEM768PublicKey.from_public_bytes(mlkem)
        X25519PrivateKey.from_private_bytes(b"\x77" * 32).exchange(X25519PublicKey.from_public_bytes(x25519))
    except ValueError:
        raise format_error() from None
    p = 2**255 - 19
    q = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
    order_eight = int.from_bytes(q, "little")
    y = int.from_bytes(signing, "little") % 2**255
    if y >= p or y in (0, 1, p - 1, order_eight, p - order_eight):
        raise format_error()
    return mlkem, x25519, signing


def public_of(private: bytes) -> bytes:
    if len(private) != 129 or private[0] != 1:
        raise format_error()
    return (
        b"\x01"
        + MLKEM768PrivateKey.from_seed_bytes(private[1:65]).public_key().public_bytes_raw()
        + X25519PrivateKey.from_private_bytes(private[65:97]).public_key().public_bytes_raw()
        + Ed25519PrivateKey.from_private_bytes(private[97:]).public_key().public_bytes_raw()
    )


def open_identity(data: Input) -> bytes:
    key = derive(raw(data, "account_key"), "identity")
    read_public(raw(data, "expected"))
    private = open_record(key, raw(data, "sealed"), context("identity", raw(data, "account"), bytes(16), 0))
    if public_of(private) != raw(data, "expected"):
        raise open_error()
    return private


def check_signature(public: bytes, purpose: str, message: bytes, signature: bytes) -> None:
    signed = tuple_(b"hearthside/v1/signature", purpose.encode(), message)
    try:
        Ed25519PublicKey.from_public_bytes(read_public(public)[2]).verify(signature, signed)
    except InvalidSignature:
        raise open_error() from None


# Section 10: care-link keys. RFC 9180 section 5.1 with the KEM of draft-ietf-hpke-pq.


def kem_shared_secret(enc: bytes, mlkem_seed: bytes, x25519_key: bytes) -> bytes:
    private = X25519PrivateKey.from_private_bytes(x25519_key)
    quantum = MLKEM768PrivateKey.from_seed_bytes(mlkem_seed).decapsulate(enc[:1088])
    try:
        classic = private.exchange(X25519PublicKey.from_public_bytes(enc[1088:]))
    except ValueError:
        raise open_error() from None
    own = private.public_key().public_bytes_raw()
    return hashlib.sha3_256(quantum + classic + enc[1088:] + own + b"\\.//^\\").digest()


def hpke_key_and_nonce(shared: bytes, info: bytes, aead_id: int) -> tuple[bytes, bytes]:
    suite = b"HPKE" + (0x647A).to_bytes(2, "big") + (1).to_bytes(2, "big") + aead_id.to_bytes(2, "big")

    def extract(salt: bytes, label: bytes, secret: bytes) -> bytes:
        return hkdf_extract(salt, b"HPKE-v1" + suite + label + secret)

    def expand(extracted: bytes, label: bytes, bound: bytes, size: int) -> bytes:
        return hkdf_expand(extracted, size.to_bytes(2, "big") + b"HPKE-v1" + suite + label + bound, size)

    schedule = b"\0" + extract(b"", b"psk_id_hash", b"") + extract(b"", b"info_hash", info)
    secret = extract(shared, b"secret", b"")
    return expand(secret, b"key", schedule, 32), expand(secret, b"base_nonce", schedule, 12)


def open_link_key(data: Input) -> bytes:
    grant, private, signed_by = raw(data, "grant"), raw(data, "private"), raw(data, "signed_by")
    read_public(signed_by)
    if grant[:2] != b"\x01\x03":
        raise format_error()
    if len(grant) != 1234:
        raise open_error()
    signature, sealed = grant[2:66], grant[66:]
    info = tuple_(
        b"hearthside/v1/link-key",
        b"\x01\x03",
        raw(data, "link"),
        raw(data, "patient"),
        raw(data, "clinician"),
        hashlib.sha256(signed_by).digest(),
        hashlib.sha256(public_of(private)).digest(),
    )
    check_signature(signed_by, "link-key", tuple_(info, sealed), signature)
    shared = kem_shared_secret(sealed[:1120], private[1:65], private[65:97])
    key, nonce = hpke_key_and_nonce(shared, info, 2)
    try:
        return AESGCM(key).decrypt(nonce, sealed[1120:], b"")
    except InvalidTag:
        raise open_error() from None


# Section 20: a sitter's notes.


def sitter_secret(data: Input) -> bytes:
    return whole_key(data, "secret")


def open_sitter_note(data: Input) -> bytes:
    sealed, private = raw(data, "sealed"), raw(data, "private")
    patient, link, note = (raw(data, name) for name in ("patient", "link", "note"))
    if sealed[:2] != b"\x01\x04":
        raise format_error()
    if len(sealed) < 2 + 1120 + 16:
        raise open_error()
    own = hashlib.sha256(public_of(private)).digest()
    info = tuple_(b"hearthside/v1/sitter-note", b"\x01\x04", patient, link, note, own)
    shared = kem_shared_secret(sealed[2:1122], private[1:65], private[65:97])
    key, nonce = hpke_key_and_nonce(shared, info, 2)
    try:
        inner = AESGCM(key).decrypt(nonce, sealed[1122:], b"")
    except InvalidTag:
        raise open_error() from None
    where = context("sitter-note", patient, note, 0)
    return open_record(derive(sitter_secret(data), "sitter-notes"), inner, where)


# Section 11: invitations, pins, safety codes.


def invitation_secret(data: Input) -> bytes:
    secret = raw(data, "secret")
    if len(secret) != 32:
        raise key_size_error()
    return secret


def verify_voucher(data: Input) -> None:
    key = derive(invitation_secret(data), "invitation-voucher")
    stated = tuple_(data["role"].encode(), raw(data, "account"), raw(data, "identity"))
    if not hmac.compare_digest(hmac.digest(key, stated, "sha256"), raw(data, "voucher")):
        raise open_error()


def open_pin(data: Input) -> bytes:
    key = derive(raw(data, "account_key"), "pins")
    opened = open_record(key, raw(data, "sealed"), context("pin", raw(data, "owner"), raw(data, "link"), 0))
    if opened[:16] != raw(data, "peer"):
        raise open_error()
    read_public(opened[16:])
    return opened[16:]


# Section 22: changes of keys.


def open_succession(data: Input) -> bytes:
    account, statement = raw(data, "account"), raw(data, "statement")
    if statement[:1] != b"\x01":
        raise format_error()
    if len(statement) != 2643:
        raise open_error()
    number, at, before, after = statement[1:9], statement[9:17], statement[17:1266], statement[1266:2515]
    read_public(before)
    read_public(after)
    if number == bytes(8):
        raise format_error()
    if before == after:
        raise open_error()
    message = tuple_(b"hearthside/v1/succession", account, number, before, after, at)
    check_signature(before, "succession", message, statement[2515:2579])
    check_signature(after, "succession", message, statement[2579:])
    return after


# Section 25: the log of public keys, by the recursive definitions of RFC 6962 section 2.1.


def key_log_leaf(data: Input) -> bytes:
    account, identity = raw(data, "account"), raw(data, "identity")
    key, salt = whole_key(data, "log_key"), whole_key(data, "salt")
    label = hmac.digest(key, tuple_(b"hearthside/v1/key-log-label", account), "sha256")
    return label + hashlib.sha256(tuple_(b"hearthside/v1/key-log", salt, account, identity)).digest()


def tree_node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def tree_split(size: int) -> int:
    half = 1
    while 2 * half < size:
        half *= 2
    return half


def tree_root(leaves: list[bytes]) -> bytes:
    if len(leaves) < 2:
        return hashlib.sha256(b"\x00" + leaves[0] if leaves else b"").digest()
    half = tree_split(len(leaves))
    return tree_node(tree_root(leaves[:half]), tree_root(leaves[half:]))


def key_log_head(data: Input) -> bytes:
    leaves = raw(data, "leaves")
    if len(leaves) % 64:
        raise key_size_error()
    return tree_root([leaves[at : at + 64] for at in range(0, len(leaves), 64)])


def hashes(data: Input) -> list[bytes]:
    proof = raw(data, "proof")
    return [proof[at : at + 32] for at in range(0, len(proof), 32)]


def from_inclusion(leaf: bytes, number: int, size: int, proof: list[bytes]) -> bytes:
    if size == 1:
        if proof:
            raise open_error()
        return leaf
    if not proof:
        raise open_error()
    half, last = tree_split(size), proof[-1]
    if number < half:
        return tree_node(from_inclusion(leaf, number, half, proof[:-1]), last)
    return tree_node(last, from_inclusion(leaf, number - half, size - half, proof[:-1]))


def key_log_inclusion(data: Input) -> bytes:
    number, size, root = data["number"], data["size"], raw(data, "root")
    if not 0 <= number < size:
        raise open_error()
    leaf = hashlib.sha256(b"\x00" + raw(data, "leaf")).digest()
    if from_inclusion(leaf, number, size, hashes(data)) != root:
        raise open_error()
    return root


def from_consistency(old: int, size: int, proof: list[bytes], whole: bytes | None) -> tuple[bytes, bytes]:
    if old == size:
        found = proof if whole is None else [whole, *proof]
        if len(found) != 1:
            raise open_error()
        return found[0], found[0]
    if not proof:
        raise open_error()
    half, last = tree_split(size), proof[-1]
    if old <= half:
        before, after = from_consistency(old, half, proof[:-1], whole)
        return before, tree_node(after, last)
    before, after = from_consistency(old - half, size - half, proof[:-1], None)
    return tree_node(last, before), tree_node(last, after)


def key_log_consistency(data: Input) -> bytes:
    old, size, before, root = data["old_size"], data["size"], raw(data, "old_root"), raw(data, "root")
    if not 0 < old <= size or from_consistency(old, size, hashes(data), before) != (before, root):
        raise open_error()
    return root


def fingerprint(account: bytes, public: bytes) -> str:
    h = hashlib.sha512(tuple_(b"hearthside/v1/fingerprint", account, public)).digest()
    return " ".join(f"{int.from_bytes(h[5 * i : 5 * i + 5], 'big') % 100_000:05d}" for i in range(6))


def safety_code(data: Input) -> str:
    sides = [(raw(data, "a_id"), raw(data, "a")), (raw(data, "b_id"), raw(data, "b"))]
    return " ".join(fingerprint(*side) for side in sorted(sides))


# Sections 12 and 13: web sessions and the server key.


def session_id(token: bytes) -> bytes:
    if len(token) != 32:
        raise key_size_error()
    return derive(token, "web-session-id")


def unwrap_session(data: Input) -> bytes:
    token = raw(data, "token")
    if len(token) != 32:
        raise key_size_error()
    purpose = "web-session-waiting" if data["waiting"] else "web-session"
    where = context(purpose, raw(data, "account"), bytes(16), data["epoch"])
    return unwrap(derive(token, "web-session-key"), raw(data, "wrapped"), where)


def open_seen_state(data: Input) -> bytes:
    vault = derive(raw(data, "account_key"), "vault")
    where = context("seen-state", raw(data, "account"), bytes(16), 0)
    return unwrap(vault, raw(data, "sealed"), where)


FILLERS = {
    0x34F,
    0x115F,
    0x1160,
    0x17B4,
    0x17B5,
    *range(0x180B, 0x1810),
    0x3164,
    *range(0xFE00, 0xFE10),
    0xFFA0,
}


def fold(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).strip().casefold())


def unformatted(text: str, kept: str = "") -> str:
    return "".join(one for one in text if one in kept or unicodedata.category(one) != "Cf")


def domain(text: str) -> str:
    labels = []
    for label in idna.uts46_remap(text, std3_rules=False).removesuffix(".").split("."):
        plain = re.fullmatch("[a-z0-9_-]{1,63}", label) and not re.search("^xn--|^-|-$", label)
        labels.append(label if plain else idna.encode(label, strict=True).decode())
    if len(".".join(labels)) > 253:
        raise idna.IDNAError
    return ".".join(labels)


def normal(address: str) -> str:
    address = address.strip()
    if len(address) > 254:
        return ""
    parts = re.fullmatch("(.*)[@\uff20\ufe6b](.*)", address, re.DOTALL)
    if parts is None:
        return fold(unformatted(address))
    local = "".join(one for one in unformatted(parts[1]) if ord(one) not in FILLERS).lstrip()
    if re.fullmatch(r'"[^"\\\s]+"', local):
        local = local[1:-1]
    behind = unformatted(parts[2], "\u200c\u200d").rstrip()
    try:
        return fold(local) + "@" + domain(behind)
    except idna.IDNAError:
        return fold(local) + "@" + undomained(behind)


def undomained(text: str) -> str:
    try:
        domain(fold(text))
    except idna.IDNAError:
        return fold(text)
    return unicodedata.normalize("NFC", text.lower())


def spelled(address: str) -> str:
    return "" if len(address.strip()) > 254 else fold(address)


def blind_index(data: Input) -> bytes:
    key = derive(raw(data, "server_key"), "server-index")
    return hmac.digest(key, normal(data["email"]).encode("utf-8"), "sha256")


def transitional_index(data: Input) -> bytes:
    local, at, host = normal(data["email"]).rpartition("@")
    try:
        labels = [idna.decode(one) if one.startswith("xn--") else one for one in domain(host).split(".")]
        mapped = (
            re.sub("[\u200c\u200d]", "", ".".join(labels)).replace("\u00df", "ss").replace("\u03c2", "\u03c3")
        )
        host = domain(mapped)
    except idna.IDNAError:
        pass
    key = derive(raw(data, "server_key"), "server-index")
    return hmac.digest(key, (local + at + host).encode("utf-8"), "sha256")


def spelling_index(data: Input) -> bytes:
    key = derive(raw(data, "server_key"), "server-mac/address-spelling")
    forms = tuple_(normal(data["email"]).encode("utf-8"), spelled(data["email"]).encode("utf-8"))
    return hmac.digest(key, forms, "sha256")


# The vectors.


def place(data: Input) -> bytes:
    return context(data["purpose"], raw(data, "owner"), raw(data, "record"), data["revision"])


def whole_key(data: Input, name: str) -> bytes:
    key = raw(data, name)
    if len(key) != 32:
        raise key_size_error()
    return key


def feed_key(data: Input) -> bytes:
    return derive(whole_key(data, "secret"), "feed-key")


def signature_verifies(data: Input) -> Output:
    check_signature(raw(data, "public"), data["purpose"], raw(data, "message"), raw(data, "signature"))
    return {"verified": True}


def voucher_verifies(data: Input) -> Output:
    verify_voucher(data)
    return {"verified": True}


def server_mac(data: Input) -> bytes:
    key = derive(raw(data, "server_key"), "server-mac/" + data["label"])
    return hmac.digest(key, raw(data, "message"), "sha256")


def kept_secret_key(data: Input) -> bytes:
    key = derive(raw(data, "server_key"), "server-kept")
    kept = unwrap(key, raw(data, "sealed"), context("kept-secret-key", raw(data, "account"), bytes(16), 0))
    if any(kept[16:]):
        raise open_error()
    return kept[:16]


def server_record(data: Input) -> bytes:
    return open_record(derive(raw(data, "server_key"), "server-records"), raw(data, "sealed"), place(data))


def chain_mac(data: Input, name: str, *fields: bytes) -> str:
    return hmac.digest(derive(raw(data, "chain_key"), "server-mac/" + name), tuple_(*fields), "sha256").hex()


def event(data: Input) -> list[bytes]:
    ids = [raw(data, name) for name in ("actor", "patient", "recipient", "about")]
    return [
        data["at"].to_bytes(8, "big", signed=True),
        *ids,
        data["action"].encode(),
        data["outcome"].encode(),
    ]


def audit_event(data: Input) -> str:
    return chain_mac(data, "audit-event", b"\x01", raw(data, "id"), *event(data))


def audit_head(data: Input, number: int, mac: bytes) -> str:
    return chain_mac(data, "audit-head", b"\x01", number.to_bytes(8, "big"), mac)


def audit_chain(data: Input) -> str:
    number = data["sequence"]
    head = bytes.fromhex(audit_head(data, number - 1, raw(data, "mac_before")))
    start = [b"\x02", raw(data, "id")] if data["id"] else [b"\x01"]
    return chain_mac(data, "audit", *start, head, number.to_bytes(8, "big"), *event(data))


def audit_verified(data: Input) -> str:
    return chain_mac(data, "audit-verified", b"\x01", data["sequence"].to_bytes(8, "big"), raw(data, "mac"))


# Section 17: what an account remembers.


def sum_records(data: Input) -> bytes:
    total = 0
    for one in data["records"]:
        record, sealed = bytes.fromhex(one["id"]), bytes.fromhex(one["sealed"])
        if len(record) != 16 or len(sealed) < 16 or not 0 <= one["revision"] < 2**64:
            raise format_error()
        member = record + one["revision"].to_bytes(8, "big") + sealed[-16:]
        digest = hashlib.blake2b(member, key=raw(data, "key"), digest_size=32).digest()
        total += int.from_bytes(digest, "big")
    return (total % 2**256).to_bytes(32, "big")


def record_state(data: Input) -> bytes:
    state = raw(data, "state")
    if len(state) != 140:
        raise format_error()
    return state[32:68]


def root_tags(data: Input) -> bytes:
    root = raw(data, "root")
    marks = [root[at : at + 46] for at in range(105, len(root), 46)]
    if len(root) < 105 or root[0] != 2 or any(len(mark) != 46 for mark in marks):
        raise format_error()
    oldest = [int.from_bytes(mark[14:22], "big", signed=True) for mark in marks]
    numbers = {mark[:4] for mark in marks}
    if (
        oldest != sorted(oldest)
        or len(numbers) < len(marks)
        or any(mark[12:14] == bytes(2) for mark in marks)
    ):
        raise format_error()
    return b"".join(mark[30:] for mark in marks)


def page_texts(data: Input) -> list[str]:
    text, count = raw(data, "text"), int(data["count"])
    head = b"\x01" + int(data["fold"]).to_bytes(2, "big") + raw(data, "tag") + count.to_bytes(2, "big")
    begin = len(head) + 4 * count
    if text[: len(head)] != head or len(text) < begin:
        raise format_error()
    ends = [0] + [int.from_bytes(text[at : at + 4], "big") for at in range(len(head), begin, 4)]
    if ends != sorted(ends) or len(text) != begin + ends[-1]:
        raise format_error()
    return [text[begin + one : begin + end].decode() for one, end in pairwise(ends)]


OPERATIONS: dict[str, Callable[[Input], Output]] = {
    "encode-context": lambda d: {"bytes": place(d).hex()},
    "remove-padding": lambda d: {"text": remove_padding(raw(d, "padded")).hex()},
    "open-record": lambda d: {"text": open_record(raw(d, "key"), raw(d, "sealed"), place(d)).hex()},
    "unwrap-key": lambda d: {"key": unwrap(raw(d, "key"), raw(d, "sealed"), place(d)).hex()},
    "derive-key": lambda d: {
        "key": derive(raw(d, "secret"), d["label"], raw(d, "salt"), raw(d, "context")).hex()
    },
    "stretch": lambda d: {"key": stretch(d["password"], raw(d, "salt"), raw(d, "parameters")).hex()},
    "unlock-slot": lambda d: {"account_key": unlock(d).hex()},
    "read-secret-key": lambda d: {"secret_key": read_secret_key(d["text"]).hex()},
    "open-kept-secret-key": lambda d: {"secret_key": kept_secret_key(d).hex()},
    "read-recovery-key": lambda d: {"recovery_key": read_recovery_key(d["text"]).hex()},
    "hash-recovery-code": lambda d: {"hash": recovery_code_hash(d["text"], raw(d, "account")).hex()},
    "read-public-identity": lambda d: {"signing": read_public(raw(d, "public"))[2].hex()},
    "open-identity": lambda d: {"private": open_identity(d).hex()},
    "verify-signature": signature_verifies,
    "open-link-key": lambda d: {"link_key": open_link_key(d).hex()},
    "sitter-link-id": lambda d: {"id": derive(sitter_secret(d), "sitter-id").hex()},
    "open-sitter-note": lambda d: {"text": open_sitter_note(d).hex()},
    "feed-id": lambda d: {"id": derive(whole_key(d, "secret"), "feed-id").hex()},
    "open-feed": lambda d: {"text": open_record(feed_key(d), raw(d, "sealed"), place(d)).hex()},
    "feed-event": lambda d: {
        "id": derive(whole_key(d, "key"), "feed-event", bound=raw(d, "session"))[:16].hex()
    },
    "feed-state": lambda d: {
        "state": derive(feed_key(d), "feed-state", bound=hashlib.sha256(raw(d, "shown")).digest())[:16].hex()
    },
    "invitation-id": lambda d: {"id": derive(invitation_secret(d), "invitation-id").hex()},
    "verify-voucher": voucher_verifies,
    "open-pin": lambda d: {"public": open_pin(d).hex()},
    "safety-code": lambda d: {"code": safety_code(d)},
    "fingerprint": lambda d: {"code": fingerprint(raw(d, "account"), raw(d, "identity"))},
    "session-id": lambda d: {"id": session_id(raw(d, "token")).hex()},
    "unwrap-session": lambda d: {"account_key": unwrap_session(d).hex()},
    "open-server-record": lambda d: {"text": server_record(d).hex()},
    "blind-index": lambda d: {"index": blind_index(d).hex()},
    "transitional-index": lambda d: {"index": transitional_index(d).hex()},
    "spelling-index": lambda d: {"index": spelling_index(d).hex()},
    "server-mac": lambda d: {"mac": server_mac(d).hex()},
    "audit-event": lambda d: {"mac": audit_event(d)},
    "audit-chain": lambda d: {"mac": audit_chain(d)},
    "audit-head": lambda d: {"head": audit_head(d, d["sequence"], raw(d, "mac"))},
    "audit-verified": lambda d: {"tag": audit_verified(d)},
    "sum-records": lambda d: {"sum": sum_records(d).hex()},
    "read-record-state": lambda d: {"entries": record_state(d).hex()},
    "read-record-root": lambda d: {"tags": root_tags(d).hex()},
    "open-seen-state": lambda d: {"seen": open_seen_state(d).hex()},
    "open-succession": lambda d: {"after": open_succession(d).hex()},
    "key-log-leaf": lambda d: {"leaf": key_log_leaf(d).hex()},
    "key-log-head": lambda d: {"root": key_log_head(d).hex()},
    "key-log-inclusion": lambda d: {"root": key_log_inclusion(d).hex()},
    "key-log-consistency": lambda d: {"root": key_log_consistency(d).hex()},
    "read-page-text": lambda d: {"texts": page_texts(d)},
}


def outcome(vector: dict[str, Any]) -> dict[str, Any]:
    """Do what a vector asks and state what happened in the vector's own words."""
    try:
        return {"opens": OPERATIONS[vector["operation"]](vector["input"])}
    except Refused as refused:
        return {"refused": str(refused)}


def main() -> int:
    """Read all vectors beside this file."""
    files = sorted(Path(__file__).parent.glob("*.json"))
    wrong = 0
    for file in files:
        vector = json.loads(file.read_text(encoding="utf-8"))
        got = outcome(vector)
        if got != vector["expect"]:
            wrong += 1
            sys.stdout.write(f"{file.name}: expected {vector['expect']}, got {got}\n")
    sys.stdout.write(f"{len(files)} vectors read, {wrong} wrong\n")
    return 1 if wrong or not files else 0


if __name__ == "__main__":
    sys.exit(main())
