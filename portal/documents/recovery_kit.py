"""
The recovery kit: the recovery key on one page to print, made in memory and written nowhere.

It holds neither name nor e-mail address, so that a page that is found opens nothing by itself. The square leads to the
address where the key is typed; the key is not in it, since a phone that reads one may ask a search engine about it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import segno

from journal.i18n import N_

if TYPE_CHECKING:
    from fpdf import FPDF

FILE_NAME = "recovery-key.pdf"
LEFT, WIDTH = 25, 160  # mm; what is printed keeps clear of the edges of both A4 and Letter
QR_SIZE = 34
INDENT = 7
GROUPS_PER_ROW = 3

PURPOSE = N_(
    "If you ever forget your password, this key opens your account, and you set a new one. Nobody else has it."
)
KEY = N_("Your recovery key")
HOW = N_("How to use it")
STEPS = (
    N_("Open %(address)s. The square on the right leads there."),
    N_("Type your e-mail address and the key. Dashes do not matter, nor do capital or small letters."),
    N_("Set a new password, and print the new recovery key. This one no longer works then."),
)
GOOD_TO_KNOW = N_("Good to know")
NOTES = (
    N_("Keep this page with papers that matter, and apart from your phone and computer."),
    N_("Whoever has it and knows your e-mail address can open your account."),
    N_("A new recovery key makes this one useless. Destroy this page then."),
    N_(
        "Without password and recovery key nobody can open your account for you: not your practice, and not we."
    ),
    N_(
        "Hearthside is not an emergency service, and nobody watches it. In danger, call your emergency number."
    ),
)
MADE = N_("Made on %(day)s, for %(origin)s. It works once its last group has been typed there.")
BY_HAND = N_("Your e-mail address, by hand if you like:")


def build_kit(
    recovery_key: str, origin: str, made: datetime, day: str, language: str, translate: Callable[[str], str]
) -> bytes:
    """
    Return the kit as a PDF. This is slow, most of all the first time, when the library is loaded: call it in a thread.

    Args:
        recovery_key: The recovery key as people read it.
        origin: The address of this installation.
        made: When, for the file's own date.
        day: The same as people write it.
        language: The tag of the language it is in.
        translate: Translates a sentence. What the file's fonts cannot write (all but Latin-1) would be an error.

    Returns:
        A PDF of one page.
    """
    from fpdf import FPDF  # half a second, which nobody else has to wait for

    pdf = FPDF(format="A4")
    pdf.set_creation_date(made)
    pdf.set_title(translate(N_("Recovery key")))
    pdf.set_lang(language)
    pdf.set_margins(LEFT, 22, 210 - LEFT - WIDTH)
    pdf.set_auto_page_break(False)
    pdf.add_page()
    _draw_line(pdf, "Hearthside", 11)
    _draw_line(pdf, translate(N_("Recovery key")), 26, bold=True)
    _draw_line(pdf, translate(PURPOSE), 12, after=5)
    _draw_heading(pdf, translate(KEY))
    _draw_key(pdf, recovery_key.split("-"))
    _draw_heading(pdf, translate(HOW))
    address = f"{origin}/recover"
    top = pdf.get_y()
    for number, step in enumerate(STEPS, 1):
        _draw_item(pdf, f"{number}.", translate(step) % {"address": address}, 12, width=WIDTH - QR_SIZE - 8)
    _draw_qr_code(pdf, address, top)
    pdf.set_y(max(pdf.get_y(), top + QR_SIZE) + 4)
    _draw_line(pdf, translate(BY_HAND), 11, after=9)
    pdf.line(LEFT, pdf.get_y(), LEFT + WIDTH, pdf.get_y())
    pdf.ln(5)
    _draw_heading(pdf, translate(GOOD_TO_KNOW))
    for note in NOTES:
        _draw_item(pdf, "-", translate(note), 11)
    pdf.ln(3)
    _draw_line(pdf, translate(MADE) % {"day": day, "origin": origin}, 10)
    return bytes(pdf.output())


def _draw_line(
    pdf: FPDF, text: str, size: float, *, bold: bool = False, width: float = WIDTH, after: float = 1
) -> None:
    pdf.set_font("helvetica", "B" if bold else "", size)
    pdf.multi_cell(width, size * 0.5, text, align="L", new_x="LMARGIN", new_y="NEXT")
    pdf.ln(after)


def _draw_item(pdf: FPDF, mark: str, text: str, size: float, *, width: float = WIDTH) -> None:
    pdf.set_font("helvetica", "", size)
    pdf.cell(INDENT, size * 0.5, mark)
    pdf.multi_cell(width - INDENT, size * 0.5, text, align="L", new_x="LMARGIN", new_y="NEXT")
    pdf.ln(1.5)


def _draw_heading(pdf: FPDF, text: str) -> None:
    pdf.ln(1)
    _draw_line(pdf, text, 14, bold=True, after=2)


def _draw_key(pdf: FPDF, groups: list[str]) -> None:
    rows = [groups[at : at + GROUPS_PER_ROW] for at in range(0, len(groups), GROUPS_PER_ROW)]
    top, height = pdf.get_y(), 14 * len(rows) + 8
    pdf.rect(LEFT, top, WIDTH, height, round_corners=True, corner_radius=3)
    pdf.set_y(top + 4)
    pdf.set_font("courier", "B", 28)
    for row in rows:
        for group in row:
            pdf.cell(WIDTH / GROUPS_PER_ROW, 14, group, align="C")
        pdf.ln(14)
    pdf.set_y(top + height + 5)


def _draw_qr_code(pdf: FPDF, address: str, top: float) -> None:
    """Draw a QR code as filled squares, so that it is sharp on any printer."""
    rows = list(segno.make(address, error="m", micro=False).matrix)
    side, left = QR_SIZE / len(rows), LEFT + WIDTH - QR_SIZE
    pdf.set_fill_color(0)
    for down, row in enumerate(rows):
        for across, dark in enumerate(row):
            if dark:
                pdf.rect(left + across * side, top + down * side, side, side, style="F")
