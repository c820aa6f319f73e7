"""What the cast does before a test looks: write, share, connect, be in a session."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import msgspec
from tortoise.models import Model

from journal.accounts import details as account_details
from journal.accounts import tables as accounts_tables
from journal.accounts.profiles import ContactDetails, load_profile, profile_context
from journal.authentication import sign_in
from journal.care import invitations
from journal.care.documents import ShareDocument
from journal.entries import entries
from journal.scheduling import plan as session_plan
from journal.sealing import seal_document
from journal.sessions.holds import refuse_while_held
from journal.sessions.session import Route, SessionDetails, SessionKind, Setting, Status
from journal.sharing import reading, shares
from journal.store.database import transaction
from journal.time_zones import parse_zone
from journal.vault import baseline
from journal.vault import tables as vault_tables
from journal.vault.documents import EntryDocument, entry_context
from journal.vault.entry_rows import Entry
from tests.cast import PASSWORDS, ZONE, Cast

THE_SEA = EntryDocument(
    "integration",
    title="The sea",
    note="About my father",
    answers={
        "int.meaning": "Maybe that I am allowed to rest.",
        "int.top3": "the door\nsleep",
        "int.unsure": "The part nobody needs to know.",
        "int.not_ready": "x",
    },
)
PARTS = ("title", "int.meaning")


async def written(cast: Cast, who: str = "alice", document: EntryDocument = THE_SEA) -> Entry:
    """Have somebody write an entry."""
    return await entries.save_entry(await cast.actor(who), uuid4(), 0, document)


async def rewritten(cast: Cast, entry: Entry, **answers: str) -> Entry:
    """Have alice change some answers, a while later."""
    cast.clock.forward(minutes=1)
    changed = msgspec.structs.replace(entry.document, answers={**entry.document.answers, **answers})
    return await entries.save_entry(await cast.actor("alice"), entry.id, entry.revision, changed)


async def shared(cast: Cast, entry: Entry, parts: tuple[str, ...] = PARTS, *, to: UUID | None = None) -> UUID:
    """Have alice share parts of her entry, with bob unless another link is named."""
    alice = await cast.actor("alice")
    return await shares.share_entry(alice, entry.id, to or cast.link, parts, previewed=entry.revision)


async def read_by(cast: Cast, who: str) -> tuple[ShareDocument, ...]:
    """Return what a clinician of alice's can read."""
    alice = await cast.actor("alice")
    folder = await reading.load_folder(await cast.actor(who), alice.id)
    return tuple(one.document for one in folder.shared)


async def opened_by(cast: Cast, who: str, share: UUID) -> datetime:
    """Have a clinician of alice's open a share, a while later; return when."""
    cast.clock.forward(minutes=5)
    await reading.read_share(await cast.actor(who), (await cast.actor("alice")).id, share)
    return cast.clock.now


async def connected(cast: Cast, clinician: str, patient: str = "alice") -> UUID:
    """Connect two of the cast."""
    invited = await invitations.create_invitation(await cast.actor(clinician), patient)
    return await invitations.accept_invitation(await cast.actor(patient), invited.token)


async def in_session(cast: Cast) -> UUID:
    """Have alice be an hour into a dosing session; return its id."""
    alice = await cast.actor("alice")
    local = cast.clock.now.astimezone(parse_zone(ZONE)).replace(tzinfo=None).isoformat(timespec="minutes")
    details = SessionDetails(SessionKind.DOSING, local, ZONE, 120, Setting.HOME, Route.SUBLINGUAL)
    session = await session_plan.add_session(alice, alice.id, details)
    await session_plan.change_status(alice, session, Status.IN_SESSION)
    cast.clock.forward(hours=1)
    await cast.just_asked()
    return session


async def held_twice(cast: Cast) -> UUID:
    """Have alice have never said that she rested nine days ago, and another session's time have come; its id."""
    first = await in_session(cast)
    await session_plan.change_status(await cast.actor("alice"), first, Status.STOPPED_EARLY)
    cast.clock.forward(days=9)
    await signed_in_again(cast)
    alice = await cast.actor("alice")
    local = (cast.clock.now + timedelta(hours=1)).astimezone(parse_zone(ZONE)).strftime("%Y-%m-%dT%H:%M")
    details = SessionDetails(SessionKind.DOSING, local, ZONE, 120, Setting.HOME)
    second = await session_plan.add_session(alice, alice.id, details)
    cast.clock.forward(hours=2)
    await cast.just_asked()
    return second


async def rested(cast: Cast, session: UUID) -> None:
    """Let a night go by, and alice say that she has slept; everybody signs in again."""
    await session_plan.change_status(await cast.actor("alice"), session, Status.RECOVERING)
    cast.clock.forward(hours=24)
    await signed_in_again(cast)
    await session_plan.confirm_rest(await cast.actor("alice"))


async def told_contact(cast: Cast, contact: ContactDetails, who: str = "alice") -> None:
    """Have somebody save a phone number and an emergency contact, where nothing holds it."""
    actor = await cast.actor(who)
    await account_details.change_contact(actor, contact, partial(refuse_while_held, actor))


async def become(cast: Cast, who: str, profession: str) -> None:
    """Have one of the staff be a prescriber or a nurse."""
    account = (await cast.actor(who)).id
    profile = msgspec.structs.replace(await load_profile(cast.installation, account), profession=profession)
    sealed = seal_document(cast.installation.server_keys, profile, profile_context(account))
    await accounts_tables.Account.filter(id=account).update(sealed=sealed)


async def at_rest(table: type[Model], ident: UUID) -> dict[str, Any]:
    """Return a row as the database has it."""
    (row,) = await table.filter(id=ident).values()
    return row


async def signed_in_again(cast: Cast) -> None:
    """Have everybody sign in, since sessions end within a day."""
    for who in cast.tokens:
        signed_in = await sign_in.sign_in(cast.installation, f"{who}@example.org", PASSWORDS[who])
        cast.tokens[who] = signed_in.token


async def journal_of(cast: Cast, documents: list[EntryDocument], who: str = "alice") -> list[UUID]:
    """Have somebody have a journal of these, from the oldest on, laid out as it is when it is accepted."""
    actor = await cast.actor(who)
    rows: list[vault_tables.Entry] = []
    for document in documents:
        ident = uuid4()
        sealed = seal_document(actor.vault, document, entry_context(actor.id, ident, 1))
        at = actor.now - timedelta(hours=2) + timedelta(seconds=len(rows) // 2 * 2)
        times = {"created_at": at, "updated_at": at}
        rows.append(vault_tables.Entry(id=ident, owner_id=actor.id, revision=1, sealed=sealed, **times))
    await vault_tables.Entry.bulk_create(rows)
    async with transaction():
        await baseline.rebuild_record_state(actor.vault, actor.id)
    return [row.id for row in rows]
