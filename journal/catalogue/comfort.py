"""
What a patient wants others to do, and to leave, if they get frightened during a session: one plan, part by part.

Each part is an answer, so that it is shared one by one like every other section. `list_parts` is what somebody gets who
was given some of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from journal.catalogue.fields import Answer, EntryKind, Field, FieldKind, Form, Option
from journal.i18n import N_

MAX_WORDS_LENGTH = 2_000

COMFORT = Form(
    EntryKind.COMFORT,
    N_("If I get frightened"),
    N_("For the people who are with you in a session. Every part can be left out, and changed at any time."),
    (
        Field(
            "comfort.touch",
            N_("Touch"),
            FieldKind.CHOICE,
            "comfort",
            options=(
                Option("none", N_("No touch")),
                Option("hand", N_("Hold my hand")),
                Option("shoulder", N_("A hand on my shoulder")),
                Option("ask", N_("Ask me first")),
            ),
            brief_role="comfort",
        ),
        Field(
            "comfort.words_help",
            N_("Words that help"),
            FieldKind.TEXT,
            "comfort",
            N_("One on each line, as you would like to hear them."),
            max_length=MAX_WORDS_LENGTH,
            brief_role="comfort",
        ),
        Field(
            "comfort.words_hinder",
            N_("Words that do not help"),
            FieldKind.TEXT,
            "comfort",
            max_length=MAX_WORDS_LENGTH,
            brief_role="comfort",
        ),
        Field(
            "comfort.music",
            N_("Music"),
            FieldKind.LINE,
            "comfort",
            N_("On, off, softer, or a piece you trust."),
        ),
        Field("comfort.light", N_("Light"), FieldKind.LINE, "comfort"),
        Field(
            "comfort.stop",
            N_("How I say stop"),
            FieldKind.LINE,
            "comfort",
            N_("A word, a raised hand, a bell."),
            brief_role="comfort",
        ),
        Field(
            "comfort.record",
            N_("Write down what I say"),
            FieldKind.CHOICE,
            "comfort",
            options=(Option("yes", N_("Yes")), Option("no", N_("No"))),
        ),
        Field("comfort.more", N_("Anything else"), FieldKind.LINE, "comfort"),
    ),
)

PART_IDS = tuple(field.id for field in COMFORT.fields)


class Part(NamedTuple):
    """
    One part of the plan. `label` is the form's, to be translated; `text` are the patient's words, exactly.

    `is_label`: the text is an answer that was chosen, in the form's words, to be translated as well.
    """

    field_id: str
    label: str
    text: str
    is_label: bool = False


def list_parts(answers: Mapping[str, Answer], chosen: Collection[str] = PART_IDS) -> tuple[Part, ...]:
    """
    Return the parts of a plan that were written, in the form's order.

    Args:
        answers: The plan's.
        chosen: The ids of the parts that are wanted; what is no part of the plan is left out.
    """
    parts = []
    for field in COMFORT.fields:
        answer = answers.get(field.id)
        if field.id not in chosen or not isinstance(answer, str) or not answer:
            continue
        is_label = any(option.value == answer for option in field.options)
        text = field.get_option_labels(answer)[0] if is_label else answer
        parts.append(Part(field.id, field.label, text, is_label))
    return tuple(parts)


def may_be_written_down(answers: Mapping[str, Answer]) -> bool:
    """Return whether the patient agreed that somebody writes down what they say; no answer is no."""
    return answers.get("comfort.record") == "yes"
