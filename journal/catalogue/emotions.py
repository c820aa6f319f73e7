"""Named emotions with a strength before and after, as plain rows of boxes and plain lines of text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

FORM_ROWS = 3
"""Rows offered on the form. Without scripts nobody can add a row, and three are enough to begin."""

SEPARATOR = " | "
_BAR_MARK = "\x01"
"""Stands for a bar in a strength, which divides nothing; nobody can type it."""


@dataclass(frozen=True, slots=True)
class Emotion:
    """One row as text: what it is called, and its strength from 0 to 100 before and after."""

    name: str
    before: str = ""
    after: str = ""

    @property
    def line(self) -> str:
        """Return the row as stored: three cells, so that a row typed wrongly can be shown again."""
        strengths = (cell.replace("|", _BAR_MARK) for cell in (self.before, self.after))
        return SEPARATOR.join(cell.strip() for cell in (self.name, *strengths)).rstrip()

    @property
    def strengths(self) -> tuple[int, ...]:
        """Return the strengths that were given."""
        return tuple(int(cell) for cell in (self.before, self.after) if cell)

    @property
    def is_complete(self) -> bool:
        """Return whether the row has a name, and its strengths are blank or from 0 to 100."""
        return bool(self.name) and all(is_strength(cell) for cell in (self.before, self.after))


def is_strength(cell: str) -> bool:
    """Return whether *cell* is blank or a whole number from 0 to 100."""
    return not cell or (re.fullmatch(r"[0-9]{1,3}", cell) is not None and int(cell) <= 100)


def parse_emotions(lines: Sequence[str]) -> tuple[Emotion, ...]:
    """Read stored lines back into rows."""
    # The last two separators divide it: a name may have some of its own.
    return tuple(_parse_row([cell.strip() for cell in line.rsplit("|", 2)]) for line in lines)


def _parse_row(cells: list[str]) -> Emotion:
    name, *strengths = [*cells, "", ""][:3]
    before, after = (cell.replace(_BAR_MARK, "|") for cell in strengths)
    return Emotion(name, before, after)
