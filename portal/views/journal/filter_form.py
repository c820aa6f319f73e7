"""The form that narrows the journal by kind, session, month and whether entries are shared."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from journal.actor import Actor
from journal.catalogue.fields import EntryKind
from journal.entries.narrowing import EntryFilter
from journal.errors import InvalidInput
from journal.i18n import N_
from journal.sessions.rows import Plan
from portal.views.sessions.session_lines import SessionLine, build_lines
from portal.web.dates import format_month
from portal.web.forms import parse_uuid

FILTER_FIELDS = ("kind", "session", "shared", "month")
"""The fields of the form; none of them holds anything that a person wrote."""
SHARED_LABELS: Mapping[str, str] = {"yes": N_("Shared"), "no": N_("Only you")}
MOST_MONTHS = 600
_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
UNKNOWN_KIND = N_("There is no such kind of entry. Choose one of the list.")
UNKNOWN_SESSION = N_("This session is not in your plan any more. Choose one of the list.")
UNKNOWN_CHOICE = N_("Choose one of the list.")
UNKNOWN_MONTH = N_("This is no month. Choose one of the list.")


@dataclass(frozen=True, slots=True)
class FilterForm:
    """
    What the form offers and what was chosen, as it was sent; empty for all.

    `query` is what was chosen as an address has it: codes, ids and a month, and nothing that anybody wrote.
    """

    kind: str
    session: str
    shared: str
    month: str
    query: str
    kinds: tuple[tuple[str, str], ...]
    sessions: tuple[SessionLine, ...]
    months: tuple[tuple[str, str], ...]
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def chosen(self) -> dict[str, str]:
        """Return what was chosen, by its field."""
        return {name: value for name in FILTER_FIELDS if (value := getattr(self, name))}

    @property
    def session_line(self) -> SessionLine | None:
        """Return the chosen session."""
        return next((one for one in self.sessions if str(one.session.id) == self.session), None)

    @property
    def labels(self) -> dict[str, str]:
        """Return the words for what was chosen, the session aside; those of a kind and of sharing to be translated."""
        known = dict(self.kinds) | dict(SHARED_LABELS) | dict(self.months)
        return {name: known[value] for name, value in self.chosen.items() if value in known}


def is_narrowed(asked: Mapping[str, str]) -> bool:
    """Return whether a request asks for the form, or chose anything in it."""
    return "filter" in asked or any(asked.get(name) for name in FILTER_FIELDS)


def parse_filter(asked: Mapping[str, str], plan: Plan, zone: ZoneInfo) -> EntryFilter:
    """
    Return the filter that was chosen.

    Raises:
        InvalidInput: If a value is none that the form offers.
    """
    kind, session, shared, month = (asked.get(name, "") for name in FILTER_FIELDS)
    wanted = parse_uuid(session)
    errors: dict[str, str] = {}
    if kind and kind not in {one.value for one in EntryKind}:
        errors["kind"] = UNKNOWN_KIND
    if session and wanted not in {one.id for one in plan}:
        errors["session"] = UNKNOWN_SESSION
    if shared and shared not in SHARED_LABELS:
        errors["shared"] = UNKNOWN_CHOICE
    since = until = None
    if month:
        begins = _parse_month(month)
        if begins is None:
            errors["month"] = UNKNOWN_MONTH
        else:
            since, until = (_begin_month(one, zone) for one in (begins, _get_next_month(begins)))
    if errors:
        raise InvalidInput(errors)
    return EntryFilter(
        EntryKind(kind) if kind else None, wanted, shared == "yes" if shared else None, since, until
    )


def build_filter_form(
    actor: Actor,
    asked: Mapping[str, str],
    plan: Plan,
    oldest: datetime | None,
    errors: Mapping[str, str] | None = None,
) -> FilterForm:
    """Return the form with what was chosen in it; months from *oldest* on. A value that is not offered is left out."""
    kept = {name: "" if name in (errors or {}) else asked.get(name, "") for name in FILTER_FIELDS}
    if wanted := parse_uuid(kept["session"]):
        kept["session"] = str(wanted)
    months = _list_months(oldest, actor)
    if (month := kept["month"]) and month not in dict(months):
        months = ((month, format_month(_parse_month(month) or actor.now)), *months)
    return FilterForm(
        **kept,
        query=urlencode({name: value for name, value in kept.items() if value} or {"filter": ""}),
        kinds=tuple((one.value, one.label) for one in EntryKind),
        sessions=build_lines(actor, plan)[::-1],
        months=months,
        errors=errors or {},
    )


def _list_months(oldest: datetime | None, actor: Actor) -> tuple[tuple[str, str], ...]:
    """Return the months from now back to the oldest entry's, by the reader's calendar."""
    here = actor.now.astimezone(actor.zone).date().replace(day=1)
    until = (oldest or actor.now).astimezone(actor.zone).date().replace(day=1)
    found: list[tuple[str, str]] = []
    while here >= until and len(found) < MOST_MONTHS:
        found.append((f"{here:%Y-%m}", format_month(here)))
        here = (here - timedelta(days=1)).replace(day=1)
    return tuple(found)


def _parse_month(text: str) -> date | None:
    """Return the first day of a month, of those that a calendar of people has."""
    found = _MONTH.fullmatch(text)
    year, month = map(int, found.groups()) if found else (0, 0)
    return date(year, month, 1) if 1970 <= year < 3000 and 1 <= month <= 12 else None


def _get_next_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


def _begin_month(first: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(first, time(), zone).astimezone(UTC)
