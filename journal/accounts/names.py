"""Checks of names, e-mail addresses, phone numbers and time zones."""

from __future__ import annotations

from collections.abc import Mapping

from journal.i18n import N_
from journal.mail.mail_addresses import find_address_problem
from journal.time_zones import WallClockError, parse_zone
from journal.user_input import parse_phone

PHONE_PROBLEM = N_(
    "Write the number as it is dialed, with digits and spaces: +44 20 7946 0000. Leave out a 0 in brackets."
)


def find_name_problems(name: str) -> dict[str, str]:
    """Return the problem with a name, by field."""
    return {} if 1 <= len(name) <= 100 else {"name": N_("Write the name you go by, up to 100 characters.")}


def find_email_problems(email: str, *, sends_mail: bool) -> dict[str, str]:
    """Return the problem with an e-mail address, by field; *sends_mail* says whether this site sends mail."""
    sentence = find_address_problem(email, sends_mail=sends_mail)
    return {"email": sentence} if sentence else {}


def find_zone_problems(zone: str) -> dict[str, str]:
    """Return the problem with a time zone, by field."""
    try:
        parse_zone(zone)
    except WallClockError as error:
        return {"time_zone": str(error)}
    return {}


def parse_phones(typed: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return phone numbers as they are shown, and what is wrong with them, by field; an empty one is allowed."""
    shown = {field: parse_phone(number) if number.strip() else "" for field, number in typed.items()}
    problems = {field: PHONE_PROBLEM for field, number in shown.items() if number is None}
    return {field: number or "" for field, number in shown.items()}, problems
