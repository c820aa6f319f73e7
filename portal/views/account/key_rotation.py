"""Rotate the keys of one's own account: what it means, its beginning, and its progress."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.authentication import second_factor
from journal.care import links
from journal.care.links import Link
from journal.errors import InvalidInput
from journal.key_rotation import account_key
from journal.key_rotation.account_key import RotationProgress
from journal.roles import Role
from journal.secret_keys import secret_keys
from journal.vault import record_state
from portal.access import session_cookie
from portal.access.session_cookie import get_actor
from portal.web.forms import Form
from portal.web.pages import redirect, render_page

BATCHES_PER_REQUEST = 40  # of one request, one for each column and more: some 400 ms for 2,000 records


@dataclass(frozen=True, slots=True)
class RotationPage:
    """
    Context of the page: with `progress` while a rotation is under way, else what it would mean.

    Without `is_intact` a patient's journal is not as it was left; that can be reviewed first. `due` are a clinician's
    links whose patients have not come since the clinician renewed their keys; `has_second_factor` and
    `has_secret_key` say what else it touches.
    """

    progress: RotationProgress | None = None
    is_intact: bool = True
    due: tuple[Link, ...] = ()
    has_second_factor: bool = False
    has_secret_key: bool = False
    errors: Mapping[str, str] = field(default_factory=dict)


async def rotate_keys(request: Request) -> Response:
    """Show what a rotation means, or, with the password, begin it; the new recovery key comes first."""
    actor = get_actor(request)
    if request.method == "GET":
        return render_page(request, "account/renewal.html", await _build_page(actor))
    form = await Form.read(request)
    factor, _ = await second_factor.load_second_factor(actor.id, actor.vault)
    try:
        token = await account_key.begin_rotation(actor, form["current"])
    except InvalidInput as error:
        again = replace(await _build_page(actor), errors=error.fields)
        return render_page(request, "account/renewal.html", again, status=422)
    where = session_cookie.RECOVERY_KEY + ("?second-step=off" if factor.is_enabled else "")
    return await session_cookie.set_token(request, redirect(request, where), token)


async def _build_page(actor: Actor) -> RotationPage:
    came = await account_key.load_progress(actor)
    due: tuple[Link, ...] = ()
    if actor.role is Role.CLINICIAN:
        due = tuple(link for link in await links.load_my_links(actor) if link.due_at)
    if came is not None:
        return RotationPage(came, due=due)
    factor, _ = await second_factor.load_second_factor(actor.id, actor.vault)
    secret_key = await secret_keys.load_state(actor)
    return RotationPage(None, await _is_intact(actor), due, factor.is_enabled, secret_key.is_on)


async def _is_intact(actor: Actor) -> bool:
    """Return whether a patient's journal is as it was left: new keys neither hide nor repair anything."""
    return (
        actor.role is not Role.PATIENT or (await record_state.compare_records(actor, earlier=True)).is_intact
    )


async def reseal_batches(request: Request) -> Response:
    """Reseal some batches, and show the progress."""
    actor = get_actor(request)
    came = await account_key.reseal_batches(actor, BATCHES_PER_REQUEST)
    if came.finished and not actor.is_rotating_keys:
        return redirect(request, "/")  # it was the keys of somebody else that changed
    if came.finished:
        return redirect(request, "/account?done=" + ("kept" if came.unopened else "renewed"))
    return render_page(request, "account/renewal.html", RotationPage(came), block="progress")
