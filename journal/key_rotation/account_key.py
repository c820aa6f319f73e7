"""
Rotate the keys of an account: a new account key, and everything that the old one sealed is resealed.

First, in one transaction, the new key replaces the old one in the account, which is kept beside it, wrapped under
the new. From then on records are sealed under the new key, and what the new key does not open the old one does.
Then batches, each in a transaction of its own that also saves its progress: after a crash, the next batch continues
where the last one ended. At the end all is checked once more, and in the same transaction the old key is deleted.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from uuid import UUID

from tortoise.exceptions import IntegrityError
from tortoise.expressions import F

from crypto import CryptoError, Keyring, new_account_key, password_slot, seal_identity
from journal.accounts import tables as accounts_tables
from journal.accounts.current_keys import require_session
from journal.actor import Actor
from journal.ages import age
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.authentication import key_slots, second_factor, web_sessions
from journal.authentication import tables as authentication_tables
from journal.authentication.sign_in import unlock
from journal.errors import Damaged, JournalError
from journal.i18n import N_
from journal.key_rotation.account_columns import OWN, Own, PageRow, revision_of
from journal.store.database import scrub, transaction
from journal.store.progress import repeated
from journal.store.rows import Counted, Moment, Row, known, read_one, whole
from journal.vault import record_state
from journal.vault import tables as vault_tables
from journal.vault.record_snapshot import Part

BATCH = 200  # rows: some 20 ms, for which others who write have to wait
SWEEP = 1000  # rows that are checked at a time
REMEMBERED = {"entry.sealed": Part.ENTRIES, "entry_revision.sealed": Part.EARLIER}
SETTLING = timedelta(seconds=30)
"""How long the old key is kept at least: a save that began before the rotation is still sealed under it."""


class RenewalRow(Row, frozen=True):
    """A row of a rotation."""

    place: str
    after: UUID | None
    done: Counted
    total: Counted
    began_at: Moment


class AlreadyRenewing(JournalError):
    """The keys are being renewed; that has to end before they can be renewed again."""

    message = N_("Your keys are being renewed already. Let that end first.")


@dataclass(frozen=True, slots=True)
class Progress:
    """
    How far a rotation has come, in records.

    It is `settling` while it only waits for saves that are still under way. When it is `over`, `unopened` are the
    records that neither old nor new keys open: they are left as they were.
    """

    done: int
    total: int
    settling: bool = False
    over: bool = False
    unopened: int = 0


async def progress(actor: Actor) -> Progress | None:
    """Return how far it has come, or None when no rotation is under way."""
    row = await read_one(RenewalRow, authentication_tables.KeyRenewal.filter(id=actor.id))
    return None if row is None else Progress(row.done, row.total, settling=row.place == "")


async def begin(actor: Actor, password: str) -> bytes:
    """
    Replace the account's key. Every browser is signed out; recovery key and passkeys end.

    Returns:
        A new session token for this browser.

    Raises:
        Refused: If the password is not theirs.
        AlreadyRenewing: While an earlier renewal is under way.
        ChangedMeanwhile: If another window changed how the account is opened.
        Damaged: If the password opens another key than this browser holds: somebody restored an old slot.
    """
    if actor.renewing:
        raise AlreadyRenewing
    before = await key_slots.of(actor)
    old, new = await unlock(actor, password), new_account_key()
    keyring, private = Keyring.from_account_key(new), actor.identity()
    if Keyring.from_account_key(old) != actor.keyring:
        raise Damaged
    work = partial(
        password_slot,
        new,
        password,
        account=actor.id.bytes,
        epoch=before.next,
        parameters=actor.house.argon2,
    )
    slot = await actor.house.stretch(work, own=True)
    factor, revision = await second_factor.of(actor.id, actor.vault)

    async def write() -> bytes:
        async with transaction():
            await key_slots.swap(
                before, keyring.vault_sealer(), key_slots.first(slot).ways, end_sessions=True
            )
            await require_session(actor)
            await authentication_tables.KeyRenewal.create(
                id=actor.id,
                retired=keyring.retire(old, account=actor.id.bytes),
                before=actor.sealed_identity,
                place=OWN[0].name,
                total=sum([await one.of(actor.id).count() for one in OWN]),
                began_at=actor.now,
            )
            identity = seal_identity(keyring, private, account=actor.id.bytes)
            await accounts_tables.Account.filter(id=actor.id).update(identity=identity, recovery_ready=False)
            await vault_tables.ContentsText.filter(owner_id=actor.id).delete()  # searches write them anew
            await authentication_tables.KeySlot.filter(account_id=actor.id).delete()
            await authentication_tables.Passkey.filter(account_id=actor.id).delete()
            await key_slots.put(actor.id, slot, actor.now)
            # In this transaction, since sign-in opens it with the new key alone.
            if not await second_factor.put(actor.id, keyring.vault_sealer(), factor, revision):
                raise AlreadyRenewing
            await authentication_tables.WebSession.filter(account_id=actor.id).delete()
            token = await web_sessions.start(actor.house, actor.id, new)
            await audit_log.note(actor, Act.KEY_RENEWAL_BEGUN)
        return token

    try:
        return await repeated(write)
    except IntegrityError as error:
        raise AlreadyRenewing from error


async def go_on(actor: Actor, batches: int = 1) -> Progress:
    """
    Reseal the next *batches*, each in a transaction of its own; return how far it has come.

    However often and from however many pages this is called, each row is resealed once.
    """
    came = Progress(0, 0, over=True)
    for _ in range(batches):
        came = await _one_batch(actor)
        if came.over or came.settling:
            break
    if came.over:
        await scrub()
    return came


async def _one_batch(actor: Actor) -> Progress:
    older = actor.keyring.retired
    async with transaction():
        await record_state.lock(actor)
        # Locks the row before reading it, so that two pages that ask at once take turns.
        mine = authentication_tables.KeyRenewal.filter(id=actor.id)
        if older is None or not await mine.update(done=F("done")):
            return Progress(0, 0, over=True)
        row = await read_one(RenewalRow, mine)
        if row is None:
            return Progress(0, 0, over=True)
        if row.place == "":
            if age(row.began_at, actor.now) < SETTLING:
                return Progress(row.done, row.total, settling=True)
            return await _finish(actor, older, row)
        # A version of the program that does not know the column begins again: nothing is done twice.
        at = next((at for at, one in enumerate(OWN) if one.name == row.place), 0)
        after, gone, _ = await _reseal(actor, older, OWN[at], row.after, BATCH)
        place, done = row.place, row.done + gone
        if gone < BATCH:
            place, after = OWN[at + 1].name if at + 1 < len(OWN) else "", None
        await mine.update(place=place, after=after, done=done)
        return Progress(done, max(row.total, done))


async def _finish(actor: Actor, older: Keyring, row: RenewalRow) -> Progress:
    """Check everything once more, and delete the old key: in one transaction, so that no save comes between."""
    unopened = 0
    for one in OWN:
        after, gone = None, SWEEP
        while gone == SWEEP:
            after, gone, closed = await _reseal(actor, older, one, after, SWEEP)
            unopened += closed
    # A search that began before the rotation may have written one under the old key.
    await vault_tables.ContentsText.filter(owner_id=actor.id).delete()
    await authentication_tables.KeyRenewal.filter(id=actor.id).delete()
    await audit_log.note(actor, Act.KEYS_RENEWED)
    return Progress(row.done, row.total, over=True, unopened=unopened)


async def _reseal(
    actor: Actor, older: Keyring, own: Own, after: UUID | None, limit: int
) -> tuple[UUID | None, int, int]:
    """Reseal rows in the order of their ids; return the last id, how many, and how many of them no key opens."""
    await record_state.lock(actor)
    query, anew, pages = own.of(actor.id), [], {}
    if after is not None:
        query = query.filter(id__gt=after)
    rows = await own.read(query.order_by("id").limit(limit))
    closed = len(rows) - len(whole(rows))
    for row in whole(rows):
        with suppress(CryptoError):
            own.opened(actor.keyring, actor.id, row)
            continue
        try:
            value = own.opened(older, actor.id, row)
        except CryptoError:
            closed += 1
            continue
        sealed = own.sealed(actor.keyring, actor.id, row, value)
        if not await own.replace(row, sealed):
            continue
        if isinstance(row, PageRow):
            pages[row.number] = (row.value, sealed)
        elif own.name in REMEMBERED:
            anew.append((row.id, revision_of(row), row.value, sealed))
    if anew:
        await record_state.resealed(actor, REMEMBERED[own.name], anew)
    if pages:
        await record_state.pages_resealed(actor, pages)
    last = next((ident for row in reversed(rows) if (ident := known(row, "id"))), after)
    return last, len(rows) if last != after else 0, closed
