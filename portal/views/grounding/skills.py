"""The guided skills, a step a screen, for anybody: neither a database nor a script is needed for them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.authentication import idle_lock, web_sessions
from journal.catalogue.grounding import OwnSkill
from journal.catalogue.grounding_skills import SAFETY_NOTES, SKILLS, Skill, list_acute_skills
from journal.clinic import call_contacts
from journal.errors import JournalError, NotFound
from journal.grounding import steadying
from journal.grounding.steadying import Steadying
from journal.installation.installation import Installation
from journal.roles import Role
from journal.sessions.day_state import DayState, load_day_state
from portal.access.session_cookie import get_actor, get_token
from portal.web.care_team import CallLine, build_call_lines
from portal.web.errors import UNAVAILABLE_ERRORS
from portal.web.pages import get_translator, redirect, render_page

PERSON_TIMEOUT = 2.0
"""Seconds that the page waits for whose it is; without an answer it is the page that anybody gets."""
CALM_DAYS = frozenset({DayState.UNDER_WAY.value, DayState.RESTING.value})


@dataclass(frozen=True, slots=True)
class SkillListPage:
    """
    Context of the list of skills.

    `first` are those that are safe while a session may still be felt; on such a `day` there are no `more`. `own` are a
    patient's, by the number in their address, in their `language`.
    """

    first: tuple[Skill, ...]
    more: tuple[Skill, ...]
    own: dict[int, OwnSkill]
    language: str
    notes: tuple[str, ...]
    is_patient: bool
    may_leave: bool
    day: str


@dataclass(frozen=True, slots=True)
class SkillPage:
    """
    Context of one skill; `phrases` are a patient's own, in their `language`; `moves`: a slow circle may be shown.

    `note` is the id of the note that one tap keeps, for a patient; `call_lines` are whom their care team named, where
    the skill is to reach somebody. `notes` are what is said of every skill. A patient `may_hide` one that they have not
    hidden yet, on an ordinary day.
    """

    skill: Skill
    phrases: tuple[str, ...]
    language: str
    call_lines: tuple[CallLine, ...]
    notes: tuple[str, ...]
    moves: bool
    note: str
    may_hide: bool
    is_patient: bool
    may_leave: bool
    day: str


@dataclass(frozen=True, slots=True)
class OwnSkillPage:
    """
    Context of a skill of one's own, in its `language`.

    `note` is the id of the note that one tap keeps, `number` the skill's.
    """

    skill: OwnSkill
    language: str
    number: int
    note: str
    day: str


async def show_skills(request: Request) -> Response:
    """Show the skills: everybody those of the catalogue, a patient also their own and none that they hid."""
    actor, seen, day = await _find_person(request)
    calm, hidden = day in CALM_DAYS, seen.hidden
    acute = list_acute_skills()
    context = SkillListPage(
        tuple(one for one in acute if one.id not in hidden),
        () if calm else tuple(one for one in SKILLS.values() if one not in acute and one.id not in hidden),
        {} if calm else number_own_skills(seen),
        seen.language,
        SAFETY_NOTES,
        actor is not None and actor.role is Role.PATIENT,
        get_token(request) is not None,
        day,
    )
    return render_page(request, "ground/list.html", context)


async def show_skill(request: Request) -> Response:
    """Show one skill; while a session may still be felt, one that asks for more leads back to those that do not."""
    skill = SKILLS[request.scope["path"].rpartition("/")[2]]
    actor, seen, day = await _find_person(request)
    calm, is_patient = day in CALM_DAYS, actor is not None and actor.role is Role.PATIENT
    if calm and not skill.in_acute_mode:
        return redirect(request, "/ground")
    context = SkillPage(
        skill,
        seen.phrases if skill.id == "kind_phrase" else (),
        seen.language,
        await _load_call_lines(request, actor) if actor and is_patient and skill.id == "reach_out" else (),
        SAFETY_NOTES,
        bool(skill.pace) and not calm,
        str(uuid4()) if is_patient else "",
        is_patient and not calm and skill.id not in seen.hidden,
        is_patient,
        get_token(request) is not None,
        day,
    )
    return render_page(request, "ground/skill.html", context)


async def show_own_skill(request: Request) -> Response:
    """Show a skill of one's own, a step a screen."""
    if "skill" not in request.query_params:
        return redirect(request, "/ground")
    actor = get_actor(request)
    seen = await steadying.load_steadying(actor)
    own = number_own_skills(seen)
    number = request.query_params["skill"]
    skill = own.get(int(number)) if number.isascii() and number.isdigit() and len(number) < 3 else None
    if skill is None:
        raise NotFound
    page = OwnSkillPage(skill, seen.language, int(number), str(uuid4()), actor.dosing_day)
    return render_page(request, "ground/own.html", page)


def number_own_skills(seen: Steadying) -> dict[int, OwnSkill]:
    """Return skills of one's own by the number in their address, sorted by name."""
    return {int(field_id.rpartition("_")[2]): skill for field_id, skill in seen.skills.items()}


async def _load_call_lines(request: Request, actor: Actor) -> tuple[CallLine, ...]:
    """Return whom the care team named to call, within seconds or not at all."""
    try:
        async with asyncio.timeout(PERSON_TIMEOUT):
            found = await call_contacts.load_my_contacts(actor)
    except (JournalError, *UNAVAILABLE_ERRORS):
        return ()
    return build_call_lines(found, actor.now, actor.zone, get_translator(request))


async def _find_person(request: Request) -> tuple[Actor | None, Steadying, str]:
    """
    Return who asks, what steadies them, and the state of a patient's day, within seconds.

    It is nobody, nothing and no state where that is not known by then. Of a locked session only the day is known.
    """
    token = get_token(request)
    if token is None:
        return None, Steadying(), ""
    installation = request.app.state.installation
    actor, seen, day = None, Steadying(), ""
    try:
        async with asyncio.timeout(PERSON_TIMEOUT):
            actor = await web_sessions.load_actor(installation, token)
            day = actor.dosing_day if actor else await _load_locked_day(installation, token)
            if actor is not None and not actor.recovery_ready:
                actor = None
            if actor is not None and actor.role is Role.PATIENT:
                seen = await steadying.load_steadying(actor)
    except (JournalError, *UNAVAILABLE_ERRORS):
        pass  # the skills are there without it
    request.state.actor = actor
    return actor, seen, day


async def _load_locked_day(installation: Installation, token: bytes) -> str:
    """Return the state of the day of whose session is locked: a device locks while somebody lies there."""
    locked = await idle_lock.find_locked_session(installation, token)
    if locked is None or locked.role is not Role.PATIENT:
        return ""
    return await load_day_state(installation, locked.account)
