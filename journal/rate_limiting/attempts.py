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
from journal.installation.installation import Installation
from journal.rate_limiting.limits import (
    ACCOUNT_LIMIT,
    CODE_LIMIT,
    FEED_LIMIT,
    OWN_LIMIT,
    SOURCE_LIMIT,
    Count,
    compute_key,
)

NONCE_SIZE = 16
MARK_SIZE = NONCE_SIZE + 32


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is not signed in: their address, and the marks in their browser."""

    source: str = "unknown"
    marks: tuple[bytes, ...] = ()


def make_browser_mark(installation: Installation, account: UUID, salt: bytes) -> bytes:
    """
    Return a mark for the browser that *account* has just signed in with.

    Args:
        salt: Of the account's password slot, so that a new password makes the mark worthless.

    Returns:
        48 bytes.
    """
    drawn = token_bytes(NONCE_SIZE)
    return drawn + _compute_mac(installation, account, salt, drawn)


def build_password_counts(
    installation: Installation, email: str, account: UUID, salt: bytes, visitor: Visitor
) -> tuple[Count, ...]:
    """Return the counts of an attempt at the password of *email*; account and salt may be made up."""
    if browser := _find_known_browser(installation, account, salt, visitor):
        return (Count(compute_key(installation, "browser", browser), OWN_LIMIT, is_own=True),)
    address, source = installation.server_keys.rate_limit_index(email), visitor.source.encode()
    return (
        Count(compute_key(installation, "account", address), ACCOUNT_LIMIT),
        Count(compute_key(installation, "account-source", address, source), OWN_LIMIT, is_own=True),
        Count(compute_key(installation, "source", source), SOURCE_LIMIT),
    )


def build_recovery_counts(installation: Installation, email: str, visitor: Visitor) -> tuple[Count, ...]:
    """Return the counts of an attempt at a recovery key. None is of the whole account: the key has 160 bits."""
    address, source = installation.server_keys.rate_limit_index(email), visitor.source.encode()
    return (
        Count(compute_key(installation, "recovery-source", address, source), OWN_LIMIT, is_own=True),
        Count(compute_key(installation, "source", source), SOURCE_LIMIT),
    )


def build_code_counts(
    installation: Installation, account: UUID, salt: bytes, visitor: Visitor
) -> tuple[Count, ...]:
    """Return the counts of an attempt at a six-digit code by somebody who knew the password."""
    if browser := _find_known_browser(installation, account, salt, visitor):
        return (Count(compute_key(installation, "browser-code", browser), CODE_LIMIT, is_own=True),)
    return (Count(compute_key(installation, "code", account.bytes), CODE_LIMIT),)


def build_recovery_code_counts(
    installation: Installation, account: UUID, visitor: Visitor
) -> tuple[Count, ...]:
    """Return the counts of an attempt at a recovery code: of this source alone, since the code has 80 bits."""
    return (
        Count(
            compute_key(installation, "recovery-code", account.bytes, visitor.source.encode()),
            OWN_LIMIT,
            is_own=True,
        ),
    )


def build_confirmation_counts(installation: Installation, account: UUID, session: str) -> tuple[Count, ...]:
    """Return the counts of an attempt at the password of a session, locked or not."""
    return (
        Count(
            compute_key(installation, "confirmation", account.bytes, session.encode()), OWN_LIMIT, is_own=True
        ),
    )


def build_link_counts(installation: Installation, visitor: Visitor) -> tuple[Count, ...]:
    """Return the counts of an attempt at a link, whose token has 256 bits: this only limits noise."""
    return (Count(compute_key(installation, "link", visitor.source.encode()), SOURCE_LIMIT),)


def build_feed_counts(installation: Installation, feed: UUID) -> tuple[Count, ...]:
    """Return the counts of reading a calendar by its address, whoever reads it."""
    return (Count(compute_key(installation, "feed", feed.bytes), FEED_LIMIT),)


def build_reset_counts(installation: Installation, invitation: UUID) -> tuple[Count, ...]:
    """Return the counts of an attempt at the address of a link to reset an account, by the link."""
    return (Count(compute_key(installation, "restart", invitation.bytes), OWN_LIMIT, is_own=True),)


def build_set_aside_counts(installation: Installation, account: UUID) -> tuple[Count, ...]:
    """Return the counts of an attempt to open what was set aside."""
    return (Count(compute_key(installation, "set-aside", account.bytes), OWN_LIMIT, is_own=True),)


def _find_known_browser(installation: Installation, account: UUID, salt: bytes, visitor: Visitor) -> bytes:
    """Return the id of a browser that *account* has signed in with, or nothing."""
    found = b""
    for one in visitor.marks:
        drawn, mac = one[:NONCE_SIZE], one[NONCE_SIZE:]
        if compare_digest(mac, _compute_mac(installation, account, salt, drawn)):
            found = join_fields(account.bytes, drawn)
    return found


def _compute_mac(installation: Installation, account: UUID, salt: bytes, drawn: bytes) -> bytes:
    return installation.server_keys.mac("known-browser", join_fields(account.bytes, salt, drawn))
