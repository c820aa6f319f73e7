"""Keep a note of a skill in one tap, say more of it if one likes, and what follows when it got worse."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.catalogue.answers import parse_answers
from journal.catalogue.fields import Answer, EntryKind, Form
from journal.catalogue.forms import get_form, is_grounding_first
from journal.catalogue.grounding import OWN_SKILL
from journal.catalogue.grounding_skills import SKILLS, Skill, list_acute_skills
from journal.entries import entries
from journal.errors import NotFound, StaleRevision
from journal.grounding import steadying, uses
from journal.reframing import triggers
from journal.sessions.holds import load_hold
from journal.vault.documents import EntryDocument
from journal.vault.entry_rows import Entry
from portal.access.session_cookie import get_actor
from portal.views.grounding.skills import number_own_skills
from portal.web.forms import Form as PostedForm
from portal.web.forms import parse_uuid
from portal.web.pages import redirect, render_page

ASKED = (
    "ground.helped",
    "ground.suds_before",
    "ground.suds_after",
    "ground.context",
    "ground.trigger_name",
    "ground.note",
)
ASKED_IN_A_HOLD = ("ground.helped", "ground.note")
"""What is asked until somebody has rested: no number, and nothing to think about."""


@dataclass(frozen=True, slots=True)
class NotePage:
    """
    Context of what can be said of a note that is kept; all may stay blank. Earlier triggers are suggested.

    `language` is that of a title that `is_own`.
    """

    id: UUID
    revision: int
    title: str
    is_own: bool
    language: str
    form: Form
    values: Mapping[str, Answer]
    day: str
    suggestions: tuple[str, ...]
    errors: dict[str, str] = field(default_factory=dict)
    is_stale: bool = False


@dataclass(frozen=True, slots=True)
class WorsePage:
    """
    Context of what follows when a skill made things worse: `skill` comes at once, `hide` may be hidden.

    A skill of one's own is not hidden but removed: `own` is its number and its name, if it still is there.
    """

    id: UUID
    skill: Skill
    hide: Skill | None
    own: tuple[int, str] | None
    revision: int
    day: str


async def keep_note(request: Request) -> Response:
    """Keep a note in one tap; show what can be said of it, or save that."""
    actor = get_actor(request)
    if request.method == "GET":
        wanted = parse_uuid(request.query_params.get("log"))
        if wanted is None:
            return redirect(request, "/ground")
        note = await _load_note(actor, wanted)
        return render_page(request, "ground/note.html", await _build_page(actor, note))
    form = await PostedForm.read(request)
    wanted = parse_uuid(form["ident"])
    if wanted is None:
        raise NotFound
    if form["skill"]:
        is_worse = form["go"] == "worse"
        await _keep(actor, wanted, form["skill"], form["number"], is_worse=is_worse)
        return redirect(request, f"/ground/{'worse' if is_worse else 'note'}?log={wanted}")
    return await _save_answers(request, actor, form, await _load_note(actor, wanted))


async def _keep(actor: Actor, wanted: UUID, skill: str, number: str, *, is_worse: bool) -> None:
    own = None
    if skill == OWN_SKILL:
        seen = number_own_skills(await steadying.load_steadying(actor))
        own = next((one for key, one in seen.items() if str(key) == number), None)
    if own is None and skill not in SKILLS:
        raise NotFound
    await uses.keep_note(actor, wanted, skill, own, is_worse=is_worse)


async def _save_answers(request: Request, actor: Actor, form: PostedForm, note: Entry) -> Response:
    # What an open page asked for is kept, and what this one did not ask for stays.
    is_held = await load_hold(actor) is not None
    asked = _get_asked(one for one in ASKED if one in form.lists or one in _choose_asked(is_held))
    answers, problems = parse_answers(asked, form.lists)
    replaced = {one.id for one in asked.fields} - problems.keys()
    kept = {key: answer for key, answer in note.document.answers.items() if key not in replaced} | answers
    order = {one.id: place for place, one in enumerate(get_form(EntryKind.GROUNDING).fields)}
    document = EntryDocument(
        note.document.kind,
        note.document.title,
        note.document.note,
        note.document.session_id,
        {key: kept[key] for key in sorted(kept, key=lambda one: order.get(one, len(order)))},
    )
    base = form.get_whole_number("revision") or 0
    refused = {name: problem.raw[0] for name, problem in problems.items() if problem.raw}
    values = note.document.answers | answers | refused
    typed = replace(await _build_page(actor, note), values=values, errors=dict(problems))
    if base != note.revision:
        return render_page(request, "ground/note.html", replace(typed, is_stale=True), status=409)
    try:
        saved = await entries.save_entry(actor, note.id, base, document, known=note)
    except StaleRevision:
        page = await _build_page(actor, await _load_note(actor, note.id))
        again = replace(page, values=typed.values, is_stale=True)
        return render_page(request, "ground/note.html", again, status=409)
    if problems:
        page = replace(typed, revision=saved.revision)
        return render_page(request, "ground/note.html", page, status=422)
    if answers.get("ground.helped") == "worse":
        return redirect(request, f"/ground/worse?log={note.id}")
    if is_grounding_first(asked, answers):
        return redirect(request, f"/journal/{note.id}?ground=yes")
    return redirect(request, "/steady?done=note")


async def show_worse(request: Request) -> Response:
    """Show how to look around, at once; then offer to hide the skill that made it worse, and to tell the therapist."""
    actor, wanted = get_actor(request), parse_uuid(request.query_params.get("log"))
    if wanted is None:
        return redirect(request, "/ground")
    note = await _load_note(actor, wanted)
    used = str(note.document.answers.get("ground.skill", ""))
    seen = await steadying.load_steadying(actor)
    calmer = [one for one in list_acute_skills() if one.id != used and one.id not in seen.hidden]
    hide = SKILLS.get(used) if used not in seen.hidden else None
    skill = calmer[0] if calmer else SKILLS["orient"]
    called = str(note.document.answers.get("ground.own", "")) if used == OWN_SKILL else ""
    own = next(
        ((number, one.name) for number, one in number_own_skills(seen).items() if one.name == called), None
    )
    context = WorsePage(note.id, skill, hide, own, seen.revision, actor.dosing_day)
    return render_page(request, "ground/worse.html", context)


async def _load_note(actor: Actor, wanted: UUID) -> Entry:
    note = await entries.load_entry(actor, wanted)
    if note.document.kind != EntryKind.GROUNDING:
        raise NotFound
    return note


def _choose_asked(is_held: bool) -> tuple[str, ...]:
    return ASKED_IN_A_HOLD if is_held else ASKED


def _get_asked(chosen: Iterable[str]) -> Form:
    form = get_form(EntryKind.GROUNDING)
    return replace(form, fields=tuple(form.field(one) for one in chosen))


async def _build_page(actor: Actor, note: Entry) -> NotePage:
    answers = note.document.answers
    skill = SKILLS.get(str(answers.get("ground.skill", "")))
    title = skill.title if skill else str(answers.get("ground.own", ""))
    return NotePage(
        note.id,
        note.revision,
        title,
        skill is None,
        note.document.language,
        _get_asked(_choose_asked(await load_hold(actor) is not None)),
        answers,
        actor.dosing_day,
        await triggers.list_names(actor),
    )
