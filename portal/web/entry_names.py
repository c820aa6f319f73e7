"""How an entry is called on a page, in an archive and in a file: one sentence, made in one place."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, tzinfo
from functools import cache
from types import MappingProxyType

from jinja2 import pass_context
from jinja2.runtime import Context

from journal.care_notes.notes import NoteKind
from journal.catalogue.fields import EntryKind
from journal.catalogue.tracked import CheckIn
from journal.entries.naming import EntryName, NamedSession, get_kind_label
from journal.i18n import LANGUAGES, N_
from journal.measures.instruments import list_instruments
from journal.sessions.session import SessionKind
from portal.web.dates import filter_day, format_month
from portal.web.translation import Translator, filter_quoted

ORDINALS = (
    N_("1st"),
    N_("2nd"),
    N_("3rd"),
    N_("4th"),
    N_("5th"),
    N_("6th"),
    N_("7th"),
    N_("8th"),
    N_("9th"),
    N_("10th"),
    N_("11th"),
    N_("12th"),
    N_("13th"),
    N_("14th"),
    N_("15th"),
    N_("16th"),
    N_("17th"),
    N_("18th"),
    N_("19th"),
    N_("20th"),
)

# Whole sentences, since languages order and write them differently.
MAINTENANCE = N_("%(kind)s, %(nth)s dosing session, maintenance")
BY_NUMBER: Mapping[SessionKind, str] = MappingProxyType(
    {
        SessionKind.PREPARATION: N_("%(kind)s, preparation session before the %(nth)s dosing session"),
        SessionKind.DOSING: N_("%(kind)s, %(nth)s dosing session"),
        SessionKind.INTEGRATION: N_("%(kind)s, integration session about the %(nth)s dosing session"),
        SessionKind.MEDICAL_CHECKIN: N_("%(kind)s, medical check-in about the %(nth)s dosing session"),
    }
)
BY_DAY: Mapping[SessionKind, str] = MappingProxyType(
    {
        SessionKind.PREPARATION: N_("%(kind)s, preparation session on %(date)s"),
        SessionKind.DOSING: N_("%(kind)s, dosing session on %(date)s"),
        SessionKind.INTEGRATION: N_("%(kind)s, integration session on %(date)s"),
        SessionKind.MEDICAL_CHECKIN: N_("%(kind)s, medical check-in on %(date)s"),
    }
)
WITHOUT_SESSION = N_("%(kind)s, %(date)s")
SESSION_MAINTENANCE = N_("%(nth)s dosing session, maintenance")
SESSIONS_BY_NUMBER: Mapping[SessionKind, str] = MappingProxyType(
    {
        SessionKind.PREPARATION: N_("Preparation session before the %(nth)s dosing session"),
        SessionKind.DOSING: N_("%(nth)s dosing session"),
        SessionKind.INTEGRATION: N_("Integration session about the %(nth)s dosing session"),
        SessionKind.MEDICAL_CHECKIN: N_("Medical check-in about the %(nth)s dosing session"),
    }
)
_find_month = re.compile(r", ([1-9][0-9]{3})-(0[1-9]|1[0-2])\Z").search


@cache
def _list_own_titles() -> Mapping[tuple[str, str], str]:
    """Return the messages that Hearthside calls entries by, by their kind and what they read in each language."""
    said = [
        *((EntryKind.MEASURE, one.name) for one in list_instruments()),
        *((EntryKind.CHECK_IN, one.label) for one in CheckIn),
        (EntryKind.EVALUATION, EntryKind.EVALUATION.label),
        (EntryKind.PLAN_NOTE, NoteKind.CLINIC.label),
    ]
    translators = [Translator(language).translate for language in LANGUAGES]
    return {(kind.value, translate(one)): one for kind, one in said for translate in translators}


_OWN_KINDS = frozenset(
    one.value
    for one in (
        EntryKind.CHECK_IN,
        EntryKind.DAY_LINES,
        EntryKind.EVALUATION,
        EntryKind.MEASURE,
        EntryKind.PLAN_NOTE,
    )
)


def translate_own_title(kind: str, title: str, translate: Callable[..., str]) -> str:
    """
    Return a title that Hearthside gave, in the reader's language; empty for one that somebody wrote.

    It is stored as it read on the page of whoever began the entry: the name of a measure, or the month of day lines.
    """
    if kind not in _OWN_KINDS:
        return ""
    if kind == EntryKind.DAY_LINES and (month := _find_month(title)):
        first = date(int(month[1]), int(month[2]), 1)
        return translate(WITHOUT_SESSION, kind=translate(get_kind_label(kind)), date=format_month(first))
    message = _list_own_titles().get((kind, title))
    return translate(message) if message else ""


def find_title_language(name: EntryName) -> str:
    """Return the language of what an entry is called; empty where that is the reader's, or not known."""
    if not name.title or name.is_damaged or translate_own_title(name.kind, name.title, _keep):
        return ""
    return name.language


def _keep(message: str, **_variables: object) -> str:
    return message


def get_ordinal(number: int | None) -> str:
    """Return an ordinal, to be translated; nothing beyond those that there are."""
    return ORDINALS[number - 1] if number and number <= len(ORDINALS) else ""


def format_entry_name(
    name: EntryName, translate: Callable[..., str], format_day: Callable[[datetime], str]
) -> str:
    """
    Return what an entry is called: its title, or "Capture, 2nd dosing session".

    Args:
        translate: Gettext for a sentence and its variables.
        format_day: Writes a moment as a day in the reader's time zone.
    """
    if name.title:
        if name.is_damaged:
            return translate(name.title)
        return translate_own_title(name.kind, name.title, translate) or name.title
    kind = translate(get_kind_label(name.kind))
    if name.session is not None:
        return _format_by_session(kind, name.session, translate, format_day)
    if name.written_at is None:
        return kind
    return translate(WITHOUT_SESSION, kind=kind, date=format_day(name.written_at))


def format_session_name(session: NamedSession, translate: Callable[..., str]) -> str:
    """Return what a session is called in an archive: "2nd dosing session"; without a number, its kind."""
    if nth := get_ordinal(session.number):
        sentence = SESSION_MAINTENANCE if _is_maintenance(session) else SESSIONS_BY_NUMBER[session.kind]
        return translate(sentence, nth=translate(nth))
    return translate(session.kind.label)


def _is_maintenance(session: NamedSession) -> bool:
    return session.is_maintenance and session.kind is SessionKind.DOSING


def _format_by_session(
    kind: str, session: NamedSession, translate: Callable[..., str], format_day: Callable[[datetime], str]
) -> str:
    if nth := get_ordinal(session.number):
        sentence = MAINTENANCE if _is_maintenance(session) else BY_NUMBER[session.kind]
        return translate(sentence, kind=kind, nth=translate(nth))
    return translate(BY_DAY[session.kind], kind=kind, date=format_day(session.starts_at))


@pass_context
def filter_entry_name(context: Context, name: EntryName, zone: tzinfo | None = None) -> str:
    """Write what an entry is called; days in it as the filter `day` does. A title says in which language it is."""
    translator: Translator = context.environment.words  # type: ignore[attr-defined]
    called = format_entry_name(name, translator.translate, lambda at: filter_day(context, at, zone))
    return filter_quoted(called, find_title_language(name))


@pass_context
def filter_own_title(context: Context, title: str, kind: str) -> str:
    """Write a title that Hearthside gave to an entry of a kind; nothing for one that somebody wrote."""
    translator: Translator = context.environment.words  # type: ignore[attr-defined]
    return translate_own_title(kind, title, translator.translate)
