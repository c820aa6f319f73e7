"""Reset an account with a link from one's clinician, and open what was set retained_records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from journal.account_reset import reset as account_reset
from journal.account_reset import retained_records
from journal.account_reset.retained_records import RetainedRecords
from journal.actor import Actor
from journal.errors import InvalidInput, LinkExpired
from journal.store.rows import OpenedRows
from journal.user_input import parse_whole_number
from portal.access import known_browser, session_cookie
from portal.access.session_cookie import get_actor
from portal.web.forms import Form
from portal.web.pages import redirect, render_page


@dataclass(frozen=True, slots=True)
class AccountResetPage:
    """Context of the page of a reset link; somebody signed in only renews the connection."""

    clinician_name: str
    email: str = ""
    understood: bool = False
    rested: bool = False
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RetainedRecordsPage:
    """Context of the page that opens what was set aside; `restored_count` entries were just restored."""

    retained: OpenedRows[RetainedRecords]
    restored_count: int | None = None
    errors: Mapping[str, str] = field(default_factory=dict)


async def reset_account(request: Request) -> Response:
    """Show what is lost and what can be restored; then reset the account, or renew one connection."""
    installation, token = request.app.state.installation, request.path_params["token"]
    actor: Actor | None = request.state.actor
    async with known_browser.count_link_attempt(request):
        offered = await account_reset.preview_reset(installation, token)
    if actor is not None and actor.id != offered.patient:
        raise LinkExpired
    if request.method == "GET":
        return render_page(request, "account/restart.html", AccountResetPage(offered.clinician_name))
    if actor is not None:
        return redirect(request, f"/sharing/{await account_reset.renew_link(actor, token)}")
    form = await Form.read(request)
    try:
        session = await account_reset.reset_account(
            installation,
            token,
            form["email"],
            form["password"],
            form["repeated"],
            request.app.state.practice.current.name,
            understood="understood" in form,
            rested="rested" in form,
        )
    except InvalidInput as error:
        ticked = ("understood" in form, "rested" in form)
        again = AccountResetPage(offered.clinician_name, form["email"], *ticked, error.fields)
        return render_page(request, "account/restart.html", again, status=422)
    return await session_cookie.set_token(request, redirect(request, session_cookie.RECOVERY_KEY), session)


async def restore_records(request: Request) -> Response:
    """Show what was set aside, or open it with the old password or recovery key."""
    actor = get_actor(request)
    if request.method == "GET":
        back = request.query_params.get("back", "")
        number = parse_whole_number(back, 6)
        return render_page(
            request,
            "account/set_aside.html",
            RetainedRecordsPage(await retained_records.list_retained_records(actor), number),
        )
    form = await Form.read(request)
    try:
        came = await retained_records.restore_records(actor, form["secret"], form["secret_key"])
    except InvalidInput as error:
        again = RetainedRecordsPage(await retained_records.list_retained_records(actor), errors=error.fields)
        return render_page(request, "account/set_aside.html", again, status=422)
    return redirect(request, f"/account/set-aside?back={came}")
