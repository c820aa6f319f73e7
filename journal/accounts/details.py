"""What somebody has written down about themselves, and can change."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from msgspec.structs import replace
from tortoise.exceptions import IntegrityError

from journal.accounts import addresses, current_keys, tables
from journal.accounts.names import find_email_problems, find_name_problems, find_zone_problems, parse_phones
from journal.accounts.notices import queue_notice
from journal.accounts.profiles import (
    LOCK_CHOICES,
    ContactDetails,
    Profile,
    ReminderChoices,
    load_profile,
    profile_context,
)
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.catalogue.crisis_contacts import find_region_problems
from journal.errors import InvalidInput
from journal.i18n import LANGUAGES, N_
from journal.mail.mail_addresses import normalize_address
from journal.mail.messages import Notice
from journal.roles import Role
from journal.sealing import seal_document
from journal.store.database import ensure_transaction, transaction
from journal.user_input import clean_name

MAX_CONTACT_NAME = 100
MAX_RELATION = 60
ADDRESS_TAKEN = N_("This address belongs to another account here. Choose a different one.")


async def change_details(actor: Actor, name: str, time_zone: str, language: str = "") -> None:
    """
    Change the actor's name, time zone and language; an empty language leaves it as it is.

    Raises:
        InvalidInput: With a sentence for each field that needs another look.
    """
    name = clean_name(name)
    problems = find_name_problems(name) | find_zone_problems(time_zone)
    if language and language not in LANGUAGES:
        problems["language"] = N_("Choose one of the list.")
    if problems:
        raise InvalidInput(problems)
    async with ensure_transaction():
        found = await _load_locked_profile(actor)
        spoken = language or found.language
        await _save_profile(actor, replace(found, name=name, time_zone=time_zone, language=spoken))
        await audit_log.record_event(actor, Act.DETAILS_CHANGED)


async def change_email(actor: Actor, email: str) -> None:
    """
    Change the address that the actor signs in with. A notice goes to the old one.

    Raises:
        InvalidInput: If it is no address, or another account's.
    """
    email = normalize_address(email)
    if problems := find_email_problems(email, sends_mail=actor.installation.mail is not None):
        raise InvalidInput(problems)
    try:
        async with transaction():
            index = await addresses.claim_index(actor.installation, email, actor.id)
            if index is None:
                raise InvalidInput({"email": ADDRESS_TAKEN})
            profile = await _load_locked_profile(actor)
            await queue_notice(actor.installation, actor.id, Notice.EMAIL_CHANGED)
            await _save_profile(actor, replace(profile, email=email))
            await tables.Account.filter(id=actor.id).update(email_index=index)
            await addresses.reassign_indexes(actor.installation)
            await audit_log.record_event(actor, Act.EMAIL_CHANGED)
    except IntegrityError as error:
        raise InvalidInput({"email": ADDRESS_TAKEN}) from error


async def set_lock_minutes(actor: Actor, minutes: int | None) -> None:
    """Set after how many minutes without use the actor's sessions lock."""
    if minutes not in LOCK_CHOICES:
        raise InvalidInput({"minutes": N_("Choose one of these times.")})
    async with transaction():
        await _save_profile(actor, replace(await _load_locked_profile(actor), lock_minutes=minutes))


async def set_region(actor: Actor, region: str) -> None:
    """Set the region whose crisis contacts the actor is shown first; empty for the practice's default."""
    if problems := find_region_problems(region):
        raise InvalidInput(problems)
    async with transaction():
        await _save_profile(actor, replace(await _load_locked_profile(actor), region=region))


async def set_neutral(actor: Actor, neutral: bool) -> None:
    """Set whether the title and the icon of the actor's pages say nothing of what they are."""
    async with transaction():
        await _save_profile(actor, replace(await _load_locked_profile(actor), is_neutral=neutral))


async def set_hidden_numbers(actor: Actor, hidden: bool) -> None:
    """Set whether the numbers of measures are hidden from their own patient; whoever they are shared with has them."""
    actor.require_role(Role.PATIENT)
    async with transaction():
        await _save_profile(actor, replace(await _load_locked_profile(actor), hides_numbers=hidden))


async def set_day_lines(actor: Actor, wanted: bool) -> None:
    """Set whether a patient is offered the line of today; what they noted stays."""
    actor.require_role(Role.PATIENT)
    async with transaction():
        await _save_profile(actor, replace(await _load_locked_profile(actor), has_day_lines=wanted))


async def set_no_offers(actor: Actor, unwanted: bool) -> None:
    """Set whether a patient wants no reframe to be offered again; it outlasts every one of them."""
    actor.require_role(Role.PATIENT)
    async with transaction():
        profile = await _load_locked_profile(actor)
        if profile.wants_no_offers != unwanted:
            await _save_profile(actor, replace(profile, wants_no_offers=unwanted))


async def set_told_restoration(actor: Actor, name: str) -> None:
    """Remember that the actor was told of the restored backup of that name."""
    async with transaction():
        await _save_profile(actor, replace(await _load_locked_profile(actor), told_restoration=name))


async def load_offered_on(actor: Actor) -> str:
    """Return the day on which a reframe was offered that is erased now; empty where there was none."""
    return (await load_profile(actor.installation, actor.id)).offered_on


async def set_offered_on(actor: Actor, day: str) -> None:
    """Remember the day on which a reframe was offered that is erased now: no other is offered on it."""
    actor.require_role(Role.PATIENT)
    async with transaction():
        profile = await _load_locked_profile(actor)
        if profile.offered_on != day:
            await _save_profile(actor, replace(profile, offered_on=day))


async def store_reminder_choices(actor: Actor, choices: ReminderChoices) -> None:
    """Store of what the actor wants to be reminded; in the transaction that changes what waits for them."""
    await _save_profile(actor, replace(await _load_locked_profile(actor), reminders=choices))


async def load_contact(actor: Actor) -> ContactDetails:
    """Return the patient's own phone number and emergency contact."""
    actor.require_role(Role.PATIENT)
    return (await load_profile(actor.installation, actor.id)).contact


async def change_contact(actor: Actor, typed: ContactDetails, refuse: Callable[[], Awaitable[None]]) -> None:
    """
    Change the patient's phone number and emergency contact; `ContactDetails()` removes both.

    Args:
        refuse: Raises where it has to wait, which accounts know nothing of; asked again while the account is locked.

    Raises:
        HeldUntilRested: If *refuse* does: somebody who is called in an emergency is not taken out under the medicine.
        InvalidInput: With a sentence for each field that needs another look.
    """
    actor.require_role(Role.PATIENT)
    await refuse()
    contact = _validate_contact(typed)
    async with transaction():
        profile = await _load_locked_profile(actor)
        await refuse()
        if contact != profile.contact:
            await _save_profile(actor, replace(profile, contact=contact))
            await audit_log.record_event(actor, Act.CONTACT_CHANGED)


def _validate_contact(typed: ContactDetails) -> ContactDetails:
    name, relation = clean_name(typed.emergency_name), clean_name(typed.emergency_relation)
    numbers, problems = parse_phones({"phone": typed.phone, "emergency_phone": typed.emergency_phone})
    if len(name) > MAX_CONTACT_NAME:
        problems["emergency_name"] = N_("Write the name in up to 100 characters.")
    if len(relation) > MAX_RELATION:
        problems["emergency_relation"] = N_("Write it in up to 60 characters.")
    if problems:
        raise InvalidInput(problems)
    return ContactDetails(**numbers, emergency_name=name, emergency_relation=relation)


async def _load_locked_profile(actor: Actor) -> Profile:
    """Return the actor's profile, locked until the transaction ends."""
    await current_keys.lock_account(actor.id)
    return await load_profile(actor.installation, actor.id)


async def _save_profile(actor: Actor, profile: Profile) -> None:
    sealed = seal_document(actor.installation.server_keys, profile, profile_context(actor.id))
    await tables.Account.filter(id=actor.id).update(sealed=sealed)
