"""
A clinician's reading hours: when they usually look at what is shared with them, when they are away, and who covers.

They say when somebody reads, and never that somebody watches. They are told to every patient in the clinician's care.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time, timedelta
from types import MappingProxyType
from uuid import UUID

import msgspec

from crypto import Context
from journal.accounts.current_keys import lock_account
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.clinic.hours import WEEK, Window
from journal.errors import Damaged, InvalidInput, StaleRevision
from journal.i18n import N_
from journal.installation.installation import Installation
from journal.reading_hours import tables
from journal.roles import Role
from journal.sealing import open_document, seal_document
from journal.store.database import fetch_raw, transaction
from journal.store.rows import NonNegative, Row, filter_undamaged, parse_rows, require_undamaged
from journal.time_zones import WallClockError, parse_zone
from journal.user_input import clean_line, parse_day

MAX_WINDOWS = 4
MAX_AWAY = timedelta(days=366)
MAX_AHEAD = timedelta(days=2 * 366)
TEXT_LENGTHS: Mapping[str, int] = MappingProxyType({"covers": 200, "words": 200})
SELECT_HOURS = "SELECT id, revision, sealed FROM reading_hours WHERE id IN (%s)"

ENDS_BEFORE = N_("These hours end before they begin. Choose an end that is later on the same day.")
NO_DAYS = N_("Choose the days for these hours.")
TOO_MANY = N_("There is room for four rows of hours.")
AWAY_ENDS_BEFORE = N_("This day is before the first day away. Choose the same day or a later one.")
AWAY_HALF = N_("Write the first and the last day away, or leave both empty.")
AWAY_TOO_LONG = N_("This is more than a year. Choose an earlier day.")
AWAY_TOO_LATE = N_("This is more than two years ahead. Choose an earlier day.")
TOO_LONG = N_("This is longer than this field can hold. Please shorten it.")
CHANGED_MEANWHILE = N_("Your reading hours were changed in another window. Look at them again before saving.")


class Hours(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    Reading hours, as sealed under the server key.

    `windows` are on the clock of `zone` and end on the day on which they begin. `away_from` and `away_until` are the
    first and the last day away there, as ISO dates, both empty or neither. `covers` says who is there meanwhile;
    `words` is a sentence of the clinician's own. `language` is that of the page on which they were last changed.
    """

    zone: str = "UTC"
    windows: tuple[Window, ...] = ()
    away_from: str = ""
    away_until: str = ""
    covers: str = ""
    words: str = ""
    language: str = ""

    @property
    def away(self) -> tuple[date, date] | None:
        """Return the first and the last day away, if they are away at some time."""
        if not (self.away_from and self.away_until):
            return None
        return date.fromisoformat(self.away_from), date.fromisoformat(self.away_until)


class StoredHours(msgspec.Struct, frozen=True):
    """
    Reading hours with the revision that they have; 0 for none that were ever written.

    Those that do not open are `is_damaged`: they count as none, and are written anew.
    """

    revision: int
    hours: Hours
    is_damaged: bool = False


class HoursRow(Row, frozen=True):
    """A row of `SELECT_HOURS`."""

    id: UUID
    revision: NonNegative
    sealed: bytes


async def load_my_hours(actor: Actor) -> StoredHours:
    """Return the reading hours of the clinician who asks."""
    actor.require_role(Role.CLINICIAN)
    rows = parse_rows(HoursRow, await fetch_raw(SELECT_HOURS % "$1", actor.id))
    try:
        for row in rows:
            there = require_undamaged(row)
            return StoredHours(there.revision, _open(actor.installation, there))
    except Damaged:
        return StoredHours(0, Hours(actor.time_zone), is_damaged=True)
    return StoredHours(0, Hours(actor.time_zone))


async def load_hours(installation: Installation, clinicians: Iterable[UUID]) -> Mapping[UUID, Hours]:
    """
    Return the reading hours of clinicians who wrote some. The caller has authorised it.

    Those that do not open count as not written: nobody is told a time that nobody wrote.
    """
    wanted = list(dict.fromkeys(clinicians))
    if not wanted:
        return {}
    places = ", ".join(f"${place}" for place in range(1, len(wanted) + 1))
    found: dict[UUID, Hours] = {}
    for row in filter_undamaged(parse_rows(HoursRow, await fetch_raw(SELECT_HOURS % places, *wanted))):
        try:
            found[row.id] = _open(installation, row)
        except Damaged:
            continue
    return found


async def save_hours(actor: Actor, typed: Hours, *, base: int) -> None:
    """
    Save the actor's own reading hours.

    Args:
        base: The revision that was changed; 0 where there were none.

    Raises:
        InvalidInput: With a sentence for each field that needs another look: hours that end before they begin.
        StaleRevision: If they were saved elsewhere since they were read.
    """
    actor.require_role(Role.CLINICIAN)
    hours, revision = _validate(actor, typed), base + 1
    sealed = seal_document(actor.installation.server_keys, hours, hours_context(actor.id, revision))
    async with transaction():
        await lock_account(actor.id)
        mine = tables.ReadingHours.filter(id=actor.id)
        if base:
            if not await mine.filter(revision=base).update(revision=revision, sealed=sealed):
                raise StaleRevision(CHANGED_MEANWHILE)
        else:
            there = await load_my_hours(actor)
            if there.revision:
                raise StaleRevision(CHANGED_MEANWHILE)
            if there.is_damaged:
                await mine.delete()
            await tables.ReadingHours.create(
                id=actor.id, account_id=actor.id, revision=revision, sealed=sealed
            )
        await audit_log.record_event(actor, Act.READING_HOURS_CHANGED)


def hours_context(clinician: UUID, revision: int) -> Context:
    """Return the context of a clinician's reading hours."""
    return Context("reading-hours", clinician.bytes, clinician.bytes, revision)


def _open(installation: Installation, row: HoursRow) -> Hours:
    where = hours_context(row.id, row.revision)
    hours = open_document(installation.server_keys, row.sealed, where, Hours)
    if not _is_readable(hours):
        raise Damaged
    return hours


def _is_readable(hours: Hours) -> bool:
    """Return whether zone, times and days are some; a document of the right shape may say otherwise."""
    try:
        parse_zone(hours.zone)
        for window in hours.windows:
            time.fromisoformat(window.start)
            time.fromisoformat(window.end)
        return hours.away is None or hours.away[0] <= hours.away[1]
    except (WallClockError, ValueError):
        return False


def _validate(actor: Actor, typed: Hours) -> Hours:
    cleaned = msgspec.structs.replace(typed, covers=clean_line(typed.covers), words=clean_line(typed.words))
    problems = {
        field: TOO_LONG for field, most in TEXT_LENGTHS.items() if len(getattr(cleaned, field)) > most
    }
    try:
        parse_zone(cleaned.zone)
    except WallClockError as error:
        problems["zone"] = str(error)
    problems |= _find_window_problems(cleaned.windows) | _find_away_problems(actor, cleaned)
    if problems:
        raise InvalidInput(problems)
    return cleaned


def _find_window_problems(windows: Sequence[Window]) -> dict[str, str]:
    if len(windows) > MAX_WINDOWS:
        return {"start0": TOO_MANY}
    problems: dict[str, str] = {}
    for place, one in enumerate(windows):
        if not one.days or not set(one.days) <= set(range(1, WEEK + 1)):
            problems[f"start{place}"] = NO_DAYS
        elif time.fromisoformat(one.end) <= time.fromisoformat(one.start):
            problems[f"start{place}"] = ENDS_BEFORE
    return problems


def _find_away_problems(actor: Actor, hours: Hours) -> dict[str, str]:
    if not (hours.away_from or hours.away_until):
        return {}
    first, last = parse_day(hours.away_from), parse_day(hours.away_until)
    if first is None or last is None:
        return {"away_until_date" if first else "away_from_date": AWAY_HALF}
    if last < first:
        return {"away_until_date": AWAY_ENDS_BEFORE}
    if last - first > MAX_AWAY:
        return {"away_until_date": AWAY_TOO_LONG}
    if last > actor.now.date() + MAX_AHEAD:
        return {"away_until_date": AWAY_TOO_LATE}
    return {}
