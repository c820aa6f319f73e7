"""Checks of names, e-mail addresses and time zones."""

from __future__ import annotations

from journal.i18n import N_
from journal.mail.mail_addresses import find_address_problem
from journal.time_zones import WallClockError, parse_zone


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
