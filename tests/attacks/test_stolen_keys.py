"""
A thief has somebody's keys of before: the old password and an old backup. Afterwards the keys were renewed.

Now the thief gets the whole new database, with the server key. Of what was shared, replied, noted, agreed on or told to
a sitter they open nothing: not what was there before, nor what came later. Before the renewal they open all of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID, uuid4

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
from journal.authentication import sign_in
from journal.care import links
from journal.care import tables as care_tables
from journal.care.documents import link_key_context, share_context
from journal.care.link_renewal import former_key_context, held_key_context
from journal.entries import entries
from journal.key_rotation import account_key
from journal.key_rotation.account_columns import ACCOUNT_COLUMNS
from journal.key_rotation.account_key import SETTLING_TIME
from journal.key_rotation.link_columns import LINK_COLUMNS
from journal.sharing import shares
from journal.sitter import tables as sitter_tables
from journal.sitter.copies import note_key_context
from journal.store.rows import filter_undamaged
from journal.vault import tables as vault_tables
from journal.vault.documents import EntryDocument
from tests.attacks.conftest import Target
from tests.cast import PASSWORDS


@dataclass(frozen=True)
class Thief:
    """What somebody has of an account: its keys as they were, and every key that they opened with these."""

    account: UUID
    keyring: Keyring
    private: PrivateIdentity
    link_keys: frozenset[bytes] = frozenset()
    note_keys: frozenset[bytes] = frozenset()

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
    return Thief(thief.account, thief.keyring, thief.private, frozenset(found), frozenset(notes))


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
    there = [row.id for one in mine for row in await care_tables.CareLink.filter(**one, ended_at=None)]
    for column in LINK_COLUMNS:
        for link in there:
            for row in filter_undamaged(await column.load_rows(column.query_rows(link))):
                if row.value:
                    every[column.name] += 1
                    able[column.name] += _opens(thief, row.value, column.context(link, row))
    for link in there:
        for listed in await vault_tables.RecordState.filter(id=link):
            every["share list"] += 1
            place = Context("share-list", link.bytes, link.bytes, listed.revision)
            able["share list"] += _opens(thief, bytes(listed.sealed), place)
    for kept in await care_tables.KeptShare.filter(link__clinician_id=thief.account):
        every["kept share"] += 1
        of = kept.link_id  # type: ignore[attr-defined]
        able["kept share"] += _opens(thief, bytes(kept.sealed), share_context(of, kept.id, kept.revision))
    for note in await sitter_tables.SitterNote.filter(patient_id=thief.account):
        every["sitter note"] += 1
        able["sitter note"] += _reads(thief, note)
    await _open_own(thief, able, every)
    return +able, every


async def _open_own(thief: Thief, able: Counter[str], every: Counter[str]) -> None:
    for own in ACCOUNT_COLUMNS:
        for mine_row in filter_undamaged(await own.load_rows(own.query_rows(thief.account))):
            every[own.name] += 1
            with suppress(CryptoError):
                own.open_value(thief.keyring, thief.account, mine_row)
                able[own.name] += 1


def _opens(thief: Thief, sealed: bytes, place: Context) -> bool:
    for key in thief.sealers():
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
    assert set(able) <= {one.name for one in LINK_COLUMNS} | {"share list"}  # and of his own records none
    there = await care_tables.CareLink.filter(clinician_id=thief.account, ended_at=None)
    theirs = {one.patient_id for one in there}  # type: ignore[attr-defined]
    for who in [name for name, ident in target.world.people.items() if ident in theirs]:
        await links.load_my_links(await target.portal.cast.actor(who))  # any page of theirs
        await went_on(target, who)
    await shared_later(target)
    able, every = await opened(thief)
    assert able == Counter()
    assert every["share.sealed"] > 1
    mine = care_tables.CareLink.filter(clinician_id=thief.account, ended_at=None)
    assert not await mine.exclude(due_at=None, held_key=None).exists()
