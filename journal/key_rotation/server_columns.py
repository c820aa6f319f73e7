"""
Every column that is sealed under the server key: a rotation of the key reseals all of them.

A column that is missing here would be lost with the old key. tests/attacks/test_rotation.py compares this table with
what the server key opens, column by column.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from crypto import Context
from journal.accounts.profiles import Profile, profile_context
from journal.audit.key import KEY_CONTEXT
from journal.authentication.web_sessions import device_context
from journal.care.documents import note_context, past_context
from journal.mail import messages
from journal.passkeys.rows import passkey_context
from journal.practice import practice, setup_links
from journal.sessions.rows import course_context, session_context
from journal.store.statements import key_of


@dataclass(frozen=True, slots=True)
class Sealed:
    """
    One column of one table; the rows' ids stand in `id`.

    `place` returns the context from the row's id and the columns of `parts`. `indexed` names the column of the e-mail
    address's blind index, in the table whose rows are profiles.
    """

    table: str
    place: Callable[..., Context]
    parts: tuple[str, ...] = ()
    column: str = "sealed"
    indexed: str = ""

    def sql(self, template: str) -> str:
        """Return a statement with the names put in. A row has id, sealed value, the index if any, and the parts."""
        columns = ("id", self.column, *([self.indexed] if self.indexed else []), *self.parts)
        return template.format(
            columns=", ".join(columns), table=self.table, column=self.column, indexed=self.indexed
        )

    def where(self, row: Sequence[Any]) -> Context:
        """Return the seal context of a row's value."""
        return self.place(row[0], *row[3 if self.indexed else 2 :])

    def address(self, plain: bytes) -> str:
        """Return the address that a row is found by, or an empty text."""
        return msgspec.json.decode(plain, type=Profile).email if self.indexed else ""


def _practice(_ident: object) -> Context:
    return practice.CONTEXT


def _audit_key(_ident: object) -> Context:
    return KEY_CONTEXT


SEALED = (
    Sealed("account", lambda ident: profile_context(key_of(ident)), indexed="email_index"),
    Sealed(
        "invitation",
        lambda ident, clinician: note_context(key_of(clinician), key_of(ident)),
        ("clinician_id",),
    ),
    Sealed(
        "care_link",
        lambda ident, patient: past_context(key_of(patient), key_of(ident)),
        ("patient_id",),
        column="past",
    ),
    Sealed("course", lambda ident, patient: course_context(key_of(patient), key_of(ident)), ("patient_id",)),
    Sealed(
        "kap_session",
        lambda ident, patient, revision: session_context(key_of(patient), key_of(ident), revision),
        ("patient_id", "revision"),
    ),
    Sealed(
        "web_session",
        lambda _ident, account, handle, epoch: device_context(key_of(account), key_of(handle), epoch),
        ("account_id", "handle", "epoch"),
        column="device",
    ),
    Sealed(
        "passkey",
        lambda ident, account, revision: passkey_context(key_of(account), key_of(ident), revision),
        ("account_id", "revision"),
    ),
    Sealed(
        "setup_link",
        lambda ident, maker: setup_links.details_context(key_of(maker) if maker else None, key_of(ident)),
        ("maker_id",),
    ),
    Sealed("outbox", lambda ident: messages.message_context(key_of(ident))),
    Sealed("audit_key", _audit_key),
    # The last: whether a key is the right one for a database is tried on the practice.
    Sealed("practice", _practice),
)
