"""A thousand people, four senders, a kill, and a mail server that goes away: each is told once, and nobody is lost."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from asyncio.subprocess import Process
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from msgspec.structs import replace as with_changes

from journal.accounts import tables as accounts_tables
from journal.accounts.profiles import profile_context
from journal.installation.installation import Installation
from journal.mail.outbox import CLAIM_DURATION
from journal.reminders import tables
from journal.reminders.kinds import ReminderKind
from journal.reminders.sending import deliver_reminders
from journal.reminders.waiting import SlotRow, Waiting, open_slot, seal_slot
from journal.roles import Role
from journal.sealing import seal_document
from journal.sessions import tables as sessions_tables
from journal.sessions.rows import session_context
from journal.sessions.session import SessionKind
from journal.store.database import Store, fetch_raw, is_sqlite
from tests.cast import Cast, Furniture
from tests.journal.mail.test_outbox import house_of
from tests.journal.reminders.living import Life, session
from tests.receiver import Receiver, receiving

SENDERS = 4
SLOTS = "SELECT id, sealed FROM reminder_slot"
BEGIN = datetime(2026, 11, 28, tzinfo=UTC)


@dataclass(frozen=True)
class Group:
    """People of one zone with a talk on 2 December at `talk`, of which they are told at `told` by their clock."""

    zone: str
    talk: str
    told: str
    dosing: str = ""

    @property
    def at(self) -> datetime:
        """When they are told."""
        return datetime.fromisoformat(self.told).replace(tzinfo=ZoneInfo(self.zone)).astimezone(UTC)


GROUPS = (
    Group("Pacific/Kiritimati", "14:00", "2026-12-01T14:00"),
    Group("Asia/Kolkata", "14:00", "2026-12-02T08:00", dosing="2026-12-01T10:00"),
    Group(
        "Europe/Berlin", "20:30", "2026-12-02T08:00"
    ),  # the mail server is away at 20:30, and back in quiet hours
    Group("America/St_Johns", "02:15", "2026-12-01T08:00"),
    Group("Pacific/Pago_Pago", "14:00", "2026-12-01T14:00"),
)
AWAY = (datetime(2026, 12, 1, 19, 30, tzinfo=UTC), datetime(2026, 12, 1, 19, 40, tzinfo=UTC))


LATER = Group("Europe/Berlin", "14:00", "")
"""Whoever has their talk in some months, and is looked at each time in vain."""


def build_people(count: int) -> dict[str, tuple[Group, Life]]:
    """So many people by their address; every fourth is told of something, as many of each group."""
    people = {}
    for number in range(count):
        group = GROUPS[number // 4 % len(GROUPS)] if number % 4 == 0 else LATER
        day = "2026-12-02" if group.told else "2027-03-02"
        plan = [session(2, f"{day}T{group.talk}", group.zone, SessionKind.INTEGRATION)]
        plan += [session(1, group.dosing, group.zone)] if group.dosing else []
        life = Life(ZoneInfo(group.zone), BEGIN, plan, kinds=[ReminderKind.TALK])
        people[f"person{number}@example.org"] = group, life
    return people


async def store_people(installation: Installation, people: dict[str, tuple[Group, Life]]) -> None:
    """Write their accounts, plans and slots as the product does."""
    keys, accounts, sessions, slots = installation.server_keys, [], [], []
    for address, (_, life) in people.items():
        who, profile = uuid4(), with_changes(life.know().profile, email=address)
        account = {"id": who, "role": Role.PATIENT.value, "email_index": who.hex, "created_at": BEGIN}
        sealed = seal_document(keys, profile, profile_context(who))
        accounts.append(
            accounts_tables.Account(**account, public_identity=b"-", identity=b"-", sealed=sealed)
        )
        for one in life.plan:
            ident = uuid4()
            sealed = seal_document(keys, one.details, session_context(who, ident, 1))
            sessions.append(
                sessions_tables.KapSession(
                    id=ident, patient_id=who, revision=1, sealed=sealed, created_at=BEGIN
                )
            )
        slots.append(
            tables.ReminderSlot(id=who, account_id=who, sealed=seal_slot(installation, who, life.waiting))
        )
    await accounts_tables.Account.bulk_create(accounts, batch_size=100)
    await sessions_tables.KapSession.bulk_create(sessions, batch_size=100)
    await tables.ReminderSlot.bulk_create(slots, batch_size=100)


async def kill_while_sending(store: Store, installation: Installation, receiver: Receiver) -> None:
    """End a sender that has claimed a message and said to whom it goes."""
    receiver.silent, receiver.loop = True, asyncio.get_running_loop()
    killed = asyncio.create_task(deliver(store, installation))
    await receiver.asked.wait()
    killed.cancel()
    await asyncio.gather(killed, return_exceptions=True)
    receiver.silent = False


async def deliver(store: Store, installation: Installation) -> int:
    """Do one round of a sender that has connections of its own."""
    with store.use():
        return await deliver_reminders(installation)


async def test_a_thousand_people_are_told_once(furnished_url: tuple[str, Furniture], cast: Cast) -> None:
    """Each under one Message-ID, at the first hour that is theirs, in no quiet hour and on no dosing day."""
    people = build_people(160 if is_sqlite() else 1000)
    await store_people(cast.installation, people)
    stores = [await Store.open(furnished_url[0]) for _ in range(SENDERS)]
    told: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    with receiving() as receiver:
        installation = house_of(cast, receiver)
        away = replace(installation, mail=replace(receiver.server(), port=1))
        killed_at = GROUPS[0].at
        back = AWAY[1] + timedelta(hours=1)
        for at in sorted({killed_at - timedelta(minutes=1), *(group.at for group in GROUPS), *AWAY, back}):
            cast.clock.now = at
            if at == killed_at:
                await kill_while_sending(stores[0], installation, receiver)
            for house in (away,) if at in AWAY else (installation,):
                await asyncio.gather(*(deliver(store, house) for store in stores))
            if at == killed_at:
                cast.clock.now += CLAIM_DURATION
                await deliver(stores[1], installation)
            for envelope, letter in receiver.letters:
                told[envelope.rcpt_tos[0]].append((at, letter["Message-ID"]))
            receiver.letters.clear()
    for store in stores:
        await store.close()
    assert {address: [at for at, _ in found] for address, found in told.items()} == {
        address: [group.at] for address, (group, _) in people.items() if group.told
    }
    assert len({ident for found in told.values() for _, ident in found}) == len(told)
    assert not [1 for address, found in told.items() if people[address][1].quiet.has(found[0][0])]


def open_slot_of(installation: Installation, raw: Sequence[object]) -> Waiting:
    """What a row of a slot holds."""
    ident, sealed = raw
    assert isinstance(sealed, bytes | memoryview)
    return open_slot(installation, SlotRow(UUID(str(ident)), bytes(sealed)))


async def start_sender(url: str, port: int, now: datetime) -> Process:
    """Start a process that sends what is due at *now*, and ends."""
    command = (sys.executable, "-m", "tests.journal.reminders.sender", url, str(port), now.isoformat())
    return await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)


async def test_processes_share_what_is_due_and_one_is_killed(
    furnished_url: tuple[str, Furniture], cast: Cast
) -> None:
    """Four of them, one ended in the middle of a message and begun anew: each message once, that one under its id."""
    people = build_people(80)
    await store_people(cast.installation, people)
    at, url = GROUPS[0].at, furnished_url[0]
    with receiving() as receiver:
        receiver.silent, receiver.loop = True, asyncio.get_running_loop()
        killed = await start_sender(url, receiver.port, at)
        asked, ended = asyncio.create_task(receiver.asked.wait()), asyncio.create_task(killed.wait())
        await asyncio.wait((asked, ended), return_when=asyncio.FIRST_COMPLETED)
        assert asked.done()
        killed.kill()
        await ended
        receiver.silent = False
        letters = {open_slot_of(cast.installation, row).letter for row in await fetch_raw(SLOTS)} - {""}
        assert len(letters) == 1
        others = [await start_sender(url, receiver.port, at) for _ in range(SENDERS - 1)]
        counts = [int(out) for out, _ in [await other.communicate() for other in others]]
        first = len(receiver.letters)
        again = await start_sender(url, receiver.port, at + CLAIM_DURATION)
        assert (await again.communicate())[0] == b"1"
        told = [(envelope.rcpt_tos[0], letter["Message-ID"]) for envelope, letter in receiver.letters]
    due = [address for address, (group, _) in people.items() if group.told and group.at <= at]
    assert sum(counts) == first == len(due) - 1
    assert sorted(address for address, _ in told) == sorted(due)
    assert len({ident for _, ident in told}) == len(told)
    assert letters.pop() in told[-1][1]
