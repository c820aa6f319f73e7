"""Days and times, as pages write them: in the reader's zone, or in the one that is given."""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache

from babel.dates import format_datetime
from jinja2 import pass_context
from jinja2.runtime import Context

from portal.web.translation import LANGUAGE


@lru_cache(maxsize=2000)  # the same few days stand on every page
def _format_local(moment: date, pattern: str) -> str:
    return format_datetime(moment, pattern, locale=LANGUAGE)


def format_time(value: datetime, zone: tzinfo) -> str:
    """Write a time of day as the filter `time` does."""
    return _format_local(value.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0), "HH:mm")


def format_moment(value: datetime, zone: tzinfo) -> str:
    """Write a day and a time as the filter `datetime` does."""
    local = value.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0)
    return _format_local(local, "EEE d MMM y, HH:mm")


def format_long_day(value: datetime, zone: tzinfo) -> str:
    """Write a day as the filter `date` does, for lists that are too long for a filter."""
    return _format_local(value.astimezone(zone).date(), "EEEE, d MMMM y")


def format_short_day(value: datetime, zone: tzinfo) -> str:
    """Write a day as the filter `day` does."""
    return _format_local(value.astimezone(zone).date(), "d MMM y")


def format_short_date(day: date) -> str:
    """Write a date like `format_short_day`: it is the same in every zone."""
    return _format_local(day, "d MMM y")


def format_short_day_of(microseconds: int, zone: tzinfo) -> str:
    """Write a day like `format_short_day`; it is given in microseconds since 1970, which are exact up to 2242."""
    return _format_minute(
        microseconds // 60_000_000, zone
    )  # a zone's day begins at a whole minute since 1972


@lru_cache(maxsize=10_000)
def _format_minute(minutes: int, zone: tzinfo) -> str:
    return _format_local(datetime.fromtimestamp(60 * minutes, zone).date(), "d MMM y")


def format_weekday(value: datetime, zone: tzinfo) -> str:
    """Write a day of the week: Monday."""
    return _format_local(value.astimezone(zone).date(), "EEEE")


def format_month(value: date) -> str:
    """Write a month: November 2026."""
    return _format_local(value, "LLLL y")


def _convert_to_local(context: Context, value: datetime, zone: tzinfo | None) -> datetime:
    if zone is None:
        actor = context.get("actor")
        zone = actor.zone if actor else UTC
    return value.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0)


@pass_context
def filter_date(context: Context, value: datetime, zone: tzinfo | None = None) -> str:
    """Write a day: Sunday, 22 November 2026."""
    return _format_local(_convert_to_local(context, value, zone).date(), "EEEE, d MMMM y")


@pass_context
def filter_day(context: Context, value: datetime | date, zone: tzinfo | None = None) -> str:
    """Write a day in short: 22 Nov 2026. A date is the same in every zone."""
    day = _convert_to_local(context, value, zone).date() if isinstance(value, datetime) else value
    return _format_local(day, "d MMM y")


@pass_context
def filter_time(context: Context, value: datetime, zone: tzinfo | None = None) -> str:
    """Write a time of day: 14:05."""
    return _format_local(_convert_to_local(context, value, zone), "HH:mm")


@pass_context
def filter_datetime(context: Context, value: datetime, zone: tzinfo | None = None) -> str:
    """Write a day and a time: Sun 22 Nov 2026, 14:05."""
    return _format_local(_convert_to_local(context, value, zone), "EEE d MMM y, HH:mm")
