"""The guide, one page for each role, and what is to be known about this installation; for anybody."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from journal.roles import Role
from portal import __version__
from portal.web.pages import render_page


@dataclass(frozen=True, slots=True)
class GuidePage:
    """Context of a guide; `shown` is the role that it is for."""

    shown: Role


@dataclass(frozen=True, slots=True)
class AboutPage:
    """Context of what is to be known about this installation; `contact` is who runs it, as configured."""

    version: str
    contact: str


async def show_guide(request: Request) -> Response:
    """Show the guide for one's own role, or for patients where nobody is signed in."""
    actor = request.state.actor
    return _render_guide(request, actor.role if actor else Role.PATIENT)


async def show_patient_guide(request: Request) -> Response:
    """Show the guide for patients."""
    return _render_guide(request, Role.PATIENT)


async def show_clinician_guide(request: Request) -> Response:
    """Show the guide for clinicians."""
    return _render_guide(request, Role.CLINICIAN)


async def show_administrator_guide(request: Request) -> Response:
    """Show the guide for administrators."""
    return _render_guide(request, Role.ADMINISTRATOR)


async def show_about(request: Request) -> Response:
    """Show version, licence, practice, and whom to write to."""
    config = request.app.state.config
    return render_page(request, "guide/about.html", AboutPage(__version__, config.contact))


def _render_guide(request: Request, role: Role) -> Response:
    return render_page(request, f"guide/{role.value}.html", GuidePage(role))
