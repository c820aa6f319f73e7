"""A clinician's reading hours: when they usually look, when they are away, who covers, and a sentence of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from journal.clinic.hours import TypedWindow, parse_windows
from journal.errors import InvalidInput, StaleRevision
from journal.i18n import get_known_language
from journal.reading_hours import hours as reading_hours
from journal.reading_hours.hours import MAX_WINDOWS, Hours, StoredHours
from journal.reading_hours.next_look import NextLook, find_next_look
from journal.reminders.following import renew_for_clinician
from journal.time_zones import ZoneChoice
from portal.access.session_cookie import get_actor
from portal.web.care_team import fill_windows, list_weekdays, read_windows
from portal.web.dates import list_zones
from portal.web.forms import Form
from portal.web.pages import get_translator, redirect, render_page

FIELDS = ("zone", "away_from_date", "away_until_date", "covers", "words")


@dataclass(frozen=True, slots=True)
class ReadingHoursPage:
    """
    Context of the form; `base` is the revision that it replaces, 0 where there is none.

    `look` is what patients read at present. `changed` is why nothing was saved: it was saved elsewhere meanwhile.
    """

    base: int
    typed: Mapping[str, str]
    rows: tuple[TypedWindow, ...]
    weekdays: tuple[tuple[str, str], ...]
    zones: tuple[ZoneChoice, ...]
    look: NextLook
    is_damaged: bool = False
    changed: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)


async def edit_reading_hours(request: Request) -> Response:
    """Show or save the reading hours of the clinician who asks."""
    actor = get_actor(request)
    stored = await reading_hours.load_my_hours(actor)
    if request.method == "GET":
        hours = stored.hours
        words = (hours.zone, hours.away_from, hours.away_until, hours.covers, hours.words)
        rows = fill_windows(hours.windows, MAX_WINDOWS)
        return _render(request, stored, stored.revision, dict(zip(FIELDS, words, strict=True)), rows)
    form = await Form.read(request)
    base, typed = form.get_whole_number("revision") or 0, {name: form[name] for name in FIELDS}
    given = [row for row in read_windows(form, MAX_WINDOWS) if not row.is_blank]
    rows = (*given, *(TypedWindow() for _ in range(MAX_WINDOWS - len(given))))
    windows, problems = parse_windows(rows)
    try:
        if problems:
            raise InvalidInput(problems)
        rest, before = _read_rest(typed), stored.hours
        is_kept = (typed["covers"], typed["words"]) == (before.covers, before.words)
        language = before.language if is_kept else get_known_language(actor.language)
        await reading_hours.save_hours(actor, Hours(typed["zone"], windows, *rest, language), base=base)
    except InvalidInput as error:
        return _render(request, stored, base, typed, rows, errors=error.fields)
    except StaleRevision as error:
        newer = await reading_hours.load_my_hours(actor)
        return _render(request, newer, newer.revision, typed, rows, changed=error.message)
    if actor.is_reminded:
        await renew_for_clinician(actor)
    return redirect(request, "/account?done=reading-hours")


def _read_rest(typed: Mapping[str, str]) -> tuple[str, str, str, str]:
    first, last = typed["away_from_date"], typed["away_until_date"]
    return first, last, typed["covers"], typed["words"]


def _render(
    request: Request,
    stored: StoredHours,
    base: int,
    typed: Mapping[str, str],
    rows: tuple[TypedWindow, ...],
    *,
    changed: str = "",
    errors: Mapping[str, str] | None = None,
) -> Response:
    actor = get_actor(request)
    context = ReadingHoursPage(
        base,
        typed,
        rows,
        list_weekdays(get_translator(request)),
        list_zones(actor.now, actor.time_zone, typed["zone"]),
        find_next_look(actor.name, stored.hours, actor.now),
        stored.is_damaged,
        changed,
        errors or {},
    )
    return render_page(
        request, "account/reading_hours.html", context, status=409 if changed else 422 if errors else 200
    )
