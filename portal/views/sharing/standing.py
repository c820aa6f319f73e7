"""What a clinician reads as it is completed: an example, the question, what waits, and the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.care import links
from journal.care.documents import Attention
from journal.care.links import Link
from journal.catalogue.fields import Answers
from journal.catalogue.forms import get_form
from journal.entries.naming import EntryName, EntryNamer
from journal.errors import InvalidInput, NotFound, StaleRevision
from journal.sessions import holds
from journal.sessions.holds import Hold
from journal.sessions.rows import load_my_sessions
from journal.standing import completion
from journal.standing import standing as standing_shares
from journal.standing.completion import Unshared
from journal.standing.kinds import EXAMPLE_WORDS, KINDS, StandingKind
from journal.standing.lines import Standing
from journal.standing.standing import StandingList
from journal.vault.entry_rows import Entry
from portal.access.session_cookie import get_actor
from portal.views.sharing.attention import parse_attention
from portal.views.sharing.shared_view import SharedSection, SharedView, build_section, build_shared_view
from portal.web.forms import Form
from portal.web.pages import get_translator, redirect, render_page

MAX_CHOSEN = 300


@dataclass(frozen=True, slots=True)
class WaitingPiece:
    """One piece that did not go: `value` is what a form sends for it, and `section` its words."""

    value: str
    name: EntryName
    section: SharedSection | None


@dataclass(frozen=True, slots=True)
class GivenKind:
    """A standing share that is in force, and what of its kind did not go."""

    standing: Standing
    kind: StandingKind
    pieces: tuple[WaitingPiece, ...]


@dataclass(frozen=True, slots=True)
class StandingPage:
    """
    Context of the page about one clinician.

    `offered` are the kinds that can be given. `kind` is one that was chosen: then `view` is what its reader would see
    of one piece, `is_made_up` where nobody wrote it, and `can_go_at_once` whether its readings may go around a dosing
    session. `waiting` is why nothing can be given today. `attention` and `at_once` are what stands on the form.
    """

    link: Link
    waiting: Hold | None
    given: tuple[GivenKind, ...]
    ended: tuple[Standing, ...]
    offered: tuple[StandingKind, ...]
    kind: StandingKind | None = None
    view: SharedView | None = None
    is_made_up: bool = False
    can_go_at_once: bool = False
    done: str = ""
    problem: str = ""
    attention: str = ""
    at_once: bool = False


async def share_as_completed(request: Request) -> Response:
    """Show what a clinician reads as it is completed, or give, end, share or leave what was pressed."""
    actor, wanted = get_actor(request), request.path_params["id"]
    if request.method == "GET":
        kind = KINDS.get(request.query_params.get("kind", ""))
        return await _render(request, actor, kind, request.query_params.get("done", ""))
    form = await Form.read(request)
    kind = standing_shares.require_kind(form["kind"])
    try:
        done = await _act(actor, request, form, kind)
    except InvalidInput as error:
        problem = next(iter(error.fields.values()), "")
        shown = kind if form["go"] == "give" else None
        return await _render(
            request,
            actor,
            shown,
            problem=problem,
            chosen=form["attention"],
            at_once=form["at_once"],
            status=422,
        )
    except StaleRevision as error:
        return await _render(request, actor, problem=error.message, status=409)
    return redirect(request, f"/sharing/{wanted}/standing?done={done}")


async def _act(actor: Actor, request: Request, form: Form, kind: StandingKind) -> str:
    """Do what was pressed, and return its name for the page that follows."""
    wanted, go = request.path_params["id"], form["go"]
    chosen, seen = (form.get_all(name)[:MAX_CHOSEN] for name in ("sections", "shares"))
    if go == "give":
        asks, at_once = parse_attention(form), form["at_once"] == "yes"
        await standing_shares.give_standing(actor, wanted, kind.id, at_once=at_once, attention=asks)
        return "given"
    if go == "end":
        await standing_shares.end_standing(actor, wanted, kind.id)
        return "ended"
    if go == "some":
        await completion.share_unshared(actor, wanted, kind.id, chosen, seen)
        return "shared"
    if go == "leave":
        await completion.leave_unshared(actor, wanted, kind.id, seen)
        return "left"
    raise NotFound


async def _render(
    request: Request,
    actor: Actor,
    kind: StandingKind | None = None,
    done: str = "",
    *,
    problem: str = "",
    chosen: str = "",
    at_once: str = "",
    status: int = 200,
) -> Response:
    link = await links.load_my_link(actor, request.path_params["id"])
    plan, (mine, found) = await load_my_sessions(actor), await standing_shares.load_with_records(actor)
    waiting, namer = holds.get_hold(actor, plan), EntryNamer(plan)
    is_open = not (waiting or link.paused_at or link.peer_suspended) and link.trusted
    in_force = mine.select_in_force(link=link.id)
    unshared = await completion.list_unshared(actor, in_force, link, found) if is_open else {}
    view, is_made_up = None, False
    if kind is not None and not waiting:
        view, is_made_up = _build_example(actor, kind, found, namer, get_translator(request))
    context = StandingPage(
        link,
        waiting,
        tuple(_build_given(in_force, unshared, namer)),
        tuple(one for one in mine.lines if one.link == link.id and not one.is_in_force),
        tuple(_list_offered(mine, link)) if is_open or waiting else (),
        kind if is_open else None,
        view,
        is_made_up,
        kind is not None and standing_shares.can_go_at_once(kind, link),
        done,
        problem,
        chosen or Attention.NO_ANSWER.value,
        at_once == "yes",
    )
    return render_page(request, "sharing/standing.html", context, status=status)


def _list_offered(mine: StandingList, link: Link) -> Iterable[StandingKind]:
    there = {one.kind for one in mine.select_in_force(link=link.id)}
    return (kind for kind in KINDS.values() if kind.id not in there)


def _build_given(
    given: Sequence[Standing], unshared: dict[str, tuple[Unshared, ...]], namer: EntryNamer
) -> Iterable[GivenKind]:
    for one in given:
        kind = KINDS[one.kind]
        found = [
            WaitingPiece(
                completion.format_choice(each, place),
                namer.name_entry(each.entry),
                _build_words(kind, each.entry, piece),
            )
            for each in unshared.get(one.kind, ())
            for place, piece in enumerate(each.pieces)
        ]
        yield GivenKind(one, kind, tuple(found))


def _build_words(kind: StandingKind, entry: Entry, piece: str) -> SharedSection | None:
    if not kind.part:
        return None
    section = build_section(get_form(kind.entry_kind).field(kind.part), [piece])
    return replace(section, language=entry.document.language)


def _build_example(
    actor: Actor, kind: StandingKind, found: Iterable[Entry], namer: EntryNamer, translate: Callable[..., str]
) -> tuple[SharedView, bool]:
    """Return what a reader would see of the latest piece, or of one that nobody wrote."""
    real = [one for one in found if not one.damaged and kind.list_pieces(one.document)]
    document = completion.build_example(actor, kind, real[-1] if real else None)
    if not real:
        document = msgspec.structs.replace(document, answers=_speak_example(document.answers, translate))
    return build_shared_view(document, actor.zone, namer), not real


def _speak_example(answers: Answers, translate: Callable[..., str]) -> Answers:
    """Return an example's answers with its words in the language of the page."""

    def speak(line: str) -> str:
        for words in EXAMPLE_WORDS:
            line = line.replace(words, translate(words))
        return line

    return {
        name: [speak(line) for line in answer] if isinstance(answer, list) else answer
        for name, answer in answers.items()
    }
