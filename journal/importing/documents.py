"""What is remembered of a file that is imported, how it is sealed, and how long it is kept."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from uuid import UUID

import msgspec

from crypto import Context
from journal.importing.items import Summary

PREVIEW_KEPT = timedelta(hours=24)
"""How long what was read waits to be imported."""
UNDO_KEPT = timedelta(days=7)
"""How long a whole file can be removed again, and how long what is not imported yet waits."""
SILENT_AFTER = timedelta(minutes=2)
"""After how long without a sign it is taken for interrupted."""
MAX_RUNS = 10
"""Files of one person that are remembered at once."""


class State(StrEnum):
    """How far a file is; its code is stored."""

    READ = "read"
    IMPORTING = "importing"
    PAUSED = "paused"
    IMPORTED = "imported"
    REMOVING = "removing"
    REMOVED = "removed"


class RunDocument(msgspec.Struct, frozen=True, omit_defaults=True):
    """
    What was found in a file and became of it; the owner's vault key.

    `there`: how many of its entries were in the journal already when it was read. `added` and `same` count entries that
    were imported and that were there, `added_sessions` and `same_sessions` sessions; `lost` are parts that could not
    be opened. `sessions` are the ids of sessions that were there, by those that they would have got. `removed` and
    `kept` count entries when it is removed.
    """

    summary: Summary
    there: int = 0
    added: int = 0
    same: int = 0
    added_sessions: int = 0
    same_sessions: int = 0
    lost: int = 0
    sessions: dict[str, str] = {}
    removed: int = 0
    kept: int = 0


class StagedPart(msgspec.Struct, frozen=True):
    """A part as it waits: of which file it is, in which place; the owner's vault key. `part` is JSON."""

    run: str
    number: int
    part: msgspec.Raw


def run_context(owner: UUID, run: UUID, revision: int) -> Context:
    """Return the context of what is remembered of a file."""
    return Context("import-run", owner.bytes, run.bytes, revision)


def part_context(owner: UUID, part: UUID, _: int = 0) -> Context:
    """Return the context of a part that waits."""
    return Context("import-part", owner.bytes, part.bytes)
