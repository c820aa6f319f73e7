"""Escape what people typed for terminals and spreadsheets."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from io import StringIO
from unicodedata import category

from markupsafe import Markup

JOINERS = "\u200c\u200d"  # Persian needs the one and many emoji the other
REPLACEMENT = "\ufffd"
FORMULA = re.compile(r"""(^|[;,|"])(\s*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])""")


def remove_controls(text: str) -> str:
    """
    Return *text* with control characters replaced, and without those that change the direction of writing.

    Line breaks and tabs become spaces: what this is for stands on one line.
    """
    if text.isprintable():
        return text
    made = "".join(map(_replace_control, text))
    # Nothing that needs escaping comes in, so what was escaped stays so.
    return Markup(made) if isinstance(text, Markup) else made  # noqa: S704


def _replace_control(character: str) -> str:
    if character.isspace():
        return " "
    kind = category(character)
    if kind == "Cf" and character not in JOINERS:
        return ""
    return REPLACEMENT if kind in ("Cc", "Cs") else character


def escape_cell(text: str) -> str:
    """Return *text* escaped for a cell: an apostrophe goes before what a spreadsheet would read as a formula."""
    return FORMULA.sub(r"\1\2'", remove_controls(text))


def build_csv(rows: Iterable[Sequence[str]]) -> bytes:
    """Return rows as CSV (RFC 4180): UTF-8 with a byte order mark, every cell in quotes."""
    out = StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerows([[escape_cell(text) for text in row] for row in rows])
    return out.getvalue().encode("utf-8-sig")
