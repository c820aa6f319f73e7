"""What became of the notice about an answer, and the buttons of the panel that stands at it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.care import links as care_links
from journal.care.links import CareTeam, Link
from journal.catalogue.fields import EntryKind
from journal.dosing_day.requests import keep_request
from journal.entries import by_kind
from journal.errors import HeldUntilRested, InvalidInput, NotFound
from journal.i18n import N_
from journal.measures.lines import parse_measure
from journal.measures.records import FORM
from journal.notices import states, writing
from journal.notices.lines import Outcome
from journal.notices.states import Sentence, State
from journal.notices.writing import Told
from journal.reading_hours.next_look import LookState, load_next_look
from journal.sessions import holds
from journal.sessions.rows import Session, load_my_sessions
from journal.vault.entry_rows import Entry
from portal.access.session_cookie import get_actor
from portal.web.care_team import MEANWHILE, describe_look
from portal.web.dates import format_long_day, format_moment
from portal.web.forms import Form, parse_uuid
from portal.web.pages import redirect
from portal.web.translation import filter_quoted

RELEASING = frozenset({"safe", "unsure", "unsafe", "unsaid", "now"})
"""The buttons that release a notice: any answer to the question of the panel, or none."""
TO_HELP = frozenset({"unsure", "unsafe"})
PRESSED = RELEASING | {"unmeant", "send"}
SEND_KEPT = N_("Nothing was sent. You are asked again once you have rested. If you want somebody now, call.")
SEND_HELD = N_("A notice cannot be sent by hand until you have rested. If you want somebody now, call.")


@dataclass(frozen=True, slots=True)
class PanelLine:
    """One sentence, to be translated, with the names and moments that stand in it as text."""

    text: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PanelView:
    """
    What the panel says. `lines` are its sentences; `kept`: a notice was written, whatever is chosen now.
    `can_unmean`: its patient can say that they did not mean to choose it.

    `to` are whom one can be sent to by hand; while that `is_held`, whom to ask for again. `problem` is why nothing was
    sent. `is_refused`: what was answered last was not saved.
    """

    state: State
    lines: tuple[PanelLine, ...]
    kept: bool = False
    can_unmean: bool = True
    to: tuple[Link, ...] = ()
    is_held: bool = False
    problem: str = ""
    is_refused: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What a page with a panel loaded already: the care team, entries with what was agreed on, and the plan."""

    team: CareTeam
    mine: tuple[Entry, ...]
    plan: Sequence[Session]
    is_held: bool
    translate: Callable[..., str]


async def load_known(
    actor: Actor,
    translate: Callable[..., str],
    team: CareTeam | None = None,
    mine: tuple[Entry, ...] | None = None,
    plan: Sequence[Session] | None = None,
) -> Known:
    """Return what a panel needs to be known; what is given is loaded already."""
    if mine is None:
        _, mine = await by_kind.load_entries_of_kinds(actor, {EntryKind.NOTICES})
    team = team or await care_links.load_care_team(actor)
    plan = plan or await load_my_sessions(actor)
    return Known(team, mine, plan, holds.get_hold(actor, plan) is not None, translate)


async def build_panel(
    actor: Actor, entry: Entry | None, known: Known, problem: str = "", *, is_refused: bool = False
) -> PanelView:
    """
    Return what the panel says of the form in an entry, or of one that is not saved yet.

    *is_refused*: what was answered last was not saved, so the panel speaks of what is there from before, if anything.
    """
    mail = actor.installation.mail is not None
    found = parse_measure(entry.document.answers.get(FORM)) if entry else ()
    is_asked, can_unmean = bool(found) and found[0].opens_panel, not found or not found[0].is_unmeant
    told = await writing.load_told(actor, entry, known.team, known.mine)
    is_written = told.line is not None and told.line.outcome is Outcome.WRITTEN
    if is_refused and not is_written and not is_asked:
        state = states.describe_unsaved()
        return PanelView(state, _format(actor, state.sentences), can_unmean=False, is_refused=True)
    if not is_written and not is_asked:
        state = states.describe_before(told.policy, mail=mail)
        return PanelView(state, await _format_with_look(actor, state.sentences, told, known), problem=problem)
    state = states.describe(told, mail=mail, is_held=known.is_held)
    to = told.team if state.can_send else ()
    lines = await _format_with_look(actor, state.sentences, told, known)
    return PanelView(
        state, lines, is_written, is_asked and can_unmean, to, known.is_held, problem, is_refused
    )


async def load_notice(
    actor: Actor,
    translate: Callable[..., str],
    entry: Entry,
    team: CareTeam | None = None,
    plan: Sequence[Session] | None = None,
    *,
    unsent: bool = False,
) -> PanelView | None:
    """Return the panel for a measure whose answer asks for a notice, or about which one is remembered."""
    found = parse_measure(entry.document.answers.get(FORM))
    line = writing.find_line(entry)
    is_written = line is not None and line.outcome is Outcome.WRITTEN
    if not found or not (found[0].opens_panel or is_written):
        return None
    known = await load_known(actor, translate, team, plan=plan)
    return await build_panel(actor, entry, known, writing.NOT_SENT if unsent else "")


async def press(actor: Actor, wanted: UUID, go: str, to: str) -> str:
    """Do what a button of the panel says; return why nothing was sent, if so. Raises `HeldUntilRested` to be kept."""
    try:
        if go in RELEASING:
            await writing.release_now(actor, wanted)
        elif go == "unmeant":
            await writing.withdraw(actor, wanted)
        elif go == "send":
            await writing.send_now(actor, wanted, parse_uuid(to))
        else:
            raise NotFound
    except InvalidInput as error:
        return next(iter(error.fields.values()), "")
    return ""


async def press_or_keep(actor: Actor, wanted: UUID, go: str, to: str) -> str:
    """Do what `press` does, and keep here what is held, for a page with more to show; return why nothing was sent."""
    try:
        return await press(actor, wanted, go, to)
    except HeldUntilRested as error:
        return SEND_KEPT if await keep_request(actor, error.asked) else SEND_HELD


async def act_on_notice(request: Request) -> Response:
    """Release, withdraw or send the notice about an answer, from the page that shows the answer."""
    actor, wanted = get_actor(request), request.path_params["id"]
    form = await Form.read(request)
    problem = await press(actor, wanted, form["go"], form["to"])
    if form["go"] in TO_HELP:
        return redirect(request, "/help-now")
    return redirect(request, f"/journal/{wanted}{'?unsent=yes' if problem else ''}#notice")


async def _format_with_look(
    actor: Actor, sentences: Iterable[Sentence], told: Told, known: Known
) -> tuple[PanelLine, ...]:
    """Format sentences; where one says when somebody usually looks, say it by their reading hours, if they have any."""
    said = list(sentences)
    link = told.policy.link if told.policy else None
    if link is None or not any(one.text in states.WHEN_THEY_LOOK for one in said):
        return _format(actor, said)
    look = await load_next_look(actor, link, known.plan)
    if look.state is LookState.UNKNOWN and not look.is_away:
        return _format(actor, said)
    lines: list[PanelLine] = []
    for one in said:
        if one.text in states.WHEN_THEY_LOOK:
            lines.append(PanelLine(*describe_look(look, actor.now, actor.zone, known.translate)))
        else:
            lines += _format(actor, [one])
    if look.is_away and look.hours.covers:
        lines.append(PanelLine(MEANWHILE, {"covers": filter_quoted(look.hours.covers, look.hours.language)}))
    return tuple(lines)


def _format(actor: Actor, sentences: Iterable[Sentence]) -> tuple[PanelLine, ...]:
    return tuple(
        PanelLine(one.text, {name: _format_value(actor, one, name) for name in one.values})
        for one in sentences
    )


def _format_value(actor: Actor, one: Sentence, name: str) -> str:
    value = one.values[name]
    if isinstance(value, str):
        return filter_quoted(value, one.language) if one.language else value
    return (format_long_day if name == "day" else format_moment)(value, actor.zone)
