"""
A soft authenticator with a browser around it, after W3C Web Authentication, level 3: sections 6.1, 6.5 and 10.1.4.

It shares no code with what checks it. Each of its attributes can be set to what an honest one would not do.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import digest
from secrets import token_bytes
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from journal.passkeys.verification import Answer
from journal.passkeys.webauthn import Site

SITE = Site("http://localhost:8000", "localhost")
PRESENT, VERIFIED, ELIGIBLE, BACKED_UP, ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40
Key = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def encoded(value: bytes) -> str:
    """Write base64url without padding."""
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def decoded(value: str) -> bytes:
    """Read base64url."""
    return urlsafe_b64decode(value + "=" * (-len(value) % 4))


def ed25519_key() -> Key:
    """Draw a key for EdDSA, COSE algorithm -8."""
    return ed25519.Ed25519PrivateKey.generate()


def p256_key() -> Key:
    """Draw a key for ES256, COSE algorithm -7."""
    return ec.generate_private_key(ec.SECP256R1())


def rsa_key() -> Key:
    """Draw a key for RS256, COSE algorithm -257."""
    return rsa.generate_private_key(65537, 2048)


def p384_key() -> Key:
    """Draw a key of an algorithm that we do not ask for."""
    return ec.generate_private_key(ec.SECP384R1())


@dataclass
class Authenticator:
    """
    One device with one credential.

    Attributes:
        origin: What the browser says the page's origin is.
        host: Whose credential the device believes it makes or uses.
        flags: What the device says of the person: there, and verified.
        step: By how much it counts on with each use; 0 for those that do not count.
        prf: Whether it has a PRF.
    """

    key: Key = field(default_factory=ed25519_key)
    origin: str = SITE.origin
    host: str = SITE.host
    flags: int = PRESENT | VERIFIED
    count: int = 0
    step: int = 1
    prf: bool = True
    cross_origin: bool = False
    credential: bytes = field(default_factory=lambda: token_bytes(32))
    handle: bytes | None = None
    secret: bytes = field(default_factory=lambda: token_bytes(32))

    def make(self, options: dict[str, Any]) -> Answer:
        """Answer `navigator.credentials.create`."""
        self.handle = decoded(options["user"]["id"])
        identified = len(self.credential).to_bytes(2, "big") + self.credential
        attested = bytes(16) + identified + cbor2.dumps(_cose(self.key))
        data = self._data(ATTESTED) + attested
        response = {
            "clientDataJSON": encoded(self._client_data("webauthn.create", options)),
            "attestationObject": encoded(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})),
            "transports": ["internal", "hybrid"],
        }
        return self._answer(response, options)

    def use(self, options: dict[str, Any]) -> Answer:
        """Answer `navigator.credentials.get`."""
        self.count += self.step
        client_data, data = self._client_data("webauthn.get", options), self._data()
        response = {
            "clientDataJSON": encoded(client_data),
            "authenticatorData": encoded(data),
            "signature": encoded(_sign(self.key, data + sha256(client_data).digest())),
            "userHandle": encoded(self.handle) if self.handle else None,
        }
        return self._answer(response, options)

    def output(self, options: dict[str, Any]) -> str:
        """Evaluate the PRF as the browser hands it over."""
        if not self.prf:
            return ""
        salt = sha256(b"WebAuthn PRF\x00" + decoded(options["extensions"]["prf"]["eval"]["first"])).digest()
        return encoded(digest(self.secret, salt, "sha256"))

    def _answer(self, response: dict[str, Any], options: dict[str, Any]) -> Answer:
        ident = encoded(self.credential)
        said = {"id": ident, "rawId": ident, "type": "public-key", "response": response}
        return Answer(json.dumps(said), self.output(options))

    def _client_data(self, kind: str, options: dict[str, Any]) -> bytes:
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin}
        return json.dumps(said | {"crossOrigin": self.cross_origin}).encode()

    def _data(self, more: int = 0) -> bytes:
        host = sha256(self.host.encode()).digest()
        return host + bytes((self.flags | more,)) + self.count.to_bytes(4, "big")


def _cose(key: Key) -> dict[int, int | bytes]:
    """Write the public key as RFC 9053 and RFC 8230 do."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return {1: 1, 3: -8, -1: 6, -2: key.public_key().public_bytes_raw()}
    if isinstance(key, ec.EllipticCurvePrivateKey):
        point, size = key.public_key().public_numbers(), (key.key_size + 7) // 8
        x, y = point.x.to_bytes(size, "big"), point.y.to_bytes(size, "big")
        return {1: 2, 3: -7, -1: 1, -2: x, -3: y} if size == 32 else {1: 2, 3: -35, -1: 2, -2: x, -3: y}
    numbers = key.public_key().public_numbers()
    return {1: 3, 3: -257, -1: numbers.n.to_bytes(256, "big"), -2: numbers.e.to_bytes(3, "big")}


def _sign(key: Key, message: bytes) -> bytes:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(message)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(message, ec.ECDSA(SHA256()))
    return key.sign(message, padding.PKCS1v15(), SHA256())
