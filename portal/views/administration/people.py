"""The administrator's pages: who has an account here, and who of them can sign in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.errors import InvalidInput
from journal.practice import people, setup_links
from journal.practice.people import Person, SuspensionImpact
from journal.roles import LABELS, Role
from portal.access.session_cookie import get_actor
from portal.web.pages import redirect, render_page


@dataclass(frozen=True, slots=True)
class AdministratorHomePage:
    """Context of the administrator's home."""

    staff: int
    patients: int
    suspended: int
    waiting: int
    is_only_administrator: bool
    damaged: int


@dataclass(frozen=True, slots=True)
class PeoplePage:
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
    impact: SuspensionImpact
    done: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)


async def load_administrator_home(actor: Actor) -> AdministratorHomePage:
    """Return the counts of an administrator's home."""
    everyone = await people.list_people(actor)
    roles = [one.position.role for one in everyone if not one.suspended]
    waiting = [one for one in await setup_links.list_setup_links(actor) if one.state == "open"]
    patients = roles.count(Role.PATIENT)
    return AdministratorHomePage(
        len(roles) - patients,
        patients,
        sum(one.suspended for one in everyone),
        len(waiting),
        roles.count(Role.ADMINISTRATOR) == 1,
        len(everyone.damaged),
    )


async def show_people(request: Request) -> Response:
    """List the staff and the patients."""
    everyone = await people.list_people(get_actor(request))
    staff = tuple(one for one in everyone if one.position.role is not Role.PATIENT)
    patients = tuple(one for one in everyone if one.position.role is Role.PATIENT)
    return render_page(request, "people/people.html", PeoplePage(staff, patients, LABELS, everyone.damaged))


async def show_person(request: Request) -> Response:
    """Show one person."""
    return render_page(request, "people/person.html", await _build_person_page(request))


async def suspend_person(request: Request) -> Response:
    """Show what a suspension does, or suspend somebody."""
    if request.method == "GET":
        return render_page(request, "people/suspension.html", await _build_person_page(request))
    wanted = request.path_params["id"]
    try:
        await people.suspend_person(get_actor(request), wanted)
    except InvalidInput as error:
        return render_page(
            request, "people/suspension.html", await _build_person_page(request, error.fields), status=422
        )
    return redirect(request, f"/people/{wanted}?done=suspended")


async def unsuspend_person(request: Request) -> Response:
    """End a suspension."""
    wanted = request.path_params["id"]
    await people.unsuspend_person(get_actor(request), wanted)
    return redirect(request, f"/people/{wanted}?done=back")


async def _build_person_page(request: Request, errors: Mapping[str, str] | None = None) -> PersonPage:
    actor, wanted = get_actor(request), request.path_params["id"]
    found = await people.load_person(actor, wanted)
    done = request.query_params.get("done", "")
    label = LABELS[found.position.key]
    return PersonPage(found, label, await people.load_suspension_impact(actor, wanted), done, errors or {})
