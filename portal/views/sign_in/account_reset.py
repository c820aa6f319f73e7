"""Reset an account with a link from one's clinician, and open what was set aside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from journal.account_reset import reset as account_reset
from journal.account_reset import retained_records as aside
from journal.account_reset.retained_records import Kept
from journal.actor import Actor
from journal.errors import LinkExpired, Refused
from journal.store.rows import Opened
from journal.typed import read_whole
from portal.access import known_browser, session_cookie
from portal.access.session_cookie import actor_of
from portal.web.forms import Form
from portal.web.pages import page, see_other


@dataclass(frozen=True, slots=True)
class RestartPage:
    """Context of the page of a reset link; somebody signed in only renews the connection."""

    clinician_name: str
    email: str = ""
    understood: bool = False
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SetAsidePage:
    """Context of the page that opens what was set aside; `back` entries were just restored."""

    kept: Opened[Kept]
    back: int | None = None
    errors: Mapping[str, str] = field(default_factory=dict)


async def restart(request: Request) -> Response:
    """Show what is lost and what can be restored; then reset the account, or renew one connection."""
    house, token = request.app.state.house, request.path_params["token"]
    actor: Actor | None = request.state.actor
    async with known_browser.counted(request):
        offered = await account_reset.welcome(house, token)
    if actor is not None and actor.id != offered.patient:
        raise LinkExpired
    if request.method == "GET":
        return page(request, "account/restart.html", RestartPage(offered.clinician_name))
    if actor is not None:
        return see_other(request, f"/sharing/{await account_reset.renew(actor, token)}")
    form = await Form.read(request)
    try:
        session = await account_reset.restart(
            house,
            token,
            form["email"],
            form["password"],
            form["repeated"],
            request.app.state.practice.current.name,
            understood="understood" in form,
        )
    except Refused as error:
        again = RestartPage(offered.clinician_name, form["email"], "understood" in form, error.fields)
        return page(request, "account/restart.html", again, status=422)
    return session_cookie.set_token(request, see_other(request, session_cookie.RECOVERY_KEY), session)


async def set_aside(request: Request) -> Response:
    """Show what was set aside, or open it with the old password or recovery key."""
    actor = actor_of(request)
    if request.method == "GET":
        back = request.query_params.get("back", "")
        number = read_whole(back, 6)
        return page(request, "account/set_aside.html", SetAsidePage(await aside.kept(actor), number))
    form = await Form.read(request)
    try:
        came = await aside.reopen(actor, form["secret"])
    except Refused as error:
        again = SetAsidePage(await aside.kept(actor), errors=error.fields)
        return page(request, "account/set_aside.html", again, status=422)
    return see_other(request, f"/account/set-aside?back={came}")
