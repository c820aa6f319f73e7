"""
What a grounding log, a page of free writing and "What steadies me" ask.

What steadies a patient is in their own words: phrases, skills of their own, and the skills that they do not want to be
shown. A phrase is a line of one answer. An own skill is an answer too: its name in the first line, then a line for each
step. So it is shared, searched, compared and taken away like everything else that a person wrote.
"""

from __future__ import annotations

from dataclasses import dataclass

from journal.catalogue.fields import (
    MAX_LINE_LENGTH,
    MAX_TRIGGER_LENGTH,
    EntryKind,
    Field,
    FieldKind,
    Form,
    Option,
    build_rating,
)
from journal.catalogue.preparation import SKILL_OPTIONS
from journal.i18n import N_

OWN_SKILL = "own"
"""The answer for a skill that is not of the catalogue."""

GROUNDING = Form(
    EntryKind.GROUNDING,
    N_("A grounding moment"),
    N_("Keep what helps you find your way back. Numbers are optional."),
    (
        Field(
            "ground.skill",
            N_("Which skill did you use?"),
            FieldKind.CHOICE,
            "grounding",
            options=(*SKILL_OPTIONS, Option(OWN_SKILL, N_("Something of my own"))),
            brief_role="steadies",
        ),
        Field(
            "ground.own",
            N_("If it was your own, which one?"),
            FieldKind.LINE,
            "grounding",
            max_length=60,
            with_previous=True,
        ),
        Field(
            "ground.context",
            N_("When was it?"),
            FieldKind.CHOICE,
            "grounding",
            options=(
                Option("daily", N_("On an ordinary day")),
                Option("before", N_("Before a session")),
                Option("during", N_("During a session")),
                Option("after", N_("After a session")),
                Option("writing", N_("While writing")),
            ),
        ),
        build_rating(
            "ground.suds_before",
            N_("Distress before, 0 to 10"),
            FieldKind.RATING_10,
            "grounding",
            measure="distress",
        ),
        build_rating(
            "ground.suds_after",
            N_("Distress after, 0 to 10"),
            FieldKind.RATING_10,
            "grounding",
            measure="distress",
        ),
        Field(
            "ground.helped",
            N_("Did it help?"),
            FieldKind.CHOICE,
            "grounding",
            N_("If it made things worse, tell your therapist. You can leave that skill out from now on."),
            (
                Option("yes", N_("Yes")),
                Option("bit", N_("A bit")),
                Option("no", N_("No")),
                Option("worse", N_("It got worse")),
            ),
            brief_role="steadies",
        ),
        Field(
            "ground.phrase",
            N_("Words that steady you, to find again"),
            FieldKind.LINE,
            "grounding",
            N_("A kind phrase, in your own words or your therapist’s."),
            brief_role="steadies",
        ),
        Field(
            "ground.trigger_name",
            N_("A short name of your own for what set it off"),
            FieldKind.LINE,
            "grounding",
            N_("Up to 60 letters. The same name elsewhere brings them together on one page."),
            max_length=MAX_TRIGGER_LENGTH,
        ),
        Field("ground.note", N_("Anything to add?"), FieldKind.TEXT, "grounding"),
    ),
)

FREE = Form(
    EntryKind.FREE,
    N_("Free writing"),
    N_("A blank page, for whatever is here."),
    (
        Field(
            "free.text",
            N_("Write whatever you like"),
            FieldKind.TEXT,
            "free",
            N_("If it gets to be too much, change the subject or look around the room."),
        ),
    ),
)

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
