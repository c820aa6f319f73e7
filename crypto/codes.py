"""
Recovery codes: each replaces the second factor once. Stored as hashes; 80 random bits need no stretching.

Format: docs/crypto-format.md section 8.
"""

from __future__ import annotations

from hashlib import sha256
from secrets import token_bytes

from crypto.context import join_fields, require_id
from crypto.errors import require_size
from crypto.symbols import read_symbols, write_symbols

RECOVERY_CODE_SIZE = 10

_SYMBOLS = 16
_LABEL = b"hearthside/v1/recovery-code"


def new_recovery_code() -> bytes:
    """Draw 80 random bits."""
    return token_bytes(RECOVERY_CODE_SIZE)


def format_recovery_code(code: bytes) -> str:
    """
    Write a recovery code for people.

    Args:
        code: 10 bytes.

    Returns:
        16 symbols in four groups of four, joined by hyphens.

    Raises:
        KeySizeError: If *code* is not 10 bytes long.
    """
    require_size(code, RECOVERY_CODE_SIZE, "A recovery code")
    return write_symbols(int.from_bytes(code, "big"), _SYMBOLS)


def parse_recovery_code(text: str) -> bytes:
    """
    Read a recovery code as typed; case, spaces, dashes and dots do not matter.

    Returns:
        10 bytes.

    Raises:
        FormatError: If a symbol is unknown or missing.
    """
    return read_symbols(text, _SYMBOLS).to_bytes(RECOVERY_CODE_SIZE, "big")


def hash_recovery_code(code: bytes, *, account: bytes) -> bytes:
    """
    Return what is stored of a recovery code.

    Args:
        code: 10 bytes.
        account: 16 bytes, the account's id.

    Returns:
        32 bytes, SHA-256. Compare it with `hmac.compare_digest`.

    Raises:
        KeySizeError: If *code* is not 10 bytes long.
        FormatError: If *account* is not 16 bytes long.
    """
    require_size(code, RECOVERY_CODE_SIZE, "A recovery code")
    require_id(account, "An account id")
    return sha256(join_fields(_LABEL, account, code)).digest()
