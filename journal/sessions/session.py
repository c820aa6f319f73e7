"""Sessions as values: what is known of one, which status may follow which, and what cannot be planned."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import msgspec

from journal.ages import compute_age
from journal.i18n import N_, Labelled
from journal.time_zones import (
    ResolvedTime,
    WallClockError,
    parse_local,
    parse_moment,
    parse_zone,
    resolve_local_time,
)
from journal.user_input import clean_line, clean_text


class SessionKind(Labelled):
    """What a session is for."""

    PREPARATION = "preparation", N_("Preparation session")
    DOSING = "dosing", N_("Dosing session")
    INTEGRATION = "integration", N_("Integration session")
    MEDICAL_CHECKIN = "medical_checkin", N_("Medical check-in")


class Setting(Labelled):
    """Where a session takes place."""

    CLINIC = "clinic", N_("In the clinic")
    HOME = "home", N_("At home")
    TELEHEALTH_HOME = "telehealth_home", N_("At home, by video or phone")


class Route(Labelled):
    """How the medicine is taken."""

    IV = "iv", N_("Infusion (IV)")
    IM = "im", N_("Injection (IM)")
    INTRANASAL_ESKETAMINE = "intranasal_esketamine", N_("Esketamine nasal spray")
    SUBLINGUAL = "sublingual", N_("Under the tongue")
    ORAL = "oral", N_("By mouth")
    SUBCUTANEOUS = "subcutaneous", N_("Under the skin")
    OTHER = "other", N_("Another way")


class Phase(Labelled):
    """Where in a course a dosing session stands."""

    INDUCTION = "induction", N_("First series")
    MAINTENANCE = "maintenance", N_("Maintenance")
    SINGLE = "single", N_("Single session")


class Status(Labelled):
    """How far along a session is; only a person moves it."""

    PLANNED = "planned", N_("Planned")
    PREPARING = "preparing", N_("Preparing")
    DAY_OF = "day_of", N_("Today")
    IN_SESSION = "in_session", N_("In session")
    RECOVERING = "recovering", N_("Resting")
    INTEGRATING = "integrating", N_("Integrating")
    CLOSED = "closed", N_("Closed")
    CANCELLED = "cancelled", N_("Cancelled")
    STOPPED_EARLY = "stopped_early", N_("Stopped early")


ALLOWED_MOVES: Mapping[Status, frozenset[Status]] = MappingProxyType(
    {
        Status.PLANNED: frozenset(
            {Status.PREPARING, Status.DAY_OF, Status.IN_SESSION, Status.CLOSED, Status.CANCELLED}
        ),
        Status.PREPARING: frozenset(
            {Status.PLANNED, Status.DAY_OF, Status.IN_SESSION, Status.CLOSED, Status.CANCELLED}
        ),
        Status.DAY_OF: frozenset(
            {Status.PLANNED, Status.PREPARING, Status.IN_SESSION, Status.CLOSED, Status.CANCELLED}
        ),
        # Nothing leads back before the start of a session: undoing the start would also undo the hold.
        Status.IN_SESSION: frozenset({Status.RECOVERING, Status.STOPPED_EARLY}),
        Status.RECOVERING: frozenset({Status.INTEGRATING, Status.CLOSED, Status.STOPPED_EARLY}),
        Status.STOPPED_EARLY: frozenset({Status.RECOVERING, Status.INTEGRATING, Status.CLOSED}),
        Status.INTEGRATING: frozenset({Status.CLOSED}),
        Status.CLOSED: frozenset({Status.INTEGRATING}),
        Status.CANCELLED: frozenset({Status.PLANNED}),
    }
)
"""Which status a person may move a session to. Nothing else moves it, least of all the time of day."""

_TALK_STATUSES = frozenset({Status.PLANNED, Status.CLOSED, Status.CANCELLED})
_UNRESTED_STATUSES = frozenset({Status.RECOVERING, Status.STOPPED_EARLY})
_LATER_STATUSES = frozenset({Status.INTEGRATING, Status.CLOSED})

TAKE_BACK = timedelta(minutes=10)
"""How long somebody who said that a dosing session is over can say that it is not."""

_WEB_ADDRESS = re.compile(r"https?://[^\s/?#\\@:]+(:[0-9]{1,5})?([/?#]\S*)?", re.ASCII | re.IGNORECASE)
"""A link names its host before anything else: nobody is led to another one by a name in front of it."""

LONGEST_MINUTES = 24 * 60
TEXT_LENGTHS: Mapping[str, int] = MappingProxyType(
    {
        "dose_text": 300,
        "prescriber_name": 300,
        "sitter": 300,
        "join": 300,
        "note": 2000,
        "cancel_reason": 2000,
    }
)
LANGUAGE_FIELDS: Mapping[str, str] = MappingProxyType(
    {"dose_text": "dose_language", "note": "note_language", "cancel_reason": "reason_language"}
)
"""Where the language of each of a session's words stands."""
ESKETAMINE_AT_HOME = N_(
    "Esketamine nasal spray is given in a certified clinic only. Please choose the clinic."
)


class SessionDetails(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    One session as sealed under the server key. `local` is what the clock on the wall says in `zone`.

    Its words, those of `TEXT_LENGTHS` and their languages, are sealed apart (`session_words.py`): `words_at` is the
    revision of the session at which they were, 0 where there are none. Here they stand of sessions from before that, or
    once somebody who may read them opened them.
    `ask_after` is the date from which on it is asked again whether it took place, where that was put off.
    `acute_hours` are the hours of its course as they were when it began: whatever is written later, they last.
    `join` is how to join it: an address, or a link. `moves` counts how often a calendar that holds it had to be told
    of another time, or that it is cancelled or not any more; `moved_at` is when that was last. `dose_language`,
    `note_language` and `reason_language` are those of the pages on which the three were written, empty where nobody
    knows; what was stored before has one `language` of all three. `imported` is the hex id of the run that imported it:
    such a session is over, and is kept beside the plan.
    """

    kind: SessionKind
    local: str
    zone: str
    minutes: int
    setting: Setting
    route: Route | None = None
    phase: Phase | None = None
    dose_text: str = ""
    status: Status = Status.PLANNED
    sequence_no: int | None = None
    about: str | None = None
    prescriber_name: str = ""
    sitter: str = ""
    note: str = ""
    cancel_reason: str = ""
    started_at: str | None = None
    ended_at: str | None = None
    rested_on: str | None = None
    added_by_patient: bool = False
    ask_after: str | None = None
    acute_hours: int | None = None
    join: str = ""
    moves: int = 0
    moved_at: str | None = None
    language: str = ""
    dose_language: str = ""
    note_language: str = ""
    reason_language: str = ""
    imported: str = ""
    words_at: int = 0

    def find_language(self, field: str) -> str:
        """Return the language of the words of *field*, one of `LANGUAGE_FIELDS`; empty where nobody knows."""
        return getattr(self, LANGUAGE_FIELDS[field]) or self.language

    @property
    def resolved(self) -> ResolvedTime:
        """Return the planned start as a moment, and how a change of the clocks affects it."""
        return resolve_local_time(self.local, self.zone)

    @property
    def starts_at(self) -> datetime:
        """Return the planned start in UTC."""
        return parse_moment(self.local, self.zone)

    @property
    def ends_at(self) -> datetime:
        """Return the planned end in UTC."""
        return self.starts_at + timedelta(minutes=self.minutes)

    @property
    def began_at(self) -> datetime | None:
        """Return when its patient said that it began, in UTC, or None."""
        return None if self.started_at is None else _parse_utc(self.started_at)

    @property
    def begins_at(self) -> datetime:
        """Return when it began, or is planned to, in UTC."""
        return self.began_at or self.starts_at

    @property
    def join_link(self) -> str:
        """Return how to join it where that is one web address and nothing else, or nothing."""
        return self.join if _WEB_ADDRESS.fullmatch(self.join) else ""


def list_next_statuses(details: SessionDetails, now: datetime) -> tuple[Status, ...]:
    """
    Return the statuses that may follow at *now*, in the order of a session's life.

    A talk is planned, takes place or is cancelled; only a dosing session has statuses in between. And after
    one, none follows before the patient has said that they rested: that would end the hold. Only its end can
    be taken back, for ten minutes.
    """
    allowed = ALLOWED_MOVES[details.status]
    if details.kind is not SessionKind.DOSING:
        allowed &= _TALK_STATUSES
    elif details.status in _UNRESTED_STATUSES and details.rested_on is None:
        allowed -= _LATER_STATUSES
        if _can_take_back_end(details, now):
            allowed |= {Status.IN_SESSION}
    return tuple(status for status in Status if status in allowed)


def _parse_utc(stored: str) -> datetime:
    moment = datetime.fromisoformat(stored)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _can_take_back_end(details: SessionDetails, now: datetime) -> bool:
    if details.started_at is None or details.ended_at is None:
        return False
    return compute_age(_parse_utc(details.ended_at), now) < TAKE_BACK


def count_move(before: SessionDetails | None, after: SessionDetails, now: datetime) -> SessionDetails:
    """
    Return *after* with its moves counted on from *before*, None for a new session.

    Both only ever grow, whatever the clock says: a calendar ignores what is older than what it has. What else changes,
    the start, the end or the rest of a session among it, is no move: a calendar learns nothing of it.
    """
    moment = now.astimezone(UTC).isoformat(timespec="seconds")
    if before is None:
        return msgspec.structs.replace(after, moves=0, moved_at=moment)
    moves, last = before.moves, before.moved_at
    if _get_calendar_time(before) != _get_calendar_time(after):
        moves, last = moves + 1, max(last or moment, moment)
    return msgspec.structs.replace(after, moves=moves, moved_at=last)


def _get_calendar_time(details: SessionDetails) -> tuple[str, str, int, bool]:
    return details.local, details.zone, details.minutes, details.status is Status.CANCELLED


def clean_details(details: SessionDetails) -> SessionDetails:
    """Return *details* with its texts cleaned: a note may have several lines, all else one."""
    words = {name: clean_line(getattr(details, name)) for name in TEXT_LENGTHS}
    return msgspec.structs.replace(details, **words | {"note": clean_text(details.note).strip()})


def tell_language(before: SessionDetails | None, after: SessionDetails, language: str) -> SessionDetails:
    """Return *after* with the languages of its words: those that differ from *before* are in *language*."""
    told = dict.fromkeys(LANGUAGE_FIELDS.values(), "")
    for field, place in LANGUAGE_FIELDS.items():
        if words := getattr(after, field):
            is_kept = before is not None and getattr(before, field) == words
            told[place] = before.find_language(field) if before and is_kept else language
    return msgspec.structs.replace(after, language="", **told)


def check_session(details: SessionDetails) -> dict[str, str]:
    """Return the problems of *details* as sentences by field; empty if they can be planned."""
    problems: dict[str, str] = {}
    for field, parse, value in (("zone", parse_zone, details.zone), ("local", parse_local, details.local)):
        try:
            parse(value)
        except WallClockError as error:
            problems[field] = str(error)
    if not 1 <= details.minutes <= LONGEST_MINUTES:
        problems["minutes"] = N_("Please give a length between 1 minute and 24 hours.")
    if details.route is Route.INTRANASAL_ESKETAMINE and details.setting is not Setting.CLINIC:
        problems["setting"] = ESKETAMINE_AT_HOME
    for field, most in TEXT_LENGTHS.items():
        if len(getattr(details, field)) > most:
            problems[field] = N_("This is longer than this field can hold. Please shorten it.")
    return problems
