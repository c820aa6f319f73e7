"""
The accounting of disclosures: what of a patient's record went to whom, when, and why (45 CFR 164.528).

The rule covers six years, and exempts what was disclosed for treatment or at the patient's wish. Here nothing is
exempt: granting access counts, every opening counts, and so does an export.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from journal.actor import Actor
from journal.audit import events as audit_events
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.audit.query import Event
from journal.authentication.sign_in import verify_password
from journal.care import links as care_links
from journal.care.documents import ShareDocument
from journal.care.links import Link
from journal.held_acts import Asked, HeldAct
from journal.roles import Role
from journal.sessions.holds import refuse_while_held
from journal.sharing import shares
from journal.sharing.shares import OutgoingShare
from journal.store.rows import OpenedRows

YEARS = 6
GRANTING_ACTS = (
    Act.CARE_BEGAN,
    Act.HANDOVER_ACCEPTED,
    Act.SHARED,
    Act.SHARE_UPDATED,
    Act.SHARING_RESUMED,
    Act.PACKET_MADE,
)
ACCESSING_ACTS = (Act.SHARE_OPENED, Act.SHARE_FILED, Act.RECORDS_TAKEN)


@dataclass(frozen=True, slots=True)
class Disclosure:
    """
    One line of the accounting; `id` is the event's number.

    `copy` is what was shared as its reader sees it, where it is still shared; the log itself holds no text. `packet` is
    the id of a packet that was made, which knows for whom and what for.
    """

    id: int
    at: datetime
    recipient: str
    profession: str
    act: Act
    copy: ShareDocument | None
    packet: UUID | None = None


async def list_disclosures(
    actor: Actor, *, limit: int | None = None, before: int | None = None
) -> OpenedRows[Disclosure]:
    """Return what was disclosed in the last six years, newest first; *before* an event's id for the next."""
    actor.require_role(Role.PATIENT)
    events = await audit_events.list_disclosure_events(
        actor.id,
        GRANTING_ACTS,
        ACCESSING_ACTS,
        since=get_accounting_start(actor.now),
        limit=limit,
        before=before,
    )
    links = await care_links.load_my_links(actor, ended=True)
    team = {link.clinician: link for link in links}
    copies = {one.id: one for one in await shares.list_shares(actor, team=links)} if events else {}
    return OpenedRows((_build_disclosure(event, team, copies) for event in events), events.damaged)


async def export_disclosures(actor: Actor, current: str) -> OpenedRows[Disclosure]:
    """
    Return all of it for an export, and log that.

    Raises:
        HeldUntilRested: Too soon after a dosing session: a file cannot be taken back.
        InvalidInput: If the password is not theirs (`current`).
    """
    actor.require_role(Role.PATIENT)
    await refuse_while_held(actor, Asked(HeldAct.DISCLOSURES))
    await verify_password(actor, current)
    found = await list_disclosures(actor)
    await audit_log.record_event(actor, Act.DISCLOSURES_TAKEN, patient=actor.id)
    return found


def get_accounting_start(now: datetime) -> datetime:
    """Return the same day and time six years earlier; 28 February for 29 February."""
    try:
        return now.replace(year=now.year - YEARS)
    except ValueError:
        return now.replace(year=now.year - YEARS, day=28)


def _build_disclosure(event: Event, team: dict[UUID, Link], copies: dict[UUID, OutgoingShare]) -> Disclosure:
    recipient = event.recipient_id or event.actor_id
    one = copies.get(event.object_id) if event.object_id else None
    who = team.get(recipient) if recipient else None
    return Disclosure(
        event.id,
        event.at,
        who.peer_name if who else "",
        who.peer_profession if who else "",
        event.action,
        one.document if one and not one.damaged else None,
        event.object_id if event.action is Act.PACKET_MADE else None,
    )
