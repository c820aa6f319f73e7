"""What a patient's own request knows of their reminders: what they did already, and when a measure comes again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from types import MappingProxyType

from journal.catalogue.fields import EntryKind
from journal.catalogue.tracked import CheckIn
from journal.check_ins.records import Made
from journal.measures.records import Measures
from journal.reminders.following import Done
from journal.reminders.kinds import AFTER, ReminderKind
from journal.reminders.planned import Due, Key
from journal.reminders.quiet import begin_day
from journal.sessions.moments import Moment
from journal.sessions.session import SessionKind
from journal.today.things import Situation, is_done

MEASURE_STANDS = timedelta(days=14)
"""For how long it can be told that a measure's time has come again."""

_ANSWERED: Mapping[ReminderKind, tuple[Moment, EntryKind]] = MappingProxyType(
    {
        ReminderKind.CHECKLIST: (Moment.CHECKLIST, EntryKind.CHECKLIST),
        **{
            kind: (moment, EntryKind.INTEGRATION)
            for kind, moment in AFTER.items()
            if kind is not ReminderKind.DAYS_30
        },
    }
)
"""By what was written since its moment a reminder has done its work."""


def collect_done(
    case: Situation, made: Iterable[Made], seen: Measures, course_days: Mapping[str, int]
) -> Done:
    """Return what need not be reminded of, as the first page knows it, and when measures come again."""
    found: set[Key] = set()
    for one in case.plan:
        if one.kind is not SessionKind.DOSING:
            continue
        if case.find_written(EntryKind.PREPARATION, one) is not None:
            found.add((ReminderKind.PREPARATION, one.id))
        spans = case.list_spans(one)
        found |= {
            (kind, one.id)
            for kind, (moment, written) in _ANSWERED.items()
            if is_done(case, written, one, spans[moment].since)
        }
    found |= {
        (ReminderKind.DAYS_30, one.session)
        for one in made
        if one.moment is CheckIn.DAY_30 and one.session is not None and one.day is not None
    }
    days = {
        begin_day(day, case.zone)
        for day in seen.list_next(course_days)
        if begin_day(day, case.zone) + MEASURE_STANDS > case.now
    }
    return Done(frozenset(found), tuple(Due(since, since + MEASURE_STANDS) for since in sorted(days)))
