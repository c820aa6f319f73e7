"""A feed in the format of calendars (RFC 5545): every time with its zone, and of each zone what those times need."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard

from journal.calendar.appointments import Appointment
from journal.time_zones import parse_zone

PRODUCT = "-//Appointments//EN"
"""Who wrote the file: its kind and no name, since a name would say what it is about."""
REFRESH_INTERVAL = timedelta(hours=1)
STEP = timedelta(days=7)
"""How far apart a zone is looked at for changes of its clocks; none has two of them within a week."""
YEARS_AHEAD = 2
"""How many years after its last time a zone is described: programs may keep what they read of it."""
_FOOT = b"END:VCALENDAR\r\n"


def render_parts(name: str, appointments: Sequence[Appointment]) -> Iterator[bytes]:
    """Yield a calendar called *name* piece by piece: one event takes a millisecond or two."""
    yield _build_head(name).removesuffix(_FOOT)
    for zone in sorted({one.zone for one in appointments if _get_zone(one) is not UTC}):
        times = [at for one in appointments if one.zone == zone for at in (one.starts_at, one.ends_at)]
        yield bytes(build_timezone(parse_zone(zone), min(times), max(times)).to_ical())
    for one in appointments:
        yield bytes(_build_event(one).to_ical())
    yield _FOOT


def _build_head(name: str) -> bytes:
    head = Calendar()
    head.add("prodid", PRODUCT)
    head.add("version", "2.0")
    head.add("method", "PUBLISH")
    head.add("name", name)
    head.add("x-wr-calname", name)  # as long as calendars read this and not `NAME` of RFC 7986
    head.add("refresh-interval", REFRESH_INTERVAL, parameters={"VALUE": "DURATION"})
    return bytes(head.to_ical())


def _build_event(one: Appointment) -> Event:
    place = _get_zone(one)
    event = Event()
    event.add("uid", str(one.uid))
    event.add("dtstamp", one.changed_at)
    event.add("last-modified", one.changed_at)
    event.add("sequence", one.changes)
    event.add("dtstart", one.starts_at.astimezone(place))
    event.add("dtend", one.ends_at.astimezone(place))
    event.add("summary", one.title)
    event.add("status", "CANCELLED" if one.is_cancelled else "CONFIRMED")
    event.add("class", "PRIVATE")
    return event


def _get_zone(one: Appointment) -> tzinfo:
    """
    Return in which zone the times of an appointment are written.

    It is UTC for one that starts or ends in the second of two hours that clocks show twice: a local time in a calendar
    is always the first of them.
    """
    place = parse_zone(one.zone)
    if place.key == "UTC" or any(at.astimezone(place).fold for at in (one.starts_at, one.ends_at)):
        return UTC
    return place


def build_timezone(place: ZoneInfo, first: datetime, last: datetime) -> Timezone:
    """
    Return a zone as calendars describe it, with every change of its clocks around *first* and *last*.

    Ours and not the library's, which writes the hour that a change leads to where the format wants the one before it.
    """
    described = Timezone()
    described.add("tzid", place.key)
    begin = datetime(first.year - 1, 1, 1, tzinfo=UTC)
    described.add_component(_build_observance(place, begin, begin))
    for moment in _list_changes(place, begin, datetime(last.year + YEARS_AHEAD, 1, 1, tzinfo=UTC)):
        described.add_component(_build_observance(place, moment - timedelta(seconds=1), moment))
    return described


def _build_observance(
    place: ZoneInfo, before: datetime, moment: datetime
) -> TimezoneDaylight | TimezoneStandard:
    then = moment.astimezone(place)
    offset = before.astimezone(place).utcoffset() or timedelta()
    one = TimezoneDaylight() if then.dst() else TimezoneStandard()
    one.add("dtstart", (moment + offset).replace(tzinfo=None, microsecond=0))
    one.add("tzoffsetfrom", offset)
    one.add("tzoffsetto", then.utcoffset())
    one.add("tzname", then.tzname())
    return one


def _list_changes(place: ZoneInfo, begin: datetime, end: datetime) -> Iterator[datetime]:
    """Yield the moments at which clocks change, in UTC and to the second."""
    at, step = begin.astimezone(UTC).replace(microsecond=0), timedelta(seconds=1)
    while at < end:
        early, late = at, at + STEP
        at = late
        if early.astimezone(place).utcoffset() == late.astimezone(place).utcoffset():
            continue
        was = early.astimezone(place).utcoffset()
        while late - early > step:
            middle = early + timedelta(seconds=(late - early) // step // 2)
            if middle.astimezone(place).utcoffset() == was:
                early = middle
            else:
                late = middle
        yield late
