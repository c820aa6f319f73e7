"""Whom a patient can call: their therapist writes it, with hours and a day by which to look at it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from starlette.requests import Request
from starlette.responses import Response

from journal.care import links
from journal.care.links import Link
from journal.clinic import call_contacts
from journal.clinic.call_contacts import CallContact, CallDetails, CallRole
from journal.clinic.hours import TypedWindow, parse_windows
from journal.errors import InvalidInput, StaleRevision
from journal.i18n import N_
from journal.time_zones import ZoneChoice
from journal.user_input import parse_day
from portal.access.session_cookie import get_actor
from portal.web.care_team import CallLine, build_call_lines, fill_windows, list_weekdays, read_windows
from portal.web.dates import list_zones
from portal.web.forms import Form, parse_uuid
from portal.web.pages import get_translator, redirect, render_page

ROWS = 2
"""How many rows of hours the form has."""

NOT_A_ROLE = N_("Please choose one of these.")
NOT_A_DAY = N_("Please choose a day.")


@dataclass(frozen=True, slots=True)
class ContactsPage:
    """Context of the list; `damaged` are the ids of contacts that do not open."""

    patient: UUID
    name: str
    lines: tuple[CallLine, ...]
    damaged: tuple[UUID | None, ...]
    has_room: bool


@dataclass(frozen=True, slots=True)
class ContactPage:
    """
    Context of the form of one contact; `base` is the revision that it replaces, 0 for a new one.

    `newer` is what was saved meanwhile, if anything was.
    """

    patient: UUID
    name: str
    ident: UUID
    base: int
    typed: Mapping[str, str]
    rows: tuple[TypedWindow, ...]
    zones: tuple[ZoneChoice, ...]
    roles: tuple[tuple[str, str], ...]
    weekdays: tuple[tuple[str, str], ...]
    newer: tuple[CallLine, ...] = ()
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RemovalPage:
    """Context of the question before a contact is removed."""

    patient: UUID
    name: str
    ident: UUID


async def show_contacts(request: Request) -> Response:
    """Show whom a patient can call."""
    actor = get_actor(request)
    link = await links.load_link_with(actor, request.path_params["id"])
    found = await call_contacts.load_contacts(actor.installation, link.patient)
    lines = build_call_lines(found, actor.now, actor.zone, get_translator(request))
    has_room = len(found) + len(found.damaged) < call_contacts.MAX_CONTACTS
    context = ContactsPage(link.patient, link.peer_name, lines, found.damaged, has_room)
    return render_page(request, "patients/call_contacts.html", context)


async def add_contact(request: Request) -> Response:
    """Show the form of a new contact, or save it."""
    link = await links.load_link_with(get_actor(request), request.path_params["id"])
    if request.method == "GET":
        typed = {"role": CallRole.NURSE.value, "zone": link.peer_zone}
        return _render_form(request, link, uuid4(), 0, typed, fill_windows((), ROWS))
    form = await Form.read(request)
    return await _save(request, link, parse_uuid(form["ident"]) or uuid4(), form)


async def edit_contact(request: Request) -> Response:
    """Show the form of a contact, or save it."""
    actor = get_actor(request)
    link = await links.load_link_with(actor, request.path_params["id"])
    if request.method == "POST":
        return await _save(request, link, request.path_params["contact"], await Form.read(request))
    one = await call_contacts.load_contact(actor, link, request.path_params["contact"])
    return _render_form(request, link, one.id, one.revision, _build_typed(one), _build_rows(one))


async def remove_contact(request: Request) -> Response:
    """Ask, and remove a contact."""
    actor, wanted = get_actor(request), request.path_params["contact"]
    link = await links.load_link_with(actor, request.path_params["id"])
    if request.method == "POST":
        await call_contacts.remove_contact(actor, link.patient, wanted)
        return redirect(request, f"/patients/{link.patient}/contacts")
    context = RemovalPage(link.patient, link.peer_name, wanted)
    return render_page(request, "patients/call_contact_removal.html", context)


async def _save(request: Request, link: Link, ident: UUID, form: Form) -> Response:
    base = form.get_whole_number("revision") or 0
    typed = {
        name: form[name] for name in ("role", "name", "number", "purpose", "zone", "outside", "check_date")
    }
    rows = read_windows(form, ROWS)
    try:
        details = _parse(typed, rows)
        await call_contacts.save_contact(get_actor(request), link.patient, details, ident=ident, base=base)
    except InvalidInput as error:
        return _render_form(request, link, ident, base, typed, rows, error.fields)
    except StaleRevision:
        newer = await call_contacts.load_contact(get_actor(request), link, ident)
        return _render_form(request, link, ident, newer.revision, typed, rows, newer=newer)
    return redirect(request, f"/patients/{link.patient}/contacts")


def _parse(typed: Mapping[str, str], rows: tuple[TypedWindow, ...]) -> CallDetails:
    problems: dict[str, str] = {}
    if typed["role"] not in list(CallRole):
        problems["role"] = NOT_A_ROLE
    windows, wrong = parse_windows(rows)
    problems |= wrong
    check_date = parse_day(typed["check_date"]) if typed["check_date"] else None
    if typed["check_date"] and check_date is None:
        problems["check_date"] = NOT_A_DAY
    if problems:
        raise InvalidInput(problems)
    return CallDetails(
        CallRole(typed["role"]),
        typed["name"],
        typed["number"],
        typed["purpose"],
        typed["zone"],
        windows,
        typed["outside"],
        check_date.isoformat() if check_date else None,
    )


def _build_typed(one: CallContact) -> dict[str, str]:
    details = one.details
    return {
        "role": details.role.value,
        "name": details.name,
        "number": details.number,
        "purpose": details.purpose,
        "zone": details.zone,
        "outside": details.outside,
        "check_date": details.check_date or "",
    }


def _build_rows(one: CallContact) -> tuple[TypedWindow, ...]:
    return fill_windows(one.details.windows, ROWS)


def _render_form(
    request: Request,
    link: Link,
    ident: UUID,
    base: int,
    typed: Mapping[str, str],
    rows: tuple[TypedWindow, ...],
    errors: Mapping[str, str] | None = None,
    *,
    newer: CallContact | None = None,
) -> Response:
    actor, translate = get_actor(request), get_translator(request)
    empty = dict.fromkeys(("role", "name", "number", "purpose", "zone", "outside", "check_date"), "")
    context = ContactPage(
        link.patient,
        link.peer_name,
        ident,
        base,
        {**empty, **typed},
        rows,
        list_zones(actor.now, link.peer_zone, actor.time_zone, typed.get("zone", "")),
        tuple((role.value, translate(role.label)) for role in CallRole),
        list_weekdays(translate),
        build_call_lines([newer], actor.now, actor.zone, translate) if newer else (),
        errors or {},
    )
    status = 409 if newer else 422 if errors else 200
    return render_page(request, "patients/call_contact.html", context, status=status)
