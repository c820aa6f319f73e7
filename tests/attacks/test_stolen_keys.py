"""
A thief has somebody's keys of before: the old password and an old backup. Afterwards the keys were renewed.

Now the thief gets the whole new database, with the server key. Of what was shared, replied, noted, agreed on or told to
a sitter they open nothing: not what was there before, nor what came later. Before the renewal they open all of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import product
from uuid import UUID, uuid4

import pytest

from crypto import (
    Context,
    CryptoError,
    Keyring,
    PrivateIdentity,
    PublicIdentity,
    Sealer,
    open_former_identity,
    open_link_key,
    open_pin,
    open_sitter_note,
    unwrap_key,
)
from journal.accounts import tables as accounts_tables
from journal.accounts.successions import load_statements
from journal.audit.acts import Act
from journal.authentication import second_factor, second_step, sign_in
from journal.authentication import tables as authentication_tables
from journal.authentication.registration import NewAccount
from journal.authentication.second_factor import FactorMissing
from journal.care import links
from journal.care import tables as care_tables
from journal.care.documents import link_key_context, share_context
from journal.care.invitations import format_token
from journal.care.link_renewal import former_key_context, held_key_context
from journal.clinic import carrying
from journal.entries import entries
from journal.errors import InvalidInput, LinkExpired
from journal.key_rotation import account_key
from journal.key_rotation.account_columns import ACCOUNT_COLUMNS
from journal.key_rotation.account_key import SETTLING_TIME
from journal.key_rotation.link_columns import LINK_COLUMNS
from journal.plan_words.keys import COLUMNS
from journal.practice import registration as staff_registration
from journal.practice import setup_links
from journal.practice import tables as practice_tables
from journal.rate_limiting.attempts import Visitor
from journal.sessions import tables as sessions_tables
from journal.sessions.plan_key import key_copy_context, open_copy, own_key_context
from journal.sessions.rows import load_my_sessions
from journal.sessions.session_words import words_context
from journal.sharing import shares
from journal.sitter import tables as sitter_tables
from journal.sitter.copies import note_key_context
from journal.store.database import fetch_raw
from journal.store.rows import filter_undamaged
from journal.vault import tables as vault_tables
from journal.vault.documents import EntryDocument
from tests.attacks.conftest import Target
from tests.cast import PASSWORDS
from tests.factors import app_code, enrolled

PLAN = ("session words", "course-words", "instructions-words")
"""What stands under the key of a plan."""
MALLORY = NewAccount(
    "Mallory",
    "mallory@example.org",
    "mallory keeps the lamp lit",
    "mallory keeps the lamp lit",
    "Europe/Berlin",
)
NOBODY = Visitor()


@dataclass(frozen=True)
class Thief:
    """What somebody has of an account: its keys as they were, and every key that they opened with these."""

    account: UUID
    keyring: Keyring
    private: PrivateIdentity
    link_keys: frozenset[bytes] = frozenset()
    note_keys: frozenset[bytes] = frozenset()
    plan_keys: frozenset[bytes] = frozenset()

    def sealers(self) -> list[Sealer]:
        return [Sealer(key) for key in self.link_keys]


async def stolen(target: Target, who: str) -> Thief:
    """Have somebody's keys be stolen, with the database as it is."""
    actor = await target.portal.cast.actor(who)
    keyring = Keyring.from_account_key(await sign_in.verify_password(actor, PASSWORDS[who]))
    private = open_former_identity(keyring, actor.sealed_identity, account=actor.id.bytes)
    return await looked_around(Thief(actor.id, keyring, private))


async def looked_around(thief: Thief) -> Thief:
    """Have a thief open every key in the database that theirs open, and with those the next ones."""
    whose = {"patient_id": thief.account}, {"clinician_id": thief.account}
    rows = [row for one in whose for row in await care_tables.CareLink.filter(**one)]
    people = {row.patient_id for row in rows} | {row.clinician_id for row in rows}  # type: ignore[attr-defined]
    signers = await _public_keys(people)
    found, notes = set(thief.link_keys), set(thief.note_keys)
    for row in rows:
        found |= set(_granted(thief, row, signers))
        with suppress(CryptoError):
            place = link_key_context(thief.account, row.id)
            found.add(unwrap_key(thief.keyring.vault, bytes(row.patient_key or b""), context=place))
        with suppress(CryptoError):
            place = held_key_context(thief.account, row.id)
            found.add(unwrap_key(thief.keyring.vault, bytes(row.held_key or b""), context=place))
    for renewal in await care_tables.LinkRenewal.all():
        link = await care_tables.CareLink.get(id=renewal.id)
        for key in set(found):
            with suppress(CryptoError):
                place = former_key_context(link.id, link.key_number)
                found.add(unwrap_key(key, bytes(renewal.former), context=place))
    for sat in await sitter_tables.SitterLink.filter(patient_id=thief.account):
        with suppress(CryptoError):
            place = note_key_context(thief.account, sat.id)
            notes.add(unwrap_key(thief.keyring.vault, bytes(sat.note_key), context=place))
    plans = thief.plan_keys | {one async for one in _find_plan_keys(thief, rows, found)}
    return replace(thief, link_keys=frozenset(found), note_keys=frozenset(notes), plan_keys=plans)


async def _find_plan_keys(
    thief: Thief, rows: Iterable[care_tables.CareLink], link_keys: Iterable[bytes]
) -> AsyncIterator[bytes]:
    for own in await sessions_tables.PlanKey.filter(id=thief.account):
        with suppress(CryptoError):
            place = own_key_context(thief.account)
            yield unwrap_key(thief.keyring.vault, bytes(own.wrapped), context=place)
    for row, key in product(rows, link_keys):
        with suppress(CryptoError):
            yield Sealer(key).open(bytes(row.plan_copy or b""), context=key_copy_context(row.id))


async def _public_keys(people: Iterable[UUID]) -> list[PublicIdentity]:
    """All public keys that people have or had."""
    found = [bytes(one.public_identity) for one in await accounts_tables.Account.filter(id__in=list(people))]
    for statements in (await load_statements(list(people))).values():
        found += [one[17 : 17 + 1249] for one in statements]
    return [PublicIdentity.decode(one) for one in found]


def _granted(thief: Thief, row: care_tables.CareLink, signers: list[PublicIdentity]) -> Iterator[bytes]:
    patient, clinician = row.patient_id, row.clinician_id  # type: ignore[attr-defined]
    ids = {"link": row.id.bytes, "patient": patient.bytes, "clinician": clinician.bytes}
    with suppress(CryptoError):
        pinned = {"owner": thief.account.bytes, "peer": patient.bytes, "link": row.id.bytes}
        signers = [*signers, open_pin(thief.keyring, bytes(row.clinician_pin or b""), **pinned)]
    for signer in signers:
        with suppress(CryptoError):
            yield open_link_key(
                bytes(row.clinician_key or b""), **ids, private=thief.private, signed_by=signer
            )


async def opened(thief: Thief) -> tuple[Counter[str], Counter[str]]:
    """Count what a thief opens, and all that there is, of one account's own records and of its care links."""
    thief, able, every = await looked_around(thief), Counter[str](), Counter[str]()
    mine = {"patient_id": thief.account}, {"clinician_id": thief.account}
    rows = [row for one in mine for row in await care_tables.CareLink.filter(**one)]
    there = [row.id for row in rows]  # care that has ended among them
    for column in LINK_COLUMNS:
        for link in there:
            for row in filter_undamaged(await column.load_rows(column.query_rows(link))):
                if row.value:
                    every[column.name] += 1
                    able[column.name] += _opens(thief.sealers(), row.value, column.context(link, row))
    for link in there:
        for listed in await vault_tables.RecordState.filter(id=link):
            every["share list"] += 1
            place = Context("share-list", link.bytes, link.bytes, listed.revision)
            able["share list"] += _opens(thief.sealers(), bytes(listed.sealed), place)
    for kept in await care_tables.KeptShare.filter(link__clinician_id=thief.account):
        every["kept share"] += 1
        of = kept.link_id  # type: ignore[attr-defined]
        place = share_context(of, kept.id, kept.revision)
        able["kept share"] += _opens(thief.sealers(), bytes(kept.sealed), place)
    for note in await sitter_tables.SitterNote.filter(patient_id=thief.account):
        every["sitter note"] += 1
        able["sitter note"] += _reads(thief, note)
    for patient in {row.patient_id for row in rows}:  # type: ignore[attr-defined]
        await _open_plan(thief, patient, able, every)
    await _open_own(thief, able, every)
    return +able, every


async def _open_plan(thief: Thief, patient: UUID, able: Counter[str], every: Counter[str]) -> None:
    """Count the words under the key of a patient's plan, of which a thief may have found a copy."""
    if thief.account != patient:
        mine = {"patient_id": patient, "clinician_id": thief.account}
        if not await care_tables.CareLink.filter(**mine, plan_copy__isnull=False).exists():
            return
    keys = [Sealer(key) for key in thief.plan_keys]
    for session in await sessions_tables.KapSession.filter(patient_id=patient, words__isnull=False):
        tried = [words_context(patient, session.id, at) for at in range(1, session.revision + 1)]
        every["session words"] += 1
        able["session words"] += _opens(keys, bytes(session.words or b""), *tried)
    for column in COLUMNS:
        for row in await fetch_raw(column.select, patient):
            ident = row[0] if isinstance(row[0], UUID) else UUID(str(row[0]))
            tried = [Context(one, patient.bytes, ident.bytes) for one in column.purposes]
            every[column.purposes[0]] += 1
            able[column.purposes[0]] += _opens(keys, bytes(row[1]), *tried)


async def _open_own(thief: Thief, able: Counter[str], every: Counter[str]) -> None:
    for own in ACCOUNT_COLUMNS:
        for mine_row in filter_undamaged(await own.load_rows(own.query_rows(thief.account))):
            every[own.name] += 1
            with suppress(CryptoError):
                own.open_value(thief.keyring, thief.account, mine_row)
                able[own.name] += 1


def _opens(keys: Iterable[Sealer], sealed: bytes, *places: Context) -> bool:
    for key, place in product(keys, places):
        with suppress(CryptoError):
            key.open(sealed, context=place)
            return True
    return False


def _reads(thief: Thief, note: sitter_tables.SitterNote) -> bool:
    link = note.link_id  # type: ignore[attr-defined]
    ids = {"patient": thief.account.bytes, "link": link.bytes, "note": note.id.bytes}
    for key in thief.note_keys:
        with suppress(CryptoError):
            open_sitter_note(key, bytes(note.sealed), **ids, private=thief.private)
            return True
    return False


async def renewed(target: Target, who: str) -> None:
    """Have somebody renew their keys, to the end."""
    cast = target.portal.cast
    cast.tokens[who] = await account_key.begin_rotation(await cast.actor(who), PASSWORDS[who])
    await went_on(target, who)


async def went_on(target: Target, who: str) -> None:
    """Have what is being sealed anew for somebody come to its end."""
    cast = target.portal.cast
    while not (came := await account_key.reseal_batches(await cast.actor(who), 50)).finished:
        if came.settling:
            cast.clock.forward(seconds=SETTLING_TIME.total_seconds())
    assert came.unopened == 0


async def shared_later(target: Target) -> None:
    """Have alice write something and share it with bob."""
    alice, entry = await target.portal.cast.actor("alice"), uuid4()
    await entries.save_entry(alice, entry, 0, EntryDocument("free", "Later", answers={"free.text": "words"}))
    await shares.share_entry(alice, entry, target.world.ids["link"], ["title", "free.text"], previewed=1)


async def test_a_thief_of_a_patients_old_keys_opens_nothing(target: Target) -> None:
    """Alice renews her keys and shares on: all of it opened with the old keys before, and nothing does now."""
    thief = await stolen(target, "alice")
    able, every = await opened(thief)
    assert able == every
    assert {"share.sealed", "reply.sealed", "care_note.sealed", "sitter note", "share list"} <= set(every)
    assert set(PLAN) <= set(every)
    await renewed(target, "alice")
    await shared_later(target)
    able, every = await opened(thief)
    assert able == Counter()
    assert every["share.sealed"] > 1


async def test_a_thief_of_a_clinicians_old_keys_opens_nothing_once_patients_came(target: Target) -> None:
    """Bob renews his keys; until alice signs in the thief opens what is hers, and from then on nothing."""
    thief = await stolen(target, "bob")
    able, every = await opened(thief)
    assert able == every
    assert able["kept share"]
    await renewed(target, "bob")
    able, _ = await opened(thief)
    assert set(able) <= {one.name for one in LINK_COLUMNS} | {"share list", *PLAN}  # of his own records none
    there = await care_tables.CareLink.filter(clinician_id=thief.account, ended_at=None)
    theirs = {one.patient_id for one in there}  # type: ignore[attr-defined]
    for who in [name for name, ident in target.world.people.items() if ident in theirs]:
        await links.load_my_links(await target.portal.cast.actor(who))  # any page of theirs
        await went_on(target, who)
        patient = await target.portal.cast.actor(who)
        mine = await links.load_my_links(patient, ended=True)
        await carrying.settle(patient, mine, (await load_my_sessions(patient)).everything)
    await shared_later(target)
    able, every = await opened(thief)
    assert able == Counter()
    assert every["share.sealed"] > 1
    his = care_tables.CareLink.filter(clinician_id=thief.account, ended_at=None)
    assert not await his.exclude(due_at=None, held_key=None).exists()
    bob = await target.portal.cast.actor("bob")  # who can give mona back what is written of her sessions
    old = await care_tables.CareLink.get(id=target.world.ids["mona's old link"])
    key = bob.keyring.unwrap(bytes(old.held_key or b""), context=held_key_context(bob.id, old.id))
    assert open_copy(old.plan_copy, old.id, Sealer(key)) is not None


async def test_a_thief_of_an_administrators_old_keys_becomes_nobody(target: Target) -> None:
    """Erin's open set-up links, whose secrets the old keys open, end with them, and the log says so."""
    erin = await target.portal.cast.actor("erin")
    thief, wanted = await stolen(target, "erin"), [target.world.ids["set-up link"]]
    wanted.append(await setup_links.create_setup_link_for(erin, "Ada", "administrator"))
    tokens = [await _steal_setup_token(thief, one) for one in wanted]
    able, every = await opened(thief)
    assert able == every
    assert every["setup_link.secret"] == len(wanted)
    await renewed(target, "erin")
    assert (await opened(thief))[0] == Counter()
    erin = await target.portal.cast.actor("erin")
    for link, token in zip(wanted, tokens, strict=True):
        assert (await setup_links.load_setup_link(erin, link)).state == "withdrawn"
        with pytest.raises(LinkExpired):
            await staff_registration.register_staff(target.portal.cast.installation, token, "", MALLORY)
    logged = await fetch_raw(
        "SELECT object_id FROM audit_pending WHERE action = $1", Act.SETUP_LINK_WITHDRAWN.value
    )
    assert {UUID(str(row[0])) for row in logged} == set(wanted)
    again = await setup_links.create_setup_link_for(erin, "Ada", "administrator")
    assert (await setup_links.load_setup_link(erin, again)).state == "open"


async def _steal_setup_token(thief: Thief, link: UUID) -> str:
    row = await practice_tables.SetupLink.get(id=link)
    place = setup_links.setup_secret_context(thief.account, link)
    return format_token(thief.keyring.vault_sealer().open(bytes(row.secret or b""), context=place))


@pytest.mark.parametrize("who", ["alice", "bob", "erin"])
async def test_with_old_keys_nobody_passes_at_sign_in(target: Target, who: str) -> None:
    """Whoever had the keys read the second factor: no code of its app and none of its list is asked for again."""
    cast = target.portal.cast
    secret, codes = await enrolled(cast, who)
    thief = await stolen(target, who)
    read, _ = await second_factor.load_second_factor(thief.account, thief.keyring.vault_sealer())
    assert read.secret == secret
    await renewed(target, who)
    assert not await authentication_tables.Passkey.filter(account_id=thief.account).exists()
    slots = await authentication_tables.KeySlot.filter(account_id=thief.account)
    assert [one.kind for one in slots] == ["password"]
    await enrolled(cast, who)
    with pytest.raises(FactorMissing):
        await second_factor.load_second_factor(thief.account, thief.keyring.vault_sealer())
    waiting = (await sign_in.sign_in(cast.installation, f"{who}@example.org", PASSWORDS[who])).token
    typed = app_code(secret, cast.installation.clock())
    with pytest.raises(InvalidInput):
        await second_step.verify_code(cast.installation, waiting, typed, NOBODY)
    with pytest.raises(InvalidInput):
        await second_step.verify_recovery_code(cast.installation, waiting, codes[0], NOBODY)
