"""How often each skill was used, and whether it helped: plain counts of one's own notes, in no order of merit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

import msgspec

from journal.actor import Actor
from journal.catalogue.fields import Answers, EntryKind
from journal.catalogue.grounding import GROUNDING, OWN_SKILL, OwnSkill
from journal.catalogue.grounding_skills import SKILLS
from journal.entries import by_kind, entries
from journal.errors import NotFound
from journal.grounding.steadying import Steadying, build_steadying
from journal.vault.documents import EntryDocument
from journal.vault.entry_rows import Entry


@dataclass(frozen=True, slots=True)
class SkillUse:
    """How often a skill was used, by what was said of it; `name` is that of one's own, `skill` the catalogue's id."""

    skill: str
    name: str
    used: int
    yes: int
    bit: int
    no: int
    worse: int


async def load_log(actor: Actor) -> tuple[Steadying, tuple[SkillUse, ...]]:
    """Return what steadies a patient and how often each skill was used, from one look at their records."""
    kinds = {EntryKind.STEADY, EntryKind.GROUNDING}
    is_intact, found = await by_kind.load_entries_of_kinds(actor, kinds)
    # A damaged record does not say its kind: it is reported, whichever of the two it was.
    notes = [one for one in found if not one.damaged and one.document.kind == EntryKind.GROUNDING]
    others = [one for one in found if one.damaged or one.document.kind == EntryKind.STEADY]
    return build_steadying(is_intact, others), count_uses(notes)


def count_uses(notes: Iterable[Entry]) -> tuple[SkillUse, ...]:
    """Return the uses of each skill that a note names: the catalogue's in its order, then one's own by name."""
    used: dict[tuple[str, str], Counter[str]] = {}
    for note in notes:
        answers = note.document.answers
        skill = str(answers.get("ground.skill", ""))
        if skill not in SKILLS and skill != OWN_SKILL:
            continue
        name = str(answers.get("ground.own", "")) if skill == OWN_SKILL else ""
        counts = used.setdefault((skill, name), Counter())
        counts.update(("used", str(answers.get("ground.helped", ""))))
    order = {skill: place for place, skill in enumerate(SKILLS)}
    return tuple(
        SkillUse(skill, name, counts["used"], counts["yes"], counts["bit"], counts["no"], counts["worse"])
        for (skill, name), counts in sorted(
            used.items(), key=lambda one: (order.get(one[0][0], len(order)), one[0][1].casefold(), one[0][1])
        )
    )


async def keep_note(
    actor: Actor, wanted: UUID, skill: str, own: OwnSkill | None = None, *, is_worse: bool = False
) -> None:
    """
    Keep a note that a skill was used; a second tap keeps no second one. One that it got worse says so of the first.

    Args:
        wanted: The id of the note.
        skill: An id of the catalogue, or `OWN_SKILL`.
        own: The skill of one's own.
    """
    answers: Answers = {"ground.skill": skill}
    if own:
        answers["ground.own"] = own.name
    worse: Answers = {"ground.helped": "worse"} if is_worse else {}
    document = EntryDocument(EntryKind.GROUNDING.value, answers=answers | worse)
    with suppress(NotFound):
        kept = await entries.load_entry(actor, wanted)
        if is_worse and kept.document.kind == EntryKind.GROUNDING:
            await entries.change_entry(actor, wanted, _say_worse)
        return  # it was kept, and more may have been said of it since
    await entries.save_entry(actor, wanted, 0, document)


def _say_worse(note: Entry) -> EntryDocument:
    order = {one.id: place for place, one in enumerate(GROUNDING.fields)}
    said = {**note.document.answers, "ground.helped": "worse"}
    answers = {key: said[key] for key in sorted(said, key=lambda one: order.get(one, len(order)))}
    return msgspec.structs.replace(note.document, answers=answers)
