"""A page as a file to print: what every such document says, which paper it is for, and the answer that carries it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.i18n import N_
from portal.paper.document import Block, Document, Paper
from portal.paper.typesetting import typeset
from portal.web.dates import format_short_day
from portal.web.device_cookies import find_help_region
from portal.web.translation import get_language

AS_PDF = "pdf"
"""The value of `as` in an address that asks for a page as a file to print."""

PATIENT_REPORTED = N_("Patient-reported, not verified")
PAGE_LABEL = N_("Page %(page)s of %(pages)s")
UNSET_NOTE = N_(
    "Where […] stands, the letters cannot be printed here. The page on the screen has the whole text."
)
LETTER_REGIONS = frozenset({"US", "CA", "MX"})
"""Regions of the help page whose printers hold Letter. Everywhere else paper is A4."""


def wants_pdf(request: Request) -> bool:
    """Return whether a page is asked for as a file to print."""
    return request.query_params.get("as") == AS_PDF


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
    across: bool = False,
    scale: int = 100,
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
        across=across,
        scale=scale,
    )


async def send_pdf(request: Request, document: Document, file_name: str) -> Response:
    """Return a document as a file to save, under a name that says nothing of anybody; nothing is stored."""
    made = await typeset(request.app.state.installation, document, choose_paper(request))
    headers = {"content-disposition": f'attachment; filename="{file_name}"'}
    return Response(made.pdf, media_type="application/pdf", headers=headers)
