"""The accounting of disclosures: a page to read and print, and a file to download."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.audit.acts import Act
from journal.entries.naming import EntryNamer, get_kind_label
from journal.errors import InvalidInput
from journal.i18n import N_
from journal.packets.documents import Told
from journal.packets.drafts import load_told
from journal.records.disclosures import Disclosure, export_disclosures, get_accounting_start, list_disclosures
from journal.sessions import holds
from journal.sessions.holds import Hold
from journal.sessions.rows import load_my_sessions
from journal.user_input import parse_whole_number
from portal.access.session_cookie import get_actor
from portal.documents.event_sentences import DISCLOSURE_KINDS
from portal.views.sharing.clinician_names import format_clinician_name
from portal.web.dates import format_short_day
from portal.web.entry_names import format_entry_name, translate_own_title
from portal.web.errors import build_refusal_arguments
from portal.web.escaping import build_csv, remove_controls
from portal.web.forms import Form
from portal.web.pages import get_page_translator, get_translator, render_page
from portal.web.translation import filter_quoted

LINES_PER_PAGE = 200  # of one page
HEADINGS = (
    N_("Date"), N_("Time"), N_("Time in UTC"), N_("Recipient"), N_("Practice"), N_("What happened"), N_("What"),
    N_("Why"),
)  # fmt: skip
UNREADABLE_TOLD = N_("what you wrote about it cannot be opened")
NO_LONGER_SHARED = N_("something you no longer share")


@dataclass(frozen=True, slots=True)
class DisclosureLine:
    """
    One disclosure in words; `sentence` is to be translated, and the others stand in it.

    `is_packet`: whom it went to belongs to no practice that is known here.
    """

    at: datetime
    recipient: str
    happened: str
    what: str
    why: str
    sentence: str
    is_packet: bool = False


@dataclass(frozen=True, slots=True)
class DisclosureDay:
    """The lines of one day in the patient's own time zone."""

    at: datetime
    lines: tuple[DisclosureLine, ...]


@dataclass(frozen=True, slots=True)
class AccountingPage:
    """Context of the page; `older` is the event before which the next page begins, or None on the last."""

    days: tuple[DisclosureDay, ...]
    since: datetime
    older: int | None
    newest: bool
    waiting: Hold | None
    damaged: int
    errors: Mapping[str, str] = field(default_factory=dict)


async def show_disclosures(request: Request) -> Response:
    """Show what went to whom; send it as a file once the password is given again."""
    actor = get_actor(request)
    if request.method == "GET":
        return await _render_page(request, actor)
    form = await Form.read(request)
    try:
        found = await export_disclosures(actor, form["current"])
    except InvalidInput as refused:
        return await _render_page(request, actor, refused.fields, **build_refusal_arguments(refused))
    name = f"hearthside-disclosures-{actor.now.astimezone(actor.zone):%Y-%m-%d}.csv"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    namer = EntryNamer(await load_my_sessions(actor))
    told = await _load_told(actor, found)
    return Response(
        _build_csv(request, actor, namer, found, told), media_type="text/csv; charset=utf-8", headers=headers
    )


async def _render_page(
    request: Request,
    actor: Actor,
    errors: Mapping[str, str] | None = None,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    asked = request.query_params.get("before", "")
    before = parse_whole_number(asked, 18)
    found = await list_disclosures(actor, limit=LINES_PER_PAGE + 1, before=before)
    plan, _ = await load_my_sessions(actor), get_page_translator(request)
    namer = EntryNamer(plan)
    told = await _load_told(actor, found)
    lines = [build_line(one, actor, namer, _, filter_quoted, told) for one in found[:LINES_PER_PAGE]]
    days = []
    for _day, grouped in groupby(lines, key=lambda line: line.at.astimezone(actor.zone).date()):
        of_day = tuple(grouped)
        days.append(DisclosureDay(of_day[0].at, of_day))
    older = found[LINES_PER_PAGE - 1].id if len(found) > LINES_PER_PAGE else None
    since, waiting = get_accounting_start(actor.now), holds.get_hold(actor, plan)
    damaged = len(found.damaged)
    context = AccountingPage(tuple(days), since, older, before is None, waiting, damaged, errors or {})
    return render_page(request, "sharing/disclosures.html", context, status=status, headers=headers)


async def _load_told(actor: Actor, found: Sequence[Disclosure]) -> Mapping[UUID, Told]:
    """Return for whom and what for packets were made, where there are any."""
    return await load_told(actor) if any(one.packet for one in found) else {}


def _build_csv(
    request: Request,
    actor: Actor,
    namer: EntryNamer,
    found: tuple[Disclosure, ...],
    told: Mapping[UUID, Told],
) -> bytes:
    _, practice = get_translator(request), request.app.state.practice.current.name
    rows = [[_(heading) for heading in HEADINGS]]
    for line in (build_line(one, actor, namer, _, told=told) for one in found):
        local, utc = line.at.astimezone(actor.zone), line.at.astimezone(UTC)
        moment = [f"{local:%Y-%m-%d}", f"{local:%H:%M}", f"{utc:%Y-%m-%dT%H:%M:%SZ}"]
        rows.append(
            [*moment, line.recipient, "" if line.is_packet else practice, line.happened, line.what, line.why]
        )
    return build_csv(rows)


def build_line(
    one: Disclosure,
    actor: Actor,
    namer: EntryNamer,
    _: Callable[..., str],
    quote: Callable[[str, str], str] = lambda words, _language: words,
    told: Mapping[UUID, Told] | None = None,
) -> DisclosureLine:
    """
    Return one disclosure in words, with *_* as translator.

    Args:
        namer: Knows the patient's plan.
        quote: Writes a title, given with its language, for whatever the line stands on.
        told: For whom and what for packets were made.
    """
    kind = DISCLOSURE_KINDS[one.act]
    if one.act is Act.PACKET_MADE:
        said = (told or {}).get(one.packet) if one.packet else None
        who, why = (said.recipient, said.purpose) if said else (_(N_("Somebody")), _(UNREADABLE_TOLD))
        spoken = said.language if said else ""
        who, why = (quote(remove_controls(words), spoken) for words in (who, why))
        words = (who, _(kind.happened), _(kind.what), why)
        return DisclosureLine(one.at, *words, kind.sentence, is_packet=True)
    what = _(kind.what) if kind.what else _(NO_LONGER_SHARED)
    if not kind.what and one.copy is not None:
        name, day = namer.name_copy(one.copy), partial(format_short_day, zone=actor.zone)
        called = format_entry_name(name, _, day) if name.session else _(get_kind_label(name.kind))
        what = _(
            N_("%(what)s, written on %(date)s"),
            what=called,
            date=day(datetime.fromisoformat(one.copy.written_at)),
        )
        if one.copy.title:
            own = translate_own_title(one.copy.kind, one.copy.title, _)
            title = own or quote(remove_controls(one.copy.title), one.copy.language)
            what = _(N_("“%(title)s” (%(what)s)"), title=title, what=what)
    return DisclosureLine(
        one.at,
        format_clinician_name(remove_controls(one.recipient), one.profession, _) or _(N_("Somebody")),
        _(kind.happened),
        what,
        _(kind.why),
        kind.sentence,
    )
