"""A reply as its patient keeps it: a line about it, and then its words as they were written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from journal.i18n import get_known_language
from journal.roles import Role
from journal.user_input import clean_line

SEPARATOR = " | "
AUTHORS = frozenset({Role.PATIENT.value, Role.CLINICIAN.value})


@dataclass(frozen=True, slots=True)
class KeptReply:
    """A reply that a patient sent, or opened: `share` is its copy, `author` a role, `language` that of its words."""

    id: UUID
    share: UUID
    author: str
    at: datetime
    name: str
    words: str
    language: str = ""

    @property
    def line(self) -> str:
        """Return it as it is stored."""
        at = self.at.astimezone(UTC).isoformat(timespec="seconds")
        name = clean_line(self.name).replace("|", "/")
        cells = (self.id.hex, self.share.hex, self.author, at, *filter(None, (self.language,)), name)
        return f"{SEPARATOR.join(cells)}\n{self.words}"


def parse_replies(lines: object) -> tuple[KeptReply, ...]:
    """Read stored lines back, the oldest first; what is none of ours is left out, and one that came twice is one."""
    found = filter(None, map(_parse_reply, lines if isinstance(lines, list) else ()))
    return sort_replies({one.id: one for one in found}.values())


def sort_replies(replies: Iterable[KeptReply]) -> tuple[KeptReply, ...]:
    """Return replies in the order in which they were written."""
    return tuple(sorted(replies, key=lambda one: (one.at, one.id.hex)))


def _parse_reply(line: object) -> KeptReply | None:
    head, _, words = str(line).partition("\n")
    cells = [cell.strip() for cell in head.split("|")]
    language = get_known_language(cells.pop(4)) if len(cells) == 6 else ""
    if len(cells) != 5 or cells[2] not in AUTHORS or not all(_is_id(cell) for cell in cells[:2]):
        return None
    try:
        at = datetime.fromisoformat(cells[3])
    except ValueError:
        return None
    return (
        KeptReply(UUID(cells[0]), UUID(cells[1]), cells[2], at, cells[4], words, language)
        if at.tzinfo
        else None
    )


def _is_id(cell: str) -> bool:
    return re.fullmatch("[0-9a-f]{32}", cell) is not None
