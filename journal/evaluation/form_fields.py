"""The forms of an evaluation: what stands in their fields, and what is read from them. Every field may stay blank."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date

from crypto import plain_digits
from journal.catalogue.fields import Answers
from journal.catalogue.tracked import (
    ALLERGIES,
    BY_NAME,
    CONDITIONS,
    MAX_ALLERGIES_LENGTH,
    MEDICINES,
    TREATMENTS,
)
from journal.evaluation import conditions
from journal.evaluation.conditions import Condition, Said
from journal.evaluation.lines import (
    MAX_ROWS,
    ConditionAnswer,
    Helped,
    Remedy,
    Treatment,
    TreatmentKind,
    format_lines,
    parse_given,
    parse_remedies,
    parse_treatments,
)
from journal.i18n import N_, Labelled
from journal.user_input import clean_line, clean_text

MAX_WORDS = 300
LENGTHS = {
    "name": 100,
    "since": 30,
    "what": 60,
    "dose": 60,
    "begun": 30,
    "ended": 30,
    "stopped": 120,
    "prescriber": 60,
}
"""The most letters of each cell of a row."""
CHOSEN = {"kind": frozenset(TreatmentKind), "helped": frozenset(Helped)}
TREATMENT_CELLS = ("what", "kind", "dose", "begun", "ended", "helped", "stopped", "prescriber")

TOO_LONG = N_("This is longer than this field can hold. What you wrote is still here: please shorten it.")
NOT_OFFERED = N_("Please choose one of the answers offered, or leave this blank.")
NO_MONTH = N_("There is no such month. Write it like 2026-03, or in your own words.")
TO_COME = N_("This month is still to come. Write it like 2026-03, or in your own words.")
ENDED_BEFORE = N_("This is before it began. Please look at both months once more.")


class Step(Labelled):
    """A page of the form; its code stands in its address."""

    CONDITIONS = "conditions", N_("Conditions")
    MEDICINES = "medicines", N_("Medicines and allergies")
    TREATMENTS = "treatments", N_("Earlier treatments")


PARTS: Mapping[Step, tuple[str, ...]] = {
    Step.CONDITIONS: (CONDITIONS,),
    Step.MEDICINES: (BY_NAME, MEDICINES, ALLERGIES),
    Step.TREATMENTS: (TREATMENTS,),
}
"""The parts that each page holds."""
QUESTIONS: Mapping[Step, tuple[Condition, ...]] = {
    Step.CONDITIONS: tuple(one for group in conditions.GROUPS for one in group.conditions),
    Step.MEDICINES: conditions.BY_NAME,
    Step.TREATMENTS: (),
}


def name_cell(cell: str, place: int) -> str:
    """Return the name of the field for one cell of a row; rows count from 1."""
    return f"row{place}.{cell}"


def list_names(step: Step) -> tuple[str, ...]:
    """Return the names of all fields of a page."""
    names = [f"{part}.{one.id}" for one in QUESTIONS[step] for part in ("said", "words")]
    cells = {Step.MEDICINES: ("name", "since"), Step.TREATMENTS: TREATMENT_CELLS}.get(step, ())
    names += [name_cell(cell, place) for place in range(1, MAX_ROWS + 1) for cell in cells]
    return (*names, *((ALLERGIES,) if step is Step.MEDICINES else ()))


def fill_fields(step: Step, answers: Answers) -> dict[str, str]:
    """Return what stands in the fields of a page, by their names; a field that is not named is blank."""
    found: dict[str, str] = {}
    given = parse_given(answers.get(CONDITIONS if step is Step.CONDITIONS else BY_NAME))
    for one in given if QUESTIONS[step] else ():
        found |= {f"said.{one.question}": one.said, f"words.{one.question}": one.words}
    if step is Step.MEDICINES:
        for place, remedy in enumerate(parse_remedies(answers.get(MEDICINES)), 1):
            found |= {name_cell("name", place): remedy.name, name_cell("since", place): remedy.since}
        found[ALLERGIES] = str(answers.get(ALLERGIES, ""))
    if step is Step.TREATMENTS:
        for place, one_of in enumerate(parse_treatments(answers.get(TREATMENTS)), 1):
            found |= {name_cell(cell, place): getattr(one_of, cell) for cell in TREATMENT_CELLS}
    return {name: value for name, value in found.items() if value}


def count_rows(typed: Mapping[str, str]) -> int:
    """Return how many rows a page shows: those that hold something, and a blank one where there is room."""
    held = [
        int(found[1]) for name, value in typed.items() if value and (found := re.match(r"row(\d+)[.]", name))
    ]
    return min(max(held, default=0) + 1, MAX_ROWS)


def is_full(typed: Mapping[str, str]) -> bool:
    """Return whether the last row that there is room for holds something."""
    return any(value for name, value in typed.items() if name.startswith(f"row{MAX_ROWS}."))


def remove_row(typed: Mapping[str, str], wanted: int) -> dict[str, str]:
    """Return what was typed without one row; it takes nothing else away."""
    return {name: value for name, value in typed.items() if not name.startswith(f"row{wanted}.")}


def read_fields(step: Step, typed: Mapping[str, str], today: date) -> tuple[Answers, dict[str, str]]:
    """Return the answers of a page, and a sentence for each field that needs another look."""
    problems: dict[str, str] = {}
    answers: Answers = {}
    if QUESTIONS[step]:
        given = format_lines(_read_given(QUESTIONS[step], typed, problems))
        answers[CONDITIONS if step is Step.CONDITIONS else BY_NAME] = given
    if step is Step.MEDICINES:
        rows = _read_rows(("name", "since"), typed, problems)
        for place, row in rows:
            _check_month(name_cell("since", place), row["since"], today, problems)
        answers[MEDICINES] = format_lines(Remedy(**row) for _, row in rows)
        allergies = clean_text(typed.get(ALLERGIES, "")).strip()
        if len(allergies) > MAX_ALLERGIES_LENGTH:
            problems[ALLERGIES] = TOO_LONG
        answers[ALLERGIES] = allergies
    if step is Step.TREATMENTS:
        rows = _read_rows(TREATMENT_CELLS, typed, problems)
        for place, row in rows:
            _check_span(place, row, today, problems)
        answers[TREATMENTS] = format_lines(Treatment(**row) for _, row in rows)
    return {name: answer for name, answer in answers.items() if answer}, problems


def parse_month(text: str) -> tuple[int, int] | None:
    """Return year and month of a text like 2026-03; None for words, which may say a month as well."""
    found = re.fullmatch(r"(\d{4})-(\d{1,2})", plain_digits(text).strip())
    return (int(found[1]), int(found[2])) if found else None


def _read_given(
    asked: Iterable[Condition], typed: Mapping[str, str], problems: dict[str, str]
) -> Iterable[ConditionAnswer]:
    for one in asked:
        said, words = typed.get(f"said.{one.id}", ""), clean_line(typed.get(f"words.{one.id}", ""))
        if said and said not in {*Said}:
            problems[f"said.{one.id}"] = NOT_OFFERED
        if len(words) > MAX_WORDS:
            problems[f"words.{one.id}"] = TOO_LONG
        yield ConditionAnswer(one.id, said, words)


def _read_rows(
    cells: Iterable[str], typed: Mapping[str, str], problems: dict[str, str]
) -> list[tuple[int, dict[str, str]]]:
    rows = []
    for place in range(1, MAX_ROWS + 1):
        row = {cell: clean_line(typed.get(name_cell(cell, place), "")) for cell in cells}
        for cell, text in row.items():
            if cell in CHOSEN and text and text not in CHOSEN[cell]:
                problems[name_cell(cell, place)] = NOT_OFFERED
            if len(text) > LENGTHS.get(cell, MAX_WORDS):
                problems[name_cell(cell, place)] = TOO_LONG
        rows.append((place, row))
    return rows


def _check_span(place: int, row: Mapping[str, str], today: date, problems: dict[str, str]) -> None:
    for cell in ("begun", "ended"):
        _check_month(name_cell(cell, place), row[cell], today, problems)
    begun, ended = parse_month(row["begun"]), parse_month(row["ended"])
    if begun and ended and ended < begun:
        problems.setdefault(name_cell("ended", place), ENDED_BEFORE)


def _check_month(name: str, text: str, today: date, problems: dict[str, str]) -> None:
    month = parse_month(text)
    if month is None:
        return
    if not (1 <= month[1] <= 12 and month[0] >= 1900):
        problems.setdefault(name, NO_MONTH)
    elif month > (today.year, today.month):
        problems.setdefault(name, TO_COME)
