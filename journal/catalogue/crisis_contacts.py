"""
Crisis contacts by region, from a data file that a practice can review line by line.

The region is always chosen by the person and never guessed from an address or a device.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Literal

import msgspec

from journal.i18n import N_

EMERGENCY_SENTENCE = N_("If you are in danger, call your local emergency number now.")
STANDING_SENTENCE = N_(
    "This is not an emergency service and is not watched live. "
    "If you are in danger call your local emergency number."
)
UNVERIFIED_SENTENCE = N_("We have not been able to check this number.")

IN_SPANISH = N_("In Spanish")

DATA_FILE_SENTENCES: tuple[str, ...] = (
    N_("Emergency services"),
    N_("Emotional support line"),
    N_("Free, day and night"),
    N_("Day and night"),
    IN_SPANISH,
    N_("For an overdose or poisoning; free, day and night"),
    N_("For veterans, service members and those close to them"),
    N_("In many countries of the European Union, not in all"),
    N_("Lists helplines by country"),
    N_("988, then press 1"),
    N_("988, then press 2"),
    N_("111, then option 2"),
    N_("AYUDA to 988"),
    N_("United States"),
    N_("Canada"),
    N_("England"),
    N_("Wales"),
    N_("Scotland and Northern Ireland"),
    N_("Ireland"),
    N_("Australia"),
    N_("New Zealand"),
    N_("Germany"),
    N_("Spain"),
    N_("Mexico"),
    N_("Elsewhere in the European Union"),
    N_("Somewhere else"),
)
"""Words of the data file that are translated, with how a number goes on; the names of services stay as they are."""

_ADDRESS = re.compile(r"https://[a-z0-9.-]+(/\S*)?")
_NUMBER = re.compile(r"\+?[0-9]{2,15}")


class Contact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One number or address: how it reads, what a phone dials, and where and when it was last seen."""

    kind: Literal["call", "text", "web"]
    name: str
    number: str
    dial: str
    note: str
    verified: bool
    last_verified: date | None
    source: str
    topic: Literal["", "poison"] = ""

    def __post_init__(self) -> None:
        """Refuse a number that no phone can dial, and a check without its date and source."""
        shape = _ADDRESS if self.kind == "web" else _NUMBER
        if shape.fullmatch(self.dial) is None or not self.name or not self.number:
            raise ValueError(f"{self.name}: {self.dial!r} is nothing that can be reached by {self.kind}")
        if self.verified and not (self.last_verified and self.source):
            raise ValueError(f"{self.name}: a verified contact names its source and the day")

    @property
    def href(self) -> str:
        """Return the link that calls, writes or opens it."""
        return {"call": "tel:", "text": "sms:", "web": ""}[self.kind] + self.dial


class Region(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One region: its emergency number, if it has a single one, and lines to call or write to."""

    code: str
    name: str
    emergency: Contact | None
    contacts: tuple[Contact, ...]

    @property
    def all_contacts(self) -> tuple[Contact, ...]:
        """Return the emergency number, if there is one, and then the others."""
        return ((self.emergency,) if self.emergency else ()) + self.contacts

    def list_contacts(self, language: str) -> tuple[Contact, ...]:
        """Return all contacts, the emergency number first; for who reads in Spanish, lines in Spanish come next."""
        note = IN_SPANISH if language == "es" else None
        return tuple(sorted(self.all_contacts, key=lambda one: (one is not self.emergency, one.note != note)))


@dataclass(frozen=True, slots=True)
class EmergencyNumber:
    """One emergency number, and the names of the regions where it is that."""

    contact: Contact
    places: tuple[str, ...]


class _ContactFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reviewed: date
    about: str
    regions: tuple[Region, ...]


def parse_contacts(data: bytes) -> tuple[Region, ...]:
    """
    Read a file of crisis contacts.

    Raises:
        ValueError: If it is not such a file, repeats a region or leaves one without any contact.
    """
    regions = msgspec.json.decode(data, type=_ContactFile).regions
    if len({region.code for region in regions}) != len(regions):
        raise ValueError("a region stands twice in the crisis contacts")
    for region in regions:
        if not region.contacts:
            raise ValueError(f"region {region.code} has no contacts")
    return regions


def get_review_date() -> date:
    """Return the day on which somebody last went through the crisis contacts."""
    data = (resources.files("journal") / "data" / "crisis-contacts.json").read_bytes()
    return msgspec.json.decode(data, type=_ContactFile).reviewed


@cache
def list_regions() -> tuple[Region, ...]:
    """Return every region in the order they are offered; the last one is for everywhere else."""
    return parse_contacts((resources.files("journal") / "data" / "crisis-contacts.json").read_bytes())


@cache
def list_emergency_numbers() -> tuple[EmergencyNumber, ...]:
    """Return every emergency number once, in the order of the regions."""
    found: dict[str, list[Region]] = {}
    for region in list_regions():
        if region.emergency:
            found.setdefault(region.emergency.dial, []).append(region)
    return tuple(
        EmergencyNumber(regions[0].emergency, tuple(region.name for region in regions))
        for regions in found.values()
        if regions[0].emergency
    )


@cache
def list_poison_lines() -> tuple[tuple[Region, Contact], ...]:
    """Return the lines for an overdose or poisoning, each with its region."""
    return tuple(
        (region, one) for region in list_regions() for one in region.contacts if one.topic == "poison"
    )


def find_region(code: str) -> Region | None:
    """Return the region of this code, or None where nobody has chosen one that there is."""
    return next((one for one in list_regions() if one.code == code), None)


def find_region_problems(code: str) -> dict[str, str]:
    """Return the problem with a region's code, by field; an empty one is no choice, and fine."""
    return {} if not code or find_region(code) else {"region": N_("Choose one of these places.")}
