"""
The one record of what steadies a patient: read, and changed part by part.

It is an entry of its own kind, so it is sealed, proven, searched, shared, taken away and erased as every entry is. A
change is made to what was read, and made again if another page saved first: nobody's phrase takes another's place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from journal.actor import Actor
from journal.catalogue.fields import MAX_LINE_LENGTH, Answers, EntryKind
from journal.catalogue.grounding import (
    HIDDEN,
    MAX_NAME_LENGTH,
    MAX_PHRASES,
    MAX_STEPS,
    OWN_SKILLS,
    PHRASES,
    OwnSkill,
    parse_own_skill,
    parse_phrases,
)
from journal.catalogue.grounding_skills import SKILLS
from journal.entries import by_kind, only_entry
from journal.errors import InvalidInput, NotFound
from journal.i18n import N_
from journal.user_input import clean_line, clean_name
from journal.vault.entry_rows import Entry

EMPTY_PHRASE = N_("Please write the phrase first.")
LONG_PHRASE = N_("Please keep a phrase to 300 letters. What you wrote is still here.")
MANY_PHRASES = N_(
    "There are 60 phrases already, which is as many as fit. Nothing is lost: remove one, then add this one."
)
EMPTY_NAME = N_("Please give the skill a name.")
LONG_NAME = N_("Please keep the name to 60 letters. What you wrote is still here.")
EMPTY_STEPS = N_("Please write at least one step.")
LONG_STEP = N_("Please keep each step to 300 letters. What you wrote is still here.")
MANY_STEPS = N_("A skill has at most 8 steps. What you wrote is still here.")
MANY_SKILLS = N_(
    "You have 24 skills of your own, which is as many as fit. What you wrote is still here: remove one, then save this."
)
CHANGED_MEANWHILE = N_("Another page changed this in the meantime. Nothing was overwritten; look again.")


@dataclass(frozen=True, slots=True)
class Steadying:
    """
    What steadies a patient; `skills` are their own, by the question that each answers.

    `entry` is the record, if there is one; `others` are those begun before it, which were restored or given back.
    Without `is_intact`, storage returned something else than was left; `is_damaged`: a record does not open.
    """

    entry: Entry | None = None
    others: tuple[Entry, ...] = ()
    is_intact: bool = True
    is_damaged: bool = False

    @property
    def answers(self) -> Answers:
        """Return what the record says."""
        return self.entry.document.answers if self.entry else {}

    @property
    def language(self) -> str:
        """Return the language of its words, where it is known."""
        return self.entry.document.language if self.entry else ""

    @property
    def phrases(self) -> tuple[str, ...]:
        """Return the phrases, in the order in which they were added."""
        return parse_phrases(self.answers.get(PHRASES))

    @property
    def skills(self) -> Mapping[str, OwnSkill]:
        """Return the skills of one's own, sorted by name."""
        found = ((field_id, parse_own_skill(self.answers.get(field_id))) for field_id in OWN_SKILLS)
        return dict(
            sorted(
                ((field_id, skill) for field_id, skill in found if skill),
                key=lambda one: (one[1].name.casefold(), one[0]),
            )
        )

    @property
    def hidden(self) -> frozenset[str]:
        """Return the ids of the skills that are not to be shown."""
        answer = self.answers.get(HIDDEN)
        return frozenset(answer) & SKILLS.keys() if isinstance(answer, list) else frozenset()

    @property
    def revision(self) -> int:
        """Return the record's revision; 0 while there is none."""
        return self.entry.revision if self.entry else 0


async def load_steadying(actor: Actor) -> Steadying:
    """Return what steadies a patient."""
    return build_steadying(*await by_kind.load_entries_of_kinds(actor, {EntryKind.STEADY}))


def build_steadying(is_intact: bool, found: Sequence[Entry]) -> Steadying:
    """Return what steadies a patient, from their records of it, the oldest first."""
    there = [one for one in found if not one.damaged]
    return Steadying(
        there[-1] if there else None, tuple(there[:-1]), is_intact, is_damaged=len(there) < len(found)
    )


async def add_phrase(actor: Actor, text: str) -> None:
    """
    Add a phrase, unless it is there already.

    Raises:
        InvalidInput: If it is empty, longer than a line, or one too many; of the field `phrase`.
    """
    phrase = clean_line(text)
    if not phrase:
        raise InvalidInput({"phrase": EMPTY_PHRASE})
    if len(phrase) > MAX_LINE_LENGTH:
        raise InvalidInput({"phrase": LONG_PHRASE})

    def change(before: Answers) -> Answers:
        phrases = parse_phrases(before.get(PHRASES))
        if phrase in phrases:
            return before
        if len(phrases) >= MAX_PHRASES:
            raise InvalidInput({"phrase": MANY_PHRASES})
        return {**before, PHRASES: "\n".join((*phrases, phrase))}

    await _change(actor, change)


async def remove_phrase(actor: Actor, phrase: str) -> None:
    """Remove a phrase, which stays in an earlier version; nothing happens when it is not there."""

    def change(before: Answers) -> Answers:
        phrases = parse_phrases(before.get(PHRASES))
        if phrase not in phrases:
            return before
        return {**before, PHRASES: "\n".join(one for one in phrases if one != phrase)}

    await _change(actor, change, keep=True)


async def save_own_skill(actor: Actor, field_id: str, revision: int, name: str, steps: Sequence[str]) -> str:
    """
    Save a skill of one's own.

    Args:
        field_id: The question that it answers; empty for a new one.
        revision: That of the record that the page showed; not looked at for a new one.
        steps: As they were typed; blank ones are left out.

    Returns:
        The question that it answers.

    Raises:
        InvalidInput: If something is missing, too long or one too many; of the fields `name`, `steps`.
        StaleRevision: If another page changed the record meanwhile; nothing was overwritten.
        NotFound: If there is no such skill.
    """
    skill = _parse_skill(name, steps)
    place = field_id

    def change(before: Answers) -> Answers:
        nonlocal place
        if field_id:
            _require_own_skill(before, field_id)
        free = (one for one in OWN_SKILLS if parse_own_skill(before.get(one)) is None)
        place = field_id or next(free, "")
        if not place:
            raise InvalidInput({"name": MANY_SKILLS})
        return {**before, place: skill.text}

    await _change(actor, change, revision if field_id else None)
    return place


async def remove_own_skill(actor: Actor, field_id: str, revision: int) -> None:
    """
    Remove a skill of one's own, which stays in an earlier version.

    Raises:
        StaleRevision: If another page changed the record meanwhile; nothing was removed.
        NotFound: If there is no such skill.
    """

    def change(before: Answers) -> Answers:
        _require_own_skill(before, field_id)
        return {key: answer for key, answer in before.items() if key != field_id}

    await _change(actor, change, revision, keep=True)


async def hide_skill(actor: Actor, skill: str) -> None:
    """Hide a skill of the catalogue; raises `NotFound` for one that is not in it."""
    await _change_hidden(actor, skill, lambda hidden: hidden | {skill})


async def show_skill(actor: Actor, skill: str) -> None:
    """Show a hidden skill again; raises `NotFound` for one that is not in the catalogue."""
    await _change_hidden(actor, skill, lambda hidden: hidden - {skill})


async def _change_hidden(
    actor: Actor, skill: str, change: Callable[[frozenset[str]], frozenset[str]]
) -> None:
    if skill not in SKILLS:
        raise NotFound

    def apply(before: Answers) -> Answers:
        answer = before.get(HIDDEN)
        hidden = change(frozenset(answer) if isinstance(answer, list) else frozenset())
        return {**before, HIDDEN: [one for one in SKILLS if one in hidden]}

    await _change(actor, apply)


def _parse_skill(name: str, steps: Sequence[str]) -> OwnSkill:
    problems: dict[str, str] = {}
    called = clean_name(name)
    if not called:
        problems["name"] = EMPTY_NAME
    elif len(called) > MAX_NAME_LENGTH:
        problems["name"] = LONG_NAME
    # One more than fit is enough to refuse them: what else was sent is not looked at.
    lines = [line for step in steps[: MAX_STEPS + 1] if (line := clean_line(step))]
    if not lines:
        problems["steps"] = EMPTY_STEPS
    elif len(steps) > MAX_STEPS:
        problems["steps"] = MANY_STEPS
    elif any(len(line) > MAX_LINE_LENGTH for line in lines):
        problems["steps"] = LONG_STEP
    if problems:
        raise InvalidInput(problems)
    return OwnSkill(called, tuple(lines))


def _require_own_skill(answers: Answers, field_id: str) -> None:
    if field_id not in OWN_SKILLS or parse_own_skill(answers.get(field_id)) is None:
        raise NotFound


async def _change(
    actor: Actor, change: Callable[[Answers], Answers], revision: int | None = None, *, keep: bool = False
) -> None:
    """Change the record, or begin it; with *revision*, only if it is the one that a page showed."""
    await only_entry.change_only_entry(
        actor, EntryKind.STEADY, change, CHANGED_MEANWHILE, revision=revision, keep=keep
    )
