"""A clinician sets up to five things for a talk, sees what was said or shared to them, and marks each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from uuid import UUID, uuid4

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.care import links
from journal.care.link_keys import SharingPaused
from journal.care.links import Link
from journal.coming_talk import afterwards, items, library, own_sets, setting
from journal.coming_talk.documents import Mark
from journal.coming_talk.items import Item
from journal.coming_talk.library import OWN, OWN_KINDS
from journal.coming_talk.own_sets import OwnSet
from journal.errors import InvalidInput, NotFound, StaleRevision, TrustBroken
from journal.scheduling.plan import PlanAccess, load_plan
from journal.sessions import schedule
from journal.sessions.rows import Session
from journal.store.rows import OpenedRows
from portal.access.session_cookie import get_actor
from portal.views.sessions.session_lines import SessionLine, build_lines
from portal.web.forms import Form, parse_uuid
from portal.web.pages import redirect, render_page

EMPTY: Mapping[str, str] = MappingProxyType({"thing": "", "words": "", "why": "", "name": ""})


@dataclass(frozen=True, slots=True)
class SetThing:
    """One thing as its clinician sees it; `share` is the copy that answers it. `is_open`: it can be withdrawn."""

    item: Item
    line: SessionLine | None
    share: UUID | None
    is_open: bool


@dataclass(frozen=True, slots=True)
class ThingsPage:
    """
    Context of the page.

    `talk` is the one that is shown, with its `things`; `ahead` are those that can be set for. `left` was set for other
    talks, which are over or cancelled, and has no mark yet. `groups` are what ships, by kind, with the field's values.
    `sets` are the clinician's own. `is_paused`, `has_new_keys`: nothing can be read or set.
    """

    patient: UUID
    name: str
    talk: SessionLine | None
    can_set: bool
    ahead: tuple[SessionLine, ...]
    things: tuple[SetThing, ...]
    left: tuple[SetThing, ...]
    damaged: int
    groups: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    sets: OpenedRows[OwnSet]
    ident: UUID
    typed: Mapping[str, str]
    places: int
    errors: Mapping[str, str] = field(default_factory=dict)
    is_paused: bool = False
    has_new_keys: bool = False
    problem: str = ""


async def set_things(request: Request) -> Response:
    """Show what is set for a talk, or set something, or all of a set of one's own."""
    if request.method == "GET":
        return await _render(request, parse_uuid(request.query_params.get("session")))
    actor, form, patient = get_actor(request), await Form.read(request), request.path_params["id"]
    talk = parse_uuid(form["session"])
    kind, _, name = form["thing"].partition(":")
    try:
        if form["kept"]:
            kept = await own_sets.load_set(actor, parse_uuid(form["kept"]) or uuid4())
            things = kept.things
        else:
            things = (setting.parse_thing(kind, name, form["words"], form["why"], actor.language),)
        first = parse_uuid(form["ident"])
        await setting.set_things(actor, patient, talk or uuid4(), things, first=first)
    except InvalidInput as error:
        return await _render(request, talk, form=form, errors=error.fields)
    except (SharingPaused, TrustBroken, StaleRevision) as error:
        return await _render(request, talk, form=form, problem=str(error))
    return redirect(request, _build_address(patient, talk))


async def keep_set(request: Request) -> Response:
    """Keep what is set for a talk under a name, or delete a set."""
    actor, form, patient = get_actor(request), await Form.read(request), request.path_params["id"]
    talk = parse_uuid(form["session"])
    link = await links.load_link_with(actor, patient)
    if form["kept"]:
        await own_sets.delete_set(actor, parse_uuid(form["kept"]) or uuid4())
        return redirect(request, _build_address(patient, talk))
    try:
        there = await items.load_items(actor, link, talk or uuid4())
        things = [one.thing for one in there if one.mark is not Mark.LET_GO]
        await own_sets.keep_set(actor, form["name"], things)
    except InvalidInput as error:
        return await _render(request, talk, form=form, errors=error.fields)
    except (SharingPaused, TrustBroken) as error:
        return await _render(request, talk, form=form, problem=str(error))
    return redirect(request, _build_address(patient, talk))


async def mark_thing(request: Request) -> Response:
    """Mark one thing as talked about, again or let go; take that back; or withdraw it."""
    actor, form, patient = get_actor(request), await Form.read(request), request.path_params["id"]
    wanted, talk = request.path_params["thing"], parse_uuid(form["session"])
    mark = next((one for one in Mark if one.value == form["mark"]), None)
    if mark is None and form["mark"] not in ("", "withdraw"):
        raise NotFound
    try:
        if form["mark"] == "withdraw":
            await setting.withdraw_item(actor, patient, wanted)
        else:
            await afterwards.mark_item(actor, patient, wanted, mark)
    except InvalidInput as error:
        return await _render(request, talk, problem=next(iter(error.fields.values())), status=422)
    except (SharingPaused, TrustBroken, StaleRevision) as error:
        return await _render(request, talk, problem=str(error))
    return redirect(request, _build_address(patient, talk))


async def mark_share(request: Request) -> Response:
    """Mark a shared copy as talked about, or take that back."""
    form, patient, share = await Form.read(request), request.path_params["id"], request.path_params["share"]
    is_talked, revision = form["mark"] == Mark.TALKED, form.get_whole_number("revision") or 0
    await afterwards.mark_share(get_actor(request), patient, share, revision=revision, is_talked=is_talked)
    return redirect(request, f"/patients/{patient}/shared/{share}")


def _build_address(patient: UUID, talk: UUID | None) -> str:
    return f"/patients/{patient}/talk" + (f"?session={talk}" if talk else "")


async def _render(
    request: Request,
    wanted: UUID | None,
    *,
    form: Form | None = None,
    errors: Mapping[str, str] | None = None,
    problem: str = "",
    status: int = 409,
) -> Response:
    actor = get_actor(request)
    link = await links.load_link_with(actor, request.path_params["id"])
    plan = schedule.get_visible_plan(actor, await load_plan(actor, PlanAccess(link.patient, link)))
    ahead = items.list_talks_ahead(plan, actor.now)
    talk = next((one for one in plan if one.id == wanted and items.is_talk(one)), None)
    talk = talk or next(iter(ahead), None)
    lines = {line.session.id: line for line in build_lines(actor, plan)}
    found, is_paused, has_new_keys = await _load(actor, link, talk)
    shared = await items.load_answers(link, found)
    built = tuple(_build_thing(one, lines, shared, ahead) for one in found)
    coming = {one.id for one in ahead}
    context = ThingsPage(
        link.patient,
        link.peer_name,
        lines[talk.id] if talk else None,
        talk is not None and talk.id in coming,
        tuple(lines[one.id] for one in ahead),
        tuple(one for one in built if talk and one.item.session == talk.id),
        tuple(
            one
            for one in built
            if not (talk and one.item.session == talk.id) and one.item.session not in coming
        ),
        len(found.damaged),
        _list_groups(),
        await own_sets.load_sets(actor),
        uuid4(),
        {name: form[name] for name in EMPTY} if form else EMPTY,
        items.count_places(one.item for one in built if talk and one.item.session == talk.id),
        errors or {},
        is_paused,
        has_new_keys,
        problem,
    )
    status = 422 if errors else status if problem else 200
    return render_page(request, "coming_talk/things.html", context, status=status)


async def _load(actor: Actor, link: Link, talk: Session | None) -> tuple[OpenedRows[Item], bool, bool]:
    """Return what is set for a talk and what has no mark yet; then whether sharing is paused, or keys are new."""
    if link.paused_at:
        return OpenedRows(), True, False
    try:
        return await items.load_to_mark(actor, link, talk.id if talk else None), False, False
    except SharingPaused:
        return OpenedRows(), True, False
    except TrustBroken:
        return OpenedRows(), False, True


def _build_thing(
    one: Item, lines: Mapping[UUID, SessionLine], shared: Mapping[UUID, UUID], ahead: tuple[Session, ...]
) -> SetThing:
    share = shared.get(one.answer)
    is_ahead = any(talk.id == one.session for talk in ahead)
    return SetThing(one, lines.get(one.session), share, is_ahead and not (one.word or one.mark or share))


def _list_groups() -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Return what can be chosen: own words first, then what ships, by the label of its kind."""
    own = {kind: ((f"{kind}:{OWN}", library.OWN_LABELS[kind]),) for kind in OWN_KINDS}
    return tuple(
        (kind.label, own.get(kind, ()) + tuple((f"{kind}:{name}", title) for name, title in titles))
        for kind, titles in library.list_library()
    )
