"""The accounting of disclosures: a page to read and print, and a file to download."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.audit.acts import Act
from journal.catalogue.fields import EntryKind
from journal.errors import HeldUntilRested, Refused
from journal.i18n import N_
from journal.records.disclosures import Disclosure, six_years_before, take
from journal.records.disclosures import disclosures as accounted
from journal.sessions import holds
from journal.sessions.holds import Hold
from journal.typed import read_whole
from portal.access.session_cookie import actor_of
from portal.views.sharing.clinician_names import named
from portal.web.errors import refusal
from portal.web.escaping import csv_file, inert
from portal.web.forms import Form
from portal.web.pages import page, short_day, translator

LINES = 200  # of one page
HEADINGS = (
    N_("Date"), N_("Time"), N_("Time in UTC"), N_("Recipient"), N_("Practice"), N_("What happened"), N_("What"),
    N_("Why"),
)  # fmt: skip
GONE = N_("something you no longer share")


@dataclass(frozen=True, slots=True)
class Kind:
    """The words for one kind of disclosure; where `what` is empty, it is about one entry."""

    happened: str
    what: str
    why: str


KINDS: Mapping[Act, Kind] = MappingProxyType(
    {
        Act.CARE_BEGAN: Kind(
            N_("could see it from then on"), N_("your name, your time zone and the dates of your sessions"),
            N_("you accepted their invitation"),
        ),
        Act.HANDOVER_ACCEPTED: Kind(
            N_("could see it from then on"), N_("your name, your time zone and the dates of your sessions"),
            N_("you agreed that they take over"),
        ),
        Act.SHARED: Kind(N_("could read it from then on"), "", N_("you shared it for your treatment")),
        Act.SHARE_UPDATED: Kind(
            N_("could read a newer copy from then on"), "", N_("you shared it for your treatment")
        ),
        Act.SHARING_RESUMED: Kind(
            N_("could read again"), N_("what you had shared with them"), N_("you resumed sharing for your treatment")
        ),
        Act.SHARE_OPENED: Kind(N_("opened it"), "", N_("you had shared it for your treatment")),
        Act.RECORDS_TAKEN: Kind(
            N_("took a copy away"), N_("what you shared with them, and the dates of your sessions"),
            N_("for their own records of your treatment"),
        ),
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One disclosure in words."""

    at: datetime
    recipient: str
    happened: str
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Day:
    """The lines of one day in the patient's own time zone."""

    at: datetime
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Accounting:
    """Context of the page; `older` is the event before which the next page begins, or None on the last."""

    days: tuple[Day, ...]
    since: datetime
    older: int | None
    newest: bool
    waiting: Hold | None
    damaged: int
    errors: Mapping[str, str] = field(default_factory=dict)


async def disclosures(request: Request) -> Response:
    """Show what went to whom; send it as a file once the password is given again."""
    actor = actor_of(request)
    if request.method == "GET":
        return await _shown(request, actor)
    form = await Form.read(request)
    try:
        found = await take(actor, form["current"])
    except Refused as refused:
        return await _shown(request, actor, refused.fields, **refusal(refused))
    except HeldUntilRested:
        return await _shown(request, actor, status=409)
    name = f"hearthside-disclosures-{actor.now.astimezone(actor.zone):%Y-%m-%d}.csv"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(_file(request, actor, found), media_type="text/csv; charset=utf-8", headers=headers)


async def _shown(
    request: Request,
    actor: Actor,
    errors: Mapping[str, str] | None = None,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    asked = request.query_params.get("before", "")
    before = read_whole(asked, 18)
    found = await accounted(actor, limit=LINES + 1, before=before)
    lines = [line_of(one, actor, translator(request)) for one in found[:LINES]]
    days = []
    for _, grouped in groupby(lines, key=lambda line: line.at.astimezone(actor.zone).date()):
        of_day = tuple(grouped)
        days.append(Day(of_day[0].at, of_day))
    older = found[LINES - 1].id if len(found) > LINES else None
    since, waiting = six_years_before(actor.now), await holds.held(actor)
    damaged = len(found.damaged)
    context = Accounting(tuple(days), since, older, before is None, waiting, damaged, errors or {})
    return page(request, "sharing/disclosures.html", context, status=status, headers=headers)


def _file(request: Request, actor: Actor, found: tuple[Disclosure, ...]) -> bytes:
    _, practice = translator(request), request.app.state.practice.current.name
    rows = [[_(heading) for heading in HEADINGS]]
    for line in (line_of(one, actor, _) for one in found):
        local, utc = line.at.astimezone(actor.zone), line.at.astimezone(UTC)
        moment = [f"{local:%Y-%m-%d}", f"{local:%H:%M}", f"{utc:%Y-%m-%dT%H:%M:%SZ}"]
        rows.append([*moment, line.recipient, practice, line.happened, line.what, line.why])
    return csv_file(rows)


def line_of(one: Disclosure, actor: Actor, _: Callable[..., str]) -> Line:
    """Return one disclosure in words, with *_* as translator."""
    kind = KINDS[one.act]
    what = _(kind.what) if kind.what else _(GONE)
    if not kind.what and one.copy is not None:
        what = _(
            N_("%(kind)s, written on %(date)s"),
            kind=_(EntryKind(one.copy.kind).label),
            date=short_day(datetime.fromisoformat(one.copy.written_at), actor.zone),
        )
        if one.copy.title:
            what = _(N_("“%(title)s” (%(what)s)"), title=inert(one.copy.title), what=what)
    return Line(
        one.at,
        named(inert(one.recipient), one.profession, _) or _(N_("Somebody")),
        _(kind.happened),
        what,
        _(kind.why),
    )
