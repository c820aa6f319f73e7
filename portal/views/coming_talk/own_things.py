"""What was set for a patient's coming talks: to answer, or to say not now or not for me."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.catalogue.fields import EntryKind
from journal.coming_talk import answers
from journal.coming_talk.answers import ForTalk, OwnItem
from journal.coming_talk.documents import Word
from journal.coming_talk.items import Item
from journal.coming_talk.library import ThingKind
from journal.errors import InvalidInput, NotFound
from journal.sessions.holds import get_hold
from journal.sessions.rows import load_my_sessions
from portal.access.session_cookie import get_actor
from portal.views.sessions.session_lines import SessionLine, build_lines
from portal.web.forms import Form
from portal.web.pages import redirect, render_page

BEGUN_KINDS = {
    ThingKind.QUESTION: EntryKind.FREE,
    ThingKind.REFRAME: EntryKind.REFRAME,
    ThingKind.PROMPT: EntryKind.PREPARATION,
}
"""As which kind of entry each is answered; the others have pages of their own."""


@dataclass(frozen=True, slots=True)
class ThingLine:
    """One thing with the address at which it is answered, and that of its answer once there is one."""

    own: OwnItem
    begin: str
    answer: str = ""

    @property
    def item(self) -> Item:
        """Return what was set."""
        return self.own.item


@dataclass(frozen=True, slots=True)
class TalkLines:
    """What one clinician set for one talk."""

    name: str
    line: SessionLine
    things: tuple[ThingLine, ...]
    closed: str
    damaged: int


@dataclass(frozen=True, slots=True)
class TalkPage:
    """Context of the list. `is_held`: nothing of it is shown until rest. `problem` is why a word was not said."""

    talks: tuple[TalkLines, ...]
    is_earlier: bool
    is_held: bool
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ThingPage:
    """Context of one thing."""

    name: str
    thing: ThingLine
    closed: str


async def show_talk(request: Request) -> Response:
    """Show what was set for the coming talks, or for earlier ones."""
    return await _render(request, is_earlier="earlier" in request.query_params)


async def show_thing(request: Request) -> Response:
    """Show one thing, such as a text to read."""
    link, own = await answers.load_own_item(get_actor(request), request.path_params["id"])
    context = ThingPage(link.peer_name, build_line(own), answers.explain_closed(link))
    return render_page(request, "coming_talk/thing.html", context)


async def say_word(request: Request) -> Response:
    """Store “not now” or “not for me”, or remove it again."""
    form = await Form.read(request)
    word = next((one for one in Word if one.value == form["word"]), None)
    if word is None and form["word"]:
        raise NotFound
    try:
        await answers.say_word(get_actor(request), request.path_params["id"], word)
    except InvalidInput as error:
        return await _render(request, problem=error.fields["word"])
    return redirect(request, "/talk")


def build_line(own: OwnItem) -> ThingLine:
    """Return a thing with its addresses."""
    item = own.item
    answer = f"/journal/{item.answer}" if own.is_written else ""
    return ThingLine(own, _find_beginning(item, is_taken=own.is_taken), answer)


def _find_beginning(item: Item, *, is_taken: bool) -> str:
    name = item.thing.name
    if kind := BEGUN_KINDS.get(item.kind):
        begun = f"/journal/new?kind={kind}&session={item.session}"
        known = "" if is_taken else f"&id={item.answer}"
        more = f"&prompt={name}" if item.kind is ThingKind.PROMPT else ""
        return f"{begun}{known}{more}" + (f"&talk={item.id}" if item.kind is ThingKind.QUESTION else "")
    pages = {
        ThingKind.SKILL: f"/ground/{name}",
        ThingKind.MEASURE: f"/measures/{name}",
        ThingKind.DAY_LINE: "/day-lines",
    }
    return pages.get(item.kind, f"/talk/{item.id}")


async def _render(request: Request, *, is_earlier: bool = False, problem: str = "") -> Response:
    actor = get_actor(request)
    plan = await load_my_sessions(actor)
    found = await answers.list_for_talk(actor, plan=plan, is_earlier=is_earlier)
    lines: dict[UUID, SessionLine] = {line.session.id: line for line in build_lines(actor, plan)}
    talks = tuple(_build_talk(one, lines[one.talk.id]) for one in found)
    context = TalkPage(talks, is_earlier, get_hold(actor, plan) is not None, problem)
    return render_page(request, "coming_talk/own.html", context, status=422 if problem else 200)


def _build_talk(one: ForTalk, line: SessionLine) -> TalkLines:
    things = tuple(build_line(own) for own in one.items)
    return TalkLines(one.link.peer_name, line, things, one.closed, one.damaged)
