"""Whether the keys and the session of an act are still those of the account."""

from __future__ import annotations

from uuid import UUID

from journal.actor import Actor
from journal.errors import JournalError
from journal.i18n import N_
from journal.store.database import execute, fetch_raw, is_sqlite
from journal.store.rows import as_bytes

LOCK_ACCOUNT = "UPDATE account SET epoch = epoch WHERE id = $1"

SELECT_KEYS = "SELECT identity FROM account WHERE id = $1 AND status = 'active'"

SELECT_RETIRED_KEYS = "SELECT before FROM key_renewal WHERE id = $1"

SELECT_OWN_SESSION = "SELECT 1 FROM web_session WHERE id = $1 AND account_id = $2"


class ConcurrentChange(JournalError):
    """Another page changed how the account is opened, between what this act read and what it would have written."""

    message = N_(
        "Something about how your account is opened was changed in another window at the same moment, so nothing "
        "was changed here. Look at your account, and try again if it is still needed."
    )


async def lock_account(account: UUID) -> None:
    """Lock an account's row until the transaction ends: read what the act depends on after this."""
    await execute(LOCK_ACCOUNT, account)


async def require_keys(actor: Actor) -> None:
    """
    Verify that the actor's keys are still the account's, and lock them until the transaction ends.

    For acts that seal something under those keys without changing how the account is opened. During a rotation the
    old keys are still accepted: it checks everything once more before it drops them. On SQLite, whose writers take
    turns, something has to be written before.

    Raises:
        ConcurrentChange: If the keys were renewed or replaced, or the account was suspended or deleted.
    """
    held = "" if is_sqlite() else " FOR SHARE"
    if not await has_keys(actor, SELECT_KEYS + held) and not await has_keys(
        actor, SELECT_RETIRED_KEYS + held
    ):
        raise ConcurrentChange


async def has_keys(actor: Actor, statement: str) -> bool:
    """Return whether the keys that *statement* selects are the actor's."""
    rows = await fetch_raw(statement, actor.id)
    return bool(rows) and as_bytes(rows[0][0]) == actor.sealed_identity


async def is_renewing(account: UUID) -> bool:
    """Return whether an account's keys are being renewed: what it signed is signed anew meanwhile."""
    return bool(await fetch_raw(SELECT_RETIRED_KEYS, account))


async def require_session(actor: Actor) -> None:
    """Verify in a transaction that the actor's session still exists; raises `ConcurrentChange`."""
    if not await fetch_raw(SELECT_OWN_SESSION, actor.session, actor.id):
        raise ConcurrentChange
