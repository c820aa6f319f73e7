"""
Addresses as people type them: what is kept of one, and whether mail can be written to it.

Mail goes to one person's mailbox, at the domain that was meant, and to nothing that could become a second header or
recipient.
"""

from __future__ import annotations

import re

from crypto import LONGEST_ADDRESS, FormatError, ascii_domain, normalize, readable_domain, split_address
from journal.i18n import N_

# RFC 5322 section 3.2.3. With nothing else between them, quotation marks make any order of these signs legal, and
# nothing in it has to be escaped: some carriers gave away addresses with two dots in a row or one before the @.
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}")
_NEEDS_QUOTES = re.compile(r"^\.|\.\.|\.$")
# Before the @, anything that is one word; `crypto.split_address` has taken away what cannot be seen.
_WORD = re.compile(r"[^\s@\x00-\x1f\x7f-\x9f]+")

INVALID_ADDRESS = N_("Write an e-mail address like name@example.org.")
UNKNOWN_DOMAIN = N_("There is no such name as the one after the @. Look at how it is written.")
UNSUPPORTED_MAILBOX = N_(
    "Messages from here cannot reach what stands before the @. Use an address with plain letters and digits there."
)


class Undeliverable(Exception):
    """No mail can be sent to this address; `sentence` says why."""

    def __init__(self, sentence: str = INVALID_ADDRESS) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def find_address_problem(typed: str, *, sends_mail: bool) -> str:
    """
    Return the problem with an account's address, or nothing.

    Args:
        sends_mail: Whether this site sends mail, which has to arrive. Otherwise people only sign in with the address.
    """
    try:
        local, domain = _split_address(typed)
        if not _WORD.fullmatch(local):
            raise Undeliverable
        if sends_mail:
            _join_address(local, domain)
    except Undeliverable as error:
        return error.sentence
    return "" if _is_public(domain) else INVALID_ADDRESS


def normalize_address(typed: str) -> str:
    """
    Return an address as it is stored and shown: as it was typed, without what cannot be seen.

    A domain in other letters stands there as people read it, also when the browser sent it in ASCII. Something that is
    no address stays as it is.
    """
    try:
        local, domain = split_address(typed)
        if not domain.isascii() or "xn--" in domain.lower():
            domain = readable_domain(domain)
    except FormatError:
        return typed
    if not domain.endswith(".."):  # which is no domain, and stays none
        domain = domain.removesuffix(".")
    return normalize("NFC", f"{local}@{domain}")


def format_deliverable(typed: str) -> str:
    """
    Return an address as an envelope and a header have it: ASCII, and quoted where it has to be.

    Raises:
        Undeliverable: If it is none, or mail for it would go nowhere or to somebody else.
    """
    local, domain = _split_address(typed)
    if not _is_public(domain):
        raise Undeliverable
    return _join_address(local, domain)


def is_deliverable(typed: str) -> bool:
    """Return whether mail can be written to an address."""
    try:
        format_deliverable(typed)
    except Undeliverable:
        return False
    return True


def format_sender(typed: str) -> str:
    """Return our own address like `format_deliverable`; it can be at a machine that has no public name."""
    return _join_address(*_split_address(typed))


def _join_address(local: str, domain: str) -> str:
    mailbox = f"{_quote_mailbox(local)}@{domain}"
    if len(mailbox) > LONGEST_ADDRESS:  # in ASCII it can be longer than it was typed
        raise Undeliverable
    return mailbox


def _split_address(typed: str) -> tuple[str, str]:
    """Return what stands before the @, and the domain in ASCII."""
    try:
        local, domain = split_address(typed)
    except FormatError as error:
        raise Undeliverable from error
    try:
        return local, ascii_domain(domain)
    except FormatError as error:
        raise Undeliverable(UNKNOWN_DOMAIN if domain else INVALID_ADDRESS) from error


def _quote_mailbox(local: str) -> str:
    # An internationalised mailbox (RFC 6531) needs every server on the way to agree, and a notice has to arrive.
    if not _LOCAL.fullmatch(local):
        raise Undeliverable(UNSUPPORTED_MAILBOX)
    return f'"{local}"' if _NEEDS_QUOTES.search(local) else local


def _is_public(domain: str) -> bool:
    """Return whether a domain could be anybody's on the internet: not one machine's name, and not a bare address."""
    labels = domain.split(".")
    return len(labels) > 1 and not labels[-1].isdigit()
