"""The form of a whole course: what was typed, and the plan that it describes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from types import MappingProxyType
from typing import TypeVar

from journal.errors import Refused
from journal.i18n import N_, Labelled
from journal.sessions.course import CoursePlan, check_plan
from journal.sessions.session import Phase, Route, Setting
from journal.typed import read_day, read_time, read_whole
from portal.views.sessions.session_form import CHOICE
from portal.web.forms import Form

E = TypeVar("E", bound=Labelled)

BEGINNING: Mapping[str, str] = MappingProxyType(
    {
        "dosing_count": "",
        "every_days": "",
        "first_date": "",
        "first_time": "14:00",
        "zone": "",
        "minutes": "120",
        "setting": Setting.HOME.value,
        "route": "",
        "phase": Phase.INDUCTION.value,
        "dose_text": "",
        "prescriber_name": "",
        "preparation_days_before": "2",
        "preparation_time": "10:00",
        "integration_days_after": "1",
        "integration_time": "10:00",
        "integration_setting": Setting.TELEHEALTH_HOME.value,
        "talk_minutes": "50",
    }
)
WHOLE = N_("Please give a whole number.")
DAY = N_("Please give a day, such as 2026-12-01.")
TIME = N_("Please give a time, such as 14:00.")


@dataclass(frozen=True, slots=True)
class CourseForm:
    """What stands in the fields, as text, so that it can be shown again as it was typed."""

    values: Mapping[str, str]

    @classmethod
    def typed(cls, form: Form) -> CourseForm:
        """Return the form with the fields as they were sent."""
        return cls({name: form[name].strip() for name in BEGINNING})

    def plan(self) -> CoursePlan:
        """
        Return the plan that was typed.

        Raises:
            Refused: If a field cannot be understood, or the plan is not valid.
        """
        reader = _Reader(self.values)
        plan = CoursePlan(
            first_date=reader.day("first_date"),
            first_time=reader.time("first_time"),
            zone=self.values["zone"],
            dosing_count=reader.whole("dosing_count"),
            every_days=reader.whole("every_days"),
            setting=reader.one(Setting, "setting") or Setting.HOME,
            route=reader.one(Route, "route", blank=True),
            phase=reader.one(Phase, "phase", blank=True),
            dose_text=self.values["dose_text"],
            minutes=reader.whole("minutes"),
            preparation_days_before=reader.days("preparation_days_before"),
            preparation_time=reader.time("preparation_time", of="preparation_days_before"),
            integration_days_after=reader.days("integration_days_after"),
            integration_time=reader.time("integration_time", of="integration_days_after"),
            integration_setting=reader.one(Setting, "integration_setting") or Setting.TELEHEALTH_HOME,
            talk_minutes=reader.whole("talk_minutes"),
            prescriber_name=self.values["prescriber_name"],
        )
        if problems := reader.problems or check_plan(plan):
            raise Refused(problems)
        return plan


class _Reader:
    """Reads the fields, and collects a sentence for each that cannot be understood."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = values
        self.problems: dict[str, str] = {}

    def whole(self, name: str) -> int:
        number = read_whole(self.values[name], 6)
        if number is None:
            self.problems[name] = WHOLE
        return number or 0

    def days(self, name: str) -> int | None:
        return self.whole(name) if self.values[name] else None

    def day(self, name: str) -> date:
        if day := read_day(self.values[name]):
            return day
        self.problems[name] = DAY
        return date.max

    def time(self, name: str, of: str = "") -> time:
        if of and not self.values[of]:
            return time(10, 0)  # there is no such session, so its time does not matter
        clock = read_time(self.values[name])
        if clock is None:
            self.problems[name] = TIME
        return clock or time.min

    def one(self, codes: type[E], name: str, *, blank: bool = False) -> E | None:
        try:
            return None if blank and not self.values[name] else codes(self.values[name])
        except ValueError:
            self.problems[name] = CHOICE
            return None
