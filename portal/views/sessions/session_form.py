"""The form of one session: what was typed, the session that it describes, and the page that shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar
from uuid import UUID

from starlette.requests import Request

from journal.actor import Actor
from journal.errors import InvalidInput
from journal.i18n import N_, Labelled
from journal.sessions.rows import Session
from journal.sessions.session import Phase, Route, SessionDetails, SessionKind, Setting, Status
from journal.time_zones import ZoneChoice
from journal.user_input import parse_day, parse_time, parse_whole_number
from portal.views.sessions.session_lines import SessionLine, build_lines
from portal.web.forms import Form, parse_uuid
from portal.web.pages import get_translator

E = TypeVar("E", bound=Labelled)
Options = tuple[tuple[str, str], ...]

FIELDS = (
    "kind",
    "date",
    "time",
    "zone",
    "minutes",
    "setting",
    "join",
    "about",
    "route",
    "phase",
    "dose_text",
    "prescriber_name",
    "sitter",
    "note",
)
NOT_A_NUMBER = N_("Please give a whole number of minutes.")
NOT_A_CHOICE = N_("Please choose one of these.")
DOSING_ONLY: Mapping[str, str] = MappingProxyType(
    {
        "route": N_(
            "Medicine is taken in a dosing session only. Choose “Not specified”, or “Dosing session” above."
        ),
        "phase": N_(
            "Only a dosing session is part of a course. Choose “Not specified”, or “Dosing session” above."
        ),
        "dose_text": N_("A dose belongs to a dosing session. Empty this, or choose “Dosing session” above."),
        "prescriber_name": N_(
            "A prescriber belongs to a dosing session. Empty this, or choose “Dosing session” above."
        ),
        "sitter": N_("Who sits belongs to a dosing session. Empty this, or choose “Dosing session” above."),
    }
)
"""Sentences for fields that only a dosing session has."""
ABOUT_NOT_ALLOWED = N_(
    "A dosing session belongs to no other. Please choose “None”, or another kind of session above."
)


@dataclass(frozen=True, slots=True)
class SessionForm:
    """What stands in the fields, as text, so that it can be shown again as it was typed."""

    values: Mapping[str, str]

    @classmethod
    def build_blank(cls, kind: SessionKind, zone: str, about: str = "") -> SessionForm:
        """Return an empty form with the defaults."""
        minutes = "120" if kind is SessionKind.DOSING else "50"
        known = {"kind": kind, "zone": zone, "minutes": minutes, "setting": Setting.HOME, "about": about}
        return cls({name: str(known.get(name, "")) for name in FIELDS})

    @classmethod
    def from_details(cls, details: SessionDetails) -> SessionForm:
        """Return the form filled with a session's details."""
        values = {name: getattr(details, name, None) or "" for name in FIELDS}
        values |= {"date": details.local[:10], "time": details.local[11:16]}
        return cls({name: str(value) for name, value in values.items()})

    @classmethod
    def from_form(cls, form: Form) -> SessionForm:
        """Return the form with the fields as they were sent."""
        return cls({name: form[name] for name in FIELDS})

    def with_sitter(self, sitter: str) -> SessionForm:
        """Return the same with another sitter."""
        return SessionForm({**self.values, "sitter": sitter})

    def parse_details(self) -> SessionDetails:
        """
        Return what was typed as a planned session.

        Raises:
            InvalidInput: If a field cannot be understood. The service checks whether it is valid.
        """
        problems: dict[str, str] = {}
        text = {name: value.strip() for name, value in self.values.items()}
        kind = _parse_member(SessionKind, "kind", text, problems)
        setting = _parse_member(Setting, "setting", text, problems)
        route = _parse_member(Route, "route", text, problems) if text["route"] else None
        phase = _parse_member(Phase, "phase", text, problems) if text["phase"] else None
        minutes, day, clock = (
            parse_whole_number(text["minutes"], 6),
            parse_day(text["date"]),
            parse_time(text["time"]),
        )
        if minutes is None:
            problems["minutes"] = NOT_A_NUMBER
        if problems or kind is None or setting is None or minutes is None:
            raise InvalidInput(problems)
        about = parse_uuid(text["about"])
        if kind is SessionKind.DOSING and text["about"]:
            raise InvalidInput({"about": ABOUT_NOT_ALLOWED})
        if kind is not SessionKind.DOSING and any(text[name] for name in DOSING_ONLY):
            raise InvalidInput({name: sentence for name, sentence in DOSING_ONLY.items() if text[name]})
        if about is None and text["about"]:
            raise InvalidInput({"about": NOT_A_CHOICE})
        return SessionDetails(
            kind,
            f"{day}T{clock:%H:%M}" if day and clock else "",
            text["zone"],
            minutes,
            setting,
            route,
            phase,
            text["dose_text"],
            Status.PLANNED,
            about=about.hex if about else None,
            prescriber_name=text["prescriber_name"],
            sitter=text["sitter"],
            join=text["join"],
            note=text["note"],
        )


@dataclass(frozen=True, slots=True)
class SessionChoices:
    """What can be chosen, as (code, translated words)."""

    kinds: Options
    settings: Options
    routes: Options
    phases: Options

    @classmethod
    def from_request(cls, request: Request) -> SessionChoices:
        """Return the choices in the language of the page."""
        _ = get_translator(request)
        unsaid = ("", _(N_("Not specified")))

        def options(codes: Iterable[Labelled]) -> Options:
            return tuple((code.value, _(code.label)) for code in codes)

        return cls(
            options(SessionKind), options(Setting), (unsaid, *options(Route)), (unsaid, *options(Phase))
        )


@dataclass(frozen=True, slots=True)
class SessionFormPage:
    """
    Context of the form. `limited` leaves a patient only the sitter of a session that their clinician planned.

    `newer` is the session as somebody saved it meanwhile, while `form` still holds what was typed here.
    `ident` names the session, also before it exists: a form that is sent twice adds one. `is_closed`: what was written
    of it does not open for its reader.
    """

    heading: str
    action: str
    back: str
    form: SessionForm
    ident: str
    codes: SessionChoices
    zones: tuple[ZoneChoice, ...]
    dosing: tuple[SessionLine, ...]
    patient: UUID
    name: str = ""
    errors: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    revision: int = 0
    limited: bool = False
    newer: SessionLine | None = None
    is_closed: bool = False


def list_dosing_lines(actor: Actor, plan: tuple[Session, ...]) -> tuple[SessionLine, ...]:
    """Return the dosing sessions that another session can be about."""
    return tuple(line for line in build_lines(actor, plan) if line.details.kind is SessionKind.DOSING)


def get_field_problems(error: InvalidInput) -> dict[str, str]:
    """Return what needs another look by the names of our fields: a day and a time make one moment."""
    return {"date" if name == "local" else name: sentence for name, sentence in error.fields.items()}


def translate_errors(request: Request, errors: Mapping[str, str]) -> dict[str, str]:
    """Return sentences in the language of the page."""
    _ = get_translator(request)
    return {name: _(sentence) for name, sentence in errors.items()}


def _parse_member(codes: type[E], name: str, text: Mapping[str, str], problems: dict[str, str]) -> E | None:
    try:
        return codes(text[name])
    except ValueError:
        problems[name] = NOT_A_CHOICE
        return None
