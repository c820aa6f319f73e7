"""Wall-clock times and time zones: what a clock on the wall says, and the moment that is."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Literal
from unicodedata import decomposition
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale

from journal.i18n import DEFAULT_LANGUAGE, LANGUAGES, N_

FoldNote = Literal["gap", "fold", ""]

FOLD_SENTENCES: Mapping[FoldNote, str] = MappingProxyType(
    {
        "gap": N_("The clocks go forward then, and this time is skipped. The session starts as much later."),
        "fold": N_("The clocks go back then, and this time comes twice. We use the first of the two."),
        "": "",
    }
)

UNKNOWN_ZONE = N_("Please choose a time zone from the list.")
UNKNOWN_TIME = N_("Please give a day and a time, such as 2026-11-22 at 09:00.")

_TZDATA = files("tzdata") / "zoneinfo"
_LOCAL_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?")


FIRST_YEAR, LAST_YEAR = 1970, 9998  # a day more or less, or another time zone, is still a time


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


@dataclass(frozen=True, slots=True)
class ZoneChoice:
    """A line of the list to choose from. `old_names` are those by which a device may still know the zone."""

    name: str
    label: str
    old_names: tuple[str, ...] = ()


def list_common_zones() -> tuple[str, ...]:
    """Return the zones that are in use somewhere, sorted, with UTC first; no old names, and none without a place."""
    return _load_common_zones()


def list_zone_choices(now: datetime, *first: str, language: str = DEFAULT_LANGUAGE) -> tuple[ZoneChoice, ...]:
    """
    Return what to choose from, by place in *language*, with the offset of *now*.

    Those of *first* stand on top, also by an old name; one that is no zone stays as it was sent, to be refused.
    """
    minute = now.replace(second=0, microsecond=0)
    on_top = dict.fromkeys(filter(None, first))
    return (
        *(
            _build_choice(name, minute, language) if is_zone(name) else ZoneChoice(name, name)
            for name in on_top
        ),
        *(choice for choice in _build_choices(minute, language) if choice.name not in on_top),
    )


def get_place(name: str, language: str = DEFAULT_LANGUAGE) -> str:
    """Return a zone's place and its country in *language*: Berlin, Germany; one without a country as it is called."""
    return _load_places(language).get(name) or ", ".join(_list_parts(name))


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
    if _LOCAL_TIME.fullmatch(local) is None:
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


@lru_cache(maxsize=len(LANGUAGES))
def _build_choices(minute: datetime, language: str) -> tuple[ZoneChoice, ...]:
    """Return every zone by place. There are four hundred: they stay for a minute, since no clock changes within one."""
    return tuple(_build_choice(name, minute, language) for name in ("UTC", *_load_places(language)))


def _build_choice(name: str, now: datetime, language: str) -> ZoneChoice:
    if name == "UTC":
        return ZoneChoice(name, name)
    offset = now.astimezone(_load_zone(name)).strftime("%z")
    label = f"{get_place(name, language)} (UTC{offset[:3]}:{offset[3:5]})"
    return ZoneChoice(name, label, _load_old_names().get(name, ()))


@cache
def _load_zone(name: str) -> ZoneInfo:
    """Return a zone that stays: `ZoneInfo` keeps eight, and a list of all would read each file again, for 11 ms."""
    return ZoneInfo(name)


def _list_parts(name: str) -> list[str]:
    """Return a zone's place and what it lies in: Buenos Aires, Argentina, America."""
    return name.replace("_", " ").split("/")[::-1]


@cache
def _load_countries() -> Mapping[str, str]:
    """Return the code of the country that each zone in use is of."""
    lines = (_TZDATA / "zone.tab").read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return MappingProxyType({row[2]: row[0] for row in rows})


@cache
def _load_common_zones() -> tuple[str, ...]:
    return ("UTC", *sorted(_load_countries()))


@cache
def _load_places(language: str) -> Mapping[str, str]:
    """Return the places by the zones in use, in the order of their names in a language."""
    locale, old = Locale.parse(language), _load_old_names()
    places = {}
    for name, code in _load_countries().items():
        # The Unicode data call some zones by an old name, and places as a zone is called by no name at all.
        names = (locale.time_zones.get(one, {}).get("city") for one in (name, *old.get(name, ())))
        place = next(filter(None, names), None)
        parts = [place] if place else _list_parts(name)[:-1]
        places[name] = ", ".join(dict.fromkeys([*parts, locale.territories[code]]))
    return MappingProxyType(dict(sorted(places.items(), key=lambda pair: _get_sort_key(pair[1]))))


def _get_sort_key(text: str) -> str:
    """Return a text as it is sorted: neither case nor accents count."""
    taken_apart = (decomposition(sign).split() or [f"{ord(sign):x}"] for sign in text.casefold())
    return "".join(chr(int(letter, 16)) for letter, *_ in taken_apart)


@cache
def _load_old_names() -> Mapping[str, tuple[str, ...]]:
    """Return the old names of places, by the zone that has them now: Asia/Kolkata was Asia/Calcutta."""
    lines = (_TZDATA / "tzdata.zi").read_text(encoding="utf-8").splitlines()
    links = {old: new for _, new, old in (line.split() for line in lines if line.startswith("L "))}
    current, found = frozenset(_load_common_zones()), defaultdict[str, list[str]](list)
    for old in links.keys() - current:
        new = links[old]
        while new not in current and new in links:
            new = links[new]
        if old.startswith(_get_regions()):
            found[new].append(old)
    return MappingProxyType({new: tuple(sorted(old)) for new, old in found.items()})


@cache
def _get_regions() -> tuple[str, ...]:
    return tuple({f"{name.partition('/')[0]}/" for name in _load_common_zones()[1:]})


def parse_stored(text: str) -> datetime:
    """
    Return a moment of a document in UTC.

    Raises:
        ValueError: If it is no time with its zone, or of no year that a calendar shows.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("A moment has a zone.")
    try:
        moment = moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("This moment is before all time, or after it.") from error
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError("A moment is of a year from 1970 to 9998.")
    return moment
