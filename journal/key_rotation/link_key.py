"""
Seal everything of a care link under the key that its patient drew for it (`care.link_renewal`), in batches.

The key before stands beside the new one until the last row is sealed anew, and both people open with either. A row is
compared and swapped, so what is saved meanwhile stays.
"""

from __future__ import annotations

from uuid import UUID

from crypto import Context, CryptoError, Sealer, unwrap_key
from journal.actor import Actor
from journal.care import share_list
from journal.care import tables as care_tables
from journal.care.documents import link_key_context
from journal.care.link_renewal import former_key_context
from journal.errors import Damaged
from journal.key_rotation.link_columns import LINK_COLUMNS, SHARES, LinkColumn, RevisedRow
from journal.roles import Role
from journal.store.rows import (
    IdRow,
    NonNegative,
    Row,
    Timestamp,
    fetch_row,
    fetch_rows,
    filter_undamaged,
    get_column,
)

FINAL_BATCH_SIZE = 1000  # rows that are checked at a time


class LinkRenewalRow(Row, frozen=True):
    """A row of a link whose key is drawn anew."""

    id: UUID
    former: bytes
    place: str
    after: UUID | None
    done: NonNegative
    total: NonNegative
    began_at: Timestamp


class OwnKeyRow(Row, frozen=True):
    """A link's key as its patient has it."""

    patient_key: bytes | None
    key_number: NonNegative


async def load_under_way(actor: Actor) -> list[LinkRenewalRow]:
    """Return the links of a patient whose rows are being sealed under another key."""
    if actor.role is not Role.PATIENT:
        return []
    mine = care_tables.LinkRenewal.filter(patient_id=actor.id).order_by("began_at", "id")
    found = filter_undamaged(await fetch_rows(LinkRenewalRow, mine))
    lasting = care_tables.CareLink.filter(
        patient_id=actor.id, ended_at=None, id__in=[row.id for row in found]
    )
    there = {row.id for row in filter_undamaged(await fetch_rows(IdRow, lasting))} if found else set()
    return [row for row in found if row.id in there]


async def reseal_batch(actor: Actor, row: LinkRenewalRow, limit: int) -> None:
    """Seal the next rows of a link anew, in the transaction that is open and holds the account's state."""
    at = next((at for at, one in enumerate(LINK_COLUMNS) if one.name == row.place), 0)
    total = row.total or sum([await one.query_rows(row.id).count() for one in LINK_COLUMNS])
    after, done, left = row.after, row.done, limit
    while left and at < len(LINK_COLUMNS):  # most links have a few rows in each
        after, gone, _ = await _reseal_rows(actor, row, LINK_COLUMNS[at], after, left)
        at, after = (at, after) if gone == left else (at + 1, None)
        done, left = done + gone, left - gone
    place = LINK_COLUMNS[at].name if at < len(LINK_COLUMNS) else ""
    mine = care_tables.LinkRenewal.filter(id=row.id)
    await mine.update(place=place, after=after, done=done, total=max(total, done))


async def finish(actor: Actor, row: LinkRenewalRow) -> int:
    """
    Look through all rows of a link once more, and delete the key before; return how many rows neither key opens.

    In the transaction that is open and holds the account's state. It locks the link, which everybody does who writes.
    """
    await care_tables.CareLink.filter(id=row.id, ended_at=None).update(ended_at=None)
    unopened = 0
    for one in LINK_COLUMNS:
        after, gone = None, FINAL_BATCH_SIZE
        while gone == FINAL_BATCH_SIZE:
            after, gone, closed = await _reseal_rows(actor, row, one, after, FINAL_BATCH_SIZE)
            unopened += closed
    await care_tables.LinkRenewal.filter(id=row.id).delete()
    return unopened


async def _reseal_rows(
    actor: Actor, renewal: LinkRenewalRow, own: LinkColumn, after: UUID | None, limit: int
) -> tuple[UUID | None, int, int]:
    """Seal rows anew in the order of their ids; return the last id, how many, and how many of them no key opens."""
    link = renewal.id
    new, old = await _open_keys(actor, renewal)
    query = own.query_rows(link) if after is None else own.query_rows(link).filter(id__gt=after)
    rows = await own.load_rows(query.order_by("id").limit(limit))
    closed, copies = len(rows) - len(filter_undamaged(rows)), []
    for row in filter_undamaged(rows):
        place = own.context(link, row)
        if not row.value or _opens(new, row.value, place):
            continue  # an empty one is a copy that went
        try:
            sealed = new.seal(old.open(row.value, context=place), context=place)
        except CryptoError:
            closed += 1
            continue
        if await own.replace(row, sealed) and own is SHARES and isinstance(row, RevisedRow):
            copies.append((row.id, row.revision, row.value, sealed))
    if copies:
        await share_list.update_resealed(actor, link, copies)
    last = next((ident for row in reversed(rows) if (ident := get_column(row, "id"))), after)
    return last, len(rows) if last != after else 0, closed


def _opens(key: Sealer, sealed: bytes, place: Context) -> bool:
    try:
        key.open(sealed, context=place)
    except CryptoError:
        return False
    return True


async def _open_keys(actor: Actor, renewal: LinkRenewalRow) -> tuple[Sealer, Sealer]:
    link = renewal.id
    row = await fetch_row(OwnKeyRow, care_tables.CareLink.filter(id=link, patient_id=actor.id))
    try:
        if row is None or row.patient_key is None:
            raise Damaged
        new = actor.keyring.unwrap(row.patient_key, context=link_key_context(actor.id, link))
        old = unwrap_key(new, renewal.former, context=former_key_context(link, row.key_number))
    except CryptoError as error:
        raise Damaged from error
    return Sealer(new), Sealer(old)
