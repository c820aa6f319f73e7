"""What steadies a patient: phrases and skills of their own, what they hid, and how often each skill was used."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.catalogue.grounding import MAX_STEPS, OWN_SKILLS, OwnSkill
from journal.catalogue.grounding_skills import SKILLS, Skill
from journal.errors import InvalidInput, NotFound, StaleRevision
from journal.grounding import steadying, uses
from journal.grounding.steadying import Steadying
from journal.grounding.uses import SkillUse
from portal.access.session_cookie import get_actor
from portal.views.grounding.skills import CALM_DAYS, number_own_skills
from portal.web.forms import Form
from portal.web.pages import redirect, render_page

DONE = frozenset({"phrase", "removed", "hidden", "shown", "skill", "note"})


@dataclass(frozen=True, slots=True)
class SteadyPage:
    """
    Context of the page; `own` are skills of one's own by their number, `typed` a phrase that was not taken.

    On a `day` on which a session may still be felt, only the phrases are there.
    """

    seen: Steadying
    own: dict[int, OwnSkill]
    hidden: tuple[Skill, ...]
    uses: tuple[SkillUse, ...]
    titles: dict[str, str]
    day: str
    is_calm: bool
    done: str = ""
    typed: str = ""
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OwnSkillForm:
    """Context of the form of a skill of one's own; `number` is empty for a new one, `steps` has a field for each."""

    number: str
    revision: int
    name: str
    steps: tuple[str, ...]
    errors: dict[str, str] = field(default_factory=dict)
    is_stale: bool = False


async def show_steadying(request: Request) -> Response:
    """Show what steadies a patient, or add a phrase."""
    actor = get_actor(request)
    if request.method == "GET":
        done = request.query_params.get("done", "")
        page = await _build_page(actor)
        return render_page(request, "ground/steady.html", replace(page, done=done if done in DONE else ""))
    form = await Form.read(request)
    try:
        await steadying.add_phrase(actor, form["phrase"])
    except InvalidInput as error:
        page = replace(await _build_page(actor), typed=form["phrase"], errors=dict(error.fields))
        return render_page(request, "ground/steady.html", page, status=422)
    return redirect(request, "/steady?done=phrase")


async def remove_phrase(request: Request) -> Response:
    """Remove a phrase."""
    form = await Form.read(request)
    await steadying.remove_phrase(get_actor(request), form["phrase"])
    return redirect(request, "/steady?done=removed")


async def change_hidden(request: Request) -> Response:
    """Hide a skill of the catalogue, or show it again."""
    form = await Form.read(request)
    if form["go"] == "show":
        await steadying.show_skill(get_actor(request), form["skill"])
        return redirect(request, "/steady?done=shown")
    await steadying.hide_skill(get_actor(request), form["skill"])
    return redirect(request, "/steady?done=hidden")


async def edit_own_skill(request: Request) -> Response:
    """Show the form of a skill of one's own, or save it; what cannot be saved stays on the page."""
    actor = get_actor(request)
    if request.method == "GET":
        seen, number = await steadying.load_steadying(actor), request.query_params.get("skill", "")
        skill = seen.skills.get(_get_field_id(number)) if number else OwnSkill("", ())
        if skill is None:
            raise NotFound
        page = OwnSkillForm(number, seen.revision, skill.name, _fill_steps(skill.steps))
        return render_page(request, "ground/own_form.html", page)
    form = await Form.read(request)
    number, steps = form["number"], form.get_all("steps")
    typed = OwnSkillForm(number, form.get_whole_number("revision") or 0, form["name"], _fill_steps(steps))
    field_id = _get_field_id(number) if number else ""
    try:
        await steadying.save_own_skill(actor, field_id, typed.revision, typed.name, steps)
    except InvalidInput as error:
        page = replace(typed, errors=dict(error.fields))
        return render_page(request, "ground/own_form.html", page, status=422)
    except StaleRevision:
        now = (await steadying.load_steadying(actor)).revision
        page = replace(typed, revision=now, is_stale=True)
        return render_page(request, "ground/own_form.html", page, status=409)
    return redirect(request, "/steady?done=skill")


async def remove_own_skill(request: Request) -> Response:
    """Remove a skill of one's own."""
    form = await Form.read(request)
    revision = form.get_whole_number("revision") or 0
    await steadying.remove_own_skill(get_actor(request), _get_field_id(form["number"]), revision)
    return redirect(request, "/steady?done=removed")


def _get_field_id(number: str) -> str:
    """Return the question that a skill of one's own answers; raises `NotFound` for what is no number of one."""
    found = f"steady.skill_{number[:3]}"
    if found not in OWN_SKILLS:
        raise NotFound
    return found


def _fill_steps(steps: tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (*steps[:MAX_STEPS], *[""] * (MAX_STEPS - len(steps)))


async def _build_page(actor: Actor) -> SteadyPage:
    seen, used = await uses.load_log(actor)
    calm = actor.dosing_day in CALM_DAYS
    return SteadyPage(
        seen,
        {} if calm else number_own_skills(seen),
        () if calm else tuple(one for one in SKILLS.values() if one.id in seen.hidden),
        () if calm else used,
        {one.id: one.title for one in SKILLS.values()},
        actor.dosing_day,
        calm,
    )
