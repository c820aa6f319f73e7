"""
Reset an account whose keys are all lost, by a link that a clinician handed over in person.

The account keeps its name and plan, and gets new keys. Nothing is opened and nothing is destroyed: what was sealed
under the old keys is set aside, and only they open it. So whoever resets an account that is not theirs can read
nothing, and its owner gets their entries back with the old password or recovery key.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hmac import compare_digest
from uuid import UUID

from tortoise.queryset import QuerySet

from crypto import Keyring, PrivateIdentity, Sealer, new_account_key, password_slot, seal_identity
from journal.account_reset import retained_records
from journal.accounts import key_log, log_memory, signing_keys
from journal.accounts import tables as accounts_tables
from journal.accounts.notices import queue_notice
from journal.accounts.profiles import ProfileRow, open_profile
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.authentication import key_slots, second_factor, web_sessions
from journal.authentication import tables as authentication_tables
from journal.authentication.key_slots import Access, AccessDocument
from journal.authentication.passwords import find_password_problems
from journal.calendar import feeds
from journal.care import invitations, lifecycle, links, share_list
from journal.care import tables as care_tables
from journal.care.past_care import seal_past
from journal.device_copies import copies
from journal.errors import Damaged, InvalidInput, LinkExpired
from journal.i18n import N_
from journal.importing import runs as import_runs
from journal.installation.installation import Installation
from journal.mail.messages import Notice
from journal.notices import moved_links
from journal.packets import endings as packet_endings
from journal.rate_limiting import attempts, limits
from journal.replies import endings
from journal.roles import Role
from journal.sessions.holds import list_holds, refuse_while_held
from journal.sessions.rows import load_plan
from journal.sitter import links as sitter_links
from journal.store.database import execute, flush_deleted, transaction
from journal.store.progress import run_with_retry
from journal.store.rows import NonNegative, Row, Timestamp, fetch_row
from journal.vault import baseline, record_state

NOT_TICKED = N_("Tick this once you have read it.")
NOT_RESTED = N_(
    "Nobody has said yet that you rested after a dosing session. Tick this once you have slept and feel rested. The "
    "link is not used up."
)
WAITS_TODAY = N_(
    "This account has a dosing session around now. It can be reset from the next day on, once you have slept, and the "
    "link is not used up. If you need somebody now, open “Help now”."
)
OTHER_ADDRESS = N_(
    "This link is for an account with another address. Look at how you wrote it, or ask for your own link."
)


class EndingLinkRow(Row, frozen=True):
    """A link that ends."""

    id: UUID
    patient_id: UUID
    created_at: Timestamp


class ResetAccountRow(ProfileRow, frozen=True):
    """An account that is about to be reset."""

    epoch: NonNegative
    public_identity: bytes


@dataclass(frozen=True, slots=True)
class ResetPreview:
    """What the page of a reset link shows."""

    clinician_name: str
    patient: UUID


async def preview_reset(installation: Installation, token: str) -> ResetPreview:
    """Open a link; raises `LinkExpired` when it does not work, `TrustBroken` when it was altered."""
    row, _ = await invitations.verify_token(installation, token, renewing=True)
    profile = invitations.open_clinician_profile(installation, row)
    if row.patient is None or row.renews is None:
        raise LinkExpired
    return ResetPreview(profile.name, row.patient)


async def reset_account(
    installation: Installation,
    token: str,
    email: str,
    password: str,
    repeated: str,
    practice: str,
    *,
    understood: bool,
    rested: bool = False,
) -> bytes:
    """
    Replace the account's keys, set aside what it held, and renew care with the clinician of the link.

    Args:
        email: Has to be the account's: a link that was found is not enough.
        understood: Whether the person ticked what is lost and what can come back.
        rested: Whether they said that they have slept since a dosing session; asked for only where one holds.

    Returns:
        A session token; the person is then shown a new recovery key.

    Raises:
        LinkExpired: If the link does not work, or somebody used it first.
        InvalidInput: If a field is not valid, or somebody has yet to rest after a dosing session; the link stays
            valid. After some wrong addresses it has to wait.
    """
    row, _ = await invitations.verify_token(installation, token, renewing=True)
    active = accounts_tables.Account.filter(id=row.patient, role=Role.PATIENT.value, status="active")
    account = await fetch_row(ResetAccountRow, active)
    old = care_tables.CareLink.filter(
        id=row.renews, patient_id=row.patient, clinician_id=row.clinician_id, ended_at=None
    )
    if account is None or row.renews is None or not await old.exists():
        raise LinkExpired
    replaced = row.renews
    profile = open_profile(installation, account)
    charged = await limits.count_attempt(attempts.build_reset_counts(installation, row.id), field="email")
    if not _is_address_of(installation, email, profile.email):
        await audit_log.record_unauthenticated_event(
            installation, None, Act.RESTART_REFUSED, patient=account.id, about=row.id
        )
        raise InvalidInput({"email": OTHER_ADDRESS})
    await limits.refund_attempt(charged)
    problems = await installation.run_password_hash(
        partial(find_password_problems, password, repeated, email, practice)
    )
    if not understood:
        problems |= {"understood": NOT_TICKED}
    problems |= await _find_hold_problems(installation, account.id, rested=rested)
    if problems:
        raise InvalidInput(problems)
    key, private = new_account_key(), PrivateIdentity.generate()
    keyring, who = Keyring.from_account_key(key), account.id.bytes
    before = Access(account.id, account.epoch, AccessDocument(remembers_log=True))
    slot = await installation.run_password_hash(
        partial(
            password_slot, key, password, account=who, epoch=before.next_epoch, parameters=installation.argon2
        )
    )

    async def write() -> bytes:
        async with transaction():
            await key_slots.advance_epoch(
                before, keyring.vault_sealer(), key_slots.build_first_access(slot).ways, end_sessions=True
            )
            # A save that is under way ends first, and is set aside too.
            await execute(record_state.LOCK_STATE, account.id)
            if held := await _find_hold_problems(installation, account.id, rested=rested):
                raise InvalidInput(held)
            await retained_records.retain_records(installation, account.id)
            now = installation.clock()
            await sitter_links.end_links_of(account.id, now)  # their notes are sealed to the old keys
            await feeds.end_feeds_of(account.id, now)
            await packet_endings.delete_packets_of(account.id)
            await import_runs.delete_runs_of(account.id)
            await lifecycle.withhold_all_notices(account.id)  # agreed on with the old keys
            past = await _seal_past_care(installation, old, row, now)
            if not await old.update(pair=None, ended_at=now, past=past):
                raise LinkExpired
            await care_tables.TalkItem.filter(link_id=replaced).delete()  # signed for the old keys
            await care_tables.CareNote.filter(link_id=replaced).delete()  # and no page opens them any more
            await care_tables.LinkHead.filter(id=replaced).delete()
            await copies.end_copies_elsewhere(account.id)
            await authentication_tables.WebSession.filter(account_id=account.id).delete()
            await signing_keys.retire_keys(installation, account.id, account.public_identity, now)
            await accounts_tables.Account.filter(id=account.id).update(
                public_identity=private.public().encode(),
                identity=seal_identity(keyring, private, account=who),
                recovery_ready=False,
            )
            await baseline.recreate_record_state(Sealer(keyring.vault), account.id)
            await key_slots.replace_slot(account.id, slot, installation.clock())
            await second_factor.reset_second_factor(account.id, keyring.vault_sealer(), installation.clock())
            session = await web_sessions.start_session(installation, account.id, key)
            patient = await web_sessions.load_actor(installation, session)
            if patient is None:
                raise Damaged
            link = await invitations.accept_invitation(patient, token, renewing=True)
            await moved_links.move_open(patient, replaced, link)
            await queue_notice(installation, account.id, Notice.RESTARTED)
            await audit_log.record_event(
                patient, Act.RESTARTED, patient=account.id, about=link, recipient=row.clinician_id
            )
            await log_memory.begin_memory(account.id, keyring)  # that of before was under the keys of before
            await key_log.append_keys(account.id, private.public())
        return session

    session = await run_with_retry(write)
    await flush_deleted()
    return session


async def _find_hold_problems(installation: Installation, patient: UUID, *, rested: bool) -> dict[str, str]:
    """
    Return why a dosing session holds the reset, which ends care: until it can be confirmed that somebody rested.

    Whoever has no keys cannot sign in to say that they did, so the form of the reset asks for it.
    """
    now, plan = installation.clock(), await load_plan(installation, patient)
    holds = list_holds([one.details for one in plan], now)
    if any(now < one.may_confirm_from for one in holds):
        return {"rested": WAITS_TODAY}
    return {} if rested or not holds else {"rested": NOT_RESTED}


async def _seal_past_care(
    installation: Installation,
    old: QuerySet[care_tables.CareLink],
    row: invitations.OpenInvitationRow,
    now: datetime,
) -> bytes | None:
    """Seal the old link's past, with its clinician, whose voucher was verified."""
    before, whose = await fetch_row(EndingLinkRow, old), invitations.open_clinician_profile(installation, row)
    if before is None:
        return None
    return seal_past(installation, before, row.clinician_id, whose.name, whose.profession, now)


def _is_address_of(installation: Installation, typed: str, email: str) -> bool:
    """Return whether the typed address is the account's, compared as at sign-in."""
    index = installation.server_keys.blind_index(email)
    return any(compare_digest(index, one) for one in installation.server_keys.lookup_indexes(typed))


async def renew_link(actor: Actor, token: str) -> UUID:
    """
    Renew one care link of a patient who can sign in: keys are pinned anew on both sides, and nothing else changes.

    What was shared over the old link is deleted with it, unless it waits to be returned after a reset.

    Raises:
        LinkExpired: If the link does not work, or is somebody else's.
        HeldUntilRested: Too soon after a dosing session; the link stays open.
    """
    row, _ = await invitations.verify_token(actor.installation, token, renewing=True)
    if row.patient != actor.id or row.renews is None:
        raise LinkExpired
    await refuse_while_held(actor, invitations.build_asked(row))
    link = await run_with_retry(partial(_renew_link, actor, token, row, row.renews))
    await flush_deleted()
    return link


async def _renew_link(actor: Actor, token: str, row: invitations.OpenInvitationRow, renewed: UUID) -> UUID:
    async with transaction():
        await record_state.lock_state(actor)
        await refuse_while_held(actor, invitations.build_asked(row))
        old = care_tables.CareLink.filter(
            id=renewed, patient_id=actor.id, clinician_id=row.clinician_id, ended_at=None
        )
        ended: dict[str, object] = {"pair": None, "ended_at": actor.now}
        ended["past"] = await _seal_past_care(actor.installation, old, row, actor.now)
        if not await care_tables.KeptShare.filter(link_id=renewed).exists():
            ended |= links.ERASED_COLUMNS
            await care_tables.LinkRenewal.filter(id=renewed).delete()
        await endings.keep_unopened(actor, link=renewed)
        if not await old.update(**ended):
            raise LinkExpired
        await care_tables.Share.filter(link_id=renewed).delete()
        await care_tables.CareNote.filter(link_id=renewed).delete()
        await care_tables.TalkItem.filter(link_id=renewed).delete()
        await care_tables.LinkHead.filter(id=renewed).delete()
        await share_list.delete_list(actor, renewed)
        link = await invitations.accept_invitation(actor, token, renewing=True)
        await moved_links.move_open(actor, renewed, link)
        await audit_log.record_event(
            actor, Act.LINK_RENEWED, patient=actor.id, about=link, recipient=row.clinician_id
        )
    return link
