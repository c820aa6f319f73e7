"""
Numbers as people write, read out and type them: Crockford's base 32, which leaves out I, L, O and U.

Format: docs/crypto-format.md section 8.
"""

from __future__ import annotations

import unicodedata

from crypto.bounded import normalize
from crypto.errors import FormatError

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {symbol: value for value, symbol in enumerate(_ALPHABET)} | {"O": 0, "I": 1, "L": 1}
_GROUP = 4
CHECK_SYMBOLS = 4
_PRIME = 1_048_573  # the largest below 32^4
_LONGEST = 256
"""Characters that are looked at: four times the longest number as we write it, with a blank on each side of a dash."""


def plain_digits(text: str) -> str:
    """
    Return *text* with the decimal digits of every script as 0 to 9, and every dash as a hyphen.

    The marks that only turn the direction of writing, which keyboards put beside such digits, are left out. Signs
    that merely look like a digit (², ①) stay what they are: they are no way to write a number.
    """
    return "".join(map(_plain, text))


def _plain(char: str) -> str:
    if (digit := unicodedata.decimal(char, None)) is not None:
        return str(digit)
    kind = unicodedata.category(char)
    if kind == "Cf":
        return ""
    return "-" if kind == "Pd" or char == "\u2212" else char


def write_symbols(number: int, count: int, group: int = _GROUP) -> str:
    """
    Write *number* as *count* symbols in groups, joined by hyphens.

    Args:
        number: Below 32 to the power of *count*.
        count: How many symbols.
        group: How many of them stand together.
    """
    symbols = [_ALPHABET[number >> 5 * place & 31] for place in reversed(range(count))]
    return "-".join("".join(symbols[at : at + group]) for at in range(0, count, group))


def add_check(number: int) -> int:
    """
    Return *number* with four check symbols behind it: its remainder by a prime.

    They show every wrong symbol, every swap of neighbours, and all but one in a million of other slips.
    """
    return number << 5 * CHECK_SYMBOLS | number % _PRIME


def remove_check(checked: int) -> int:
    """
    Return the number that `add_check` was given.

    Raises:
        FormatError: If the check symbols are not those of the number.
    """
    number, check = checked >> 5 * CHECK_SYMBOLS, checked & (1 << 5 * CHECK_SYMBOLS) - 1
    if number % _PRIME != check:
        raise FormatError("One of the symbols is not right. Please compare each group with your copy.")
    return number


def read_symbols(text: str, count: int) -> int:
    """
    Read *count* symbols as typed.

    Case, spaces, dashes and dots do not matter; digits of every script are digits; O reads as 0, and I and L as 1.

    Raises:
        FormatError: If a symbol is unknown, or there are more or fewer.
    """
    if len(text) > _LONGEST:
        raise FormatError(f"It has {count} symbols, in groups of four.")
    number = found = 0
    for char in plain_digits(normalize("NFKC", text)).upper():
        if char in ".-" or unicodedata.category(char) in {"Zs", "Zl", "Zp", "Cc"}:
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
