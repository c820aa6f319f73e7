"""
What an entry is called: its title; without one its kind, and the session that it belongs to or the day it was begun.

These are the parts of a name. `portal.web.entry_names` makes one sentence of them, for every page and every archive.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Protocol
from uuid import UUID

import msgspec

from journal.actor import Actor
from journal.care.documents import ShareDocument
from journal.catalogue.fields import EntryKind
from journal.entries.assignment import SessionAssignment
from journal.entries.listing import EntrySummary
from journal.i18n import N_
from journal.sessions.rows import Plan, Session, load_my_sessions
from journal.sessions.schedule import NumberedSession, number_sessions
from journal.sessions.session import Phase, SessionKind
from journal.vault.entry_rows import Entry

ENTRY_UNREADABLE = N_("An entry that cannot be opened")
KIND_LABELS = MappingProxyType({kind.value: kind.label for kind in EntryKind})


class PlannedSession(NumberedSession, Protocol):
    """What the name of a session follows from."""

    @property
    def about(self) -> UUID | None:
        """Return the id of the dosing session that it is about, if any."""

    @property
    def starts_at(self) -> datetime:
        """Return its planned start."""


class NamedSession(msgspec.Struct, frozen=True):
    """
    What a session is recognised by.

    `number` is that of the dosing session that it is or is about, in its series; without one, a name says its day.
    """

    kind: SessionKind
    number: int | None
    is_maintenance: bool
    starts_at: datetime


class EntryName(msgspec.Struct, frozen=True):
    """
    What an entry is recognised by, as far as the reader's page knows it.

    The title of one that `is_damaged` is a sentence of ours, to be translated; any other is in its `language`, where
    that is known.
    """

    title: str
    kind: str = ""
    session: NamedSession | None = None
    written_at: datetime | None = None
    is_damaged: bool = False
    language: str = ""

    @property
    def has_day(self) -> bool:
        """Return whether the day on which it was begun is a part of its name."""
        return not self.title and self.session is None and self.written_at is not None


class EntryNamer:
    """Names the entries of one patient by their plan, as the reader of the page may see it."""

    __slots__ = ("assignment", "plan", "sessions")

    def __init__(self, plan: Iterable[Session] = ()) -> None:
        """Prepare to name entries; without a plan they are named by kind and day."""
        known = self.plan = tuple(plan)
        self.assignment = SessionAssignment(known)
        self.sessions = name_sessions(known)

    def name_entry(self, one: Entry | EntrySummary) -> EntryName:
        """Return the name of one of the reader's own entries."""
        if isinstance(one, Entry):
            kind, title, session_id = one.document.kind, one.document.title, one.document.session_id
            language = one.document.title_language
        else:
            kind, title, session_id, language = one.kind, one.title, one.session_id, one.language
        if one.damaged:
            return EntryName(title, is_damaged=True)
        return self._build_name(kind, title, session_id, one.created_at, language)

    def name_copy(self, copy: ShareDocument) -> EntryName:
        """Return the name of a copy, by what it holds and nothing else."""
        written_at = datetime.fromisoformat(copy.written_at)
        return self._build_name(copy.kind, copy.title, copy.session_id, written_at, copy.language)

    def _build_name(
        self, kind: str, title: str, session_id: str | None, written_at: datetime, language: str
    ) -> EntryName:
        found = None if title else self.assignment.find_session(kind, session_id, written_at)
        return EntryName(
            title, kind, self.sessions[found.id] if found else None, written_at, language=language
        )


async def load_naming_plan(actor: Actor, found: Iterable[Entry]) -> Plan | None:
    """Return the patient's plan if one of their own entries has no title: no other is named by it."""
    return await load_my_sessions(actor) if any(not one.document.title for one in found) else None


async def load_namer(actor: Actor, found: Iterable[Entry]) -> EntryNamer:
    """Return what names some of the patient's own entries."""
    return EntryNamer(await load_naming_plan(actor, found) or ())


def name_sessions(plan: Iterable[PlannedSession]) -> Mapping[UUID, NamedSession]:
    """Return what each session of a patient is recognised by; *plan* is all of them, in the order of their times."""
    sessions = tuple(plan)
    numbers = number_sessions(sessions)
    maintenance = {one.id for one in sessions if one.phase is Phase.MAINTENANCE}
    found = {}
    for one in sessions:
        ident, kind = one.id, one.kind
        dosing = ident if kind is SessionKind.DOSING else one.about
        number = numbers.get(dosing) if dosing else None
        found[ident] = NamedSession(
            kind, number.number if number else None, dosing in maintenance, one.starts_at
        )
    return found


def get_kind_label(kind: str) -> str:
    """Return the label of a kind of entry, to be translated; one that no form has any more is its own label."""
    return KIND_LABELS.get(kind, kind)
