"""What a locked session shows: how to open it, and nobody's name; on a dosing day a calm screen comes first."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from journal.authentication.idle_lock import LockedSession
from journal.installation.installation import Installation
from journal.passkeys import management as passkey_management
from journal.roles import Role
from journal.sessions.day_state import DayState, load_day_state


@dataclass(frozen=True, slots=True)
class LockedPage:
    """
    Context of the page of a locked session. `pending_fields` are the fields of a form that waits for it.

    `passkey`: they have one that can open it; `needs_passkey`: nothing else does. `day`: the state of a patient's day.
    """

    next: str = "/"
    problem: str = ""
    pending_fields: tuple[tuple[str, str], ...] = ()
    pending_action: str = ""
    passkey: bool = False
    day: DayState = DayState.OVER
    needs_passkey: bool = False


@dataclass(frozen=True, slots=True)
class CoverPage:
    """Context of what covers a page of account `whose`; the other fields are as on `LockedPage`."""

    whose: UUID
    passkey: bool
    day: DayState
    needs_passkey: bool


async def build_locked_page(
    installation: Installation,
    owner: LockedSession,
    where: str = "/",
    problem: str = "",
    pending_fields: tuple[tuple[str, str], ...] = (),
    pending_action: str = "",
) -> LockedPage:
    """Return the page of a locked session; *where* is the page that follows it."""
    passkey = await passkey_management.has_unlocking_passkey(owner.account)
    day = await _load_day(installation, owner)
    return LockedPage(where, problem, pending_fields, pending_action, passkey, day, owner.needs_passkey)


async def build_cover(installation: Installation, owner: LockedSession) -> CoverPage:
    """Return what covers a page of *owner*."""
    passkey = await passkey_management.has_unlocking_passkey(owner.account)
    return CoverPage(owner.account, passkey, await _load_day(installation, owner), owner.needs_passkey)


async def _load_day(installation: Installation, owner: LockedSession) -> DayState:
    return await load_day_state(installation, owner.account) if owner.role is Role.PATIENT else DayState.OVER
