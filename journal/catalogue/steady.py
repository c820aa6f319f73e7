"""
What steadies a patient, in their own words: phrases, skills of their own, and the skills they do not want to be shown.

A phrase is a line of one answer. An own skill is an answer too: its name in the first line, then a line for each step.
So it is shared, searched, compared and taken away like everything else that a person wrote.
"""

from __future__ import annotations

from dataclasses import dataclass

from journal.catalogue.fields import MAX_LINE_LENGTH, EntryKind, Field, FieldKind, Form
from journal.catalogue.preparation import SKILL_OPTIONS
from journal.i18n import N_

MAX_PHRASES = 60
MAX_OWN_SKILLS = 24
MAX_STEPS = 8
MAX_NAME_LENGTH = 60

PHRASES = "steady.phrases"
HIDDEN = "steady.hidden"
OWN_SKILLS = tuple(f"steady.skill_{number}" for number in range(1, MAX_OWN_SKILLS + 1))

STEADY = Form(
    EntryKind.STEADY,
    N_("What steadies me"),
    N_("Phrases and skills of your own."),
    (
        Field(
            PHRASES,
            N_("Phrases that steady me"),
            FieldKind.TEXT,
            "steady",
            max_length=MAX_PHRASES * (MAX_LINE_LENGTH + 1),
        ),
        *(
            Field(
                field_id,
                N_("A skill of my own"),
                FieldKind.TEXT,
                "steady",
                max_length=MAX_NAME_LENGTH + MAX_STEPS * (MAX_LINE_LENGTH + 1),
            )
            for field_id in OWN_SKILLS
        ),
        Field(
            HIDDEN, N_("Skills I do not want to be shown"), FieldKind.CHOICES, "steady", options=SKILL_OPTIONS
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class OwnSkill:
    """A skill in somebody's own words."""

    name: str
    steps: tuple[str, ...]

    @property
    def text(self) -> str:
        """Return it as its answer has it."""
        return "\n".join((self.name, *self.steps))


def parse_own_skill(answer: object) -> OwnSkill | None:
    """Return the skill that an answer has; None for one without words."""
    name, *steps = _split_lines(answer) or ("",)
    return OwnSkill(name, tuple(steps)) if name else None


def parse_phrases(answer: object) -> tuple[str, ...]:
    """Return the phrases that an answer has, in the order in which they were added."""
    return _split_lines(answer)


def _split_lines(answer: object) -> tuple[str, ...]:
    lines = (line.strip() for line in answer.split("\n")) if isinstance(answer, str) else ()
    return tuple(line for line in lines if line)
