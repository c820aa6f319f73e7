"""Which proposal about notices waits for a patient, told from what home loads anyway."""

from __future__ import annotations

from collections.abc import Iterable

from journal.actor import Actor
from journal.care.link_keys import open_shared_key
from journal.care.links import Link
from journal.errors import Damaged, TrustBroken
from journal.notices.agreements import find_reason
from journal.notices.documents import PolicyDocument, policy_context
from journal.roles import Role
from journal.sealing import open_document
from journal.store.rows import as_bytes


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
