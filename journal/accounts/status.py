"""Whether an account can be used: it is active, suspended, or about to be deleted."""

from __future__ import annotations

from uuid import UUID

from journal.accounts import tables
from journal.accounts.notices import queue_notice
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.installation.installation import Installation
from journal.mail.messages import Notice

ACTIVE, SUSPENDED = "active", "suspended"

LEAVING = "leaving"


async def is_active(account: UUID) -> bool:
    """Return whether an account can be used, and nobody asked for its deletion."""
    return await tables.Account.exists(id=account, status=ACTIVE)


async def cancel_deletion(installation: Installation, account: UUID) -> None:
    """Cancel an account's deletion: its owner has signed in, with every factor. Call it in that transaction."""
    if await tables.Account.filter(id=account, status=LEAVING).update(status="active", leaves_at=None):
        await queue_notice(installation, account, Notice.ACCOUNT_KEPT)
        await audit_log.record_unauthenticated_event(installation, account, Act.ACCOUNT_KEPT)
