"""Adding up: every total of the published tables, every missing item, and nothing that was guessed."""

from __future__ import annotations

import pytest

from journal.measures.instruments import Instrument, list_instruments, list_offered
from journal.measures.lines import FilledMeasure, parse_measure
from journal.measures.scoring import compute_score

OFFERED = {one.id: one for one in list_offered()}
BANDS = {
    "phq9": [(0, 4), (5, 9), (10, 14), (15, 19), (20, 27)],
    "gad7": [(0, 4), (5, 9), (10, 14), (15, 21)],
    "pcl5-month": [],
    "pcl5-week": [],
}
MOST = {"phq9": 27, "gad7": 21, "pcl5-month": 80, "pcl5-week": 80}
CLUSTERS = {"B": (range(1, 6), 20), "C": (range(6, 8), 8), "D": (range(8, 15), 28), "E": (range(15, 21), 24)}


def answers_to(one: Instrument, total: int) -> dict[str, int]:
    """Answer a measure so that it adds up to a total."""
    highest, given = len(one.answers) - 1, {}
    for item in one.items:
        given[str(item.number)] = min(highest, total)
        total -= given[str(item.number)]
    return given


@pytest.mark.parametrize("name", OFFERED)
def test_every_total_adds_up(name: str) -> None:
    """Each total there can be is the sum of the answers; each edge of a published band is where it was."""
    one = OFFERED[name]
    assert one.most == MOST[name]
    for total in range(one.most + 1):
        score = compute_score(one, answers_to(one, total))
        assert (score.total, score.answered, score.asked) == (total, len(one.items), len(one.items))
        assert sum(part for _, part, _ in score.clusters) in (0 if not one.clusters else total, total)
    assert [(band.least, band.most) for band in one.bands] == BANDS[name]
    assert bool(one.bands) == bool(one.bands_source)


@pytest.mark.parametrize("name", OFFERED)
def test_one_missing_item_is_no_total(name: str) -> None:
    """Whichever item is missing, or has an answer that there is not, there is no total and no part of one."""
    one = OFFERED[name]
    for item in one.items:
        for instead in ({}, {str(item.number): len(one.answers)}, {str(item.number): -1}):
            given = answers_to(one, one.most)
            del given[str(item.number)]
            score = compute_score(one, given | instead)
            assert (score.total, score.clusters, score.answered) == (None, (), len(one.items) - 1)


@pytest.mark.parametrize("name", ["pcl5-month", "pcl5-week"])
def test_the_parts_of_the_pcl(name: str) -> None:
    """Each item counts in its own part, and in no other."""
    one = OFFERED[name]
    for part, (items, most) in CLUSTERS.items():
        given = {str(item.number): 4 if item.number in items else 0 for item in one.items}
        found = {found: (total, highest) for found, total, highest in compute_score(one, given).clusters}
        assert found.pop(part) == (most, most)
        assert {total for total, _ in found.values()} == {0}


def test_the_question_after_the_items_counts_for_nothing() -> None:
    """How difficult it was is kept, and no part of the total."""
    one = OFFERED["phq9"]
    assert compute_score(one, answers_to(one, 5) | {"difficulty": 3}).total == 5


def test_lines_are_read_back_as_they_were_written() -> None:
    """Which text, over which time, when, and each raw answer; no total is stored."""
    head = "instrument=phq9 version=1 language=en days=14 day=2026-11-23 begun=2026-11-23T10:00:00+00:00"
    lines = head.split()
    answered = ["1=0", "9=2", "difficulty=1"]
    (found,) = parse_measure(lines + answered)
    assert found.lines == lines + answered
    assert found.name == "PHQ-9"
    assert found.opens_panel
    assert found.extra
    assert found.extra.chosen == "Somewhat difficult"
    assert [one.value for one in found.items if one.value is not None] == [0, 2]
    assert found.score
    assert found.score.total is None
    assert parse_measure([]) == parse_measure(None) == ()


@pytest.mark.parametrize("line", ["words", "1=x", "1=²", "day", "=", "x" * 5000, "1=123"])
def test_a_line_that_is_none_of_ours_keeps_its_words(line: str) -> None:
    """Whatever storage holds is shown as it is, and is no answer."""
    (found,) = parse_measure([line])
    assert (found.other, dict(found.answers)) == ((line,), {})
    assert found.lines == [line]
    assert found.score is None
    assert not found.opens_panel


@pytest.mark.parametrize("value", range(4))
@pytest.mark.parametrize("name", [one.id for one in list_instruments() if one.language == "en"])
def test_only_item_nine_of_the_phq_opens_the_panel(name: str, value: int) -> None:
    """Any answer to it but the lowest, and no answer to another item or another measure."""
    for item in range(1, 21):
        opened = FilledMeasure(name, answers={str(item): value}).opens_panel
        assert opened == (name == "phq9" and item == 9 and value > 0)
