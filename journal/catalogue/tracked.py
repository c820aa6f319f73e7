"""
What is tracked: the questions of a check-in, day lines, and the parts of an evaluation.

A check-in is made before a dosing session, in the first days after it, about a week, two weeks and a month after it,
and every month. The exact days are those of a course, so the names say no number.

One kind of entry holds them all; which questions one asks follows from its moment. None is needed, and no answer has a
number that is added up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from journal.catalogue.fields import EntryKind, Field, FieldKind, Form, Measure, Option, build_rating
from journal.i18n import N_, Labelled

MOMENT, DAY = "checkin.moment", "checkin.day"
THEME = "checkin"


class CheckIn(Labelled):
    """When a check-in is made; its code is stored."""

    BEFORE = "before", N_("Before you start")
    NEXT_DAY = "next-day", N_("In the first days after")
    DAY_7 = "7-days", N_("About a week after")
    DAY_14 = "14-days", N_("About two weeks after")
    DAY_30 = "30-days", N_("About a month after")
    MONTHLY = "monthly", N_("Monthly check-in")


YES_NO = (Option("yes", N_("yes")), Option("no", N_("no")))
YES_NO_RATHER_NOT = (*YES_NO, Option("rather-not", N_("I would rather not say")))
HOW_MUCH = (Option("none", N_("none")), Option("some", N_("some")), Option("a-lot", N_("a lot")))
HOW_OFTEN = (
    Option("none", N_("none")),
    Option("some-days", N_("on some days")),
    Option("most-days", N_("on most days")),
    Option("rather-not", N_("I would rather not say")),
)
EFFECTS = (
    Option("dissociation", N_("feeling far away or unreal")),
    Option("nausea", N_("nausea")),
    Option("vomiting", N_("vomiting")),
    Option("dizziness", N_("dizziness")),
    Option("vertigo", N_("the room turning")),
    Option("drowsiness", N_("drowsiness")),
    Option("pressure", N_("raised blood pressure or a fast heart")),
    Option("anxiety", N_("anxiety")),
    Option("headache", N_("headache")),
    Option("fatigue", N_("tiredness")),
    Option("numbness", N_("numbness")),
    Option("speech", N_("slurred speech")),
    Option("taste", N_("an odd taste")),
    Option("insomnia", N_("trouble sleeping")),
)
"""Of labels and reports on ketamine and esketamine; "other" has a line of its own."""
SEVERITIES = (
    Option("mild", N_("mild")),
    Option("moderate", N_("moderate")),
    Option("severe", N_("severe")),
)
STILL_SEVERITIES = (
    Option("mild.still", N_("mild, still there")),
    Option("moderate.still", N_("moderate, still there")),
    Option("severe.still", N_("severe, still there")),
)
"""How one is asked for at once: how severe it is, and that it has not gone."""
STILL_THERE = "checkin.effects_still"


def name_effects(severity: str) -> str:
    """Return the id of the question that holds the side effects of one severity."""
    return f"checkin.effects_{severity}"


def _choose(name: str, label: str, options: tuple[Option, ...], hint: str = "") -> Field:
    return Field(f"checkin.{name}", label, FieldKind.CHOICE, THEME, hint, options=options, apart=True)


def _rate(name: str, label: str, measure: Measure) -> Field:
    return replace(
        build_rating(f"checkin.{name}", label, FieldKind.RATING_10, THEME, measure=measure), apart=True
    )


def _write(name: str, label: str, hint: str = "", kind: FieldKind = FieldKind.LINE) -> Field:
    return Field(f"checkin.{name}", label, kind, THEME, hint, max_length=500, apart=True)


BEFORE = (
    _choose("illness", N_("Have you been ill, or do you feel ill today?"), YES_NO),
    _choose("medicines", N_("Has any medicine changed, or its dose?"), YES_NO),
    _choose("substances", N_("Have you had alcohol or other substances since yesterday?"), YES_NO),
    _choose("pregnancy", N_("Could you be pregnant?"), YES_NO),
    _choose("pressure", N_("Was a blood-pressure medicine missed or changed?"), YES_NO),
    _write("changed", N_("What changed, in your words")),
)
NEXT_DAY = (
    _choose(
        "felt",
        N_("How was it, all in all?"),
        (
            Option("-2", N_("very unpleasant")),
            Option("-1", N_("rather unpleasant")),
            Option("0", N_("neither")),
            Option("1", N_("rather pleasant")),
            Option("2", N_("very pleasant")),
            Option("hard-to-say", N_("hard to say")),
        ),
    ),
    _rate("difficulty", N_("How difficult was it?"), "difficulty"),
    _rate(
        "away_most",
        N_("At its strongest, how far away did you feel?"),
        "distance",
    ),
    _write("away_until", N_("When was that over?")),
    _rate("away", N_("How far away or unreal do things feel now?"), "distance"),
    _rate("distress", N_("How much distress is there now?"), "distress"),
    *(
        Field(
            name_effects(one.value),
            {
                "mild": N_("Side effects, mild"),
                "moderate": N_("Side effects, moderate"),
                "severe": N_("Side effects, severe"),
            }[one.value],
            FieldKind.CHOICES,
            THEME,
            options=EFFECTS,
            apart=True,
        )
        for one in SEVERITIES
    ),
    Field(
        STILL_THERE,
        N_("Side effects that are still there"),
        FieldKind.CHOICES,
        THEME,
        options=EFFECTS,
        apart=True,
    ),
    _write("effects_other", N_("Other side effects")),
    _write("effects_until", N_("How long did they last?")),
    _choose("sitter", N_("Was somebody with you?"), YES_NO),
    _write("sitter_concern", N_("Did anything worry them?")),
    Field(
        "checkin.unplanned",
        N_("Did anything happen that was not planned?"),
        FieldKind.CHOICES,
        THEME,
        options=(
            Option("called-provider", N_("we called the clinic or prescriber")),
            Option("called-emergency", N_("we called the emergency number")),
            Option("fell", N_("a fall")),
            Option("vomited", N_("vomiting more than once")),
            Option("other", N_("something else")),
        ),
        apart=True,
    ),
    _write("unplanned_words", N_("What happened, in your words")),
    _choose("slept", N_("Did you sleep afterwards?"), YES_NO),
    _choose("drove", N_("Did you drive before you had slept?"), YES_NO_RATHER_NOT),
    _choose(
        "extra",
        N_("Did you take more than was agreed?"),
        YES_NO_RATHER_NOT,
        N_("A second part that was agreed beforehand is not meant."),
    ),
    _choose(
        "wanted",
        N_("What would help you now?"),
        (
            Option("none", N_("nothing more")),
            Option("therapist", N_("speaking to my therapist")),
            Option("prescriber", N_("speaking to my prescriber")),
            Option("now", N_("help now")),
        ),
    ),
)
LATER = (
    _choose(
        "still",
        N_("Is what the session brought still there?"),
        (
            Option("yes", N_("yes")),
            Option("fading", N_("it is fading")),
            Option("gone", N_("it is gone")),
            Option("hard-to-say", N_("hard to say")),
        ),
    ),
    _write("still_date", N_("Since when is it fading or gone?"), kind=FieldKind.DATE),
    _choose("unreal", N_("Feeling unreal or cut off"), HOW_MUCH),
    _choose("fear", N_("Fear"), HOW_MUCH),
    _choose("sleep", N_("Trouble with sleep"), HOW_MUCH),
    _choose("nightmares", N_("Nightmares"), HOW_MUCH),
    _choose("images", N_("Images that come by themselves"), HOW_MUCH),
    _choose("unsettled", N_("Something else that is unsettled"), HOW_MUCH),
    _write("unsettled_words", N_("What it is, in your words")),
)
MONTHLY = (
    _choose("urgency", N_("Having to go to the toilet at once"), YES_NO, N_("Since the last check-in.")),
    _choose("frequency", N_("Having to pass water more often"), YES_NO),
    _choose("pain", N_("Pain in the bladder, or when passing water"), YES_NO),
    _choose("blood", N_("Blood in the urine"), YES_NO),
    _choose("craving", N_("A strong wish for more ketamine"), YES_NO_RATHER_NOT),
    _choose("beyond", N_("More of it, or more often, than was agreed"), YES_NO_RATHER_NOT),
    _choose("out_early", N_("Running out of it early"), YES_NO_RATHER_NOT),
    _choose("alcohol", N_("Alcohol"), HOW_OFTEN),
    _choose("others", N_("Other substances"), HOW_OFTEN),
    _write("others_words", N_("Which, if you like to say")),
)
QUESTIONS: Mapping[CheckIn, tuple[Field, ...]] = MappingProxyType(
    {
        CheckIn.BEFORE: BEFORE,
        CheckIn.NEXT_DAY: NEXT_DAY,
        CheckIn.DAY_7: LATER,
        CheckIn.DAY_14: LATER,
        CheckIn.DAY_30: LATER,
        CheckIn.MONTHLY: MONTHLY,
    }
)
"""What is asked at each moment."""
UNSETTLED = (
    "checkin.unreal",
    "checkin.fear",
    "checkin.sleep",
    "checkin.nightmares",
    "checkin.images",
    "checkin.unsettled",
)

CHECK_IN = Form(
    EntryKind.CHECK_IN,
    N_("Check-in"),
    N_("How you were before, on the next day and later. Every question can be left out."),
    (
        *BEFORE,
        *NEXT_DAY,
        *LATER,
        *MONTHLY,
        Field(
            MOMENT,
            N_("When"),
            FieldKind.CHOICE,
            THEME,
            options=tuple(Option(one.value, one.label) for one in CheckIn),
            apart=True,
        ),
        Field(DAY, N_("Answered on"), FieldKind.DATE, THEME, apart=True),
    ),
)

DAY_LINES_FIELD, MONTH = "dayline.lines", "dayline.month"
OWN_SCALES = ("dayline.own_1", "dayline.own_2", "dayline.own_3")
DAY_LINES = Form(
    EntryKind.DAY_LINES,
    N_("Day lines"),
    N_("A line a day, if you like. No day has to have one."),
    (
        Field(MONTH, N_("Month that begins on"), FieldKind.DATE, "dayline", apart=True),
        *(
            Field(
                name,
                N_("A line of my own, and the words at its ends"),
                FieldKind.LINE,
                "dayline",
                max_length=150,
                apart=True,
            )
            for name in OWN_SCALES
        ),
        Field(DAY_LINES_FIELD, N_("Day by day"), FieldKind.DAY_LINES, "dayline", apart=True),
    ),
)

CONDITIONS, BY_NAME = "evaluation.conditions", "evaluation.by_name"
MEDICINES, ALLERGIES = "evaluation.medicines", "evaluation.allergies"
TREATMENTS, CHANGES, VERSION = "evaluation.treatments", "evaluation.changes", "evaluation.version"
MAX_ALLERGIES_LENGTH = 1000


def _build_part(name: str, label: str, kind: FieldKind, max_length: int | None = None) -> Field:
    return Field(name, label, kind, "evaluation", max_length=max_length, apart=True)


EVALUATION = Form(
    EntryKind.EVALUATION,
    N_("Evaluation"),
    N_("What a prescriber asks before treatment. Every question can be left out."),
    (
        _build_part(CONDITIONS, N_("Conditions"), FieldKind.CONDITIONS),
        _build_part(BY_NAME, N_("Sedatives, opioids, stimulants, MAO inhibitors"), FieldKind.CONDITIONS),
        _build_part(MEDICINES, N_("Medicines now, and since when"), FieldKind.REMEDIES),
        _build_part(ALLERGIES, N_("Allergies"), FieldKind.TEXT, MAX_ALLERGIES_LENGTH),
        _build_part(TREATMENTS, N_("Earlier treatments"), FieldKind.TREATMENTS),
        _build_part(CHANGES, N_("What changed from version to version"), FieldKind.CHANGES),
        _build_part(VERSION, N_("Version, and the day on which it was finished"), FieldKind.LINE),
    ),
)
"""Its questions are data of the room evaluation; each part is one section that can be shared."""
