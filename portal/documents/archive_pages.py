"""
Render the pages inside an export: HTML that is read from a folder, without a server, a script or a network.

The patient's own words are escaped like everywhere else; a folder is no reason to trust them less.
"""

from __future__ import annotations

import html
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files
from itertools import groupby
from types import MappingProxyType
from typing import Any
from uuid import UUID

from babel.dates import format_date
from jinja2 import Environment

from journal.actor import Actor
from journal.audit.acts import Act
from journal.catalogue.emotions import emotions
from journal.catalogue.fields import EntryKind
from journal.catalogue.forms import FORMS
from journal.i18n import N_
from journal.records.collection import ClinicianRecords, PatientRecords, Records
from journal.records.schema import CopyRecord, EntryRecord, EventRecord, SessionRecord
from portal.documents.event_sentences import GONE, SENTENCES
from portal.web.translation import LANGUAGE

PATIENT_MENU = (
    ("index.html", N_("Contents")),
    ("sessions.html", N_("Sessions")),
    ("sharing.html", N_("Sharing")),
    ("log.html", N_("Log")),
)
CLINICIAN_MENU = (("index.html", N_("Patients")),)
CLINICIAN_SENTENCES: Mapping[Act, str] = MappingProxyType(
    {
        Act.SHARE_OPENED: N_("You opened %(what)s"),
        Act.SESSION_PLANNED: N_("You planned sessions"),
        Act.SESSION_CHANGED: N_("You changed a session"),
        Act.RECORDS_TAKEN: N_("You took away what is shared with you"),
    }
)
NOBODY = UUID(int=0)
KINDS = MappingProxyType({kind.value: kind.label for kind in EntryKind})
FIELDS = MappingProxyType({field.id: field for form in FORMS.values() for field in form.fields})


@dataclass(frozen=True, slots=True)
class Near:
    """The month before or after another."""

    title: str
    file: str


@dataclass(frozen=True, slots=True)
class Month:
    """One page of a patient's entries."""

    title: str
    file: str
    entries: tuple[EntryRecord, ...]
    before: Near | None
    after: Near | None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log, in words."""

    at: datetime
    sentence: str


def drawing(environment: Environment, actor: Actor) -> Callable[[Records], dict[str, str]]:
    """Return the function that renders the pages of an export for *actor*, by file name."""
    return lambda found: _Pages(environment, actor, found).all()


class _Known(dict[Any, Any]):
    """A memo of formatted texts: a thousand entries have the same few questions, on few days."""

    def __init__(self, find: Callable[[Any], object]) -> None:
        self.find = find

    def __missing__(self, key: Any) -> object:
        found = self[key] = self.find(key)
        return found


class _Pages:
    def __init__(self, environment: Environment, actor: Actor, found: Records) -> None:
        self.environment = environment
        self.zone = actor.zone
        self.spoken = spoken = _Known(_spoken)
        said = _Known(environment.words.gettext)  # type: ignore[attr-defined]
        self.found = found
        self.values: dict[str, Any] = {
            "actor": actor,
            "lang": LANGUAGE,
            "account": found.account,
            "made_at": found.made_at,
            "unreadable": found.unreadable,
            "kinds": _Known(lambda code: said[KINDS.get(code, code)]),
            "fields": FIELDS,
            "feelings": emotions,
            "said": said,
            "day": _Known(lambda moment: spoken[moment.astimezone(actor.zone).date()]),
            "moment": _Known(self._moment),
            "that_day": _Known(lambda text: spoken[date.fromisoformat(text)]),
        }

    def all(self) -> dict[str, str]:
        readme = html.unescape(self._page("archive/README.txt", "README.txt"))  # plain text needs no escapes
        pages = {"README.txt": "\n".join(textwrap.fill(line, 78) for line in readme.splitlines()) + "\n"}
        pages["style.css"] = (files("templates") / "archive" / "style.css").read_text(encoding="utf-8")
        if isinstance(self.found, PatientRecords):
            return pages | self._patient(self.found)
        return pages | self._clinician(self.found)

    def _patient(self, found: PatientRecords) -> dict[str, str]:
        months = self._months(found.entries)
        titles = self._titles(found.entries)
        titles |= {one.id: titles.get(one.entry_id, "") for one in found.sharing.shares}
        shared: dict[UUID, list[Any]] = {}
        for share in found.sharing.shares:
            shared.setdefault(share.entry_id, []).append(share)
        self.values |= {
            "menu": PATIENT_MENU,
            "entries": found.entries,
            "plan": found.plan,
            "sharing": found.sharing,
            "sessions": {one.id: one for one in found.plan.sessions},
            "months": months,
            "contents": _contents(found),
            "place": {entry.id: f"{month.file}#e-{entry.id}" for month in months for entry in month.entries},
            "titles": titles,
            "shared": shared,
            "lines": self._lines(found, titles),
        }
        pages = {
            name: self._page(f"archive/{name}", name)
            for name in ("index.html", "sessions.html", "sharing.html", "log.html")
        }
        return pages | {
            month.file: self._page("archive/month.html", month.file, month=month) for month in months
        }

    def _clinician(self, found: ClinicianRecords) -> dict[str, str]:
        self.values |= {"menu": CLINICIAN_MENU, "patients": found.patients}
        pages = {"index.html": self._page("archive/patients.html", "index.html")}
        for number, patient in enumerate(found.patients, 1):
            titles = self._titles(patient.shared)
            pages[f"patients/{number}.html"] = self._page(
                "archive/patient.html",
                f"patients/{number}.html",
                patient=patient,
                sessions={one.id: one for one in patient.sessions},
                titles=titles,
                lines=[self._own_act(event, titles) for event in patient.log],
            )
        return pages

    def _moment(self, value: datetime) -> str:
        local = value.astimezone(self.zone)
        return f"{self.spoken[local.date()]}, {local:%H:%M}"

    def _page(self, template: str, name: str, **values: object) -> str:
        place = {"here": name, "root": "../" if "/" in name else ""}
        return self.environment.get_template(template).render(self.values | place | values)

    def _months(self, entries: Iterable[EntryRecord]) -> list[Month]:
        grouped = [
            (first, tuple(group))
            for first, group in groupby(
                entries, key=lambda one: one.created_at.astimezone(self.zone).replace(day=1).date()
            )
        ]
        near = [
            Near(format_date(first, "LLLL y", locale=LANGUAGE), f"journal/{first:%Y-%m}.html")
            for first, _ in grouped
        ]
        around: list[Near | None] = [None, *near, None]
        return [
            Month(here.title, here.file, group, before, after)
            for (_, group), here, before, after in zip(grouped, near, around, around[2:], strict=False)
        ]

    def _titles(self, written: Iterable[EntryRecord | CopyRecord]) -> dict[UUID, str]:
        words = self.environment.words  # type: ignore[attr-defined]
        return {one.id: one.title or words.plain(KINDS.get(one.kind, one.kind)) for one in written}

    def _lines(self, found: PatientRecords, titles: Mapping[UUID, str]) -> list[Line]:
        others = {link.id: link.name for link in found.sharing.care_team}
        others |= {share.id: share.name for share in found.sharing.shares}
        lines = []
        for event in found.log:
            gone = event.action in GONE and event.object_id not in titles
            own, other = (GONE if gone else SENTENCES).get(event.action, ("", ""))
            sentence = own if event.actor_id == found.account.id else other
            lines.append(self._line(event, sentence, titles, others))
        return lines

    def _own_act(self, event: EventRecord, titles: Mapping[UUID, str]) -> Line:
        return self._line(event, CLINICIAN_SENTENCES.get(event.action, ""), titles, {})

    def _line(
        self, event: EventRecord, sentence: str, titles: Mapping[UUID, str], others: Mapping[UUID, str]
    ) -> Line:
        words = self.environment.words  # type: ignore[attr-defined]
        about = event.object_id or NOBODY
        spoken = words.gettext(
            sentence or event.action.value,
            who=event.name or words.plain(N_("Somebody")),
            other=others.get(about) or words.plain(N_("somebody")),
            what=words.gettext("“%(title)s”", title=titles[about])
            if about in titles
            else words.plain(N_("a copy that is no longer shared")),
        )
        return Line(event.at, spoken)


def _contents(found: PatientRecords) -> list[tuple[SessionRecord | None, list[EntryRecord]]]:
    """Return entries by session, in the order of the sessions; the others come last."""
    known = {one.id: [] for one in found.plan.sessions}  # type: dict[UUID | None, list[EntryRecord]]
    others: list[EntryRecord] = []
    for entry in found.entries:
        known.get(entry.belongs_to, others).append(entry)
    contents = [(one, known[one.id]) for one in found.plan.sessions]  # type: list[tuple[SessionRecord | None, list[EntryRecord]]]
    return [*contents, (None, others)] if others else contents


def _spoken(day: date) -> str:
    return format_date(day, "EEE d MMM y", locale=LANGUAGE)
