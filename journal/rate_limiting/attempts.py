"""
The counts of an attempt at a password, a code or a link.

A browser that somebody signed in with keeps a mark, which opens nothing: it has its own count, so that guessing from
elsewhere does not make its owner wait. The mark is valid as long as the password that was used.
"""

from __future__ import annotations

from dataclasses import dataclass
from hmac import compare_digest
from secrets import token_bytes
from uuid import UUID

from crypto import join_fields
from journal.installation.installation import House
from journal.rate_limiting.limits import ACCOUNT, CODE, OWN, SOURCE, Count, key_of

DRAWN = 16
MARK_SIZE = DRAWN + 32


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is not signed in: their address, and the marks in their browser."""

    source: str = "unknown"
    marks: tuple[bytes, ...] = ()


def mark(house: House, account: UUID, salt: bytes) -> bytes:
    """
    Return a mark for the browser that *account* has just signed in with.

    Args:
        salt: Of the account's password slot, so that a new password makes the mark worthless.

    Returns:
        48 bytes.
    """
    drawn = token_bytes(DRAWN)
    return drawn + _mac(house, account, salt, drawn)


def of_password(house: House, email: str, account: UUID, salt: bytes, visitor: Visitor) -> tuple[Count, ...]:
    """Return the counts of an attempt at the password of *email*; account and salt may be made up."""
    if browser := _known(house, account, salt, visitor):
        return (Count(key_of(house, "browser", browser), OWN, own=True),)
    address, source = house.server.counted_index(email), visitor.source.encode()
    return (
        Count(key_of(house, "account", address), ACCOUNT),
        Count(key_of(house, "account-source", address, source), OWN, own=True),
        Count(key_of(house, "source", source), SOURCE),
    )


def of_recovery(house: House, email: str, visitor: Visitor) -> tuple[Count, ...]:
    """Return the counts of an attempt at a recovery key. None is of the whole account: the key has 160 bits."""
    address, source = house.server.counted_index(email), visitor.source.encode()
    return (
        Count(key_of(house, "recovery-source", address, source), OWN, own=True),
        Count(key_of(house, "source", source), SOURCE),
    )


def of_code(house: House, account: UUID, salt: bytes, visitor: Visitor) -> tuple[Count, ...]:
    """Return the counts of an attempt at a six-digit code by somebody who knew the password."""
    if browser := _known(house, account, salt, visitor):
        return (Count(key_of(house, "browser-code", browser), CODE, own=True),)
    return (Count(key_of(house, "code", account.bytes), CODE),)


def of_recovery_code(house: House, account: UUID, visitor: Visitor) -> tuple[Count, ...]:
    """Return the counts of an attempt at a recovery code: of this source alone, since the code has 80 bits."""
    return (Count(key_of(house, "recovery-code", account.bytes, visitor.source.encode()), OWN, own=True),)


def of_confirmation(house: House, account: UUID, session: str) -> tuple[Count, ...]:
    """Return the counts of an attempt at the password of a session, locked or not."""
    return (Count(key_of(house, "confirmation", account.bytes, session.encode()), OWN, own=True),)


def of_link(house: House, visitor: Visitor) -> tuple[Count, ...]:
    """Return the counts of an attempt at a link, whose token has 256 bits: this only limits noise."""
    return (Count(key_of(house, "link", visitor.source.encode()), SOURCE),)


def of_restart(house: House, invitation: UUID) -> tuple[Count, ...]:
    """Return the counts of an attempt at the address of a link to restart an account, by the link."""
    return (Count(key_of(house, "restart", invitation.bytes), OWN, own=True),)


def of_set_aside(house: House, account: UUID) -> tuple[Count, ...]:
    """Return the counts of an attempt to open what was set aside."""
    return (Count(key_of(house, "set-aside", account.bytes), OWN, own=True),)


def _known(house: House, account: UUID, salt: bytes, visitor: Visitor) -> bytes:
    """Return the id of a browser that *account* has signed in with, or nothing."""
    found = b""
    for one in visitor.marks:
        drawn, mac = one[:DRAWN], one[DRAWN:]
        if compare_digest(mac, _mac(house, account, salt, drawn)):
            found = join_fields(account.bytes, drawn)
    return found


def _mac(house: House, account: UUID, salt: bytes, drawn: bytes) -> bytes:
    return house.server.mac("known-browser", join_fields(account.bytes, salt, drawn))
