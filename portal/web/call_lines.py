"""Whom a patient can call, as pages show it: the number, and in words whether anybody answers now."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from journal.clinic.call_contacts import CallContact
from journal.i18n import N_
from journal.time_zones import parse_zone
from portal.web.pages import format_short_day, format_time, format_weekday

WEEKDAYS = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))


@dataclass(frozen=True, slots=True)
class CallLine:
    """
    One contact in a list. `title` is who it is, and `answers` says whether they answer now, in a sentence.

    `is_due`: the day has passed by which the care team wanted to look at it again.
    """

    contact: CallContact
    title: str
    answers: str
    is_due: bool


def build_call_lines(
    contacts: Iterable[CallContact], now: datetime, zone: tzinfo | None, translate: Callable[..., str]
) -> tuple[CallLine, ...]:
    """Return the lines of contacts; times are those of *zone*, or of each contact's own place where it is not known."""
    return tuple(_build_call_line(one, now, zone, translate) for one in contacts)


def _build_call_line(
    one: CallContact, now: datetime, zone: tzinfo | None, translate: Callable[..., str]
) -> CallLine:
    details = one.details
    place = zone or parse_zone(details.zone)
    role = translate(details.role.label)
    title = f"{role} · {details.name}" if details.name else role
    return CallLine(
        one, title, _describe_answers(one, now, place, translate), one.is_due(now.astimezone(place).date())
    )


def _describe_answers(one: CallContact, now: datetime, zone: tzinfo, translate: Callable[..., str]) -> str:
    found = one.find_availability(now)
    if found is None:
        return ""
    if found.answers:
        if found.until is None:
            return translate(N_("Answers now"))
        return translate(N_("Answers now, until %(when)s"), when=_format_when(found.until, now, zone))
    if found.again is None:
        return translate(N_("Does not answer now"))
    return translate(N_("Answers again %(when)s"), when=_format_when(found.again, now, zone))


def _format_when(moment: datetime, now: datetime, zone: tzinfo) -> str:
    """Write a time: of today alone, of the next six days with the weekday, else with the day."""
    day, today, at = moment.astimezone(zone).date(), now.astimezone(zone).date(), format_time(moment, zone)
    if day == today:
        return at
    if day - today < timedelta(days=7):
        return f"{format_weekday(moment, zone)} {at}"
    return f"{format_short_day(moment, zone)} {at}"
