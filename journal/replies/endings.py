"""
What a patient keeps when copies end: replies that they have not opened yet go into their journal first.

A patient's own request opens them, in the transaction that deletes the copies. What does not open is not kept, and
stops no revocation.
"""

from __future__ import annotations

from functools import partial
from uuid import UUID

from journal.actor import Actor
from journal.care import lifecycle, tables
from journal.care import links as care_links
from journal.care.link_keys import open_shared_key
from journal.care.links import Link
from journal.entries import entries, removal
from journal.errors import JournalError
from journal.replies.keeping import build_place, keep_replies
from journal.replies.rows import SENT, AboutRow, SentReply, load_about, open_reply
from journal.roles import Role
from journal.store.rows import OpenedRows, open_rows


async def keep_unopened(
    actor: Actor, *, share: UUID | None = None, entry: UUID | None = None, link: UUID | None = None
) -> None:
    """
    Keep what a clinician replied about a copy, an entry or over a care link and its patient has not opened.

    In a transaction that began with `record_state.lock_state`, before the copies are deleted.
    """
    wanted = {"share_id": share, "share__entry_id": entry, "link_id": link}
    unread = tables.Reply.filter(
        author=Role.CLINICIAN.value,
        revision=SENT,
        read_at=None,
        link__patient_id=actor.id,
        **{name: value for name, value in wanted.items() if value is not None},
    )
    rows = await load_about(unread)
    if not rows:
        return
    there = {one.id: one for one in await care_links.load_my_links(actor)}
    written = await entries.load_entries_by_id(actor, {row.entry_id for row in rows})
    for ident, one in written.items():
        for theirs in there.values():
            mine = [row for row in rows if (row.link_id, row.entry_id) == (theirs.id, ident)]
            if found := await _open_all(actor, theirs, ident, mine):
                await keep_replies(actor, build_place(one, theirs), [each.build_kept() for each in found])


async def _open_all(actor: Actor, link: Link, entry: UUID, rows: list[AboutRow]) -> OpenedRows[SentReply]:
    if not rows:
        return OpenedRows()
    try:
        key = await open_shared_key(actor, link)
    except JournalError:
        return OpenedRows()
    return open_rows(rows, lambda row: open_reply(actor, link, key, entry, row))


async def end_care(actor: Actor, wanted: UUID) -> None:
    """End care as its patient, as `lifecycle.end_care` does; what they had not opened is kept for them."""
    await lifecycle.end_care(actor, wanted, before=partial(keep_unopened, actor, link=wanted))


async def delete_entry(actor: Actor, wanted: UUID) -> None:
    """Delete an entry, as `removal.delete_entry` does; what was replied about it and is not opened is kept."""
    await removal.delete_entry(actor, wanted, before=partial(keep_unopened, actor, entry=wanted))
