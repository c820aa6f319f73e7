"""What keeps a name, an e-mail address or a time zone from being used."""

from __future__ import annotations

from journal.i18n import N_
from journal.mail.mail_addresses import problem
from journal.time_zones import WallClockError, parse_zone


def name_problems(name: str) -> dict[str, str]:
    """Return what keeps a name from being used."""
    return {} if 1 <= len(name) <= 100 else {"name": N_("Write the name you go by, up to 100 characters.")}


def email_problems(email: str, *, mails: bool) -> dict[str, str]:
    """Return what keeps an e-mail address from being used where people are told things by mail, or are not."""
    sentence = problem(email, mails=mails)
    return {"email": sentence} if sentence else {}


def zone_problems(zone: str) -> dict[str, str]:
    """Return what keeps a time zone from being used."""
    try:
        parse_zone(zone)
    except WallClockError as error:
        return {"time_zone": str(error)}
    return {}
