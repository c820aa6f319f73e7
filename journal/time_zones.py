"""Wall-clock times and time zones: what a clock on the wall says, and the moment that is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from types import MappingProxyType
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

from journal.i18n import N_

FoldNote = Literal["gap", "fold", ""]

FOLD_SENTENCES: Mapping[FoldNote, str] = MappingProxyType(
    {
        "gap": N_("The clocks go forward then, and this time is skipped. The session starts as much later."),
        "fold": N_("The clocks go back then, and this time comes twice. We use the first of the two."),
        "": "",
    }
)

UNKNOWN_ZONE = N_("Please choose a time zone from the list, such as Europe/Berlin.")
UNKNOWN_TIME = N_("Please give a day and a time, such as 2026-11-22 at 09:00.")

_REGIONS = (
    "Africa/",
    "America/",
    "Antarctica/",
    "Arctic/",
    "Asia/",
    "Atlantic/",
    "Australia/",
    "Europe/",
    "Indian/",
    "Pacific/",
)


class WallClockError(ValueError):
    """A time zone or a wall time that names nothing; its message is a sentence for the person."""


@dataclass(frozen=True, slots=True)
class ResolvedTime:
    """The moment of a wall time, and whether a change of the clocks affected it."""

    utc: datetime
    fold_note: FoldNote

    @property
    def sentence(self) -> str:
        """Return the sentence about a change of the clocks, or nothing."""
        return FOLD_SENTENCES[self.fold_note]


def list_common_zones() -> tuple[str, ...]:
    """Return the zones named after places, sorted, with UTC first: what a list to choose from offers."""
    return _load_common_zones()


def parse_zone(name: str) -> ZoneInfo:
    """
    Return the time zone of this IANA name.

    Raises:
        WallClockError: If there is none; the name is never used as a path.
    """
    if not is_zone(name):
        raise WallClockError(UNKNOWN_ZONE)
    return ZoneInfo(name)


def is_zone(name: str) -> bool:
    """Return whether there is a time zone of this IANA name."""
    return name in _load_known_zones()


def parse_local(local: str) -> datetime:
    """
    Return the naive wall time of `YYYY-MM-DDTHH:MM`; seconds are allowed, an offset is not.

    Raises:
        WallClockError: If it has another shape, is no day of the calendar or is centuries away.
    """
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?", local) is None:
        raise WallClockError(UNKNOWN_TIME)
    try:
        naive = datetime.fromisoformat(local)
    except ValueError:
        raise WallClockError(UNKNOWN_TIME) from None
    if not 1970 <= naive.year <= 2200:
        raise WallClockError(UNKNOWN_TIME)
    return naive


def parse_moment(local: str, zone: str) -> datetime:
    """
    Return the moment in UTC when clocks in *zone* say *local*; `resolve_local_time` also returns what a change of the
    clocks did.

    Raises:
        WallClockError: If either names nothing.
    """
    return parse_local(local).replace(tzinfo=parse_zone(zone)).astimezone(UTC)


def resolve_local_time(local: str, zone: str) -> ResolvedTime:
    """
    Return the moment when clocks in *zone* say *local*.

    A time that the clocks skip moves forward by as much as they do; of a time that comes twice the first is
    taken. Both follow from `fold=0` (PEP 495), which reads a time by the offset before the change.

    Raises:
        WallClockError: If either names nothing.
    """
    naive = parse_local(local)
    place = parse_zone(zone)
    first, begins = naive.replace(tzinfo=place), parse_moment(local, zone)
    if begins.astimezone(place).replace(tzinfo=None) != naive:
        return ResolvedTime(begins, "gap")
    if first.utcoffset() != first.replace(fold=1).utcoffset():
        return ResolvedTime(begins, "fold")
    return ResolvedTime(begins, "")


@cache
def _load_known_zones() -> frozenset[str]:
    return frozenset(available_timezones()) - {"localtime", "Factory"}


@cache
def _load_common_zones() -> tuple[str, ...]:
    return ("UTC", *sorted(name for name in _load_known_zones() if name.startswith(_REGIONS)))
