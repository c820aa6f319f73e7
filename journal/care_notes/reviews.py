"""
What a prescriber writes about an evaluation: that they ask for one, and what they say once they have read it.

A review names the copy that was read, and holds a digest of its answers, so it stays bound to that version. It holds
none of the answers. The words are the prescriber's; Hearthside proposes none, and nothing follows from them.
"""

from __future__ import annotations

from collections.abc import Mapping

from journal.actor import Actor
from journal.i18n import N_, Labelled
from journal.roles import Profession

ASK_FIELDS = ("asked", "day")
REVIEW_FIELDS = ("outcome", "words", "share", "digest", "parts", "read_version")
READ_VERSION = "plan.read"
"""The question of a kept review that says which version was read."""
UNFINISHED = "0."
"""What stands before the entry's revision where what was read names no version: its patient had not finished one."""

READ_UNFINISHED = N_("answers that were not finished yet")
NOT_PRESCRIBER = N_(
    "A review is written by a prescriber alone. Nothing was saved, and your words are still here."
)
NOT_ASKED_BY = N_("An evaluation is asked for by a prescriber.")
NO_OUTCOME = N_("Choose what you say: go ahead, more needed, or not now.")
NO_WORDS = N_("Write a sentence that your patient can read.")


class Outcome(Labelled):
    """What a prescriber says; its code is stored."""

    GO_AHEAD = "go-ahead", N_("go ahead")
    MORE_NEEDED = "more-needed", N_("more needed")
    NOT_NOW = "not-now", N_("not now")


def label_version(field: str, answer: object) -> tuple[str, ...]:
    """Return our words for what was read where an answer of a kept review names no version; empty for any other."""
    is_unfinished = field == READ_VERSION and str(answer).startswith(UNFINISHED)
    return (READ_UNFINISHED,) if is_unfinished else ()


def check_ask(actor: Actor, fields: Mapping[str, str]) -> dict[str, str]:
    """Return a sentence for each field that needs another look."""
    if actor.profession != Profession.PRESCRIBER.value or fields["asked"] not in ("yes", "no"):
        return {"asked": NOT_ASKED_BY}
    return {}


def check_review(actor: Actor, fields: Mapping[str, str]) -> dict[str, str]:
    """Return a sentence for each field that needs another look."""
    if actor.profession != Profession.PRESCRIBER.value:
        return {"outcome": NOT_PRESCRIBER}
    problems = {}
    if fields["outcome"] not in {*Outcome}:
        problems["outcome"] = NO_OUTCOME
    if not fields["words"]:
        problems["words"] = NO_WORDS
    return problems
