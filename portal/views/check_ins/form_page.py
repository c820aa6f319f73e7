"""The page on which a check-in is filled in: its questions in groups, and where it is."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from starlette.requests import Request

from journal.catalogue.answers import PostedValues
from journal.catalogue.fields import Answers, EntryKind, Option
from journal.catalogue.tracked import (
    EFFECTS,
    SEVERITIES,
    STILL_SEVERITIES,
    STILL_THERE,
    CheckIn,
    name_effects,
)
from journal.check_ins import records
from journal.check_ins.advice import find_advice
from journal.entries import by_kind
from journal.i18n import N_
from journal.reading_hours.next_look import NextLook, load_next_looks
from journal.sessions import holds
from journal.sessions.rows import Plan, Session
from journal.standing import completion
from journal.standing.completion import Recipient
from journal.standing.kinds import KINDS
from journal.standing.standing import select_standing
from journal.vault.entry_rows import Entry
from portal.access.session_cookie import get_actor
from portal.views.check_ins.advice import AdvicePanel, build_advice
from portal.views.journal.entry_form import Question, build_questions
from portal.views.sessions.session_lines import SessionLine, find_line
from portal.web.pages import get_translator

KIND = KINDS["check-ins"]
EFFECT, STILL = "effect.", ".still"
HEADINGS: Mapping[str, str] = MappingProxyType(
    {
        "checkin.felt": N_("All in all"),
        "checkin.sitter": N_("What happened"),
        "checkin.away": N_("Now"),
        "checkin.unreal": N_("Is anything unsettled?"),
        "checkin.urgency": N_("Bladder"),
        "checkin.craving": N_("Ketamine and other substances"),
    }
)
"""What stands above a question, and above those that follow it."""
EFFECT_FIELDS = frozenset({*(name_effects(one.value) for one in SEVERITIES), STILL_THERE})


@dataclass(frozen=True, slots=True)
class EffectRow:
    """One side effect that is asked for, and how severe it was, if at all: `severity` is the option that is chosen."""

    option: Option
    severity: str = ""


@dataclass(frozen=True, slots=True)
class CheckInPage:
    """
    Context of a form: `groups` are its questions under their headings, `effects` the side effects that it asks for.

    `line` is the session that it is about. `refusal` is why it cannot be made now, `problem` why nothing was saved, and
    `elsewhere` the one that another page began. `recipients` are who reads it as soon as it is completed, and
    `looks` when each of them looks next. `done`: it was completed a moment ago.
    """

    moment: CheckIn
    address: str
    line: SessionLine | None
    id: UUID
    revision: int
    sitting: str
    groups: tuple[tuple[str, tuple[Question, ...]], ...]
    effects: tuple[EffectRow, ...]
    severities: tuple[Option, ...]
    advice: AdvicePanel
    recipients: tuple[Recipient, ...] = ()
    looks: tuple[NextLook, ...] = ()
    refusal: str = ""
    problem: str = ""
    elsewhere: UUID | None = None
    saved_at: datetime | None = None
    done: bool = False
    errors: Mapping[str, str] = field(default_factory=dict)


def get_address(moment: CheckIn, session: UUID | None) -> str:
    """Return where a check-in is filled in."""
    return "/check-ins/monthly" if session is None else f"/sessions/{session}/check-in/{moment.value}"


async def build_page(
    request: Request,
    moment: CheckIn,
    one: Session | None,
    plan: Plan,
    answers: Answers,
    wanted: UUID,
    revision: int,
    *,
    sitting: str = "",
    found: Iterable[Entry] | None = None,
    problem: str = "",
    elsewhere: UUID | None = None,
    errors: Mapping[str, str] | None = None,
    done: bool = False,
) -> CheckInPage:
    actor = get_actor(request)
    if found is None:
        _, found = await by_kind.load_entries_of_kinds(actor, {EntryKind.STANDING})
    asked = build_questions(records.get_questions(moment).fields, answers, errors or {})
    # The one before a session can be made once its planned time has come; what is completed then goes to nobody.
    is_held = holds.get_hold(actor, plan) is not None
    recipients = await completion.list_recipients(actor, KIND, select_standing(found), is_held=is_held)
    looks = await load_next_looks(actor, [one.link for one in recipients if one.goes], plan)
    return CheckInPage(
        moment,
        get_address(moment, one.id if one else None),
        find_line(actor, plan, one.id) if one else None,
        wanted,
        revision,
        sitting or secrets.token_hex(8),
        _group([question for question in asked if question.field.id not in EFFECT_FIELDS]),
        _list_effects(answers) if moment is CheckIn.NEXT_DAY else (),
        (*SEVERITIES, *STILL_SEVERITIES),
        await build_advice(actor, find_advice(answers), get_translator(request)),
        recipients,
        tuple(looks.values()),
        "" if problem or errors else records.find_refusal(actor, moment, one, plan),
        problem,
        elsewhere,
        done=done,
        errors=errors or {},
    )


def _group(asked: Iterable[Question]) -> tuple[tuple[str, tuple[Question, ...]], ...]:
    groups: list[tuple[str, list[Question]]] = []
    for question in asked:
        heading = HEADINGS.get(question.field.id)
        if heading or not groups:
            groups.append((heading or "", []))
        groups[-1][1].append(question)
    return tuple((heading, tuple(questions)) for heading, questions in groups)


def _list_effects(answers: Answers) -> tuple[EffectRow, ...]:
    found: dict[str, str] = {}
    for severity in SEVERITIES:
        chosen = answers.get(name_effects(severity.value))
        found |= dict.fromkeys(chosen if isinstance(chosen, list) else (), severity.value)
    still = answers.get(STILL_THERE)
    for name in still if isinstance(still, list) else ():
        if name in found:
            found[name] += STILL
    return tuple(EffectRow(option, found.get(option.value, "")) for option in EFFECTS)


def read_effects(posted: PostedValues) -> PostedValues:
    """Return what was posted with the severity of each side effect among the questions that hold them."""
    chosen: dict[str, list[str]] = {}
    for option in EFFECTS:
        picked = next(iter(posted.get(EFFECT + option.value, [])), "")
        severity = picked.removesuffix(STILL)
        if any(one.value == severity for one in SEVERITIES):
            chosen.setdefault(name_effects(severity), []).append(option.value)
            if picked != severity:
                chosen.setdefault(STILL_THERE, []).append(option.value)
    return {**posted, **chosen}
