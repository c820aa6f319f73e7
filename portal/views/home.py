"""Home says the one next thing; somebody who is not signed in is asked to sign in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from journal import care, entries, sessions
from journal.actors import Actor, Role
from journal.entries import Entry
from journal.forms import EntryKind
from journal.holds import Hold
from journal.planning import SessionKind, Status
from journal.sessions import Session
from portal.auth import RECOVERY_KEY, SignIn
from portal.pages import page, see_other

RECENT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Home:
    """
    Context of a patient's home: what is next, and what fits it.

    `invites` is the kind of entry that fits the moment; `about` is the session it would be tied to.
    """

    next: Session | None
    about: Session | None
    invites: EntryKind
    under_way: Session | None
    waiting: Hold | None
    latest: tuple[Entry, ...]
    connected: bool


async def home(request: Request) -> Response:
    """Show the person's own home."""
    actor: Actor | None = request.state.actor
    if actor is None:
        return page(request, "sign_in.html", SignIn())
    if not actor.recovery_ready:
        return see_other(request, RECOVERY_KEY)
    if actor.role is Role.CLINICIAN:
        return see_other(request, "/patients")
    return page(request, "home.html", await home_of(actor))


async def home_of(actor: Actor) -> Home:
    """Find the one next thing for a patient."""
    plan = [one for one in await sessions.my_sessions(actor) if one.details.status is not Status.CANCELLED]
    dosing = [one for one in plan if one.details.kind is SessionKind.DOSING]
    under_way = next(
        (one for one in dosing if one.details.status in (Status.IN_SESSION, Status.RECOVERING)), None
    )
    ahead = [one for one in plan if one.details.ends_at > actor.now]
    past = [one for one in dosing if one.starts_at <= actor.now]
    about, invites = None, EntryKind.FREE
    if past and actor.now - past[-1].starts_at < timedelta(hours=24):
        about, invites = past[-1], EntryKind.CAPTURE
    elif past and actor.now - past[-1].starts_at < RECENT:
        about, invites = past[-1], EntryKind.INTEGRATION
    else:
        coming = next((one for one in dosing if one.starts_at > actor.now), None)
        if coming is not None:
            about, invites = coming, EntryKind.PREPARATION
    return Home(
        ahead[0] if ahead else None,
        about,
        invites,
        under_way,
        await sessions.held(actor),
        await entries.timeline(actor, limit=3),
        bool(await care.my_links(actor)),
    )
