"""
A clinician who leaves suggests a colleague. Nothing moves unless the patient agrees, and until then the colleague
learns nothing: not even that there is such a patient.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from tortoise.exceptions import IntegrityError

from crypto import CryptoError, PublicIdentity, suggest, verify_suggestion
from journal import audit, care, links, tables
from journal.actors import Actor, Role
from journal.ages import is_alive
from journal.audit import Act
from journal.care import Link
from journal.documents import Profile, open_document, profile_context
from journal.errors import Damaged, NotFound, Refused, StaleRevision, TrustBroken
from journal.store import key_of, transaction
from journal.vouching import handover_of, keys_of
from journal.words import N_

LIFETIME = timedelta(days=28)
WAITING, ACCEPTED, DECLINED, WITHDRAWN = "waiting", "accepted", "declined", "withdrawn"


@dataclass(frozen=True, slots=True)
class Colleague:
    """A clinician of the practice who could take over."""

    id: UUID
    name: str
    profession: str


@dataclass(frozen=True, slots=True)
class Offer:
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
    row: tables.Handover


async def colleagues(actor: Actor) -> tuple[Colleague, ...]:
    """Give the other clinicians who can sign in, by name."""
    actor.must_be(Role.CLINICIAN)
    rows = await tables.Account.filter(role=Role.CLINICIAN.value, status="active").exclude(id=actor.id)
    found = [one for row in rows if (one := _colleague(actor, row)) is not None]
    return tuple(sorted(found, key=lambda one: (one.name.casefold(), one.id)))


async def suggest_to(actor: Actor, patient: UUID, successor: str) -> UUID:
    """
    Suggest a colleague to one's own patient; an earlier suggestion that waits gives way to it.

    Raises:
        Refused: If that is nobody who could take over (`successor`).
        TrustBroken: If the patient's or the colleague's keys are not the ones that are known.
    """
    link = await links.link_with(actor, patient)
    theirs = await care.peer_identity(actor, link)
    chosen = next((one for one in await colleagues(actor) if str(one.id) == successor), None)
    if chosen is None:
        raise Refused({"successor": N_("Choose one of your colleagues.")})
    whom = await tables.Account.get(id=chosen.id)
    row = tables.Handover(
        id=uuid4(), link_id=link.id, patient_id=link.patient, clinician_id=actor.id, successor_id=chosen.id,
        waiting=str(link.id), state=WAITING, created_at=actor.now,
        expires_at=(actor.now + LIFETIME).replace(microsecond=0),
    )  # fmt: skip
    row.signature = suggest(handover_of(row, theirs, keys_of(actor.house, whom)), actor.identity())
    try:
        async with transaction():
            await tables.Handover.filter(waiting=str(link.id)).update(waiting=None, state=WITHDRAWN)
            await row.save(force_create=True)
            await audit.note(actor, Act.HANDOVER_SUGGESTED, patient=patient, about=row.id)
    except IntegrityError as error:  # another page of theirs did the same at this moment
        raise StaleRevision(N_("Another suggestion was made in the meantime. Look at it first.")) from error
    return row.id


async def withdraw(actor: Actor, patient: UUID) -> None:
    """Take one's own suggestion back while it waits."""
    link = await links.link_with(actor, patient)
    async with transaction():
        mine = tables.Handover.filter(waiting=str(link.id), clinician_id=actor.id)
        if not await mine.update(waiting=None, state=WITHDRAWN):
            raise NotFound
        await audit.note(actor, Act.HANDOVER_WITHDRAWN, patient=patient, about=link.id)


async def latest(actor: Actor, patient: UUID) -> Offer | None:
    """Give the clinician's last suggestion to a patient of theirs, whatever became of it."""
    link = await links.link_with(actor, patient)
    rows = tables.Handover.filter(link_id=link.id, clinician_id=actor.id).order_by("-created_at")
    row = await rows.select_related("successor", "clinician").first()
    return None if row is None else _offer(actor, link, row)


async def offers(actor: Actor, mine: Iterable[Link] | None = None) -> tuple[Offer, ...]:
    """Give what the patient's clinicians suggest and what waits for an answer; *mine* are links already loaded."""
    actor.must_be(Role.PATIENT)
    team = {str(link.id): link for link in (await links.my_links(actor) if mine is None else mine)}
    if not team:
        return ()
    rows = tables.Handover.filter(waiting__in=list(team), patient_id=actor.id, expires_at__gt=actor.now)
    found = await rows.select_related("successor", "clinician").order_by("created_at")
    return tuple(_offer(actor, team[row.waiting or ""], row) for row in found)


async def offer(actor: Actor, wanted: UUID) -> Offer:
    """Give one suggestion that waits for the patient's answer."""
    for one in await offers(actor):
        if one.id == wanted:
            return one
    raise NotFound


def _offer(actor: Actor, link: Link, row: tables.Handover) -> Offer:
    whom = _colleague(actor, row.successor) or Colleague(key_of(row.successor.id), links.NAMELESS, "")
    state = (
        "expired" if row.state == WAITING and not is_alive(row.expires_at, actor.now, LIFETIME) else row.state
    )
    able = row.successor.status == row.clinician.status == "active"
    return Offer(
        row.id, link, whom, row.created_at, row.expires_at, state, _signed(actor, link, row), able, row
    )


def _signed(actor: Actor, link: Link, row: tables.Handover) -> bool:
    try:
        if (row.link_id, key_of(row.clinician.id)) != (link.id, link.clinician):
            return False
        mine = actor.identity().public()
        theirs = bytes(
            (link.row.clinician if actor.role is Role.PATIENT else link.row.patient).public_identity
        )
        clinician, patient = PublicIdentity.decode(theirs), mine
        if actor.role is Role.CLINICIAN:
            clinician, patient = mine, clinician
        suggested = handover_of(row, patient, keys_of(actor.house, row.successor))
        verify_suggestion(suggested, bytes(row.signature), clinician)
    except (CryptoError, Damaged, TrustBroken):
        return False
    return link.trusted


def _colleague(actor: Actor, row: tables.Account) -> Colleague | None:
    ident = key_of(row.id)
    try:
        profile = open_document(actor.house.server, bytes(row.sealed), profile_context(ident), Profile)
    except Damaged:
        return None
    if profile.role != Role.CLINICIAN:
        return None
    return Colleague(ident, profile.name, profile.profession)
