"""What somebody is in the practice: their role, and what a clinician does there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from journal.i18n import N_


class Role(StrEnum):
    """On which side of the practice a person is. An administrator is on neither, and reads nothing of anybody's."""

    PATIENT = "patient"
    CLINICIAN = "clinician"
    ADMINISTRATOR = "administrator"


class Profession(StrEnum):
    """What a clinician does in somebody's care."""

    THERAPIST = "therapist"
    PRESCRIBER = "prescriber"
    NURSE = "nurse"


@dataclass(frozen=True, slots=True)
class Position:
    """What one of the staff is taken on as; only a clinician has a profession."""

    role: Role
    profession: Profession | None = None

    @property
    def key(self) -> str:
        """Return the name by which forms and the command line know it."""
        return self.profession or self.role


THERAPIST = Position(Role.CLINICIAN, Profession.THERAPIST)
ADMINISTRATOR = Position(Role.ADMINISTRATOR)
PATIENT = Position(Role.PATIENT)
STAFF_POSITIONS = (
    THERAPIST,
    Position(Role.CLINICIAN, Profession.PRESCRIBER),
    Position(Role.CLINICIAN, Profession.NURSE),
    ADMINISTRATOR,
)
POSITIONS: Mapping[str, Position] = MappingProxyType({one.key: one for one in (*STAFF_POSITIONS, PATIENT)})
LABELS: Mapping[str, str] = MappingProxyType(
    {
        "therapist": N_("therapist"),
        "prescriber": N_("prescriber"),
        "nurse": N_("nurse"),
        "administrator": N_("administrator"),
        "patient": N_("patient"),
        "clinician": N_("clinician"),
    }
)
