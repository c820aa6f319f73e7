"""
The secret keys that a browser keeps: sealed under the server key, one behind the other, and never in the database.

Whoever takes the browser's machine cannot open them, and whoever takes the server does not have them.
"""

from __future__ import annotations

from contextlib import suppress

from crypto import KEPT_SECRET_KEY_SIZE, CryptoError
from journal.installation.server_keys import ServerKeys

MAX_KEPT = 3  # people who share a browser


def find_secret_key(server_keys: ServerKeys, kept: bytes, account: bytes) -> bytes | None:
    """
    Return the secret key that a browser keeps for an account, or None.

    Args:
        kept: What the browser sent, of any length.
        account: 16 bytes, the account's id.
    """
    return next((key for key in (_open(server_keys, part, account) for part in _split(kept)) if key), None)


def add_secret_key(server_keys: ServerKeys, kept: bytes, account: bytes, secret_key: bytes) -> bytes:
    """Return what a browser is to keep with a secret key of *account* in the place of an older one."""
    others = (part for part in _split(kept) if _open(server_keys, part, account) is None)
    return b"".join([server_keys.seal_secret_key(secret_key, account), *others][:MAX_KEPT])


def remove_secret_key(server_keys: ServerKeys, kept: bytes, account: bytes) -> bytes:
    """Return what a browser is to keep without the secret key of *account*."""
    return b"".join(part for part in _split(kept) if _open(server_keys, part, account) is None)


def _split(kept: bytes) -> list[bytes]:
    size = KEPT_SECRET_KEY_SIZE
    return [kept[at : at + size] for at in range(0, len(kept) - size + 1, size)][:MAX_KEPT]


def _open(server_keys: ServerKeys, part: bytes, account: bytes) -> bytes | None:
    with suppress(CryptoError):  # it is somebody else's, or of a server key of before
        return server_keys.open_secret_key(part, account)
    return None
