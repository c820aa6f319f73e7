"""Two calendar programs that know nothing of each other, and what each reads in a feed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import icalendar
import vobject


@dataclass(frozen=True)
class ReadEvent:
    """One event, with its times in UTC."""

    uid: str
    title: str
    starts_at: datetime
    ends_at: datetime
    sequence: int
    changed_at: datetime
    is_cancelled: bool


def read_with_icalendar(content: bytes) -> list[ReadEvent]:
    """Read a feed with the library that also writes it, by its own list of zones."""
    calendar = icalendar.Calendar.from_ical(content)
    return [
        ReadEvent(
            str(one["UID"]),
            str(one["SUMMARY"]),
            one.decoded("DTSTART").astimezone(UTC),
            one.decoded("DTEND").astimezone(UTC),
            int(str(one["SEQUENCE"])),
            one.decoded("LAST-MODIFIED").astimezone(UTC),
            one["STATUS"] == "CANCELLED",
        )
        for one in calendar.walk("VEVENT")
    ]


def read_with_vobject(content: bytes) -> list[ReadEvent]:
    """Read a feed with another one, which takes every zone from the feed itself, and remembers it from feed to feed."""
    remembered = vars(vobject.icalendar)["__tzidMap"]
    for zone in remembered.keys() - {"UTC"}:
        del remembered[zone]
    calendar: Any = vobject.readOne(content.decode())
    return [
        ReadEvent(
            one.uid.value,
            one.summary.value,
            one.dtstart.value.astimezone(UTC),
            one.dtend.value.astimezone(UTC),
            int(one.sequence.value),
            one.last_modified.value.astimezone(UTC),
            one.status.value == "CANCELLED",
        )
        for one in calendar.contents.get("vevent", [])
    ]


PARSERS: tuple[Callable[[bytes], list[ReadEvent]], ...] = (read_with_icalendar, read_with_vobject)
