"""
What an entry of each kind asks.

A form's questions are also the sections of an entry that can be shared. Their ids are written into sealed
documents, so an id never changes its meaning; a question that goes away leaves its id unused.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

from journal.catalogue.comfort import COMFORT
from journal.catalogue.emotions import parse_emotions
from journal.catalogue.fields import (
    Answer,
    EntryKind,
    Field,
    FieldKind,
    Form,
    Option,
)
from journal.catalogue.grounding import FREE, GROUNDING, STEADY
from journal.catalogue.integration import CAPTURE, INTEGRATION, STAYED, STEP
from journal.catalogue.preparation import CHECKLIST, PREPARATION
from journal.catalogue.reframe import FIRST_RATINGS, FIRST_RATINGS_LAST, REFRAME
from journal.catalogue.tracked import CHECK_IN, DAY_LINES, EVALUATION
from journal.i18n import N_

DAY = Form(
    EntryKind.DAY,
    N_("The day of the session"),
    N_("Medicine and readings, as they were noted."),
    (
        Field("day.medicine", N_("Medicine taken"), FieldKind.MEDICINE, "day", brief_role="day", apart=True),
        Field(
            "day.readings",
            N_("Readings: blood pressure, pulse, oxygen"),
            FieldKind.READINGS,
            "day",
            brief_role="day",
            apart=True,
        ),
        Field(
            "day.events",
            N_("Something unplanned"),
            FieldKind.MEDICINE,
            "day",
            brief_role="day",
            apart=True,
        ),
    ),
)

SITTER = Form(
    EntryKind.SITTER,
    N_("The sitter’s notes"),
    N_("What the person who sat with you noted, as far as you kept it."),
    (
        Field("sitter.checks", N_("Checks"), FieldKind.CHECKS, "sitter", brief_role="sitter", apart=True),
        Field(
            "sitter.readings", N_("Readings"), FieldKind.READINGS, "sitter", brief_role="sitter", apart=True
        ),
        Field(
            "sitter.medicine",
            N_("Medicine taken"),
            FieldKind.MEDICINE,
            "sitter",
            brief_role="sitter",
            apart=True,
        ),
        Field(
            "sitter.events",
            N_("Something unplanned"),
            FieldKind.MEDICINE,
            "sitter",
            brief_role="sitter",
            apart=True,
        ),
        Field(
            "sitter.said", N_("What you said"), FieldKind.MEDICINE, "sitter", brief_role="sitter", apart=True
        ),
    ),
)

MEASURE = Form(
    EntryKind.MEASURE,
    N_("Measure"),
    N_("A published form, answered as it was printed."),
    (
        Field("measure.form", N_("The form and its answers"), FieldKind.MEASURE, "measure", apart=True),
        Field(
            "measure.score",
            N_("A total from elsewhere: name, day, total, by whom"),
            FieldKind.TEXT,
            "measure",
            max_length=200,
            apart=True,
        ),
    ),
)

PLAN_NOTE = Form(
    EntryKind.PLAN_NOTE,
    N_("Plan note"),
    N_("What somebody in your care team wrote about your treatment, in their words."),
    (
        Field(
            "plan.reviewed",
            N_("The evaluation, reviewed"),
            FieldKind.CHOICE,
            "plan",
            options=(
                Option("go-ahead", N_("go ahead")),
                Option("more-needed", N_("more needed")),
                Option("not-now", N_("not now")),
            ),
            apart=True,
        ),
        Field("plan.read", N_("Version of the evaluation that was read"), FieldKind.LINE, "plan", apart=True),
        Field("plan.dose", N_("Dose, as told"), FieldKind.LINE, "plan", apart=True),
        Field("plan.interval", N_("Time from one session to the next"), FieldKind.LINE, "plan", apart=True),
        Field("plan.focus", N_("Focus"), FieldKind.TEXT, "plan", max_length=500, apart=True),
        Field("plan.from", N_("From"), FieldKind.DATE, "plan", apart=True),
        Field("plan.why", N_("Why"), FieldKind.TEXT, "plan", max_length=2000, apart=True),
        Field("plan.before", N_("Reading before"), FieldKind.READINGS, "plan", apart=True),
        Field("plan.middle", N_("Reading at about 40 minutes"), FieldKind.READINGS, "plan", apart=True),
        Field("plan.end", N_("Reading at the end"), FieldKind.READINGS, "plan", apart=True),
        Field("plan.drowsy", N_("Drowsy, from and until"), FieldKind.LINE, "plan", apart=True),
        Field("plan.away", N_("Feeling far away, from and until"), FieldKind.LINE, "plan", apart=True),
        Field("plan.ready", N_("Ready to leave"), FieldKind.LINE, "plan", apart=True),
        Field("plan.by", N_("Written by"), FieldKind.LINE, "plan", apart=True),
    ),
)

REPLIES = Form(
    EntryKind.REPLIES,
    N_("Replies"),
    N_("What you and somebody in your care team wrote to each other about an entry that you shared."),
    (
        Field("replies.with", N_("With"), FieldKind.LINE, "replies", shareable=False, apart=True),
        Field("replies.lines", N_("Replies"), FieldKind.REPLIES, "replies", shareable=False, apart=True),
        Field("replies.draft", N_("Draft, not sent"), FieldKind.TEXT, "replies", shareable=False, apart=True),
    ),
)

WAITING = Form(
    EntryKind.WAITING,
    N_("Waiting until you have rested"),
    N_("What you asked for around a dosing session, to be asked again."),
    (
        Field(
            "waiting.requests",
            N_("What waits"),
            FieldKind.REQUESTS,
            "waiting",
            shareable=False,
            apart=True,
        ),
    ),
)

STANDING = Form(
    EntryKind.STANDING,
    N_("Shared as it is completed"),
    N_("What somebody in your care team reads as soon as it is completed, since when and until when."),
    (
        Field(
            "standing.shares",
            N_("What is shared as it is completed"),
            FieldKind.STANDING,
            "standing",
            shareable=False,
            apart=True,
        ),
    ),
)

NOTICES = Form(
    EntryKind.NOTICES,
    N_("Notices agreed on"),
    N_("Whom you agreed with that they get a notice, who is the backup, and after how long."),
    (
        Field(
            "notices.agreed",
            N_("What you agreed or proposed"),
            FieldKind.AGREED,
            "notices",
            shareable=False,
            apart=True,
        ),
    ),
)

MAX_PART_LENGTH, MAX_PART_LINES = 600, 10
"""Of each part of a safety plan, so that all of it stays on one printed page."""


def _build_part(field_id: str, label: str, hint: str) -> Field:
    return Field(
        f"safety.{field_id}",
        label,
        FieldKind.TEXT,
        "safety",
        hint,
        max_length=MAX_PART_LENGTH,
        max_lines=MAX_PART_LINES,
    )


SAFETY = Form(
    EntryKind.SAFETY,
    N_("Safety plan"),
    N_(
        "For hours when you might not be safe. One thing on each line, up to ten in a part, in your own order. "
        "Best written together with somebody who treats you; every part can be left out."
    ),
    (
        _build_part(
            "signs",
            N_("How I notice that it begins"),
            N_("Thoughts, a mood, what the body does, a place or a time of day."),
        ),
        _build_part("alone", N_("What I do by myself first"), N_("What has helped before, even a little.")),
        _build_part(
            "company",
            N_("Where I can go, and who is good company"),
            N_("You need not tell them why."),
        ),
        _build_part(
            "people",
            N_("Whom I tell, and ask to be with me"),
            N_("A name and a phone number on each line. A number can be tapped to call."),
        ),
        _build_part(
            "professionals",
            N_("My care team, and lines to call"),
            N_("A name and a phone number on each line, and when they answer."),
        ),
        _build_part(
            "safer",
            N_("What I put out of reach"),
            N_("What could harm you, where it goes, and who keeps it for you."),
        ),
        Field(
            "safety.reviewed",
            N_("Gone through: the day, and with whom"),
            FieldKind.MOMENTS,
            "safety",
            apart=True,
        ),
    ),
)
"""Six parts in the order of Stanley and Brown (2012), doi:10.1016/j.cbpra.2011.01.001; the words are ours."""

FORMS: Mapping[EntryKind, Form] = MappingProxyType(
    {
        form.kind: form
        for form in (
            PREPARATION,
            CAPTURE,
            INTEGRATION,
            REFRAME,
            GROUNDING,
            FREE,
            STEADY,
            COMFORT,
            SAFETY,
            CHECKLIST,
            DAY,
            SITTER,
            MEASURE,
            CHECK_IN,
            DAY_LINES,
            EVALUATION,
            PLAN_NOTE,
            REPLIES,
            WAITING,
            STANDING,
            NOTICES,
        )
    }
)

SHAREABLE_KINDS = frozenset(kind.value for kind, form in FORMS.items() if form.shareable)
"""The kinds of entry that can be shared; what a patient alone asks for, gives or agrees to is none of them."""

THEMES: Mapping[str, str] = MappingProxyType(
    {
        "intention": N_("Your intention"),
        "set": N_("How you are"),
        "setting": N_("Where and with whom"),
        "resources": N_("What steadies you"),
        "grounding": N_("Grounding"),
        "consent": N_("What is welcome"),
        "reframe": N_("An old story"),
        "sharing": N_("For your therapist"),
        "continuity": N_("From last time"),
        "capture": N_("What was there"),
        "meaning": N_("What it may mean"),
        "action": N_("One small step"),
        "share": N_("For therapy"),
        "old": N_("The old sentence"),
        "witness": N_("A fair witness"),
        "new": N_("A truer sentence"),
        "step": N_("Living with it"),
        "free": N_("Your words"),
        "steady": N_("What steadies me"),
        "comfort": N_("If I get frightened"),
        "safety": N_("Safety plan"),
        "check": N_("Check list"),
        "day": N_("The day of the session"),
        "sitter": N_("The sitter’s notes"),
        "measure": N_("Measure"),
        "checkin": N_("Check-in"),
        "dayline": N_("Day lines"),
        "evaluation": N_("Evaluation"),
        "plan": N_("Plan note"),
        "replies": N_("Replies"),
        "waiting": N_("Waiting until you have rested"),
        "standing": N_("Shared as it is completed"),
        "notices": N_("Notices agreed on"),
    }
)

GROUNDING_THRESHOLD = 8
"""Distress from 0 to 10 at which grounding is offered before going on; strengths up to 100 count by tens."""


def get_form(kind: EntryKind) -> Form:
    """Return the questions of one kind of entry."""
    return FORMS[kind]


def get_written_form(kind: EntryKind) -> Form:
    """Return the questions of one kind of entry without those that are answered on a page of their own."""
    form = FORMS[kind]
    return replace(form, fields=tuple(one for one in form.fields if not one.apart))


def get_due_form(
    kind: EntryKind, answers: Collection[str], age: timedelta | None, *, looks_back: bool = False
) -> Form:
    """
    Return the questions that an entry asks by now: those for later come first once they are due, and not before.

    The first ratings of a reframe are asked for on its first day alone: a later number is a revisit's.

    Args:
        kind: The entry's kind.
        answers: The ids of the questions that are answered, which are always asked.
        age: How long ago the entry was begun; None for a new one.
        looks_back: Whether what stayed is asked now, and how a step went that was written down.
    """
    form = get_written_form(kind)
    due = [
        one
        for one in form.fields
        if one.after_days
        and (
            one.id in answers
            or (age is not None and age >= timedelta(days=one.after_days))
            or (looks_back and (one.id == STAYED or STEP in answers))
        )
    ]
    asked = (*due, *(one for one in form.fields if not one.after_days))
    if is_past_first_ratings(age):
        asked = tuple(one for one in asked if one.id not in FIRST_RATINGS)
    return replace(form, fields=asked)


def is_past_first_ratings(age: timedelta | None) -> bool:
    """Return whether an entry was begun so long ago that its first ratings stay as they are."""
    return age is not None and age >= FIRST_RATINGS_LAST


def is_grounding_first(form: Form, answers: Mapping[str, Answer]) -> bool:
    """Return whether an answer shows so much distress that grounding is offered before going on."""
    for field in form.fields:
        answer = answers.get(field.id)
        if field.measure == "distress" and isinstance(answer, int) and answer >= GROUNDING_THRESHOLD:
            return True
        if field.kind is FieldKind.EMOTIONS and isinstance(answer, list):
            strengths = [value for row in parse_emotions(answer) for value in row.strengths]
            if strengths and max(strengths) >= GROUNDING_THRESHOLD * 10:
                return True
    return False
