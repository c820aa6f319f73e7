"""
Render the pages inside an export: HTML that is read from a folder, without a server, a script or a network.

The patient's own words are escaped like everywhere else; a folder is no reason to trust them less.
"""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from importlib.resources import files
from itertools import groupby
from types import MappingProxyType
from typing import Any, Protocol
from uuid import UUID

from jinja2 import Environment

from journal.actor import Actor
from journal.audit.acts import Act
from journal.catalogue.emotions import parse_emotions
from journal.catalogue.forms import FORMS
from journal.catalogue.revisits import parse_moments, parse_revisits
from journal.day_lines.lines import parse_day_lines
from journal.dosing_day.lines import parse_medicine, parse_readings
from journal.dosing_day.requests import parse_requests
from journal.entries.naming import ENTRY_UNREADABLE, EntryName, get_kind_label, name_sessions
from journal.evaluation.lines import parse_changes, parse_given, parse_remedies, parse_treatments
from journal.fhir.exports import Fhir, write_bundles, write_numbers
from journal.i18n import N_, MarkedText
from journal.measures.lines import parse_measure
from journal.measures.scores import parse_total
from journal.notices.lines import parse_agreed
from journal.records.collection import ClinicianRecords, PatientRecords, Records
from journal.records.schema import CopyRecord, EntryRecord, EventRecord, SessionRecord
from journal.replies.lines import parse_replies
from journal.sitter.lines import parse_checks
from journal.standing.lines import parse_standing
from portal import __version__
from portal.documents.event_sentences import SENTENCES, SENTENCES_WHEN_DELETED
from portal.web.care_team import WEEKDAYS
from portal.web.dates import format_day_with_weekday, format_month, format_short_day
from portal.web.entry_names import find_title_language, format_entry_name, format_session_name
from portal.web.template_compiler import render_template
from portal.web.translation import filter_quoted, get_language, speaking

PATIENT_MENU = (
    ("index.html", N_("Contents")),
    ("sessions.html", N_("Sessions")),
    ("sharing.html", N_("Sharing")),
    ("log.html", N_("Activity log")),
)
CLINICIAN_MENU = (("index.html", N_("Patients")),)
OWN_NOTES = ("own-notes.html", N_("My notes"))
CLINICIAN_SENTENCES: Mapping[Act, str] = MappingProxyType(
    {
        Act.SHARE_OPENED: N_("You opened %(what)s"),
        Act.SHARE_FILED: N_("You filed %(what)s in the record of your practice"),
        Act.SESSION_PLANNED: N_("You planned sessions"),
        Act.CALL_CONTACT_CHANGED: N_("You wrote down who to call"),
        Act.CALL_CONTACT_REMOVED: N_("You removed a number to call"),
        Act.NOTE_WRITTEN: N_("You wrote a note"),
        Act.REPLY_SENT: N_("You sent a reply"),
        Act.REPLY_READ: N_("You opened a reply"),
        Act.REPLY_WITHDRAWN: N_("You withdrew a reply before it was read"),
        Act.TALK_SET: N_("You set something for a talk"),
        Act.TALK_WITHDRAWN: N_("You withdrew something that was set for a talk"),
        Act.TALK_MARKED: N_("You marked something that was set for a talk"),
        Act.TALKED_ABOUT: N_("You marked something as talked about, or not"),
        Act.INSTRUCTIONS_WRITTEN: N_("You wrote what to do before and on the day"),
        Act.SESSION_CHANGED: N_("You changed a session"),
        Act.RECORDS_TAKEN: N_("You exported what is shared with you"),
    }
)
NOBODY = UUID(int=0)
FIELDS_BY_ID = MappingProxyType({field.id: field for form in FORMS.values() for field in form.fields})


@dataclass(frozen=True, slots=True)
class MonthLink:
    """The month before or after another."""

    title: str
    file: str


@dataclass(frozen=True, slots=True)
class MonthPage:
    """One page of a patient's entries."""

    title: str
    file: str
    entries: tuple[EntryRecord, ...]
    before: MonthLink | None
    after: MonthLink | None


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of the log, in words."""

    at: datetime
    sentence: str


class RenderPages(Protocol):
    """Renders the pages of an export by file name; *beside* are the names of its other files."""

    def __call__(self, found: Records, beside: Iterable[str] = ()) -> dict[str, str]: ...


def build_page_renderer(environment: Environment, actor: Actor) -> RenderPages:
    """Return the function that renders the pages of an export for *actor*."""
    language = get_language()

    def render(found: Records, beside: Iterable[str] = ()) -> dict[str, str]:
        with speaking(language):
            renderer = _PageRenderer(environment, actor, found, beside)
            try:
                return renderer.render_all()
            finally:
                renderer.values.clear()  # some refer to the renderer: what it showed would stay in memory

    return render


def build_file_renderer(
    environment: Environment, actor: Actor, chosen: Fhir
) -> Callable[[Records], Mapping[str, str | bytes]]:
    """Return the function that makes all of an export for *actor* but its JSON: pages, tables, and FHIR if *chosen*."""
    render = build_page_renderer(environment, actor)

    def build(found: Records) -> Mapping[str, str | bytes]:
        files = {**write_numbers(found), **write_bundles(found, chosen, __version__)}
        return {**files, **render(found, files)}

    return build


class _Memo(dict[Any, Any]):
    """A memo of formatted texts: a thousand entries have the same few questions, on few days."""

    def __init__(self, find: Callable[[Any], object]) -> None:
        self.compute = find

    def __missing__(self, key: Any) -> object:
        found = self[key] = self.compute(key)
        return found


class Sentences:
    """A memo of translations: a message with a context equals its message, which may be said in another way."""

    def __init__(self, translate: Callable[[str], str]) -> None:
        self._found = _Memo(lambda key: translate(key[1]))

    def __getitem__(self, message: str) -> str:
        found: str = self._found[message.context if isinstance(message, MarkedText) else "", message]
        return found


class _PageRenderer:
    def __init__(self, environment: Environment, actor: Actor, found: Records, beside: Iterable[str]) -> None:
        self.environment = environment
        self.zone = actor.zone
        self.day_texts = spoken = _Memo(format_day_with_weekday)
        said = Sentences(environment.words.gettext)  # type: ignore[attr-defined]
        self.records = found
        self.values: dict[str, Any] = {
            "actor": actor,
            "fingerprint": actor.fingerprint,
            "lang": get_language(),
            "account": found.account,
            "made_at": found.made_at,
            "unreadable": found.unreadable,
            "folders": {name.partition("/")[0] for name in beside},
            "own": found.own if isinstance(found, ClinicianRecords) else None,
            "kinds": _Memo(lambda code: said[get_kind_label(code)]),
            "fields": FIELDS_BY_ID,
            "feelings": parse_emotions,
            "medicine": parse_medicine,
            "measure": parse_measure,
            "moments": parse_moments,
            "readings": parse_readings,
            "requests": parse_requests,
            "standing": parse_standing,
            "agreed": parse_agreed,
            "revisits": parse_revisits,
            "said": said,
            "checks": parse_checks,
            "replies": parse_replies,
            "day_lines": parse_day_lines,
            "conditions": parse_given,
            "remedies": parse_remedies,
            "treatments": parse_treatments,
            "changes": parse_changes,
            "day": _Memo(lambda moment: spoken[moment.astimezone(actor.zone).date()]),
            "moment": _Memo(lambda moment: self._format_clock(moment.astimezone(self.zone))),
            "clock": self._format_clock,
            "weekdays": lambda days: ", ".join(said[WEEKDAYS[day - 1]] for day in days),
            "told_total": parse_total,
            "that_day": _Memo(lambda text: spoken[date.fromisoformat(text)]),
        }

    def render_all(self) -> dict[str, str]:
        readme = html.unescape(
            self._render("archive/README.txt", "README.txt")
        )  # plain text needs no escapes
        pages = {"README.txt": "\n".join(map(_wrap, readme.splitlines())) + "\n"}
        pages["style.css"] = (files("templates") / "archive" / "style.css").read_text(encoding="utf-8")
        if isinstance(self.records, PatientRecords):
            return pages | self._render_patient(self.records)
        return pages | self._render_clinician(self.records)

    def _render_patient(self, found: PatientRecords) -> dict[str, str]:
        months = self._group_by_month(found.entries)
        titles = self._name_entries(found.entries, found.plan.sessions)
        titles |= {
            one.id: titles.get(one.entry_id) or self.environment.words.translate(ENTRY_UNREADABLE)  # type: ignore[attr-defined]
            for one in found.sharing.shares
        }
        shared: dict[UUID, list[Any]] = {}
        for share in found.sharing.shares:
            shared.setdefault(share.entry_id, []).append(share)
        self.values |= {
            "menu": PATIENT_MENU,
            "entries": found.entries,
            "plan": found.plan,
            "sharing": found.sharing,
            "link_names": {link.id: link.name for link in found.sharing.care_team},
            "sessions": {one.id: one for one in found.plan.sessions},
            "session_names": self._name_sessions(found.plan.sessions),
            "months": months,
            "contents": _group_by_session(found),
            "place": {entry.id: f"{month.file}#e-{entry.id}" for month in months for entry in month.entries},
            "titles": titles,
            "shared": shared,
            "lines": self._list_log_lines(found, titles),
        }
        pages = {
            name: self._render(f"archive/{name}", name)
            for name in ("index.html", "sessions.html", "sharing.html", "log.html")
        }
        return pages | {
            month.file: self._render("archive/month.html", month.file, month=month) for month in months
        }

    def _render_clinician(self, found: ClinicianRecords) -> dict[str, str]:
        menu = (*CLINICIAN_MENU, OWN_NOTES) if found.own.notes else CLINICIAN_MENU
        self.values |= {"menu": menu, "patients": found.patients}
        pages = {"index.html": self._render("archive/patients.html", "index.html")}
        if found.own.notes:
            pages[OWN_NOTES[0]] = self._render("archive/own_notes.html", OWN_NOTES[0])
        for number, patient in enumerate(found.patients, 1):
            titles = self._name_entries(patient.shared, patient.sessions)
            pages[f"patients/{number}.html"] = self._render(
                "archive/patient.html",
                f"patients/{number}.html",
                patient=patient,
                sessions={one.id: one for one in patient.sessions},
                session_names=self._name_sessions(patient.sessions),
                titles=titles,
                lines=[self._describe_own_act(event, titles) for event in patient.log],
            )
        return pages

    def _format_clock(self, value: datetime) -> str:
        """Write a moment by the clock that it was told by."""
        return f"{self.day_texts[value.date()]}, {value:%H:%M}"

    def _render(self, template: str, name: str, **values: object) -> str:
        place = {"here": name, "root": "../" if "/" in name else ""}
        return render_template(self.environment.get_template(template), self.values | place | values)

    def _group_by_month(self, entries: Iterable[EntryRecord]) -> list[MonthPage]:
        grouped = [
            (first, tuple(group))
            for first, group in groupby(
                entries, key=lambda one: one.created_at.astimezone(self.zone).replace(day=1).date()
            )
        ]
        near = [MonthLink(format_month(first), f"journal/{first:%Y-%m}.html") for first, _ in grouped]
        around: list[MonthLink | None] = [None, *near, None]
        return [
            MonthPage(here.title, here.file, group, before, after)
            for (_, group), here, before, after in zip(grouped, near, around, around[2:], strict=False)
        ]

    def _name_sessions(self, plan: Iterable[SessionRecord]) -> dict[UUID, str]:
        """Return what each session is called."""
        translate = self.environment.words.translate  # type: ignore[attr-defined]
        return {ident: format_session_name(one, translate) for ident, one in name_sessions(plan).items()}

    def _name_entries(
        self, written: Iterable[EntryRecord | CopyRecord], plan: Iterable[SessionRecord]
    ) -> dict[UUID, str]:
        """Return what each entry or copy is called."""
        named, translate = name_sessions(plan), self.environment.words.translate  # type: ignore[attr-defined]
        day = partial(format_short_day, zone=self.zone)
        names = {
            one.id: EntryName(
                one.title,
                one.kind,
                named.get(one.belongs_to) if one.belongs_to else None,
                one.created_at if isinstance(one, EntryRecord) else one.written_at,
                language=one.title_language if isinstance(one, EntryRecord) else one.language,
            )
            for one in written
        }
        return {
            ident: filter_quoted(format_entry_name(name, translate, day), find_title_language(name))
            for ident, name in names.items()
        }

    def _list_log_lines(self, found: PatientRecords, titles: Mapping[UUID, str]) -> list[LogLine]:
        others = {link.id: link.name for link in found.sharing.care_team}
        others |= {share.id: share.name for share in found.sharing.shares}
        lines = []
        for event in found.log:
            gone = event.action in SENTENCES_WHEN_DELETED and event.object_id not in titles
            own, other = (SENTENCES_WHEN_DELETED if gone else SENTENCES).get(event.action, ("", ""))
            sentence = own if event.actor_id == found.account.id else other
            lines.append(self._build_line(event, sentence, titles, others))
        return lines

    def _describe_own_act(self, event: EventRecord, titles: Mapping[UUID, str]) -> LogLine:
        return self._build_line(event, CLINICIAN_SENTENCES.get(event.action, ""), titles, {})

    def _build_line(
        self, event: EventRecord, sentence: str, titles: Mapping[UUID, str], others: Mapping[UUID, str]
    ) -> LogLine:
        words = self.environment.words  # type: ignore[attr-defined]
        about = event.object_id or NOBODY
        spoken = words.gettext(
            sentence or event.action.value,
            who=event.name or words.translate(N_("Somebody")),
            other=others.get(about) or words.translate(N_("somebody")),
            what=words.gettext("“%(title)s”", title=titles[about])
            if about in titles
            else words.translate(N_("a copy that is no longer shared")),
        )
        return LogLine(event.at, spoken)


def _group_by_session(found: PatientRecords) -> list[tuple[SessionRecord | None, list[EntryRecord]]]:
    """Return entries by session, in the order of the sessions; the others come last."""
    known = {one.id: [] for one in found.plan.sessions}  # type: dict[UUID | None, list[EntryRecord]]
    others: list[EntryRecord] = []
    for entry in found.entries:
        known.get(entry.belongs_to, others).append(entry)
    contents = [(one, known[one.id]) for one in found.plan.sessions]  # type: list[tuple[SessionRecord | None, list[EntryRecord]]]
    return [*contents, (None, others)] if others else contents


def _wrap(line: str) -> str:
    """Return a line of the README, no longer than a terminal's; what a name of a file has beside it stays there."""
    name = re.match(r"[\w/.-]+ {2,}", line) or re.match(r"[\w-]+\.\w+ ", line)
    return textwrap.fill(line, 78, subsequent_indent=" " * (name.end() if name else 0))
