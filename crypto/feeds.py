"""
A calendar's address: one secret that finds a feed and opens what its owner chose for it.

The owner keeps the key that comes of the secret, and not the secret: with it they change what they chose, and nobody
who finds it can ask for the feed. Format: docs/crypto-format.md section 21.
"""

from __future__ import annotations

from hashlib import sha256
from secrets import token_bytes

from crypto.context import require_id
from crypto.derive import derive_key
from crypto.errors import require_size

FEED_SECRET_SIZE = 32
FEED_KEY_SIZE = 32


def new_feed_secret() -> bytes:
    """Draw the 32 random bytes that go into a calendar's address, and nowhere else."""
    return token_bytes(FEED_SECRET_SIZE)


def feed_id(secret: bytes) -> bytes:
    """
    Derive the look-up id of a feed; it reveals nothing about the feed's key.

    Args:
        secret: 32 bytes, from the calendar's address.

    Returns:
        32 bytes.

    Raises:
        KeySizeError: If *secret* is not 32 bytes long.
    """
    require_size(secret, FEED_SECRET_SIZE, "A calendar's secret")
    return derive_key(secret, "feed-id")


def feed_key(secret: bytes) -> bytes:
    """
    Derive the key of what its owner chose for a feed; the owner keeps it wrapped.

    Returns:
        32 bytes.

    Raises:
        KeySizeError: If *secret* is not 32 bytes long.
    """
    require_size(secret, FEED_SECRET_SIZE, "A calendar's secret")
    return derive_key(secret, "feed-key")


def feed_event_id(key: bytes, session: bytes) -> bytes:
    """
    Derive the id under which a calendar knows a session; whoever has it learns no id of ours.

    Args:
        key: 32 random bytes of one account.
        session: 16 bytes, the session's id.

    Returns:
        16 bytes.

    Raises:
        KeySizeError: If *key* is not 32 bytes long.
        FormatError: If *session* is not 16 bytes long.
    """
    require_size(key, FEED_KEY_SIZE, "A key of event ids")
    require_id(session, "A session's id")
    return derive_key(key, "feed-event", context=session)[:16]


def feed_state(key: bytes, content: bytes) -> bytes:
    """
    Derive what tells one state of a feed from another; without the feed's key it reveals nothing.

    Args:
        key: 32 bytes, from `feed_key`.
        content: Everything that the feed shows, any length in bytes.

    Returns:
        16 bytes.

    Raises:
        KeySizeError: If *key* is not 32 bytes long.
    """
    require_size(key, FEED_KEY_SIZE, "A feed's key")
    return derive_key(key, "feed-state", context=sha256(content).digest())[:16]
