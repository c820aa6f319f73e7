"""Disclosures in words, alike on the page and in the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from journal.actor import Actor
from journal.audit.acts import Act
from journal.catalogue.fields import EntryKind
from journal.i18n import N_
from journal.records.disclosures import Disclosure
from portal.views.professions import named
from portal.web.escaping import inert
from portal.web.pages import short_day

GONE = N_("something you no longer share")


@dataclass(frozen=True, slots=True)
class Kind:
    """What is said of one kind of disclosure; where `what` is empty, it is about one entry."""

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


def line_of(one: Disclosure, actor: Actor, _: Callable[..., str]) -> Line:
    """Say one disclosure in words, with *_* as translator."""
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
