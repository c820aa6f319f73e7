"""
A clinician who leaves suggests a colleague. Nothing changes unless the patient agrees, and until then the colleague
learns nothing, not even that there is such a patient.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

from tortoise.exceptions import IntegrityError
from tortoise.queryset import QuerySet

from crypto import CryptoError, Handover, PublicIdentity, suggest, verify_suggestion
from journal.accounts import tables as accounts_tables
from journal.accounts.profiles import open_cached_profile
from journal.actor import Actor
from journal.ages import is_alive
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.care import links
from journal.care import tables as care_tables
from journal.care.key_attestation import HandoverRow, build_handover, get_attested_keys, get_successor_keys
from journal.care.link_keys import get_peer_identity
from journal.care.links import Link
from journal.errors import Damaged, InvalidInput, NotFound, StaleRevision, TrustBroken
from journal.i18n import N_
from journal.roles import Role
from journal.store.database import transaction
from journal.store.rows import (
    JoinedValue,
    OpenedRows,
    Row,
    as_bytes,
    fetch_row,
    fetch_rows,
    filter_undamaged,
    open_rows,
)

LIFETIME = timedelta(days=28)
WAITING, ACCEPTED, DECLINED, WITHDRAWN = "waiting", "accepted", "declined", "withdrawn"


@dataclass(frozen=True, slots=True)
class Colleague:
    """A clinician of the practice who could take over."""

    id: UUID
    name: str
    profession: str


@dataclass(frozen=True, slots=True)
class HandoverOffer:
    """
    A suggested handover, as the patient or the clinician who made it sees it; `link` is theirs.

    `state` is waiting, accepted, declined, withdrawn or expired. `signed` is False when it is not what the clinician
    signed, `possible` when one of the two clinicians cannot sign in.
    """

    id: UUID
    link: Link
    successor: Colleague
    created_at: datetime
    expires_at: datetime
    state: str
    signed: bool
    possible: bool
    row: HandoverRow


class ColleagueRow(Row, frozen=True):
    """The columns of a clinician's account that a colleague may see."""

    id: UUID
    sealed: bytes
    public_identity: bytes


async def list_colleagues(actor: Actor) -> tuple[Colleague, ...]:
    """Return the other clinicians who can sign in and whose accounts can be opened, by name."""
    actor.require_role(Role.CLINICIAN)
    rows = await fetch_rows(ColleagueRow, _query_colleagues(actor))
    found = [
        one
        for row in filter_undamaged(rows)
        if (one := _open_colleague(actor, row.id, row.sealed)) is not None
    ]
    return tuple(sorted(found, key=lambda one: (one.name.casefold(), one.id)))


def _query_colleagues(actor: Actor) -> QuerySet[accounts_tables.Account]:
    return accounts_tables.Account.filter(role=Role.CLINICIAN.value, status="active").exclude(id=actor.id)


async def suggest_colleague(actor: Actor, patient: UUID, successor: str) -> UUID:
    """
    Suggest a colleague to one's own patient; it replaces a suggestion that waits.

    Raises:
        InvalidInput: If that colleague cannot take over (`successor`).
        TrustBroken: If the patient's or the colleague's keys are not the ones that are known.
    """
    link = await links.load_link_with(actor, patient)
    theirs = await get_peer_identity(actor, link)
    chosen = next((one for one in await list_colleagues(actor) if str(one.id) == successor), None)
    if chosen is None:
        raise InvalidInput({"successor": N_("Choose one of your colleagues.")})
    whom = await fetch_row(ColleagueRow, _query_colleagues(actor).filter(id=chosen.id))
    if whom is None:
        raise InvalidInput({"successor": N_("Choose one of your colleagues.")})
    ident, until = uuid4(), (actor.now + LIFETIME).replace(microsecond=0)
    suggested = Handover(
        ident.bytes, link.id.bytes, link.patient.bytes, actor.id.bytes, chosen.id.bytes, theirs,
        get_attested_keys(actor.installation, whom.id, whom.sealed, whom.public_identity), int(until.timestamp()),
    )  # fmt: skip
    try:
        async with transaction():
            await care_tables.Handover.filter(waiting=str(link.id)).update(waiting=None, state=WITHDRAWN)
            await care_tables.Handover.create(
                id=ident, link_id=link.id, patient_id=link.patient, clinician_id=actor.id,
                successor_id=chosen.id, waiting=str(link.id), state=WAITING,
                signature=suggest(suggested, actor.open_identity()), created_at=actor.now, expires_at=until,
            )  # fmt: skip
            await audit_log.record_event(actor, Act.HANDOVER_SUGGESTED, patient=patient, about=ident)
    except IntegrityError as error:  # another page of theirs did the same at this moment
        raise StaleRevision(N_("Another suggestion was made in the meantime. Look at it first.")) from error
    return ident


async def withdraw_offer(actor: Actor, patient: UUID) -> None:
    """Withdraw one's own suggestion while it waits."""
    link = await links.load_link_with(actor, patient)
    async with transaction():
        mine = care_tables.Handover.filter(waiting=str(link.id), clinician_id=actor.id)
        if not await mine.update(waiting=None, state=WITHDRAWN):
            raise NotFound
        await audit_log.record_event(actor, Act.HANDOVER_WITHDRAWN, patient=patient, about=link.id)


async def load_latest_offer(actor: Actor, link: Link) -> OpenedRows[HandoverOffer]:
    """Return the clinician's last suggestion to a patient of theirs, if any, in whatever state."""
    actor.require_role(Role.CLINICIAN)
    rows = care_tables.Handover.filter(link_id=link.id, clinician_id=actor.id).order_by("-created_at")
    return open_rows(await fetch_rows(HandoverRow, rows.limit(1)), partial(_build_offer, actor, link))


async def list_offers(actor: Actor, mine: Iterable[Link] | None = None) -> OpenedRows[HandoverOffer]:
    """Return the suggestions that wait for the patient's answer; *mine* are links already loaded."""
    actor.require_role(Role.PATIENT)
    team = {str(link.id): link for link in (await links.load_my_links(actor) if mine is None else mine)}
    if not team:
        return OpenedRows()
    rows = care_tables.Handover.filter(waiting__in=list(team), patient_id=actor.id, expires_at__gt=actor.now)
    found = await fetch_rows(HandoverRow, rows.order_by("created_at"))
    return open_rows(found, lambda row: _build_offer(actor, team[row.waiting or ""], row))


async def load_offer(actor: Actor, wanted: UUID) -> HandoverOffer:
    """Return one suggestion that waits for the patient's answer."""
    for one in await list_offers(actor):
        if one.id == wanted:
            return one
    raise NotFound


def _build_offer(actor: Actor, link: Link, row: HandoverRow) -> HandoverOffer:
    signed = _is_signed(actor, link, row)
    # Without the signature, the row may name anybody.
    whom = _open_colleague(actor, row.successor_id, row.successor_profile) if signed else None
    over = not is_alive(row.expires_at, actor.now, LIFETIME)
    state = "expired" if row.state == WAITING and over else row.state
    able = row.successor_status == row.clinician_status == "active"
    return HandoverOffer(
        row.id,
        link,
        whom or Colleague(row.successor_id, links.UNKNOWN_NAME, ""),
        row.created_at,
        row.expires_at,
        state,
        signed,
        able,
        row,
    )


def _is_signed(actor: Actor, link: Link, row: HandoverRow) -> bool:
    try:
        if (row.link_id, row.clinician_id) != (link.id, link.clinician):
            return False
        mine = actor.open_identity().public()
        clinician, patient = PublicIdentity.decode(link.peer_keys), mine
        if actor.role is Role.CLINICIAN:
            clinician, patient = mine, clinician
        suggested = build_handover(row, patient, get_successor_keys(actor.installation, row))
        verify_suggestion(suggested, row.signature, clinician)
    except (CryptoError, Damaged, TrustBroken):
        return False
    return link.trusted


def _open_colleague(actor: Actor, ident: UUID, sealed: JoinedValue) -> Colleague | None:
    try:
        profile = open_cached_profile(actor.installation, ident, as_bytes(sealed))
    except Damaged:
        return None
    if profile.role != Role.CLINICIAN:
        return None
    return Colleague(ident, profile.name, profile.profession)
