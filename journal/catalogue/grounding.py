"""What a grounding log and a page of free writing ask."""

from __future__ import annotations

from journal.catalogue.fields import (
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
