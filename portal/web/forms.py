"""Read a form as text, and return it as it was typed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qsl
from uuid import UUID

from starlette.exceptions import HTTPException
from starlette.requests import Request

from journal.care_notes import clinic
from journal.catalogue.forms import FORMS
from journal.catalogue.tracked import EFFECTS
from journal.day_lines.lines import MAX_OWN
from journal.evaluation.form_fields import Step, list_names
from journal.measures.lines import MAX_ITEMS
from journal.user_input import parse_whole_number

URL_ENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
UPLOAD_PATHS = frozenset({"/records/import"})
"""Addresses that take files, which their views read as they come. To all else such a form is an empty one."""
MAX_FIELDS = 500
MAX_FIELD_LENGTH = 1024 * 1024
MAX_VALUE_LENGTH = 8 * 1024
"""
Characters of a field that a view reads, but of `UNCUT_FIELDS` ones. No field holds as many: what is left of a longer
one is too long for whatever it is for, and refused as such. Nothing is normalised, matched or hashed before.
"""
INLINE_LIMIT = 64 * 1024
"""Bytes of a form that are read where the request is: a few milliseconds, whatever they are."""
MAX_ANONYMOUS_BODY = 512 * 1024
"""Bytes from somebody who is not signed in: a page that was written for long, sent too late, is shorter."""
CONFIRMATION_FIELD = "asked-again"
"""The password field that `portal.access.guard` puts into somebody's form; no view ever sees it among the others."""
JOURNAL_FIELDS = frozenset(
    field.id + part
    for form in FORMS.values()
    for field in form.fields
    for part in ("", ".name", ".before", ".after")
)
"""The fields in which people write a journal."""
MEASURE_FIELDS = frozenset(f"item{number}" for number in range(1, MAX_ITEMS + 1))
"""The fields in which people answer a measure, by the numbers of its items."""
EFFECT_FIELDS = frozenset(f"effect.{one.value}" for one in EFFECTS)
"""The fields in which people say how severe a side effect was."""
DAY_LINE_FIELDS = frozenset(
    f"{part}{place}" for part in ("own", "name", "low", "high") for place in range(1, MAX_OWN + 1)
)
"""The fields of lines of one's own: their numbers on a day, and how each is named."""
CLINIC_FIELDS = frozenset((*clinic.READINGS, *clinic.TIMES))
"""The fields in which a clinic notes readings at a session, and when something was felt."""
EVALUATION_FIELDS = frozenset(name for step in Step for name in list_names(step))
"""The fields in which people answer an evaluation."""
UNCUT_FIELDS = JOURNAL_FIELDS | {"credential", "note", "reply", "title"}
"""Fields that are read whole: what they are for bounds them, and nothing that somebody wrote is cut off."""
RESTORABLE_FIELDS = (
    frozenset(
        {
            "about",
            "acute_hours",
            "adult",
            "after_hours",
            "at_once",
            "attention",
            "away_from_date",
            "away_until_date",
            "backup",
            "bring",
            "cancel_reason",
            "capture_hours",
            "capture_until_hours",
            "check_date",
            "check_in",
            "check_minutes",
            "checked",
            "checklist_hours",
            "compared",
            "course",
            "covers",
            "date",
            "day",
            "days0",
            "days1",
            "days2",
            "days3",
            "diastolic",
            "difficulty",
            "done",
            "dose",
            "dose_text",
            "dosing_count",
            "email",
            "emergency_name",
            "emergency_phone",
            "emergency_relation",
            "end0",
            "end1",
            "end2",
            "end3",
            "end_care",
            "evaluation",
            "event",
            "every_days",
            "fasting",
            "felt_truth",
            "fhir",
            "fields",
            "first_date",
            "first_time",
            "focus",
            "fortnight_days",
            "from_day",
            "gad7_days",
            "go",
            "high",
            "hours",
            "ident",
            "initials",
            "integrate_again_hours",
            "integrate_hours",
            "integration_days_after",
            "integration_setting",
            "integration_time",
            "interval",
            "join",
            "kept",
            "kind",
            "language",
            "last_date",
            "line",
            "looks",
            "low",
            "mark",
            "masked",
            "may_file",
            "measure",
            "medicines",
            "minutes",
            "month",
            "month_days",
            "monthly_days",
            "mood",
            "name",
            "neutral",
            "new_belief",
            "next",
            "next_day_days",
            "no_rest",
            "note",
            "notes",
            "number",
            "offer",
            "old_belief",
            "opens_for",
            "outcome",
            "outside",
            "oxygen",
            "page",
            "part_minutes",
            "part_time",
            "part_words",
            "parts",
            "patient",
            "pcl5_month_days",
            "pcl5_week_days",
            "person",
            "phase",
            "phone",
            "phq9_days",
            "phrase",
            "pieces",
            "position",
            "posture",
            "practice_name",
            "preparation_days_before",
            "preparation_time",
            "prepare_days",
            "prepare_until_days",
            "prescriber_name",
            "previewed",
            "prompt",
            "pulse",
            "purpose",
            "q",
            "quiet_from",
            "quiet_until",
            "read",
            "recipient",
            "reframe",
            "region",
            "reply",
            "request",
            "rested",
            "revision",
            "role",
            "route",
            "said",
            "sections",
            "seen",
            "session",
            "setting",
            "shared",
            "shares",
            "shown",
            "sitter",
            "sitter_text",
            "sitting",
            "skill",
            "sleep",
            "span",
            "start0",
            "start1",
            "start2",
            "start3",
            "status",
            "stayed_again_days",
            "stayed_days",
            "step",
            "steps",
            "successor",
            "suggested",
            "sure",
            "systolic",
            "taken_by",
            "talk_minutes",
            "tension",
            "text",
            "thing",
            "time",
            "time_zone",
            "title",
            "to",
            "total",
            "trigger",
            "understood",
            "until_date",
            "week_days",
            "whose",
            "why",
            "word",
            "words",
            "written",
            "zone",
        }
    )
    | JOURNAL_FIELDS
    | MEASURE_FIELDS
    | EFFECT_FIELDS
    | DAY_LINE_FIELDS
    | CLINIC_FIELDS
    | EVALUATION_FIELDS
)
"""
The fields that may be put back into a page when a form was not taken. What is not named here is not: passwords, keys,
codes, and whatever somebody adds to a form without a thought of this. `offer` is sealed under its owner's own key.
"""


@dataclass(frozen=True)
class Form:
    """A form as it came: every value is text; a field that is missing reads as empty."""

    items: tuple[tuple[str, str], ...] = ()
    confirmation_password: str | None = None

    @classmethod
    async def read(cls, request: Request) -> Form:
        """
        Read the body, once for a request however often it is asked for.

        Raises:
            HTTPException: 400 for too many or too long fields, 413 for too much, 415 for what is no such form: we
                ask for no files.
        """
        known: Form | None = getattr(request.state, "form", None)
        if known is None:
            sent = await _read_fields(request)
            known = request.state.form = cls(
                tuple(item for item in sent if item[0] != CONFIRMATION_FIELD),
                next(
                    (
                        value[:MAX_VALUE_LENGTH]
                        for name, value in reversed(sent)
                        if name == CONFIRMATION_FIELD
                    ),
                    None,
                ),
            )
        return known

    @property
    def restorable(self) -> tuple[tuple[str, str], ...]:
        """Return the fields that may be shown again when the form was not accepted."""
        return tuple(item for item in self.items if item[0] in RESTORABLE_FIELDS)

    def __getitem__(self, name: str) -> str:
        """Return the first value of *name*, or nothing."""
        found = self.lists.get(name)
        return found[0] if found else ""

    def __contains__(self, name: str) -> bool:
        """Return whether the form had such a field."""
        return name in self.lists

    def get_all(self, name: str) -> list[str]:
        """Return every value of *name*."""
        return list(self.lists.get(name, ()))

    def get_whole_number(self, name: str) -> int | None:
        """Return *name* as a whole number, or None when it is empty or is not one."""
        return parse_whole_number(self[name])

    @cached_property
    def lists(self) -> Mapping[str, list[str]]:
        """Return every field with all its values, cut to what is read; computed once."""
        found: dict[str, list[str]] = {}
        for name, value in self.items:
            found.setdefault(name, []).append(value if name in UNCUT_FIELDS else value[:MAX_VALUE_LENGTH])
        return found


async def _read_fields(request: Request) -> tuple[tuple[str, str], ...]:
    kind = request.headers.get("content-type", URL_ENCODED).partition(";")[0].strip().lower()
    if kind == MULTIPART and request.url.path in UPLOAD_PATHS:
        return ()
    if kind != URL_ENCODED:
        raise HTTPException(415)
    body = (
        _read_limited(request, MAX_ANONYMOUS_BODY)
        if getattr(request.state, "actor", None) is None
        else request.stream()
    )
    sent = b"".join([piece async for piece in body])
    try:
        items = (
            await asyncio.to_thread(_parse_fields, sent) if len(sent) > INLINE_LIMIT else _parse_fields(sent)
        )
    except ValueError:
        raise HTTPException(400) from None
    if any(len(name) + len(value) > MAX_FIELD_LENGTH for name, value in items):
        raise HTTPException(400)
    return tuple(items)


def parse_uuid(text: str | None) -> UUID | None:
    """Parse an id from a form or an address; None when it is none."""
    try:
        return UUID(text or "")
    except ValueError:
        return None


def _parse_fields(sent: bytes) -> list[tuple[str, str]]:
    """Return the fields of an encoded form in their order; raises `ValueError` for too many."""
    return parse_qsl(
        sent.decode("latin-1"), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="replace"
    )


async def _read_limited(request: Request, limit: int) -> AsyncGenerator[bytes, None]:
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > limit:
            raise HTTPException(413)
        yield piece
