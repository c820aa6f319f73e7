"""Each act that changes who can come in is told by mail to the one it concerns, in the transaction of the act."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from journal.actor import Actor
from journal.authentication import recovery_key, sign_in, web_sessions
from journal.care import invitations
from journal.care import tables as care_tables
from journal.errors import InvalidInput, WrongCredentials
from journal.installation.installation import Installation
from journal.mail import tables as mail_tables
from journal.mail.letters import SUBJECT
from journal.mail.messages import Notice
from journal.mail.outbox import deliver_due
from tests.cast import PASSWORDS, PRACTICE, Cast
from tests.receiver import ORIGIN, Receiver, receiving

NEW = "seven small stones in a row"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A mail server on this machine."""
    with receiving() as found:
        yield found


async def with_mail(cast: Cast, receiver: Receiver, name: str = "alice") -> Actor:
    """Return somebody of the cast in an installation that sends mail."""
    return replace(await cast.actor(name), installation=house_of(cast, receiver))


def house_of(cast: Cast, receiver: Receiver) -> Installation:
    """Return the installation, sending through *receiver*."""
    return replace(cast.installation, mail=receiver.server())


async def read_notices(cast: Cast, receiver: Receiver) -> list[tuple[str, str]]:
    """Send what waits; return the address and first line of each message, sorted."""
    receiver.letters.clear()
    await deliver_due(house_of(cast, receiver))
    assert {str(one["Subject"]) for _, one in receiver.letters} <= {str(SUBJECT)}
    return sorted((str(one["To"]), one.get_content().split("\n")[0].strip()) for _, one in receiver.letters)


async def sign_alice_in(installation: Installation, device: str, password: str = PASSWORDS["alice"]) -> None:
    """Sign alice in with some kind of browser."""
    await sign_in.sign_in(installation, "alice@example.org", password, device=device)


async def test_a_new_device_is_notified_once(cast: Cast, receiver: Receiver) -> None:
    """Not the first, not one that is known, not while nobody came in; each other one a single time."""
    installation = house_of(cast, receiver)
    for device in ("Firefox on Linux", "Firefox on Linux"):
        await sign_alice_in(installation, device)
    with pytest.raises(WrongCredentials):
        await sign_alice_in(installation, "Chrome on Windows", "a wrong password of mine")
    assert await read_notices(cast, receiver) == []
    for device in ("Safari on iPhone", "Firefox on Linux", "Safari on iPhone", ""):
        await sign_alice_in(installation, device)
    assert await read_notices(cast, receiver) == [("alice@example.org", str(Notice.NEW_DEVICE.label))] * 2


async def test_changes_of_key_slots_are_notified(cast: Cast, receiver: Receiver) -> None:
    """A password changed, a recovery key made in the place of one, and one used; not the first kit, nor the next."""
    alice = await with_mail(cast, receiver)
    offer = await recovery_key.offer_recovery_key(alice)
    await recovery_key.confirm_recovery_key(alice, cast.tokens["alice"], offer.sealed, offer.formatted_key)
    assert await read_notices(cast, receiver) == [("alice@example.org", str(Notice.RECOVERY_KEY_MADE.label))]
    await sign_in.change_password(alice, PASSWORDS["alice"], NEW, NEW, PRACTICE)
    assert await read_notices(cast, receiver) == [("alice@example.org", str(Notice.PASSWORD_CHANGED.label))]
    recovered = await sign_in.recover_account(
        alice.installation, alice.email, offer.formatted_key, NEW, NEW, PRACTICE
    )
    assert await read_notices(cast, receiver) == [("alice@example.org", str(Notice.RECOVERY_USED.label))]
    renewed = await web_sessions.load_actor(alice.installation, recovered.token)
    assert renewed is not None
    offer = await recovery_key.offer_recovery_key(renewed)
    await recovery_key.confirm_recovery_key(renewed, recovered.token, offer.sealed, offer.formatted_key)
    assert await read_notices(cast, receiver) == []


async def test_an_invitation_is_mailed_where_somebody_asks_for_it(cast: Cast, receiver: Receiver) -> None:
    """It holds the link and no name; the address is kept until it is sent, and nowhere after."""
    bob = await with_mail(cast, receiver, "bob")
    made = await invitations.create_invitation(bob, "Erin Sample", " erin@example.org ")
    (row,) = await mail_tables.Outbox.all()
    assert b"erin" not in bytes(row.sealed)
    await deliver_due(bob.installation)
    ((envelope, letter),) = receiver.letters
    assert envelope.rcpt_tos == ["erin@example.org"]
    assert f"{ORIGIN}/invite/{made.token}" in letter.get_content()
    assert not any(word in letter.as_string() for word in ("Erin", "Bob", PRACTICE))
    assert await mail_tables.Outbox.all().count() == 0
    await invitations.create_invitation(bob, "Erin Sample")
    assert await mail_tables.Outbox.all().count() == 0


async def test_an_address_that_is_none_makes_no_invitation(cast: Cast, receiver: Receiver) -> None:
    """Nor does any address where no mail is sent: then the clinician hands the link over."""
    bob, before = await with_mail(cast, receiver, "bob"), await care_tables.Invitation.all().count()
    for typed in ("erin", "erin@example.org,frank@example.org", "erin@example.org\nBcc: frank@example.org"):
        with pytest.raises(InvalidInput):
            await invitations.create_invitation(bob, "Erin", typed)
    with pytest.raises(InvalidInput):
        await invitations.create_invitation(await cast.actor("bob"), "Erin", "erin@example.org")
    assert await care_tables.Invitation.all().count() == before
    assert await mail_tables.Outbox.all().count() == 0
