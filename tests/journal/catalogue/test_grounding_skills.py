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
