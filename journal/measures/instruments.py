"""
The measures that can be filled in, each language a file of its own in journal/data/instruments, word for word.

Their texts never pass through gettext: a translated item is another instrument until somebody validated it. A file that
is not yet compared with its official sheet is there and switched off, with what has to be compared first; until then
the page of its language shows the English one, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import resources

import msgspec

from journal.i18n import DEFAULT_LANGUAGE


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One scored item; `code` is its LOINC code, or a local id where none is known."""

    number: int
    text: str
    code: str


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One answer: what it counts, its words, and its LOINC answer code where there is one."""

    value: int
    text: str
    code: str


class Extra(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question that is asked after the items and counts for nothing."""

    id: str
    text: str
    code: str
    answers: tuple[Choice, ...]


class Cluster(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Items that are also added up by themselves."""

    id: str
    items: tuple[int, ...]


class Band(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Totals that the publication calls by one name."""

    least: int
    most: int
    text: str


class Reference(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A published sentence about numbers, and where it stands; a cut-off has the totals `least` to `most`."""

    text: str
    source: str
    least: int | None = None
    most: int | None = None


class Instrument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    A measure in one language, as it was published.

    `recall_days` is the time that it asks about. `cadence_days` is after how long it is usually filled in again; 0 for
    no usual time. `unchecked` says what has to be compared with the official sheet before a file that is not
    `enabled` may be.
    """

    id: str
    name: str
    full_name: str
    version: str
    language: str
    enabled: bool
    unchecked: str
    recall_days: int
    cadence_days: int
    stem: str
    lead_in: str
    items: tuple[Item, ...]
    answers: tuple[Choice, ...]
    extra: Extra | None
    panel_code: str
    total_code: str
    clusters: tuple[Cluster, ...]
    bands: tuple[Band, ...]
    bands_source: str
    references: tuple[Reference, ...]
    licence: str
    text_source: str

    @property
    def most(self) -> int:
        """Return the highest total that there can be."""
        return len(self.items) * max(one.value for one in self.answers)

    def find_choice(self, value: int | None) -> Choice | None:
        """Return the answer of a value."""
        return next((one for one in self.answers if one.value == value), None)


IDS = ("phq9", "gad7", "pcl5-month", "pcl5-week")
"""Every measure, in the order in which they are offered. What was filled in carries these ids."""
SAFETY_ITEMS = {"phq9": 9}
"""The item of a measure at which any answer but the lowest opens the calm panel with numbers to call."""


def parse_instrument(data: bytes) -> Instrument:
    """
    Read a file of one measure.

    Raises:
        ValueError: If it is no such file, or its items, answers, clusters or bands do not fit together.
    """
    one = msgspec.json.decode(data, type=Instrument)
    numbers = [item.number for item in one.items]
    if numbers != list(range(1, len(numbers) + 1)):
        raise ValueError(f"the items of {one.id} are not numbered from 1")
    if [choice.value for choice in one.answers] != list(range(len(one.answers))):
        raise ValueError(f"the answers of {one.id} do not count from 0")
    if one.clusters and sorted(n for part in one.clusters for n in part.items) != numbers:
        raise ValueError(f"the clusters of {one.id} do not hold each item once")
    edges = [(band.least, band.most) for band in one.bands]
    ends = [-1, *(most for _, most in edges)]
    if edges and ([least for least, _ in edges] != [end + 1 for end in ends[:-1]] or ends[-1] != one.most):
        raise ValueError(f"the bands of {one.id} leave out a total")
    if one.enabled == bool(one.unchecked):
        raise ValueError(
            f"{one.id} in {one.language} is switched on before it was compared, or off without a reason"
        )
    return one


def check_versions(found: Iterable[Instrument]) -> tuple[Instrument, ...]:
    """Return the measures; raises `ValueError` if one of the same language and version stands twice."""
    every = tuple(found)
    if len({(one.id, one.language, one.version) for one in every}) != len(every):
        raise ValueError("a measure stands twice")
    return every


@cache
def list_instruments() -> tuple[Instrument, ...]:
    """Return every measure in every language, also those that are switched off."""
    folder = resources.files("journal") / "data" / "instruments"
    files = sorted(folder.iterdir(), key=lambda one: one.name)
    return check_versions(parse_instrument(one.read_bytes()) for one in files)


@cache
def list_offered(language: str = DEFAULT_LANGUAGE) -> tuple[Instrument, ...]:
    """Return the measures that can be filled in, in their order: in a language where there is a text, or in English."""
    there = [
        one for one in list_instruments() if one.enabled and one.language in (language, DEFAULT_LANGUAGE)
    ]
    found = {one.id: one for one in sorted(there, key=lambda one: one.language == language)}
    return tuple(found[name] for name in IDS if name in found)


def find_instrument(name: str, language: str, version: str) -> Instrument | None:
    """Return the very text that somebody answered, or None where this version of Hearthside has it no more."""
    wanted = (name, language, version)
    return next((one for one in list_instruments() if (one.id, one.language, one.version) == wanted), None)
