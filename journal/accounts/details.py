"""What somebody has written down about themselves, and can change."""

from __future__ import annotations

from msgspec.structs import replace
from tortoise.exceptions import IntegrityError

from journal.accounts import addresses, current_keys, tables
from journal.accounts.names import email_problems, name_problems, zone_problems
from journal.accounts.notices import notice
from journal.accounts.profiles import CHOICES, Profile, load_profile, profile_context
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.errors import Refused
from journal.i18n import N_
from journal.mail.mail_addresses import kept_form
from journal.mail.messages import Notice
from journal.sealing import seal_document
from journal.store.database import transaction
from journal.typed import clean_name

TAKEN = N_("This address belongs to another account here. Choose a different one.")


async def change(actor: Actor, name: str, time_zone: str) -> None:
    """
    Change the actor's name and time zone.

    Raises:
        Refused: With a sentence for each field that needs another look.
    """
    name = clean_name(name)
    if problems := name_problems(name) | zone_problems(time_zone):
        raise Refused(problems)
    async with transaction():
        await _put(actor, replace(await _held(actor), name=name, time_zone=time_zone))
        await audit_log.note(actor, Act.DETAILS_CHANGED)


async def change_email(actor: Actor, email: str) -> None:
    """
    Change the address that the actor signs in with. A notice goes to the old one.

    Raises:
        Refused: If it is no address, or another account's.
    """
    email = kept_form(email)
    if problems := email_problems(email, mails=actor.house.mail is not None):
        raise Refused(problems)
    try:
        async with transaction():
            index = await addresses.index_for(actor.house, email, actor.id)
            if index is None:
                raise Refused({"email": TAKEN})
            profile = await _held(actor)
            await notice(actor.house, actor.id, Notice.EMAIL_CHANGED)
            await _put(actor, replace(profile, email=email))
            await tables.Account.filter(id=actor.id).update(email_index=index)
            await addresses.hand_on(actor.house)
            await audit_log.note(actor, Act.EMAIL_CHANGED)
    except IntegrityError as error:
        raise Refused({"email": TAKEN}) from error


async def lock_after(actor: Actor, minutes: int | None) -> None:
    """Set after how many minutes without use the actor's sessions lock."""
    if minutes not in CHOICES:
        raise Refused({"minutes": N_("Choose one of these times.")})
    async with transaction():
        await _put(actor, replace(await _held(actor), lock_minutes=minutes))


async def _held(actor: Actor) -> Profile:
    """Return the actor's profile, locked until the transaction ends."""
    await current_keys.hold(actor.id)
    return await load_profile(actor.house, actor.id)


async def _put(actor: Actor, profile: Profile) -> None:
    sealed = seal_document(actor.house.server, profile, profile_context(actor.id))
    await tables.Account.filter(id=actor.id).update(sealed=sealed)
