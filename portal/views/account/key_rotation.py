"""Rotate the keys of one's own account: what it means, its beginning, and its progress."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.errors import Refused
from journal.key_rotation import account_key as renewing
from journal.key_rotation.account_key import Progress
from journal.roles import Role
from journal.vault import record_state
from portal.access import session_cookie
from portal.access.session_cookie import actor_of
from portal.web.forms import Form
from portal.web.pages import page, see_other

BATCHES = 10  # of one request: some 300 ms for 2,000 records


@dataclass(frozen=True, slots=True)
class RenewalPage:
    """
    Context of the page: with `progress` while a rotation is under way, else what it would mean.

    Without `as_left` a patient's journal is not as it was left; that can be reviewed first.
    """

    progress: Progress | None = None
    as_left: bool = True
    errors: Mapping[str, str] = field(default_factory=dict)


async def renewal(request: Request) -> Response:
    """Show what a rotation means, or, with the password, begin it; the new recovery key comes first."""
    actor = actor_of(request)
    if request.method == "GET":
        came = await renewing.progress(actor)
        return page(
            request, "account/renewal.html", RenewalPage(came, came is not None or await _as_left(actor))
        )
    form = await Form.read(request)
    try:
        token = await renewing.begin(actor, form["current"])
    except Refused as error:
        again = RenewalPage(as_left=await _as_left(actor), errors=error.fields)
        return page(request, "account/renewal.html", again, status=422)
    return session_cookie.set_token(request, see_other(request, session_cookie.RECOVERY_KEY), token)


async def _as_left(actor: Actor) -> bool:
    """Return whether a patient's journal is as it was left: new keys neither hide nor repair anything."""
    return actor.role is not Role.PATIENT or (await record_state.look(actor, earlier=True)).as_left


async def batches(request: Request) -> Response:
    """Reseal some batches, and show the progress."""
    came = await renewing.go_on(actor_of(request), BATCHES)
    if came.over:
        return see_other(request, "/account?done=" + ("kept" if came.unopened else "renewed"))
    return page(request, "account/renewal.html", RenewalPage(came), block="progress")
