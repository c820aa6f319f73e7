"""What somebody has written down about themselves, and can change."""

from __future__ import annotations

from msgspec.structs import replace
from tortoise.exceptions import IntegrityError

from journal import audit, notices, tables
from journal.actors import Actor
from journal.audit import Act
from journal.documents import Profile, profile_context, seal_document
from journal.errors import Refused
from journal.locking import CHOICES
from journal.new_accounts import email_problems, name_problems, tidy, zone_problems
from journal.notices import Notice
from journal.profiles import load_profile
from journal.store import transaction
from journal.words import N_

TAKEN = N_("This address belongs to another account here. Choose a different one.")


async def change(actor: Actor, name: str, time_zone: str) -> None:
    """
    Go by another name, or live in another time zone.

    Raises:
        Refused: With a sentence for each field that needs another look.
    """
    name = tidy(name)
    if problems := name_problems(name) | zone_problems(time_zone):
        raise Refused(problems)
    async with transaction():
        await _put(actor, replace(await load_profile(actor.house, actor.id), name=name, time_zone=time_zone))
        await audit.note(actor, Act.DETAILS_CHANGED)


async def change_email(actor: Actor, email: str) -> None:
    """
    Sign in with another address from now on. The old one is told of it.

    Raises:
        Refused: If it is no address, or another account's.
    """
    email = tidy(email)
    if problems := email_problems(email):
        raise Refused(problems)
    index = actor.house.server.blind_index(email).hex()
    every = [one.hex() for one in actor.house.server.blind_indexes(email)]
    if await tables.Account.filter(email_index__in=every).exclude(id=actor.id).exists():
        raise Refused({"email": TAKEN})
    try:
        async with transaction():
            await notices.notice(actor.house, actor.id, Notice.EMAIL_CHANGED)
            await _put(actor, replace(await load_profile(actor.house, actor.id), email=email))
            await tables.Account.filter(id=actor.id).update(email_index=index)
            await audit.note(actor, Act.EMAIL_CHANGED)
    except IntegrityError as error:
        raise Refused({"email": TAKEN}) from error


async def lock_after(actor: Actor, minutes: int | None) -> None:
    """Have every session of *actor*'s lock when nobody has used it for so many minutes."""
    if minutes not in CHOICES:
        raise Refused({"minutes": N_("Choose one of these times.")})
    async with transaction():
        await _put(actor, replace(await load_profile(actor.house, actor.id), lock_minutes=minutes))


async def _put(actor: Actor, profile: Profile) -> None:
    sealed = seal_document(actor.house.server, profile, profile_context(actor.id))
    await tables.Account.filter(id=actor.id).update(sealed=sealed)
