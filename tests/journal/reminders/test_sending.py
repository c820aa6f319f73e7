"""What waits goes out once, whoever changes the plan meanwhile and whatever ends; no mail and no row tells why."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from journal.accounts import details as account_details
from journal.accounts.profiles import ReminderChoices
from journal.clinic.hours import Window
from journal.errors import Damaged, InvalidInput
from journal.installation.installation import Installation
from journal.reading_hours.hours import Hours, save_hours
from journal.reminders import settings
from journal.reminders.following import change_with_reminders, note_use, renew_for_clinician
from journal.reminders.kinds import OFFERED, ReminderKind
from journal.reminders.sending import deliver_reminders
from journal.reminders.waiting import SlotRow, Waiting, from_seconds, load_waiting, open_slot
from journal.roles import Role
from journal.scheduling import plan as session_plan
from journal.sessions.session import SessionDetails, SessionKind, Setting, Status
from journal.store.database import execute, fetch_raw
from journal.today.today import load_and_renew_reminders
from portal.background import build_voices
from tests.cast import NAMES, PRACTICE, ZONE, Cast
from tests.journal.mail.test_outbox import NEVER_SAID, house_of
from tests.receiver import ORIGIN, Receiver, receiving
from tests.scenes import signed_in_again

EVERYTHING = [kind.value for kind in OFFERED[Role.PATIENT]]
LIST = re.compile(
    r"ketamin|medicin|dose|dosing|trauma|therap|session|journal|patient|clinic|doctor|prepar|check|measure|talk|reading"
    r"|integrat|entry|share|care\b|health|treat|appoint|"
    + "|".join(part for name in (*NAMES.values(), PRACTICE) for part in name.split()),
    re.IGNORECASE,
)

LISTA = re.compile(
    r"ketamin|quetamin|esketamin|medic|dosis|dosific|trauma|terap|psic|diario|pacient|cl[ií]nic|doctor|prepar|comprob"
    r"|escala|cuestionario|medida|charla|conversaci|lectura|integra|entrada|compart|cuidad|salud|tratamiento|cita\b"
    r"|" + "|".join(part for name in (*NAMES.values(), PRACTICE) for part in name.split()),
    re.IGNORECASE,
)
"""The same in Spanish, where to sign in is “iniciar sesión”: that phrase alone may name a session."""
SIGN_IN = re.compile(r"inici(?:ar|e) sesión", re.IGNORECASE)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A mail server on this machine."""
    with receiving() as found:
        yield found


def in_days(cast: Cast, days: float, kind: SessionKind = SessionKind.DOSING) -> SessionDetails:
    """A session that is planned for so many days from now, at the same time of the day."""
    local = (cast.clock.now + timedelta(days=days)).astimezone(session_zone()).replace(tzinfo=None)
    return SessionDetails(kind, local.isoformat(timespec="minutes"), ZONE, 120, Setting.HOME)


def session_zone() -> ZoneInfo:
    """The zone of the cast."""
    return ZoneInfo(ZONE)


async def chosen(cast: Cast, name: str = "alice", kinds: list[str] | None = None) -> None:
    """Have somebody choose to be reminded."""
    await settings.save_choices(await cast.actor(name), kinds or EVERYTHING, "21:00", "08:00")


async def waiting_of(cast: Cast, name: str = "alice") -> Waiting:
    """What is kept for somebody."""
    found = await load_waiting(cast.installation, (await cast.actor(name)).id)
    assert found is not None
    return found


async def pass_days(cast: Cast, installation: Installation, days: float) -> list[datetime]:
    """Pass days, and look every time that the sender would find something; return when something was sent."""
    until, sent = cast.clock.now + timedelta(days=days), list[datetime]()
    while True:
        rows = await fetch_raw("SELECT id, sealed FROM reminder_slot")
        slots = [
            open_slot(
                cast.installation,
                SlotRow(row[0] if isinstance(row[0], UUID) else UUID(row[0]), bytes(row[1])),
            )
            for row in rows
        ]
        wakes = [one.next_at for one in slots if one.next_at]
        at = max(cast.clock.now, from_seconds(min(wakes, default=2**32)))
        if at >= until:
            cast.clock.now = until
            return sent
        cast.clock.now = at
        if await deliver_reminders(installation):
            sent.append(at)


async def test_a_reminder_goes_once_and_says_nothing(cast: Cast, receiver: Receiver) -> None:
    """At its time, to one person, in words that are the same for all kinds, with the front page and how to stop."""
    installation = house_of(cast, receiver)
    await chosen(cast)
    alice = await cast.actor("alice")
    await session_plan.add_session(alice, alice.id, in_days(cast, 10))
    assert await deliver_reminders(installation) == 0
    sent = await pass_days(cast, installation, 9.5)
    assert [at - cast.clock.now for at in sent] == [
        timedelta(days=3 - 9.5),
        timedelta(days=5 - 9.5),
        timedelta(days=9 - 9.5),
    ]
    assert len({letter["Message-ID"] for _, letter in receiver.letters}) == len(receiver.letters) == 3
    assert len(set(receiver.texts)) == 1
    for envelope, letter in receiver.letters:
        assert envelope.rcpt_tos == ["alice@example.org"]
        assert isinstance(envelope.content, bytes)
        said = envelope.content.decode().replace("alice@example.org", "").replace("example.org", "")
        assert not LIST.search(said), said
        assert not NEVER_SAID.search(letter.get_content().replace(ORIGIN, ""))
        assert re.findall(r"https?://\S+", letter.get_content()) == [ORIGIN]
        assert "Account, and then Reminders" in letter.get_content()
        assert letter["List-Unsubscribe"] is None


async def test_a_reminder_speaks_its_persons_language(sqlite_cast: Cast, receiver: Receiver) -> None:
    """In Spanish for who chose it, with a word of the list as little as in English."""
    installation = house_of(sqlite_cast, receiver)
    await chosen(sqlite_cast, kinds=[ReminderKind.CHECKLIST.value])
    alice = await sqlite_cast.actor("alice")
    await account_details.change_details(alice, alice.name, alice.time_zone, "es")
    await session_plan.add_session(alice, alice.id, in_days(sqlite_cast, 2))
    sqlite_cast.clock.forward(days=1)
    assert await deliver_reminders(installation, build_voices()) == 1
    ((_, letter),) = receiver.letters
    assert letter["Content-Language"] == "es"
    assert letter["Subject"] == "Un recordatorio de Hearthside"
    assert "Para no recibirlo más" in letter.get_content()
    said = f"{letter['Subject']}\n{SIGN_IN.sub('', letter.get_content().replace(ORIGIN, ''))}"
    for words in (NEVER_SAID, LIST, LISTA, re.compile("sesi", re.IGNORECASE)):
        assert not words.search(said), said


async def test_a_plan_that_changes_takes_its_reminders_along(cast: Cast, receiver: Receiver) -> None:
    """A clinician moves a session: its moments move in the same act. Cancelled, it leaves none."""
    installation = house_of(cast, receiver)
    await chosen(cast, kinds=[ReminderKind.CHECKLIST.value, ReminderKind.TALK.value])
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    wanted = await session_plan.add_session(bob, alice.id, in_days(cast, 10))
    talk = await session_plan.add_session(bob, alice.id, in_days(cast, 12, SessionKind.INTEGRATION))
    before = (await waiting_of(cast)).moments
    assert [from_seconds(one.since) - cast.clock.now for one in before] == [
        timedelta(days=9),
        timedelta(days=11),
    ]
    await session_plan.change_session(bob, wanted, 1, in_days(cast, 20))
    after = (await waiting_of(cast)).moments
    assert [from_seconds(one.since) - cast.clock.now for one in after] == [
        timedelta(days=11),
        timedelta(days=19),
    ]
    await session_plan.change_status(bob, talk, Status.CANCELLED)
    await session_plan.change_status(bob, wanted, Status.CANCELLED)
    assert (await waiting_of(cast)).moments == ()
    assert await pass_days(cast, installation, 40) == []


async def test_the_plan_is_read_again_before_a_message_goes(cast: Cast, receiver: Receiver) -> None:
    """Moments that follow from no plan any more, as storage can leave them, are told to nobody."""
    installation = house_of(cast, receiver)
    await chosen(cast)
    alice = await cast.actor("alice")
    wanted = await session_plan.add_session(alice, alice.id, in_days(cast, 10))
    stale = await fetch_raw("SELECT sealed FROM reminder_slot")
    await session_plan.change_status(alice, wanted, Status.CANCELLED)
    await execute("UPDATE reminder_slot SET sealed = $1", bytes(stale[0][0]))
    assert await pass_days(cast, installation, 60) == []
    assert (receiver.letters, (await waiting_of_later(cast)).next_at) == ([], 0)


async def waiting_of_later(cast: Cast) -> Waiting:
    """What is kept for alice, who signs in again."""
    await signed_in_again(cast)
    return await waiting_of(cast)


async def test_none_from_the_start_until_the_morning_after(cast: Cast, receiver: Receiver) -> None:
    """A session that she starts half a day early takes the check list's message with it; the next comes a day later."""
    installation = house_of(cast, receiver)
    await chosen(cast, kinds=[ReminderKind.CHECKLIST.value, ReminderKind.HOURS_24.value])
    alice = await cast.actor("alice")
    wanted = await session_plan.add_session(alice, alice.id, in_days(cast, 1.2))
    cast.clock.forward(days=0.75)
    await signed_in_again(cast)
    began = cast.clock.now
    await session_plan.change_status(await cast.actor("alice"), wanted, Status.IN_SESSION)
    sent = await pass_days(cast, installation, 2)
    assert [at - began for at in sent] == [] or min(at - began for at in sent) >= timedelta(hours=24)
    assert all(8 <= at.astimezone(session_zone()).hour < 21 for at in sent)
    assert len(sent) == 1


async def test_what_was_told_is_not_repeated_to_who_came_back(cast: Cast, receiver: Receiver) -> None:
    """Two days after a message it comes once more, unless they were here."""
    installation = house_of(cast, receiver)
    await chosen(cast, kinds=[ReminderKind.PREPARATION.value])
    alice = await cast.actor("alice")
    await session_plan.add_session(alice, alice.id, in_days(cast, 8))
    assert len(await pass_days(cast, installation, 1.5)) == 1
    assert (await waiting_of_later(cast)).told
    await note_use(await cast.actor("alice"))
    assert not (await waiting_of(cast)).told
    assert await pass_days(cast, installation, 6) == []


async def test_what_a_role_has_not_and_hours_that_are_none_are_refused(sqlite_cast: Cast) -> None:
    """A clinician is reminded of nothing of a patient's, and nobody of what is not offered; then nothing is changed."""
    cases = (
        ("alice", [ReminderKind.READING_HOURS.value], "21:00", "08:00", "kind"),
        ("bob", [ReminderKind.CHECKLIST.value], "21:00", "08:00", "kind"),
        ("erin", [ReminderKind.READING_HOURS.value], "21:00", "08:00", "kind"),
        ("alice", ["everything"], "21:00", "08:00", "kind"),
        ("alice", EVERYTHING, "21:00", "21:00", "quiet_until"),
        ("alice", EVERYTHING, "25:00", "08:00", "quiet_from"),
        ("alice", EVERYTHING, "21:00", "", "quiet_until"),
    )
    for name, kinds, begin, end, field in cases:
        actor = await sqlite_cast.actor(name)
        with pytest.raises(InvalidInput) as refused:
            await settings.save_choices(actor, kinds, begin, end)
        assert list(refused.value.fields) == [field]
        assert await settings.load_choices(actor) == ReminderChoices()
        assert await load_waiting(sqlite_cast.installation, actor.id) is None


async def test_without_a_choice_nothing_is_kept(sqlite_cast: Cast) -> None:
    """Whoever wants no reminders has no slot; whoever turns them off has none any more."""
    await chosen(sqlite_cast)
    assert await fetch_raw("SELECT 1 FROM reminder_slot")
    await settings.save_choices(await sqlite_cast.actor("alice"), [], "22:00", "07:00")
    assert await fetch_raw("SELECT 1 FROM reminder_slot") == []
    assert (await settings.load_choices(await sqlite_cast.actor("alice"))).quiet_from == "22:00"


async def test_another_time_zone_moves_what_counts_by_days(sqlite_cast: Cast) -> None:
    """Changed in the account, the clock of the person changes their moments, and loses none."""
    await chosen(sqlite_cast, kinds=[ReminderKind.DAYS_30.value])
    alice = await sqlite_cast.actor("alice")
    await session_plan.add_session(alice, alice.id, in_days(sqlite_cast, 10))
    (before,) = (await waiting_of(sqlite_cast)).moments
    async with change_with_reminders(alice.installation, alice.id, alice.now):
        await account_details.change_details(alice, alice.name, "Pacific/Kiritimati")
    (after,) = (await waiting_of(sqlite_cast)).moments
    assert after.since - before.since == (24 + 1 - 14) * 3600


async def test_storage_alone_tells_no_day(cast: Cast) -> None:
    """Who has ten sessions ahead and who has none have rows of one size, in which no column is a time."""
    sizes = set()
    for name, count in (("alice", 10), ("dana", 0)):
        await chosen(cast, name)
        patient = await cast.actor(name)
        for number in range(count):
            await session_plan.add_session(patient, patient.id, in_days(cast, 10 + 3 * number))
        sizes |= {
            len(bytes(row[0]))
            for row in await fetch_raw("SELECT sealed FROM reminder_slot WHERE id = $1", patient.id)
        }
    assert len(sizes) == 1
    rows = await fetch_raw("SELECT * FROM reminder_slot")
    ids = {(await cast.actor(name)).id for name in ("alice", "dana")}
    for row in rows:
        others = [value for value in row if not isinstance(value, bytes | memoryview)]
        assert {value if isinstance(value, UUID) else UUID(str(value)) for value in others} <= ids
    swapped = [
        (UUID(str(row[0])), row[-1]) for row in await fetch_raw("SELECT id, sealed FROM reminder_slot")
    ]
    with pytest.raises(Damaged):
        open_slot(cast.installation, SlotRow(swapped[0][0], bytes(swapped[1][1])))


async def test_a_bent_slot_tells_nobody(cast: Cast, receiver: Receiver) -> None:
    """It stands in nobody else's way, and its person's next request writes it anew."""
    installation = house_of(cast, receiver)
    for name in ("alice", "dana"):
        await chosen(cast, name, [ReminderKind.CHECKLIST.value])
        patient = await cast.actor(name)
        await session_plan.add_session(patient, patient.id, in_days(cast, 2))
    alice = await cast.actor("alice")
    await execute("UPDATE reminder_slot SET sealed = $1 WHERE id = $2", b"bent", alice.id)
    assert await load_waiting(cast.installation, alice.id) == Waiting()
    await load_and_renew_reminders(alice)
    assert len((await waiting_of(cast)).moments) == 1
    await execute("UPDATE reminder_slot SET sealed = $1 WHERE id = $2", b"bent", alice.id)
    cast.clock.forward(days=1)
    assert await deliver_reminders(installation) == 1
    assert [envelope.rcpt_tos for envelope, _ in receiver.letters] == [["dana@example.org"]]


async def test_nobody_is_told_beside_a_session_that_does_not_open(
    sqlite_cast: Cast, receiver: Receiver
) -> None:
    """Its day may be this one. What still waits once it opens again is told then."""
    installation = house_of(sqlite_cast, receiver)
    await chosen(sqlite_cast, kinds=[ReminderKind.TALK.value])
    alice = await sqlite_cast.actor("alice")
    dosing = await session_plan.add_session(alice, alice.id, in_days(sqlite_cast, 1))
    await session_plan.add_session(alice, alice.id, in_days(sqlite_cast, 2.2, SessionKind.INTEGRATION))
    ((sealed,),) = await fetch_raw("SELECT sealed FROM kap_session WHERE id = $1", dosing)
    await execute("UPDATE kap_session SET sealed = $1 WHERE id = $2", b"bent", dosing)
    sqlite_cast.clock.forward(hours=1)
    await load_and_renew_reminders(await sqlite_cast.actor("alice"))
    sqlite_cast.clock.forward(days=1.2)
    assert await deliver_reminders(installation) == 0
    await execute("UPDATE kap_session SET sealed = $1 WHERE id = $2", bytes(sealed), dosing)
    assert await deliver_reminders(installation) == 0  # looked at again a day later
    await signed_in_again(sqlite_cast)
    await load_and_renew_reminders(await sqlite_cast.actor("alice"))
    assert [at.astimezone(session_zone()).hour for at in await pass_days(sqlite_cast, installation, 0.9)] == [
        8
    ]


async def test_a_clinician_is_reminded_of_their_next_hours(sqlite_cast: Cast, receiver: Receiver) -> None:
    """Once, and once more; then nothing until they are back, whatever their hours say."""
    installation = house_of(sqlite_cast, receiver)
    bob = await sqlite_cast.actor("bob")
    await save_hours(bob, Hours(ZONE, (Window((1, 2, 3, 4, 5), "09:00", "10:00"),)), base=0)
    await settings.save_choices(bob, [ReminderKind.READING_HOURS.value], "21:00", "08:00")
    sent = await pass_days(sqlite_cast, installation, 20)
    assert [at.astimezone(session_zone()).strftime("%a %H:%M") for at in sent] == ["Mon 09:00", "Wed 09:00"]
    await signed_in_again(sqlite_cast)
    await renew_for_clinician(await sqlite_cast.actor("bob"))
    assert len(await pass_days(sqlite_cast, installation, 20)) == 2
