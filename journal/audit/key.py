"""
The key of the audit log: its own, random and sealed under the server key.

So heads that are kept elsewhere fit after the server key was changed as well. It is made with the first event and never
changes; a process that serves keeps it opened, so that an act reads nothing to write its event.
"""

from __future__ import annotations

from secrets import token_bytes

from crypto import Context, CryptoError, MacKey
from journal.errors import Damaged
from journal.installation.installation import House
from journal.store.database import change, fetch
from journal.store.rows import bytes_of

KEY = "SELECT sealed FROM audit_key WHERE id = 1"
NEW_KEY = "INSERT INTO audit_key (id, sealed, created_at) VALUES (1, $1, $2) ON CONFLICT DO NOTHING"
KEY_CONTEXT = Context("audit-key", bytes(16), bytes(16))


async def load_key(house: House) -> MacKey:
    """
    Return the key of the log; makes one where there is none. Events before that do not fit a new key.

    Raises:
        Damaged: If the key that is there does not open.
    """
    found = await fetch(KEY)
    if not found:
        drawn = house.server.seal(token_bytes(32), context=KEY_CONTEXT)
        await change(NEW_KEY, drawn, house.clock())
        found = await fetch(KEY)
    return open_key(house, found[0][0])


async def keep_key(house: House) -> MacKey:
    """
    Return the key of the log as `load_key` does, and keep it for the acts of this process.

    Only outside a transaction: a key that is undone with one must not be kept.
    """
    house.log_key.key = await load_key(house)
    return house.log_key.key


def open_key(house: House, sealed: object) -> MacKey:
    """Open the key of the log as it is stored; raises `Damaged` when it does not open."""
    try:
        return MacKey(house.server.open(bytes_of(sealed), context=KEY_CONTEXT))
    except CryptoError as error:
        raise Damaged from error
