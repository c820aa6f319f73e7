"""
The one-time links with which the staff of a practice open their accounts.

The position is sealed under the server key and bound to the link's token and its maker: whoever writes the database
can neither make a link nor turn a nurse's into an administrator's.
"""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from uuid import UUID

import msgspec
from tortoise.expressions import Q

from crypto import Context
from journal.actor import Actor
from journal.ages import alive, is_alive
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.errors import Damaged, LinkExpired, NotFound, Refused
from journal.i18n import N_
from journal.installation.installation import House
from journal.practice import tables
from journal.roles import POSITIONS, THERAPIST, Position, Role
from journal.sealing import open_bytes, open_document, seal_document
from journal.store.database import transaction
from journal.store.rows import Moment, Opened, Row, open_each, read, read_one
from journal.typed import clean_name
from journal.vault import record_state


class SetupDetails(msgspec.Struct, frozen=True):
    """
    The position that a set-up link grants; server key.

    `name` is whom it is for, in its maker's words; `expires_at` is UTC, ISO 8601.
    """

    role: str
    profession: str
    name: str
    expires_at: str


LIFETIME = timedelta(days=7)
TOKEN_SIZE = 32
NOBODY = UUID(int=0)


class SetupRow(Row, frozen=True):
    """A row of a set-up link."""

    id: UUID
    lookup: str
    maker_id: UUID | None
    secret: bytes | None
    sealed: bytes
    expires_at: Moment
    used_at: Moment | None
    withdrawn_at: Moment | None


@dataclass(frozen=True, slots=True)
class SetupLink:
    """
    A set-up link as administrators see it.

    `maker` is None for one that was made on the command line. `token` goes into the address; only its maker can
    open it, and for everybody else it is empty.
    """

    id: UUID
    name: str
    position: Position
    maker: UUID | None
    token: str
    expires_at: datetime
    state: str  # open, used, withdrawn or expired


async def make(house: House, position: Position = THERAPIST) -> str:
    """Create a link from the command line; return its token."""
    token = secrets.token_bytes(TOKEN_SIZE)
    async with transaction():
        await _write(house, token, SetupDetails(**_position(position), name="", expires_at=_until(house)))
        await audit_log.note_unsigned(house, None, Act.SETUP_LINK_MADE, about=_id(_lookup(token)))
    return _text(token)


async def make_for(actor: Actor, name: str, position: str) -> UUID:
    """Create a link as an administrator, for somebody whom they call *name*; return its id."""
    actor.must_be(Role.ADMINISTRATOR)
    name, problems = clean_name(name), {}
    if not 1 <= len(name) <= 100:
        problems["name"] = N_("Write who this is for, up to 100 characters.")
    if position not in POSITIONS or POSITIONS[position].role is Role.PATIENT:
        problems["position"] = N_("Choose what they do here.")
    if problems:
        raise Refused(problems)
    token = secrets.token_bytes(TOKEN_SIZE)
    wanted = _id(_lookup(token))
    details = SetupDetails(**_position(POSITIONS[position]), name=name, expires_at=_until(actor.house))
    async with transaction():
        await record_state.lock(actor)  # else keys that were renewed meanwhile would never open the token
        await _write(actor.house, token, details, actor)
        await audit_log.note(actor, Act.SETUP_LINK_MADE, about=wanted)
    return wanted


async def links(actor: Actor) -> Opened[SetupLink]:
    """Return all set-up links, newest first."""
    actor.must_be(Role.ADMINISTRATOR)
    rows = await read(SetupRow, tables.SetupLink.all().order_by("-created_at"))
    return open_each(rows, partial(_view, actor))


async def link(actor: Actor, wanted: UUID) -> SetupLink:
    """Return one set-up link."""
    actor.must_be(Role.ADMINISTRATOR)
    row = await read_one(SetupRow, tables.SetupLink.filter(id=wanted))
    if row is None:
        raise NotFound
    return _view(actor, row)


async def withdraw(actor: Actor, wanted: UUID) -> None:
    """Withdraw an open link, whoever made it."""
    actor.must_be(Role.ADMINISTRATOR)
    async with transaction():
        changed = await tables.SetupLink.filter(id=wanted, used_at=None, withdrawn_at=None).update(
            withdrawn_at=actor.now
        )
        if not changed:
            raise NotFound
        await audit_log.note(actor, Act.SETUP_LINK_WITHDRAWN, about=wanted)


async def position_of(house: House, token: str) -> Position:
    """
    Return the position that an open link grants.

    Raises:
        LinkExpired: If the link does not work.
        Damaged: If its sealed column is not the one that was made with it.
    """
    now, lookup = house.clock(), lookup_of(token)
    trusted = Q(maker_id=None) | Q(maker__status="active")
    still_open = tables.SetupLink.filter(
        trusted, lookup=lookup, used_at=None, withdrawn_at=None, **alive(now, LIFETIME)
    )
    row = await read_one(SetupRow, still_open)
    if row is None:
        raise LinkExpired
    details = _opened(house, row)
    if not is_alive(datetime.fromisoformat(details.expires_at), now, LIFETIME):  # the column is for queries
        raise LinkExpired
    return POSITIONS[details.profession or details.role]


async def use(house: House, token: str) -> None:
    """Mark a link used, in the transaction that opens the account; raises `LinkExpired` if it was already."""
    now = house.clock()
    still_open = tables.SetupLink.filter(lookup=lookup_of(token), used_at=None, withdrawn_at=None)
    if not await still_open.filter(**alive(now, LIFETIME)).update(used_at=now):
        raise LinkExpired


async def _write(house: House, token: bytes, details: SetupDetails, maker: Actor | None = None) -> None:
    lookup, now = _lookup(token), house.clock()
    await tables.SetupLink.create(
        id=_id(lookup),
        lookup=lookup,
        maker_id=maker.id if maker else None,
        secret=maker.vault.seal(token, context=secret_context(maker.id, _id(lookup))) if maker else None,
        sealed=seal_document(
            house.server, details, details_context(maker.id if maker else None, _id(lookup))
        ),
        created_at=now,
        expires_at=now + LIFETIME,
    )


def _view(actor: Actor, row: SetupRow) -> SetupLink:
    details, maker, token = _opened(actor.house, row), row.maker_id, ""
    if maker == actor.id:
        token = _text(open_bytes(actor.vault, row.secret or b"", secret_context(maker, row.id)))
    state = "open"
    if row.used_at:
        state = "used"
    elif row.withdrawn_at:
        state = "withdrawn"
    elif not is_alive(row.expires_at, actor.now, LIFETIME):
        state = "expired"
    position = POSITIONS[details.profession or details.role]
    return SetupLink(row.id, details.name, position, maker, token, row.expires_at, state)


def _opened(house: House, row: SetupRow) -> SetupDetails:
    """Open the details of a link: they are bound to the id, and the id to what it is looked up by."""
    if row.id != _named_by(row.lookup):
        raise Damaged
    return open_document(house.server, row.sealed, details_context(row.maker_id, row.id), SetupDetails)


def _named_by(lookup: str) -> UUID | None:
    try:
        return _id(lookup)
    except ValueError:
        return None


def _position(position: Position) -> dict[str, str]:
    return {"role": position.role.value, "profession": position.profession or ""}


def _until(house: House) -> str:
    return (house.clock() + LIFETIME).isoformat(timespec="seconds")


def details_context(maker: UUID | None, link: UUID) -> Context:
    """Return the seal context of a link's details."""
    return Context("setup-link", (maker or NOBODY).bytes, link.bytes)


def secret_context(maker: UUID, link: UUID) -> Context:
    """Return the seal context of a link's token, for its maker."""
    return Context("setup-secret", maker.bytes, link.bytes)


def _id(lookup: str) -> UUID:
    """Return the first half of the token's hash: enough to find a link by, and to bind what is sealed to its token."""
    return UUID(lookup[:32])


def lookup_of(token: str) -> str:
    """Return the hash by which a link with this token is found."""
    return _lookup(_bytes(token))


def _lookup(token: bytes) -> str:
    return sha256(b"hearthside/v1/setup-link" + token).hexdigest()


def _text(token: bytes) -> str:
    return urlsafe_b64encode(token).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise LinkExpired from error
