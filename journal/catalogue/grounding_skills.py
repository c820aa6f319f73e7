"""The grounding catalogue: short ways back to the present. Orienting comes before soothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from journal.i18n import N_

Pace = Literal["breath", "box", "slow", ""]


@dataclass(frozen=True, slots=True)
class Skill:
    """
    One skill: its steps, how many minutes it takes, and what to know before trying it.

    `pace` says how a circle moves that somebody asks for: as a breath does, as a box breath does, or slowly; or not.
    """

    id: str
    title: str
    lead: str
    minutes: tuple[int, int] | None
    steps: tuple[str, ...]
    caution: str = ""
    in_acute_mode: bool = False
    pace: Pace = "slow"


SAFETY_NOTES: tuple[str, ...] = (
    N_("Keep your eyes open unless closing them feels better."),
    N_("Stop whenever you like. Half a minute counts."),
    N_("If this makes it worse, stop and try looking around the room instead."),
)

_SKILLS = (
    Skill(
        "orient",
        N_("Look around"),
        N_("Tell your body where it is, and when."),
        (1, 3),
        (
            N_("Let your eyes move slowly around the place you are in."),
            N_("Say where you are, today’s date, the year, and how old you are."),
            N_("Find the door. Then find one thing that is pleasant to look at."),
            N_("Feel your feet on the floor and the seat that holds you."),
            N_("If it fits, say: that was then, this is now."),
        ),
        in_acute_mode=True,
    ),
    Skill(
        "five_senses",
        N_("Five senses"),
        N_("Count down through what is really here."),
        (3, 3),
        (
            N_("Name five things you can see."),
            N_("Touch four things, and notice how each one feels."),
            N_("Listen for three sounds, near or far."),
            N_("Find two things to smell. Remembering a smell you like is fine."),
            N_("Notice one taste, or take a sip of water."),
        ),
        N_("Swap any sense for another if it is hard or not possible for you."),
        in_acute_mode=True,
    ),
    Skill(
        "paced_breath",
        N_("Long breath out"),
        N_("Let the breath out last a little longer than the breath in."),
        (2, 5),
        (
            N_("Breathe in gently while you count to four."),
            N_("Breathe out gently while you count to six."),
            N_("Go on without holding your breath. Shorter counts are fine."),
            N_("After a few rounds, let your breath do what it wants."),
        ),
        N_("If watching your breath makes you uneasy, look around the room instead."),
        pace="breath",
    ),
    Skill(
        "box_breath",
        N_("Box breath"),
        N_("Four even sides: in, hold, out, hold. Not for everyone."),
        (2, 4),
        (
            N_("Breathe in while you count to four."),
            N_("Hold gently while you count to four."),
            N_("Breathe out while you count to four."),
            N_("Wait while you count to four, then begin again."),
            N_("If that is hard, count to two or three."),
        ),
        N_("This one holds the breath. Stop if you feel dizzy or panicky."),
        pace="box",
    ),
    Skill(
        "feet_hands",
        N_("Feet and hands"),
        N_("Use your muscles to feel where you are."),
        (2, 2),
        (
            N_("Press both feet into the floor or the bed, then let go."),
            N_("Wiggle your toes."),
            N_("Make two fists, then open your hands wide."),
            N_("Rub your palms together until they are warm."),
            N_("Rest, and notice what your hands and feet feel like now."),
        ),
        in_acute_mode=True,
    ),
    Skill(
        "container",
        N_("The container"),
        N_("Set something aside for now, knowing when you will come back to it."),
        (5, 5),
        (
            N_("Picture something strong that can hold what is not for now."),
            N_("Give it a lid and a lock that only you can open."),
            N_("Put in what you want to set aside. You do not have to look at it closely."),
            N_("Close it."),
            N_("Choose when you will open it again, and who will be with you."),
        ),
        N_("If pictures in your mind upset you or make you feel far away, do this one with your therapist."),
    ),
    Skill(
        "body_scan",
        N_("Slow look through the body"),
        N_("Begin where it is easy, and leave out whatever you like."),
        (5, 10),
        (
            N_("Choose a place in your body that feels easy or plain."),
            N_("Rest your attention there for a few breaths."),
            N_("Move outward a little at a time. Skip any part you want to skip."),
            N_("Go back to the easy place whenever you want."),
            N_("End by looking around the room."),
        ),
        N_("Turning inward can raise distress after trauma. Looking around may suit you better."),
    ),
    Skill(
        "categories",
        N_("Name a list"),
        N_("Give your mind a small, dull job."),
        (2, 2),
        (
            N_("Pick a kind of thing: birds, songs, towns, things in a kitchen."),
            N_("Name as many as you can, aloud if you like."),
            N_("Try one for each letter of the alphabet, or pick a new list."),
        ),
    ),
    Skill(
        "cold_warm",
        N_("Cool or warm"),
        N_("Hold something and notice its temperature."),
        (1, 1),
        (
            N_("Hold something cool or warm: a glass, a mug, a damp cloth."),
            N_("Notice the temperature, the weight and the surface."),
            N_("Put it down and notice what stays in your hand."),
        ),
        N_("Choose a temperature that is safe for your skin, and do not hold ice for long."),
    ),
    Skill(
        "kind_phrase",
        N_("A kind phrase"),
        N_("One sentence you trust, in your words or your therapist’s."),
        (1, 1),
        (
            N_("Bring your sentence to mind, or read it."),
            N_("Say it slowly, aloud or inside."),
            N_("Say it once more, as you would to someone you care about."),
        ),
        in_acute_mode=True,
        pace="",
    ),
    Skill(
        "reach_out",
        N_("Reach out"),
        N_("Let someone be with you, by voice or by message."),
        None,
        (
            N_("Think of someone from your safety plan, or someone who is kind to you."),
            N_("Call or write. “Can you stay with me for a moment?” is enough."),
            N_("If nobody answers, try the next person, or a crisis line."),
        ),
        in_acute_mode=True,
        pace="",
    ),
)

SKILLS: Mapping[str, Skill] = MappingProxyType({skill.id: skill for skill in _SKILLS})

HELP_NOW: tuple[Skill, ...] = (SKILLS["orient"], SKILLS["five_senses"], SKILLS["feet_hands"])
"""What /help-now shows: nothing here asks for imagery, for breath or for standing up."""


def list_acute_skills() -> tuple[Skill, ...]:
    """Return the skills offered while a dosing session may still be felt."""
    return tuple(skill for skill in _SKILLS if skill.in_acute_mode)
