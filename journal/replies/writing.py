"""Send a reply, or withdraw one that nobody has read. Whatever is refused, what was typed stays as the draft."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import msgspec

from crypto import Sealer
from journal.accounts.current_keys import lock_account, require_keys
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.care import links as care_links
from journal.care import tables
from journal.care.link_keys import SharingPaused, get_peer_identity, open_shared_key
from journal.care.links import Link, require_active, require_cared_for
from journal.errors import InvalidInput, JournalError, NotFound, StaleRevision, TrustBroken
from journal.held_acts import Asked, HeldAct
from journal.i18n import N_, get_known_language
from journal.replies import conversation, drafts
from journal.replies.documents import MAX_LENGTH, MAX_REPLIES, ReplyDocument
from journal.replies.drafts import Typed
from journal.replies.keeping import keep_replies, load_record
from journal.replies.rows import SENT, WITHDRAWN, Copy, CopyName, SentReply, load_copy, load_rows, seal_reply
from journal.roles import Role
from journal.sessions.holds import refuse_while_held
from journal.store.database import flush_deleted, transaction
from journal.user_input import clean_text
from journal.vault import record_state

EMPTY = N_("Write something to send.")
TOO_LONG = N_(
    "A reply holds 4,000 letters. Shorten it, or send it in two. What you typed is kept as your draft."
)
REVOKED = N_("This is not shared any more. Nothing was sent; what you typed is kept as your draft.")
FULL = N_("There are as many replies here as fit. What you typed is kept as your draft.")
SUSPENDED = N_(
    "This account cannot be used at present. Nothing was sent; what you typed is kept as your draft."
)


class AlreadyRead(JournalError):
    """A reply was read, so it stays; `read_at` says when."""

    message = N_("It was read already, so it stays.")

    def __init__(self, read_at: datetime) -> None:
        super().__init__()
        self.read_at = read_at


async def send_mine(actor: Actor, entry: UUID, link: UUID, typed: Typed, ident: UUID) -> None:
    """
    Send a patient's reply about an entry that is shared. Sent twice, it is one.

    Args:
        ident: The id that the page drew for it.

    Raises:
        InvalidInput: If it is empty or too long, or cannot be sent.
        HeldUntilRested: From the start of a dosing session until its patient has rested.
        SharingPaused, TrustBroken, StaleRevision: While nothing can be shared with that person.
    """
    mine, text = await conversation.find_mine(actor, entry, link), clean_text(typed.text).strip()
    if await _is_sent(ident, link, Role.PATIENT):
        return
    await _save_typed(actor, mine, typed, text)
    asked = Asked(HeldAct.REPLY, entry, link)
    async with transaction():
        await record_state.lock_state(actor)
        await refuse_while_held(actor, asked, is_noted=False)
        theirs = await _load_open_link(actor, mine)
        await require_active(theirs)
        key = await open_shared_key(actor, theirs)
        copy = await _load_copy(actor, theirs, key, entry)
        sent = await _create(actor, theirs, key, copy, text, ident)
        await keep_replies(actor, mine.place, [sent.build_kept()], draft="")
    actor.passed_acts.append(asked)


async def send_of_copy(actor: Actor, patient: UUID, share: UUID, typed: Typed, ident: UUID) -> None:
    """Send a clinician's reply about a copy; raises as `send_mine` does, and is never held."""
    link, text = await care_links.load_link_with(actor, patient), clean_text(typed.text).strip()
    if await _is_sent(ident, link.id, Role.CLINICIAN):
        return
    await save_typed_of_copy(actor, patient, share, typed)
    if problem := find_problem(text):
        raise InvalidInput({"reply": problem})
    async with transaction():
        await lock_account(patient)
        await require_keys(actor)
        fresh = await care_links.load_my_link(actor, link.id)
        if fresh.peer_suspended:
            raise InvalidInput({"reply": SUSPENDED})
        await require_active(fresh)
        try:
            key, copy = await conversation.open_copy(actor, fresh, share)
        except NotFound:
            raise StaleRevision(REVOKED) from None
        await _create(actor, fresh, key, copy, text, ident)
        await drafts.remove_of_copy(actor, share)
    await flush_deleted()


async def save_mine(actor: Actor, entry: UUID, link: UUID, typed: Typed) -> str:
    """Store a patient's draft, whether or not it could be sent now; return it as it is stored."""
    mine = await conversation.find_mine(actor, entry, link)
    return await drafts.save_mine(actor, mine.place, _clean(typed))


async def save_typed_of_copy(actor: Actor, patient: UUID, share: UUID, typed: Typed) -> str:
    """
    Store a clinician's draft about a copy that is shared with them, or of which they have a draft.

    Raises:
        NotFound: For any other, without a trace.
    """
    there, to, about = await drafts.load_of_copy(actor, share), "", None
    try:
        link = await care_links.load_link_with(actor, patient)
        to = link.peer_name
        about = (await conversation.open_copy(actor, link, share))[1].document
    except NotFound:
        if there is None:
            raise
    except (SharingPaused, TrustBroken):
        if there is None and not to:
            raise
    return await drafts.save_of_copy(actor, patient, share, _clean(typed), to=to, about=about)


def find_problem(text: str) -> str:
    """Return why a text is no reply, or nothing."""
    return EMPTY if not text else TOO_LONG if len(text) > MAX_LENGTH else ""


async def withdraw_mine(actor: Actor, entry: UUID, link: UUID, reply: UUID) -> None:
    """
    Withdraw a patient's reply that its clinician has not read: nothing holds it. Its words become the draft.

    Raises:
        AlreadyRead: If it was read.
        NotFound: If it is none of theirs, or not there.
    """
    mine = await conversation.find_mine(actor, entry, link)
    if mine.link is None or mine.link.ended_at is not None:
        raise NotFound
    async with transaction():
        await record_state.lock_state(actor)
        await require_cared_for(mine.link)
        key = await open_shared_key(actor, mine.link)
        copy, _ = await conversation.load_about(actor, mine.link, key, entry)
        one = await _withdraw(actor, mine.link, key, copy, reply)
        there = (await load_record(actor, entry, link)).draft
        draft, language = _join(one.document.text, there), one.document.language
        await keep_replies(actor, mine.place, (), gone=reply, draft=draft, language=language)
    await flush_deleted()


async def withdraw_of_copy(actor: Actor, patient: UUID, share: UUID, reply: UUID) -> None:
    """Withdraw a clinician's reply that its patient has not read; raises as `withdraw_mine` does."""
    link = await care_links.load_link_with(actor, patient)
    async with transaction():
        await lock_account(patient)
        await require_keys(actor)
        await require_cared_for(link)
        key, copy = await conversation.open_copy(actor, link, share)
        one = await _withdraw(actor, link, key, copy, reply)
        there = await drafts.load_of_copy(actor, share)
        text = _join(one.document.text, there.text if there else "")
        seen = drafts.get_digest(there.text) if there else ""
        await drafts.save_of_copy(
            actor,
            patient,
            share,
            Typed(text, seen=seen),
            to=link.peer_name,
            about=copy.document,
            language=one.document.language,
        )
    await flush_deleted()


async def _withdraw(actor: Actor, link: Link, key: Sealer, copy: CopyName, reply: UUID) -> SentReply:
    found = await load_rows(actor, link, key, copy)
    one = next((each for each in found if each.id == reply and each.author is actor.role), None)
    if one is None or one.document.withdrawn:
        raise NotFound
    emptied = msgspec.structs.replace(one.document, text="", withdrawn=True, signature=b"")
    sealed = seal_reply(actor, link, key, reply, emptied)
    row = tables.Reply.filter(id=reply, revision=SENT, read_at=None)
    if not await row.update(revision=WITHDRAWN, sealed=sealed):
        raise AlreadyRead(one.read_at or actor.now)
    await audit_log.record_event(actor, Act.REPLY_WITHDRAWN, patient=link.patient, about=reply)
    return one


async def _create(actor: Actor, link: Link, key: Sealer, copy: Copy, text: str, ident: UUID) -> SentReply:
    found = await load_rows(actor, link, key, copy)
    if len(found) + len(found.damaged) >= MAX_REPLIES:
        raise InvalidInput({"reply": FULL})
    if await tables.Reply.filter(id=ident).exists():
        raise NotFound
    number = 1 + max((one.document.number for one in found if one.author is actor.role), default=0)
    at = actor.now.astimezone(UTC).isoformat(timespec="seconds")
    document = ReplyDocument(
        copy.id.hex,
        copy.entry.hex,
        actor.role.value,
        actor.name,
        number,
        text,
        at,
        language=get_known_language(actor.language),
    )
    await tables.Reply.create(
        id=ident,
        link_id=link.id,
        share_id=copy.id,
        author=actor.role.value,
        revision=SENT,
        sealed=seal_reply(actor, link, key, ident, document),
        created_at=actor.now,
    )
    to = link.clinician if actor.role is Role.PATIENT else link.patient
    await audit_log.record_event(actor, Act.REPLY_SENT, patient=link.patient, about=ident, recipient=to)
    return SentReply(ident, copy.id, actor.role, document, None)


async def _save_typed(actor: Actor, mine: conversation.Mine, typed: Typed, text: str) -> None:
    if text:
        await drafts.save_mine(actor, mine.place, _clean(typed))
    if problem := find_problem(text):
        raise InvalidInput({"reply": problem})


async def _load_open_link(actor: Actor, mine: conversation.Mine) -> Link:
    """Read a patient's care link again; raises where nothing can be sent over it."""
    theirs = await care_links.load_my_link(actor, mine.place.link)
    await get_peer_identity(actor, theirs)
    if theirs.paused_at is not None:
        raise SharingPaused
    if theirs.peer_suspended:
        raise InvalidInput({"reply": SUSPENDED})
    return theirs


async def _load_copy(actor: Actor, link: Link, key: Sealer, entry: UUID) -> Copy:
    try:
        return await load_copy(link, key, actor.now, entry=entry)
    except NotFound:
        raise StaleRevision(REVOKED) from None


async def _is_sent(ident: UUID, link: UUID, author: Role) -> bool:
    return await tables.Reply.filter(id=ident, link_id=link, author=author.value).exists()


def _clean(typed: Typed) -> Typed:
    return Typed(clean_text(typed.text), typed.sitting, typed.seen)


def _join(text: str, there: str) -> str:
    return f"{text}\n\n{there}" if there else text
