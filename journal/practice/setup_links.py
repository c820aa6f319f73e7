"""
The one-time links with which the staff of a practice open their accounts.

The position is sealed under the server key and bound to the link's token and its maker: whoever writes the database
can neither make a link nor turn a nurse's into an administrator's.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from uuid import UUID

import msgspec
from tortoise.expressions import Q

from crypto import Context
from journal.actor import Actor
from journal.ages import build_alive_filter, is_alive
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.care.invitations import format_token, parse_token
from journal.errors import Damaged, InvalidInput, LinkExpired, NotFound
from journal.i18n import N_
from journal.installation.installation import Installation
from journal.practice import tables
from journal.roles import POSITIONS, THERAPIST, Position, Role
from journal.sealing import open_bytes, open_document, seal_document
from journal.store.database import transaction
from journal.store.rows import (
    IdRow,
    OpenedRows,
    Row,
    Timestamp,
    fetch_row,
    fetch_rows,
    filter_undamaged,
    open_rows,
)
from journal.user_input import clean_name
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
NO_MAKER = UUID(int=0)


class SetupLinkRow(Row, frozen=True):
    """A row of a set-up link."""

    id: UUID
    lookup: str
    maker_id: UUID | None
    secret: bytes | None
    sealed: bytes
    expires_at: Timestamp
    used_at: Timestamp | None
    withdrawn_at: Timestamp | None


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


async def create_setup_link(installation: Installation, position: Position = THERAPIST) -> str:
    """Create a link from the command line; return its token."""
    token = secrets.token_bytes(TOKEN_SIZE)
    async with transaction():
        await _insert_link(
            installation,
            token,
            SetupDetails(
                **_build_position_fields(position), name="", expires_at=_format_expiry(installation)
            ),
        )
        await audit_log.record_unauthenticated_event(
            installation, None, Act.SETUP_LINK_MADE, about=_derive_id(_hash_token_bytes(token))
        )
    return format_token(token)


async def create_setup_link_for(actor: Actor, name: str, position: str) -> UUID:
    """Create a link as an administrator, for somebody whom they call *name*; return its id."""
    actor.require_role(Role.ADMINISTRATOR)
    name, problems = clean_name(name), {}
    if not 1 <= len(name) <= 100:
        problems["name"] = N_("Write who this is for, up to 100 characters.")
    if position not in POSITIONS or POSITIONS[position].role is Role.PATIENT:
        problems["position"] = N_("Choose what they do here.")
    if problems:
        raise InvalidInput(problems)
    token = secrets.token_bytes(TOKEN_SIZE)
    wanted = _derive_id(_hash_token_bytes(token))
    details = SetupDetails(
        **_build_position_fields(POSITIONS[position]),
        name=name,
        expires_at=_format_expiry(actor.installation),
    )
    async with transaction():
        await record_state.lock_state(
            actor
        )  # else keys that were renewed meanwhile would never open the token
        await _insert_link(actor.installation, token, details, actor)
        await audit_log.record_event(actor, Act.SETUP_LINK_MADE, about=wanted)
    return wanted


async def list_setup_links(actor: Actor) -> OpenedRows[SetupLink]:
    """Return all set-up links, newest first."""
    actor.require_role(Role.ADMINISTRATOR)
    rows = await fetch_rows(SetupLinkRow, tables.SetupLink.all().order_by("-created_at"))
    return open_rows(rows, partial(_build_link, actor))


async def load_setup_link(actor: Actor, wanted: UUID) -> SetupLink:
    """Return one set-up link."""
    actor.require_role(Role.ADMINISTRATOR)
    row = await fetch_row(SetupLinkRow, tables.SetupLink.filter(id=wanted))
    if row is None:
        raise NotFound
    return _build_link(actor, row)


async def withdraw_setup_link(actor: Actor, wanted: UUID) -> None:
    """Withdraw an open link, whoever made it."""
    actor.require_role(Role.ADMINISTRATOR)
    async with transaction():
        changed = await tables.SetupLink.filter(id=wanted, used_at=None, withdrawn_at=None).update(
            withdrawn_at=actor.now
        )
        if not changed:
            raise NotFound
        await audit_log.record_event(actor, Act.SETUP_LINK_WITHDRAWN, about=wanted)


async def withdraw_own_links(actor: Actor) -> None:
    """Withdraw every link of the actor's that nobody used, in the transaction that is open."""
    mine = tables.SetupLink.filter(maker_id=actor.id, used_at=None, withdrawn_at=None)
    for row in filter_undamaged(await fetch_rows(IdRow, mine.order_by("id"))):
        if await mine.filter(id=row.id).update(withdrawn_at=actor.now):
            await audit_log.record_event(actor, Act.SETUP_LINK_WITHDRAWN, about=row.id)
    await mine.update(withdrawn_at=actor.now)  # also one whose id does not read


async def load_position(installation: Installation, token: str) -> Position:
    """
    Return the position that an open link grants.

    Raises:
        LinkExpired: If the link does not work.
        Damaged: If its sealed column is not the one that was made with it.
    """
    now, lookup = installation.clock(), hash_token(token)
    trusted = Q(maker_id=None) | Q(maker__status="active")
    still_open = tables.SetupLink.filter(
        trusted, lookup=lookup, used_at=None, withdrawn_at=None, **build_alive_filter(now, LIFETIME)
    )
    row = await fetch_row(SetupLinkRow, still_open)
    if row is None:
        raise LinkExpired
    details = _open_details(installation, row)
    if not is_alive(datetime.fromisoformat(details.expires_at), now, LIFETIME):  # the column is for queries
        raise LinkExpired
    return POSITIONS[details.profession or details.role]


async def mark_used(installation: Installation, token: str) -> None:
    """Mark a link used, in the transaction that opens the account; raises `LinkExpired` if it was already."""
    now = installation.clock()
    still_open = tables.SetupLink.filter(lookup=hash_token(token), used_at=None, withdrawn_at=None)
    if not await still_open.filter(**build_alive_filter(now, LIFETIME)).update(used_at=now):
        raise LinkExpired


async def _insert_link(
    installation: Installation, token: bytes, details: SetupDetails, maker: Actor | None = None
) -> None:
    lookup, now = _hash_token_bytes(token), installation.clock()
    await tables.SetupLink.create(
        id=_derive_id(lookup),
        lookup=lookup,
        maker_id=maker.id if maker else None,
        secret=maker.vault.seal(token, context=setup_secret_context(maker.id, _derive_id(lookup)))
        if maker
        else None,
        sealed=seal_document(
            installation.server_keys,
            details,
            setup_details_context(maker.id if maker else None, _derive_id(lookup)),
        ),
        created_at=now,
        expires_at=now + LIFETIME,
    )


def _build_link(actor: Actor, row: SetupLinkRow) -> SetupLink:
    details, maker, token = _open_details(actor.installation, row), row.maker_id, ""
    if maker == actor.id:
        token = format_token(open_bytes(actor.vault, row.secret or b"", setup_secret_context(maker, row.id)))
    state = "open"
    if row.used_at:
        state = "used"
    elif row.withdrawn_at:
        state = "withdrawn"
    elif not is_alive(row.expires_at, actor.now, LIFETIME):
        state = "expired"
    position = POSITIONS[details.profession or details.role]
    return SetupLink(row.id, details.name, position, maker, token, row.expires_at, state)


def _open_details(installation: Installation, row: SetupLinkRow) -> SetupDetails:
    """Open the details of a link: they are bound to the id, and the id to what it is looked up by."""
    if row.id != _find_id(row.lookup):
        raise Damaged
    return open_document(
        installation.server_keys, row.sealed, setup_details_context(row.maker_id, row.id), SetupDetails
    )


def _find_id(lookup: str) -> UUID | None:
    try:
        return _derive_id(lookup)
    except ValueError:
        return None


def _build_position_fields(position: Position) -> dict[str, str]:
    return {"role": position.role.value, "profession": position.profession or ""}


def _format_expiry(installation: Installation) -> str:
    return (installation.clock() + LIFETIME).isoformat(timespec="seconds")


def setup_details_context(maker: UUID | None, link: UUID) -> Context:
    """Return the seal context of a link's details."""
    return Context("setup-link", (maker or NO_MAKER).bytes, link.bytes)


def setup_secret_context(maker: UUID, link: UUID) -> Context:
    """Return the seal context of a link's token, for its maker."""
    return Context("setup-secret", maker.bytes, link.bytes)


def _derive_id(lookup: str) -> UUID:
    """Return the first half of the token's hash: enough to find a link by, and to bind what is sealed to its token."""
    return UUID(lookup[:32])


def hash_token(token: str) -> str:
    """Return the hash by which a link with this token is found."""
    return _hash_token_bytes(parse_token(token))


def _hash_token_bytes(token: bytes) -> str:
    return sha256(b"hearthside/v1/setup-link" + token).hexdigest()
