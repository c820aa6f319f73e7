"""
What a browser is asked to keep between sign-ins: choices about its pages, and nothing of whoever made them.

One is the region whose crisis contacts are shown first: chosen, never guessed. Without it the account's choice counts,
then the practice's. Another is that title and icon are to say nothing. The third is the language: an account has one
from the day it is opened; before anybody is signed in, what was chosen in this browser counts, then what it asks for.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from journal.catalogue.crisis_contacts import Region, find_region
from journal.i18n import DEFAULT_LANGUAGE, LANGUAGES

LIFETIME = 365 * 24 * 3600  # seconds
LONGEST_LIFETIME = 400 * 24 * 3600  # seconds: browsers keep no cookie longer
MAX_SIZE = 400  # signs of a cookie that are looked at
NEUTRAL = "yes"
LONGEST_HEADER = 500  # signs of `Accept-Language` that are looked at
MOST_WISHES = 20
LONGEST_QUERY = 1000  # bytes of one that a form sends back
OFFLINE_HEADER = "hearthside-offline"
"""With it static/js/offline.js asks for a page that a browser keeps: in this language, and with a neutral title."""


def set_device_cookie(request: Request, response: Response, name: str, value: str) -> Response:
    """Keep *value* in this browser for a year; without one, forget what is kept."""
    secure = request.app.state.config.is_secure
    if value:
        response.set_cookie(
            name, value, max_age=LIFETIME, path="/", httponly=True, secure=secure, samesite="lax"
        )
    else:
        response.delete_cookie(name, path="/", httponly=True, secure=secure, samesite="lax")
    return response


def read_kept_bytes(request: Request, name: str, longest: int = MAX_SIZE) -> bytes:
    """Return what this browser keeps under *name*, of *longest* signs; nothing where it is not what was kept."""
    try:
        return urlsafe_b64decode(request.cookies.get(name, "")[:longest])
    except ValueError:
        return b""


def keep_bytes(
    request: Request,
    response: Response,
    name: str,
    kept: bytes,
    *,
    samesite: Literal["lax", "strict"] = "lax",
) -> Response:
    """Keep *kept* in this browser for as long as browsers do; without any, forget what is kept."""
    secure = request.app.state.config.is_secure
    if kept:
        value = urlsafe_b64encode(kept).decode()
        response.set_cookie(
            name, value, LONGEST_LIFETIME, path="/", httponly=True, secure=secure, samesite=samesite
        )
    else:
        response.delete_cookie(name, path="/", httponly=True, secure=secure, samesite=samesite)
    return response


def is_neutral(request: Request) -> bool:
    """Return whether title and icon are to say nothing: for whoever is signed in, else for this browser, or always."""
    actor = getattr(request.state, "actor", None)
    if actor is not None:
        return bool(actor.is_neutral)
    if OFFLINE_HEADER in request.headers:
        return True
    return request.cookies.get(request.app.state.config.neutral_cookie) == NEUTRAL


def keep_neutral(request: Request, response: Response, neutral: bool) -> Response:
    """Keep in this browser what its owner chose for title and icon, for pages that do not know whose they are."""
    name: str = request.app.state.config.neutral_cookie
    if neutral == (request.cookies.get(name) == NEUTRAL):
        return response
    return set_device_cookie(request, response, name, NEUTRAL if neutral else "")


def find_help_region(request: Request) -> Region | None:
    """Return the region of this browser, or None where nobody has chosen one; asks no database."""
    actor = getattr(request.state, "actor", None)
    codes = (
        request.cookies.get(request.app.state.config.region_cookie, ""),
        actor.region if actor else "",
        request.app.state.practice.current.region,
    )
    return next((region for code in codes if code and (region := find_region(code))), None)


def set_help_region(request: Request, response: Response, code: str) -> Response:
    """Keep the code of a region in this browser for a year; without one, forget what is kept."""
    return set_device_cookie(request, response, request.app.state.config.region_cookie, code)


def find_language(request: Request) -> str:
    """Return the language for a request, one of `LANGUAGES`."""
    actor = getattr(request.state, "actor", None)
    chosen = actor.language if actor is not None else ""
    if chosen in LANGUAGES:
        return str(chosen)
    if (asked := request.headers.get(OFFLINE_HEADER, "")) in LANGUAGES:
        return asked
    kept = request.cookies.get(request.app.state.config.language_cookie, "")
    return kept if kept in LANGUAGES else parse_wishes(request.headers.get("accept-language", ""))


def parse_wishes(header: str) -> str:
    """Return the first of `LANGUAGES` that a browser asks for in `Accept-Language` (RFC 9110, 12.5.4)."""
    wishes: list[tuple[float, str]] = []
    for wish in header[:LONGEST_HEADER].split(",")[:MOST_WISHES]:
        tag, _, weight = wish.partition(";")
        language = tag.strip().lower().partition("-")[0]
        quality = _parse_quality(weight)
        if language in LANGUAGES and quality > 0:
            wishes.append((-quality, language))
    return min(wishes, key=lambda one: one[0])[1] if wishes else DEFAULT_LANGUAGE


def _parse_quality(weight: str) -> float:
    name, _, number = weight.strip().partition("=")
    whole, _, rest = number.strip().partition(".")
    if name.strip().lower() != "q" or whole not in ("0", "1") or not (rest.isdecimal() or not rest):
        return 1.0
    return float(f"{whole}.{rest[:3] or '0'}")


def keep_language(request: Request, response: Response, language: str) -> Response:
    """Keep in this browser what its owner chose, for pages that do not know whose they are."""
    name: str = request.app.state.config.language_cookie
    if language not in LANGUAGES or request.cookies.get(name) == language:
        return response
    return set_device_cookie(request, response, name, language)


def build_return_address(request: Request) -> str:
    """Return the address of a page with its query, to lead back to it; without a query that is no usual one."""
    query = request.scope.get("query_string", b"")
    usual = 0 < len(query) <= LONGEST_QUERY and query.isascii()
    return f"{request.scope['path']}?{query.decode()}" if usual else str(request.scope["path"])
