"""A page as a file to print: what every such document says, which paper it is for, and the answer that carries it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from http import HTTPStatus

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.i18n import N_
from portal.documents.page_reading import read_page
from portal.paper.document import Block, Document, Paper
from portal.paper.typesetting import typeset
from portal.web.dates import format_short_day
from portal.web.device_cookies import find_help_region
from portal.web.pages import get_translator
from portal.web.translation import get_language

AS_PDF = "pdf"
"""The value of `as` in an address that asks for a page as a file to print."""

PATIENT_REPORTED = N_("Patient-reported, not verified")
PARTLY_REPORTED = N_("Patient-reported or noted by others, not verified")
"""The same of pages on which something stands that a clinic or a sitter noted."""
PAGE_LABEL = N_("Page %(page)s of %(pages)s")
UNSET_NOTE = N_(
    "Where […] stands, the letters cannot be printed here. The page on the screen has the whole text."
)
LETTER_REGIONS = frozenset({"US", "CA", "MX"})
"""Regions of the help page whose printers hold Letter. Everywhere else paper is A4."""


def choose_paper(request: Request) -> Paper:
    """Return the paper of the region that help is shown for: this browser's, the account's or the practice's."""
    region = find_help_region(request)
    return Paper.LETTER if region is not None and region.code in LETTER_REGIONS else Paper.A4


def build_document(
    actor: Actor,
    title: str,
    blocks: Sequence[Block],
    translate: Callable[[str], str],
    *,
    foot: str,
    one_page: bool = False,
    columns: int = 1,
    landscape: bool = False,
) -> Document:
    """
    Return a document in the language of the page, dated today where the actor is.

    Args:
        title: Translated, as is all that the blocks say of ours.
        foot: A sentence of ours for the foot of each page, to be translated here.
    """
    return Document(
        title,
        get_language(),
        format_short_day(actor.now, actor.zone),
        actor.now,
        translate(foot),
        tuple(blocks),
        translate(PAGE_LABEL),
        unset_note=translate(UNSET_NOTE),
        one_page=one_page,
        columns=columns,
        landscape=landscape,
    )


async def print_page(
    request: Request,
    actor: Actor,
    page: Response,
    title: str,
    file_name: str,
    *,
    heading: str = "",
    has_notes: bool = False,
    one_page: bool = False,
    columns: int = 1,
    landscape: bool = False,
) -> Response:
    """
    Return a page as a file to save, if it was asked for so, and else the page.

    Args:
        page: As it was rendered, for whoever asks.
        title: A sentence of ours, to be translated here. It stands in the file's own data, where no name does.
        heading: What stands above the pages in its place, translated; it may name somebody.
        has_notes: Something on the page was noted by others than the patient.
    """
    if request.query_params.get("as") != AS_PDF or page.status_code != HTTPStatus.OK:
        return page
    translate = get_translator(request)
    title = translate(title)
    blocks = await to_thread.run_sync(read_page, bytes(page.body).decode(), get_language(), heading or title)
    foot = PARTLY_REPORTED if has_notes else PATIENT_REPORTED
    document = build_document(
        actor, title, blocks, translate, foot=foot, one_page=one_page, columns=columns, landscape=landscape
    )
    document = replace(document, heading=heading)
    return await send_pdf(request, document, file_name)


async def send_pdf(request: Request, document: Document, file_name: str) -> Response:
    """Return a document as a file to save, under a name that says nothing of anybody; nothing is stored."""
    made = await typeset(request.app.state.installation, document, choose_paper(request))
    headers = {"content-disposition": f'attachment; filename="{file_name}"'}
    return Response(made.pdf, media_type="application/pdf", headers=headers)
