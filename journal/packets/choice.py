"""What a choice means: which entries and sessions lie in its time, and what a page of ticks changes about it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from uuid import UUID

import msgspec

from journal.entries.assignment import SessionAssignment
from journal.errors import InvalidInput
from journal.i18n import N_
from journal.packets.documents import (
    MAX_PIECES,
    MAX_PURPOSE_LENGTH,
    MAX_RECIPIENT_LENGTH,
    OF_OTHERS,
    Choice,
    Part,
    Span,
)
from journal.packets.masking import read_masked
from journal.sessions.rows import Session
from journal.user_input import clean_line, clean_text, parse_day

NO_SPAN = N_("Choose from which time the packet is.")
NO_DAY = N_("Give the day, such as 2026-11-22.")
DAYS_TURNED = N_("The last day is before the first.")
LONG_RECIPIENT = N_("Please keep this to 200 letters.")
LONG_PURPOSE = N_("Please keep this to 500 letters.")
TOO_MANY = N_("A packet holds up to 2,000 entries. Nothing was changed; choose fewer.")
NO_RECIPIENT = N_("Write who the packet is for. It stands in the list of what left.")
NO_PURPOSE = N_("Write what it is for. It stands in the list of what left.")

Lies = Callable[[str, str | None, datetime], bool]
"""Whether an entry lies in the time of a choice, by its kind, the session it is tied to and when it was begun."""


def read_choice(
    before: Choice,
    span: str,
    days: tuple[str, str],
    parts: Collection[str],
    told: tuple[str, str],
    plan: Sequence[Session],
    language: str,
    masked: str = "",
) -> Choice:
    """
    Return a choice as a form changes it; which entries are chosen stays.

    Args:
        span: `all`, `dates`, or `course` or `session` with a point and the hex id of one.
        days: The first and the last day, as they were typed; they count for `dates` alone.
        told: Who it is for, and what for.
        masked: Words to black out, each on a line of its own.
        language: Of the form; that of *told*, where they are others than before.

    Raises:
        InvalidInput: If a day, the time or a length is not right; the fields are the form's.
    """
    problems: dict[str, str] = {}
    kind, _, about = span.partition(".")
    first = last = None
    if kind == Span.DATES:
        first, last = map(parse_day, days)
        problems |= {
            name: NO_DAY for name, day in (("first_date", first), ("last_date", last)) if day is None
        }
        if first and last and last < first:
            problems["last_date"] = DAYS_TURNED
    elif not is_known(kind, about, plan):
        problems["span"] = NO_SPAN
    recipient, purpose = clean_line(told[0]), clean_text(told[1]).strip()
    if len(recipient) > MAX_RECIPIENT_LENGTH:
        problems["recipient"] = LONG_RECIPIENT
    if len(purpose) > MAX_PURPOSE_LENGTH:
        problems["purpose"] = LONG_PURPOSE
    hidden: tuple[str, ...] = ()
    try:
        hidden = read_masked(masked)
    except InvalidInput as error:
        problems |= error.fields
    if problems:
        raise InvalidInput(problems)
    return msgspec.structs.replace(
        before,
        span=Span(kind),
        about=about,
        first_day=first.isoformat() if first else "",
        last_day=last.isoformat() if last else "",
        parts=tuple(one for one in list_offered_parts(before) if one.value in parts),
        recipient=recipient,
        purpose=purpose,
        masked=hidden,
        language=before.language if (recipient, purpose) == (before.recipient, before.purpose) else language,
    )


def list_offered_parts(choice: Choice) -> tuple[Part, ...]:
    """Return what besides entries a packet can hold."""
    return OF_OTHERS if choice.patient else tuple(Part)


def is_known(kind: str, about: str, plan: Sequence[Session]) -> bool:
    """Return whether a time by its kind and what it is about is one that can be chosen."""
    if kind == Span.ALL:
        return not about
    if kind == Span.SESSION:
        return any(one.id.hex == about for one in plan)
    return kind == Span.COURSE and any(one.course is not None and one.course.hex == about for one in plan)


def require_told(choice: Choice) -> None:
    """Raise `InvalidInput` unless it says who the packet is for, and what for."""
    there = {"recipient": (choice.recipient, NO_RECIPIENT), "purpose": (choice.purpose, NO_PURPOSE)}
    if missing := {name: sentence for name, (words, sentence) in there.items() if not words}:
        raise InvalidInput(missing)


def list_past_sessions(
    choice: Choice, plan: Sequence[Session], zone: tzinfo, now: datetime
) -> tuple[Session, ...]:
    """Return those in the time of a choice that have begun, or were to: a packet tells of no plan."""
    return tuple(one for one in list_sessions(choice, plan, zone) if one.begins_at <= now)


def list_sessions(choice: Choice, plan: Sequence[Session], zone: tzinfo) -> tuple[Session, ...]:
    """Return the sessions in the time of a choice, in their order."""
    return tuple(one for one in plan if _has_session(choice, one, zone))


def build_test(choice: Choice, plan: Sequence[Session], zone: tzinfo) -> Lies:
    """Return the test whether an entry lies in the time of a choice; days are those of *zone*."""
    wanted = {one.id for one in list_sessions(choice, plan, zone)}
    assignment = SessionAssignment(plan)

    def lies(kind: str, session: str | None, at: datetime) -> bool:
        if choice.span in (Span.ALL, Span.DATES):
            return choice.span is Span.ALL or _is_between(choice, at, zone)
        post = assignment.find_session(kind, session, at)
        return post is not None and post.id in wanted

    return lies


def apply_ticks(
    choice: Choice, shown: Mapping[str, Collection[str]], whole: Iterable[str], parts: Iterable[str]
) -> Choice:
    """
    Return a choice after a page of entries was sent; what is chosen of others stays.

    Ticked parts are exactly those that leave; an entry that is ticked as a whole, and no part of it, leaves with all.

    Args:
        shown: The entries of the page by their hex ids, with the parts of each that can be chosen.
        whole: The hex ids of the entries that were ticked as a whole.
        parts: Each an entry's hex id, a point and the id of a part.
    """
    pieces = {ident: parts for ident, parts in choice.pieces.items() if ident not in shown}
    ticked: dict[str, set[str]] = {}
    for one in parts:
        ident, _, part = one.partition(".")
        ticked.setdefault(ident, set()).add(part)
    every = set(whole)
    for ident, there in shown.items():
        some = tuple(part for part in there if part in ticked.get(ident, ()))
        if some or ident in every:
            pieces[ident] = some or tuple(there)
    return with_pieces(choice, pieces)


def with_pieces(choice: Choice, pieces: Mapping[str, Collection[str]]) -> Choice:
    """Return a choice with other entries; raises `InvalidInput` for too many."""
    kept = {ident: tuple(parts) for ident, parts in pieces.items() if parts}
    if len(kept) > MAX_PIECES:
        raise InvalidInput({"pieces": TOO_MANY})
    return msgspec.structs.replace(choice, pieces=kept)


def _has_session(choice: Choice, one: Session, zone: tzinfo) -> bool:
    match choice.span:
        case Span.SESSION:
            return one.id.hex == choice.about
        case Span.COURSE:
            return one.course is not None and one.course.hex == choice.about
        case Span.DATES:
            return _is_between(choice, one.begins_at, zone)
        case _:
            return True


def _is_between(choice: Choice, at: datetime, zone: tzinfo) -> bool:
    return choice.first_day <= at.astimezone(zone).date().isoformat() <= choice.last_day


def find_piece(choice: Choice, ident: UUID) -> tuple[str, ...]:
    """Return the chosen parts of an entry."""
    return choice.pieces.get(ident.hex, ())
