"""One's own passkeys: list, add, rename and remove them."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from journal.errors import InvalidInput, NotFound
from journal.passkeys import management as passkey_management
from journal.passkeys.rows import Passkey
from journal.passkeys.webauthn import Site
from journal.store.rows import OpenedRows
from portal.access import session_cookie
from portal.access.session_cookie import get_actor
from portal.http.client import format_device, get_device_name
from portal.web.forms import Form
from portal.web.pages import get_translator, redirect, render_page

PASSKEYS_PATH = "/account/passkeys"
DONE = frozenset({"opens", "plain", "renamed", "removed"})


@dataclass(frozen=True, slots=True)
class PasskeysPage:
    """Context of the list. `elsewhere`: the origin at which passkeys work, where it is not this one."""

    passkeys: OpenedRows[Passkey]
    is_full: bool
    done: str
    elsewhere: str


@dataclass(frozen=True, slots=True)
class NewPasskeyPage:
    """Context of the page that adds one."""

    name: str
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PasskeyPage:
    """Context of the page of one passkey."""

    passkey: Passkey
    name: str
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PasskeyRemovalPage:
    """Context of the page that asks before one is removed."""

    passkey: Passkey


def get_site(request: Request) -> Site:
    """Return where passkeys work; raises `NotFound` where people come by a bare address."""
    config = request.app.state.config
    if not config.passkey_host:
        raise NotFound
    return Site(config.named_origin, config.passkey_host)


async def show_passkeys(request: Request) -> Response:
    """List one's passkeys."""
    config, done = request.app.state.config, request.query_params.get("done", "")
    mine = await passkey_management.list_passkeys(get_actor(request))
    elsewhere = (
        "" if request.headers["host"] == config.named_origin.partition("//")[2] else config.named_origin
    )
    context = PasskeysPage(
        mine,
        len(mine) + len(mine.damaged) >= passkey_management.MAX_PASSKEYS,
        done if done in DONE else "",
        elsewhere,
    )
    return render_page(request, "account/passkeys.html", context)


async def send_creation_options(request: Request) -> Response:
    """Return what the browser needs to create one."""
    return JSONResponse(
        await passkey_management.build_creation_options(get_actor(request), get_site(request))
    )


async def add_passkey(request: Request) -> Response:
    """Show the form, or add a passkey that the browser has just created."""
    if request.method == "GET":
        name = format_device(get_device_name(request), get_translator(request))
        return render_page(request, "account/passkey_new.html", NewPasskeyPage(name))
    form, token = await Form.read(request), session_cookie.get_token(request)
    if token is None:
        raise NotFound
    try:
        added = await passkey_management.add_passkey(
            get_actor(request), token, get_site(request), form["name"], form["credential"], form["prf"]
        )
    except InvalidInput as error:
        again = NewPasskeyPage(form["name"], dict(error.fields))
        return render_page(request, "account/passkey_new.html", again, status=422)
    return redirect(request, f"{PASSKEYS_PATH}?done={'opens' if added.document.opens else 'plain'}")


async def edit_passkey(request: Request) -> Response:
    """Show one passkey, or rename it."""
    actor, wanted = get_actor(request), request.path_params["id"]
    found = await passkey_management.load_passkey(actor, wanted)
    if request.method == "GET":
        return render_page(request, "account/passkey.html", PasskeyPage(found, found.document.name))
    form = await Form.read(request)
    try:
        await passkey_management.rename_passkey(actor, wanted, form["name"])
    except InvalidInput as error:
        again = PasskeyPage(found, form["name"], dict(error.fields))
        return render_page(request, "account/passkey.html", again, status=422)
    return redirect(request, f"{PASSKEYS_PATH}?done=renamed")


async def remove_passkey(request: Request) -> Response:
    """Show what removal means, or remove a passkey."""
    actor, wanted = get_actor(request), request.path_params["id"]
    if request.method == "GET":
        return render_page(
            request,
            "account/passkey_removal.html",
            PasskeyRemovalPage(await passkey_management.load_passkey(actor, wanted)),
        )
    await passkey_management.remove_passkey(actor, wanted)
    return redirect(request, f"{PASSKEYS_PATH}?done=removed")
