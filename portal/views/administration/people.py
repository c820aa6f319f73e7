"""The administrator's pages: who has an account here, and who of them can sign in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.errors import Refused
from journal.practice import people, setup_links
from journal.practice.people import Leaving, Person
from journal.roles import LABELS, Role
from portal.access.session_cookie import actor_of
from portal.web.pages import page, see_other


@dataclass(frozen=True, slots=True)
class Desk:
    """Context of the administrator's home."""

    staff: int
    patients: int
    suspended: int
    waiting: int
    alone: bool
    damaged: int


@dataclass(frozen=True, slots=True)
class Everybody:
    """Context of the list of people; `labels` are the words for what they are here."""

    staff: tuple[Person, ...]
    patients: tuple[Person, ...]
    labels: Mapping[str, str]
    damaged: tuple[UUID | None, ...]


@dataclass(frozen=True, slots=True)
class PersonPage:
    """Context of one person's page, and of the one that asks before they are suspended."""

    person: Person
    label: str
    leaving: Leaving
    done: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)


async def desk_of(actor: Actor) -> Desk:
    """Return the counts of an administrator's home."""
    everyone = await people.people(actor)
    roles = [one.position.role for one in everyone if not one.suspended]
    waiting = [one for one in await setup_links.links(actor) if one.state == "open"]
    patients = roles.count(Role.PATIENT)
    return Desk(
        len(roles) - patients,
        patients,
        sum(one.suspended for one in everyone),
        len(waiting),
        roles.count(Role.ADMINISTRATOR) == 1,
        len(everyone.damaged),
    )


async def everybody(request: Request) -> Response:
    """List the staff and the patients."""
    everyone = await people.people(actor_of(request))
    staff = tuple(one for one in everyone if one.position.role is not Role.PATIENT)
    patients = tuple(one for one in everyone if one.position.role is Role.PATIENT)
    return page(request, "people/people.html", Everybody(staff, patients, LABELS, everyone.damaged))


async def person(request: Request) -> Response:
    """Show one person."""
    return page(request, "people/person.html", await _person(request))


async def suspension(request: Request) -> Response:
    """Show what a suspension does, or suspend somebody."""
    if request.method == "GET":
        return page(request, "people/suspension.html", await _person(request))
    wanted = request.path_params["id"]
    try:
        await people.suspend(actor_of(request), wanted)
    except Refused as error:
        return page(request, "people/suspension.html", await _person(request, error.fields), status=422)
    return see_other(request, f"/people/{wanted}?done=suspended")


async def comes_back(request: Request) -> Response:
    """End a suspension."""
    wanted = request.path_params["id"]
    await people.unsuspend(actor_of(request), wanted)
    return see_other(request, f"/people/{wanted}?done=back")


async def _person(request: Request, errors: Mapping[str, str] | None = None) -> PersonPage:
    actor, wanted = actor_of(request), request.path_params["id"]
    found = await people.person(actor, wanted)
    done = request.query_params.get("done", "")
    label = LABELS[found.position.key]
    return PersonPage(found, label, await people.leaving(actor, wanted), done, errors or {})
