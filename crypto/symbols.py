"""
Numbers as people write, read out and type them: Crockford's base 32, which leaves out I, L, O and U.

Format: docs/crypto-format.md section 8.
"""

from __future__ import annotations

import unicodedata

from crypto.errors import FormatError

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {symbol: value for value, symbol in enumerate(_ALPHABET)} | {"O": 0, "I": 1, "L": 1}
_GROUP = 4


def write_symbols(number: int, count: int) -> str:
    """
    Write *number* as *count* symbols in groups of four, joined by hyphens.

    Args:
        number: Below 32 to the power of *count*.
        count: How many symbols.
    """
    symbols = [_ALPHABET[number >> 5 * place & 31] for place in reversed(range(count))]
    return "-".join("".join(symbols[at : at + _GROUP]) for at in range(0, count, _GROUP))


def read_symbols(text: str, count: int) -> int:
    """
    Read *count* symbols as typed.

    Case, spaces, dashes and dots do not matter; O reads as 0, and I and L as 1.

    Raises:
        FormatError: If a symbol is unknown, or there are more or fewer.
    """
    number = found = 0
    for char in unicodedata.normalize("NFKC", text).upper():
        if char == "." or unicodedata.category(char) in {"Zs", "Pd", "Cc", "Cf"}:
            continue
        if char not in _VALUES:
            raise FormatError("It has digits and letters only, and never the letter U.")
        number = number << 5 | _VALUES[char]
        found += 1
        if found > count:
            break
    if found != count:
        raise FormatError(f"It has {count} symbols, in groups of four.")
    return number
