"""Manage one's secret key: what it is for, turn it on, show it again, turn it off."""

from __future__ import annotations

from dataclasses import dataclass, field

import segno
from starlette.requests import Request
from starlette.responses import Response

from journal.errors import InvalidInput
from journal.secret_keys import secret_keys
from journal.secret_keys.secret_keys import SecretKeyOffer, SecretKeyState
from portal.access.kept_keys import set_kept_keys
from portal.access.session_cookie import get_actor
from portal.documents.printing import build_document, send_pdf
from portal.documents.secret_key_kit import FILE_NAME, FOOT, TITLE, build_kit
from portal.web.dates import format_short_day
from portal.web.errors import build_refusal_arguments
from portal.web.forms import Form
from portal.web.pages import get_translator, redirect, render_page

SECRET_KEY_PATH = "/account/secret-key"
DONE = frozenset({"added", "removed"})


@dataclass(frozen=True, slots=True)
class SecretKeyPage:
    """Context of the page that explains it, with the form that turns it on; `done` is what was just done."""

    state: SecretKeyState
    done: str = ""
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewSecretKeyPage:
    """
    Context of the page that shows a secret key: a new one until it is confirmed, or with `is_on` the one in use.

    `picture` is a data: address.
    """

    offer: SecretKeyOffer
    picture: str
    is_on: bool = False
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SecretKeyPasswordPage:
    """Context of the pages that ask for the password before the key is shown, or turned off."""

    errors: dict[str, str] = field(default_factory=dict)


async def turn_on_secret_key(request: Request) -> Response:
    """Show what it is for and how it is; with the password, draw a key and show it."""
    actor = get_actor(request)
    if request.method == "GET":
        done = request.query_params.get("done", "")
        page = SecretKeyPage(await secret_keys.load_state(actor), done if done in DONE else "")
        return render_page(request, "account/secret_key.html", page)
    form = await Form.read(request)
    try:
        offer = await secret_keys.offer_secret_key(actor, form["current"])
    except InvalidInput as error:
        again = SecretKeyPage(await secret_keys.load_state(actor), errors=dict(error.fields))
        return render_page(request, "account/secret_key.html", again, **build_refusal_arguments(error))
    return render_page(request, "account/secret_key_new.html", NewSecretKeyPage(offer, _draw(offer)))


async def confirm_secret_key(request: Request) -> Response:
    """Turn it on once the person has typed the last group; otherwise show the same key again."""
    form, actor = await Form.read(request), get_actor(request)
    try:
        kept = await secret_keys.confirm_secret_key(actor, form["offer"], form["typed"])
    except InvalidInput as error:
        offer = secret_keys.reopen_offer(actor, form["offer"])
        again = NewSecretKeyPage(offer, _draw(offer), errors=dict(error.fields))
        return render_page(request, "account/secret_key_new.html", again, status=422)
    return set_kept_keys(request, redirect(request, f"{SECRET_KEY_PATH}?done=added"), kept)


async def download_secret_key_kit(request: Request) -> Response:
    """Return the key as a page to print; nothing is stored."""
    form, actor = await Form.read(request), get_actor(request)
    offer = secret_keys.reopen_offer(actor, form["offer"])
    translate, origin = get_translator(request), request.app.state.config.origin
    kit = build_kit(offer.formatted_key, origin, format_short_day(actor.now, actor.zone), translate)
    document = build_document(actor, translate(TITLE), kit, translate, foot=FOOT)
    return await send_pdf(request, document, FILE_NAME)


async def show_secret_key(request: Request) -> Response:
    """Ask for the password, then show the key that this browser keeps."""
    if request.method == "GET":
        return render_page(request, "account/secret_key_shown.html", SecretKeyPasswordPage())
    form = await Form.read(request)
    try:
        offer = await secret_keys.show_secret_key(get_actor(request), form["current"])
    except InvalidInput as error:
        again = SecretKeyPasswordPage(dict(error.fields))
        return render_page(request, "account/secret_key_shown.html", again, **build_refusal_arguments(error))
    return render_page(
        request, "account/secret_key_new.html", NewSecretKeyPage(offer, _draw(offer), is_on=True)
    )


async def remove_secret_key(request: Request) -> Response:
    """Show the form, or turn the secret key off, with the password."""
    if request.method == "GET":
        return render_page(request, "account/secret_key_removal.html", SecretKeyPasswordPage())
    form = await Form.read(request)
    try:
        kept = await secret_keys.remove_secret_key(get_actor(request), form["current"])
    except InvalidInput as error:
        again = SecretKeyPasswordPage(dict(error.fields))
        return render_page(
            request, "account/secret_key_removal.html", again, **build_refusal_arguments(error)
        )
    return set_kept_keys(request, redirect(request, f"{SECRET_KEY_PATH}?done=removed"), kept)


def _draw(offer: SecretKeyOffer) -> str:
    # Upper-case letters, digits and hyphens: a QR code of them is small (ISO/IEC 18004, alphanumeric mode).
    return segno.make(offer.formatted_key, error="m", micro=False).svg_data_uri(border=4, omitsize=True)
