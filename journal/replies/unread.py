"""What is new of replies, before anybody opens them: one calm line for a patient, counts for a clinician."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from journal.actor import Actor
from journal.care import tables
from journal.care.link_keys import open_shared_key
from journal.care.links import Link
from journal.entries import entries
from journal.entries.naming import EntryName, EntryNamer
from journal.errors import Damaged, TrustBroken
from journal.replies.rows import SENT, AboutRow, load_about, open_reply
from journal.roles import Role
from journal.sessions import holds
from journal.sessions.rows import Session
from journal.store.database import fetch_raw
from journal.store.rows import IdRow, NonNegative, Row, Timestamp, fetch_rows, filter_undamaged, parse_rows

SELECT_OWN = """
    SELECT 3, patient, MIN(ask_from) FROM own_note AS note WHERE owner_id = $1 AND NOT EXISTS (
        SELECT 1 FROM care_link
        WHERE clinician_id = note.owner_id AND patient_id = note.patient AND ended_at IS NULL) GROUP BY patient
    UNION ALL SELECT 2, id, NULL FROM reply_draft WHERE owner_id = $2
"""
AND_SELECT_NEW = """
    UNION ALL SELECT 0, link_id, NULL FROM share WHERE opened_at IS NULL AND ended_at IS NULL AND link_id IN (%s)
    UNION ALL SELECT 1, link_id, NULL FROM reply
        WHERE author = 'patient' AND revision = 1 AND read_at IS NULL AND link_id IN (%s)
"""


class NewRow(Row, frozen=True):
    """A row of both: the care link of a copy or of a reply, a draft, or whom own notes are about after care."""

    what: NonNegative
    id: UUID
    ask_from: Timestamp | None


@dataclass(frozen=True, slots=True)
class New:
    """
    How many copies, and how many replies, a clinician has not opened, by care link; whether they have drafts.

    `left` has, for each person about whom they have own notes after care, from when on they are asked about these.
    """

    copies: Counter[UUID]
    replies: Counter[UUID]
    has_drafts: bool
    left: tuple[datetime | None, ...] = ()


@dataclass(frozen=True, slots=True)
class UnreadReply:
    """A clinician's reply that its patient has not opened: who wrote it, and about which entry."""

    link: Link
    entry: UUID
    name: EntryName


async def list_unread(actor: Actor, team: Iterable[Link], plan: Sequence[Session]) -> tuple[UnreadReply, ...]:
    """
    Return what clinicians replied and their patient has not opened, the latest first, one for each entry.

    Nothing is announced from the start of a dosing session until its patient has rested. Only what opens and is
    signed is. Where there is nothing, nothing is read.

    Args:
        team: The patient's care links, as they were loaded.
        plan: Their plan.
    """
    there = {one.id: one for one in team if one.ended_at is None and one.trusted and one.row.unread_reply}
    if not there or holds.get_hold(actor, plan) is not None:
        return ()
    unread = tables.Reply.filter(
        link_id__in=list(there), author=Role.CLINICIAN.value, revision=SENT, read_at=None
    ).order_by("-created_at")
    about: dict[tuple[UUID, UUID], Link] = {}
    for row in await load_about(unread):
        link, entry = there[row.link_id], row.entry_id
        if (link.id, entry) not in about and await _opens(actor, link, entry, row):
            about[link.id, entry] = link
    written = await entries.load_entries_by_id(actor, {entry for _, entry in about})
    namer = EntryNamer(plan)
    return tuple(
        UnreadReply(link, entry, namer.name_entry(written[entry]))
        for (_, entry), link in about.items()
        if entry in written
    )


async def _opens(actor: Actor, link: Link, entry: UUID, row: AboutRow) -> bool:
    try:
        open_reply(actor, link, await open_shared_key(actor, link), entry, row)
    except (Damaged, TrustBroken):
        return False
    return True


async def has_replies(link: Link, share: UUID) -> bool:
    """Return whether anything was replied to a copy and not withdrawn."""
    return await tables.Reply.filter(link_id=link.id, share_id=share, revision=SENT).exists()


async def count_unopened_by(patient: UUID, link: Link) -> int:
    """Return how many replies of a clinician their patient has not opened: they go when the clinician ends care."""
    rows = tables.Reply.filter(
        link_id=link.id, author=Role.CLINICIAN.value, revision=SENT, read_at=None, link__patient_id=patient
    )
    return len(filter_undamaged(await fetch_rows(IdRow, rows)))


async def load_new(actor: Actor, links: Sequence[Link]) -> New:
    """Return what a clinician has not opened over their care links, and what is left of their own, in one statement."""
    sql, ids = SELECT_OWN, [link.id for link in links]
    if ids:
        places = [f"${place}" for place in range(3, 2 * len(ids) + 3)]
        sql += AND_SELECT_NEW % (", ".join(places[: len(ids)]), ", ".join(places[len(ids) :]))
    found = filter_undamaged(parse_rows(NewRow, await fetch_raw(sql, actor.id, actor.id, *ids, *ids)))
    copies, replies = (Counter(row.id for row in found if row.what == what) for what in (0, 1))
    left = tuple(row.ask_from for row in found if row.what == 3)
    return New(copies, replies, any(row.what == 2 for row in found), left)
