"""From a posted form to answers: what can be kept is kept, and what cannot is handed back with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest
from typing import NamedTuple, Self

from journal.catalogue.emotions import Emotion
from journal.catalogue.fields import Answer, Field, FieldKind, Form
from journal.i18n import N_
from journal.user_input import clean_line, clean_text, parse_day, parse_whole_number

PostedValues = Mapping[str, list[str]]

_REASONS: Mapping[FieldKind, str] = {
    FieldKind.RATING_10: N_("Please choose a whole number from 0 to 10, or leave this blank."),
    FieldKind.RATING_100: N_("Please choose a whole number from 0 to 100, or leave this blank."),
    FieldKind.VOC_7: N_("Please choose a whole number from 1 to 7, or leave this blank."),
    FieldKind.CHOICE: N_("Please choose one of the answers offered, or leave this blank."),
    FieldKind.CHOICES: N_("Please choose from the answers offered, or leave this blank."),
    FieldKind.DATE: N_("Please give a date such as 2026-11-22, or leave this blank."),
    FieldKind.EMOTIONS: N_("Please name each feeling, and give numbers from 0 to 100 or leave them blank."),
}
ADDED_KINDS = frozenset(
    {
        FieldKind.REVISITS,
        FieldKind.MOMENTS,
        FieldKind.MEDICINE,
        FieldKind.READINGS,
        FieldKind.REQUESTS,
        FieldKind.STANDING,
        FieldKind.AGREED,
        FieldKind.CHECKS,
        FieldKind.MEASURE,
        FieldKind.DAY_LINES,
        FieldKind.CONDITIONS,
        FieldKind.REMEDIES,
        FieldKind.TREATMENTS,
        FieldKind.CHANGES,
    }
)
"""Answers that grow by a line at a time, and that no posted form replaces."""
_TOO_LONG = N_(
    "This is longer than one field can hold. Your words are still here: shorten them, or write the rest in another "
    "entry."
)


_TOO_MANY_LINES = N_(
    "These are more lines than this part can hold. Your words are still here: leave out or join some of them."
)


class Problem(str):
    """A sentence about one answer, with what was typed so that nothing has to be typed twice."""

    raw: tuple[str, ...]
    __slots__ = ("raw",)

    def __new__(cls, sentence: str, raw: tuple[str, ...] = ()) -> Self:
        """Build the sentence and keep *raw* beside it."""
        problem = str.__new__(cls, sentence)
        problem.raw = raw
        return problem


class ParsedAnswers(NamedTuple):
    """The answers that can be kept, and for each of the others a problem. No question is in both."""

    answers: dict[str, Answer]
    problems: dict[str, Problem]


class _InvalidAnswerError(Exception):
    def __init__(self, reason: str, raw: tuple[str, ...]) -> None:
        super().__init__(reason)
        self.problem = Problem(reason, raw)


def parse_answers(form: Form, raw: PostedValues) -> ParsedAnswers:
    """
    Read what was posted for *form*.

    Args:
        form: The questions that may be answered; anything else in *raw* is left alone, and what is added line by line.
        raw: Values by field name. Emotions come as `<id>.name`, `<id>.before` and `<id>.after`.

    Returns:
        Answers without the blank ones, and problems by field id.
    """
    answers: dict[str, Answer] = {}
    problems: dict[str, Problem] = {}
    for field in form.fields:
        if field.kind in ADDED_KINDS:
            continue
        try:
            answer = _parse_answer(field, raw)
        except _InvalidAnswerError as refusal:
            problems[field.id] = refusal.problem
        else:
            if answer not in (None, "", []):
                answers[field.id] = answer
    return ParsedAnswers(answers, problems)


def _parse_answer(field: Field, raw: PostedValues) -> Answer | None:
    if field.kind is FieldKind.EMOTIONS:
        return _parse_emotions(field, raw)
    typed = [clean_text(value) for value in raw.get(field.id, [])]
    if field.kind is FieldKind.CHOICES:
        return _parse_choices(field, typed)
    first = typed[0] if typed else ""
    if not first.strip():
        return None
    if field.kind in (FieldKind.LINE, FieldKind.TEXT):
        return _parse_text(field, first)
    return _parse_single(field, first.strip())


def _parse_text(field: Field, typed: str) -> str:
    text = clean_line(typed) if field.kind is FieldKind.LINE else typed.strip("\n")
    if len(text) > field.max_answer_length:
        raise _InvalidAnswerError(_TOO_LONG, (typed,))
    if field.max_lines is not None and sum(map(bool, map(str.strip, text.split("\n")))) > field.max_lines:
        raise _InvalidAnswerError(_TOO_MANY_LINES, (typed,))
    return text


def _parse_single(field: Field, typed: str) -> Answer:
    if field.range is not None:
        low, high = field.range
        number = parse_whole_number(typed, 3)
        if number is not None and low <= number <= high:
            return number
    elif field.kind is FieldKind.DATE:
        if day := parse_day(typed):
            return day.isoformat()
    elif any(option.value == typed for option in field.options):
        return typed
    raise _InvalidAnswerError(_REASONS[field.kind], (typed,))


def _parse_choices(field: Field, typed: list[str]) -> list[str]:
    wanted = {value.strip() for value in typed} - {""}
    chosen = [option.value for option in field.options if option.value in wanted]
    if len(chosen) != len(wanted):
        raise _InvalidAnswerError(_REASONS[field.kind], tuple(typed))
    return chosen


def _parse_emotions(field: Field, raw: PostedValues) -> list[str]:
    columns = (
        [clean_line(value) for value in raw.get(f"{field.id}.{part}", [])]
        for part in ("name", "before", "after")
    )
    cells = (row for row in zip_longest(*columns, fillvalue="") if any(row))
    rows = [
        Emotion(name, _normalize_strength(before), _normalize_strength(after))
        for name, before, after in cells
    ]
    lines = [row.line for row in rows]
    if not all(row.is_complete for row in rows):
        raise _InvalidAnswerError(_REASONS[field.kind], tuple(lines))
    if sum(map(len, lines)) > field.max_answer_length:
        raise _InvalidAnswerError(_TOO_LONG, tuple(lines))
    return lines


def _normalize_strength(typed: str) -> str:
    number = parse_whole_number(typed, 3)
    return typed if number is None else str(number)
