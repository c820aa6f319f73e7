"""What a check-in says at its end: every single answer that leads to a sentence, and none that does not."""

from __future__ import annotations

import pytest

from journal.catalogue.fields import EntryKind, FieldKind
from journal.catalogue.forms import get_form
from journal.catalogue.tracked import BEFORE, QUESTIONS, UNSETTLED, CheckIn
from journal.check_ins.advice import BLADDER, USE, Advice, find_advice

SAID = {
    **{(one.id, "yes"): (Advice.BEFORE_GOING_ON,) for one in BEFORE if one.kind is FieldKind.CHOICE},
    **{(name, "yes"): (Advice.PRESCRIBER,) for name in (*BLADDER, *USE)},
    **{(name, "a-lot"): (Advice.THERAPIST,) for name in UNSETTLED},
    ("checkin.extra", "yes"): (Advice.EXTRA,),
    ("checkin.wanted", "now"): (Advice.HELP,),
    ("checkin.wanted", "prescriber"): (Advice.PRESCRIBER,),
    ("checkin.wanted", "therapist"): (Advice.THERAPIST,),
}


def test_each_single_answer_says_what_it_says_and_no_other_says_anything() -> None:
    """Over every option of every question that has options."""
    options = [
        (field.id, option.value)
        for moment in CheckIn
        for field in QUESTIONS[moment]
        if field.kind in (FieldKind.CHOICE, FieldKind.CHOICES)
        for option in field.options
    ]
    assert len({*options}) > 80
    assert SAID.keys() <= {*options}
    for name, value in options:
        assert find_advice({name: value}) == SAID.get((name, value), ()), (name, value)


@pytest.mark.parametrize("number", range(11))
def test_no_number_says_anything(number: int) -> None:
    """A rating clears nobody and alarms nobody by its size; much distress brings a way to ground, as anywhere."""
    rated = [one.id for one in QUESTIONS[CheckIn.NEXT_DAY] if one.kind is FieldKind.RATING_10]
    assert len(rated) == 4
    assert find_advice(dict.fromkeys(rated, number)) == ((Advice.GROUND,) if number >= 8 else ())


def test_some_of_two_things_is_told_and_of_one_is_not() -> None:
    """The rule for what is unsettled: a lot once, or some twice."""
    for first in UNSETTLED:
        assert find_advice({first: "some"}) == ()
        for second in UNSETTLED:
            expected = () if first == second else (Advice.THERAPIST,)
            assert find_advice({first: "some", second: "some"}) == expected


def test_the_most_urgent_stands_first() -> None:
    """Help now before all else."""
    given = {"checkin.wanted": "now", "checkin.extra": "yes", "checkin.blood": "yes", "checkin.fear": "a-lot"}
    assert find_advice(given) == (Advice.HELP, Advice.EXTRA, Advice.PRESCRIBER, Advice.THERAPIST)


def test_every_question_belongs_to_a_moment_and_can_be_shared() -> None:
    """No answer is kept that no page asks for, and none is on the page that every entry has."""
    form = get_form(EntryKind.CHECK_IN)
    asked = {field.id for moment in CheckIn for field in QUESTIONS[moment]}
    assert {field.id for field in form.fields} - asked == {"checkin.moment", "checkin.day"}
    assert all(field.apart and field.shareable for field in form.fields)
