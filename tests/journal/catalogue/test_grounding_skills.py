"""The grounding catalogue and what is offered when."""

from __future__ import annotations

import re

from journal.catalogue.fields import EntryKind
from journal.catalogue.forms import get_form
from journal.catalogue.grounding_skills import HELP_NOW, SAFETY_NOTES, SKILLS, list_acute_skills

ORDER = (
    "orient five_senses paced_breath box_breath feet_hands container body_scan "
    "categories cold_warm kind_phrase reach_out"
)


def test_eleven_skills_in_their_order():
    """The catalogue has its eleven skills; orienting comes first."""
    assert list(SKILLS) == ORDER.split()
    assert all(
        skill.id == key and skill.title and skill.lead and skill.steps for key, skill in SKILLS.items()
    )


TECHNIQUES = {
    "orient": (
        "slowly around", "where you are", "date", "year", "how old you are", "door", "pleasant", "feet", "seat",
        "that was then, this is now",
    ),
    "five_senses": ("five things", "touch four", "three sounds", "two things to smell", "one taste", "swap"),
    "paced_breath": ("in gently while you count to four", "out gently while you count to six", "without holding"),
    "box_breath": (
        "in while you count to four", "hold gently while you count to four", "out while you count to four",
        "wait while you count to four", "two or three", "dizzy or panicky", "not for everyone",
    ),
    "feet_hands": ("press both feet", "wiggle your toes", "two fists", "open your hands", "palms", "feel like now"),
    "container": ("strong", "lock that only you can open", "put in", "close it", "when you will open it again", "who"),
    "body_scan": ("easy or plain", "move outward", "skip any part", "inward can raise distress"),
    "categories": ("kind of thing", "name as many"),
    "cold_warm": ("cool or warm", "safe for your skin", "do not hold ice for long"),
    "kind_phrase": ("sentence", "your words or your therapist’s"),
    "reach_out": ("safety plan", "call or write", "next person"),
}  # fmt: skip
"""What each skill has somebody do, and what it warns of: section 12 of the clinical domain, in our words."""


def test_every_technique_is_there_in_its_order():
    """Each skill leads through all of its technique, and orienting tells time and place before the body."""
    assert list(TECHNIQUES) == list(SKILLS)
    for name, parts in TECHNIQUES.items():
        skill = SKILLS[name]
        said = " ".join((*skill.steps, skill.lead, skill.caution)).lower()
        assert [part for part in parts if part not in said] == [], name
    steps = " ".join(SKILLS["orient"].steps).lower()
    assert sorted(TECHNIQUES["orient"], key=steps.index) == list(TECHNIQUES["orient"])
    assert {"breath": "paced_breath", "box": "box_breath"}.items() <= {
        one.pace: name for name, one in SKILLS.items() if one.pace != "slow"
    }.items()


def test_acute_mode_offers_only_what_needs_no_imagery_breath_or_standing():
    """While a session may still be felt, skills 1, 2, 5, 10 and 11 are offered and no other."""
    assert [skill.id for skill in list_acute_skills()] == [
        "orient",
        "five_senses",
        "feet_hands",
        "kind_phrase",
        "reach_out",
    ]
    said = " ".join(step for skill in list_acute_skills() for step in skill.steps)
    assert re.search(r"\b(breathe?|hold your|picture|imagine|stand)\b", said, re.IGNORECASE) is None


def test_help_now_shows_three_acute_skills():
    """The page for hard moments shows three skills, each safe in acute mode."""
    assert [skill.id for skill in HELP_NOW] == ["orient", "five_senses", "feet_hands"]
    assert all(skill.in_acute_mode for skill in HELP_NOW)


def test_skills_that_may_do_harm_say_so():
    """Breath holds, imagery, inward focus and temperature carry a caution, and stopping is always said."""
    assert all(SKILLS[name].caution for name in ("box_breath", "container", "body_scan", "cold_warm"))
    assert "therapist" in SKILLS["container"].caution
    assert any("stop" in sentence for sentence in SAFETY_NOTES)


def test_minutes_are_short():
    """No skill takes longer than ten minutes, and the shorter number comes first."""
    assert all(
        1 <= low <= high <= 10 for skill in SKILLS.values() if skill.minutes for low, high in [skill.minutes]
    )


def test_every_skill_can_be_logged():
    """The grounding log offers every skill of the catalogue."""
    offered = [option.value for option in get_form(EntryKind.GROUNDING).field("ground.skill").options]
    assert offered[:-1] == list(SKILLS)
