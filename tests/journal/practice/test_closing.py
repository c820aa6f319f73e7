"""A practice that closes: each patient is told once until when, in their language, and nothing else happens."""

from __future__ import annotations

import asyncio
import re
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace as with_changes

from journal.accounts import tables as accounts_tables
from journal.accounts.details import change_details, set_region
from journal.accounts.profiles import load_profile, profile_context
from journal.accounts.status import LEAVING, SUSPENDED
from journal.installation.installation import Installation
from journal.mail import tables as mail_tables
from journal.mail.messages import Message, Notice, message_context, queue_message
from journal.mail.outbox import RETRY_DELAYS, deliver_due
from journal.practice import closing, practice
from journal.practice.closing import ClosingRefused, Reach
from journal.practice.practice import PracticeSettings
from journal.roles import Role
from journal.sealing import open_document, seal_document
from journal.store.database import is_sqlite
from portal.background import build_voices
from tests.cast import NOON, Cast
from tests.journal.mail.test_outbox import NEVER_SAID, SPANISH_NEVER_SAID, house_of, waiting
from tests.receiver import ORIGIN, Receiver, receiving
from tests.scenes import in_session

UNTIL, LATER = date(2027, 3, 31), date(2027, 5, 31)
PATIENTS = {"alice@example.org", "dana@example.org"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A mail server on this machine."""
    with receiving() as found:
        yield found


async def sent(installation: Installation, receiver: Receiver) -> Counter[str]:
    """Send all that waits; return how many messages came for whom since the last time."""
    while await deliver_due(installation, build_voices()):
        pass
    came = Counter(envelope.rcpt_tos[0] for envelope, _ in receiver.letters)
    receiver.letters.clear()
    return came


async def test_each_patient_is_told_once_of_a_day(cast: Cast, receiver: Receiver) -> None:
    """Nobody by looking, each patient and none of the staff by telling, nobody again; of another day once more."""
    installation = house_of(cast, receiver)
    looked = await closing.preview_closing(installation, UNTIL)
    assert looked.reached == {Reach.TOLD: 2}
    assert (await waiting(), (await practice.load_closing(installation)).on) == (0, None)
    told = await closing.tell_closing(installation, UNTIL)
    assert (told.reached, told.languages) == (looked.reached, looked.languages)
    assert await sent(installation, receiver) == dict.fromkeys(PATIENTS, 1)
    for work in (closing.preview_closing, closing.tell_closing):
        assert (await work(installation, UNTIL)).reached == {Reach.ALREADY: 2}
    assert await waiting() == 0
    assert (await closing.preview_closing(installation, LATER)).reached == {Reach.TOLD: 2}
    await closing.tell_closing(installation, LATER)
    assert await sent(installation, receiver) == dict.fromkeys(PATIENTS, 1)


async def test_taken_back_and_said_again_it_is_told_again(sqlite_cast: Cast, receiver: Receiver) -> None:
    """It goes from the pages; nobody is told of that, and the same day is a new notice afterwards."""
    installation = house_of(sqlite_cast, receiver)
    assert not await closing.withdraw_closing(installation)
    await closing.tell_closing(installation, UNTIL)
    await sent(installation, receiver)
    assert await closing.withdraw_closing(installation)
    view = await practice.load_practice(installation)
    assert view is not None
    assert (view.closing_on, await waiting()) == (None, 0)
    await closing.tell_closing(installation, UNTIL)
    assert await sent(installation, receiver) == dict.fromkeys(PATIENTS, 1)


async def test_what_still_waits_goes_with_its_day(cast: Cast, receiver: Receiver) -> None:
    """A day that was mistyped, or taken back, goes to nobody whose message still waits; nothing else is lost."""
    installation = house_of(cast, receiver)
    await queue_message(installation, Message("erin@example.org", Notice.WAITS.value), installation.clock())
    await closing.tell_closing(installation, UNTIL)
    await closing.tell_closing(installation, LATER)
    assert await waiting() == 1 + len(PATIENTS)
    await closing.withdraw_closing(installation)
    assert await sent(installation, receiver) == {"erin@example.org": 1}
    await closing.tell_closing(installation, UNTIL)
    assert await sent(installation, receiver) == dict.fromkeys(PATIENTS, 1)


async def test_the_message_is_neutral_in_either_language(sqlite_cast: Cast, receiver: Receiver) -> None:
    """The day and the front page; no name, no reason of care, and nothing to answer."""
    cast = sqlite_cast
    await change_details(await cast.actor("alice"), "Alice", "UTC", "es")
    installation = house_of(cast, receiver)
    assert (await closing.tell_closing(installation, UNTIL)).languages == {"es": 1, "": 1}
    while await deliver_due(installation, build_voices()):
        pass
    said = {
        one["To"]: (one["Subject"], one.get_content(), one["Content-Language"]) for _, one in receiver.letters
    }
    english, spanish = said["dana@example.org"], said["alice@example.org"]
    assert (english[2], spanish[2]) == ("en", "es")
    assert "Until 31 Mar 2027" in english[1]
    assert "31 mar 2027" in spanish[1]
    assert "This message deletes nothing." in english[1]
    assert not NEVER_SAID.search("".join(english[:2]).replace(ORIGIN, ""))
    assert not SPANISH_NEVER_SAID.search("".join(spanish[:2]).replace(ORIGIN, ""))
    assert english[1] != spanish[1]
    for _, text, _ in said.values():
        assert re.findall(r"https?://\S+", text) == [ORIGIN]


async def test_who_cannot_be_told_is_counted(cast: Cast, receiver: Receiver) -> None:
    """Suspended, about to be deleted, unreachable, damaged: no message, and told once it has changed."""
    installation = house_of(cast, receiver)
    alice, dana = await cast.actor("alice"), await cast.actor("dana")
    await accounts_tables.Account.filter(id=alice.id).update(status=SUSPENDED)
    await accounts_tables.Account.filter(id=dana.id).update(status=LEAVING)
    await store_patients(installation, 1, "nobody@localhost")
    broken = await store_patients(installation, 1, "broken{}@example.org")
    await accounts_tables.Account.filter(id=broken[0]).update(sealed=b"not what was saved")
    found = await closing.tell_closing(installation, UNTIL)
    once = dict.fromkeys((Reach.SUSPENDED, Reach.LEAVING, Reach.UNREACHABLE, Reach.DAMAGED), 1)
    assert found.reached == once
    assert await waiting() == 0
    await accounts_tables.Account.filter(id=alice.id).update(status="active")
    await closing.tell_closing(installation, UNTIL)
    assert await sent(installation, receiver) == {"alice@example.org": 1}


async def test_nobody_is_told_on_the_day_of_a_dosing_session(sqlite_cast: Cast, receiver: Receiver) -> None:
    """They are counted, and told by the command of another day."""
    cast = sqlite_cast
    installation = house_of(cast, receiver)
    await in_session(cast)
    assert (await closing.tell_closing(installation, UNTIL)).reached == {Reach.IN_SESSION: 1, Reach.TOLD: 1}
    assert await sent(installation, receiver) == {"dana@example.org": 1}
    cast.clock.forward(days=2)
    await closing.tell_closing(installation, UNTIL)
    assert await sent(installation, receiver) == {"alice@example.org": 1}


async def test_two_who_run_it_at_once_tell_each_once(cast: Cast, receiver: Receiver) -> None:
    """Whoever comes second finds that each was told."""
    installation = house_of(cast, receiver)
    tallies = await asyncio.gather(*(closing.tell_closing(installation, UNTIL) for _ in range(2)))
    assert sum(one.reached[Reach.TOLD] for one in tallies) == 2
    assert await sent(installation, receiver) == dict.fromkeys(PATIENTS, 1)


async def test_without_a_mail_server_the_pages_alone_say_it(sqlite_cast: Cast, receiver: Receiver) -> None:
    """Nobody counts as told: with a mail server, the same command tells them."""
    await closing.tell_closing(sqlite_cast.installation, UNTIL)
    view = await practice.load_practice(sqlite_cast.installation)
    assert view is not None
    assert (view.closing_on, await waiting()) == (UNTIL, 0)
    installation = house_of(sqlite_cast, receiver)
    await closing.tell_closing(installation, UNTIL)
    assert await sent(installation, receiver) == dict.fromkeys(PATIENTS, 1)


async def test_what_somebody_changes_of_themselves_keeps_that_they_were_told(sqlite_cast: Cast) -> None:
    """That stands in the profile, which each change writes anew; and the day stays when the practice is changed."""
    cast = sqlite_cast
    installation = house_of(cast, Receiver(25))
    await closing.tell_closing(installation, UNTIL)
    await set_region(await cast.actor("alice"), "")
    await change_details(await cast.actor("dana"), "Dana", "UTC", "es")
    await practice.change_practice(await cast.actor("erin"), PracticeSettings("Harbour"))
    assert (await practice.load_closing(installation)).on == UNTIL
    assert (await closing.preview_closing(installation, UNTIL)).reached == {Reach.ALREADY: 2}


async def test_a_day_that_was_changed_meanwhile_is_told_to_nobody_more(sqlite_cast: Cast) -> None:
    """Two who run it with different days at once: the first stops."""
    installation = house_of(sqlite_cast, Receiver(25))
    row = await anext(closing._find_patients())
    notice = await practice.set_closing(installation, UNTIL, "one")
    await closing.tell_closing(installation, LATER)
    with pytest.raises(ClosingRefused):
        await closing._tell(installation, row, UNTIL, notice)
    assert await waiting() == 2


@pytest.mark.parametrize(
    "typed",
    ["2026-11-22", "2026-11-21", "2027-02-30", "31.3.2027", "20270331", "2027-W13-3", "2032-01-01", ""],
)
def test_a_day_that_is_none(typed: str) -> None:
    """A day to come, written in one way, within five years."""
    installation = Installation.with_key(bytes(32), clock=lambda: NOON, quick=True)
    with pytest.raises(ClosingRefused):
        closing.parse_closing_day(installation, typed)
    assert closing.parse_closing_day(installation, "2026-11-23") == date(2026, 11, 23)


async def store_patients(installation: Installation, count: int, address: str) -> list[UUID]:
    """Store so many patients, each with the address of their number; return their ids."""
    profile = await load_profile(installation, await _find_any_patient())
    accounts = []
    for number in range(count):
        who = uuid4()
        one = with_changes(profile, name=f"P {number}", email=address.format(number), told_closing="")
        sealed = seal_document(installation.server_keys, one, profile_context(who))
        accounts.append(
            accounts_tables.Account(
                id=who, role=Role.PATIENT.value, email_index=who.hex, sealed=sealed, public_identity=b"",
                identity=b"", created_at=NOON,
            )
        )  # fmt: skip
    await accounts_tables.Account.bulk_create(accounts, batch_size=100)
    return [one.id for one in accounts]


async def _find_any_patient() -> UUID:
    found = await accounts_tables.Account.filter(role=Role.PATIENT.value).order_by("id").first()
    assert found is not None
    return found.id


class Stopped(Exception):
    """The process ended."""


def stop_after(calls: int) -> Callable[[], datetime]:
    """A clock that is asked for each message, and ends the process in the middle of one."""
    left = iter(range(calls))

    def clock() -> datetime:
        if next(left, None) is None:
            raise Stopped
        return NOON

    return clock


async def list_told(installation: Installation) -> Counter[str]:
    """How many messages wait for whom."""
    found = Counter[str]()
    for row in await mail_tables.Outbox.all():
        kept = open_document(installation.server_keys, bytes(row.sealed), message_context(row.id), Message)
        found[kept.to] += 1
    return found


async def test_a_thousand_people_and_a_crash(cast: Cast) -> None:
    """Ended in the middle of a message and run again: each is told once, in little memory."""
    count = 1000 if is_sqlite() else 100
    await store_patients(cast.installation, count, "p{}@example.org")
    installation = house_of(cast, Receiver(25))
    with pytest.raises(Stopped):
        await closing.tell_closing(replace(installation, clock=stop_after(count // 3)), UNTIL)
    queued = await waiting()
    assert 0 < queued < count
    tracemalloc.start()
    try:
        found = await closing.tell_closing(installation, UNTIL)
        assert tracemalloc.get_traced_memory()[1] < 16_000_000
    finally:
        tracemalloc.stop()
    assert found.reached == {Reach.ALREADY: queued, Reach.TOLD: count + 2 - queued}
    everybody = {f"p{number}@example.org" for number in range(count)} | PATIENTS
    assert await list_told(installation) == dict.fromkeys(everybody, 1)


async def test_a_mail_server_that_says_later_tells_each_once(sqlite_cast: Cast, receiver: Receiver) -> None:
    """What is put off goes under its own Message-ID, and nobody has another."""
    await store_patients(sqlite_cast.installation, 20, "p{}@example.org")
    installation = house_of(sqlite_cast, receiver)
    await closing.tell_closing(installation, UNTIL)
    receiver.answers = ["450 4.2.0 later"] * 3
    first = await sent(installation, receiver)
    sqlite_cast.clock.now += RETRY_DELAYS[0] + timedelta(seconds=1)
    await closing.tell_closing(installation, UNTIL)
    while await deliver_due(installation, build_voices()):
        pass
    later = [letter["Message-ID"] for _, letter in receiver.letters]
    assert (sum(first.values()), len(set(later))) == (19, 3)
    assert await sent(installation, receiver) + first == dict.fromkeys(
        {f"p{number}@example.org" for number in range(20)} | PATIENTS, 1
    )
