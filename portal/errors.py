"""The one table that says which error becomes which page."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

import asyncpg
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from tortoise.exceptions import DBConnectionError, OperationalError, TransactionManagementError

from journal.care import SharingPaused
from journal.errors import (
    Damaged,
    HeldUntilRested,
    JournalError,
    LinkExpired,
    NotFound,
    Refused,
    StaleRevision,
    TrustBroken,
)
from journal.invitations import AlreadyLinked
from journal.recovery import OfferOver
from journal.sharing import ConsentRequired
from journal.words import N_
from portal.pages import page, translator

STATUS: tuple[tuple[type[JournalError], int, str], ...] = (
    (NotFound, 404, N_("Nothing here")),
    (LinkExpired, 404, N_("This link has run out")),
    (HeldUntilRested, 409, N_("Not today")),
    (SharingPaused, 409, N_("Sharing is paused")),
    (StaleRevision, 409, N_("Something newer was saved")),
    (AlreadyLinked, 409, N_("Already connected")),
    (OfferOver, 409, N_("Another key was made")),
    (TrustBroken, 409, N_("Sharing has stopped")),
    (ConsentRequired, 422, N_("Not shared yet")),
    (Refused, 422, N_("Have another look")),
    (Damaged, 500, N_("This record cannot be opened")),
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


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """Context of the error page: a title, and a sentence that says what to do next."""

    heading: str
    sentence: str
    details: tuple[str, ...] = ()


async def journal_error(request: Request, error: Exception) -> Response:
    """Answer an error of the domain with its page."""
    if not isinstance(error, JournalError):
        raise error
    status, heading = next((status, heading) for kind, status, heading in STATUS if isinstance(error, kind))
    _ = translator(request)
    details = tuple(_(sentence) for sentence in error.fields.values()) if isinstance(error, Refused) else ()
    return page(
        request, "error.html", ErrorPage(_(heading), _(error.message), details), block="main", status=status
    )


async def http_error(request: Request, error: Exception) -> Response:
    """Answer what the framework refused: no such address, wrong method, a body that cannot be read."""
    if not isinstance(error, HTTPException):
        raise error
    _ = translator(request)
    heading, sentence = REFUSED.get(error.status_code, UNREADABLE)
    context = ErrorPage(_(heading), _(sentence))
    return page(request, "error.html", context, block="main", status=error.status_code, headers=error.headers)


async def store_gone(request: Request, error: Exception) -> Response:
    """Answer 503 while the database cannot be reached: nothing is ever called saved that was not."""
    _ = translator(request)
    sentence = N_(
        "We cannot reach our records now. Nothing was saved. Your words are still on the page you came from."
    )
    return page(
        request,
        "error.html",
        ErrorPage(_(N_("One moment")), _(sentence)),
        block="main",
        status=503,
        headers={"retry-after": "10"},
    )


HANDLERS = {
    JournalError: journal_error,
    HTTPException: http_error,
    DBConnectionError: store_gone,
    OperationalError: store_gone,
    TransactionManagementError: store_gone,
    # The ORM lets these through as the drivers raise them: no room to commit, a server that went away.
    sqlite3.OperationalError: store_gone,
    asyncpg.PostgresConnectionError: store_gone,
    asyncpg.OperatorInterventionError: store_gone,
    asyncpg.InsufficientResourcesError: store_gone,
    asyncpg.InterfaceError: store_gone,
    ConnectionError: store_gone,
    TimeoutError: store_gone,
}
