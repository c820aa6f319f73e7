"""Whether an account can be used: it is active, suspended, or about to be deleted."""

from __future__ import annotations

from uuid import UUID

from journal.accounts import tables
from journal.accounts.notices import notice
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.installation.installation import House
from journal.mail.messages import Notice

ACTIVE, SUSPENDED = "active", "suspended"

LEAVING = "leaving"


async def stay(house: House, account: UUID) -> None:
    """Cancel an account's deletion: its owner has signed in, with every factor. Call it in that transaction."""
    if await tables.Account.filter(id=account, status=LEAVING).update(status="active", leaves_at=None):
        await notice(house, account, Notice.ACCOUNT_KEPT)
        await audit_log.note_unsigned(house, account, Act.ACCOUNT_KEPT)
