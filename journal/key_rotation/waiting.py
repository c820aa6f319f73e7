"""
Go on with what waited for somebody to sign in, after the keys of another person changed, or sharing was resumed.

A few batches with a page that they open anyway: mostly nothing waits, and the care links that the page loaded say so.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from journal.accounts.current_keys import require_keys
from journal.actor import Actor
from journal.care import tables as care_tables
from journal.care.links import Link
from journal.errors import Damaged
from journal.key_rotation import account_key
from journal.key_rotation.signed_records import OF_A_LINK, Signer, load_signer
from journal.roles import Role
from journal.store.database import transaction
from journal.vault import record_state

BATCHES = 5
SHOWN = timedelta(days=14)
ROWS = 1000  # of one link, at a time


async def continue_renewals(actor: Actor, mine: Iterable[Link]) -> bool:
    """
    Seal and sign anew what waits for the actor, a few batches of it; return whether some is left.

    Args:
        mine: Their care links, as they were loaded. While their own keys are renewed, that page goes on with it.
    """
    if actor.is_rotating_keys or actor.is_head_request:
        return False
    if actor.role is Role.PATIENT:
        if not any(link.row.former for link in mine if link.ended_at is None):
            return False
        try:
            return not (await account_key.reseal_batches(actor, BATCHES)).finished
        except Damaged:
            return True  # the page that goes on with it says so
    able = [link for link in mine if link.row.signs_later and link.ended_at is None and not link.paused_at]
    if able:
        signer = await load_signer(actor)
        for link in able:
            await _sign_again(actor, signer, link.id)
    return False


def list_followed(actor: Actor, mine: Iterable[Link]) -> tuple[Link, ...]:
    """Return the links with people who renewed their keys lately: a first page says so for two weeks."""
    return tuple(
        link
        for link in mine
        if link.trusted and link.followed_at and timedelta(0) <= actor.now - link.followed_at < SHOWN
    )


async def _sign_again(actor: Actor, signer: Signer, link: UUID) -> None:
    """Sign anew what a clinician wrote over a link whose key did not open while they renewed theirs."""
    async with transaction():
        await record_state.lock_state(actor)
        mine = care_tables.CareLink.filter(id=link, clinician_id=actor.id, ended_at=None, signs_later=True)
        if not await mine.update(ended_at=None):
            return
        for one in OF_A_LINK:
            after, gone = None, ROWS
            while gone == ROWS:
                after, gone, _ = await one.reseal_rows(signer, after, ROWS, link)
        if link not in signer.blocked:
            await mine.update(signs_later=False)
        await require_keys(actor)
