"""
Documents become tagged PDFs (PDF/UA-1) in memory, in a process of their own.

What people wrote reaches the typesetter as JSON, and the template shows it as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec
from anyio import to_thread

from journal.errors import JournalError
from journal.i18n import N_
from journal.installation.installation import Installation
from journal.installation.own_process import ProgramFailed, run_program
from journal.installation.password_work import Busy
from portal.paper.document import Document, Paper
from portal.paper.encoding import encode_document

PROGRAM = Path(__file__).with_name("typst_process.py")
TIMEOUT = 120.0  # seconds; 300 pages take a few
MAX_WAITING = 8  # people whose pages wait for their turn


class PaperBusy(Busy):
    """So many pages wait to be set that one more would wait too long; nothing was done."""

    message = N_("Many pages are being prepared for printing at this moment. Please try again in a moment.")


class PaperFailed(JournalError):
    """The pages could not be set; the likeliest reason is memory, or more text than fits into a file to print."""

    message = N_("The pages could not be made this time. Nothing was changed. Try again, or choose less.")


@dataclass(frozen=True, slots=True)
class Typeset:
    """
    A document as pages.

    Attributes:
        pdf: The file.
        pages: How many pages it has.
        starts: For each block of the document, the page that it begins on, counted from 1.
        unset: Words of which no font here has all letters; a mark stands in their place.
    """

    pdf: bytes
    pages: int
    starts: tuple[int, ...]
    unset: tuple[str, ...]


class _Told(msgspec.Struct):
    pages: int
    starts: tuple[int, ...]
    unset: tuple[str, ...]


async def typeset(installation: Installation, document: Document, paper: Paper) -> Typeset:
    """
    Return *document* as pages of *paper*.

    Raises:
        PaperBusy: If too many others wait.
        PaperFailed: If it could not be set, or not in time.
    """
    limiter = installation.paper_limiter
    if limiter.statistics().tasks_waiting >= MAX_WAITING:
        raise PaperBusy
    async with limiter:
        given = await to_thread.run_sync(encode_document, document, paper)
        try:
            made = await run_program(PROGRAM, given=given, seconds=TIMEOUT)
        except ProgramFailed as error:
            raise PaperFailed from error
    line, _, pdf = made.partition(b"\n")
    told = msgspec.json.decode(line, type=_Told)
    return Typeset(pdf, told.pages, told.starts, told.unset)
