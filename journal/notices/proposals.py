"""Proposals about notices: which one waits for a patient, and one that is taken back or answered with no."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

import msgspec

from journal.accounts.current_keys import lock_account
from journal.actor import Actor
from journal.care import links as care_links
from journal.care import tables
from journal.care.link_keys import open_shared_key
from journal.care.links import Link, require_cared_for
from journal.errors import Damaged, StaleRevision, TrustBroken
from journal.notices.agreements import (
    CHANGED_MEANWHILE,
    change_lines,
    find_reason,
    load_document,
    replace_document,
)
from journal.notices.documents import PolicyDocument, policy_context
from journal.roles import Role
from journal.sealing import open_document
from journal.store.database import transaction
from journal.store.rows import as_bytes
from journal.vault import record_state


async def find_proposal(actor: Actor, team: Iterable[Link]) -> Link | None:
    """Return whose proposal waits for the patient's answer, out of links that were loaded with those that ended."""
    for link in team:
        sealed, revision = as_bytes(link.row.policy), link.row.policy_revision
        if not sealed or find_reason(link) or not isinstance(revision, int):
            continue
        try:
            key = await open_shared_key(actor, link)
            document = open_document(key, sealed, policy_context(link.id, revision), PolicyDocument)
        except (Damaged, TrustBroken):
            continue  # the page of agreements says so
        if document.proposed is not None and document.proposed.by != Role.PATIENT.value:
            return link
    return None


async def drop_proposal(actor: Actor, to: UUID, terms: str) -> None:
    """
    Take back as a patient what they proposed over a care link, or say no to what its clinician did.

    What is in force stays, so nothing holds it.

    Raises:
        StaleRevision: If other terms than *terms* are proposed, or none any more.
    """
    actor.require_role(Role.PATIENT)
    link = await care_links.load_my_link(actor, to)
    async with transaction():
        await record_state.lock_state(actor)
        await require_cared_for(link)
        await _drop(actor, link, terms)
        await change_lines(
            actor,
            lambda every: [
                replace(one, until=actor.now) if one.until is None and one.id.hex == terms else one
                for one in every
            ],
        )


async def drop_as_clinician(actor: Actor, patient: UUID, terms: str) -> None:
    """Take back as a clinician what they proposed, or say no to what a patient did; raises as `drop_proposal`."""
    link = await care_links.load_link_with(actor, patient)
    async with transaction():
        await lock_account(patient)
        await require_cared_for(link)
        await _drop(actor, link, terms)


async def _drop(actor: Actor, link: Link, terms: str) -> None:
    revision, there = await load_document(actor, link)
    # What is agreed to meanwhile is proposed no more: it is ended, not taken back.
    if there.proposed is None or there.proposed.id != terms:
        raise StaleRevision(CHANGED_MEANWHILE)
    if there.agreed is None:
        if not await tables.NoticePolicy.filter(id=link.id, revision=revision).delete():
            raise StaleRevision(CHANGED_MEANWHILE)
        return
    await replace_document(actor, link, lambda old: msgspec.structs.replace(old, proposed=None))
