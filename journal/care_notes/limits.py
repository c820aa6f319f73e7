"""
Limits for readings before a session starts, as a prescriber entered and signed them, and which reading lies outside.

Hearthside has none of its own: without limits a reading is shown, and nothing is said of it. Nothing is blocked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from crypto import plain_digits
from journal.actor import Actor
from journal.dosing_day.lines import LIKELY, Reading
from journal.i18n import N_
from journal.roles import Profession

LIMITS = tuple(LIKELY)
"""The highest upper and lower pressure, the highest pulse, and the lowest oxygen."""
LOWEST = frozenset({"oxygen"})
"""Those below which a reading is outside; the others are what it must not be above."""

NOT_PRESCRIBED = N_("Limits are entered by a prescriber alone.")
NO_LIMIT = N_("Write at least one number. Without limits, readings are shown and nothing is said of them.")
NOT_A_LIMIT: Mapping[str, str] = MappingProxyType(
    {
        "systolic": N_("Upper blood pressure: a whole number from 40 to 300, or leave this blank."),
        "diastolic": N_("Lower blood pressure: a whole number from 20 to 200, or leave this blank."),
        "pulse": N_("Pulse: a whole number from 20 to 250, or leave this blank."),
        "oxygen": N_("Oxygen: a whole number from 50 to 100, or leave this blank."),
    }
)
NOT_SIGNED = N_("Please check the numbers, and say so here.")


def check_limits(
    actor: Actor, fields: Mapping[str, str], *, is_checked: bool, is_new: bool
) -> dict[str, str]:
    """Return a sentence for each field that needs another look. What replaces limits may be none."""
    if actor.profession != Profession.PRESCRIBER.value:
        return {LIMITS[0]: NOT_PRESCRIBED}
    problems = {
        name: NOT_A_LIMIT[name] for name in LIMITS if fields[name] and not _is_limit(name, fields[name])
    }
    if is_new and not any(fields.values()):
        problems[LIMITS[0]] = NO_LIMIT
    if not is_checked:
        problems["checked"] = NOT_SIGNED
    return problems


def find_outside(readings: Iterable[Reading], limits: Mapping[str, str]) -> tuple[str, ...]:
    """Return the values that lie outside the limits, each as it was read last."""
    latest: dict[str, str] = {}
    for one in readings:
        latest |= {name: typed for name, typed in one.values.items() if typed}
    return tuple(
        name for name in LIMITS if limits.get(name) and _is_outside(name, latest.get(name, ""), limits[name])
    )


def _is_outside(name: str, typed: str, limit: str) -> bool:
    try:
        value, most = float(plain_digits(typed).replace(",", ".")), int(limit)
    except ValueError:
        return False
    return value < most if name in LOWEST else value > most


def _is_limit(name: str, typed: str) -> bool:
    least, most = LIKELY[name]
    return typed.isascii() and typed.isdecimal() and len(typed) < 4 and least <= int(typed) <= most
