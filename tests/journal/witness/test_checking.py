"""What a sign-in looks at in the log of public keys: in the ordinary life of a practice nothing is amiss."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from journal.accounts import key_log
from journal.accounts import tables as accounts_tables
from journal.accounts.log_memory import load_row, open_memory
from journal.authentication import registration
from journal.authentication.registration import NewAccount
from journal.care import lifecycle, links
from journal.care import tables as care_tables
from journal.errors import JournalError
from journal.key_rotation.account_key import RotationInProgress
from journal.practice import account_deletion
from journal.practice.account_deletion import DELETION_DELAY
from journal.roles import Role
from journal.store.database import Store, transaction
from journal.witness import checking
from journal.witness.checking import load_report
from tests.cast import PASSWORDS, Cast, Furniture, cast_of
from tests.journal.account_reset.test_reset import offered, restarted
from tests.journal.key_rotation.test_account_key import begun, ended
from tests.scenes import connected, signed_in_again

EVERYBODY = ("alice", "bob", "charlie", "dana", "erin")


async def looked(cast: Cast, *who: str) -> dict[str, bool]:
    """Have people look, and return for whom something is amiss."""
    return {name: await checking.check_log(await cast.actor(name)) for name in who or EVERYBODY}


async def remembered(cast: Cast, who: str):
    """Return what somebody remembers."""
    actor = await cast.actor(who)
    return open_memory(actor, *await load_row(actor))


async def open_account(cast: Cast, name: str) -> None:
    """Have somebody open an account."""
    new = NewAccount(name.title(), f"{name}@example.org", f"{name} keeps the lamp lit", "", "Europe/Berlin")
    ready = await registration.prepare_account(cast.installation, new)
    await registration.create_account(cast.installation, Role.PATIENT, ready)


async def test_nothing_is_amiss_for_anybody(cast: Cast) -> None:
    """Everybody looks twice: nothing is amiss, and the second time nothing is written."""
    assert not any((await looked(cast)).values())
    assert (await remembered(cast, "alice")).size == await accounts_tables.KeyLogLeaf.all().count() == 6
    assert not any((await looked(cast)).values())
    assert not any((await looked(cast)).values())
    before = await accounts_tables.Witness.all().order_by("id").values()
    notes = await care_tables.LinkHead.all().values()
    assert not any((await looked(cast)).values())
    assert before == await accounts_tables.Witness.all().order_by("id").values()
    assert notes == await care_tables.LinkHead.all().values()
    assert len(notes) == 1
    assert all(notes[0].values())


@pytest.mark.parametrize("who", ["alice", "bob"])
async def test_renewed_keys_are_no_alarm(cast: Cast, who: str) -> None:
    """A renewal adds a leaf; the other side follows the change and finds it there, whoever looks first."""
    await looked(cast)
    await begun(cast, who)
    assert not any((await looked(cast)).values())
    await ended(cast, who)
    assert not any((await looked(cast, "bob", "alice")).values())
    await begun(cast, who)
    await ended(cast, who)
    await begun(cast, who)
    assert not any((await looked(cast, "alice", "bob", "alice", "bob")).values())
    assert await accounts_tables.KeyLogLeaf.all().count() == 9


async def test_a_new_link_an_account_and_an_end(cast: Cast) -> None:
    """People come, connect, part and go: nothing is amiss, and a leaf that stays says nothing."""
    await looked(cast)
    link = await connected(cast, "charlie", "dana")
    await open_account(cast, "frida")
    assert not any((await looked(cast)).values())
    assert not any((await looked(cast)).values())
    assert (await remembered(cast, "dana")).links.keys() == {link.hex}
    await lifecycle.end_care(await cast.actor("dana"), link)
    assert not await care_tables.LinkHead.filter(id=link).exists()
    dana = await cast.actor("dana")
    await account_deletion.request_deletion(dana, "delete")
    await account_deletion.delete_due_accounts(cast.installation, cast.clock.now + DELETION_DELAY)
    assert not any((await looked(cast, "alice", "bob", "charlie", "erin")).values())
    assert not await accounts_tables.Witness.filter(id=dana.id).exists()
    salts = [bytes(row.salt) for row in await accounts_tables.KeyLogLeaf.all().order_by("number")]
    assert salts.count(b"") == 2  # of the first leaf, and hers


async def test_sharing_that_is_paused(cast: Cast) -> None:
    """Without a key nothing is noted, and nothing is missed."""
    await looked(cast)
    await lifecycle.pause_sharing(await cast.actor("alice"))
    await open_account(cast, "frida")
    assert not any((await looked(cast)).values())
    assert not any((await looked(cast)).values())
    await lifecycle.resume_sharing(await cast.actor("alice"), cast.link)
    assert not any((await looked(cast)).values())


async def test_accounts_at_the_same_moment_never_fork_the_log(cast: Cast) -> None:
    """Ten accounts at once stand in the log one after the other, and proofs of it hold."""
    await looked(cast)
    names = [f"guest{number}" for number in range(10)]
    ready = [
        await registration.prepare_account(
            cast.installation, NewAccount(name, f"{name}@example.org", PASSWORDS["alice"], "", "UTC")
        )
        for name in names[:5]
    ]
    await asyncio.gather(
        *(registration.create_account(cast.installation, Role.PATIENT, one) for one in ready)
    )
    numbers = [row.number for row in await accounts_tables.KeyLogLeaf.all().order_by("number")]
    assert numbers == list(range(11))
    assert not any((await looked(cast)).values())
    assert (await remembered(cast, "erin")).size == 11


async def test_a_log_begins_with_who_is_there(cast: Cast) -> None:
    """A practice of before gets its log at the start of a service, or from the first who looks: with everybody."""
    await accounts_tables.KeyLogLeaf.all().delete()
    await key_log.complete_log()
    assert await accounts_tables.KeyLogLeaf.all().count() == 6
    await key_log.complete_log()
    assert await accounts_tables.KeyLogLeaf.all().count() == 6
    await accounts_tables.KeyLogLeaf.all().delete()
    await open_account(cast, "frida")
    assert await accounts_tables.KeyLogLeaf.all().count() == 7
    await accounts_tables.KeyLogLeaf.all().delete()
    assert not any((await looked(cast)).values())
    assert not any((await looked(cast)).values())


async def test_a_broken_log_keeps_nobody_out(cast: Cast) -> None:
    """Accounts are opened and keys renewed with nodes, leaves or the first leaf gone; who had looked is told."""
    await looked(cast, "alice", "bob")
    async with transaction():
        await accounts_tables.KeyLogLeaf.filter(number__gte=2).update(nodes=b"")
    await open_account(cast, "frida")
    await accounts_tables.KeyLogLeaf.filter(number=0).delete()
    await open_account(cast, "gerda")
    await begun(cast, "alice")
    assert all((await looked(cast, "alice", "bob")).values())


async def test_two_browsers_at_once(cast: Cast) -> None:
    """Two looks of one person, and of two people, at the same moment leave a memory that fits."""
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    await asyncio.gather(
        checking.check_log(alice), checking.check_log(alice), checking.check_log(bob), checking.check_log(bob)
    )
    assert not any((await looked(cast)).values())
    await open_account(cast, "frida")
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    await asyncio.gather(
        checking.check_log(alice), checking.check_log(bob), checking.check_log(alice), checking.check_log(bob)
    )
    assert not any((await looked(cast)).values())
    assert not (await load_report(await cast.actor("alice"))).noticed
    await signed_in_again(cast)
    assert [link.trusted for link in await links.load_my_links(await cast.actor("bob"))] == [True]


async def test_a_reset_is_told_as_before_and_begins_anew(cast: Cast) -> None:
    """Who begins anew has no memory and a new leaf; that clinician finds it, another one is told as before."""
    other = await connected(cast, "charlie")
    await looked(cast)
    await restarted(cast, await offered(cast))
    assert not any((await looked(cast)).values())
    assert not any((await looked(cast)).values())
    (link,) = await links.load_my_links(await cast.actor("charlie"))
    assert (link.id, link.trusted, link.is_doubted) == (other, False, False)


@pytest.mark.parametrize("seed", range(4))
async def test_any_life_of_a_practice_is_quiet(
    furnished_sqlite_url: tuple[str, Furniture], seed: int
) -> None:
    """Whatever people do in whatever order, also after a backup was restored, nobody is told anything."""
    url, furniture = furnished_sqlite_url
    life = Life(url, cast_of(furniture), Random(seed))
    for _ in range(30):
        await life.go_on()
    assert life.amiss == []


@dataclass
class Life:
    """A practice whose database is opened for each act, so that it can be put back as a whole between two."""

    url: str
    cast: Cast
    chance: Random
    kept: tuple[bytes, dict[str, bytes]] | None = None
    accounts: int = 0
    amiss: list[str] = field(default_factory=list)

    async def go_on(self) -> None:
        """Have one thing happen that can happen."""
        if self.chance.randrange(10) == 0:
            self.back_up()
            return
        act = self.chance.choice(
            [
                self.look,
                self.look,
                self.look,
                self.open,
                self.renew,
                self.connect,
                self.end,
                self.pause,
            ]
        )
        store = await Store.open(self.url)
        with store.use():
            await act()
        await store.close()

    def back_up(self) -> None:
        """Keep the whole database, or put back what was kept."""
        file = Path(self.url.removeprefix("sqlite://"))
        if self.kept is None:
            self.kept = file.read_bytes(), dict(self.cast.tokens)
        else:
            file.write_bytes(self.kept[0])
            self.cast.tokens, self.kept = dict(self.kept[1]), None

    async def look(self) -> None:
        """Have somebody sign in and look."""
        who = self.chance.choice(EVERYBODY)
        if await checking.check_log(await self.cast.actor(who)):
            self.amiss.append(who)

    async def open(self) -> None:
        """Have somebody open an account."""
        self.accounts += 1
        await open_account(self.cast, f"guest{self.accounts}")

    async def renew(self) -> None:
        """Have somebody renew their keys."""
        who = self.chance.choice(["alice", "bob", "charlie"])
        with suppress(RotationInProgress):
            await begun(self.cast, who)
            await ended(self.cast, who)

    async def connect(self) -> None:
        """Have two people connect."""
        clinician, patient = self.chance.choice(["bob", "charlie"]), self.chance.choice(["alice", "dana"])
        with suppress(JournalError):
            await connected(self.cast, clinician, patient)

    async def end(self) -> None:
        """Have a patient end care, if there is any."""
        dana = await self.cast.actor(self.chance.choice(["alice", "dana"]))
        for link in (await links.load_my_links(dana))[1:]:
            await lifecycle.end_care(dana, link.id)

    async def pause(self) -> None:
        """Have a patient pause all sharing, or resume it."""
        alice = await self.cast.actor("alice")
        for link in await links.load_my_links(alice):
            if link.paused_at:
                await lifecycle.resume_sharing(alice, link.id)
            else:
                await lifecycle.pause_sharing(alice, link.id)
