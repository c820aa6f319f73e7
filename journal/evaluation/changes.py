"""What changed from one version of an evaluation to the next: answer by answer, before and after."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import zip_longest

import msgspec

from journal.catalogue.fields import Answer
from journal.catalogue.tracked import (
    ALLERGIES,
    BY_NAME,
    CHANGES,
    CONDITIONS,
    MEDICINES,
    TREATMENTS,
    VERSION,
)
from journal.evaluation.conditions import ORDER
from journal.evaluation.lines import (
    Change,
    ConditionAnswer,
    Remedy,
    Treatment,
    format_cells,
    parse_given,
    parse_remedies,
    parse_treatments,
)
from journal.user_input import clean_line

Row = ConditionAnswer | Remedy | Treatment

ROWS: Mapping[str, Callable[[object], Sequence[Row]]] = {
    CONDITIONS: parse_given,
    BY_NAME: parse_given,
    MEDICINES: parse_remedies,
    TREATMENTS: parse_treatments,
}
"""How the rows of each part are read."""
NOT_ANSWERS = frozenset({CHANGES, VERSION})


def list_changes(
    before: Mapping[str, Answer], after: Mapping[str, Answer], version: str
) -> tuple[Change, ...]:
    """Return what changed from the answers of one version to those of *version*, in the order of the form."""
    found: list[Change] = []
    for part, parse in ROWS.items():
        for about, earlier, now in _pair(parse(before.get(part)), parse(after.get(part))):
            found.append(Change(version, part, about, earlier, now))
    earlier, now = (clean_line(str(answers.get(ALLERGIES, ""))) for answers in (before, after))
    if earlier != now:
        found.append(Change(version, ALLERGIES, "", earlier, now))
    return tuple(found)


def compute_digest(answers: Mapping[str, Answer]) -> str:
    """Return a digest of answers, the same for the same ones: it says that something else was answered, not what."""
    told = {name: answer for name, answer in answers.items() if name not in NOT_ANSWERS}
    return sha256(msgspec.json.encode(told, order="sorted")).hexdigest()


def _pair(before: Sequence[Row], after: Sequence[Row]) -> Iterator[tuple[str, str, str]]:
    """Pair the rows about the same thing; those that are alike are left out."""
    names = [*dict.fromkeys(_name(one) for one in (*before, *after))]
    names.sort(key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))
    for name in names:
        earlier, now = ([format_cells(one) for one in rows if _name(one) == name] for rows in (before, after))
        gone, new = _subtract(earlier, now), _subtract(now, earlier)
        for one, other in zip_longest(gone, new, fillvalue=""):
            yield name, one, other


def _name(one: Row) -> str:
    if isinstance(one, ConditionAnswer):
        return one.question
    return one.name if isinstance(one, Remedy) else one.what


def _subtract(rows: Sequence[str], others: Sequence[str]) -> list[str]:
    left, gone = list[str](), list(others)
    for row in rows:
        if row in gone:
            gone.remove(row)
        else:
            left.append(row)
    return left
