"""
E-mail addresses and the names of hosts: which spellings mean the same one.

Domains go by UTS 46 (non-transitional) and IDNA 2008, as browsers and registries take them: `faß.example` is
`xn--fa-hia.example`, and never somebody else's `fass.example`. Format: docs/crypto-format.md section 13.
"""

from __future__ import annotations

import re
import unicodedata
from types import MappingProxyType

import idna

from crypto.bounded import normalize
from crypto.errors import FormatError

LONGEST_ADDRESS = 254
"""Characters; RFC 5321 section 4.5.3.1.3 allows a path of 256 octets with its two brackets."""
LONGEST_DOMAIN = 253

_AT = re.compile("[@\uff20\ufe6b]")
_ACE = "xn--"
# RFC 5891 has no say in labels that are ASCII already. DNS takes an underscore, and so do names of machines.
_PLAIN = re.compile("[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_JOINERS = "\u200c\u200d"
_DEVIATIONS = MappingProxyType(str.maketrans({"ß": "ss", "ς": "σ"} | dict.fromkeys(_JOINERS, "")))
_NEEDLESSLY_QUOTED = re.compile(r'"([^"\\\s]+)"')
# What is not to be seen and not of category Cf: joiners of graphemes, fillers and selectors of variants.
_FILLERS = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0]")


def ascii_domain(name: str) -> str:
    """
    Return a name as DNS, mail and browsers write it.

    Args:
        name: As typed, of one label or several; a dot at its end is left out.

    Returns:
        Labels of letters, digits, hyphens and underscores in lower case, such as `xn--fa-hia.example`.

    Raises:
        FormatError: If it cannot be mapped, or a label that begins with `xn--` is not one that mapping makes.
    """
    if len(name) > LONGEST_ADDRESS:
        raise FormatError("This is longer than any domain.")
    try:
        labels = idna.uts46_remap(name, std3_rules=False).removesuffix(".").split(".")
        mapped = ".".join(map(_ascii_label, labels))
    except UnicodeError as error:
        raise FormatError("This is not the name of a domain.") from error
    if len(mapped) > LONGEST_DOMAIN:
        raise FormatError("This is longer than any domain.")
    return mapped


def _ascii_label(label: str) -> str:
    if _PLAIN.fullmatch(label) and not label.startswith(_ACE):
        return label
    return idna.alabel(label).decode("ascii")


def readable_domain(name: str) -> str:
    """Return a domain with the letters that its labels in `xn--` stand for; raises as `ascii_domain`."""
    labels = ascii_domain(name).split(".")
    return ".".join(idna.ulabel(label) if label.startswith(_ACE) else label for label in labels)


def split_address(typed: str) -> tuple[str, str]:
    """
    Split an address, without what cannot be seen: blanks around it, and signs without a shape in it.

    Returns:
        What stands before the last @, without quotation marks that are not needed, and what stands behind it. A
        domain keeps joiners, which tell one domain from another: UTS 46 decides on them.

    Raises:
        FormatError: If it is longer than any address, or has no @.
    """
    text = typed.strip()
    if len(text) > LONGEST_ADDRESS:
        raise FormatError("This is longer than any e-mail address.")
    at = max((found.start() for found in _AT.finditer(text)), default=-1)
    if at < 0:
        raise FormatError("An e-mail address has an @.")
    local = _FILLERS.sub("", _remove_format_signs(text[:at])).lstrip()
    quoted = _NEEDLESSLY_QUOTED.fullmatch(local)
    return quoted[1] if quoted else local, _remove_format_signs(text[at + 1 :], keep=_JOINERS).rstrip()


def _remove_format_signs(text: str, keep: str = "") -> str:
    # No domain of IDNA 2008 has a sign of category Cf, but for joiners: leaving them out never makes another domain.
    return "".join(sign for sign in text if sign in keep or unicodedata.category(sign) != "Cf")


def normal_address(typed: str) -> str:
    """
    Return the form that all spellings of an address have in common.

    Args:
        typed: Any length; more than 254 characters are not read.

    Returns:
        The part before the @ folded, and the domain as `ascii_domain` gives it. One that cannot be mapped is folded as
        well, but never to somebody's domain: then only its case is. Nothing for what is longer than any address.
    """
    text = typed.strip()
    if len(text) > LONGEST_ADDRESS:
        return ""
    try:
        local, domain = split_address(text)
    except FormatError:
        return _fold(_remove_format_signs(text))
    try:
        return f"{_fold(local)}@{ascii_domain(domain)}"
    except FormatError:
        return f"{_fold(local)}@{_fold_non_domain(domain)}"


def transitional_address(typed: str) -> str:
    """
    Return the normal form that browsers made of an address which still map domains for IDNA 2003.

    Chromium does in a field of type email: who typed `faß.example` there has an account at `fass.example`. All
    addresses with one normal form have one transitional form.
    """
    normal = normal_address(typed)
    local, at, domain = normal.rpartition("@")
    try:
        return f"{local}{at}{ascii_domain(readable_domain(domain).translate(_DEVIATIONS))}"
    except FormatError:
        return normal


def spelled_address(typed: str) -> str:
    """Return an address folded as a whole, as addresses were compared before domains were mapped."""
    text = typed.strip()
    return "" if len(text) > LONGEST_ADDRESS else _fold(text)


def _fold_non_domain(typed: str) -> str:
    """Fold what is no domain, such as `example․org` with U+2024 in it or `aß--x.org`, without making one of it."""
    folded = _fold(typed)
    try:
        ascii_domain(folded)
    except FormatError:
        return folded
    # Letters that are ASCII in lower case are the same to UTS 46: what was no domain stays none.
    return normalize("NFC", typed.lower())


def _fold(text: str) -> str:
    return normalize("NFKC", normalize("NFKC", text).strip().casefold())
