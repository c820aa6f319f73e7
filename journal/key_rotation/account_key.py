"""
Rotate the keys of an account: a new account key and a new identity, and everything that the old ones sealed or signed.

First, in one transaction, the new key replaces the old one in the account, which is kept beside it, wrapped under
the new. From then on records are sealed under the new key, and what the new key does not open the old one does. The
same transaction draws another key for each care link of a patient (`identity`, `link_key`). Then batches, each in a
transaction of its own that also saves its progress: after a crash, the next batch continues where the last one ended.
At the end all is checked once more, and in the same transaction the old key is deleted.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from uuid import UUID

from tortoise.exceptions import IntegrityError
from tortoise.expressions import F

from crypto import CryptoError, Keyring, PrivateIdentity, new_account_key, password_slot, seal_identity
from journal.accounts import key_log
from journal.accounts import tables as accounts_tables
from journal.accounts.current_keys import require_session
from journal.accounts.notices import queue_notice
from journal.actor import Actor
from journal.ages import compute_age
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.authentication import key_slots, second_factor, totp_enrolment, web_sessions
from journal.authentication import tables as authentication_tables
from journal.authentication.second_factor import SecondFactor
from journal.authentication.sign_in import open_own_account
from journal.calendar import feeds
from journal.care import links
from journal.device_copies import copies
from journal.errors import Damaged, JournalError
from journal.i18n import N_
from journal.key_rotation import identity, link_key
from journal.key_rotation.account_columns import ACCOUNT_COLUMNS, AccountColumn, PageRow, get_revision
from journal.key_rotation.link_key import LinkRenewalRow
from journal.key_rotation.signed_records import SIGNED_RECORDS, SignedRecords, load_signer
from journal.mail.messages import Notice
from journal.plan_words import keys as plan_keys
from journal.roles import Role
from journal.store.database import flush_deleted, transaction
from journal.store.progress import run_with_retry
from journal.store.rows import NonNegative, Row, Timestamp, fetch_row, filter_undamaged, get_column
from journal.vault import record_state
from journal.vault import tables as vault_tables
from journal.vault.record_snapshot import Part

BATCH_SIZE = 200  # rows: some 20 ms, for which others who write have to wait
FINAL_BATCH_SIZE = 1000  # rows that are checked at a time
RECORD_PARTS = {"entry.sealed": Part.ENTRIES, "entry_revision.sealed": Part.EARLIER}
STEPS: tuple[AccountColumn | SignedRecords, ...] = (*ACCOUNT_COLUMNS, *SIGNED_RECORDS)
"""What a rotation goes through, one after the other: first what the old account key seals, then what it signed."""
SETTLING_TIME = timedelta(seconds=30)
"""How long the old key is kept at least: a save that began before the rotation is still sealed under it."""


class RotationRow(Row, frozen=True):
    """A row of a rotation."""

    place: str
    after: UUID | None
    done: NonNegative
    total: NonNegative
    began_at: Timestamp


class RotationInProgress(JournalError):
    """The keys are being renewed; that has to end before they can be renewed again."""

    message = N_("Your keys are being renewed already. Let that end first.")


@dataclass(frozen=True, slots=True)
class RotationProgress:
    """
    How far a rotation has come, in records.

    It is `settling` while it only waits for saves that are still under way. When it is `finished`, `unopened` are the
    records that neither old nor new keys open: they are left as they were.
    """

    done: int
    total: int
    settling: bool = False
    finished: bool = False
    unopened: int = 0


async def _end_second_factor(actor: Actor, keyring: Keyring, factor: SecondFactor, revision: int) -> None:
    """
    Store under the new keys that there is no second factor: whoever had the old ones knows its secret and codes.

    In the transaction of the new key, since sign-in opens it with that alone.
    """
    none = SecondFactor(listed=True)
    if not await second_factor.replace_second_factor(actor.id, keyring.vault_sealer(), none, revision):
        raise RotationInProgress
    if factor.is_enabled:
        await queue_notice(actor.installation, actor.id, Notice.FACTOR_REMOVED)
        await audit_log.record_event(actor, Act.SECOND_FACTOR_REMOVED)


async def load_progress(actor: Actor) -> RotationProgress | None:
    """Return how far it has come, or None when no rotation is under way."""
    row = await fetch_row(RotationRow, authentication_tables.KeyRenewal.filter(id=actor.id))
    under_way: list[RotationRow | LinkRenewalRow] = [*await link_key.load_under_way(actor)]
    if row is not None:
        under_way.append(row)
    if not under_way:
        return None
    done, total = sum(one.done for one in under_way), sum(one.total for one in under_way)
    return RotationProgress(done, total, settling=all(one.place == "" for one in under_way))


async def begin_rotation(actor: Actor, password: str) -> bytes:
    """
    Replace the account's key. Every browser is signed out; recovery key, passkeys and two-step sign-in end.

    A secret key stays: nothing that the old keys open holds it.

    Returns:
        A new session token for this browser.

    Raises:
        InvalidInput: If the password is not theirs, or is too short without the second factor that ends.
        RotationInProgress: While an earlier rotation is under way.
        ConcurrentChange: If another window changed how the account is opened.
        Damaged: If the password opens another key than this browser holds: somebody restored an old slot.
    """
    if actor.is_rotating_keys:
        raise RotationInProgress
    before = await key_slots.load_own_access(actor)
    opened, new = await open_own_account(actor, password), new_account_key()
    old = opened.account_key
    keyring, private, succeeding = (
        Keyring.from_account_key(new),
        actor.open_identity(),
        PrivateIdentity.generate(),
    )
    if Keyring.from_account_key(old) != actor.keyring:
        raise Damaged
    work = partial(
        password_slot,
        new,
        password,
        account=actor.id.bytes,
        epoch=before.next_epoch,
        parameters=actor.installation.argon2,
        secret_key=opened.secret_key,
    )
    factor, revision = await second_factor.load_second_factor(actor.id, actor.vault)
    if factor.is_enabled:
        totp_enrolment.require_length_alone(password)
    slot = await actor.installation.run_password_hash(work, is_returning=True)

    async def write() -> bytes:
        async with transaction():
            await key_slots.advance_epoch(
                before, keyring.vault_sealer(), key_slots.build_first_access(slot).ways, end_sessions=True
            )
            await require_session(actor)
            team = None if actor.role is Role.ADMINISTRATOR else await links.load_care_team(actor)
            if await link_key.load_under_way(actor):
                raise RotationInProgress  # the keys of somebody else changed, at this very moment
            retired = keyring.retire(old, account=actor.id.bytes)
            await authentication_tables.KeyRenewal.create(
                id=actor.id,
                retired=retired,
                before=actor.sealed_identity,
                place=ACCOUNT_COLUMNS[0].name,
                total=await _count_records(actor),
                began_at=actor.now,
            )
            sealed = seal_identity(keyring, succeeding, account=actor.id.bytes)
            public = succeeding.public().encode()
            await accounts_tables.Account.filter(id=actor.id).update(
                identity=sealed, public_identity=public, recovery_ready=False
            )
            renewed = keyring.with_retired(retired, account=actor.id.bytes)
            after = replace(
                actor,
                keyring=renewed,
                vault=renewed.vault_sealer(),
                sealed_identity=sealed,
                public_keys=public,
                former_identity=actor.sealed_identity,
            )
            await identity.replace_identity(after, team, private, succeeding)
            if actor.role is Role.PATIENT:
                await plan_keys.renew(after)
            await vault_tables.ContentsText.filter(owner_id=actor.id).delete()  # searches write them anew
            await authentication_tables.KeySlot.filter(account_id=actor.id).delete()
            await authentication_tables.Passkey.filter(account_id=actor.id).delete()
            await key_slots.replace_slot(actor.id, slot, actor.now)
            await _end_second_factor(actor, keyring, factor, revision)
            await copies.end_copies_elsewhere(actor.id, actor.session)
            await feeds.end_feeds_of(actor.id, actor.now)  # whoever had the keys may have made the address
            await authentication_tables.WebSession.filter(account_id=actor.id).delete()
            token = await web_sessions.start_session(actor.installation, actor.id, new)
            await audit_log.record_event(actor, Act.KEY_RENEWAL_BEGUN)
            await key_log.append_keys(actor.id, succeeding.public())
        return token

    try:
        return await run_with_retry(write)
    except IntegrityError as error:
        raise RotationInProgress from error


async def _count_records(actor: Actor) -> int:
    """Count what is gone through: an account's own records, and what it signed."""
    own = sum([await one.query_rows(actor.id).count() for one in ACCOUNT_COLUMNS])
    return own + sum([await one.count(actor) for one in SIGNED_RECORDS])


async def reseal_batches(actor: Actor, batches: int = 1) -> RotationProgress:
    """
    Reseal the next *batches*, each in a transaction of its own; return how far it has come.

    However often and from however many pages this is called, each row is resealed once.
    """
    came = RotationProgress(0, 0, finished=True)
    for _ in range(batches):
        came = await _reseal_batch(actor)
        if came.finished or came.settling:
            break
    if came.finished:
        await flush_deleted()
    return came


async def _reseal_batch(actor: Actor) -> RotationProgress:
    async with transaction():
        await record_state.lock_state(actor)
        # Locks the row before reading it, so that two pages that ask at once take turns.
        mine = authentication_tables.KeyRenewal.filter(id=actor.id)
        is_locked = actor.is_rotating_keys and await mine.update(done=F("done"))
        row = await fetch_row(RotationRow, mine) if is_locked else None
        if row is not None and row.place != "":
            await _reseal_records(actor, row)
        elif link := next((one for one in await link_key.load_under_way(actor) if one.place != ""), None):
            await link_key.reseal_batch(actor, link, BATCH_SIZE)
        else:
            return await _settle(actor, row)
        came = await load_progress(actor) or RotationProgress(0, 0, finished=True)
        return replace(came, settling=False)  # the next one looks whether it has waited long enough


async def _reseal_records(actor: Actor, row: RotationRow) -> None:
    # A version of the program that does not know the column begins again: nothing is done twice.
    at = next((at for at, one in enumerate(STEPS) if one.name == row.place), 0)
    step = STEPS[at]
    if isinstance(step, AccountColumn):
        after, gone, _ = await _reseal_rows(actor, step, row.after, BATCH_SIZE)
    else:
        after, gone, _ = await step.reseal_rows(await load_signer(actor), row.after, BATCH_SIZE)
    place, done = step.name, row.done + gone
    if gone < BATCH_SIZE:
        place, after = STEPS[at + 1].name if at + 1 < len(STEPS) else "", None
    mine = authentication_tables.KeyRenewal.filter(id=actor.id)
    await mine.update(place=place, after=after, done=done, total=max(row.total, done))


async def _settle(actor: Actor, row: RotationRow | None) -> RotationProgress:
    """Wait for saves that are still under way, and then look through everything once more."""
    under_way = await link_key.load_under_way(actor)
    began = [one.began_at for one in under_way] + ([] if row is None else [row.began_at])
    came = await load_progress(actor)
    if came is None:
        return RotationProgress(0, 0, finished=True)
    if any(compute_age(one, actor.now) < SETTLING_TIME for one in began):
        return replace(came, settling=True)
    unopened = sum([await link_key.finish(actor, one) for one in under_way])
    if row is None:
        return replace(came, finished=True, unopened=unopened)
    team = None if actor.role is Role.ADMINISTRATOR else await links.load_care_team(actor)
    if team and actor.role is Role.PATIENT and await identity.cover_links(actor, team, row.began_at):
        return came
    return replace(came, finished=True, unopened=unopened + await _finish_rotation(actor))


async def _finish_rotation(actor: Actor) -> int:
    """Check everything once more, and delete the old key: in one transaction, so that no save comes between."""
    unopened, signer = 0, await load_signer(actor)
    for one in STEPS:
        after, gone = None, FINAL_BATCH_SIZE
        while gone == FINAL_BATCH_SIZE:
            if isinstance(one, AccountColumn):
                after, gone, closed = await _reseal_rows(actor, one, after, FINAL_BATCH_SIZE)
            else:
                after, gone, closed = await one.reseal_rows(signer, after, FINAL_BATCH_SIZE)
            unopened += closed
    if actor.role is Role.CLINICIAN:
        await identity.vouch_again(actor)
        await identity.clear_signing(actor, signer.blocked)
    # A search that began before the rotation may have written one under the old key.
    await vault_tables.ContentsText.filter(owner_id=actor.id).delete()
    await authentication_tables.KeyRenewal.filter(id=actor.id).delete()
    await audit_log.record_event(actor, Act.KEYS_RENEWED)
    return unopened


async def _reseal_rows(
    actor: Actor, own: AccountColumn, after: UUID | None, limit: int
) -> tuple[UUID | None, int, int]:
    """Reseal rows in the order of their ids; return the last id, how many, and how many of them no key opens."""
    await record_state.lock_state(actor)
    query, anew, pages, older = own.query_rows(actor.id), [], {}, actor.keyring.retired
    if after is not None:
        query = query.filter(id__gt=after)
    rows = await own.load_rows(query.order_by("id").limit(limit))
    closed = len(rows) - len(filter_undamaged(rows))
    for row in filter_undamaged(rows):
        with suppress(CryptoError):
            own.open_value(actor.keyring, actor.id, row)
            continue
        try:
            if older is None:
                raise Damaged
            value = own.open_value(older, actor.id, row)
        except (CryptoError, Damaged):
            closed += 1
            continue
        sealed = own.seal_value(actor.keyring, actor.id, row, value)
        if not await own.replace(row, sealed):
            continue
        if isinstance(row, PageRow):
            pages[row.number] = (row.value, sealed)
        elif own.name in RECORD_PARTS:
            anew.append((row.id, get_revision(row), row.value, sealed))
    if anew:
        await record_state.update_resealed_records(actor, RECORD_PARTS[own.name], anew)
    if pages:
        await record_state.update_resealed_pages(actor, pages)
    last = next((ident for row in reversed(rows) if (ident := get_column(row, "id"))), after)
    return last, len(rows) if last != after else 0, closed
