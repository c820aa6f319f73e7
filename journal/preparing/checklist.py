"""
The check list of a dosing session: the lines of the care team's text, and lines of one's own.

Each is open, done or not for its patient. That is content: it stands in an entry of its own kind, tied to the session,
so it is sealed, proven, searched, shared, taken away and erased as every entry is. A state belongs to the very words of
a line: what the care team changed is open again, and says what it was before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType
from uuid import UUID

from journal.actor import Actor
from journal.care import links
from journal.catalogue.fields import Answers, EntryKind
from journal.clinic.instructions import Instructions, ItemGroup, load_newest
from journal.clinic.signatures import Signer, identify_signer
from journal.clinic.text_reading import open_text
from journal.entries import by_kind, only_entry
from journal.errors import Damaged, InvalidInput, NotFound, StaleRevision
from journal.i18n import N_, P_, Labelled
from journal.sessions.rows import Session, load_my_sessions
from journal.sessions.session import SessionKind, Status
from journal.user_input import clean_line
from journal.vault.entry_rows import Entry

MAX_OWN_LINES = 40
MAX_LINE_LETTERS = 200
MAX_KEPT_LETTERS = 15_000
"""Letters of lines that are no longer open: more than the longest lists have. What is oldest goes first."""
OWN = "check.own"

EMPTY_LINE = N_("Please write the line first.")
LONG_LINE = N_("Please keep a line to 200 letters. What you wrote is still here.")
MANY_LINES = N_("There are 40 lines of your own, which is as many as fit. Remove one, then add this one.")
SAME_LINE = N_("This line is there already.")
CHANGED_MEANWHILE = N_("This line was changed in the meantime. Nothing was overwritten; look again.")


class TextState(Enum):
    """What there is of the care team's text."""

    NONE = auto()
    """Nothing was written."""
    SIGNED = auto()
    """A text of the care team."""
    PAST = auto()
    """A text of care that has ended."""
    UNSIGNED = auto()
    """A text that nobody of the care team signed: it is not shown."""
    DAMAGED = auto()
    """A text that does not open."""
    HIDDEN = auto()
    """A text of ended care that the patient hid."""


class CheckState(Labelled):
    """How it is with a line; none is better than another."""

    OPEN = "open", P_("check list", "Open")
    DONE = "done", N_("Done")
    NOT_FOR_ME = "not_for_me", N_("Not for me")


ANSWER_IDS: Mapping[CheckState, str] = MappingProxyType(
    {CheckState.DONE: "check.done", CheckState.NOT_FOR_ME: "check.not_for_me"}
)


@dataclass(frozen=True, slots=True)
class CheckLine:
    """
    One line. `group` is where it stands in the care team's text; None for a line of one's own.

    `old_text` are the words that it had when it was given `old_state`, where the care team changed them since.
    """

    text: str
    state: CheckState
    group: ItemGroup | None = None
    old_text: str = ""
    old_state: CheckState | None = None


@dataclass(frozen=True, slots=True)
class Checklist:
    """
    The check list of one session of *plan*, which is all of them.

    `earlier` are lines of one's own of the session before it that are not here. `instructions` is the care team's text,
    if there is one that they signed and `text_state` says that it counts. Without `is_intact`, storage returned
    something else than was left; `is_damaged`: a record does not open.
    """

    session: Session
    plan: tuple[Session, ...] = ()
    entry: Entry | None = None
    own: tuple[CheckLine, ...] = ()
    clinic: tuple[CheckLine, ...] = ()
    instructions: Instructions | None = None
    text_state: TextState = TextState.NONE
    earlier: tuple[str, ...] = ()
    is_intact: bool = True
    is_damaged: bool = False


async def load_checklist(actor: Actor, wanted: UUID) -> Checklist:
    """
    Return the check list of one of the patient's own dosing sessions.

    Raises:
        NotFound: If there is no such session, or it was cancelled.
    """
    every = tuple(await load_my_sessions(actor))
    plan = _list_dosing_sessions(every)
    session = _find_session(plan, wanted)
    is_intact, found = await by_kind.load_entries_of_kinds(actor, {EntryKind.CHECKLIST})
    there = [one for one in found if not one.damaged]
    entry = only_entry.select_only_entry(there, EntryKind.CHECKLIST, wanted)
    answers: Answers = entry.document.answers if entry else {}
    own = split_lines(answers.get(OWN))
    text, text_state = await _load_signed_instructions(actor, session)
    states = get_states(answers)
    return Checklist(
        session,
        every,
        entry,
        tuple(CheckLine(line, states.get(line, CheckState.OPEN)) for line in own),
        match_lines(text, states, own),
        text,
        text_state,
        tuple(line for line in _find_earlier_lines(there, plan, session) if line not in own),
        is_intact,
        len(there) < len(found),
    )


def get_states(answers: Answers) -> dict[str, CheckState]:
    """Return the states of all lines that are not open, by their words, in the order in which they were given."""
    return {line: state for state, name in ANSWER_IDS.items() for line in split_lines(answers.get(name))}


def match_lines(
    instructions: Instructions | None, states: Mapping[str, CheckState], own: Iterable[str]
) -> tuple[CheckLine, ...]:
    """
    Return the lines of the care team's text, each with its state.

    A line without one is open. It also says what it was before, if words that are not in the text any more have most of
    its words in common, and no other line has more.
    """
    items = instructions.items if instructions else ()
    now = {item.text for item in items}
    gone = {line: _list_words(line) for line in states if line not in now and line not in set(own)}
    lines = []
    for item in items:
        if (state := states.get(item.text)) is not None:
            lines.append(CheckLine(item.text, state, item.group))
            continue
        words = _list_words(item.text)
        likely = max(gone, key=lambda line: _compare_words(words, gone[line]), default="")
        if likely and _compare_words(words, gone[likely]) >= 0.5:
            del gone[likely]
            lines.append(CheckLine(item.text, CheckState.OPEN, item.group, likely, states[likely]))
        else:
            lines.append(CheckLine(item.text, CheckState.OPEN, item.group))
    return tuple(lines)


async def change_state(actor: Actor, wanted: UUID, text: str, state: CheckState) -> None:
    """
    Change the state of a line, which is one's own or the care team's.

    Raises:
        StaleRevision: If there is no such line any more; nothing was changed.
    """
    seen = await load_checklist(actor, wanted)
    old = next((line.old_text for line in seen.clinic if line.text == text), None)

    def change(before: Answers) -> Answers:
        if old is None and text not in split_lines(before.get(OWN)):
            raise StaleRevision(CHANGED_MEANWHILE)
        return _put_state(before, text, state, old or "")

    await _change(actor, wanted, change)


async def add_lines(actor: Actor, wanted: UUID, texts: Sequence[str]) -> None:
    """
    Add lines of one's own; one that is there already stays as it is.

    Raises:
        InvalidInput: If one is empty, too long, or one too many; of the field `text`.
    """
    lines = [_parse_line(text) for text in texts[: MAX_OWN_LINES + 1]]

    def change(before: Answers) -> Answers:
        own = dict.fromkeys((*split_lines(before.get(OWN)), *lines))
        if len(own) > MAX_OWN_LINES:
            raise InvalidInput({"text": MANY_LINES})
        return {**before, OWN: "\n".join(own)}

    await _change(actor, wanted, change)


async def take_over_lines(actor: Actor, wanted: UUID) -> None:
    """Add the lines of one's own of the session before, as far as there is room; they are open."""
    seen = await load_checklist(actor, wanted)
    room = MAX_OWN_LINES - len(seen.own)
    if lines := seen.earlier[:room]:
        await add_lines(actor, wanted, lines)


async def change_line(actor: Actor, wanted: UUID, line: str, text: str) -> None:
    """
    Change the words of a line of one's own; it keeps its place and its state.

    Raises:
        InvalidInput: If the words are missing, too long, or those of another line; of the field `text`.
        StaleRevision: If there is no such line any more; nothing was changed.
    """
    changed = _parse_line(text)

    def change(before: Answers) -> Answers:
        own = split_lines(before.get(OWN))
        if line not in own:
            raise StaleRevision(CHANGED_MEANWHILE)
        if changed == line:
            return before
        if changed in own:
            raise InvalidInput({"text": SAME_LINE})
        state = get_states(before).get(line, CheckState.OPEN)
        renamed = {**before, OWN: "\n".join(changed if one == line else one for one in own)}
        return _put_state(renamed, changed, state, line)

    await _change(actor, wanted, change)


async def remove_line(actor: Actor, wanted: UUID, line: str) -> None:
    """Remove a line of one's own and its state, which an earlier version keeps; nothing happens if it is not there."""

    def change(before: Answers) -> Answers:
        own = split_lines(before.get(OWN))
        if line not in own:
            return before
        left = {**before, OWN: "\n".join(one for one in own if one != line)}
        return _put_state(left, line, CheckState.OPEN)

    await _change(actor, wanted, change, keep=True)


def split_lines(answer: object) -> tuple[str, ...]:
    """Return the lines of an answer, each once."""
    lines = (line.strip() for line in answer.split("\n")) if isinstance(answer, str) else ()
    return tuple(dict.fromkeys(line for line in lines if line))


def _put_state(answers: Answers, text: str, state: CheckState, replaced: str = "") -> Answers:
    changed = dict(answers)
    for one, name in ANSWER_IDS.items():
        lines = [line for line in split_lines(answers.get(name)) if line not in (text, replaced)]
        if one is state:
            lines.append(text)
        while sum(map(len, lines)) > MAX_KEPT_LETTERS:
            del lines[0]
        changed[name] = "\n".join(lines)
    return changed


def _parse_line(text: str) -> str:
    line = clean_line(text)
    if not line:
        raise InvalidInput({"text": EMPTY_LINE})
    if len(line) > MAX_LINE_LETTERS:
        raise InvalidInput({"text": LONG_LINE})
    return line


def _list_words(line: str) -> frozenset[str]:
    return frozenset(line.casefold().split())


def _compare_words(one: frozenset[str], other: frozenset[str]) -> float:
    """Return which part of the words of two lines stands in both."""
    return len(one & other) / len(one | other) if one or other else 0.0


def _list_dosing_sessions(plan: Iterable[Session]) -> tuple[Session, ...]:
    return tuple(
        one for one in plan if one.details.kind is SessionKind.DOSING and one.status is not Status.CANCELLED
    )


def _find_session(plan: Iterable[Session], wanted: UUID) -> Session:
    for one in plan:
        if one.id == wanted:
            return one
    raise NotFound


def _find_earlier_lines(found: Sequence[Entry], plan: Iterable[Session], session: Session) -> tuple[str, ...]:
    """Return the lines of one's own of the last session before this one that has any."""
    before = sorted((one for one in plan if one.starts_at < session.starts_at), key=lambda one: one.starts_at)
    for one in before[::-1]:
        entry = only_entry.select_only_entry(found, EntryKind.CHECKLIST, one.id)
        if entry is not None and (lines := split_lines(entry.document.answers.get(OWN))):
            return lines
    return ()


async def _load_signed_instructions(actor: Actor, session: Session) -> tuple[Instructions | None, TextState]:
    """Return the care team's text if it counts and they signed it, and what there is of it."""
    try:
        text = await load_newest(actor.installation, actor.id, session.course)
    except Damaged:
        return None, TextState.DAMAGED
    if text is None or text.hidden_at:
        return None, TextState.HIDDEN if text else TextState.NONE
    text = await open_text(actor, None, text)
    if text.is_closed:
        return None, TextState.DAMAGED
    team = await links.load_care_team(actor, ended=True)
    signer = await identify_signer(actor, team.links, text)
    if signer is Signer.NOBODY:
        return None, TextState.UNSIGNED
    return text, TextState.PAST if signer is Signer.PAST else TextState.SIGNED


async def _change(
    actor: Actor, wanted: UUID, change: Callable[[Answers], Answers], *, keep: bool = False
) -> None:
    """Change the record of a session, or begin it; a change by another page meanwhile is never overwritten."""
    _find_session(_list_dosing_sessions(await load_my_sessions(actor)), wanted)
    await only_entry.change_only_entry(
        actor, EntryKind.CHECKLIST, change, CHANGED_MEANWHILE, session=wanted, keep=keep
    )
