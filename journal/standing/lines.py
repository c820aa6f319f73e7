"""What was given to whom, as plain lines of text: parsed and formatted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from journal.care.documents import Attention
from journal.entries.only_entry import name_change
from journal.standing.kinds import KINDS, StandingKind
from journal.user_input import clean_line

SEPARATOR = " | "
AT_ONCE = "at once"
FLAGS = ", "


@dataclass(frozen=True, slots=True)
class Standing:
    """
    A standing share: pieces of `kind` go to the clinician of care link `link`, who was called `name`.

    `asked` is when its patient was last asked about what did not go, and until when all of that is answered. `until` is
    when they ended it. `at_once`: readings go around a dosing session as well. `left` are the names of what stays
    with their patient: pieces of before it was given, and those that they were asked about. They stand beside the line.
    `attention` is what is asked of the reader of each new copy; empty where nobody was asked.
    """

    kind: str
    link: UUID
    since: datetime
    asked: datetime | None = None
    until: datetime | None = None
    at_once: bool = False
    name: str = ""
    left: frozenset[str] = frozenset()
    attention: str = ""

    @property
    def is_in_force(self) -> bool:
        """Return whether its patient has not ended it."""
        return self.until is None

    @property
    def asks(self) -> Attention | None:
        """Return what is asked of the reader of each new copy."""
        return next((one for one in Attention if one == self.attention), None)

    @property
    def what(self) -> StandingKind | None:
        """Return the kind; None for one that there is no more."""
        return KINDS.get(self.kind)

    @property
    def line(self) -> str:
        """Return it as it is stored."""
        times = map(_format_time, (self.since, self.asked, self.until))
        flags = FLAGS.join(filter(None, (AT_ONCE if self.at_once else "", self.attention)))
        return SEPARATOR.join((self.kind, self.link.hex, *times, flags, clean_line(self.name))).rstrip()


def name_piece(kind: str, link: UUID, entry: UUID, piece: str) -> str:
    """Return the name by which it is remembered that a piece stays with its patient."""
    return name_change("left", kind, link.hex, entry.hex, piece)


def parse_standing(lines: object) -> tuple[Standing, ...]:
    """Read stored lines back, the oldest first; what is no line of ours is left out."""
    found = map(_parse_line, lines) if isinstance(lines, list) else ()
    return tuple(sorted((one for one in found if one is not None), key=lambda one: one.since))


def _parse_line(line: object) -> Standing | None:
    cells = [cell.strip() for cell in str(line).split("|", 6)]
    cells += [""] * (7 - len(cells))
    kind, link, flags, name = cells[0], cells[1], cells[5].split(FLAGS), cells[6]
    attention = next((one.value for one in Attention if one.value in flags), "")
    try:
        since, asked, until = (_parse_time(cell) for cell in cells[2:5])
    except ValueError:
        return None  # one whose end cannot be read is not in force
    if since is None or not re.fullmatch("[0-9a-f]{32}", link) or not re.fullmatch("[a-z0-9_-]{1,40}", kind):
        return None
    return Standing(kind, UUID(link), since, asked, until, AT_ONCE in flags, name, attention=attention)


def _format_time(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(UTC).isoformat(timespec="microseconds")


def _parse_time(cell: str) -> datetime | None:
    if not cell:
        return None
    at = datetime.fromisoformat(cell)
    if at.tzinfo is None:
        raise ValueError(cell)
    return at
