"""What is read back of a clinic's note that a patient kept."""

from __future__ import annotations

import pytest

from journal.care_notes.clinic_lines import read_kept
from journal.catalogue.fields import Answers
from journal.stamps import AUTHOR, mark_imported

BY = "Priya Example, prescriber, 2026-11-21"
KEPT: Answers = {"plan.before": ["09:05|120|80|70|98||Priya Example"], "plan.ready": "11:00"}


@pytest.mark.parametrize(
    ("author", "reader"), [(BY, "Priya Example"), (mark_imported(BY), ""), ("", "Priya Example")]
)
def test_who_took_a_reading_is_not_believed_of_a_file(author: str, reader: str) -> None:
    """A file can say that anybody took it: the numbers are shown, the name is not."""
    noted = read_kept(KEPT | {AUTHOR: author})
    assert noted is not None
    assert noted.before is not None
    assert (noted.before.systolic, noted.before.by) == ("120", reader)
