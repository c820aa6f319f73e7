"""
Answers that hold lines of facts, written anew as the pages of a packet read them.

So the data of a packet has no more of a line than its pages say: what is no part of a line there is left out, and each
moment is on the clock of the packet, to the minute.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, tzinfo
from types import MappingProxyType

import msgspec

from journal.care.documents import ShareDocument
from journal.care_notes.reviews import READ_VERSION, UNFINISHED
from journal.catalogue.fields import Answer, EntryKind, Field, FieldKind
from journal.catalogue.forms import get_form
from journal.catalogue.revisits import parse_moments, parse_revisits
from journal.day_lines.lines import parse_day_lines
from journal.dosing_day.lines import Reading, parse_medicine, parse_readings
from journal.evaluation.lines import format_line, parse_changes
from journal.measures.lines import parse_measure
from journal.measures.scores import SCORE, parse_total
from journal.sitter.lines import Check, parse_checks


def write_as_shown(copy: ShareDocument, zone: tzinfo) -> ShareDocument:
    """Return a copy whose lines of facts hold what a page reads in them, with moments on the clock of *zone*."""
    form = get_form(EntryKind(copy.kind))
    fields = {one.id: one for one in form.fields}
    answers = {
        ident: _write_answer(fields[ident], answer, zone) if ident in fields else answer
        for ident, answer in copy.answers.items()
    }
    return msgspec.structs.replace(copy, answers=answers)


def _write_answer(field: Field, answer: Answer, zone: tzinfo) -> Answer:
    if field.id == SCORE:
        told = parse_total(str(answer))
        return f"{told.name}\n{told.day or ''}\n{told.total}\n{told.by}".rstrip()
    if field.id == READ_VERSION and str(answer).startswith(UNFINISHED):
        return UNFINISHED
    if field.kind is FieldKind.MEASURE:
        return _write_measure(answer, zone)
    if field.kind is FieldKind.DAY_LINES:
        return _write_day_lines(answer, zone)
    if field.kind is FieldKind.CHANGES:
        parts = {one.id for one in get_form(EntryKind.EVALUATION).fields}
        found = parse_changes(answer)
        return [format_line(one if one.part in parts else replace(one, part="")) for one in found]
    write = _WRITTEN.get(field.kind)
    return write(answer) if write else answer


def _write_measure(answer: Answer, zone: tzinfo) -> list[str]:
    return [
        line
        for one in parse_measure(answer)
        for line in replace(
            one,
            begun=_write_moment(one.begun_at, zone),
            finished=_write_moment(one.finished_at, zone),
            kept=tuple(replace(each, at=_find_minute(each.at, zone)) for each in one.kept),
        ).lines
    ]


def _write_day_lines(answer: Answer, zone: tzinfo) -> list[str]:
    found = (
        replace(one, written=_find_minute(one.written, zone)) if one.written else one
        for one in parse_day_lines(answer)
    )
    return [one.line if one.is_dated else one.words for one in found]


def _write_reading(one: Reading) -> str:
    is_ours = one.at or one.position or not one.is_blank
    return one.line if is_ours else one.by


def _write_check(one: Check) -> str:
    cells = (f"{one.at:%H:%M}" if one.at else "", one.state.value if one.state else "", one.words)
    return " | ".join(filter(None, cells))


_WRITTEN: Mapping[FieldKind, Callable[[object], list[str]]] = MappingProxyType(
    {
        FieldKind.REVISITS: lambda lines: [
            one.line if one.is_dated else one.words for one in parse_revisits(lines)
        ],
        FieldKind.MOMENTS: lambda lines: [
            one.line if one.is_dated else one.words for one in parse_moments(lines)
        ],
        FieldKind.MEDICINE: lambda lines: [one.line for one in parse_medicine(lines)],
        FieldKind.READINGS: lambda lines: [*map(_write_reading, parse_readings(lines))],
        FieldKind.CHECKS: lambda lines: [*map(_write_check, parse_checks(lines))],
    }
)


def _write_moment(at: datetime | None, zone: tzinfo) -> str:
    return _find_minute(at, zone).isoformat(timespec="minutes") if at else ""


def _find_minute(at: datetime, zone: tzinfo) -> datetime:
    return at.astimezone(zone).replace(second=0, microsecond=0)
