"""
The check-ins that a patient made: found, begun, and gone on with.

Each is an entry of its own, so it is sealed, proven, searched, shared, taken away and erased as every entry is. There
is one for each moment of a session, and one a day of the monthly ones. From the start of a dosing session until its
patient has rested none is made, but for the one before the start: `find_refusal` says until when.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from journal.actor import Actor
from journal.catalogue.answers import Problem
from journal.catalogue.fields import Answers, EntryKind, Field, FieldKind, Form
from journal.catalogue.forms import get_form
from journal.catalogue.tracked import DAY, LATER, MOMENT, QUESTIONS, CheckIn
from journal.entries import by_kind, entries
from journal.errors import HeldUntilRested, NotFound, SavedAsEarlierVersion
from journal.i18n import N_
from journal.sessions import holds
from journal.sessions.rows import Session, load_my_sessions
from journal.sessions.session import SessionKind, Status
from journal.store.database import transaction
from journal.user_input import parse_day
from journal.vault import record_state
from journal.vault.documents import EntryDocument
from journal.vault.entry_rows import Entry

WAITS = N_(
    "Check-ins wait while a dosing session and the rest after it last. What you answered before is kept; you can go on "
    "once you have said that you rested."
)
HAS_BEGUN = N_("This session has begun, so what stands here stays as it is. Nothing was changed.")
UNANSWERED = N_(
    "The time of this session has passed. Say first whether it took place; what stands here stays as it is. Nothing "
    "was changed."
)
NO_DAY = N_("Please give a day that has come, such as 2026-11-22, or leave this blank.")
NOT_YET = N_("This is about the time after the session, and it has not begun. Nothing was changed.")
MADE_ELSEWHERE = N_(
    "This was begun on another page. Nothing was overwritten, and your answers are still here: look at that one."
)


@dataclass(frozen=True, slots=True)
class Made:
    """A check-in that was begun, and the entry that holds it. `day` is when it was completed, None while it was not."""

    entry: Entry
    moment: CheckIn
    session: UUID | None
    day: date | None


def list_made(found: Iterable[Entry]) -> tuple[Made, ...]:
    """Return the check-ins among entries, the oldest first."""
    moments = {one.value: one for one in CheckIn}
    return tuple(
        Made(
            one,
            moments[str(one.document.answers[MOMENT])],
            _parse_session(one.document.session_id),
            parse_day(str(one.document.answers.get(DAY, ""))),
        )
        for one in found
        if not one.damaged
        and one.document.kind == EntryKind.CHECK_IN
        and str(one.document.answers.get(MOMENT)) in moments
    )


def _parse_session(text: str | None) -> UUID | None:
    """Return the session that an entry names; None where it names none, as one that somebody gave back may."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def find_made(made: Iterable[Made], moment: CheckIn, session: UUID | None, actor: Actor) -> Made | None:
    """Return the check-in of a moment that can be gone on with: of a session its only one, of a month today's."""
    today = get_today(actor)
    for one in made:
        if one.moment is moment and one.session == session:
            begun = one.entry.created_at.astimezone(actor.zone).date()
            if session is not None or begun == today:
                return one
    return None


def get_today(actor: Actor) -> date:
    """Return the day on the actor's own calendar."""
    return actor.now.astimezone(actor.zone).date()


def get_questions(moment: CheckIn) -> Form:
    """Return the form of one moment."""
    form = get_form(EntryKind.CHECK_IN)
    return Form(form.kind, form.title, form.lead, QUESTIONS[moment])


def check_days(actor: Actor, answers: Answers) -> dict[str, Problem]:
    """Return a problem for each day that is still to come: what fades or has gone did so before today."""
    today = get_today(actor)
    typed = {one.id: str(answers.get(one.id, "")) for one in LATER if one.kind is FieldKind.DATE}
    days = {name: parse_day(text) for name, text in typed.items()}
    return {
        name: Problem(NO_DAY, (typed[name],)) for name, day in days.items() if day is not None and day > today
    }


async def load_made(actor: Actor) -> tuple[Made, ...]:
    """Return all check-ins of the actor's."""
    return list_made((await by_kind.load_entries_of_kinds(actor, {EntryKind.CHECK_IN}))[1])


def require_session(plan: Iterable[Session], moment: CheckIn, session: UUID | None) -> Session | None:
    """
    Return the session of the actor's own plan that a check-in is about, and None for a monthly one.

    Raises:
        NotFound: If it is no dosing session of theirs.
    """
    if (moment is CheckIn.MONTHLY) is not (session is None):
        raise NotFound
    if session is None:
        return None
    for one in plan:
        if one.id == session and one.kind is SessionKind.DOSING and one.status is not Status.CANCELLED:
            return one
    raise NotFound


def find_refusal(actor: Actor, moment: CheckIn, one: Session | None, plan: Iterable[Session]) -> str:
    """
    Return why a check-in is not made now, or nothing.

    The one before a session is a question about safety, and a yes says to tell the prescriber. So its own planned time
    ends nothing: it is taken until somebody says that the session began, and at the latest until the next morning, from
    when on it is asked first whether it took place. A hold of any other session ends it, as it ends all others.
    """
    if moment is CheckIn.BEFORE and one is not None:
        if one.began_at is not None:
            return HAS_BEGUN
        others = [other.details for other in plan if other.id != one.id]
        if holds.find_hold(others, actor.now) is not None:
            return WAITS
        return UNANSWERED if holds.is_unanswered(one.details, actor.now) else ""
    if one is not None and one.began_at is None:
        return NOT_YET
    return WAITS if holds.find_hold([other.details for other in plan], actor.now) is not None else ""


async def save_check_in(
    actor: Actor,
    moment: CheckIn,
    session: UUID | None,
    answers: Answers,
    wanted: UUID,
    base: int,
    sitting: str = "",
    *,
    title: str = "",
    is_done: bool = True,
) -> Entry:
    """
    Save a check-in; on disk when this returns.

    Args:
        answers: To the questions of its moment; all others are left out.
        wanted: The id of its entry; a new random one for a new one.
        base: The revision that the answers were made from; 0 for a new one.
        sitting: A random id of the page that writes.
        title: What a new one is called, in the words of whoever makes it.
        is_done: Whether whoever answers said so; what is saved meanwhile is not completed.

    Raises:
        HeldUntilRested: If a dosing session has begun.
        StaleRevision: If another page began one for this moment, or saved first; nothing was overwritten.
        NotFound: If the session or the entry is somebody else's, or is no such check-in.
    """
    given = _build_answers(moment, answers)
    if is_done:
        given[DAY] = get_today(actor).isoformat()
    document = EntryDocument(
        EntryKind.CHECK_IN.value,
        title,
        session_id=session.hex if session else None,
        answers=given,
        sitting=sitting,
    )
    if base == 0 and await _begin(actor, moment, session, document, wanted):
        return await entries.load_entry(actor, wanted)
    current = await entries.load_entry(actor, wanted)
    before = list_made([current])
    if not before or (before[0].moment, before[0].session) != (moment, session):
        raise NotFound
    if before[0].day is not None:
        given[DAY] = before[0].day.isoformat()
    document = EntryDocument(
        document.kind,
        current.document.title,
        current.document.note,
        current.document.session_id,
        given,
        beside=current.document.beside,
    )
    async with transaction():
        await record_state.lock_state(actor)
        await _refuse(actor, moment, session)
        try:
            return await entries.save_entry(actor, wanted, base, document, sitting=sitting, known=current)
        except SavedAsEarlierVersion as error:
            conflict = error  # what is kept among the earlier versions is written, and so is committed
    raise conflict


async def _begin(
    actor: Actor, moment: CheckIn, session: UUID | None, document: EntryDocument, wanted: UUID
) -> bool:
    """Begin a check-in; return False if this page began it before. Looked at while nobody else changes records."""

    async def find() -> UUID | None:
        await _refuse(actor, moment, session)
        found = find_made(await load_made(actor), moment, session, actor)
        return found.entry.id if found else None

    return await entries.begin_once(actor, document, find, wanted, MADE_ELSEWHERE)


async def _refuse(actor: Actor, moment: CheckIn, session: UUID | None) -> None:
    plan = await load_my_sessions(actor)
    if refusal := find_refusal(actor, moment, require_session(plan, moment, session), plan):
        raise HeldUntilRested(refusal)


def _build_answers(moment: CheckIn, answers: Answers) -> Answers:
    asked: tuple[Field, ...] = QUESTIONS[moment]
    return {MOMENT: moment.value} | {one.id: answers[one.id] for one in asked if one.id in answers}
