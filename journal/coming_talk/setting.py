"""A clinician sets things for a talk that is still to come, and withdraws what nobody said anything to."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid4

import msgspec

from crypto import Sealer
from journal.accounts.current_keys import lock_account, require_keys
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.care import links, tables
from journal.care.link_keys import open_shared_key
from journal.care.links import Link, require_active
from journal.care_notes.signing import sign_note
from journal.coming_talk import library
from journal.coming_talk.documents import ItemDetails, Thing, item_context
from journal.coming_talk.items import (
    MAX_FOR_TALK,
    MAX_ITEMS,
    PURPOSE,
    SIGNED_VERSION,
    Item,
    count_places,
    list_talks_ahead,
    load_items,
    open_items,
)
from journal.coming_talk.library import OWN
from journal.errors import Damaged, InvalidInput, NotFound, StaleRevision
from journal.i18n import N_, get_known_language
from journal.scheduling.plan import PlanAccess, load_plan
from journal.sealing import seal_document
from journal.sessions.rows import Session
from journal.store.database import flush_deleted, transaction
from journal.user_input import clean_line

WORDS_LENGTH = 280
WHY_LENGTH = 160

CHOOSE = N_("Choose what to set.")
NO_WORDS = N_("Write your question or your text, or choose something that ships.")
LONG_WORDS = N_("Please keep this to 280 characters.")
LONG_WHY = N_("Please keep this to 160 characters.")
NO_WHY = N_("Write in a line why you set it.")
NO_TALK = N_("Choose a talk that is still to come. Nothing was set.")
NO_SIXTH = N_(
    "Five things are set for this talk already. Withdraw one, or let one go, before you set another. Nothing was set."
)
NO_ROOM = N_("There is no room for more with this patient.")
ANSWERED = N_("Your patient said something to it meanwhile, so it was not withdrawn. You can let it go.")


def parse_thing(kind: str, name: str, words: str, why: str, language: str = "") -> Thing:
    """
    Return what was typed as one thing.

    Raises:
        InvalidInput: With a sentence for each field that needs another look.
    """
    thing = Thing(
        kind, name, clean_line(words) if name == OWN else "", clean_line(why), get_known_language(language)
    )
    problems = {}
    if len(thing.words) > WORDS_LENGTH:
        problems["words"] = LONG_WORDS
    elif name == OWN and not thing.words:
        problems["words"] = NO_WORDS
    elif not library.is_known(thing):
        problems["thing"] = CHOOSE
    if len(thing.why) > WHY_LENGTH:
        problems["why"] = LONG_WHY
    elif not thing.why:
        problems["why"] = NO_WHY
    if problems:
        raise InvalidInput(problems)
    return thing


async def set_things(
    actor: Actor,
    patient: UUID,
    talk: UUID,
    things: Sequence[Thing],
    *,
    first: UUID | None = None,
) -> tuple[UUID, ...]:
    """
    Set things for a talk of a patient in the actor's care, all or none; return their ids.

    Args:
        things: As `parse_thing` returns them.
        first: The id of the first, random: sent twice, it is set once.

    Raises:
        InvalidInput: Without room for all of them, or for a talk that is not ahead.
        NotFound: Without a care link with that patient.
        SharingPaused, TrustBroken: While the care link's key cannot be opened.
        StaleRevision: If care was paused or ended meanwhile.
    """
    link = await links.load_link_with(actor, patient)
    key = await open_shared_key(actor, link)
    ids = tuple(first if first and not place else uuid4() for place in range(len(things)))
    async with transaction():
        await lock_account(patient)
        await require_active(link)
        await require_keys(actor)
        if ids and await tables.TalkItem.filter(id=ids[0], link_id=link.id).exists():
            return ids  # the page was sent twice
        await _require_ahead(actor, link, talk)
        await insert_things(actor, link, key, talk, dict(zip(ids, things, strict=True)))
    return ids


async def insert_things(actor: Actor, link: Link, key: Sealer, talk: UUID, things: dict[UUID, Thing]) -> None:
    """Insert things in the transaction that is open, which locked the link and read the talk; as `set_things`."""
    if count_places(await load_items(actor, link, talk)) + len(things) > MAX_FOR_TALK:
        raise InvalidInput({"thing": NO_SIXTH})
    if await tables.TalkItem.filter(link_id=link.id).count() + len(things) > MAX_ITEMS:
        raise InvalidInput({"thing": NO_ROOM})
    if await tables.TalkItem.filter(id__in=list(things)).exists():
        raise NotFound
    for place, (ident, thing) in enumerate(things.items()):
        details = ItemDetails(
            thing,
            talk.hex,
            uuid4().hex,
            actor.name,
            actor.profession,
            actor.now.isoformat(timespec="seconds"),
            place,
        )
        signature = sign_note(actor, link, ident, SIGNED_VERSION, PURPOSE, details)
        sealed = seal_document(
            key, msgspec.structs.replace(details, signature=signature), item_context(link.id, ident)
        )
        await tables.TalkItem.create(
            id=ident, link_id=link.id, session_id=talk, sealed=sealed, created_at=actor.now
        )
        await audit_log.record_event(actor, Act.TALK_SET, patient=link.patient, about=ident)


async def withdraw_item(actor: Actor, patient: UUID, wanted: UUID) -> None:
    """
    Withdraw something that was set, so that it is gone; only while nothing was said to it or shared in answer.

    Whether an answer was begun is not asked: nobody learns that here.

    Raises:
        NotFound: If there is no such thing.
        StaleRevision: If the patient said or shared something to it.
    """
    link = await links.load_link_with(actor, patient)
    async with transaction():
        await lock_account(patient)
        await require_active(link)
        await require_keys(actor)
        one = await find_item(actor, link, wanted)
        await require_untouched(link, one)
        await tables.TalkItem.filter(id=wanted, link_id=link.id).delete()
        await audit_log.record_event(actor, Act.TALK_WITHDRAWN, patient=patient, about=wanted)
    await flush_deleted()


async def find_item(actor: Actor, link: Link, wanted: UUID) -> Item:
    """Return one thing that was set over a care link; raises `NotFound`."""
    rows = tables.TalkItem.filter(id=wanted, link_id=link.id)
    found = await open_items(actor, link, rows)
    if found.damaged:
        raise Damaged
    if not found:
        raise NotFound
    return found[0]


async def require_untouched(link: Link, one: Item) -> None:
    """Raise `StaleRevision` if something was said to a thing, shared in answer to it, or it was marked."""
    answered = tables.Share.filter(link_id=link.id, entry_id=one.answer)
    if one.word or one.mark or await answered.exists():
        raise StaleRevision(ANSWERED)


async def load_talks_ahead(actor: Actor, link: Link) -> tuple[Session, ...]:
    """Return the talks of the patient of a care link that things can be set for, the next one first."""
    plan = await load_plan(actor, PlanAccess(link.patient, link))
    return list_talks_ahead(plan, actor.now)


async def _require_ahead(actor: Actor, link: Link, talk: UUID) -> None:
    if talk not in {one.id for one in await load_talks_ahead(actor, link)}:
        raise InvalidInput({"session": NO_TALK})
