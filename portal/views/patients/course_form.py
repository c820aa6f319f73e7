"""The form of a whole course: what was typed, and the plan that it describes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from types import MappingProxyType
from typing import TypeVar

from journal.errors import InvalidInput
from journal.i18n import N_, Labelled
from journal.sessions.course import CoursePlan, check_plan
from journal.sessions.session import Phase, Route, Setting
from journal.user_input import parse_day, parse_time, parse_whole_number
from portal.views.sessions.session_form import NOT_A_CHOICE
from portal.web.forms import Form

E = TypeVar("E", bound=Labelled)

DEFAULTS: Mapping[str, str] = MappingProxyType(
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
NOT_A_NUMBER = N_("Please give a whole number.")
NOT_A_DAY = N_("Please give a day, such as 2026-12-01.")
NOT_A_TIME = N_("Please give a time, such as 14:00.")


@dataclass(frozen=True, slots=True)
class CourseForm:
    """What stands in the fields, as text, so that it can be shown again as it was typed."""

    values: Mapping[str, str]

    @classmethod
    def from_form(cls, form: Form) -> CourseForm:
        """Return the form with the fields as they were sent."""
        return cls({name: form[name].strip() for name in DEFAULTS})

    def parse_plan(self) -> CoursePlan:
        """
        Return the plan that was typed.

        Raises:
            InvalidInput: If a field cannot be understood, or the plan is not valid.
        """
        reader = _FieldParser(self.values)
        plan = CoursePlan(
            first_date=reader.parse_day("first_date"),
            first_time=reader.parse_time("first_time"),
            zone=self.values["zone"],
            dosing_count=reader.parse_number("dosing_count"),
            every_days=reader.parse_number("every_days"),
            setting=reader.parse_choice(Setting, "setting") or Setting.HOME,
            route=reader.parse_choice(Route, "route", blank=True),
            phase=reader.parse_choice(Phase, "phase", blank=True),
            dose_text=self.values["dose_text"],
            minutes=reader.parse_number("minutes"),
            preparation_days_before=reader.parse_days("preparation_days_before"),
            preparation_time=reader.parse_time("preparation_time", of="preparation_days_before"),
            integration_days_after=reader.parse_days("integration_days_after"),
            integration_time=reader.parse_time("integration_time", of="integration_days_after"),
            integration_setting=reader.parse_choice(Setting, "integration_setting")
            or Setting.TELEHEALTH_HOME,
            talk_minutes=reader.parse_number("talk_minutes"),
            prescriber_name=self.values["prescriber_name"],
        )
        if problems := reader.problems or check_plan(plan):
            raise InvalidInput(problems)
        return plan


class _FieldParser:
    """Reads the fields, and collects a sentence for each that cannot be understood."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = values
        self.problems: dict[str, str] = {}

    def parse_number(self, name: str) -> int:
        number = parse_whole_number(self.values[name], 6)
        if number is None:
            self.problems[name] = NOT_A_NUMBER
        return number or 0

    def parse_days(self, name: str) -> int | None:
        return self.parse_number(name) if self.values[name] else None

    def parse_day(self, name: str) -> date:
        if day := parse_day(self.values[name]):
            return day
        self.problems[name] = NOT_A_DAY
        return date.max

    def parse_time(self, name: str, of: str = "") -> time:
        if of and not self.values[of]:
            return time(10, 0)  # there is no such session, so its time does not matter
        clock = parse_time(self.values[name])
        if clock is None:
            self.problems[name] = NOT_A_TIME
        return clock or time.min

    def parse_choice(self, codes: type[E], name: str, *, blank: bool = False) -> E | None:
        try:
            return None if blank and not self.values[name] else codes(self.values[name])
        except ValueError:
            self.problems[name] = NOT_A_CHOICE
            return None
