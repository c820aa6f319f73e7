"""Days and times, as pages write them: in the reader's zone, or in the one that is given."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache

from babel.dates import format_datetime
from jinja2 import pass_context
from jinja2.runtime import Context

from journal.evaluation.form_fields import parse_month
from journal.time_zones import ZoneChoice, get_place, list_zone_choices
from portal.web.translation import filter_quoted, get_language

_TIME = "HH:mm"
_DAY = {"en": "d MMM y", "es": "d MMM y"}
_LONG_DAY = {"en": "EEEE, d MMMM y", "es": "EEEE, d 'de' MMMM 'de' y"}
_MOMENT = {"en": "EEE d MMM y, HH:mm", "es": "EEE d MMM y, HH:mm"}
_WEEKDAY_AND_DAY = {"en": "EEE d MMM y", "es": "EEE d MMM y"}
_MONTH = {"en": "LLLL y", "es": "LLLL 'de' y"}
"""How a day, a moment or a month is written in each language."""


@lru_cache(maxsize=2000)  # the same few days stand on every page
def _format_in(language: str, moment: date, pattern: str) -> str:
    return format_datetime(moment, pattern, locale=language)


def _format_local(moment: date, pattern: str | Mapping[str, str]) -> str:
    language = get_language()
    return _format_in(language, moment, pattern if isinstance(pattern, str) else pattern[language])


def format_time(value: datetime, zone: tzinfo) -> str:
    """Write a time of day as the filter `time` does."""
    return _format_local(value.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0), _TIME)


def format_moment(value: datetime, zone: tzinfo) -> str:
    """Write a day and a time as the filter `datetime` does."""
    local = value.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0)
    return _format_local(local, _MOMENT)


def format_long_day(value: datetime, zone: tzinfo) -> str:
    """Write a day as the filter `date` does, for lists that are too long for a filter."""
    return _format_local(value.astimezone(zone).date(), _LONG_DAY)


def format_short_day(value: datetime, zone: tzinfo) -> str:
    """Write a day as the filter `day` does."""
    return _format_local(value.astimezone(zone).date(), _DAY)


def format_short_date(day: date) -> str:
    """Write a date like `format_short_day`: it is the same in every zone."""
    return _format_local(day, _DAY)


def format_short_day_of(microseconds: int, zone: tzinfo) -> str:
    """Write a day like `format_short_day`; it is given in microseconds since 1970, which are exact up to 2242."""
    # A zone's day begins at a whole minute since 1972.
    return _format_minute(get_language(), microseconds // 60_000_000, zone)


@lru_cache(maxsize=10_000)
def _format_minute(language: str, minutes: int, zone: tzinfo) -> str:
    return _format_in(language, datetime.fromtimestamp(60 * minutes, zone).date(), _DAY[language])


def format_day_with_weekday(day: date) -> str:
    """Write a date with its weekday in short: Sun 22 Nov 2026."""
    return _format_local(day, _WEEKDAY_AND_DAY)


def format_weekday(value: datetime, zone: tzinfo) -> str:
    """Write a day of the week: Monday."""
    return _format_local(value.astimezone(zone).date(), "EEEE")


def format_month(value: date) -> str:
    """Write a month: November 2026."""
    return _format_local(value, _MONTH)


def filter_month(words: str, language: str) -> str:
    """Write a month that somebody typed in digits, as 2026-11; anything else is quoted as words in *language*."""
    try:
        return format_month(date(*parse_month(words) or (0, 0), 1))
    except ValueError:
        return filter_quoted(words, language)


def format_place(zone_name: str) -> str:
    """Write the place whose clock a time zone is, as the filter `place` does: Berlin, Germany."""
    return get_place(zone_name, get_language())


def list_zones(now: datetime, *first: str) -> tuple[ZoneChoice, ...]:
    """Return the time zones to choose from, with those of *first* on top, as whoever reads calls and sorts them."""
    return list_zone_choices(now, *first, language=get_language())


def _convert_to_local(context: Context, value: datetime, zone: tzinfo | None) -> datetime:
    if zone is None:
        actor = context.get("actor")
        zone = actor.zone if actor else UTC
    return value.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0)


@pass_context
def filter_date(context: Context, value: datetime, zone: tzinfo | None = None) -> str:
    """Write a day: Sunday, 22 November 2026."""
    return _format_local(_convert_to_local(context, value, zone).date(), _LONG_DAY)


@pass_context
def filter_day(context: Context, value: datetime | date, zone: tzinfo | None = None) -> str:
    """Write a day in short: 22 Nov 2026. A date is the same in every zone."""
    day = _convert_to_local(context, value, zone).date() if isinstance(value, datetime) else value
    return _format_local(day, _DAY)


@pass_context
def filter_time(context: Context, value: datetime, zone: tzinfo | None = None) -> str:
    """Write a time of day: 14:05."""
    return _format_local(_convert_to_local(context, value, zone), _TIME)


@pass_context
def filter_datetime(context: Context, value: datetime, zone: tzinfo | None = None) -> str:
    """Write a day and a time: Sun 22 Nov 2026, 14:05."""
    return _format_local(_convert_to_local(context, value, zone), _MOMENT)
