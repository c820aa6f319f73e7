"""What can be set for a talk: questions, exercises, measures and texts that ship with Hearthside, or own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from journal.catalogue.fields import EntryKind, FieldKind
from journal.catalogue.forms import get_form
from journal.catalogue.grounding_skills import SKILLS
from journal.coming_talk.documents import Thing
from journal.i18n import N_, Labelled
from journal.measures import instruments

OWN = "own"
"""The name of what a clinician puts into their own words."""


class ThingKind(Labelled):
    """What kind of thing is set; its code is stored."""

    QUESTION = "question", N_("Question")
    SKILL = "skill", N_("Grounding skill")
    REFRAME = "reframe", N_("Reframe")
    DAY_LINE = "day-line", N_("Day line")
    PROMPT = "prompt", N_("Preparation prompt")
    MEASURE = "measure", N_("Measure")
    READING = "reading", N_("Something to read")


OWN_KINDS = (ThingKind.QUESTION, ThingKind.READING)
"""What a clinician can put into their own words."""
OWN_LABELS: Mapping[ThingKind, str] = MappingProxyType(
    {
        ThingKind.QUESTION: N_("A question in your own words"),
        ThingKind.READING: N_("Something to read, in your own words"),
    }
)


@dataclass(frozen=True, slots=True)
class Reading:
    """A short text to read: its title and its paragraphs."""

    title: str
    paragraphs: tuple[str, ...]


QUESTIONS: Mapping[str, str] = MappingProxyType(
    {
        "carry": N_("What from the last session is still with you, if anything?"),
        "different": N_("What has felt a little different since we met?"),
        "ordinary": N_("Where in an ordinary day did this come up?"),
        "body": N_("Where in your body do you notice it, and what is it like there?"),
        "hard": N_("What has been hard since then? One line is enough."),
        "kind": N_("What has been kind or good, however small?"),
        "unsure": N_("What are you unsure about, and fine to leave open?"),
        "need": N_("What would you like more of from our talks, or less?"),
        "begin": N_("Where would you like to begin when we meet?"),
        "step": N_("Is there one small thing you would like to try? What could make it easier?"),
    }
)
"""Questions that ship, by name. None asks what happened."""

READINGS: Mapping[str, Reading] = MappingProxyType(
    {
        "pace": Reading(
            N_("Going at your own pace"),
            (
                N_(
                    "Nothing here has to be finished. Some people write a lot, some a line, and some only think about "
                    "it on a walk. All of these are fine."
                ),
                N_(
                    "If something becomes too much, change the subject: look around, have a drink of water, do "
                    "something with your hands. What you leave can wait, or stay left."
                ),
                N_("You decide what you bring to a talk. “Not this time” is a good answer."),
            ),
        ),
        "images": Reading(
            N_("About images and messages"),
            (
                N_(
                    "Pictures, voices or sentences can appear in a session and feel very sure. They can mean something "
                    "to you without being facts about the world."
                ),
                N_(
                    "It may help to note them as they came, and to wait some days before deciding what they say. "
                    "Bring what unsettles you to a talk; you need not sort it alone."
                ),
                N_("Big decisions can usually wait until you have slept on them for some days."),
            ),
        ),
        "balanced": Reading(
            N_("What a truer sentence is"),
            (
                N_(
                    "Hard times can leave a short, stiff sentence behind, such as “It was my fault.” A truer sentence "
                    "is not a cheerful one. It fits more of the facts, and you can stand behind it."
                ),
                N_(
                    "It may feel only partly true at first. It often begins that way, and the old sentence "
                    "may stay beside it."
                ),
            ),
        ),
        "steady": Reading(
            N_("When you drift away from the present"),
            (
                N_(
                    "Feeling far away, numb or pulled back in time can happen after hard memories. Grounding means "
                    "coming back to here and now, through what you see, hear and touch."
                ),
                N_(
                    "Begin with where you are: look around, find the door, feel your feet. If one way makes it worse, "
                    "stop and try another. Different ways suit different people."
                ),
            ),
        ),
        "talk": Reading(
            N_("How to use a talk after a session"),
            (
                N_(
                    "A talk like this looks at what came, what it may have to do with your life, and what you might "
                    "like to carry on with. It has no right order."
                ),
                N_(
                    "You can bring one picture, one feeling or one question. You can also say what you do not want "
                    "to talk about yet."
                ),
            ),
        ),
    }
)
"""Short texts that ship, by name. They claim no effect and name no condition."""

PROMPTS: Mapping[str, str] = MappingProxyType(
    {
        one.id: one.label
        for one in get_form(EntryKind.PREPARATION).fields
        if one.kind in (FieldKind.TEXT, FieldKind.LINE)
    }
)
"""The questions of a preparation entry that are answered in words."""

REFRAME_TITLE = N_("Look at an old sentence and a truer one")
DAY_LINE_TITLE = N_("A line a day until we meet")


def list_measures() -> Mapping[str, str]:
    """Return the names of the measures that are offered, to be translated: "PCL-5, past week"."""
    return {one.id: one.name for one in instruments.list_offered()}


def list_library() -> tuple[tuple[ThingKind, tuple[tuple[str, str], ...]], ...]:
    """Return what ships, by kind: the name and the title of each."""
    return (
        (ThingKind.QUESTION, tuple(QUESTIONS.items())),
        (ThingKind.SKILL, tuple((one.id, one.title) for one in SKILLS.values())),
        (ThingKind.REFRAME, (("", REFRAME_TITLE),)),
        (ThingKind.DAY_LINE, (("", DAY_LINE_TITLE),)),
        (ThingKind.PROMPT, tuple(PROMPTS.items())),
        (ThingKind.MEASURE, tuple(list_measures().items())),
        (ThingKind.READING, tuple((name, one.title) for name, one in READINGS.items())),
    )


def find_title(thing: Thing) -> str:
    """Return the title of something that ships, to be translated; nothing for own words or what is not offered."""
    found = {kind: dict(titles) for kind, titles in list_library()}
    return next((titles.get(thing.name, "") for kind, titles in found.items() if kind == thing.kind), "")


def find_paragraphs(thing: Thing) -> tuple[str, ...]:
    """Return the text of something to read that ships, to be translated."""
    if thing.kind != ThingKind.READING or thing.name not in READINGS:
        return ()
    return READINGS[thing.name].paragraphs


def is_known(thing: Thing) -> bool:
    """Return whether it is of a known kind, and either ships or has words of its own."""
    if thing.name == OWN:
        return bool(thing.words) and thing.kind in OWN_KINDS
    return not thing.words and bool(find_title(thing))
