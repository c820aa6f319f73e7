"""
The recovery key as people handle it: written on paper, read over a phone, typed in a hurry.

Four check symbols, the number modulo the largest prime below 32^4, find every wrong symbol, every swap of neighbours
and all but one in a million of other slips.
Format: docs/crypto-format.md section 8.
"""

from __future__ import annotations

from secrets import token_bytes

from crypto.errors import FormatError, require_size
from crypto.symbols import CHECK_SYMBOLS, add_check, read_symbols, remove_check, write_symbols

RECOVERY_KEY_SIZE = 20

_SYMBOLS = 32 + CHECK_SYMBOLS


def new_recovery_key() -> bytes:
    """Draw 160 random bits; no stretching is needed to withstand guessing."""
    return token_bytes(RECOVERY_KEY_SIZE)


def format_recovery_key(recovery_key: bytes) -> str:
    """
    Write a recovery key for people.

    Args:
        recovery_key: 20 bytes.

    Returns:
        36 symbols in nine groups of four, joined by hyphens.

    Raises:
        KeySizeError: If *recovery_key* is not 20 bytes long.
    """
    require_size(recovery_key, RECOVERY_KEY_SIZE, "A recovery key")
    return write_symbols(add_check(int.from_bytes(recovery_key, "big")), _SYMBOLS)


def is_last_group(text: str, recovery_key: bytes) -> bool:
    """Return whether somebody typed the last group of a key: the check symbols, which end a complete copy."""
    try:
        return read_symbols(text, CHECK_SYMBOLS) == add_check(int.from_bytes(recovery_key, "big")) % (
            1 << 5 * CHECK_SYMBOLS
        )
    except FormatError:
        return False


def parse_recovery_key(text: str) -> bytes:
    """
    Read a recovery key as typed.

    Case, spaces, dashes and dots do not matter; digits of every script are digits; O reads as 0, and I and L as 1.

    Args:
        text: As typed.

    Returns:
        20 bytes.

    Raises:
        FormatError: If a symbol is unknown or missing, or the check symbols do not match.
    """
    return remove_check(read_symbols(text, _SYMBOLS)).to_bytes(RECOVERY_KEY_SIZE, "big")
