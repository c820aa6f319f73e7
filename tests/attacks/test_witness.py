"""
Somebody writes the database, and has the server key: they show keys of their own as somebody's, and hide that.

Each of these is noticed by one of the people concerned when they next sign in, without comparing a code: by whom, and
as what, stands with each.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from tortoise.models import Model

from crypto import Frontier, PrivateIdentity, PublicIdentity, hash_leaf, succeed
from journal.accounts import key_log
from journal.accounts import tables as accounts_tables
from journal.accounts.profiles import load_profile, profile_context
from journal.authentication import key_slots, registration, web_sessions
from journal.authentication.registration import NewAccount
from journal.care import links
from journal.care import tables as care_tables
from journal.care.key_attestation import hash_public_keys
from journal.errors import TrustBroken
from journal.roles import Role
from journal.sealing import seal_document
from journal.sharing import handover_answers, handover_offers
from journal.store.database import Store, transaction
from journal.witness import checking
from journal.witness.documents import Finding
from tests.cast import Cast, Furniture, cast_of
from tests.scenes import connected, shared, written

LOG = accounts_tables.KeyLogLeaf


@pytest.fixture
async def cast(furnished_url: tuple[str, Furniture]) -> AsyncIterator[Cast]:
    """Everybody, on either database; they have looked, and heard of each other."""
    url, furniture = furnished_url
    store = await Store.open(url)
    with store.use():
        cast = cast_of(furniture)
        for name in ("alice", "bob", "charlie", "dana", "alice", "bob"):
            assert not await checking.check_log(await cast.actor(name))
        yield cast
    await store.close()


async def rows(model: type[Model]) -> list[dict[str, Any]]:
    """Return what storage has of a table."""
    return await model.all().values()


async def put_back(model: type[Model], before: list[dict[str, Any]]) -> None:
    """Have storage have of a table what it had."""
    async with transaction():
        await model.all().delete()
        await model.bulk_create([model(**row) for row in before])


async def found(cast: Cast, who: str) -> set[Finding]:
    """Have somebody sign in and look; return what they are told."""
    await checking.check_log(await cast.actor(who))
    report = await checking.load_report(await cast.actor(who))
    return {Finding(one.kind) for one in report.noticed}


async def show_keys(cast: Cast, account: UUID, keys: PublicIdentity) -> None:
    """Show keys as somebody's, attested with the server key."""
    profile = msgspec.structs.replace(
        await load_profile(cast.installation, account), keys=hash_public_keys(keys.encode())
    )
    sealed = seal_document(cast.installation.server_keys, profile, profile_context(account))
    await accounts_tables.Account.filter(id=account).update(public_identity=keys.encode(), sealed=sealed)


async def add_leaf(account: UUID, keys: PublicIdentity) -> None:
    """Add a leaf to the log, as the service would."""
    async with transaction():
        await key_log.append_keys(account, keys)


async def hand_over(cast: Cast) -> UUID:
    """Have bob suggest charlie to alice, and alice agree; return the new link."""
    charlie = await accounts_tables.Account.get(id=await account_of(cast, "charlie"))
    alice = await cast.actor("alice")
    offer = await handover_offers.suggest_colleague(await cast.actor("bob"), alice.id, str(charlie.id))
    return await handover_answers.accept_handover(alice, offer, [])


async def account_of(cast: Cast, who: str) -> UUID:
    """Return somebody's account, also while storage shows other keys as theirs."""
    return (await cast.actor(who)).id


@dataclass(frozen=True)
class Swap:
    """Keys of mallory's in the place of charlie's, and what was there before."""

    link: UUID
    account: list[dict[str, Any]]
    log: list[dict[str, Any]]
    keys: PrivateIdentity


async def swapped(cast: Cast, *, adds_leaf: bool) -> Swap:
    """Have alice come to charlie with mallory's keys in the place of charlie's; nobody compares a code."""
    charlie, mallory = await account_of(cast, "charlie"), PrivateIdentity.generate()
    account, log = await rows(accounts_tables.Account), await rows(LOG)
    await show_keys(cast, charlie, mallory.public())
    if adds_leaf:
        await add_leaf(charlie, mallory.public())
    link = await hand_over(cast)
    return Swap(link, account, log, mallory)


async def put_keys_back(swap: Swap) -> None:
    """Show charlie's own keys again, with the profile that attests them."""
    for row in swap.account:
        await accounts_tables.Account.filter(id=row["id"]).update(
            public_identity=row["public_identity"], sealed=row["sealed"]
        )


async def test_keys_that_stand_in_no_log(cast: Cast) -> None:
    """The log is honest: the patient notices at her next sign-in, and that link is held until she compared."""
    swap = await swapped(cast, adds_leaf=False)
    entry = await written(cast)
    assert await found(cast, "alice") == {Finding.PEER}
    alice = await cast.actor("alice")
    team = {one.id: one for one in await links.load_my_links(alice)}
    assert (team[swap.link].trusted, team[swap.link].is_doubted) == (False, True)
    assert (team[cast.link].trusted, team[cast.link].is_doubted) == (True, False)
    with pytest.raises(TrustBroken):
        await shared(cast, entry, to=swap.link)
    await shared(cast, entry, to=cast.link)
    assert not await found(cast, "bob")
    assert await found(cast, "alice") == {Finding.PEER}


async def test_keys_with_a_leaf_that_everybody_sees(cast: Cast) -> None:
    """The log has the leaf: whose keys it passes for notices, and so does every other patient of theirs."""
    dana = await connected(cast, "charlie", "dana")
    assert not await found(cast, "dana")
    swap = await swapped(cast, adds_leaf=True)
    assert not await found(cast, "alice")
    await put_keys_back(swap)
    assert await found(cast, "charlie") == {Finding.OWN}
    assert await found(cast, "dana") == {Finding.PEER}
    assert [one.id for one in await links.load_my_links(await cast.actor("dana")) if one.is_doubted] == [dana]


async def test_two_logs(cast: Cast) -> None:
    """One log is shown to alice and another to all others: bob notices by what alice noted, and alice by her own."""
    swap = await swapped(cast, adds_leaf=True)
    assert not await found(cast, "alice")
    forked = await rows(LOG)
    await put_keys_back(swap)
    await put_back(LOG, swap.log)
    assert not await found(cast, "charlie")
    assert await found(cast, "bob") == {Finding.PARTED}
    assert Finding.LOG in await found(cast, "alice")
    await put_back(LOG, forked)
    assert Finding.LOG in await found(cast, "alice")  # until she has read it


async def test_two_logs_that_both_go_on(cast: Cast) -> None:
    """The two are kept apart with a leaf on each: what bob noted in his shows alice hers, and the new keys are held."""
    account, log = await rows(accounts_tables.Account), await rows(LOG)
    await add_leaf(uuid4(), PrivateIdentity.generate().public())
    assert not await found(cast, "bob")
    await put_back(LOG, log)
    swap = await swapped(cast, adds_leaf=True)
    assert account == swap.account
    assert await found(cast, "alice") == {Finding.PARTED, Finding.PEER}
    alice = await cast.actor("alice")
    assert {one.id for one in await links.load_my_links(alice) if one.is_doubted} == {cast.link, swap.link}


async def test_stolen_keys_and_the_server_key(cast: Cast) -> None:
    """A thief with bob's keys leads alice to keys of their own, by a signed change: she notices, or bob does."""
    bob, thief = await cast.actor("bob"), PrivateIdentity.generate()
    account, log = await rows(accounts_tables.Account), await rows(LOG)
    forged = succeed(bob.id.bytes, 1, 0, old=bob.open_identity(), new=thief)
    await accounts_tables.Succession.create(id=uuid4(), account_id=bob.id, number=1, statement=forged)
    await show_keys(cast, bob.id, thief.public())
    assert await found(cast, "alice") == {Finding.PEER}  # the change is followed; in the log it is not
    await add_leaf(bob.id, thief.public())
    await accounts_tables.Succession.all().delete()
    await put_keys_back(Swap(cast.link, account, log, thief))
    assert Finding.OWN in await found(cast, "bob")


@pytest.mark.parametrize("who", ["alice", "bob"])
@pytest.mark.parametrize("hides", [False, True], ids=["as it is", "with its nodes"])
async def test_a_leaf_that_was_changed(cast: Cast, who: str, *, hides: bool) -> None:
    """A leaf changed in its place is noticed by who had looked, as soon as they need it or its nodes follow."""
    row = await LOG.get(number=2)
    await LOG.filter(number=2).update(leaf=bytes(row.leaf)[:32] + bytes(32))
    if hides:
        await renode()
        assert await found(cast, who) == {Finding.LOG}
    else:
        await hand_over(cast)
        assert await found(cast, "alice") >= {Finding.LOG}


async def renode() -> None:
    """Write the nodes of the whole log anew, as they would be with these leaves."""
    all_rows = await LOG.all().order_by("number")
    edge = Frontier()
    for row in all_rows:
        await LOG.filter(number=row.number).update(nodes=b"".join(edge.append(hash_leaf(bytes(row.leaf)))))


@pytest.mark.parametrize("who", ["alice", "bob", "dana"])
async def test_a_log_that_was_cut(cast: Cast, who: str) -> None:
    """A log that is shorter than somebody remembers is noticed, also where it has grown again since."""
    (last,) = await LOG.all().order_by("-number").limit(1)
    await LOG.filter(number=last.number).delete()
    assert await found(cast, who) == {Finding.LOG}
    await add_leaf(uuid4(), PrivateIdentity.generate().public())
    await add_leaf(uuid4(), PrivateIdentity.generate().public())
    other = {"alice": "bob", "bob": "alice", "dana": "charlie"}[who]
    assert Finding.LOG in await found(cast, other)


async def test_a_log_that_was_begun_anew(cast: Cast) -> None:
    """A log with everybody's true keys that is another one is noticed by all who had looked."""
    await LOG.all().delete()
    await key_log.complete_log()
    for who in ("alice", "bob", "charlie", "dana"):
        assert await found(cast, who) == {Finding.LOG}


@pytest.mark.parametrize(("writer", "reader"), [("alice", "bob"), ("bob", "alice")])
async def test_notes_that_are_older_gone_or_anothers(cast: Cast, writer: str, reader: str) -> None:
    """A note put back, taken away, bent, of another link or of the other person is noticed by both its people."""
    column = {"alice": "patient_head", "bob": "clinician_head"}
    before = await care_tables.LinkHead.get(id=cast.link)
    await add_leaf(uuid4(), PrivateIdentity.generate().public())
    assert not await found(cast, writer)
    assert not await found(cast, reader)
    now, remembered = (await rows(care_tables.LinkHead))[0], await rows(accounts_tables.Witness)
    bent = bytes([now[column[writer]][-1] ^ 1])
    for content in (
        getattr(before, column[writer]),
        None,
        bytes(now[column[writer]])[:-1] + bent,
        now[column[reader]],
    ):
        await care_tables.LinkHead.filter(id=cast.link).update(**{column[writer]: content})
        assert await found(cast, reader) == {Finding.OLDER}
        assert await found(cast, writer) == {Finding.OLDER}
        await put_back(care_tables.LinkHead, [now])
        await put_back(accounts_tables.Witness, remembered)


@pytest.mark.parametrize("who", ["alice", "bob"])
async def test_a_memory_that_is_older_gone_or_anothers(cast: Cast, who: str) -> None:
    """What somebody remembers, put back, taken away, bent or of somebody else, is noticed: by what they noted since."""
    old = await rows(accounts_tables.Witness)
    await add_leaf(uuid4(), PrivateIdentity.generate().public())
    assert not await found(cast, who)
    account = await account_of(cast, who)
    new = await rows(accounts_tables.Witness)
    mine = next(row for row in new if row["id"] == account)
    other = next(row for row in new if row["id"] != account)
    before = next(row for row in old if row["id"] == account)
    gone = [row for row in new if row["id"] != account]
    for content, expected in (
        ([*gone, before], Finding.OLDER),
        (gone, Finding.LOG),
        ([*gone, mine | {"sealed": bytes(mine["sealed"])[:-1] + b"\0"}], Finding.LOG),
        ([*gone, mine | {"sealed": other["sealed"], "revision": other["revision"]}], Finding.LOG),
        ([*gone, mine | {"revision": 0}], Finding.LOG),
    ):
        await put_back(accounts_tables.Witness, content)
        assert expected in await found(cast, who)


@pytest.mark.parametrize("who", ["alice", "bob", "charlie", "dana", "erin"])
async def test_a_memory_that_was_deleted(cast: Cast, who: str) -> None:
    """Also with everybody's notes, and of those who are linked with nobody: it has to be there, so it is missed."""
    assert not await found(cast, who)
    await accounts_tables.Witness.filter(id=await account_of(cast, who)).delete()
    await care_tables.LinkHead.all().delete()
    assert Finding.LOG in await found(cast, who)


@pytest.mark.parametrize("begun_anew", [False, True], ids=["the log as it is", "with a log begun anew"])
async def test_everything_that_anybody_remembers_was_deleted(cast: Cast, *, begun_anew: bool) -> None:
    """Nobody takes it for a first look; and no link goes on before its people have compared their code."""
    await forgotten(begun_anew=begun_anew)
    for who in ("alice", "bob", "charlie", "dana"):
        assert Finding.LOG in await found(cast, who)
    for who in ("alice", "bob"):
        team = await links.load_my_links(await cast.actor(who))
        assert [one.is_doubted for one in team if one.id == cast.link] == [True]


async def test_keys_exchanged_in_a_log_begun_anew_before_anybody_looks(cast: Cast) -> None:
    """With nothing remembered, alice is led to keys of mallory's that stand in the log: she and charlie are told."""
    swap = await swapped(cast, adds_leaf=False)
    await forgotten(begun_anew=True)
    assert await found(cast, "alice") >= {Finding.LOG, Finding.PEER}
    team = {one.id: one for one in await links.load_my_links(await cast.actor("alice"))}
    assert (team[swap.link].trusted, team[swap.link].is_doubted) == (False, True)
    await put_keys_back(swap)
    assert Finding.LOG in await found(cast, "charlie")


async def test_an_account_is_missed_from_its_first_moment(cast: Cast) -> None:
    """Somebody opens an account, and before they look what they remember is deleted: they are told."""
    new = NewAccount("Eve", "eve@example.org", "eve keeps the lamp lit", "eve keeps the lamp lit", "UTC")
    ready = await registration.prepare_account(cast.installation, new)
    await registration.create_account(cast.installation, Role.PATIENT, ready)
    cast.tokens["eve"] = await web_sessions.start_session(cast.installation, ready.id, ready.account_key)
    await accounts_tables.Witness.filter(id=ready.id).delete()
    assert await found(cast, "eve") == {Finding.LOG}


@pytest.mark.parametrize("had_looked", [False, True])
async def test_an_account_from_before(cast: Cast, *, had_looked: bool) -> None:
    """Its access document does not say yet that it remembers: no alarm at the next look, and from then on one."""
    alice = await cast.actor("alice")
    before = await key_slots.load_own_access(alice)
    older = msgspec.structs.replace(before.document, remembers_log=False)
    sealed = key_slots.seal_access(alice.vault, alice.id, before.epoch, older)
    await accounts_tables.Account.filter(id=alice.id).update(access=sealed)
    if not had_looked:
        await forgotten(begun_anew=False)
    assert not await found(cast, "alice")
    assert (await key_slots.load_own_access(await cast.actor("alice"))).document == before.document
    await forgotten(begun_anew=False)
    assert Finding.LOG in await found(cast, "alice")


async def test_nothing_is_missed_that_was_never_there(cast: Cast) -> None:
    """Where a first look stored nothing, since another page was quicker, the account does not say that it remembers."""
    alice = await cast.actor("alice")
    before = await key_slots.load_own_access(alice)
    older = msgspec.structs.replace(before.document, remembers_log=False)
    sealed = key_slots.seal_access(alice.vault, alice.id, before.epoch, older)
    await accounts_tables.Account.filter(id=alice.id).update(access=sealed)
    await forgotten(begun_anew=False)
    await key_slots.note_log_memory(await cast.actor("alice"))
    assert (await key_slots.load_own_access(await cast.actor("alice"))).document == older
    assert not await found(cast, "alice")


async def forgotten(*, begun_anew: bool) -> None:
    """Delete whatever anybody remembers or noted, and, if asked, begin the log anew with the keys that are shown."""
    await accounts_tables.Witness.all().delete()
    await care_tables.LinkHead.all().delete()
    if begun_anew:
        await LOG.all().delete()
        await key_log.complete_log()


async def test_another_practices_head(cast: Cast) -> None:
    """A note of a log of another practice, under the true link key, is told as another log."""
    log = await rows(LOG)
    await LOG.all().delete()
    await key_log.complete_log()
    await add_leaf(uuid4(), PrivateIdentity.generate().public())
    await accounts_tables.Witness.filter(id=await account_of(cast, "alice")).delete()
    heads = (await rows(care_tables.LinkHead))[0]
    await care_tables.LinkHead.filter(id=cast.link).update(patient_head=None)
    await checking.check_log(await cast.actor("alice"))
    assert (await rows(care_tables.LinkHead))[0]["patient_head"] != heads["patient_head"]
    await put_back(LOG, log)
    assert await found(cast, "bob") & {Finding.PARTED, Finding.OLDER}


async def test_what_was_noticed_stays_until_it_was_read(cast: Cast) -> None:
    """After a comparison in person sharing goes on, nothing is told twice, and the next change is told again."""
    swap = await swapped(cast, adds_leaf=False)
    assert await found(cast, "alice") == {Finding.PEER}
    await checking.accept(await cast.actor("alice"))
    assert await found(cast, "alice") == set()
    team = {one.id: one for one in await links.load_my_links(await cast.actor("alice"))}
    assert team[swap.link].trusted
    await shared(cast, await written(cast), to=swap.link)
    await show_keys(cast, await account_of(cast, "charlie"), PrivateIdentity.generate().public())
    team = {one.id: one for one in await links.load_my_links(await cast.actor("alice"))}
    assert not team[swap.link].trusted


async def test_whose_keys_were_shown_otherwise_puts_their_own_behind_it(cast: Cast) -> None:
    """After the owner has read it, the last leaf is theirs again, and nobody else is told any more."""
    swap = await swapped(cast, adds_leaf=True)
    await put_keys_back(swap)
    assert await found(cast, "charlie") == {Finding.OWN}
    await checking.accept(await cast.actor("charlie"))
    assert await found(cast, "charlie") == set()
    await connected(cast, "charlie", "dana")
    assert await found(cast, "dana") == set()
    assert await found(cast, "charlie") == set()


async def test_the_log_tells_nobody_who_is_in_treatment(cast: Cast) -> None:
    """Whoever is linked with whom, the log is the same but for its random parts; and it does not tell roles."""
    before = await rows(LOG)
    await connected(cast, "charlie", "dana")
    await connected(cast, "charlie", "alice")
    for name in ("alice", "bob", "charlie", "dana"):
        assert not await found(cast, name)
    assert await rows(LOG) == before
    assert {(len(row["leaf"]), len(row["salt"])) for row in before if row["number"]} == {(64, 32)}
    everything = b"".join(bytes(row[name]) for row in before for name in ("leaf", "salt", "nodes"))
    for account in await rows(accounts_tables.Account):
        assert account["id"].bytes not in everything
        assert bytes(account["public_identity"]) not in everything
