"""What capture and integration entries ask: first what was there, later what it may mean, then one step."""

from __future__ import annotations

from journal.catalogue.fields import EntryKind, Field, FieldKind, Form, Option, build_rating
from journal.catalogue.preparation import SKILL_OPTIONS
from journal.i18n import N_

CAPTURE = Form(
    EntryKind.CAPTURE,
    N_("What you remember"),
    N_("Write what you remember, do not explain yet. A few words are plenty."),
    (
        Field("int.remembered", N_("In your own words"), FieldKind.TEXT, "capture", brief_role="came"),
        Field(
            "int.images",
            N_("Images, colours, scenes"),
            FieldKind.TEXT,
            "capture",
            N_("As they come. They do not have to make sense."),
            brief_role="came",
        ),
        Field(
            "int.body",
            N_("Where in the body, what quality"),
            FieldKind.TEXT,
            "capture",
            N_("Warm chest, heavy legs, floating, nothing at all."),
            brief_role="came",
        ),
        Field(
            "int.emotions",
            N_("Feelings, in order or jumbled"),
            FieldKind.TEXT,
            "capture",
            N_("Mixed feelings can stand side by side."),
            brief_role="came",
        ),
        Field(
            "int.words",
            N_("Words or phrases"),
            FieldKind.TEXT,
            "capture",
            N_("Heard, said or thought."),
            brief_role="came",
        ),
        Field(
            "int.sound",
            N_("Music that mattered"),
            FieldKind.TEXT,
            "capture",
            N_("A title, or only what it was like."),
            brief_role="came",
        ),
        Field(
            "int.hard",
            N_("Anything hard (one line is enough)"),
            FieldKind.TEXT,
            "capture",
            N_("A headline keeps the place. You can leave it there for now."),
            brief_role="came",
        ),
        Field(
            "int.kind",
            N_("Anything kind or beautiful"),
            FieldKind.TEXT,
            "capture",
            N_("Small things count. So does “not this time”."),
            brief_role="came",
        ),
    ),
)

FOLLOW_UP_DAYS = 7
"""How many days after an entry was begun it asks how the step went."""

STEP, STAYED = "int.one_action", "int.stayed"
"""The small step that somebody thought of, and what stayed with them of a session."""

FOLLOW_UP_OPTIONS = (
    Option("done", N_("Done")),
    Option("part", N_("In part")),
    Option("not_yet", N_("Not yet")),
    Option("no_longer_wanted", N_("No longer wanted")),
)

CAPTURE_SHORT: tuple[str, ...] = ("int.remembered",)
"""The one box for whoever is still dosed, or just was; the questions below it can come later."""

_MEANING = (
    Field(
        "int.meaning",
        N_("What might this be showing you, if anything?"),
        FieldKind.TEXT,
        "meaning",
        N_("Images and messages are not facts. New memories are best taken to your therapist."),
        brief_role="came",
    ),
    Field(
        "int.intention_link",
        N_("How does it relate to your intention?"),
        FieldKind.CHOICE,
        "meaning",
        options=(
            Option("closer", N_("Closer")),
            Option("sideways", N_("In another way")),
            Option("not_at_all", N_("Not at all")),
            Option("do_not_know", N_("I do not know")),
        ),
        brief_role="intention",
    ),
    Field(
        "int.different",
        N_("What looks different now?"),
        FieldKind.TEXT,
        "meaning",
        N_("“Nothing yet” is an answer."),
        brief_role="came",
    ),
    Field(
        "int.unsure",
        N_("What are you unsure about, and happy to leave open?"),
        FieldKind.TEXT,
        "meaning",
        N_("Some things are clearer after a few weeks, and some stay open."),
    ),
    Field(
        "int.pattern",
        N_("Does it echo earlier sessions?"),
        FieldKind.TEXT,
        "meaning",
        N_("A place, a feeling or a phrase that came back."),
    ),
    Field(
        "int.relationships",
        N_("Who does this touch in your life?"),
        FieldKind.TEXT,
        "meaning",
        N_("First names or initials are enough."),
    ),
    Field(
        "int.reframe_link",
        N_("Make a reframe record from this?"),
        FieldKind.CHOICE,
        "meaning",
        N_("A reframe puts an old sentence beside a truer one. It can wait."),
        (Option("yes", N_("Yes")), Option("later", N_("Later, perhaps")), Option("no", N_("No"))),
    ),
    Field(
        "int.ground_link",
        N_("Which grounding skill helped or would have?"),
        FieldKind.CHOICE,
        "meaning",
        options=(
            *SKILL_OPTIONS,
            Option("own", N_("Something of my own")),
            Option("none", N_("None of these")),
        ),
        brief_role="steadies",
    ),
)

_ACTION = (
    Field(
        STEP,
        N_("One small step this week (what, when, where, with whom)"),
        FieldKind.TEXT,
        "action",
        N_("Leave big life decisions for some days."),
        brief_role="action",
    ),
    build_rating(
        "int.confidence",
        N_("How doable? 0-10"),
        FieldKind.RATING_10,
        "action",
        measure="confidence",
        hint=N_("If it is below 7, make the step smaller."),
        role="action",
    ),
    Field(
        "int.obstacle",
        N_("What might get in the way?"),
        FieldKind.TEXT,
        "action",
        N_("And what would be kind to do then?"),
    ),
    Field(
        STAYED,
        N_("What stayed with you?"),
        FieldKind.TEXT,
        "action",
        N_("A week or two later. “Nothing” is an answer, and so is “I do not know”."),
        brief_role="came",
        after_days=FOLLOW_UP_DAYS,
    ),
    Field(
        "int.followup",
        N_("A week later: how did the step go?"),
        FieldKind.CHOICE,
        "action",
        N_("Each of these tells you something."),
        FOLLOW_UP_OPTIONS,
        brief_role="action",
        after_days=FOLLOW_UP_DAYS,
    ),
    Field(
        "int.learned",
        N_("What did you learn?"),
        FieldKind.TEXT,
        "action",
        N_("About the step, or about yourself."),
        brief_role="action",
        after_days=FOLLOW_UP_DAYS,
    ),
)

_SHARE = (
    Field(
        "int.top3",
        N_("Up to three things to bring to therapy"),
        FieldKind.TEXT,
        "share",
        N_("One on each line. They stay private until you share them."),
        brief_role="bring",
    ),
    Field(
        "int.not_first",
        N_("Anything you would rather we did not open with?"),
        FieldKind.TEXT,
        "share",
        N_("If you share this, your therapist reads it and begins somewhere else."),
        brief_role="not_open",
    ),
    Field(
        "int.not_ready",
        N_("Something you are not ready to talk about"),
        FieldKind.TEXT,
        "share",
        N_("This stays private and cannot be shared. No text is needed: a single mark is enough."),
        shareable=False,
    ),
)

INTEGRATION_SHORT: tuple[str, ...] = (
    "int.meaning",
    "int.different",
    "int.unsure",
    "int.one_action",
    "int.top3",
)
"""The questions asked first; the others are optional."""

INTEGRATION = Form(
    EntryKind.INTEGRATION,
    N_("In the days after"),
    N_("Take what is useful and leave the rest. Ten to twenty minutes is enough for one day."),
    (*_MEANING, *_ACTION, *_SHARE),
)
