"""
Web sessions: the cookie alone holds the key to the account key; the row is useless without it.

Format: docs/crypto-format.md section 12.
"""

from __future__ import annotations

from secrets import token_bytes

from crypto.context import NO_RECORD, Context
from crypto.derive import Deriver
from crypto.envelope import unwrap_key, wrap_key
from crypto.errors import require_size

TOKEN_SIZE = 32


def new_session_token() -> bytes:
    """Draw the 32 random bytes that go into the cookie, and nowhere else."""
    return token_bytes(TOKEN_SIZE)


class SessionToken:
    """
    What the cookie derives: the id of the row, and the key to what stands in it.

    Attributes:
        id: 32 bytes, the id of the row; it does not reveal the cookie.
    """

    __slots__ = ("_deriver", "id")

    def __init__(self, token: bytes) -> None:
        """
        Derive the id of the row from the cookie.

        Args:
            token: 32 bytes.

        Raises:
            KeySizeError: If *token* is not 32 bytes long.
        """
        require_size(token, TOKEN_SIZE, "A session token")
        self._deriver = Deriver(token)
        self.id = self._deriver.derive("web-session-id")

    def wrapping_key(self) -> bytes:
        """Derive the key under which the row holds the account key, 32 bytes."""
        # Every session has one of its own, so the context need not name the row as well.
        return self._deriver.derive("web-session-key")

    def unwrap_account_key(
        self, wrapped: bytes, *, account: bytes, epoch: int = 0, waiting: bool = False
    ) -> bytes:
        """Open what `wrap_account_key` made; see `crypto.unwrap_account_key`."""
        return unwrap_key(self.wrapping_key(), wrapped, context=_context(account, epoch, waiting))


def session_id(token: bytes) -> bytes:
    """
    Derive the id of the row from the cookie; it does not reveal the cookie.

    Args:
        token: 32 bytes.

    Returns:
        32 bytes.

    Raises:
        KeySizeError: If *token* is not 32 bytes long.
    """
    return SessionToken(token).id


def wrap_account_key(
    token: bytes, account_key: bytes, *, account: bytes, epoch: int = 0, waiting: bool = False
) -> bytes:
    """
    Wrap the account key for the row of a web session.

    Args:
        token: 32 bytes, from the cookie.
        account_key: 32 bytes.
        account: 16 bytes, the account's id.
        epoch: The account's when the session began, 0 to 2^64 - 1.
        waiting: The session still waits for its second factor; what is wrapped so never opens as if it did not.

    Returns:
        62 bytes.

    Raises:
        KeySizeError: If *token* or *account_key* is not 32 bytes long.
        FormatError: If *account* is not 16 bytes long.
    """
    return wrap_key(
        SessionToken(token).wrapping_key(), account_key, context=_context(account, epoch, waiting)
    )


def unwrap_account_key(
    token: bytes, wrapped: bytes, *, account: bytes, epoch: int = 0, waiting: bool = False
) -> bytes:
    """
    Open what `wrap_account_key` made.

    Returns:
        The 32-byte account key.

    Raises:
        KeySizeError: If *token* is not 32 bytes long.
        OpenError: If it was wrapped for another token, account, epoch or stage, or changed.
        FormatError: If the version or algorithm is unknown.
    """
    return SessionToken(token).unwrap_account_key(wrapped, account=account, epoch=epoch, waiting=waiting)


def _context(account: bytes, epoch: int, waiting: bool) -> Context:
    # Stage and epoch are authenticated: whoever changes the row's columns opens nothing with it.
    if waiting:
        return Context("web-session-waiting", account, NO_RECORD, epoch)
    return Context("web-session", account, NO_RECORD, epoch)
