"""One's own passkeys: list, add, rename and remove them."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from journal.errors import NotFound, Refused
from journal.passkeys import management as passkey_management
from journal.passkeys.rows import Passkey
from journal.passkeys.webauthn import Site
from journal.store.rows import Opened
from portal.access import session_cookie
from portal.access.session_cookie import actor_of
from portal.http.client import device_of
from portal.web.forms import Form
from portal.web.pages import page, see_other

LIST = "/account/passkeys"
DONE = frozenset({"opens", "plain", "renamed", "removed"})


@dataclass(frozen=True, slots=True)
class PasskeysPage:
    """Context of the list. `elsewhere`: the origin at which passkeys work, where it is not this one."""

    passkeys: Opened[Passkey]
    most: bool
    done: str
    elsewhere: str


@dataclass(frozen=True, slots=True)
class NewPage:
    """Context of the page that adds one."""

    name: str
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OnePage:
    """Context of the page of one passkey."""

    passkey: Passkey
    name: str
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RemovalPage:
    """Context of the page that asks before one is removed."""

    passkey: Passkey


def site_of(request: Request) -> Site:
    """Return where passkeys work; raises `NotFound` where people come by a bare address."""
    config = request.app.state.config
    if not config.passkey_host:
        raise NotFound
    return Site(config.named_origin, config.passkey_host)


async def index(request: Request) -> Response:
    """List one's passkeys."""
    config, done = request.app.state.config, request.query_params.get("done", "")
    mine = await passkey_management.mine(actor_of(request))
    elsewhere = (
        "" if request.headers["host"] == config.named_origin.partition("//")[2] else config.named_origin
    )
    context = PasskeysPage(
        mine,
        len(mine) + len(mine.damaged) >= passkey_management.MOST,
        done if done in DONE else "",
        elsewhere,
    )
    return page(request, "account/passkeys.html", context)


async def options(request: Request) -> Response:
    """Return what the browser needs to create one."""
    return JSONResponse(await passkey_management.asked_to_add(actor_of(request), site_of(request)))


async def new(request: Request) -> Response:
    """Show the form, or add a passkey that the browser has just created."""
    if request.method == "GET":
        return page(request, "account/passkey_new.html", NewPage(device_of(request)))
    form, token = await Form.read(request), session_cookie.token_of(request)
    if token is None:
        raise NotFound
    try:
        added = await passkey_management.add(
            actor_of(request), token, site_of(request), form["name"], form["credential"], form["prf"]
        )
    except Refused as error:
        again = NewPage(form["name"], dict(error.fields))
        return page(request, "account/passkey_new.html", again, status=422)
    return see_other(request, f"{LIST}?done={'opens' if added.document.opens else 'plain'}")


async def passkey(request: Request) -> Response:
    """Show one passkey, or rename it."""
    actor, wanted = actor_of(request), request.path_params["id"]
    found = await passkey_management.one(actor, wanted)
    if request.method == "GET":
        return page(request, "account/passkey.html", OnePage(found, found.document.name))
    form = await Form.read(request)
    try:
        await passkey_management.rename(actor, wanted, form["name"])
    except Refused as error:
        again = OnePage(found, form["name"], dict(error.fields))
        return page(request, "account/passkey.html", again, status=422)
    return see_other(request, f"{LIST}?done=renamed")


async def removal(request: Request) -> Response:
    """Show what removal means, or remove a passkey."""
    actor, wanted = actor_of(request), request.path_params["id"]
    if request.method == "GET":
        return page(
            request, "account/passkey_removal.html", RemovalPage(await passkey_management.one(actor, wanted))
        )
    await passkey_management.remove(actor, wanted)
    return see_other(request, f"{LIST}?done=removed")
