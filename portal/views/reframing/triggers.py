"""The patient's own names for what sets something off, and what came of each, by date."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from journal.catalogue.fields import EntryKind
from journal.catalogue.forms import get_form
from journal.entries.naming import EntryName, load_namer
from journal.reframing import triggers
from journal.reframing.triggers import Occurrence, Trigger
from journal.user_input import parse_whole_number
from portal.access.session_cookie import get_actor
from portal.web.pages import render_page

STEADIED = ("yes", "bit")
"""What was said of a skill that helped."""


@dataclass(frozen=True, slots=True)
class TriggersPage:
    """Context of the list of triggers."""

    triggers: tuple[Trigger, ...]


@dataclass(frozen=True, slots=True)
class TriggerLine:
    """
    One place where a trigger was named. `skill` and `helped` are labels of ours, to be translated.

    `old` and `new` are the sentences of a reframe; `own` is the name of a skill of one's own, `phrase` words of a log,
    and `steadied`: the skill helped, at least a bit. Behind a `note` the words are folded.
    """

    occurrence: Occurrence
    name: EntryName
    note: str
    old: str = ""
    new: str = ""
    skill: str = ""
    own: str = ""
    helped: str = ""
    phrase: str = ""
    steadied: bool = False


@dataclass(frozen=True, slots=True)
class TriggerPage:
    """Context of one trigger; `language` is that of its name."""

    name: str
    language: str
    lines: tuple[TriggerLine, ...]


async def show_triggers(request: Request) -> Response:
    """List the names, those used lately first."""
    found = await triggers.list_triggers(get_actor(request))
    return render_page(request, "reframing/triggers.html", TriggersPage(found))


async def show_trigger(request: Request) -> Response:
    """Show old sentences, new sentences and what steadied, by date."""
    actor = get_actor(request)
    place = parse_whole_number(request.query_params.get("n", "0"), 3) or 0
    found = await triggers.load_trigger(actor, request.path_params["id"], place)
    namer = await load_namer(actor, [one.entry for one in found.occurrences])
    lines = tuple(_build_line(one, namer.name_entry(one.entry)) for one in found.occurrences)
    return render_page(request, "reframing/trigger.html", TriggerPage(found.name, found.language, lines))


def _build_line(one: Occurrence, name: EntryName) -> TriggerLine:
    answers, note = one.entry.document.answers, one.entry.document.note
    if one.moment is not None:
        return TriggerLine(one, name, note)
    if one.entry.document.kind == EntryKind.REFRAME:
        old, new = (str(answers.get(f"reframe.{part}_meaning", "")) for part in ("old", "new"))
        return TriggerLine(one, name, note, old=old, new=new)
    form = get_form(EntryKind.GROUNDING)
    skill, helped = (
        form.field(part).get_option_labels(answers[part])[0] if answers.get(part) else ""
        for part in ("ground.skill", "ground.helped")
    )
    own, phrase = (str(answers.get(f"ground.{part}", "")) for part in ("own", "phrase"))
    steadied = answers.get("ground.helped") in STEADIED
    return TriggerLine(one, name, note, skill=skill, own=own, helped=helped, phrase=phrase, steadied=steadied)
