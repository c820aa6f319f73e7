"""
What follows from the answers to a measure: a total, or how many of its items were answered.

There is no total while an item is missing, and none is guessed. What the publication says of a total is text with its
source; nothing here is a verdict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from journal.measures.instruments import Instrument


@dataclass(frozen=True, slots=True)
class Score:
    """
    What the answers come to. `total` is None while an item is missing.

    `clusters` are the parts that the publication adds up as well, each with its id, its sum and its highest sum.
    """

    answered: int
    asked: int
    total: int | None
    most: int
    clusters: tuple[tuple[str, int, int], ...] = ()


def select_items(instrument: Instrument, answers: Mapping[str, int]) -> dict[int, int]:
    """Return the answers to the items of a measure, by their numbers and in their order; none that is not offered."""
    return {
        item.number: value
        for item in instrument.items
        if (value := answers.get(str(item.number))) is not None and instrument.find_choice(value)
    }


def compute_score(instrument: Instrument, answers: Mapping[str, int]) -> Score:
    """
    Return what the answers to a measure come to.

    Args:
        answers: Values by the number of the item, as text; what is no item of the measure, or no answer to it, is none.
    """
    highest = max(one.value for one in instrument.answers)
    given = select_items(instrument, answers)
    asked = len(instrument.items)
    if len(given) < asked:
        return Score(len(given), asked, None, instrument.most)
    total = sum(given.values())
    return Score(
        asked,
        asked,
        total,
        instrument.most,
        tuple(
            (part.id, sum(given[number] for number in part.items), highest * len(part.items))
            for part in instrument.clusters
        ),
    )
