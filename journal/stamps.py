"""
Lines that say who wrote something or which version it is, and on which day.

They are stored as facts, in one form whatever language their writer's pages had, and said in that of their reader.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from journal.roles import LABELS
from journal.user_input import parse_day

SEPARATOR = ", "
AUTHOR = "plan.by"
"""The answer of a kept note that says who wrote it."""
IMPORTED = f"{SEPARATOR}imported"
"""Behind a line of an entry that came from a file, which anybody can have written."""


@dataclass(frozen=True, slots=True)
class AuthorStamp:
    """Who wrote it, as what, and on which day."""

    name: str
    profession: str
    day: date

    @property
    def line(self) -> str:
        """Return it as it is stored."""
        return SEPARATOR.join((self.name, self.profession, self.day.isoformat()))


@dataclass(frozen=True, slots=True)
class VersionStamp:
    """Which version it is, from 1, and the day on which it was finished."""

    number: int
    day: date

    @property
    def line(self) -> str:
        """Return it as it is stored."""
        return SEPARATOR.join((str(self.number), self.day.isoformat()))


def parse_author(line: str) -> AuthorStamp | None:
    """Read who wrote it back; None for a line of another form. A name may have commas."""
    name, _, rest = line.rpartition(SEPARATOR)[0].rpartition(SEPARATOR)
    day = parse_day(line.rpartition(SEPARATOR)[2])
    return AuthorStamp(name, rest, day) if name and day is not None and rest in LABELS else None


def parse_version(line: str) -> VersionStamp | None:
    """Read a version back; None for a line of another form."""
    number, _, day_text = line.partition(SEPARATOR)
    day = parse_day(day_text)
    return VersionStamp(int(number), day) if day is not None and re.fullmatch("[0-9]{1,6}", number) else None


def mark_imported(line: str) -> str:
    """Return who wrote something as a file says it; parts that know who wrote what take it for nobody's."""
    return line if is_imported(line) else line + IMPORTED


def is_imported(line: str) -> bool:
    """Return whether only a file says so that was imported."""
    return line.endswith(IMPORTED)


def find_author_name(line: str) -> str:
    """Return the name of who wrote it; of a line of another form what stands before its first comma."""
    if is_imported(line):
        return ""
    author = parse_author(line)
    return author.name if author else line.partition(",")[0]
