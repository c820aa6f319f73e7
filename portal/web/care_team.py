"""
What a care team left for its patient, as pages show it.

Whom to call is a number, and in words whether anybody answers now. A text for the days of a course is its parts, and
whose signature stands under it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from uuid import UUID

from jinja2 import pass_context
from jinja2.runtime import Context

from journal.actor import Actor
from journal.care import links
from journal.care.links import Link
from journal.clinic import call_contacts, instructions
from journal.clinic.call_contacts import CallContact
from journal.clinic.hours import TypedWindow, Window
from journal.clinic.instructions import Instructions, ItemGroup, get_offsets
from journal.clinic.signatures import AttestedKeys, Signer, identify_signer
from journal.clinic.text_reading import open_text
from journal.errors import Damaged
from journal.i18n import N_
from journal.reading_hours.next_look import LookState, NextLook
from journal.roles import LABELS
from journal.sessions.moments import Offsets
from journal.stamps import IMPORTED, is_imported, parse_author, parse_version
from journal.time_zones import parse_zone
from portal.web.dates import (
    format_moment,
    format_place,
    format_short_date,
    format_short_day,
    format_time,
    format_weekday,
)
from portal.web.forms import Form
from portal.web.translation import Translator, filter_quoted

NOT_BEFORE = N_("%(name)s has written down no reading hours: it may not be read before your next talk.")
AWAY_UNKNOWN = N_("%(name)s is away until %(day)s: it may not be read before your next talk.")
AFTER_TALK = N_("%(name)s looks next on %(when)s: not before your next talk on %(talk)s.")
LOOKS_NOW = N_("%(name)s usually looks %(hours)s. It is such a time now, until %(time)s.")
LOOKS_NEXT = N_("%(name)s usually looks %(hours)s. Next: %(when)s.")
LOOKS_NEXT_THERE = N_("%(name)s usually looks %(hours)s. Next: %(when)s by your clock, %(theirs)s by theirs.")
WRITTEN_BY = N_("%(name)s, %(profession)s, %(day)s")
FROM_A_FILE = N_("%(stamp)s, as a file says that the patient imported")
VERSION_OF = N_("%(number)s, %(day)s")
DAYS_AND_HOURS = N_("%(days)s %(start)s–%(end)s")
MEANWHILE = N_("Meanwhile: %(covers)s")
WEEKDAYS = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))


@dataclass(frozen=True, slots=True)
class CallLine:
    """
    One contact in a list. `title` is who it is, and `answers` says whether they answer now, in a sentence.

    `hours` are their weekly hours on their own clock, for pages that are read later, such as printed ones. `is_due`:
    the day has come by which the care team wanted to look at it again.
    """

    contact: CallContact
    title: str
    answers: str
    is_due: bool
    hours: str = ""


async def load_my_call_lines(actor: Actor, translate: Callable[..., str]) -> tuple[CallLine, ...]:
    """Return the lines of whom the patient who asks can call, by their own clock."""
    return build_call_lines(await call_contacts.load_my_contacts(actor), actor.now, actor.zone, translate)


def build_call_lines(
    contacts: Iterable[CallContact], now: datetime, zone: tzinfo, translate: Callable[..., str]
) -> tuple[CallLine, ...]:
    """Return the lines of contacts; whether they answer is said by the clock of *zone*, which is the reader's."""
    return tuple(_build_call_line(one, now, zone, translate) for one in contacts)


def _build_call_line(
    one: CallContact, now: datetime, zone: tzinfo, translate: Callable[..., str]
) -> CallLine:
    details = one.details
    role = translate(details.role.label)
    title = f"{role} · {details.name}" if details.name else role
    return CallLine(
        one,
        title,
        _describe_answers(one, now, zone, translate),
        one.is_due(now.astimezone(zone).date()),
        describe_windows(details.windows, details.zone, now, zone, translate),
    )


def _describe_answers(one: CallContact, now: datetime, zone: tzinfo, translate: Callable[..., str]) -> str:
    found = one.find_availability(now)
    if found is None:
        return ""
    if found.answers:
        if found.until is None:
            return translate(N_("Answers now"))
        return translate(N_("Answers now, until %(when)s"), when=_format_when(found.until, now, zone))
    if found.again is None:
        return translate(N_("Does not answer now"))
    return translate(N_("Answers again %(when)s"), when=_format_when(found.again, now, zone))


def describe_windows(
    windows: Iterable[Window], zone_name: str, now: datetime, zone: tzinfo, translate: Callable[..., str]
) -> str:
    """Write weekly hours: "Mon–Fri 08:00–18:00", with the place whose clock it is where the reader's says another."""
    found = []
    for window in windows:
        days = _describe_days(window.days, translate)
        end = "24:00" if window.end == "00:00" else window.end
        found.append(translate(DAYS_AND_HOURS, days=days, start=window.start, end=end))
    hours, place = "; ".join(found), parse_zone(zone_name)
    if not hours or now.astimezone(place).utcoffset() == now.astimezone(zone).utcoffset():
        return hours
    return translate(N_("%(hours)s by the clocks of %(zone)s"), hours=hours, zone=format_place(zone_name))


def _describe_days(days: Iterable[int], translate: Callable[..., str]) -> str:
    """Write days of the week, three or more in a row as from the first to the last."""
    chosen = sorted(set(days))
    if len(chosen) == len(WEEKDAYS):
        return translate(N_("Every day"))
    runs: list[list[int]] = []
    for day in chosen:
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    names = {day: translate(name) for day, name in enumerate(WEEKDAYS, 1)}
    return ", ".join(
        f"{names[run[0]]}–{names[run[-1]]}" if len(run) > 2 else ", ".join(names[day] for day in run)
        for run in runs
    )


def _format_when(moment: datetime, now: datetime, zone: tzinfo) -> str:
    """Write a time: of today alone, of the next six days with the weekday, else with the day."""
    day, today, at = moment.astimezone(zone).date(), now.astimezone(zone).date(), format_time(moment, zone)
    if day == today:
        return at
    if day - today < timedelta(days=7):
        return f"{format_weekday(moment, zone)} {at}"
    return f"{format_short_day(moment, zone)} {at}"


def describe_look(
    look: NextLook, now: datetime, zone: tzinfo, translate: Callable[..., str]
) -> tuple[str, Mapping[str, str]]:
    """
    Return the one sentence that says when a clinician looks next, to be translated, and what stands in it.

    Times are by the clock of *zone*, which is the reader's; where the clinician's says another, by theirs as well.
    """
    said = {"name": look.name}
    if look.state is LookState.UNKNOWN or look.at is None or look.until is None:
        if look.away and look.is_away:
            return AWAY_UNKNOWN, {**said, "day": format_short_date(look.away[1])}
        return NOT_BEFORE, said
    here = format_moment(look.at, zone)
    if look.state is LookState.AFTER_TALK and look.talk is not None:
        return AFTER_TALK, {**said, "when": here, "talk": format_moment(look.talk, zone)}
    hours = look.hours
    said["hours"] = describe_windows(hours.windows, hours.zone, now, zone, translate)
    if look.state is LookState.NOW:
        return LOOKS_NOW, {**said, "time": format_moment(look.until, zone)}
    there = format_moment(look.at, look.zone)
    if there == here:
        return LOOKS_NEXT, {**said, "when": here}
    return LOOKS_NEXT_THERE, {**said, "when": here, "theirs": there}


@pass_context
def filter_look(context: Context, look: NextLook) -> str:
    """Write when a clinician looks next, in a sentence."""
    words: Translator = context.environment.words  # type: ignore[attr-defined]
    actor = context["actor"]
    sentence, values = describe_look(look, actor.now, actor.zone, words.translate)
    return words.gettext(sentence, **values)


@pass_context
def filter_stamp(context: Context, line: str, language: str = "") -> str:
    """Write who wrote something, or which version it is, and on which day; any other line is words in *language*."""
    words: Translator = context.environment.words  # type: ignore[attr-defined]
    if is_imported(line):
        return words.gettext(FROM_A_FILE, stamp=filter_stamp(context, line.removesuffix(IMPORTED), language))
    if author := parse_author(line):
        profession, day = words.translate(LABELS[author.profession]), format_short_date(author.day)
        return words.gettext(WRITTEN_BY, name=author.name, profession=profession, day=day)
    if version := parse_version(line):
        return words.gettext(VERSION_OF, number=version.number, day=format_short_date(version.day))
    return filter_quoted(line, language)


def list_weekdays(translate: Callable[..., str]) -> tuple[tuple[str, str], ...]:
    """Return the days of a week to choose from, by their numbers."""
    return tuple((str(number), translate(day)) for number, day in enumerate(WEEKDAYS, 1))


def read_windows(form: Form, count: int) -> tuple[TypedWindow, ...]:
    """Return as many rows of hours as were typed into a form; each weekday once."""
    rows = []
    for row in range(count):
        chosen = set(form.get_all(f"days{row}"))
        days = tuple(str(day) for day in range(1, len(WEEKDAYS) + 1) if str(day) in chosen)
        rows.append(TypedWindow(days, form[f"start{row}"], form[f"end{row}"]))
    return tuple(rows)


def fill_windows(windows: Iterable[Window], count: int) -> tuple[TypedWindow, ...]:
    """Return stored hours as rows of a form that has as many."""
    rows = tuple(TypedWindow(tuple(map(str, one.days)), one.start, one.end) for one in windows)
    return (*rows, *(TypedWindow() for _ in range(count)))[: max(count, len(rows))]


@dataclass(frozen=True, slots=True)
class ClinicText:
    """
    A care team's text for a page; `parts` are its lists with their headings.

    `is_known`: somebody whom the reader knows from their care team signed it; `is_past`, one whose care has ended.
    """

    text: Instructions
    parts: tuple[tuple[str, tuple[str, ...]], ...]
    is_known: bool
    is_past: bool


@dataclass(frozen=True, slots=True)
class ClinicTextState:
    """What stands in the place of a care team's text: the text, nothing, that it was hidden, or does not open."""

    shown: ClinicText | None = None
    is_damaged: bool = False
    is_hidden: bool = False

    @property
    def offsets(self) -> Offsets:
        """Return how far from a session of its course its moments are."""
        return get_offsets(self.shown.text if self.shown else None)


NO_CLINIC_TEXT = ClinicTextState()


async def build_clinic_text(
    actor: Actor, mine: Iterable[Link], text: Instructions, known: AttestedKeys | None = None
) -> ClinicText:
    """Return *text* for the page of its reader, whose care links are *mine*; *known* as for `identify_signer`."""
    signer = await identify_signer(actor, mine, text, known)
    parts = tuple(
        (group.label, tuple(item.text for item in text.items if item.group is group)) for group in ItemGroup
    )
    return ClinicText(text, parts, signer is not Signer.NOBODY, signer is Signer.PAST)


def leave_out_bringing(state: ClinicTextState) -> ClinicTextState:
    """Return the text without what to bring, which nobody needs once the session has begun."""
    if state.shown is None:
        return state
    parts = tuple(part for part in state.shown.parts if part[0] != ItemGroup.BRING.label)
    return replace(state, shown=replace(state.shown, parts=parts))


async def load_my_clinic_text(actor: Actor, course: UUID | None) -> ClinicTextState:
    """Return what the patient's care team wrote for a course, or for sessions without one."""
    try:
        found = await instructions.load_newest(actor.installation, actor.id, course)
    except Damaged:
        return ClinicTextState(is_damaged=True)
    if found is None or found.hidden_at:
        return ClinicTextState(is_hidden=found is not None)
    opened = await open_text(actor, None, found)
    return ClinicTextState(
        await build_clinic_text(actor, await links.load_my_links(actor, ended=True), opened)
    )
