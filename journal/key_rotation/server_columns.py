"""
Every column that is sealed under the server key: a rotation of the key reseals all of them.

A column that is missing here would be lost with the old key. tests/attacks/test_rotation.py compares this table with
what the server key opens, column by column.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from crypto import Context
from journal.accounts.profiles import Profile, profile_context
from journal.audit.key import KEY_CONTEXT
from journal.authentication.web_sessions import device_context
from journal.care.documents import invitation_note_context, past_care_context, share_due_context
from journal.clinic.call_contacts import contact_context
from journal.clinic.instructions import instructions_context
from journal.mail import messages
from journal.packets.documents import disclosed_context
from journal.passkeys.rows import passkey_context
from journal.practice import practice, setup_links
from journal.reading_hours.hours import hours_context
from journal.reminders.waiting import reminders_context
from journal.sealing import decode_document
from journal.sessions.rows import course_context, session_context
from journal.store.statements import parse_id


@dataclass(frozen=True, slots=True)
class ServerColumn:
    """
    One column of one table; the rows' ids stand in `id`.

    `context` returns the context from the row's id and the columns of `parts`. `index_column` names the column of the
    e-mail address's blind index, in the table whose rows are profiles.
    """

    table: str
    context: Callable[..., Context]
    parts: tuple[str, ...] = ()
    column: str = "sealed"
    index_column: str = ""

    def format_sql(self, template: str) -> str:
        """Return a statement with the names put in. A row has id, sealed value, the index if any, and the parts."""
        columns = ("id", self.column, *([self.index_column] if self.index_column else []), *self.parts)
        return template.format(
            columns=", ".join(columns), table=self.table, column=self.column, indexed=self.index_column
        )

    def get_context(self, row: Sequence[Any]) -> Context:
        """Return the seal context of a row's value."""
        return self.context(row[0], *row[3 if self.index_column else 2 :])

    def get_address(self, plain: bytes) -> str:
        """Return the address that a row is found by, or an empty text."""
        return decode_document(plain, Profile).email if self.index_column else ""


def _practice_context(_ident: object) -> Context:
    return practice.PRACTICE_CONTEXT


def _audit_key_context(_ident: object) -> Context:
    return KEY_CONTEXT


SERVER_COLUMNS = (
    ServerColumn("account", lambda ident: profile_context(parse_id(ident)), index_column="email_index"),
    ServerColumn(
        "invitation",
        lambda ident, clinician: invitation_note_context(parse_id(clinician), parse_id(ident)),
        ("clinician_id",),
    ),
    ServerColumn(
        "care_link",
        lambda ident, patient: past_care_context(parse_id(patient), parse_id(ident)),
        ("patient_id",),
        column="past",
    ),
    ServerColumn(
        "course", lambda ident, patient: course_context(parse_id(patient), parse_id(ident)), ("patient_id",)
    ),
    ServerColumn(
        "kap_session",
        lambda ident, patient, revision: session_context(parse_id(patient), parse_id(ident), revision),
        ("patient_id", "revision"),
    ),
    ServerColumn(
        "call_contact",
        lambda ident, patient, revision: contact_context(parse_id(patient), parse_id(ident), revision),
        ("patient_id", "revision"),
    ),
    ServerColumn(
        "reading_hours",
        lambda ident, revision: hours_context(parse_id(ident), revision),
        ("revision",),
    ),
    ServerColumn(
        "share",
        lambda ident, link: share_due_context(parse_id(link), parse_id(ident)),
        ("link_id",),
        column="due",
    ),
    ServerColumn("reminder_slot", lambda ident: reminders_context(parse_id(ident))),
    ServerColumn(
        "instructions_version",
        lambda _ident, patient, course, version: instructions_context(
            parse_id(patient), parse_id(course) if course else None, version
        ),
        ("patient_id", "course_id", "version"),
    ),
    ServerColumn(
        "web_session",
        lambda _ident, account, handle, epoch: device_context(parse_id(account), parse_id(handle), epoch),
        ("account_id", "handle", "epoch"),
        column="device",
    ),
    ServerColumn(
        "passkey",
        lambda ident, account, revision: passkey_context(parse_id(account), parse_id(ident), revision),
        ("account_id", "revision"),
    ),
    ServerColumn(
        "setup_link",
        lambda ident, maker: setup_links.setup_details_context(
            parse_id(maker) if maker else None, parse_id(ident)
        ),
        ("maker_id",),
    ),
    ServerColumn(
        "packet",
        lambda ident, patient: disclosed_context(parse_id(patient), parse_id(ident)),
        ("patient_id",),
        column="disclosed",
    ),
    ServerColumn("outbox", lambda ident: messages.message_context(parse_id(ident))),
    ServerColumn("audit_key", _audit_key_context),
    # The last: whether a key is the right one for a database is tried on the practice.
    ServerColumn("practice", _practice_context),
)
