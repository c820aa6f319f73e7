"""
The one envelope of everything sealed: version || algorithm || nonce || ciphertext and tag.

Format: docs/crypto-format.md section 3.
"""

from __future__ import annotations

from collections.abc import Callable
from secrets import token_bytes

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESGCMSIV

from crypto.context import Context, encode_owner, encode_record
from crypto.derive import KEY_SIZE, derive_key
from crypto.errors import FormatError, OpenError, require_size
from crypto.padding import pad, unpad

VERSION = 1
RECORD_HEADER = bytes((VERSION, 1))
"""Version 1, algorithm 1: AES-256-GCM over padded text."""
WRAP_HEADER = bytes((VERSION, 2))
"""Version 1, algorithm 2: AES-256-GCM-SIV over exactly 32 bytes."""
NONCE_SIZE = 12
TAG_SIZE = 16
WRAPPED_SIZE = 2 + NONCE_SIZE + KEY_SIZE + TAG_SIZE

_BODY = 2 + NONCE_SIZE
_MINIMUM = _BODY + TAG_SIZE


class Sealer:
    """
    Seal and open many records under one key.

    It keeps the cipher set up, which `seal` and `open_sealed` repeat for every record.
    """

    __slots__ = ("_aead",)

    def __init__(self, key: bytes) -> None:
        """
        Set up the cipher.

        Args:
            key: 32 bytes, derived for this purpose; never a password.

        Raises:
            KeySizeError: If *key* is not 32 bytes long.
        """
        require_size(key, KEY_SIZE, "A record key")
        self._aead = AESGCM(key)

    def seal(self, plaintext: bytes, *, context: Context) -> bytes:
        """Seal one record; see `crypto.seal`."""
        return encrypt(self._aead, RECORD_HEADER, token_bytes(NONCE_SIZE), pad(plaintext), context.encode())

    def open(self, sealed: bytes, *, context: Context) -> bytes:
        """Open one record; see `crypto.open_sealed`."""
        return unpad(decrypt(self._aead, RECORD_HEADER, sealed, context.encode()))

    def opener(self, *, purpose: str, owner: bytes) -> Callable[[bytes, bytes, int], bytes]:
        """
        Prepare to open many records of one owner that differ in record id and revision only.

        A list or a search opens thousands; encoding what they share once saves a quarter of the time.

        Args:
            purpose: As in `Context`.
            owner: 16 bytes, as in `Context`.

        Returns:
            A function of envelope, record id (16 bytes) and revision that returns the plaintext and
            raises as `crypto.open_sealed` does.

        Raises:
            FormatError: If *purpose* or *owner* is outside its limits.
        """
        aead, shared = self._aead, encode_owner(purpose, owner)

        def open_row(sealed: bytes, record: bytes, revision: int) -> bytes:
            return unpad(decrypt(aead, RECORD_HEADER, sealed, shared + encode_record(record, revision)))

        return open_row


def seal(key: bytes, plaintext: bytes, *, context: Context) -> bytes:
    """
    Seal one record so that only *key* opens it, and only in *context*.

    AES-256-GCM (NIST SP 800-38D) with a random nonce.

    Args:
        key: 32 bytes, derived for this purpose; never a password.
        plaintext: Fewer than 2^32 bytes; padded to hide the length (Padmé).
        context: Authenticated, not stored: purpose, owner, record, revision.

    Returns:
        version (1 byte) || algorithm (1) || nonce (12) || ciphertext and tag.

    Raises:
        KeySizeError: If *key* is not 32 bytes long.
        FormatError: If *context* holds a field outside its limits.
    """
    return Sealer(key).seal(plaintext, context=context)


def open_sealed(key: bytes, sealed: bytes, *, context: Context) -> bytes:
    """
    Open what `seal` made.

    Args:
        key: The 32 bytes it was sealed under.
        sealed: The whole envelope.
        context: The very context it was sealed in.

    Returns:
        The plaintext, without padding.

    Raises:
        KeySizeError: If *key* is not 32 bytes long.
        FormatError: If the version or algorithm is not one that this function reads.
        OpenError: If key, context or any byte differs; the reason is not told.
    """
    return Sealer(key).open(sealed, context=context)


class KeyWrapper:
    """
    Wrap and unwrap many keys under one.

    It keeps the cipher set up, which `wrap_key` and `unwrap_key` repeat for every key.
    """

    __slots__ = ("_aead",)

    def __init__(self, key: bytes) -> None:
        """
        Derive the key of the cipher and set it up.

        Args:
            key: 32 bytes.

        Raises:
            KeySizeError: If *key* is not 32 bytes long.
        """
        require_size(key, KEY_SIZE, "A wrapping key")
        self._aead = AESGCMSIV(derive_key(key, "wrap"))

    def wrap(self, secret: bytes, *, context: Context) -> bytes:
        """Seal one key; see `crypto.wrap_key`."""
        require_size(secret, KEY_SIZE, "A key to wrap")
        return encrypt(self._aead, WRAP_HEADER, token_bytes(NONCE_SIZE), secret, context.encode())

    def unwrap(self, wrapped: bytes, *, context: Context) -> bytes:
        """Open one key; see `crypto.unwrap_key`."""
        if wrapped[:2] == WRAP_HEADER and len(wrapped) != WRAPPED_SIZE:
            raise OpenError(f"A wrapped key is {WRAPPED_SIZE} bytes long, not {len(wrapped)}.")
        return decrypt(self._aead, WRAP_HEADER, wrapped, context.encode())


def wrap_key(key: bytes, secret: bytes, *, context: Context) -> bytes:
    """
    Seal one 32-byte key under another.

    AES-256-GCM-SIV (RFC 8452), which survives a repeated nonce. It runs under a key derived from *key*,
    because one AES key in both GCM and GCM-SIV would let key stream of the first pass for key material
    of the second.

    Args:
        key: 32 bytes.
        secret: 32 bytes; not padded, since all wrapped keys are alike in length.
        context: Authenticated, not stored.

    Returns:
        62 bytes: version || algorithm || nonce (12) || ciphertext (32) and tag (16).

    Raises:
        KeySizeError: If *key* or *secret* is not 32 bytes long.
        FormatError: If *context* holds a field outside its limits.
    """
    return KeyWrapper(key).wrap(secret, context=context)


def unwrap_key(key: bytes, wrapped: bytes, *, context: Context) -> bytes:
    """
    Open what `wrap_key` made.

    Args:
        key: The 32 bytes it was wrapped under.
        wrapped: 62 bytes.
        context: The very context it was wrapped in.

    Returns:
        The 32-byte key.

    Raises:
        KeySizeError: If *key* is not 32 bytes long.
        FormatError: If the version or algorithm is not one that this function reads.
        OpenError: If key, context, length or any byte differs; the reason is not told.
    """
    return KeyWrapper(key).unwrap(wrapped, context=context)


def encrypt(aead: AESGCM | AESGCMSIV, header: bytes, nonce: bytes, text: bytes, associated: bytes) -> bytes:
    """Assemble an envelope around *text* as it is; the caller pads it and draws the nonce."""
    return header + nonce + aead.encrypt(nonce, text, header + associated)


def decrypt(aead: AESGCM | AESGCMSIV, header: bytes, sealed: bytes, associated: bytes) -> bytes:
    """Take an envelope apart again; what it returns is still padded."""
    if sealed[:2] != header:
        raise FormatError("This was sealed by another version of Hearthside, or is no sealed value.")
    if len(sealed) < _MINIMUM:
        raise OpenError("The sealed value is cut short.")
    try:
        return aead.decrypt(sealed[2:_BODY], sealed[_BODY:], header + associated)
    except InvalidTag:
        raise OpenError("This key does not open it, or it was changed or moved.") from None
