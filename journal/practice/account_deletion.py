"""
Delete one's account: everything stops at once, and seven days later all of its rows are deleted.

Signing in within the seven days restores it as it was, with sharing paused. A clinician's account is not deleted: six
years of their patients' accountings name it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from journal.accounts import addresses as account_addresses
from journal.accounts import key_log
from journal.accounts import tables as accounts_tables
from journal.accounts.current_keys import require_session
from journal.accounts.status import LEAVING
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.authentication import key_slots
from journal.authentication import tables as authentication_tables
from journal.care import lifecycle
from journal.errors import InvalidInput
from journal.folding import fold
from journal.held_acts import Asked, HeldAct
from journal.i18n import N_, P_
from journal.installation.installation import Installation
from journal.roles import Role
from journal.sessions.holds import refuse_while_held
from journal.store.database import flush_deleted, transaction
from journal.store.rows import IdRow, fetch_rows, filter_undamaged

DELETION_DELAY = timedelta(days=7)
CONFIRMATION_WORD = P_("the word to type", "delete")
"""What is typed to go on: this word, or that of the page's language."""
MAX_TYPED_LENGTH = 40
"""The most characters of the typed word, with blanks around it."""


async def request_deletion(actor: Actor, typed: str, word: str = CONFIRMATION_WORD) -> None:
    """
    Pause all sharing, sign out everywhere, and have the account deleted when the wait is over.

    Args:
        typed: Has to be the word that the page asks for, in its language or in English.
        word: The word in the language of the page.

    Raises:
        HeldUntilRested: Too soon after a dosing session.
        InvalidInput: If it is another word.
    """
    actor.require_role(Role.PATIENT)
    await refuse_while_held(actor, Asked(HeldAct.ACCOUNT))
    if len(typed) > MAX_TYPED_LENGTH or fold(typed).strip() not in (CONFIRMATION_WORD, fold(word)):
        raise InvalidInput({"word": N_("Type the word “delete” if you want to go on. Nothing was changed.")})
    before = await key_slots.load_own_access(actor)
    async with transaction():
        await key_slots.advance_epoch(before, actor.vault, end_sessions=True)
        await require_session(actor)
        await refuse_while_held(actor, Asked(HeldAct.ACCOUNT))
        await lifecycle.pause_links(actor)
        await accounts_tables.Account.filter(id=actor.id).update(
            status=LEAVING, leaves_at=actor.now + DELETION_DELAY
        )
        await authentication_tables.WebSession.filter(account_id=actor.id).delete()
        await audit_log.record_event(actor, Act.ACCOUNT_LEAVING)
    await flush_deleted()


async def delete_due_accounts(installation: Installation, now: datetime) -> None:
    """
    Delete the accounts whose wait is over, with all of their rows; the audit log keeps the ids.

    This process forgets their names and plans at once; others do at their next purge.
    """
    over = accounts_tables.Account.filter(status=LEAVING, leaves_at__lte=now)
    gone = [row.id for row in filter_undamaged(await fetch_rows(IdRow, over))]
    for account in gone:
        async with transaction():
            await lifecycle.end_all_for_own_notes(account, now)
            if not await over.filter(id=account).delete():
                continue  # restored a moment ago
            await authentication_tables.KeyRenewal.filter(id=account).delete()
            await key_log.forget_salts(account)
            await account_addresses.reassign_indexes(installation)
            await audit_log.record_unauthenticated_event(
                installation, None, Act.ACCOUNT_DELETED, about=account
            )
    if gone:
        installation.clear_caches()
        await flush_deleted()
