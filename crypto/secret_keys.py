"""
Secret keys: a second secret that a password slot can ask for besides the password, and its text for people.

Written as recovery keys are, with check symbols, but in other groups and behind two letters of its own, so that nobody
takes one for the other.
Format: docs/crypto-format.md section 8.
"""

from __future__ import annotations

from secrets import token_bytes

from crypto.errors import FormatError, require_size
from crypto.symbols import CHECK_SYMBOLS, add_check, read_symbols, remove_check, write_symbols

SECRET_KEY_SIZE = 16
SECRET_KEY_MARK = "SK"
"""What the text begins with; whoever leaves it out is understood."""

_SYMBOLS = 26 + CHECK_SYMBOLS
_GROUP = 5


def new_secret_key() -> bytes:
    """Draw 128 random bits."""
    return token_bytes(SECRET_KEY_SIZE)


def format_secret_key(secret_key: bytes) -> str:
    """
    Write a secret key for people.

    Args:
        secret_key: 16 bytes.

    Returns:
        `SECRET_KEY_MARK` and 30 symbols in six groups of five, joined by hyphens.

    Raises:
        KeySizeError: If *secret_key* is not 16 bytes long.
    """
    return f"{SECRET_KEY_MARK}-{write_symbols(_write_number(secret_key), _SYMBOLS, _GROUP)}"


def is_last_group_of_secret_key(text: str, secret_key: bytes) -> bool:
    """Return whether somebody typed the last group of a key, which ends a complete copy."""
    try:
        return read_symbols(text, _GROUP) == _write_number(secret_key) % (1 << 5 * _GROUP)
    except FormatError:
        return False


def parse_secret_key(text: str) -> bytes:
    """
    Read a secret key as typed.

    Case, spaces, dashes and dots do not matter; digits of every script are digits; O reads as 0, and I and L as 1.

    Args:
        text: As typed, with the two letters in front or without.

    Returns:
        16 bytes.

    Raises:
        FormatError: If a symbol is unknown or missing, or the check symbols do not match.
    """
    mark = len(SECRET_KEY_MARK)
    try:
        number = read_symbols(text, _SYMBOLS + mark)
        if number >> 5 * _SYMBOLS != read_symbols(SECRET_KEY_MARK, mark):
            raise FormatError(f"A secret key begins with {SECRET_KEY_MARK}.")
        number &= (1 << 5 * _SYMBOLS) - 1
    except FormatError:
        number = read_symbols(text, _SYMBOLS)
    number = remove_check(number)
    if number >> 8 * SECRET_KEY_SIZE:  # 26 symbols could hold two bits more
        raise FormatError("One of the symbols is not right. Please compare each group with your copy.")
    return number.to_bytes(SECRET_KEY_SIZE, "big")


def _write_number(secret_key: bytes) -> int:
    require_size(secret_key, SECRET_KEY_SIZE, "A secret key")
    return add_check(int.from_bytes(secret_key, "big"))
