"""
Whom a check-in says to call or tell, by rules that can be read in a minute.

It follows from single answers alone: nothing is added up, and no answer clears or forbids anything.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum

from journal.catalogue.fields import Answer, EntryKind
from journal.catalogue.forms import get_form, is_grounding_first
from journal.catalogue.tracked import BEFORE, UNSETTLED

BLADDER = ("checkin.urgency", "checkin.frequency", "checkin.pain", "checkin.blood")
USE = ("checkin.craving", "checkin.beyond", "checkin.out_early")


class Advice(StrEnum):
    """What is said under a check-in."""

    HELP = "help"
    """Help now was asked for."""

    EXTRA = "extra"
    """More was taken than was agreed: the prescriber, a poison line, the emergency number."""

    BEFORE_GOING_ON = "before_going_on"
    """Something changed: tell the prescriber before going on."""

    PRESCRIBER = "prescriber"
    """It is something for the prescriber to hear."""

    THERAPIST = "therapist"
    """It is something for the therapist to hear."""

    GROUND = "ground"
    """There is much distress now: a way to ground, before anything else is asked."""


def find_advice(answers: Mapping[str, Answer]) -> tuple[Advice, ...]:
    """Return what is said under the answers of a check-in, the most urgent first."""
    found = set()
    if any(answers.get(one.id) == "yes" for one in BEFORE):
        found.add(Advice.BEFORE_GOING_ON)
    if answers.get("checkin.extra") == "yes":
        found.add(Advice.EXTRA)
    wanted = answers.get("checkin.wanted")
    if wanted == "now":
        found.add(Advice.HELP)
    if wanted == "prescriber" or _has_yes(answers, BLADDER) or _has_yes(answers, USE):
        found.add(Advice.PRESCRIBER)
    if wanted == "therapist" or is_unsettled(answers):
        found.add(Advice.THERAPIST)
    if is_grounding_first(get_form(EntryKind.CHECK_IN), answers):
        found.add(Advice.GROUND)
    return tuple(one for one in Advice if one in found)


def is_unsettled(answers: Mapping[str, Answer]) -> bool:
    """Return whether "a lot" was said of one thing, or "some" of two."""
    given = [answers.get(name) for name in UNSETTLED]
    return "a-lot" in given or given.count("some") >= 2


def _has_yes(answers: Mapping[str, Answer], names: Collection[str]) -> bool:
    return any(answers.get(name) == "yes" for name in names)
