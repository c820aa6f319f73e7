"""Mail as a real server receives it: what it says, that it comes once and comes at last, and what it never says."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from pathlib import Path
from uuid import uuid4

import pytest

from journal.accounts.details import change_details
from journal.accounts.notices import queue_notice
from journal.i18n import LANGUAGES
from journal.installation.installation import Installation
from journal.installation.mail_server import MailServer, TransportSecurity
from journal.mail import tables as mail_tables
from journal.mail.letters import NO_ANSWER, SUBJECT, Voice, compose_letter
from journal.mail.mail_addresses import Undeliverable
from journal.mail.messages import INVITATION, Message, Notice, queue_invitation, queue_message
from journal.mail.outbox import CLAIM_DURATION, RETENTION, RETRY_DELAYS, delete_expired, deliver_due
from journal.store.database import Store, execute, fetch_raw
from portal.background import build_voices
from portal.config import Config
from portal.web.translation import Translator
from tests.cast import NAMES, NOON, PRACTICE, Cast, Furniture
from tests.receiver import ORIGIN, PASSWORD, SENDER, USER, Receiver, certificate, receiving

GRAY = "450 4.2.0 greylisted, try again later"
NEVER_SAID = re.compile(
    r"ketamin|trauma|therap|session|journal|patient|clinician|dosing|entry|entries|share|care\b|Quiet|@|"
    + "|".join(part for name in NAMES.values() for part in name.split()),
    re.IGNORECASE,
)
SPANISH_NEVER_SAID = re.compile(
    r"ketamin|trauma|terap|psic|medic|salud|diario|pacient|profesional|entrada|compart|atenci|"
    + "|".join(NAMES.values()),
    re.IGNORECASE,
)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A mail server on this machine."""
    with receiving() as found:
        yield found


def settings_of(settings: dict[str, str], folder: Path) -> MailServer:
    """The mail server that an operator's settings name."""
    found = Config.from_mapping(settings | {"HEARTHSIDE_DATA": str(folder)}).mail
    assert found is not None
    return found


def house_of(cast: Cast, receiver: Receiver) -> Installation:
    """The installation, sending through *receiver*."""
    return replace(cast.installation, mail=receiver.server())


async def told(cast: Cast, receiver: Receiver, kind: Notice = Notice.PASSWORD_CHANGED) -> Installation:
    """Let one notice for alice wait."""
    installation = house_of(cast, receiver)
    await queue_notice(installation, (await cast.actor("alice")).id, kind)
    return installation


async def waiting() -> int:
    """How many messages are in the outbox."""
    return await mail_tables.Outbox.all().count()


async def test_a_notice_arrives_once_and_leaves_nothing(cast: Cast, receiver: Receiver) -> None:
    """With the headers that a message from a machine has, to one person; then the outbox is empty."""
    installation = await told(cast, receiver)
    assert await deliver_due(installation) == 1
    assert (await deliver_due(installation), await waiting()) == (0, 0)
    ((envelope, letter),) = receiver.letters
    assert (envelope.mail_from, envelope.rcpt_tos) == (SENDER, ["alice@example.org"])
    assert (letter["From"], letter["To"]) == (SENDER, "alice@example.org")
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Date"].datetime == NOON
    assert re.fullmatch(r"<[0-9a-f]{32}@hearth\.example\.org>", letter["Message-ID"])
    assert letter.get_content_type() == "text/plain"
    assert letter.get_content_charset() in ("utf-8", "us-ascii")
    assert "alice" not in letter.get_content()


async def test_a_message_is_in_the_language_of_whom_it_goes_to(cast: Cast, receiver: Receiver) -> None:
    """As it was when the message was queued; the subject says as little as in English."""
    await change_details(await cast.actor("alice"), "Alice", "UTC", "es")
    installation = await told(cast, receiver)
    await queue_notice(installation, (await cast.actor("bob")).id, Notice.WAITS)
    asked: list[str] = []

    def choose(language: str) -> Voice:
        asked.append(language)
        return build_voices()(language)

    assert await deliver_due(installation, choose) == 2
    assert sorted(asked) == ["", "es"]
    said = {one["To"]: f"{one['Subject']}\n{one.get_content()}" for _, one in receiver.letters}
    spanish, english = said["alice@example.org"], said["bob@example.org"]
    assert Notice.PASSWORD_CHANGED.label not in spanish
    assert Translator("es").translate(Notice.PASSWORD_CHANGED.label) in spanish
    assert Notice.WAITS.label in english
    assert Translator("es").translate(SUBJECT) == spanish.partition("\n")[0]
    assert not NEVER_SAID.search(spanish.replace(ORIGIN, ""))


@pytest.mark.parametrize("language", sorted(LANGUAGES))
@pytest.mark.parametrize("kind", [INVITATION, *Notice])
def test_no_mail_needs_a_server_that_takes_8_bits(language: str, kind: str) -> None:
    """Each is of ASCII alone, in lines that every server takes, and says what it says."""
    server = MailServer("127.0.0.1", 25, SENDER, ORIGIN)
    link = f"{ORIGIN}/invite/abc" if kind == INVITATION else ""
    voice = build_voices()(language)
    sent = compose_letter(server, Message("alice@example.org", kind, link), uuid4(), NOON, voice).text
    assert sent.isascii()
    assert max(map(len, sent.splitlines())) <= 78
    read = message_from_bytes(sent, policy=policy.default)
    assert read["Content-Transfer-Encoding"] == "quoted-printable"
    assert voice.translate(NO_ANSWER) in read.get_content()
    assert (link or ORIGIN) in read.get_content()


async def test_every_mail_is_wholly_in_one_language(sqlite_cast: Cast, receiver: Receiver) -> None:
    """Each kind that there is, to a Spanish account and to an English one: subject and every paragraph of it."""
    cast = sqlite_cast
    await change_details(await cast.actor("alice"), "Alice", "UTC", "es")
    await change_details(await cast.actor("bob"), "Bob", "UTC", "en")
    installation = house_of(cast, receiver)
    for name in ("alice", "bob"):
        actor = await cast.actor(name)
        for kind in Notice:
            await queue_notice(installation, actor.id, kind)
        await queue_invitation(installation, f"{name}@example.org", "abc", actor.language)
    choose = build_voices()
    while await deliver_due(installation, choose):
        pass
    assert len(receiver.letters) == 2 * (len(Notice) + 1)
    said: dict[str, set[str]] = {"es": set(), "en": set()}
    for _, one in receiver.letters:
        text = one.get_content().replace("\r\n", "\n").strip()
        spoken = "es" if one["To"].startswith("alice") else "en"
        assert one["Content-Language"] == spoken
        said[spoken] |= {one["Subject"], *text.split("\n\n")}
    links = {ORIGIN, f"{ORIGIN}/invite/abc"}
    assert said["es"] & said["en"] == links
    sentences = {part for part in said["en"] - links if "UTC" not in part}
    assert {choose("es").translate(one) for one in sentences} == {
        part for part in said["es"] - links if "UTC" not in part
    }
    happened = {spoken: {one for one in said[spoken] if "UTC" in one} for spoken in said}
    assert happened == {
        "en": {"It happened on 22 Nov 2026 at 12:00 UTC."},
        "es": {"Ocurrió el 22 nov 2026 a las 12:00 UTC."},
    }
    assert not any(one.casefold() in part.casefold() for one in sentences for part in said["es"])
    assert not SPANISH_NEVER_SAID.search("\n".join(said["es"] - links))


async def test_no_message_tells_what_the_house_is_for(cast: Cast, receiver: Receiver) -> None:
    """Every kind: no name, no practice, no word of the reason; one link, to the front page or the invitation."""
    for kind in Notice:
        await told(cast, receiver, kind)
    installation = house_of(cast, receiver)
    await queue_message(
        installation, Message("dana@example.org", INVITATION, f"{ORIGIN}/invite/abc"), cast.clock.now
    )
    assert await deliver_due(installation) == len(Notice) + 1
    for text in receiver.texts:
        assert not NEVER_SAID.search(text.replace(ORIGIN, "")), text
        assert PRACTICE not in text
        assert re.findall(r"https?://\S+", text) in ([ORIGIN], [f"{ORIGIN}/invite/abc"])
    # A subject says nothing of what happened; an invitation and a reminder have each one of their own.
    assert len({text.split("\n")[0] for text in receiver.texts}) == 3
    assert len(set(receiver.texts)) == len(Notice) + 1


@pytest.mark.parametrize("wrapped", [False, True])
async def test_encrypted_ways_with_a_password(sqlite_cast: Cast, tmp_path: Path, wrapped: bool) -> None:
    """STARTTLS and TLS to a server that wants a password; one that nobody vouches for gets neither."""
    trust, context = certificate(tmp_path)
    with receiving(context, wrapped=wrapped, password=True) as receiver:
        await told(sqlite_cast, receiver)
        way = TransportSecurity.TLS if wrapped else TransportSecurity.STARTTLS
        known = {"user": USER, "password": PASSWORD}
        stranger = replace(sqlite_cast.installation, mail=receiver.server(way, **known))
        assert await deliver_due(stranger) == 0
        assert (receiver.letters, receiver.signed_in) == ([], set())
        sqlite_cast.clock.now += RETRY_DELAYS[0]
        wrong = replace(
            sqlite_cast.installation, mail=receiver.server(way, user=USER, password="another", ca_file=trust)
        )
        assert await deliver_due(wrong) == 0
        sqlite_cast.clock.now += RETRY_DELAYS[1]
        assert (
            await deliver_due(
                replace(sqlite_cast.installation, mail=receiver.server(way, ca_file=trust, **known))
            )
            == 1
        )
        assert receiver.signed_in == {USER.encode()}


@pytest.mark.parametrize("wrapped", [False, True], ids=["STARTTLS", "TLS"])
async def test_a_certificate_of_another_host_gets_nothing(
    sqlite_cast: Cast, tmp_path: Path, wrapped: bool
) -> None:
    """A certificate that is trusted, of another name than the server's in the settings: nothing is said to it."""
    trust, context = certificate(tmp_path)
    with receiving(context, wrapped=wrapped, password=True) as receiver:
        await told(sqlite_cast, receiver)
        way = TransportSecurity.TLS if wrapped else TransportSecurity.STARTTLS
        known = receiver.server(way, user=USER, password=PASSWORD, ca_file=trust)
        elsewhere = replace(sqlite_cast.installation, mail=replace(known, host="localhost"))
        assert await deliver_due(elsewhere) == 0
        assert (receiver.letters, receiver.signed_in, await waiting()) == ([], set(), 1)
        sqlite_cast.clock.now += RETRY_DELAYS[0]
        assert await deliver_due(replace(sqlite_cast.installation, mail=known)) == 1


async def test_a_server_without_encryption_gets_nothing(sqlite_cast: Cast, receiver: Receiver) -> None:
    """Where STARTTLS is asked for and not offered, nothing is said in the clear."""
    await told(sqlite_cast, receiver)
    installation = replace(sqlite_cast.installation, mail=receiver.server(TransportSecurity.STARTTLS))
    assert await deliver_due(installation) == 0
    assert (receiver.letters, await waiting()) == ([], 1)


async def test_greylisting_and_a_dropped_line_only_delay(cast: Cast, receiver: Receiver) -> None:
    """Later it is tried again, each time under the same id, and not before its time."""
    installation = await told(cast, receiver)
    receiver.answers, receiver.rude = [GRAY], 1
    for pause in RETRY_DELAYS[:2]:
        assert (await deliver_due(installation), await waiting()) == (0, 1)
        assert await deliver_due(installation) == 0
        assert (receiver.answers, receiver.letters) == ([], [])
        cast.clock.now += pause
    assert await deliver_due(installation) == 1
    assert len(receiver.letters) == 1


async def test_a_server_that_is_away_is_asked_again_and_given_up(cast: Cast, receiver: Receiver) -> None:
    """Nine times within two days; what was given up is kept for a while, to be told of."""
    installation = await told(cast, receiver)
    away = replace(installation, mail=replace(receiver.server(), port=1))
    for pause in RETRY_DELAYS:
        assert await deliver_due(away) == 0
        assert (await mail_tables.Outbox.get()).gave_up_at is None
        cast.clock.now += pause
    assert await deliver_due(away) == 0
    assert (await mail_tables.Outbox.get()).gave_up_at == cast.clock.now
    assert await deliver_due(installation) == 0
    await delete_expired(NOON + RETENTION)
    assert await waiting() == 1
    cast.clock.now = NOON + 2 * RETENTION
    await delete_expired(cast.clock.now)
    assert await waiting() == 0


@pytest.mark.parametrize("where", ["answers", "final"])
async def test_a_no_for_good_is_taken_as_one(cast: Cast, receiver: Receiver, where: str) -> None:
    """A recipient or a message that the server refuses with 5xx is not sent there again."""
    installation = await told(cast, receiver)
    getattr(receiver, where).append("550 5.1.1 nobody here")
    assert await deliver_due(installation) == 0
    assert (await mail_tables.Outbox.get()).gave_up_at == cast.clock.now


async def test_many_workers_send_each_message_once(
    cast: Cast, receiver: Receiver, furnished_url: tuple[str, Furniture]
) -> None:
    """However many processes look at once, each with a connection of its own."""
    installation = house_of(cast, receiver)
    for kind in Notice:
        await told(cast, receiver, kind)
    stores = [await Store.open(furnished_url[0]) for _ in range(4)]

    async def work(store: Store) -> int:
        with store.use():
            return await deliver_due(installation)

    sent = await asyncio.gather(*(work(store) for store in stores))
    for store in stores:
        await store.close()
    assert sum(sent) == len(Notice) == len(receiver.letters)
    assert len({letter["Message-ID"] for _, letter in receiver.letters}) == len(Notice)


async def test_a_restart_between_claim_and_sending_loses_nothing(cast: Cast, receiver: Receiver) -> None:
    """The claim runs out, and another process sends it under the id that it had."""
    installation = await told(cast, receiver)
    receiver.silent, receiver.loop = True, asyncio.get_running_loop()
    ended = asyncio.create_task(deliver_due(installation))
    await receiver.asked.wait()
    ended.cancel()
    await asyncio.gather(ended, return_exceptions=True)
    receiver.silent = False
    ((ident,),) = await fetch_raw("SELECT id FROM outbox")
    assert await deliver_due(installation) == 0
    cast.clock.now += CLAIM_DURATION
    assert await deliver_due(installation) == 1
    ((_, letter),) = receiver.letters
    assert letter["Message-ID"].startswith(f"<{str(ident).replace('-', '')}@")


async def test_a_service_that_ends_waits_for_no_silent_server(sqlite_cast: Cast) -> None:
    """Whoever is asked to end hangs up at once, and does not say goodbye to a mail server that says nothing."""
    silent, heard = asyncio.Event(), list[bytes]()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            heard.append(line.split()[0])
            if line.startswith(b"RCPT"):
                silent.set()
            else:
                writer.write(b"221 gone\r\n" if line.startswith(b"QUIT") else b"250 fine\r\n")
        writer.close()

    async with await asyncio.start_server(converse, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        installation = await told(sqlite_cast, Receiver(port))
        sending = asyncio.create_task(deliver_due(installation))
        await silent.wait()
        sending.cancel()
        await asyncio.wait([sending])
    assert sending.cancelled()
    assert heard[-1] == b"RCPT"
    assert await waiting() == 1


async def test_what_was_bent_or_moved_is_sent_to_nobody(cast: Cast, receiver: Receiver) -> None:
    """Hostile storage cannot send a message elsewhere, nor send an invitation's link to somebody else."""
    installation = await told(cast, receiver)
    await queue_message(
        installation, Message("dana@example.org", INVITATION, f"{ORIGIN}/invite/abc"), cast.clock.now
    )
    first, second = await fetch_raw("SELECT id, sealed FROM outbox")
    await execute("UPDATE outbox SET sealed = $1 WHERE id = $2", bytes(second[1]), first[0])
    await execute("UPDATE outbox SET sealed = $1 WHERE id = $2", bytes(first[1])[:-1] + b"x", second[0])
    assert await deliver_due(installation) == 0
    assert receiver.letters == []
    assert await mail_tables.Outbox.filter(gave_up_at=None).count() == 0


@pytest.mark.parametrize(
    "address",
    [
        "alice@example.org\r\nBcc: mallory@example.org",
        "alice@example.org\nSubject: ketamine",
        "alice,mallory@example.org",
        "alice@example.org,mallory@example.org",
        "mallory@example.org>,<alice@example.org",
        "alice;mallory@example.org",
        "Alice <alice@example.org>",
        '"alice\r\nBcc: x"@example.org',
        "alice(mallory@example.org)@example.org",
        "alice@[127.0.0.1]",
        "undisclosed-recipients:alice@example.org",
        "alice\x00@example.org",
        "@example.org",
        "alice@",
        "",
        '"alice"mallory@example.org',
        '"al\\"ice"@example.org',
        '"al ice"@example.org',
        '"alice"\r\n"mallory"@example.org',
        '"@example.org>\r\nRCPT TO:<mallory@example.org"@example.org',
        "al ice@example.org",
        "alice@exam ple.org",
        "alice@example.org\u2028Bcc: mallory@example.org",
        "j\u00fcrgen@example.org",
        "jo\u00b2e@example.org",
        "\uff41lice@example.org",
        "alice@\u2603.example",
        "alice@xn--fass-.example",
        "alice@xn---bbk.example",
        "alice@fa\u00df..example",
        "alice@127.0.0.1",
        "alice@localhost",
        "alice@example.org:25",
        "alice@example.org/path",
        "a" * 65 + "@example.org",
        "alice@" + "b\u00fc" * 30 + ".example",
        "a" * 60 + "@" + "\u00fc.".join(["b" * 40] * 5),
        "e" + "\u0301\u0316" * 50_000 + "@example.org",
    ],
    ids=lambda address: ascii(address[:40]),
)
def test_an_address_never_becomes_a_header_or_another_address(address: str) -> None:
    """Whatever stands where one address belongs is one address or nobody's."""
    server = Receiver(25).server()
    with pytest.raises(Undeliverable):
        compose_letter(server, Message(address, Notice.NEW_DEVICE.value), uuid4(), NOON)


def test_addresses_that_people_have_are_kept_as_they_are() -> None:
    """Signs that addresses may have, and a domain in another script, which mail knows by another spelling."""
    server = Receiver(25).server()
    for typed, sent in (
        ("o'neill+hearth_1@mail.example.org", "o'neill+hearth_1@mail.example.org"),
        ("alice@b\u00fccher.example", "alice@xn--bcher-kva.example"),
        ("Anna@fa\u00df.example", "Anna@xn--fa-hia.example"),
        ("anna@FA\u1e9e.example.", "anna@xn--fa-hia.example"),
        (" \u200banna@b\u00fc\u00adcher\u3002example\ufeff", "anna@xn--bcher-kva.example"),
        ("sara@\u0646\u0627\u0645\u0647\u200c\u0627\u06cc.example", "sara@xn--mgba3gch31f060k.example"),
        ("taro.@docomo.example", '"taro."@docomo.example'),
        (".ta..ro@docomo.example", '".ta..ro"@docomo.example'),
        ('"taro."@docomo.example', '"taro."@docomo.example'),
        ('"taro"@docomo.example', "taro@docomo.example"),
    ):
        assert compose_letter(server, Message(typed, Notice.NEW_DEVICE.value), uuid4(), NOON).to == sent


LETTERS_OF_ONE = {
    "anna@fa\u00df.example": "anna@xn--fa-hia.example",
    "anna@b\u00fccher.example": "anna@xn--bcher-kva.example",
    "taro.@docomo.example": '"taro."@docomo.example',
    "ta..ro@docomo.example": '"ta..ro"@docomo.example',
    "-taro|!%`$@docomo.example": "-taro|!%`$@docomo.example",
}


@pytest.mark.parametrize(("typed", "sent"), LETTERS_OF_ONE.items())
async def test_the_server_hears_of_the_mailbox_that_was_meant(
    cast: Cast, receiver: Receiver, typed: str, sent: str
) -> None:
    """Envelope and header name one recipient, at the domain that was typed and never somebody else's."""
    installation = house_of(cast, receiver)
    await queue_message(installation, Message(typed, INVITATION, f"{ORIGIN}/invite/abc"), cast.clock.now)
    assert await deliver_due(installation) == 1
    assert receiver.commands == [f"TO:<{sent}>"]
    ((envelope, letter),) = receiver.letters
    assert len(envelope.rcpt_tos) == len(letter["To"].addresses) == 1
    assert f"\r\nTo: {sent}\r\n".encode() in (envelope.original_content or b"")


async def test_our_own_address_can_be_at_a_domain_in_other_letters(
    cast: Cast, receiver: Receiver, tmp_path: Path
) -> None:
    """What stands in From and in the envelope is the domain's ASCII form, and so is what we call ourselves."""
    settings = receiver.settings | {
        "HEARTHSIDE_SERVER_KEY": "ab" * 32,
        "HEARTHSIDE_MAIL_FROM": "hearth.@fa\u00df.example",
        "HEARTHSIDE_ORIGIN": "https://fa\u00df.example",
    }
    installation = replace(await told(cast, receiver), mail=settings_of(settings, tmp_path))
    assert await deliver_due(installation) == 1
    ((envelope, letter),) = receiver.letters
    assert b'From: "hearth."@xn--fa-hia.example\r\n' in (envelope.original_content or b"")
    assert letter["Message-ID"].endswith("@xn--fa-hia.example>")
    assert "https://xn--fa-hia.example" in letter.get_content()
