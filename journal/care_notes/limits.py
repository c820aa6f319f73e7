"""
Limits for readings before a session starts, as a prescriber entered and signed them, and which reading lies outside.

Hearthside has none of its own: without limits a reading is shown, and nothing is said of it. Nothing is blocked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from uuid import UUID

import msgspec

from crypto import CryptoError, PublicIdentity, join_fields, plain_digits, verify
from journal.actor import Actor
from journal.care.links import Link
from journal.dosing_day.lines import LIKELY, Reading
from journal.errors import Damaged
from journal.i18n import N_
from journal.roles import Profession, Role
from journal.sealing import encode_document

LIMITS = tuple(LIKELY)
"""The highest upper and lower pressure, the highest pulse, and the lowest oxygen."""
LOWEST = frozenset({"oxygen"})
"""Those below which a reading is outside; the others are what it must not be above."""
SIGNATURE_PURPOSE = "limits"
_SIGNED_DOMAIN = b"hearthside/v1/limits"

NOT_PRESCRIBED = N_("Limits are entered by a prescriber alone.")
NO_LIMIT = N_("Write at least one number. Without limits, readings are shown and nothing is said of them.")
NOT_A_LIMIT: Mapping[str, str] = MappingProxyType(
    {
        "systolic": N_("Upper blood pressure: a whole number from 40 to 300, or leave this blank."),
        "diastolic": N_("Lower blood pressure: a whole number from 20 to 200, or leave this blank."),
        "pulse": N_("Pulse: a whole number from 20 to 250, or leave this blank."),
        "oxygen": N_("Oxygen: a whole number from 50 to 100, or leave this blank."),
    }
)
NOT_SIGNED = N_("Please check the numbers, and say so here.")


def check_limits(
    actor: Actor, fields: Mapping[str, str], *, is_checked: bool, is_new: bool
) -> dict[str, str]:
    """Return a sentence for each field that needs another look. What replaces limits may be none."""
    if actor.profession != Profession.PRESCRIBER.value:
        return {LIMITS[0]: NOT_PRESCRIBED}
    problems = {
        name: NOT_A_LIMIT[name] for name in LIMITS if fields[name] and not _is_limit(name, fields[name])
    }
    if is_new and not any(fields.values()):
        problems[LIMITS[0]] = NO_LIMIT
    if not is_checked:
        problems["checked"] = NOT_SIGNED
    return problems


def sign_limits(actor: Actor, link: Link, note: UUID, version: int, details: msgspec.Struct) -> bytes:
    """Return the signature of who writes these details."""
    signed = _encode_signed(link, note, version, details)
    return actor.open_identity().sign(signed, purpose=SIGNATURE_PURPOSE)


def verify_limits(actor: Actor, link: Link, note: UUID, version: int, details: msgspec.Struct) -> None:
    """Verify that the clinician of a care link signed exactly this; raises `Damaged`."""
    try:
        theirs = (
            PublicIdentity.decode(link.peer_keys) if actor.role is Role.PATIENT else actor.public_identity
        )
        signature = getattr(details, "signature", b"")
        verify(theirs, _encode_signed(link, note, version, details), signature, purpose=SIGNATURE_PURPOSE)
    except CryptoError as error:
        raise Damaged from error


def find_outside(readings: Iterable[Reading], limits: Mapping[str, str]) -> tuple[str, ...]:
    """Return the values that lie outside the limits, each as it was read last."""
    latest: dict[str, str] = {}
    for one in readings:
        latest |= {name: typed for name, typed in one.values.items() if typed}
    return tuple(
        name for name in LIMITS if limits.get(name) and _is_outside(name, latest.get(name, ""), limits[name])
    )


def _is_outside(name: str, typed: str, limit: str) -> bool:
    try:
        value, most = float(plain_digits(typed).replace(",", ".")), int(limit)
    except ValueError:
        return False
    return value < most if name in LOWEST else value > most


def _is_limit(name: str, typed: str) -> bool:
    least, most = LIKELY[name]
    return typed.isascii() and typed.isdecimal() and len(typed) < 4 and least <= int(typed) <= most


def _encode_signed(link: Link, note: UUID, version: int, details: msgspec.Struct) -> bytes:
    encoded = encode_document(msgspec.structs.replace(details, signature=b""))
    return join_fields(_SIGNED_DOMAIN, link.id.bytes, note.bytes, version.to_bytes(8, "big"), encoded)
