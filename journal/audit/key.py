"""
The key of the audit log: its own, random and sealed under the server key.

So heads that are kept elsewhere fit after the server key was changed as well. It is made with the first event and never
changes; a process that serves keeps it opened, so that an act reads nothing to write its event.
"""

from __future__ import annotations

from secrets import token_bytes

from crypto import Context, CryptoError, MacKey
from journal.errors import Damaged
from journal.installation.installation import Installation
from journal.store.database import execute, fetch_raw
from journal.store.rows import as_bytes

SELECT_KEY = "SELECT sealed FROM audit_key WHERE id = 1"
INSERT_KEY = "INSERT INTO audit_key (id, sealed, created_at) VALUES (1, $1, $2) ON CONFLICT DO NOTHING"
KEY_CONTEXT = Context("audit-key", bytes(16), bytes(16))


async def load_key(installation: Installation) -> MacKey:
    """
    Return the key of the log; makes one where there is none. Events before that do not fit a new key.

    Raises:
        Damaged: If the key that is there does not open.
    """
    found = await fetch_raw(SELECT_KEY)
    if not found:
        drawn = installation.server_keys.seal(token_bytes(32), context=KEY_CONTEXT)
        await execute(INSERT_KEY, drawn, installation.clock())
        found = await fetch_raw(SELECT_KEY)
    return open_key(installation, found[0][0])


async def cache_key(installation: Installation) -> MacKey:
    """
    Return the key of the log as `load_key` does, and keep it for the acts of this process.

    Only outside a transaction: a key that is undone with one must not be kept.
    """
    installation.audit_key_cache.key = await load_key(installation)
    return installation.audit_key_cache.key


def open_key(installation: Installation, sealed: object) -> MacKey:
    """Open the key of the log as it is stored; raises `Damaged` when it does not open."""
    try:
        return MacKey(installation.server_keys.open(as_bytes(sealed), context=KEY_CONTEXT))
    except CryptoError as error:
        raise Damaged from error
