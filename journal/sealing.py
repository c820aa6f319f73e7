"""Documents as they are sealed: JSON that opens only in its context (docs/crypto-format.md lists the shapes)."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Callable
from typing import Protocol, TypeVar

import msgspec

from crypto import Context, CryptoError
from journal.errors import Damaged


class SealingKey(Protocol):
    """A key that seals and opens documents: a person's, or the server's."""

    def seal(self, plaintext: bytes, *, context: Context) -> bytes:
        """Seal like `crypto.seal`."""

    def open(self, sealed: bytes, *, context: Context) -> bytes:
        """Open like `crypto.open_sealed`."""


D = TypeVar("D", bound=msgspec.Struct)
T = TypeVar("T")
UNREADABLE = (ValueError, RecursionError)
"""What reading JSON raises: the first one also as msgspec's errors, and where a text is no UTF-8."""

_encoder = msgspec.json.Encoder()


def encode_document(document: msgspec.Struct) -> bytes:
    """Write a document as JSON."""
    return _encoder.encode(document)


def seal_document(key: SealingKey, document: msgspec.Struct, context: Context) -> bytes:
    """Seal *document* so that it opens only in *context*."""
    return key.seal(_encoder.encode(document), context=context)


def open_bytes(key: SealingKey, sealed: bytes, context: Context) -> bytes:
    """
    Open a sealed column.

    Raises:
        Damaged: If it was altered, swapped or moved.
    """
    try:
        return key.open(sealed, context=context)
    except CryptoError as error:
        raise Damaged from error


def open_document(key: SealingKey, sealed: bytes, context: Context, document_type: type[D]) -> D:
    """Open a sealed column as *document_type*; raises `Damaged` if it does not open or fit."""
    return decode_document(open_bytes(key, sealed, context), document_type)


def decode_document(plain: bytes, document_type: type[D]) -> D:
    """
    Read a document that is open.

    Raises:
        Damaged: If it is of another shape, no JSON, no UTF-8, or nested without end. Whoever has the key of a link can
            seal anything for its other reader.
    """
    try:
        return msgspec.json.decode(plain, type=document_type)
    except UNREADABLE as error:
        raise Damaged from error


def run_decoder(decode: Callable[[bytes], T], plain: bytes) -> T:
    """Read with a decoder that is kept, like `decode_document`."""
    try:
        return decode(plain)
    except UNREADABLE as error:
        raise Damaged from error


def open_returned(key: SealingKey, returned: str, context: Context, document_type: type[D]) -> D:
    """Open a document that a page kept sealed and sent back, base64url; raises `Damaged` for anything else."""
    try:
        sealed = urlsafe_b64decode(returned.encode())
    except ValueError as error:
        raise Damaged from error
    return open_document(key, sealed, context, document_type)
