"""
The recovery key as people handle it: written on paper, read over a phone, typed in a hurry.

Crockford's base 32 leaves out I, L, O and U. Four check symbols, the number modulo the largest prime
below 32^4, find every wrong symbol, every swap of neighbours and all but one in a million of other slips.
Format: docs/crypto-format.md section 8.
"""

from __future__ import annotations

import unicodedata
from secrets import token_bytes

from crypto.errors import FormatError, require_size

RECOVERY_KEY_SIZE = 20

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {symbol: value for value, symbol in enumerate(_ALPHABET)} | {"O": 0, "I": 1, "L": 1}
_DATA = 32
_CHECK = 4
_SYMBOLS = _DATA + _CHECK
_GROUP = 4
_PRIME = 1_048_573


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
    number = int.from_bytes(recovery_key, "big")
    checked = number << 5 * _CHECK | number % _PRIME
    symbols = [_ALPHABET[checked >> 5 * place & 31] for place in reversed(range(_SYMBOLS))]
    return "-".join("".join(symbols[at : at + _GROUP]) for at in range(0, _SYMBOLS, _GROUP))


def parse_recovery_key(text: str) -> bytes:
    """
    Read a recovery key as typed.

    Case, spaces, dashes and dots do not matter; O reads as 0, and I and L as 1.

    Args:
        text: As typed.

    Returns:
        20 bytes.

    Raises:
        FormatError: If a symbol is unknown or missing, or the check symbols do not match.
    """
    number = 0
    count = 0
    for char in unicodedata.normalize("NFKC", text).upper():
        if char == "." or unicodedata.category(char) in {"Zs", "Pd", "Cc", "Cf"}:
            continue
        if char not in _VALUES:
            raise FormatError("A recovery key has digits and letters only, and never the letter U.")
        number = number << 5 | _VALUES[char]
        count += 1
        if count > _SYMBOLS:
            break
    if count != _SYMBOLS:
        raise FormatError(f"A recovery key has {_SYMBOLS} symbols, in nine groups of four.")
    data, check = number >> 5 * _CHECK, number & (1 << 5 * _CHECK) - 1
    if data % _PRIME != check:
        raise FormatError("One of the symbols is not right. Please compare each group with your copy.")
    return data.to_bytes(RECOVERY_KEY_SIZE, "big")
