"""
Whom a patient can call around a dosing session: written by their care team, read by the patient.

It is operations data under the server key, so that a locked page can show it. An emergency number stands beside it
wherever it is shown, and is never among these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import partial
from types import MappingProxyType
from uuid import UUID, uuid4

import msgspec

from crypto import Context
from journal.accounts.current_keys import lock_account
from journal.accounts.names import parse_phones
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.care import links
from journal.care.links import Link, require_cared_for
from journal.clinic import tables
from journal.clinic.hours import Availability, Window, find_availability
from journal.errors import InvalidInput, NotFound, StaleRevision
from journal.i18n import N_, Labelled
from journal.installation.installation import Installation
from journal.roles import Role
from journal.sealing import open_document, seal_document
from journal.store.database import fetch_raw, transaction
from journal.store.rows import (
    NonNegative,
    OpenedRows,
    Row,
    Timestamp,
    open_rows,
    parse_rows,
    require_undamaged,
)
from journal.time_zones import WallClockError, parse_zone
from journal.user_input import build_phone_link, clean_line, clean_name, clean_text

MAX_CONTACTS = 6
MAX_WINDOWS = 3
TEXT_LENGTHS: Mapping[str, int] = MappingProxyType({"name": 100, "purpose": 200, "outside": 300})
SELECT_CONTACTS = """
    SELECT id, patient_id, revision, sealed, created_at FROM call_contact WHERE patient_id = $1 ORDER BY created_at, id
"""
TOO_MANY = N_("There is room for six. Remove one first; what you typed is still here.")
CHANGED_MEANWHILE = N_("Somebody changed this contact in the meantime. Look at it again before saving.")


class CallRole(Labelled):
    """What somebody is to the patient, in the order in which they are shown."""

    NURSE = "nurse", N_("On-call nurse")
    PRESCRIBER = "prescriber", N_("Prescriber")
    THERAPIST = "therapist", N_("Therapist")
    OTHER = "other", N_("Somebody else")


class CallDetails(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    Somebody to call, as sealed under the server key.

    `purpose` is what to call for, `outside` what happens outside the hours, which are on the clock of `zone`.
    `check_date` is the day, as an ISO date, by which the care team wants to look at this again. `written_by` and
    `written_at` say who wrote it last, and when; `writer` is their account, None where it was not kept yet; `language`
    that of the page.
    """

    role: CallRole
    name: str
    number: str
    purpose: str = ""
    zone: str = "UTC"
    windows: tuple[Window, ...] = ()
    outside: str = ""
    check_date: str | None = None
    written_by: str = ""
    written_at: str = ""
    writer: UUID | None = None
    language: str = ""

    @property
    def check_day(self) -> date | None:
        """Return the day by which the care team wants to look at this again, if there is one."""
        return date.fromisoformat(self.check_date) if self.check_date else None


class CallContact(msgspec.Struct, frozen=True):
    """Somebody to call, opened."""

    id: UUID
    patient: UUID
    revision: int
    details: CallDetails

    @property
    def written_at(self) -> datetime:
        """Return when it was written last."""
        return datetime.fromisoformat(self.details.written_at)

    @property
    def href(self) -> str:
        """Return the link that calls them."""
        return build_phone_link(self.details.number)

    def find_availability(self, now: datetime) -> Availability | None:
        """Return whether they answer at *now*; None where no hours are given."""
        return find_availability(self.details.windows, self.details.zone, now)

    def is_due(self, today: date) -> bool:
        """Return whether the day has come by which the care team wanted to look at this again."""
        return self.details.check_day is not None and self.details.check_day <= today


class CallContactRow(Row, frozen=True):
    """A row of `SELECT_CONTACTS`."""

    id: UUID
    patient_id: UUID
    revision: NonNegative
    sealed: bytes
    created_at: Timestamp


async def load_contacts(installation: Installation, patient: UUID) -> OpenedRows[CallContact]:
    """Return whom a patient can call, by role. The caller has authorised it."""
    rows = parse_rows(CallContactRow, await fetch_raw(SELECT_CONTACTS, patient))
    found = open_rows(rows, partial(open_contact, installation))
    order = list(CallRole)
    return OpenedRows(sorted(found, key=lambda one: order.index(one.details.role)), found.damaged)


async def load_my_contacts(actor: Actor) -> OpenedRows[CallContact]:
    """Return whom the patient who asks can call."""
    actor.require_role(Role.PATIENT)
    return await load_contacts(actor.installation, actor.id)


async def load_contact(actor: Actor, link: Link, wanted: UUID) -> CallContact:
    """Return one contact of a patient in the actor's care; raises `Damaged` when it does not open."""
    for row in parse_rows(CallContactRow, await fetch_raw(SELECT_CONTACTS, link.patient)):
        if row.id == wanted:
            return open_contact(actor.installation, require_undamaged(row))
    raise NotFound


async def save_contact(
    actor: Actor, patient: UUID, typed: CallDetails, *, ident: UUID | None = None, base: int = 0
) -> UUID:
    """
    Save somebody whom a patient in the actor's care can call; return the contact's id.

    Args:
        ident: The contact's id; of a new one, an id made with its form, so that it is added once.
        base: The revision that was changed; 0 for a new one.

    Raises:
        InvalidInput: With a sentence for each field that needs another look.
        StaleRevision: If somebody changed it since it was read, or care ended.
    """
    link = await links.load_link_with(actor, patient)
    written = actor.now.isoformat(timespec="seconds")
    details = msgspec.structs.replace(
        _validate(typed),
        written_by=actor.name,
        written_at=written,
        writer=actor.id,
        language=actor.language,
    )
    ident, revision = ident or uuid4(), base + 1
    sealed = seal_document(actor.installation.server_keys, details, contact_context(patient, ident, revision))
    async with transaction():
        await lock_account(patient)
        await require_cared_for(link)
        theirs = tables.CallContact.filter(patient_id=patient)
        if base:
            changed = await theirs.filter(id=ident, revision=base).update(revision=revision, sealed=sealed)
            if not changed:
                raise StaleRevision(CHANGED_MEANWHILE)
        elif await theirs.filter(id=ident).exists():
            return ident  # its form was sent before
        elif await theirs.count() >= MAX_CONTACTS:
            raise InvalidInput({"number": TOO_MANY})
        else:
            await tables.CallContact.create(
                id=ident, patient_id=patient, revision=revision, sealed=sealed, created_at=actor.now
            )
        await audit_log.record_event(actor, Act.CALL_CONTACT_CHANGED, patient=patient, about=ident)
    return ident


async def remove_contact(actor: Actor, patient: UUID, wanted: UUID) -> None:
    """Remove a contact of a patient in the actor's care, also one that does not open."""
    link = await links.load_link_with(actor, patient)
    async with transaction():
        await lock_account(patient)
        await require_cared_for(link)
        if not await tables.CallContact.filter(id=wanted, patient_id=patient).delete():
            raise NotFound
        await audit_log.record_event(actor, Act.CALL_CONTACT_REMOVED, patient=patient, about=wanted)


def contact_context(patient: UUID, contact: UUID, revision: int) -> Context:
    """Return the context of a contact's details."""
    return Context("call-contact", patient.bytes, contact.bytes, revision)


def open_contact(installation: Installation, row: CallContactRow) -> CallContact:
    """Open a row; raises `Damaged`."""
    where = contact_context(row.patient_id, row.id, row.revision)
    details = open_document(installation.server_keys, row.sealed, where, CallDetails)
    return CallContact(row.id, row.patient_id, row.revision, details)


def _validate(typed: CallDetails) -> CallDetails:
    numbers, problems = parse_phones({"number": typed.number})
    if not numbers["number"] and not problems:
        problems["number"] = N_("Write the number to call.")
    cleaned = msgspec.structs.replace(
        typed,
        name=clean_name(typed.name),
        purpose=clean_line(typed.purpose),
        outside=clean_text(typed.outside).strip(),
        **numbers,
    )
    for field, most in TEXT_LENGTHS.items():
        if len(getattr(cleaned, field)) > most:
            problems[field] = N_("This is longer than this field can hold. Please shorten it.")
    try:
        parse_zone(cleaned.zone)
    except WallClockError as error:
        problems["zone"] = str(error)
    if problems := problems | _find_window_problems(cleaned.windows):
        raise InvalidInput(problems)
    return cleaned


def _find_window_problems(windows: Sequence[Window]) -> dict[str, str]:
    if len(windows) > MAX_WINDOWS or any(not one.days for one in windows):
        return {"hours": N_("Choose the days for these hours.")}
    return {}
