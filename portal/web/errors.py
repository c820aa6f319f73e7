"""Error pages: which error becomes which page."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

import asyncpg
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from tortoise.exceptions import DBConnectionError, OperationalError, TransactionManagementError

from journal.accounts.current_keys import ConcurrentChange
from journal.authentication.recovery_key import OfferExpired
from journal.authentication.totp_enrolment import EnrolmentExpired
from journal.care.invitations import AlreadyLinked
from journal.care.link_keys import SharingPaused
from journal.dosing_day.requests import format_key
from journal.errors import (
    Damaged,
    HeldUntilRested,
    InvalidInput,
    JournalError,
    LinkExpired,
    NotFound,
    StaleRevision,
    TrustBroken,
)
from journal.i18n import N_
from journal.installation.password_work import Busy
from journal.rate_limiting.limits import TooManyAttempts
from journal.secret_keys.secret_keys import SecretKeyOfferExpired
from journal.sessions.holds import HELD_UNTIL_ANSWERED
from journal.sharing.handover_answers import ClinicianUnavailable
from journal.sharing.terms import FilingNotAllowed
from journal.store.progress import Progress
from journal.vault.record_state import RollbackDetected
from portal.web.device_cookies import find_language
from portal.web.forms import Form
from portal.web.pages import get_translator, is_htmx, render_page
from portal.web.translation import set_language

ERROR_STATUSES: tuple[tuple[type[JournalError], int, str], ...] = (
    (NotFound, 404, N_("Nothing here")),
    (LinkExpired, 404, N_("This link has run out")),
    (HeldUntilRested, 409, N_("Not today")),
    (SharingPaused, 409, N_("Sharing is paused")),
    (FilingNotAllowed, 409, N_("Not filed")),
    (ConcurrentChange, 409, N_("Changed in another window")),
    (StaleRevision, 409, N_("Something newer was saved")),
    (ClinicianUnavailable, 409, N_("Not now")),
    (AlreadyLinked, 409, N_("Already connected")),
    (OfferExpired, 409, N_("Another key was made")),
    (TrustBroken, 409, N_("Sharing has stopped")),
    (RollbackDetected, 409, N_("Your journal is not as you left it")),
    (SecretKeyOfferExpired, 409, N_("This page is too old")),
    (EnrolmentExpired, 409, N_("This page is too old")),
    (Busy, 503, N_("One moment")),
    (TooManyAttempts, 429, N_("One moment")),
    (InvalidInput, 422, N_("Look again")),
    (Damaged, 409, N_("This record cannot be opened")),
    (JournalError, 400, N_("That did not work")),
)

NOTHING_HERE = (N_("Nothing here"), NotFound.message)
UNREADABLE = (
    N_("That could not be read"),
    N_("What was sent is too large or not a form. Nothing was saved. Go back and try with less."),
)
REFUSED = {
    403: (
        N_("Sent from elsewhere"),
        N_(
            "This was not sent from a page of ours, so nothing was done. Open the page here and send it again."
        ),
    ),
    404: NOTHING_HERE,
    405: NOTHING_HERE,
    408: (
        N_("That took too long"),
        N_("What you sent did not arrive in time, so nothing was saved. Go back and send it once more."),
    ),
}

UNAVAILABLE = N_("We cannot reach our records now. Please try again in a moment.")
NOT_SAVED = N_(
    "We cannot reach our records now. Nothing was saved. Your words are still on the page you came from."
)
NOT_SAVED_SHOWN_AGAIN = N_(
    "We cannot reach our records now. Nothing was saved. Your words are here: send them again in a moment."
)
OUTCOME_UNKNOWN_SHOWN_AGAIN = N_(
    "The database did not answer, so we cannot tell whether this was saved. Your words are here. "
    "Check in a moment, and send them again if needed."
)
OUTCOME_UNKNOWN = N_(
    "The database did not answer, so we cannot tell whether this was saved. Your words are still on "
    "the page you came from. Check in a moment, and send them again if needed."
)
SIGNED_OUT_LOCALLY = N_(
    "We cannot reach our records now. This browser has forgotten you, but the session itself is not ended yet: it ends"
    " by itself within twelve hours."
)
SERVER_ERROR = N_(
    "Something went wrong on our side. Go back: your words are still on that page. If you had sent something, we cannot"
    " tell whether it was saved: look before you send it again."
)
SERVER_ERROR_SHOWN_AGAIN = N_(
    "Something went wrong on our side, and we cannot tell whether this was saved. Your words are here: copy them, or"
    " send them again."
)


@dataclass(frozen=True, slots=True)
class HeldRefusal:
    """
    An act that was held: it `is_kept`, to be asked again after rest, or can be, by its `request`.

    `is_unanswered`: what holds it is that nobody said whether a session took place.
    """

    is_kept: bool
    is_unanswered: bool
    request: str = ""
    sections: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """
    Context of the error page: a title, and a sentence that says what to do next.

    `held` is there where the act waits until its patient has rested.

    `pending_fields` are the fields of a form that was not saved, to be sent again to `pending_action` if there is
    one; `had_secret` says that there was a password among them. `request_id` is the request's id in the log.
    `may_leave`: a session's cookie came and nobody was loaded by it, so the quick exit is offered.
    """

    heading: str
    sentence: str
    details: tuple[str, ...] = ()
    pending_fields: tuple[tuple[str, str], ...] = ()
    pending_action: str = ""
    had_secret: bool = False
    request_id: str = ""
    may_leave: bool = False
    held: HeldRefusal | None = None


async def render_journal_error(request: Request, error: Exception) -> Response:
    """Return the page of an error of the domain."""
    if not isinstance(error, JournalError):
        raise error
    request.state.error = error
    status, heading = next(
        (status, heading) for kind, status, heading in ERROR_STATUSES if isinstance(error, kind)
    )
    _ = get_translator(request)
    details: tuple[str, ...] = ()
    if isinstance(error, InvalidInput) and not isinstance(error, TooManyAttempts):
        details = tuple(_(sentence) for sentence in error.fields.values())
    form = await read_sent_form(request)
    if isinstance(error, Busy):
        context = ErrorPage(_(heading), _(error.message), **build_pending_fields(request, form))
        return render_page(
            request, "error.html", context, block="main", status=status, headers=build_retry_header(error)
        )
    words = () if form is None else tuple(item for item in form.restorable if " " in item[1].strip())
    held = _build_held_refusal(request, error) if isinstance(error, HeldUntilRested) else None
    context = ErrorPage(_(heading), _(error.message), details, words, held=held)
    headers = build_retry_header(error)
    return render_page(request, "error.html", context, block="main", status=status, headers=headers)


def _build_held_refusal(request: Request, error: HeldUntilRested) -> HeldRefusal:
    is_kept, is_unanswered = getattr(request.state, "is_kept", False), error.message == HELD_UNTIL_ANSWERED
    if is_kept or error.asked is None:
        return HeldRefusal(is_kept, is_unanswered)
    return HeldRefusal(False, is_unanswered, format_key(error.asked), error.asked.sections)


def build_refusal_arguments(error: JournalError) -> dict[str, Any]:
    """Return status and headers of a form that is shown again: 429 with the time to wait, or 422."""
    return {
        "status": 429 if isinstance(error, TooManyAttempts) else 422,
        "headers": build_retry_header(error),
    }


def build_retry_header(error: JournalError) -> dict[str, str]:
    """Return the header that says how long to wait, if anything."""
    return {"retry-after": str(error.retry_after)} if isinstance(error, TooManyAttempts | Busy) else {}


def _has_cookie(request: Request) -> bool:
    return request.app.state.config.cookie in request.cookies


async def render_http_error(request: Request, error: Exception) -> Response:
    """Return the page of what the framework refused: no such address, wrong method, a body that cannot be read."""
    if not isinstance(error, HTTPException):
        raise error
    set_language(find_language(request))  # where there is no such page, nobody did yet
    _ = get_translator(request)
    heading, sentence = REFUSED.get(error.status_code, UNREADABLE)
    context = ErrorPage(_(heading), _(sentence), may_leave=_has_cookie(request))
    return render_page(
        request, "error.html", context, block="main", status=error.status_code, headers=error.headers
    )


async def render_unavailable(request: Request, error: Exception, sentence: str = "") -> Response:
    """Return 503 while the database cannot be reached; the page never says that something was saved."""
    request.state.error = error
    _ = get_translator(request)
    form = await read_sent_form(request)
    progress: Progress | None = getattr(request.state, "progress", None)
    perhaps = progress is not None and progress.commits > 0
    if not sentence and request.method != "POST":
        sentence = UNAVAILABLE
    elif not sentence and form is None:
        sentence = OUTCOME_UNKNOWN if perhaps else NOT_SAVED
    elif not sentence:
        sentence = OUTCOME_UNKNOWN_SHOWN_AGAIN if perhaps else NOT_SAVED_SHOWN_AGAIN
    pending = build_pending_fields(request, form)
    context = ErrorPage(_(N_("One moment")), _(sentence), may_leave=_has_cookie(request), **pending)
    return render_page(
        request, "error.html", context, block="main", status=503, headers={"retry-after": "10"}
    )


async def render_server_error(request: Request, request_id: str) -> Response:
    """Return 500 for an unexpected error, with what was typed."""
    set_language(find_language(request))
    _ = get_translator(request)
    form = await read_sent_form(request)
    context = ErrorPage(
        _(N_("This did not work")),
        _(SERVER_ERROR if form is None else SERVER_ERROR_SHOWN_AGAIN),
        request_id=request_id,
        may_leave=_has_cookie(request),
        **build_pending_fields(request, form),
    )
    return render_page(request, "error.html", context, block="main", status=500)


async def read_sent_form(request: Request) -> Form | None:
    """Return the form of a request that replaces its page; None for htmx, which keeps the page, and without a form."""
    if request.method != "POST" or is_htmx(request):
        return None
    try:
        return await Form.read(request)
    except (HTTPException, ClientDisconnect, RuntimeError):
        return None  # it cannot be read, or was read in part


def build_pending_fields(request: Request, form: Form | None) -> dict[str, Any]:
    """Return the fields of `ErrorPage` with which a form can be sent again."""
    if form is None:
        return {}
    where = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return {
        "pending_fields": form.restorable,
        "pending_action": where,
        "had_secret": form.restorable != form.items,
    }


# The ORM lets many through as the drivers raise them: no room to commit, a server that went away.
UNAVAILABLE_ERRORS = (
    DBConnectionError,
    OperationalError,
    TransactionManagementError,
    sqlite3.OperationalError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection of which the driver has lost track
    asyncpg.InvalidTransactionStateError,  # 25006: a standby; 25P03: a transaction that rested for too long
    asyncpg.LockNotAvailableError,
    asyncpg.TransactionRollbackError,  # 40001, 40P01
    ConnectionError,
    TimeoutError,
)
HANDLERS = {
    JournalError: render_journal_error,
    HTTPException: render_http_error,
    **dict.fromkeys(UNAVAILABLE_ERRORS, render_unavailable),
}
