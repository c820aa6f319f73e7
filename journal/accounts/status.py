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
    """Bring an account back whose owner came in again, past every factor; call it inside the transaction of that."""
    if await tables.Account.filter(id=account, status=LEAVING).update(status="active", leaves_at=None):
        await notice(house, account, Notice.ACCOUNT_KEPT)
        await audit_log.note_unsigned(house, account, Act.ACCOUNT_KEPT)
