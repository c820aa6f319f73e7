"""
The recovery kit: the recovery key on one page to print, made in memory and written nowhere.

It holds neither name nor e-mail address, so that a page that is found opens nothing by itself. The square leads to the
address where the key is typed; the key is not in it, since a phone that reads one may ask a search engine about it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import segno

from journal.i18n import N_
from portal.paper.document import Block, Bullets, Columns, Heading, Look, Paragraph, Picture, Words

FILE_NAME = "recovery-key.pdf"
QR_SIZE = 34  # mm

TITLE = N_("Recovery key")
FOOT = "Hearthside"
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
SQUARE = N_("A square for the camera of a phone: it leads to %(address)s.")
NO_EMERGENCY = N_(
    "Hearthside is not an emergency service, and nobody watches it. In danger, call your emergency number."
)
GOOD_TO_KNOW = N_("Good to know")
NOTES = (
    N_("Keep this page with papers that matter, and apart from your phone and computer."),
    N_("Whoever has it and knows your e-mail address can open your account."),
    N_("A new recovery key makes this one useless. Destroy this page then."),
    N_(
        "Without password and recovery key nobody can open your account for you: not your practice, and not we."
    ),
)
MADE = N_("Made on %(day)s, for %(origin)s. It works once its last group has been typed there.")
BY_HAND = N_("Your e-mail address, by hand if you like:")


@dataclass(frozen=True, slots=True)
class Kit:
    """What a page with a key says, not translated yet; `%(address)s` is where the key is typed."""

    purpose: str
    key: str
    steps: Sequence[str]
    square: str
    notes: Sequence[str]
    made: str


KIT = Kit(PURPOSE, KEY, STEPS, SQUARE, NOTES, MADE)


def build_kit(recovery_key: str, origin: str, day: str, translate: Callable[[str], str]) -> tuple[Block, ...]:
    """
    Return what stands on the page, in the order in which it is read.

    Args:
        recovery_key: The recovery key as people read it.
        origin: The address of this installation.
        day: When it was made, as people write it.
        translate: Translates a sentence.
    """
    address = f"{origin}/recover"
    return lay_out_kit(KIT, recovery_key, address, address, {"day": day, "origin": origin}, translate)


def lay_out_kit(
    kit: Kit,
    key: str,
    address: str,
    in_square: str,
    made: Mapping[str, str],
    translate: Callable[[str], str],
) -> tuple[Block, ...]:
    """
    Return a page with one key, in the order in which it is read.

    Args:
        kit: What the page says.
        key: The key as people read it.
        address: Where it is typed.
        in_square: What a camera reads.
        made: The `day` on which, and the `origin` for which it was made.
        translate: Translates a sentence.
    """
    steps = tuple(Words(translate(step) % {"address": address}) for step in kit.steps)
    square = Picture(draw_square(in_square), translate(kit.square) % {"address": address}, QR_SIZE)
    return (
        Paragraph(Words(translate(kit.purpose)), Look.LEAD),
        Heading(Words(translate(kit.key))),
        Paragraph(Words(key.replace("-", " ")), Look.KEY),
        Heading(Words(translate(HOW))),
        Columns((Bullets(steps, numbered=True),), (square,), 77),
        Paragraph(Words(translate(BY_HAND))),
        Paragraph(Words(""), Look.LINES),
        Heading(Words(translate(GOOD_TO_KNOW))),
        Bullets(tuple(Words(translate(note)) for note in (*kit.notes, NO_EMERGENCY))),
        Paragraph(Words(translate(kit.made) % made), Look.SMALL),
    )


def draw_square(address: str) -> str:
    """Return a QR code as SVG, sharp on any printer."""
    rows = list(segno.make(address, error="m", micro=False).matrix)
    dark = "".join(
        f"M{across} {down}h1v1h-1z"
        for down, row in enumerate(rows)
        for across, is_dark in enumerate(row)
        if is_dark
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {len(rows)} {len(rows)}"><path d="{dark}"/></svg>'
