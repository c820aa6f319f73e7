"""
What a reframe asks: the old sentence, a fair look at it, and a truer one.

The shape follows thought records (CBT), re-rated belief (CPT) and the Validity of Cognition
scale (Shapiro, 1 to 7); the wording is Hearthside's own.
"""

from __future__ import annotations

from datetime import timedelta

from journal.catalogue.fields import (
    MAX_TRIGGER_LENGTH,
    EntryKind,
    Field,
    FieldKind,
    Form,
    Option,
    build_rating,
)
from journal.catalogue.integration import FOLLOW_UP_OPTIONS
from journal.i18n import N_, P_

THEME_OPTIONS = (
    Option("safety", N_("Safety")),
    Option("trust", N_("Trust")),
    Option("power_control", N_("Power and control")),
    Option("esteem", N_("Esteem")),
    Option("intimacy", N_("Intimacy")),
    Option("other", N_("Something else")),
)

HABIT_OPTIONS = (
    Option("all_or_nothing", N_("All or nothing")),
    Option("mind_reading", N_("Mind reading")),
    Option("fortune_telling", N_("Knowing it will go badly")),
    Option("strict_rules", N_("Strict rules for myself")),
    Option("blame", N_("Blame")),
    Option("feeling_as_fact", N_("It feels true, so it is")),
    Option("always_never", N_("Always and never")),
    Option("other", N_("Something else")),
)

STATUS_OPTIONS = (
    Option("open", P_("reframe", "Open")),
    Option("resting", N_("Resting")),
    Option("living_with_it", P_("reframe", "Living with it")),
    Option("closed", P_("reframe", "Closed")),
)

REFRAMABLE: tuple[str, ...] = (
    "prep.old_story",
    "int.meaning",
    "int.different",
    "int.unsure",
    "int.pattern",
    "int.relationships",
)
"""The questions of other entries whose answer a reframe can begin with, as the old sentence."""

REFRAME_SHORT: tuple[str, ...] = (
    "reframe.old_meaning",
    "reframe.emotions",
    "reframe.session_light",
    "reframe.new_meaning",
    "reframe.test_action",
)
"""The questions asked first; the others are optional."""

FIRST_RATINGS = frozenset(
    {"reframe.old_belief_before", "reframe.old_belief_after", "reframe.new_belief", "reframe.voc"}
)
"""The ratings that count as of the day on which a reframe was begun; later ones are revisits."""
FIRST_RATINGS_LAST = timedelta(days=1)
"""How long after a reframe was begun its first ratings can be given and changed."""

REFRAME = Form(
    EntryKind.REFRAME,
    N_("A reframe"),
    N_("What happened stays as it was; what it says about you can be looked at again. Stop at any point."),
    (
        Field(
            "reframe.trigger",
            N_("What set it off? A headline is enough."),
            FieldKind.TEXT,
            "old",
            N_("No details needed."),
            max_length=500,
        ),
        Field(
            "reframe.trigger_name",
            N_("A short name of your own for it"),
            FieldKind.LINE,
            "old",
            N_("Up to 60 letters. The same name elsewhere brings them together on one page."),
            max_length=MAX_TRIGGER_LENGTH,
            with_previous=True,
        ),
        Field(
            "reframe.old_meaning",
            N_("The sentence it left you with"),
            FieldKind.TEXT,
            "old",
            brief_role="belief",
        ),
        build_rating(
            "reframe.old_belief_before",
            N_("How much does it feel true now?"),
            FieldKind.RATING_100,
            "old",
            measure="belief",
            role="belief",
        ),
        Field(
            "reframe.emotions",
            N_("Which feelings come with it, and how strong are they?"),
            FieldKind.EMOTIONS,
            "old",
            N_("0 is not there, 100 is as strong as it gets. Fill in “after” at the end, or another day."),
            max_length=1000,
        ),
        Field("reframe.body", N_("Where do you feel it?"), FieldKind.TEXT, "old"),
        Field("reframe.cost", N_("What has believing it asked of you?"), FieldKind.TEXT, "old"),
        Field(
            "reframe.facts_for",
            N_("What would a fair witness list on each side?"),
            FieldKind.TEXT,
            "witness",
            N_("First, what speaks for the old sentence: only what people there could see or hear."),
        ),
        Field(
            "reframe.facts_against",
            N_("And on the other side?"),
            FieldKind.TEXT,
            "witness",
            N_("Then, what the old sentence leaves out."),
        ),
        Field(
            "reframe.session_light",
            N_("Did anything in the session look at this differently?"),
            FieldKind.TEXT,
            "witness",
            N_("Take it as a point of view, not as proof."),
        ),
        Field(
            "reframe.thinking_habit",
            N_("Thinking habits you notice, if any"),
            FieldKind.CHOICES,
            "witness",
            options=HABIT_OPTIONS,
        ),
        Field(
            "reframe.new_meaning",
            N_("A truer sentence you can stand behind"),
            FieldKind.TEXT,
            "new",
            N_("Fair rather than cheerful. It can be short."),
            brief_role="belief",
        ),
        build_rating(
            "reframe.new_belief",
            N_("How much do you believe the new sentence?"),
            FieldKind.RATING_100,
            "new",
            measure="belief",
            role="belief",
        ),
        build_rating(
            "reframe.voc",
            N_("And how true does it feel in your gut, 1 to 7?"),
            FieldKind.VOC_7,
            "new",
            measure="felt_truth",
            role="belief",
        ),
        build_rating(
            "reframe.old_belief_after",
            N_("How much does the old sentence feel true after this?"),
            FieldKind.RATING_100,
            "new",
            measure="belief",
            hint=N_("The same, a little less, or more: any of these can happen."),
            role="belief",
        ),
        Field(
            "reframe.test_action",
            N_("One small way to live as if it were a little true."),
            FieldKind.TEXT,
            "step",
            N_("Small enough for an ordinary day."),
            brief_role="action",
        ),
        Field(
            "reframe.test_due",
            N_("When would you like to try it?"),
            FieldKind.DATE,
            "step",
            brief_role="action",
        ),
        Field(
            "reframe.followup",
            N_("How did the small step go?"),
            FieldKind.CHOICE,
            "step",
            N_("Each of these tells you something."),
            FOLLOW_UP_OPTIONS,
            brief_role="action",
            apart=True,
        ),
        Field(
            "reframe.learned",
            N_("What did you learn?"),
            FieldKind.TEXT,
            "step",
            N_("About the step, or about yourself."),
            brief_role="action",
            apart=True,
        ),
        Field("reframe.theme", N_("What is it about?"), FieldKind.CHOICES, "step", options=THEME_OPTIONS),
        Field(
            "reframe.status",
            N_("How is this for you now?"),
            FieldKind.CHOICE,
            "step",
            N_("Resting is a fine place for it to be."),
            STATUS_OPTIONS,
        ),
        Field(
            "reframe.revisits",
            N_("Looked at again"),
            FieldKind.REVISITS,
            "step",
            apart=True,
        ),
        Field(
            "reframe.moments",
            N_("When it was a little true"),
            FieldKind.MOMENTS,
            "step",
            apart=True,
        ),
    ),
)
