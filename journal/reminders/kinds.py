"""Of what somebody can be reminded, by their role."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from journal.i18n import N_, Labelled
from journal.roles import Role
from journal.sessions.moments import Moment


class ReminderKind(Labelled):
    """A kind of reminder, as the person who chooses it reads it; no message says which one it was."""

    PREPARATION = "preparation", N_("Preparing, a week before a session")
    CHECKLIST = "checklist", N_("The check list, the day before a session")
    HOURS_24 = "24-hours", N_("24 hours after a session")
    HOURS_72 = "72-hours", N_("72 hours after a session")
    DAYS_7 = "7-days", N_("7 days after a session")
    DAYS_14 = "14-days", N_("14 days after a session")
    DAYS_30 = "30-days", N_("30 days after a session")
    MEASURES = "measures", N_("A measure whose time has come again")
    TALK = "talk", N_("The day before a talk")
    READING_HOURS = "reading-hours", N_("When your reading hours begin")


OFFERED: Mapping[Role, tuple[ReminderKind, ...]] = MappingProxyType(
    {
        Role.PATIENT: tuple(kind for kind in ReminderKind if kind is not ReminderKind.READING_HOURS),
        Role.CLINICIAN: (ReminderKind.READING_HOURS,),
        Role.ADMINISTRATOR: (),
    }
)
"""A clinician is reminded of their own hours, and of nothing of a patient's."""

BEFORE: Mapping[ReminderKind, Moment] = MappingProxyType(
    {ReminderKind.PREPARATION: Moment.PREPARE, ReminderKind.CHECKLIST: Moment.CHECKLIST}
)
AFTER: Mapping[ReminderKind, Moment] = MappingProxyType(
    {
        ReminderKind.HOURS_24: Moment.INTEGRATE,
        ReminderKind.HOURS_72: Moment.INTEGRATE_AGAIN,
        ReminderKind.DAYS_7: Moment.STAYED,
        ReminderKind.DAYS_14: Moment.STAYED_AGAIN,
        ReminderKind.DAYS_30: Moment.DAY_30,
    }
)
"""The moment of a session that each kind is about, before and after its start."""
