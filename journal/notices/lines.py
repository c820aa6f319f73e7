"""What a patient agreed on or proposed, and what became of a notice, as plain lines of text: parsed and formatted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from journal.notices.documents import HOURS
from journal.user_input import clean_line

SEPARATOR = " | "


class Outcome(StrEnum):
    """What became of a notice when an answer was saved: written, or why not. Stored, so none changes its meaning."""

    WRITTEN = "written"
    WITHDRAWN = "withdrawn"
    NO_POLICY = "none"
    PAUSED = "paused"
    ENDED = "ended"
    KEYS = "keys"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class AgreedLine:
    """
    What a patient agreed on or proposed: `id` is that of the terms, `link` of whom, `backup` of the backup's link.

    `until` is when the patient put something in its place, or ended it. It is in force once the other agreed as well.
    """

    id: UUID
    link: UUID
    hours: int
    at: datetime
    backup: UUID | None = None
    until: datetime | None = None
    name: str = ""
    backup_name: str = ""

    @property
    def line(self) -> str:
        """Return it as it is stored."""
        names = (clean_line(one).replace("|", "/") for one in (self.name, self.backup_name))
        cells = (
            self.id.hex,
            self.link.hex,
            self.backup.hex if self.backup else "",
            str(self.hours),
            _format_time(self.at),
            _format_time(self.until),
            *names,
        )
        return SEPARATOR.join(cells).rstrip()


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """What became of one notice about an answer; `notice` is its id where one was written."""

    outcome: Outcome
    at: datetime
    notice: UUID | None = None
    link: UUID | None = None
    name: str = ""

    @property
    def line(self) -> str:
        """Return it as it is stored."""
        ids = (one.hex if one else "" for one in (self.notice, self.link))
        cells = (self.outcome.value, _format_time(self.at), *ids, clean_line(self.name).replace("|", "/"))
        return SEPARATOR.join(cells).rstrip()


def parse_agreed(lines: object) -> tuple[AgreedLine, ...]:
    """Read stored lines back, the oldest first; what is no line of ours is left out."""
    found = map(_parse_agreed, lines) if isinstance(lines, list) else ()
    return tuple(sorted((one for one in found if one is not None), key=lambda one: one.at))


def parse_notices(lines: Iterable[str]) -> tuple[NoticeLine, ...]:
    """Read stored lines back in their order; what is no line of ours is left out."""
    return tuple(one for one in map(_parse_notice, lines) if one is not None)


def _parse_agreed(line: object) -> AgreedLine | None:
    cells = _split(line, 8)
    try:
        ident, link, backup = (_parse_id(cell) for cell in cells[:3])
        at, until = (_parse_time(cell) for cell in cells[4:6])
        hours = int(cells[3])
    except ValueError:
        return None
    if ident is None or link is None or at is None or hours not in HOURS:
        return None
    return AgreedLine(ident, link, hours, at, backup, until, cells[6], cells[7])


def _parse_notice(line: str) -> NoticeLine | None:
    cells = _split(line, 5)
    try:
        at, notice, link = _parse_time(cells[1]), _parse_id(cells[2]), _parse_id(cells[3])
        outcome = Outcome(cells[0])
    except ValueError:
        return None
    return NoticeLine(outcome, at, notice, link, cells[4]) if at else None


def _split(line: object, count: int) -> list[str]:
    cells = [cell.strip() for cell in str(line).split("|", count - 1)]
    return cells + [""] * (count - len(cells))


def _parse_id(cell: str) -> UUID | None:
    if not cell:
        return None
    if not re.fullmatch("[0-9a-f]{32}", cell):
        raise ValueError(cell)
    return UUID(cell)


def _format_time(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(UTC).isoformat(timespec="microseconds")


def _parse_time(cell: str) -> datetime | None:
    if not cell:
        return None
    at = datetime.fromisoformat(cell)
    if at.tzinfo is None:
        raise ValueError(cell)
    return at
