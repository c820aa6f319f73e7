"""Render a context as a page, or as the block of it that htmx asked for."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import tzinfo
from functools import cache, partial
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from journal.catalogue.crisis_contacts import list_emergency_numbers, list_poison_lines
from journal.catalogue.grounding_skills import HELP_NOW
from journal.entries.naming import EntryName
from journal.i18n import DEFAULT_LANGUAGE, LANGUAGES
from journal.user_input import build_phone_link
from portal import __version__
from portal.web.cached_macros import CachedMacro, CachedPage, MacroCache, RenderedHtml
from portal.web.care_team import filter_look, filter_stamp
from portal.web.dates import (
    filter_date,
    filter_datetime,
    filter_day,
    filter_month,
    filter_time,
    format_place,
    format_short_day,
)
from portal.web.device_cookies import build_return_address, find_help_region, is_neutral
from portal.web.entry_names import filter_entry_name, filter_own_title, format_entry_name
from portal.web.escaping import remove_controls
from portal.web.template_compiler import CompilingEnvironment, render_template
from portal.web.translation import (
    Translator,
    filter_lang,
    filter_listed,
    filter_quoted,
    filter_shortened,
    get_language,
)

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


PASSKEY_OFFER = "?offer=passkey"  # an address that ends in it shows the suggestion to add one
VARY, CONTENT_TYPE = (b"vary", b"HX-Request"), (b"content-type", b"text/html; charset=utf-8")
INLINE_LIMIT = 100  # lines of a list that are rendered in a few milliseconds


class Marked(Protocol):
    """Some of a line's words."""

    @property
    def text(self) -> str: ...

    @property
    def marked(self) -> bool: ...


GUIDE_PLACES: Mapping[str, str] = MappingProxyType(
    {
        "/account": "lost",
        "/account/calendar": "who",
        "/account/contact": "who",
        "/account/deletion": "undo",
        "/account/help-numbers": "help",
        "/account/reading-hours": "who",
        "/account/reminders": "reminders",
        "/clinic": "day",
        "/comfort": "day",
        "/confirm": "lost",
        "/ground": "ground",
        "/help-now": "help",
        "/invitations": "patients",
        "/invite": "what",
        "/journal": "write",
        "/journal/deleted": "undo",
        "/journal/*/deletion": "undo",
        "/journal/*/erasure": "undo",
        "/journal/*/later": "reframes",
        "/journal/*/revisits": "reframes",
        "/journal/*/replies": "share",
        "/journal/*/shares": "share",
        "/journal/*/step": "reframes",
        "/charts": "measures",
        "/check-ins": "measures",
        "/day-lines": "measures",
        "/evaluation": "evaluation",
        "/measures": "measures",
        "/moments": "reframes",
        "/my-notes": "notes",
        "/packets": "records",
        "/patients": "patients",
        "/patients/*/evaluation": "evaluation",
        "/patients/*/my-notes": "notes",
        "/patients/*/notes": "notes",
        "/patients/*/brief": "brief",
        "/patients/*/charts": "notes",
        "/patients/*/talk": "talk",
        "/patients/*/contacts": "day",
        "/patients/*/course": "course",
        "/patients/*/summary": "brief",
        "/patients/*/instructions": "day",
        "/patients/*/end": "undo",
        "/patients/*/restart": "lost",
        "/patients/*/sessions": "course",
        "/patients/*/shared": "who",
        "/people": "people",
        "/people/audit": "log",
        "/people/practice": "practice",
        "/records": "records",
        "/recover": "lost",
        "/replies": "who",
        "/restart": "lost",
        "/safety-plan": "safety",
        "/sessions": "day",
        "/shares": "share",
        "/sharing": "share",
        "/sharing/*/end": "undo",
        "/sign-in": "lost",
        "/sit": "day",
        "/steady": "ground",
        "/talk": "talk",
        "/triggers": "reframes",
        "/unlock": "lost",
    }
)
"""Where the guide tells of a page and of the pages below it, by its address; `*` is whatever an address is about."""


def find_guide_place(path: str) -> str:
    """Return the fragment of the place in the guide that tells of the page at *path*, or nothing for its beginning."""
    parts = path.split("/")[1:4]
    for size in range(len(parts), 0, -1):
        for known in (parts[:size], [parts[0], "*", *parts[2:size]]):
            if place := GUIDE_PLACES.get("/" + "/".join(known)):
                return f"#{place}"
    return ""


def build_environment(language: str = DEFAULT_LANGUAGE) -> Environment:
    """Build the Jinja environment of a language: autoescape, no undefined names, its words put in when compiled."""
    environment = CompilingEnvironment(
        loader=FileSystemLoader(str(files("templates"))),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    words = Translator(language)
    environment.install_gettext_callables(words.gettext, words.ngettext)  # type: ignore[attr-defined]
    environment.globals["_"] = words.gettext  # the alias that Jinja puts there looks it up for every word
    environment.globals["pgettext"] = words.pgettext
    environment.globals["page_language"] = language
    environment.globals["static"] = get_static_url
    environment.globals["calm_skills"] = HELP_NOW
    environment.globals["find_guide_place"] = find_guide_place
    environment.globals["languages"] = tuple(LANGUAGES.items())
    environment.globals["emergency_numbers"] = list_emergency_numbers
    environment.globals["poison_lines"] = list_poison_lines
    environment.filters.update(
        date=filter_date,
        time=filter_time,
        datetime=filter_datetime,
        day=filter_day,
        month=filter_month,
        place=format_place,
        entry_name=filter_entry_name,
        lang=filter_lang,
        own_title=filter_own_title,
        listed=filter_listed,
        quoted=filter_quoted,
        shortened=filter_shortened,
        phone_link=build_phone_link,
        optional_gettext=words.gettext_optional,
        plain_line=remove_controls,
        marked=_render_marked,
        look=filter_look,
        stamp=filter_stamp,
    )
    environment.extend(words=words, macro_cache=MacroCache(environment))
    return environment


class Templates:
    """The pages of all languages."""

    def __init__(self, build: Callable[[str], Environment] = build_environment) -> None:
        self._environments = {language: build(language) for language in LANGUAGES}

    @property
    def here(self) -> Environment:
        """Return the pages of the task's language."""
        return self._environments[get_language()]


@cache
def get_static_url(path: str) -> str:
    """Return the address of a static file, with its hash, so that it may be cached for ever."""
    content = (files("portal") / "static" / path).read_bytes()
    return f"/static/{path}?v={hashlib.sha256(content).hexdigest()[:12]}"


def _render_marked(pieces: Iterable[Marked]) -> Markup:
    """Write a line of somebody's words with some of them marked, in one direction of writing."""
    return Markup("").join(
        Markup("<mark>{}</mark>").format(piece.text) if piece.marked else piece.text for piece in pieces
    )


def render_page(
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
    values = _build_shared_values(request)
    if is_dataclass(context):
        values |= {field.name: getattr(context, field.name) for field in fields(context)}
    compiled = request.app.state.templates.here.get_template(template)
    content = render_template(compiled, values, block if block and is_htmx(request) else None)
    return HTMLResponse(content, status, {"vary": "HX-Request", **(headers or {})})


async def render_long_page(
    request: Request,
    count: int,
    template: str,
    context: object,
    *,
    block: str | None = None,
    status: int = 200,
) -> Response:
    """Render a page like `render_page` that lists *count* things; a thread renders more than a few."""
    draw = partial(render_page, request, template, context, block=block, status=status)
    return await asyncio.to_thread(draw) if count > INLINE_LIMIT else draw()


def _build_shared_values(request: Request) -> dict[str, Any]:
    """Return the values that every page has besides its context."""
    state = request.app.state
    actor = getattr(request.state, "actor", None)
    # What was typed and refused stands on the answer to a form, and would be gone with the page.
    offers_languages = actor is None and request.method == "GET"
    return {
        "actor": actor,
        "cover_day": actor.dosing_day if actor else "",
        "practice": state.practice.current,
        "help_region": find_help_region(request),
        "is_neutral": is_neutral(request),
        "path": request.scope["path"],
        "passkey_host": state.config.passkey_host,
        "offers_languages": offers_languages,
        "return_address": build_return_address(request) if offers_languages else "",
        "offers_passkey": _offers_passkey(request),
        "lang": get_language(),
        "version": __version__,
    }


def _offers_passkey(request: Request) -> bool:
    """Return whether somebody signed in came to a page by an address that suggests a passkey."""
    if request.scope.get("query_string") != PASSKEY_OFFER.removeprefix("?").encode():
        return False
    return bool(request.app.state.config.passkey_host) and getattr(request.state, "actor", None) is not None


def render_cached_page(request: Request, template: str, context: DataclassInstance, *marked: str) -> Response:
    """
    Render a page like `render_page`, from a cached macro: for pages that are asked for very often.

    Args:
        context: As for `render_page`. Fields that are not marked are true, false or None; each set is cached.
        marked: The fields of *context* that hold text, which the page writes out as it is.
    """
    around, values = (
        _build_shared_values(request),
        {name: getattr(context, name) for name in context.__dataclass_fields__},
    )
    actor, practice, texts = (
        around.pop("actor"),
        around.pop("practice"),
        [values.pop(name) for name in marked],
    )
    templates = request.app.state.templates.here
    key = (template, actor.role, practice.is_demo, *around.values(), *values.items())
    drawn: CachedMacro | None = templates.macro_cache.find_page(key)
    if drawn is None:
        still = CachedPage(
            templates.get_template(template), actor.role, practice.is_demo, around | values, marked
        )
        drawn = templates.macro_cache.add_page(key, still)
    return render_fragment(drawn(str(actor.id), str(actor.lock_minutes), practice.name, *texts))


class _PlainPage(Response):
    """A page whose headers are those of every page, ready made: most answers are one."""

    def __init__(self, content: RenderedHtml) -> None:
        self.status_code, self.background, self.body = 200, None, content.encode()
        self.raw_headers = [VARY, (b"content-length", b"%d" % len(self.body)), CONTENT_TYPE]


def render_fragment(content: RenderedHtml, headers: Mapping[str, str] | None = None) -> Response:
    """Return a response with rendered HTML, like `render_page`."""
    return (
        HTMLResponse(content, headers={"vary": "HX-Request", **headers}) if headers else _PlainPage(content)
    )


def is_htmx(request: Request) -> bool:
    """Return whether htmx asks, for a part of a page."""
    return request.headers.get("hx-request") == "true"


def redirect(request: Request, path: str) -> Response:
    """Redirect the browser after a form, also by htmx."""
    if is_htmx(request):
        return Response(status_code=204, headers={"hx-redirect": path})
    return RedirectResponse(path, 303)


def get_cached_macro(request: Request, template: str, macro: str) -> CachedMacro:
    """Return a cached macro: see `portal/web/cached_macros.py`."""
    return get_macro_cache(request).get_macro(template, macro)


def get_macro_cache(request: Request) -> MacroCache:
    """Return all cached macros, for a page that asks for several."""
    cache: MacroCache = request.app.state.templates.here.macro_cache
    return cache


def build_entry_formatter(request: Request, zone: tzinfo) -> Callable[[EntryName], str]:
    """Return the function that writes what an entry is called, for texts that no template makes."""
    return partial(
        format_entry_name, translate=get_translator(request), format_day=lambda at: format_short_day(at, zone)
    )


def get_translator(request: Request) -> Callable[..., str]:
    """Return gettext, for sentences that the domain marked, and their variables."""
    words: Translator = request.app.state.templates.here.words
    return words.translate


def get_page_translator(request: Request) -> Callable[..., Markup]:
    """Return gettext for a page: what is put into a sentence is escaped, unless it was."""
    words: Translator = request.app.state.templates.here.words
    return words.gettext
