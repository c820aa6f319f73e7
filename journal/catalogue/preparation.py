"""What a preparation entry asks, and what a check list holds. Beliefs and wishes, never the event behind them."""

from __future__ import annotations

from journal.catalogue.fields import EntryKind, Field, FieldKind, Form, Option, build_rating
from journal.catalogue.grounding_skills import SKILLS
from journal.i18n import N_

SKILL_OPTIONS = tuple(Option(skill.id, skill.title) for skill in SKILLS.values())

STATE_OPTIONS = (
    Option("calm", N_("Calm")),
    Option("tired", N_("Tired")),
    Option("hopeful", N_("Hopeful")),
    Option("on_edge", N_("On edge")),
    Option("numb", N_("Numb")),
    Option("busy", N_("Busy")),
    Option("raw", N_("Raw")),
    Option("steady", N_("Steady")),
    Option("sad", N_("Sad")),
    Option("curious", N_("Curious")),
)

PREPARATION = Form(
    EntryKind.PREPARATION,
    N_("Before a session"),
    N_("Answer what helps you today. Every question can wait or be left out."),
    (
        Field(
            "prep.why_now",
            N_("What makes this a good time for a session?"),
            FieldKind.TEXT,
            "intention",
            N_("Or: what makes you unsure about it?"),
            brief_role="hopes",
        ),
        Field(
            "prep.intention",
            N_("In one line: what would you like to be open to?"),
            FieldKind.LINE,
            "intention",
            N_("A direction or a question. Nothing here is graded."),
            brief_role="intention",
        ),
        Field(
            "prep.hold_lightly",
            N_("If something else comes up, how would you like to meet it?"),
            FieldKind.TEXT,
            "intention",
            N_("One word can do: gently, curiously, with company."),
            brief_role="intention",
        ),
        Field(
            "prep.state",
            N_("How have the last few days been? Pick words or write."),
            FieldKind.TEXT,
            "set",
            brief_role="state",
        ),
        Field(
            "prep.state_words",
            N_("Words that fit"),
            FieldKind.CHOICES,
            "set",
            options=STATE_OPTIONS,
            brief_role="state",
            with_previous=True,
            as_words=True,
        ),
        Field(
            "prep.sleep_body",
            N_("How is your body today: sleep, food, tension, pain?"),
            FieldKind.TEXT,
            "set",
            N_("If something worries you, tell your prescriber as well."),
            brief_role="state",
        ),
        Field(
            "prep.fears",
            N_("Anything you are nervous about? What would help with that?"),
            FieldKind.TEXT,
            "set",
            N_("Being nervous is common. You can also decide not to go ahead."),
            brief_role="hopes",
        ),
        Field(
            "prep.place",
            N_("Where will you be? What makes it feel safe enough?"),
            FieldKind.TEXT,
            "setting",
            N_("Light, blanket, water, a door that closes, a pet in another room."),
            brief_role="setting",
        ),
        Field(
            "prep.people",
            N_("Who is with you, and how will you signal for help?"),
            FieldKind.TEXT,
            "setting",
            N_("A word, a hand, a bell. Agree on it with your sitter beforehand."),
            brief_role="setting",
        ),
        Field(
            "prep.after_plan",
            N_("What does the rest of the day look like? What is off the list?"),
            FieldKind.TEXT,
            "setting",
            N_("No driving until the next day, after sleep. No big decisions either."),
        ),
        Field(
            "prep.resources",
            N_("Three things that steady you (person, place, song, phrase, object)."),
            FieldKind.TEXT,
            "resources",
            N_("One on each line. Put one of them within reach."),
            brief_role="steadies",
        ),
        Field(
            "prep.anchor",
            N_("Choose one grounding skill to practise today."),
            FieldKind.CHOICE,
            "grounding",
            N_("Practise while things are calm, so that it is familiar later."),
            SKILL_OPTIONS,
            brief_role="steadies",
        ),
        build_rating(
            "prep.anchor_before",
            N_("Distress before practising"),
            FieldKind.RATING_10,
            "grounding",
            measure="distress",
        ),
        build_rating(
            "prep.anchor_after",
            N_("Distress after practising"),
            FieldKind.RATING_10,
            "grounding",
            measure="distress",
        ),
        Field(
            "prep.boundaries",
            N_("Touch, talking, music: what is welcome, what is not?"),
            FieldKind.TEXT,
            "consent",
            N_("You can change your mind at any time. Your sitter can read this with you."),
            brief_role="setting",
        ),
        Field(
            "prep.old_story",
            N_("Is there a belief about yourself you would like to look at gently?"),
            FieldKind.TEXT,
            "reframe",
            N_("The sentence is enough. What happened does not need to be written here."),
            brief_role="belief",
        ),
        build_rating(
            "prep.old_story_belief",
            N_("How much does it feel true now?"),
            FieldKind.RATING_100,
            "reframe",
            measure="belief",
            role="belief",
        ),
        Field(
            "prep.for_therapist",
            N_("Is there anything you want your therapist to know before?"),
            FieldKind.TEXT,
            "sharing",
            N_("It stays private until you share it."),
            brief_role="bring",
        ),
        Field(
            "prep.last_learning",
            N_("From last time: what is still with you?"),
            FieldKind.TEXT,
            "continuity",
            N_("Leave this out before a first session."),
        ),
    ),
)

PREPARATION_SHORT: tuple[str, ...] = (
    "prep.intention",
    "prep.state",
    "prep.fears",
    "prep.people",
    "prep.resources",
)
"""The five questions offered first; the others follow for those who want them."""

CHECKLIST = Form(
    EntryKind.CHECKLIST,
    N_("Check list"),
    N_("What is to be ready before a session."),
    (
        Field("check.own", N_("Lines of my own"), FieldKind.TEXT, "check", apart=True),
        Field("check.done", N_("Done"), FieldKind.TEXT, "check", apart=True),
        Field("check.not_for_me", N_("Not for me"), FieldKind.TEXT, "check", apart=True),
    ),
)
"""
A check list, tied to its session: a line of one's own stands in the first answer; a line that is no longer open, be it
one's own or the care team's, stands word for word in one of the others. So a text that changes is open again.
"""
