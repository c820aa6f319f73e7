"""What the page with the form of a session holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from uuid import UUID

from starlette.requests import Request

from journal.i18n import N_, Labelled
from journal.sessions.session import Phase, Route, SessionKind, Setting
from portal.views.session_form import SessionForm
from portal.views.session_lines import SessionLine
from portal.web.pages import translator

Options = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Codes:
    """What can be chosen, as (code, translated words)."""

    kinds: Options
    settings: Options
    routes: Options
    phases: Options

    @classmethod
    def of(cls, request: Request) -> Codes:
        """Return the choices in the language of the page."""
        _ = translator(request)
        unsaid = ("", _(N_("Not said")))

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
    `ident` names the session, also before it is there: a form that is sent twice adds one.
    """

    heading: str
    action: str
    back: str
    form: SessionForm
    ident: str
    codes: Codes
    zones: tuple[str, ...]
    dosing: tuple[SessionLine, ...]
    patient: UUID
    name: str = ""
    errors: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    revision: int = 0
    limited: bool = False
    newer: SessionLine | None = None


def translated(request: Request, errors: Mapping[str, str]) -> dict[str, str]:
    """Return sentences in the language of the page."""
    _ = translator(request)
    return {name: _(sentence) for name, sentence in errors.items()}
