"""Turn a context into a page, or into the one block of it that htmx asked for."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime, tzinfo
from functools import cache, lru_cache, partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Protocol

from babel.dates import format_datetime
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from portal import __version__
from portal.web.escaping import inert
from portal.web.pieces import Drawn, Piece, Pieces
from portal.web.template_compiler import SettlingEnvironment
from portal.web.translation import LANGUAGE, Words

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


FEW = 100  # lines of a list that are rendered in a few milliseconds


class Marked(Protocol):
    """Some of a line's words."""

    @property
    def text(self) -> str: ...

    @property
    def marked(self) -> bool: ...


def make_environment() -> Environment:
    """Build the Jinja environment: autoescape, no undefined names, gettext from the first template on."""
    environment = SettlingEnvironment(
        loader=FileSystemLoader(str(files("templates"))),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    words = Words()
    environment.install_gettext_callables(words.gettext, words.ngettext)  # type: ignore[attr-defined]
    environment.globals["_"] = words.gettext  # the alias that Jinja puts there looks it up for every word
    environment.globals["static"] = _static
    environment.filters.update(
        date=_date, time=_time, datetime=_datetime, day=_day, said=words.said, inert=inert, marked=_marked
    )
    environment.extend(words=words, pieces=Pieces(environment))
    return environment


@cache
def _static(path: str) -> str:
    content = (files("portal") / "static" / path).read_bytes()
    return f"/static/{path}?v={hashlib.sha256(content).hexdigest()[:12]}"


def _local(context: Context, value: datetime, zone: tzinfo | None) -> datetime:
    if zone is None:
        actor = context.get("actor")
        zone = actor.zone if actor else UTC
    return value.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0)


@lru_cache(maxsize=2000)  # the same few days stand on every page
def _written(local: date, pattern: str) -> str:
    return format_datetime(local, pattern, locale=LANGUAGE)


def time_of_day(value: datetime, zone: tzinfo) -> str:
    """Write a time of day as the filter `time` does."""
    return _written(value.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0), "HH:mm")


def long_day(value: datetime, zone: tzinfo) -> str:
    """Write a day as the filter `date` does, for lists that are too long for a filter."""
    return _written(value.astimezone(zone).date(), "EEEE, d MMMM y")


def short_day(value: datetime, zone: tzinfo) -> str:
    """Write a day as the filter `day` does."""
    return _written(value.astimezone(zone).date(), "d MMM y")


@pass_context
def _date(context: Context, value: datetime, zone: tzinfo | None = None) -> str:
    """Write a day: Sunday, 22 November 2026."""
    return _written(_local(context, value, zone).date(), "EEEE, d MMMM y")


@pass_context
def _day(context: Context, value: datetime | date, zone: tzinfo | None = None) -> str:
    """Write a day in short: 22 Nov 2026. A date is the same in every zone."""
    day = _local(context, value, zone).date() if isinstance(value, datetime) else value
    return _written(day, "d MMM y")


@pass_context
def _time(context: Context, value: datetime, zone: tzinfo | None = None) -> str:
    """Write a time of day: 14:05."""
    return _written(_local(context, value, zone), "HH:mm")


@pass_context
def _datetime(context: Context, value: datetime, zone: tzinfo | None = None) -> str:
    """Write a day and a time: Sun 22 Nov 2026, 14:05."""
    return _written(_local(context, value, zone), "EEE d MMM y, HH:mm")


def _marked(pieces: Iterable[Marked]) -> Markup:
    """Write a line of somebody's words with some of them marked. All of it is one line, and runs as one."""
    return Markup("").join(
        Markup("<mark>{}</mark>").format(piece.text) if piece.marked else piece.text for piece in pieces
    )


def page(
    request: Request,
    template: str,
    context: object | None = None,
    *,
    block: str | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """
    Render *template* with the fields of *context*, a dataclass that is the page's contract.

    With *block*, a request of htmx gets that named block alone, and everybody else the whole page.
    """
    values = _around(request)
    if is_dataclass(context):
        values |= {field.name: getattr(context, field.name) for field in fields(context)}
    compiled = request.app.state.templates.get_template(template)
    if block is not None and is_htmx(request):
        parts = compiled.new_context(values)
        # Up to its first output a page imports the macros that its blocks call.
        next(compiled.root_render_func(parts), "")
        content = "".join(compiled.blocks[block](parts))
    else:
        content = compiled.render(values)
    return HTMLResponse(content, status, {"vary": "HX-Request", **(headers or {})})


async def page_of_many(
    request: Request,
    many: int,
    template: str,
    context: object,
    *,
    block: str | None = None,
    status: int = 200,
) -> Response:
    """Render a page, like `page`, that lists *many* things; a thread renders more than a few."""
    draw = partial(page, request, template, context, block=block, status=status)
    return await asyncio.to_thread(draw) if many > FEW else draw()


def _around(request: Request) -> dict[str, Any]:
    """Return what every page knows besides its context."""
    state = request.app.state
    return {
        "actor": getattr(request.state, "actor", None),
        "practice": state.practice.current,
        "path": request.scope["path"],
        "passkey_host": state.config.passkey_host,
        "lang": LANGUAGE,
        "version": __version__,
    }


@dataclass(frozen=True, slots=True)
class _Somebody:
    """Whoever looks at a page that is drawn as a piece. Whatever else the page asks of them is an error."""

    role: str
    id: str
    lock_minutes: str


@dataclass(frozen=True, slots=True)
class _Somewhere:
    """The practice of such a page."""

    name: str
    is_demo: bool


@dataclass(frozen=True, slots=True)
class _Page:
    """A page for whoever has a role, without anything of the request that first asked for it."""

    template: Template
    role: str
    is_demo: bool
    values: Mapping[str, object]
    marked: tuple[str, ...]

    def __call__(self, ident: str, lock_minutes: str, practice: str, *words: str) -> str:
        """Render it for the piece that it is."""
        somebody, somewhere = _Somebody(self.role, ident, lock_minutes), _Somewhere(practice, self.is_demo)
        seen = {"actor": somebody, "practice": somewhere, **dict(zip(self.marked, words, strict=True))}
        return self.template.render({**self.values, **seen})


def page_of_pieces(request: Request, template: str, context: DataclassInstance, *marked: str) -> Response:
    """
    Render a page, like `page`, whose like is asked for very often: it is drawn once as a piece.

    Args:
        context: As for `page`. What is not marked is yes, no or None, and a piece is drawn for each set of that.
        marked: The fields of *context* that hold text, which the page writes out as it is.
    """
    around, values = _around(request), {one.name: getattr(context, one.name) for one in fields(context)}
    actor, practice, texts = (
        around.pop("actor"),
        around.pop("practice"),
        [values.pop(name) for name in marked],
    )
    templates = request.app.state.templates
    key = (template, actor.role, practice.is_demo, *around.values(), *values.items())
    drawn: Piece | None = templates.pieces.page(key)
    if drawn is None:
        still = _Page(templates.get_template(template), actor.role, practice.is_demo, around | values, marked)
        drawn = templates.pieces.keep_page(key, still)
    return fragment(drawn(str(actor.id), str(actor.lock_minutes), practice.name, *texts))


def fragment(content: Drawn, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with what was put together from pieces, as `page` does with what a template wrote."""
    return HTMLResponse(content, headers={"vary": "HX-Request", **(headers or {})})


def is_htmx(request: Request) -> bool:
    """Return whether htmx asks, for a part of a page."""
    return request.headers.get("hx-request") == "true"


def see_other(request: Request, path: str) -> Response:
    """Send the browser on after a form; htmx follows the same way as everybody else."""
    if is_htmx(request):
        return Response(status_code=204, headers={"hx-redirect": path})
    return RedirectResponse(path, 303)


def piece(request: Request, template: str, macro: str) -> Piece:
    """Return what draws a macro that is needed often: see `portal/web/pieces.py`."""
    pieces: Pieces = request.app.state.templates.pieces
    return pieces.of(template, macro)


def translator(request: Request) -> Callable[..., str]:
    """Return gettext, for sentences that the domain marked, and what is to be put into them."""
    words: Words = request.app.state.templates.words
    return words.plain
