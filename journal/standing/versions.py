"""The copy of a version, such as an evaluation's: it says what changed since the one that its reader has."""

from __future__ import annotations

import msgspec

from journal.care.documents import ShareDocument
from journal.catalogue.tracked import CHANGES
from journal.evaluation.changes import list_changes
from journal.evaluation.lines import format_line
from journal.evaluation.records import MAX_CHANGES
from journal.standing.kinds import StandingKind, list_lines


def say_changes(fresh: ShareDocument, old: ShareDocument | None, kind: StandingKind) -> ShareDocument:
    """
    Return a copy of a version that says what changed since the one its reader has, and nothing of those in between.

    A version that stayed with its patient, or that is older than the standing share, is told by no later one.
    """
    answers = {name: answer for name, answer in fresh.answers.items() if name != CHANGES}
    lines: list[str] = []
    if old is not None:
        new = list_changes(old.answers, answers, kind.find_version(answers))
        lines = [*list_lines(old.answers, CHANGES), *map(format_line, new)][-MAX_CHANGES:]
    fields = [name for name in fresh.fields if name != CHANGES or lines]
    if lines and CHANGES not in fields:
        fields.append(CHANGES)
    told = {CHANGES: lines} if lines else {}
    return msgspec.structs.replace(fresh, answers={**answers, **told}, fields=fields)
