"""
What was set for a patient's coming talks, as the patient sees it, and what they say to it.

Whether they wrote an answer is theirs alone: the clinician learns of it when it is shared, and of a word that is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from journal.accounts.current_keys import lock_account, require_keys
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.care import links as care_links
from journal.care import tables
from journal.care.link_keys import get_peer_identity, open_shared_key
from journal.care.links import Link, require_active
from journal.coming_talk.documents import Mark, Word, WordDetails, word_context
from journal.coming_talk.items import MAX_SHOWN, Item, ItemRow, list_talks_ahead, open_item_rows
from journal.entries import entries
from journal.errors import Damaged, InvalidInput, NotFound, StaleRevision, TrustBroken
from journal.i18n import N_
from journal.roles import Role
from journal.sealing import seal_document
from journal.sessions.holds import get_hold, refuse_while_held
from journal.sessions.rows import Session, load_my_sessions
from journal.sessions.session import SessionKind
from journal.store.database import flush_deleted, transaction
from journal.store.rows import DamagedRow, IdRow, Row, fetch_rows, filter_undamaged, get_column
from journal.vault import tables as vault_tables

PAUSED = N_(
    "Sharing with this person is paused. You can answer for yourself; what you say or share waits until you resume it."
)
SUSPENDED = N_(
    "This person cannot sign in at present. You can answer for yourself; what you say or share has nobody to read it."
)
KEYS_CHANGED = N_(
    "The keys of this person are not the ones you agreed on, so nothing they set is shown. Speak to each other first."
)
DONE_WITH = N_("This was marked as done meanwhile, so nothing was changed. Look at the list again.")


class SharedRow(Row, frozen=True):
    """A copy, by its care link and entry."""

    id: UUID
    link_id: UUID
    entry_id: UUID


@dataclass(frozen=True, slots=True)
class OwnItem:
    """
    One thing as its patient sees it.

    `is_written`: they began an answer, which they alone know. `is_taken`: it was begun and deleted. `is_shared`: who
    set it can read the answer.
    """

    item: Item
    is_written: bool = False
    is_taken: bool = False
    is_shared: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """Which entries are there, which of them are deleted ones, and which copies their patient shared."""

    written: frozenset[UUID]
    taken: frozenset[UUID]
    shared: frozenset[tuple[UUID, UUID]]

    def describe(self, item: Item) -> OwnItem:
        """Return a thing with what its patient knows of its answer."""
        return OwnItem(
            item,
            item.answer in self.written,
            item.answer in self.taken,
            (item.link, item.answer) in self.shared,
        )


@dataclass(frozen=True, slots=True)
class ForTalk:
    """What one clinician set for one talk. `closed` is why nothing can be said, `damaged` how much does not open."""

    link: Link
    talk: Session
    items: tuple[OwnItem, ...]
    closed: str = ""
    damaged: int = 0


async def list_for_talk(
    actor: Actor,
    *,
    plan: Sequence[Session] | None = None,
    team: Iterable[Link] | None = None,
    is_earlier: bool = False,
    with_answers: bool = True,
) -> tuple[ForTalk, ...]:
    """
    Return what was set for the patient's talks still to come, the next talk first; nothing from a dosing session's
    start until they have rested.

    Args:
        plan: The patient's own sessions, where they are loaded already.
        team: Their care links, where they are loaded already.
        is_earlier: Ask for talks that are over or were cancelled instead, the latest first.
        with_answers: Whether to look for answers; without, one statement is enough where nothing was set.
    """
    actor.require_role(Role.PATIENT)
    plan = await load_my_sessions(actor) if plan is None else plan
    if get_hold(actor, plan) is not None:
        return ()
    talks = _list_talks(plan, actor, is_earlier=is_earlier)
    mine = await care_links.load_my_links(actor) if team is None else team
    links = [one for one in mine if one.ended_at is None]
    found = await _open_all(actor, links, talks) if talks and links else []
    if not with_answers:
        return tuple(found)
    answered = await _load_answers(actor, (one.item for each in found for one in each.items))
    return tuple(
        replace(each, items=tuple(answered.describe(one.item) for one in each.items)) for each in found
    )


async def load_own_item(
    actor: Actor, wanted: UUID, plan: Sequence[Session] | None = None
) -> tuple[Link, OwnItem]:
    """
    Return one thing that was set for the patient; raises `NotFound`, also for as long as nothing of it is shown.

    Args:
        plan: The patient's own sessions, where they are loaded already.
    """
    actor.require_role(Role.PATIENT)
    if get_hold(actor, await load_my_sessions(actor) if plan is None else plan) is not None:
        raise NotFound
    link, item = await _find_item(actor, wanted)
    return link, (await _load_answers(actor, [item])).describe(item)


async def say_word(actor: Actor, wanted: UUID, word: Word | None) -> None:
    """
    Store “not now” or “not for me” to something that was set, or remove it again. Who set it sees word and time.

    Raises:
        HeldUntilRested: Too soon after a dosing session.
        InvalidInput: While the clinician cannot be told.
        NotFound: If nobody set it for the patient.
        StaleRevision: If its clinician marked it meanwhile, or sharing was paused or ended.
    """
    actor.require_role(Role.PATIENT)
    await refuse_while_held(actor)
    link, _ = await _find_item(actor, wanted)
    if reason := explain_closed(link):
        raise InvalidInput({"word": reason})
    await get_peer_identity(actor, link)
    key = await open_shared_key(actor, link)
    async with transaction():
        await lock_account(actor.id)
        await refuse_while_held(actor)
        await require_active(link)
        await require_keys(actor)
        _, item = await _find_item(actor, wanted)
        if item.mark is not None:
            raise StaleRevision(DONE_WITH)
        if item.word is word:
            return  # the page was sent twice
        sealed = None
        if word:
            details = WordDetails(word.value, actor.now.isoformat(timespec="seconds"))
            sealed = seal_document(key, details, word_context(link.id, wanted))
        await tables.TalkItem.filter(id=wanted, link_id=link.id).update(said=sealed)
        await audit_log.record_event(
            actor, Act.TALK_SAID, patient=actor.id, about=wanted, recipient=link.clinician
        )
    await flush_deleted()


def explain_closed(link: Link) -> str:
    """Return why a clinician cannot be told anything at present, to be translated; nothing where they can."""
    if not link.trusted:
        return KEYS_CHANGED
    if link.peer_suspended:
        return SUSPENDED
    return PAUSED if link.paused_at else ""


def _list_talks(plan: Sequence[Session], actor: Actor, *, is_earlier: bool) -> list[Session]:
    ahead = list(list_talks_ahead(plan, actor.now))
    if not is_earlier:
        return ahead
    coming = {one.id for one in ahead}
    past = [one for one in plan if one.id not in coming and one.kind is not SessionKind.DOSING]
    return sorted(past, key=lambda one: one.begins_at, reverse=True)


async def _open_all(actor: Actor, links: Sequence[Link], talks: Sequence[Session]) -> list[ForTalk]:
    ids = [one.id for one in talks]
    asked = tables.TalkItem.filter(link_id__in=[one.id for one in links], session_id__in=ids)
    of_each: dict[UUID, list[ItemRow | DamagedRow]] = {}
    for row in await fetch_rows(ItemRow, asked):
        of_each.setdefault(get_column(row, "link_id"), []).append(row)  # readable, since the query matched it
    found = []
    for link in links:
        if rows := of_each.get(link.id):
            there = {get_column(row, "session_id") for row in rows}
            own = [one for one in talks if one.id in there] or list(talks[:1])
            found += await _open_link(actor, link, own, rows)
    order = {one.id: place for place, one in enumerate(talks)}
    found.sort(key=lambda one: order[one.talk.id])
    return _limit(found)


async def _open_link(
    actor: Actor, link: Link, talks: Sequence[Session], rows: Sequence[ItemRow | DamagedRow]
) -> list[ForTalk]:
    try:
        if not link.trusted:
            raise TrustBroken
        opened = await open_item_rows(actor, link, rows)
    except (TrustBroken, Damaged):
        return [ForTalk(link, talks[0], (), KEYS_CHANGED)]
    found, lost = [], len(opened.damaged)
    for talk in talks:
        items = tuple(
            OwnItem(one) for one in opened if one.session == talk.id and one.mark is not Mark.LET_GO
        )
        if items or lost:
            found.append(ForTalk(link, talk, items, explain_closed(link), lost))
            lost = 0
    return found


def _limit(found: Sequence[ForTalk]) -> list[ForTalk]:
    kept, shown = [], 0
    for one in found:
        if shown < MAX_SHOWN:
            kept.append(one)
        shown += max(len(one.items), 1)
    return kept


async def _load_answers(actor: Actor, items: Iterable[Item]) -> Answered:
    wanted = [one.answer for one in items]
    if not wanted:
        return Answered(frozenset(), frozenset(), frozenset())
    rows = vault_tables.Entry.filter(owner_id=actor.id, id__in=wanted)
    there = {row.id for row in filter_undamaged(await fetch_rows(IdRow, rows))}
    live = set(await entries.load_entries_by_id(actor, there)) if there else set()
    copies = tables.Share.filter(link__patient_id=actor.id, entry_id__in=there, ended_at=None)
    shared = await fetch_rows(SharedRow, copies) if there else []
    return Answered(
        frozenset(live),
        frozenset(there - live),
        frozenset((row.link_id, row.entry_id) for row in filter_undamaged(shared)),
    )


async def _find_item(actor: Actor, wanted: UUID) -> tuple[Link, Item]:
    """Return something that was set for the patient, whose care has not ended; raises `NotFound`."""
    links = {one.id: one for one in await care_links.load_my_links(actor) if one.ended_at is None}
    query = tables.TalkItem.filter(id=wanted, link_id__in=list(links))
    rows = await fetch_rows(ItemRow, query)
    if not rows:
        raise NotFound
    link = links[get_column(rows[0], "link_id")]
    opened = await open_item_rows(actor, link, rows)
    if not opened:
        raise Damaged
    return link, opened[0]
