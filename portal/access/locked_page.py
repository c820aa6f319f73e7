"""What a locked session shows: how to open it, and nobody's name; on a dosing day a calm screen comes first."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request

from journal.authentication.idle_lock import LockedSession
from journal.clinic import call_contacts
from journal.passkeys import management as passkey_management
from journal.roles import Role
from journal.sessions.day_state import DayState, load_day_state
from journal.time_zones import parse_zone
from portal.web.care_team import CallLine, build_call_lines
from portal.web.pages import get_translator

CALM_DAYS = frozenset({DayState.UNDER_WAY, DayState.RESTING})
"""The states of a day on which a locked page is calm, and says whom to call."""


@dataclass(frozen=True, slots=True)
class LockedPage:
    """
    Context of the page of a locked session. `pending_fields` are the fields of a form that waits for it.

    `passkey`: they have one that can open it; `needs_passkey`: nothing else does. `day`: the state of a patient's day,
    and `call_lines` whom they can call on a day that is calm.
    """

    next: str = "/"
    problem: str = ""
    pending_fields: tuple[tuple[str, str], ...] = ()
    pending_action: str = ""
    passkey: bool = False
    day: DayState = DayState.OVER
    needs_passkey: bool = False
    call_lines: tuple[CallLine, ...] = ()


@dataclass(frozen=True, slots=True)
class CoverPage:
    """Context of what covers a page of account `whose`; the other fields are as on `LockedPage`."""

    whose: UUID
    passkey: bool
    day: DayState
    needs_passkey: bool
    call_lines: tuple[CallLine, ...]


async def build_locked_page(
    request: Request,
    owner: LockedSession,
    where: str = "/",
    problem: str = "",
    pending_fields: tuple[tuple[str, str], ...] = (),
    pending_action: str = "",
) -> LockedPage:
    """Return the page of a locked session; *where* is the page that follows it."""
    passkey = await passkey_management.has_unlocking_passkey(owner.account)
    day = await _load_day(request, owner)
    return LockedPage(
        where,
        problem,
        pending_fields,
        pending_action,
        passkey,
        day,
        owner.needs_passkey,
        await _load_call_lines(request, owner, day),
    )


async def build_cover(request: Request, owner: LockedSession) -> CoverPage:
    """Return what covers a page of *owner*."""
    passkey = await passkey_management.has_unlocking_passkey(owner.account)
    day = await _load_day(request, owner)
    return CoverPage(
        owner.account, passkey, day, owner.needs_passkey, await _load_call_lines(request, owner, day)
    )


async def _load_day(request: Request, owner: LockedSession) -> DayState:
    installation = request.app.state.installation
    return await load_day_state(installation, owner.account) if owner.role is Role.PATIENT else DayState.OVER


async def _load_call_lines(request: Request, owner: LockedSession, day: DayState) -> tuple[CallLine, ...]:
    if day not in CALM_DAYS:
        return ()
    installation = request.app.state.installation
    found = await call_contacts.load_contacts(installation, owner.account)
    zone = parse_zone(owner.time_zone)
    return build_call_lines(found, installation.clock(), zone, get_translator(request))
