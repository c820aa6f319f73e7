"""After a talk: a clinician marks each thing as talked about, again or let go, and a shared piece as talked about."""

from __future__ import annotations

from uuid import UUID, uuid4

from journal.accounts.current_keys import lock_account, require_keys
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.care import links, tables
from journal.care.link_keys import open_shared_key
from journal.care.links import Link, require_active
from journal.coming_talk.documents import Mark, MarkDetails, mark_context
from journal.coming_talk.items import MAX_FOR_TALK, Item, count_places, load_items
from journal.coming_talk.setting import find_item, insert_things, load_talks_ahead, require_untouched
from journal.errors import InvalidInput, NotFound, StaleRevision
from journal.i18n import N_
from journal.sealing import seal_document
from journal.sharing.talked import seal_talked
from journal.store.database import flush_deleted, transaction
from journal.store.rows import NonNegative, Row, fetch_row

NO_NEXT_TALK = N_("No later talk is planned. Plan one first; nothing was changed.")
MARKED_MEANWHILE = N_("This was marked on another page meanwhile. Look at it again; nothing was changed.")
NO_PLACE = N_(
    "Five other things are set for this talk by now. Withdraw one, or let one go, before you undo this. "
    "Nothing was changed."
)
UPDATED_MEANWHILE = N_(
    "This was updated meanwhile, so it was not marked. Look at it again; nothing was changed."
)
TAKEN_UP = N_("It was taken up or marked for the next talk already, so it stays there. Nothing was changed.")


class RevisedRow(Row, frozen=True):
    """A copy that is marked."""

    revision: NonNegative


async def mark_item(actor: Actor, patient: UUID, wanted: UUID, mark: Mark | None) -> None:
    """
    Mark something that was set, or take its mark away. “Again” sets it once more, for the next talk.

    Raises:
        InvalidInput: If it is to come again and there is no later talk, or no room there; or if it was let go, and
            other things took its place.
        NotFound: If there is no such thing.
        SharingPaused, TrustBroken: While the care link's key cannot be opened.
        StaleRevision: If it has another mark by now, or cannot be taken back any more.
    """
    link = await links.load_link_with(actor, patient)
    key = await open_shared_key(actor, link)
    async with transaction():
        await lock_account(patient)
        await require_active(link)
        await require_keys(actor)
        one = await find_item(actor, link, wanted)
        if one.mark is mark:
            return  # the page was sent twice
        if one.mark and mark:
            raise StaleRevision(MARKED_MEANWHILE)
        following = ""
        if mark is Mark.AGAIN:
            ident, talk = uuid4(), await _find_next_talk(actor, link, one)
            await insert_things(actor, link, key, talk, {ident: one.thing})
            following = ident.hex
        elif one.next:
            await _take_back(actor, link, one.next)
        elif mark is None and one.mark is Mark.LET_GO:
            await _require_place(actor, link, one)
        sealed = None
        if mark:
            details = MarkDetails(mark.value, actor.now.isoformat(timespec="seconds"), following)
            sealed = seal_document(key, details, mark_context(link.id, wanted))
        await tables.TalkItem.filter(id=wanted, link_id=link.id).update(mark=sealed)
        await audit_log.record_event(actor, Act.TALK_MARKED, patient=patient, about=wanted)
    await flush_deleted()


async def mark_share(actor: Actor, patient: UUID, wanted: UUID, *, revision: int, is_talked: bool) -> None:
    """
    Mark a shared copy as talked about, or take that away. Both see it, with its day; a newer copy begins without.

    Args:
        revision: Which one the page showed.

    Raises:
        NotFound: If there is no such copy.
        SharingPaused, TrustBroken: While the care link's key cannot be opened.
        StaleRevision: If the copy was updated since.
    """
    link = await links.load_link_with(actor, patient)
    key = await open_shared_key(actor, link)
    async with transaction():
        await lock_account(patient)
        await require_active(link)
        await require_keys(actor)
        mine = tables.Share.filter(id=wanted, link_id=link.id, ended_at=None)
        there = await fetch_row(RevisedRow, mine)
        if there is None:
            raise NotFound
        if there.revision != revision:
            raise StaleRevision(UPDATED_MEANWHILE)
        sealed = seal_talked(key, link.id, wanted, there.revision, actor.now) if is_talked else None
        await mine.update(talked=sealed)
        await audit_log.record_event(actor, Act.TALKED_ABOUT, patient=patient, about=wanted)


async def _find_next_talk(actor: Actor, link: Link, one: Item) -> UUID:
    """Return the first talk that is still to come, after the one that the thing was set for."""
    ahead = await load_talks_ahead(actor, link)
    own = next((talk.starts_at for talk in ahead if talk.id == one.session), actor.now)
    for talk in ahead:
        if talk.id != one.session and talk.starts_at > max(own, actor.now):
            return talk.id
    raise InvalidInput({"mark": NO_NEXT_TALK})


async def _require_place(actor: Actor, link: Link, one: Item) -> None:
    """Raise `InvalidInput` where as many things are set for its talk as fit."""
    if count_places(await load_items(actor, link, one.session)) >= MAX_FOR_TALK:
        raise InvalidInput({"mark": NO_PLACE})


async def _take_back(actor: Actor, link: Link, following: UUID) -> None:
    """Delete what was set by “again”, unless it is gone already; raises `StaleRevision` once it was taken up."""
    try:
        await require_untouched(link, await find_item(actor, link, following))
    except NotFound:
        return
    except StaleRevision:
        raise StaleRevision(TAKEN_UP) from None
    await tables.TalkItem.filter(id=following, link_id=link.id).delete()
