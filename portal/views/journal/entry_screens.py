"""Which questions are on one screen, when a form is answered one question at a time."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, replace

from journal.catalogue.fields import Field, FieldKind, Form
from journal.catalogue.forms import get_written_form
from journal.catalogue.integration import CAPTURE_SHORT, INTEGRATION_SHORT
from journal.catalogue.preparation import PREPARATION_SHORT
from journal.catalogue.reframe import REFRAME_SHORT
from journal.errors import NotFound

FIRST_SCREEN = "first"
PAUSE_SCREEN = "more"
"""The pause after the first few questions, where the others are offered."""
NUMBER_KINDS = frozenset({FieldKind.RATING_10, FieldKind.RATING_100, FieldKind.VOC_7, FieldKind.EMOTIONS})
"""What is answered by numbers, of which nobody is asked until they have rested after a dosing session."""
FIRST_QUESTIONS = frozenset((*PREPARATION_SHORT, *CAPTURE_SHORT, *INTEGRATION_SHORT, *REFRAME_SHORT))


@dataclass(frozen=True, slots=True)
class Screen:
    """A question with what belongs to it; `previous` and `next` name other screens, or nothing."""

    fields: tuple[Field, ...]
    number: int
    total: int
    previous: str
    next: str

    @property
    def id(self) -> str:
        """Return the name by which addresses call it."""
        return self.fields[0].id


def split_questions(form: Form) -> tuple[tuple[Field, ...], tuple[Field, ...]]:
    """Return the questions that are offered first, and those that are optional."""
    few = [
        fields for fields in _group_fields(form) if fields[0].id in FIRST_QUESTIONS or fields[0].after_days
    ]
    if not few:
        return form.fields, ()
    others = [fields for fields in _group_fields(form) if fields not in few]
    return tuple(one for fields in few for one in fields), tuple(one for fields in others for one in fields)


def build_screens(form: Form) -> tuple[Screen, ...]:
    """Return all screens of a form in the order they are shown."""
    parts = [_group_fields(form, part) for part in split_questions(form) if part]
    if len(parts[0]) == 1:  # one question is nothing to pause after
        parts = [[fields for part in parts for fields in part]]
    flat = [(fields, place, len(part)) for part in parts for place, fields in enumerate(part, 1)]
    found = []
    for index, (fields, number, of) in enumerate(flat):
        previous = flat[index - 1][0][0].id if index else ""
        following = flat[index + 1][0][0].id if index + 1 < len(flat) else ""
        found.append(
            Screen(fields, number, of, previous, PAUSE_SCREEN if following and number == of else following)
        )
    return tuple(found)


def get_screen(form: Form, wanted: str, whole: Form | None = None) -> Screen:
    """
    Return one screen by its name.

    Args:
        whole: The form before questions were left out: in place of one of them comes the next that is asked.

    Raises:
        NotFound: If there is none.
    """
    every = build_screens(form)
    for screen in every:
        if wanted in (screen.id, FIRST_SCREEN):
            return screen
    names = [screen.id for screen in build_screens(whole)] if whole else []
    if wanted not in names:
        raise NotFound
    later = names[names.index(wanted) :]
    return next((screen for screen in every if screen.id in later), every[-1])


def add_refused(form: Form, problems: Container[str]) -> Form:
    """Return a form with the questions whose answers were refused, in their places, whether it asks them now or not."""
    asked = {one.id for one in form.fields}
    missing = [
        one for one in get_written_form(form.kind).fields if one.id in problems and one.id not in asked
    ]
    if not missing:
        return form
    places = {one.id: place for place, one in enumerate(get_written_form(form.kind).fields)}
    return replace(form, fields=tuple(sorted((*form.fields, *missing), key=lambda one: places[one.id])))


def leave_out_numbers(form: Form) -> Form:
    """Return a form without its questions for numbers."""
    return replace(form, fields=tuple(one for one in form.fields if one.kind not in NUMBER_KINDS))


def _group_fields(form: Form, fields: tuple[Field, ...] | None = None) -> list[tuple[Field, ...]]:
    """Group a number or a date with the question it belongs to."""
    groups: list[list[Field]] = []
    for field in form.fields if fields is None else fields:
        belongs = bool(field.measure) or field.kind is FieldKind.DATE or field.with_previous
        if groups and belongs and field.theme == groups[-1][0].theme:
            groups[-1].append(field)
        else:
            groups.append([field])
    return [tuple(group) for group in groups]
