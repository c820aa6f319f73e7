"""Every state has its sentences, and none says that somebody was told who was not, nor the reverse."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import product
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from journal.care.links import Link
from journal.notices import states
from journal.notices.documents import DoneDocument, Terms
from journal.notices.lines import AgreedLine, NoticeLine, Outcome
from journal.notices.policy import Policy
from journal.notices.states import State, describe, describe_before
from journal.notices.writing import NoticeRow, Told
from tests.cast import NOON

BOB, CHARLIE, IDENT = UUID(int=1), UUID(int=2), UUID(int=3)
LINKS = ("working", "paused", "ended", "keys", "suspended")
SAYS_TOLD = frozenset({states.SENT, states.BACKUP_SENT, states.ACKNOWLEDGED, states.ACKNOWLEDGED_BY_UNKNOWN})
SAYS_NOBODY = frozenset({states.NOBODY, states.NOBODY_YET})
BACKUPS = frozenset(
    {states.BACKUP_LATER, states.BACKUP_RESTS, states.BACKUP_NOT, states.BACKUP_SENT, states.BACKUP_WOULD}
)
BY_LINK = {
    ("working", "written"): states.WRITTEN,
    ("keys", "written"): states.CLOSED["keys"],
    ("suspended", "written"): states.CLOSED["suspended"],
    ("paused", "withheld"): states.COULD_NOT["paused"],
    ("ended", "withheld"): states.COULD_NOT["ended"],
    ("keys", "withheld"): states.COULD_NOT["keys"],
    ("suspended", "withheld"): states.COULD_NOT["suspended"],
    ("working", "withheld"): states.COULD_NOT[""],
    ("paused", "sent"): states.CLOSED["paused"],
    ("ended", "sent"): states.CLOSED["ended"],
    ("keys", "sent"): states.CLOSED["keys"],
    ("suspended", "sent"): states.CLOSED["suspended"],
}
"""Which sentence stands there for what became of the link, beside those that every state of its kind has."""


def link(state: str, name: str = "Bob") -> Link | None:
    """A care link in a state; None where care has ended."""
    if state == "ended":
        return None
    made = SimpleNamespace(
        peer_name=name,
        ended_at=None,
        paused_at=NOON if state == "paused" else None,
        trusted=state != "keys",
        peer_suspended=state == "suspended",
    )
    return cast("Link", made)


def policy(of: str, backup: str) -> Policy:
    """What is in force with a link in a state, and with a backup or none."""
    line = AgreedLine(
        IDENT, BOB, 24, NOON, CHARLIE if backup else None, None, "Bob", "Charlie" if backup else ""
    )
    terms = Terms(IDENT.hex, 24, "patient", NOON.isoformat(), looks="at nine", agreed_at=NOON.isoformat())
    return Policy(line, terms, link(of), link(backup, "Charlie") if backup else None)


def row(kind: str, backup: str) -> NoticeRow:
    """A notice that is written, sent, withheld from the first, or acknowledged; to a backup in a state."""
    sent = kind in ("sent", "acknowledged")
    went = backup == "went"
    copy = b"x" if backup in ("waits", "went") else None
    later: Any = NOON + timedelta(hours=24)
    at: datetime | None = NOON if sent or kind == "withheld" else None
    acknowledged = NOON if kind == "acknowledged" else None
    return NoticeRow(
        IDENT, BOB, CHARLIE if backup else None, None if kind == "withheld" else b"x", copy, NOON, NOON, at,
        later if backup else None, later if went else None, acknowledged, BOB if acknowledged else None, None,
    )  # fmt: skip


def every() -> Iterator[tuple[str, str, str, State]]:
    """Yield every state that a notice can be in, with what its page says."""
    done = DoneDocument("Bob", NOON.isoformat(), "We spoke.")
    for mail, of, has_policy in product((True, False), LINKS, (True, False)):
        force = policy(of, "working") if has_policy else None
        yield of, "nothing", "", describe(Told(None, policy=force), mail=mail)
        for outcome in Outcome:
            if outcome is not Outcome.WRITTEN:
                line = NoticeLine(outcome, NOON, None, BOB, "Bob")
                yield of, outcome.value, "", describe(Told(line, link=link(of), policy=force), mail=mail)
        line = NoticeLine(Outcome.WRITTEN, NOON, IDENT, BOB, "Bob")
        yield of, "lost", "", describe(Told(line, policy=force), mail=mail)
        for kind, backup in product(
            ("written", "sent", "withheld", "acknowledged"), ("", "waits", "went", "not")
        ):
            if kind == "written" and (of in ("paused", "ended") or backup == "went"):
                continue  # a pause and an end withhold what was not sent, and a backup comes after the first
            if kind == "acknowledged" and backup == "not":
                continue
            other = link("working", "Charlie") if backup else None
            there = Told(
                line, row(kind, backup), done if kind == "acknowledged" else None, link(of), other, force
            )
            yield of, kind, backup, describe(there, mail=mail)


def sentences(state: State) -> list[str]:
    """Return all that a state says."""
    return [*([state.title] if state.title else []), *(one.text for one in state.sentences)]


def test_every_state_has_its_sentences():
    """The link as it is, what became of the copy, mail or none and the backup: each has words of its own."""
    for of, kind, backup, state in every():
        said = sentences(state)
        assert said, (of, kind, backup)
        if (of, kind) in BY_LINK:
            assert BY_LINK[of, kind] in said, (of, kind, backup, said)
        if kind in ("sent", "written", "withheld") and backup:
            assert BACKUPS & {*said}, (of, kind, backup, said)
        if kind in {one.value for one in Outcome} - {"none", "withdrawn", "written"}:
            assert states.COULD_NOT[kind] in said
        for one in state.sentences:  # and every name and moment that a sentence asks for is there
            assert one.text % {name: str(value) for name, value in one.values.items()}


def test_no_page_says_that_somebody_was_told_who_was_not_nor_the_reverse():
    """Told only where a copy was sealed for them and released; otherwise that nobody was, or not to count on it."""
    for of, kind, backup, state in every():
        said = {*sentences(state)}
        is_true = kind in ("sent", "acknowledged") or (backup == "went")
        assert state.is_told == is_true, (of, kind, backup)
        assert bool(said & SAYS_TOLD) == is_true, (of, kind, backup, said)
        assert bool(said & SAYS_NOBODY) == (not is_true and kind != "lost"), (of, kind, backup, said)


def test_where_nobody_may_see_it_one_can_be_sent_to_somebody_else():
    """Whatever became of the copy, unless somebody acknowledged it: the page counts on nobody who cannot open it."""
    for of, kind, backup, state in every():
        if kind in ("written", "sent"):
            assert state.can_send == (of != "working"), (of, kind, backup)
        if kind == "sent":
            assert (states.UNSEEN in sentences(state)) == (of != "working"), (of, backup)
        if kind == "acknowledged":
            assert not state.can_send


def test_a_copy_that_waits_for_rest_is_told_as_that():
    """From a start until rest the backup is told no time alone."""
    line = NoticeLine(Outcome.WRITTEN, NOON, IDENT, BOB, "Bob")
    for is_held in (True, False):
        there = Told(
            line,
            row("sent", "waits"),
            None,
            link("working"),
            link("working", "Charlie"),
            policy("working", "working"),
        )
        said = sentences(describe(there, mail=True, is_held=is_held))
        assert (states.BACKUP_RESTS in said, states.BACKUP_LATER in said) == (is_held, not is_held)


def test_the_mail_is_told_as_it_is():
    """With mail it says that something waits; without, that it is seen at the next sign-in; never both."""
    line = NoticeLine(Outcome.WRITTEN, NOON, IDENT, BOB, "Bob")
    for kind, mail in product(("written", "sent"), (True, False)):
        there = Told(line, row(kind, ""), None, link("working"), None, policy("working", ""))
        said = sentences(describe(there, mail=mail))
        assert (states.MAIL in said, states.NO_MAIL in said) == (mail, not mail)
        assert states.LOOKS in said


def test_what_the_panel_says_first_is_true_before_anything_is_saved():
    """With a policy that works: whom, when, also if the form is left; otherwise that nobody is told, and why."""
    assert sentences(describe_before(None, mail=True)) == [states.NOBODY]
    for of, backup in product(LINKS, ("", "working", "paused")):
        said = sentences(describe_before(policy(of, backup), mail=False))
        assert not {*said} & SAYS_TOLD
        reaches = of == "working" or backup == "working"
        assert said[0] == (states.NOBODY_YET if reaches else states.NOBODY)
        assert (states.FIRST in said) == (of == "working")
        assert (states.WOULD_NOT.get(of) in said) == (of != "working")


def test_no_sentence_holds_a_word_of_risk_or_an_answer():
    """Neither what was answered nor why: a notice asks to check in."""
    for text in (states.SENT, states.WRITTEN, states.MAIL, states.NO_MAIL, *states.COULD_NOT.values()):
        assert not [word for word in ("risk", "score", "suicid", "answer") if word in text.lower()]
