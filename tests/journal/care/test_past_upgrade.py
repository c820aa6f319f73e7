"""Care that ended before names were sealed at the end: the log proves whose it was, and nothing else does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import uuid4

import pytest

from crypto import MacKey
from journal.account_reset import reset as account_reset
from journal.account_reset import reset_links
from journal.audit import tables as audit_tables
from journal.audit.key import load_key
from journal.audit.verification import find_verified_event
from journal.care import lifecycle
from journal.care import links as care_links
from journal.care import tables as care_tables
from journal.care.links import Link
from journal.care.past_upgrade import seal_unnamed_links
from journal.store.database import execute
from tests.cast import NAMES, PRACTICE, Cast
from tests.log import chain_all
from tests.scenes import connected, read_by

NEW = "seven small stones in a row"


async def by_the_patient(cast: Cast) -> None:
    """End care as alice."""
    await lifecycle.end_care(await cast.actor("alice"), cast.link)


async def by_the_clinician(cast: Cast) -> None:
    """End care as bob."""
    await lifecycle.end_care(await cast.actor("bob"), cast.link)


async def by_beginning_anew(cast: Cast) -> None:
    """Renew alice's care by bob after a restart, while charlie's care of her waits to be renewed, and is."""
    theirs = await connected(cast, "charlie")
    await read_by(cast, "charlie")  # pins her keys
    offer = await reset_links.create_reset_link(await cast.actor("bob"), (await cast.actor("alice")).id)
    cast.clock.forward(minutes=5)
    cast.tokens["alice"] = await account_reset.reset_account(
        cast.installation, offer.token, "alice@example.org", NEW, NEW, PRACTICE, understood=True
    )
    cast.clock.forward(minutes=5)
    alice = await cast.actor("alice")
    offer = await reset_links.create_reset_link(await cast.actor("charlie"), alice.id)
    await account_reset.renew_link(alice, offer.token)
    assert (await care_links.load_care_team(alice)).awaiting_renewal == ()
    assert theirs in {one.id for one in await past(cast)}


ENDINGS = (by_the_patient, by_the_clinician, by_beginning_anew)


async def past(cast: Cast) -> list[Link]:
    """Whom alice reads that care has ended with."""
    return [
        one for one in await care_links.load_my_links(await cast.actor("alice"), ended=True) if one.ended_at
    ]


def shown(links: list[Link]) -> set[tuple[object, ...]]:
    """What of each can be read."""
    return {(one.id, one.peer, one.peer_name, one.since, one.ended_at) for one in links}


@pytest.mark.parametrize("end", ENDINGS)
async def test_what_the_log_proves_is_sealed(cast: Cast, end: Callable[[Cast], Awaitable[None]]) -> None:
    """However care ended: the name and both days are what would have been sealed at the end, once."""
    await end(cast)
    before = shown(await past(cast))
    assert NAMES["bob"] in {name for _, _, name, _, _ in before}
    await care_tables.CareLink.all().update(past=None)
    assert await past(cast) == []
    assert await seal_unnamed_links(cast.installation) == 0  # what is pending proves nothing yet
    await chain_all(cast.installation)
    assert await seal_unnamed_links(cast.installation) == len(before)
    assert shown(await past(cast)) == before
    assert await seal_unnamed_links(cast.installation) == 0


FORGED = {
    "the row names another clinician": "UPDATE care_link SET clinician_id = '{charlie}' WHERE id = '{link}'",
    "the row names another patient": "UPDATE care_link SET patient_id = '{dana}' WHERE id = '{link}'",
    "the row has another id": "UPDATE care_link SET id = '{other}' WHERE id = '{link}'",
    "row and log name another clinician": (
        "UPDATE care_link SET clinician_id = '{charlie}' WHERE id = '{link}';"
        "UPDATE audit_event SET recipient_id = '{charlie}' WHERE action = 'care.began'"
    ),
    "row and log name another patient": (
        "UPDATE care_link SET patient_id = '{dana}' WHERE id = '{link}';"
        "UPDATE audit_event SET patient_id = '{dana}' WHERE action IN ('care.began', 'care.ended')"
    ),
    "the log has no beginning": "DELETE FROM audit_event WHERE action = 'care.began'",
    "the log has no end": "DELETE FROM audit_event WHERE action = 'care.ended'",
    "the end is of another day": "UPDATE audit_event SET at = '2020-01-01 00:00:00+00:00' WHERE action = 'care.ended'",
    "the beginning is of another day": (
        "UPDATE audit_event SET at = '2020-01-01 00:00:00+00:00' WHERE action = 'care.began'"
    ),
    "there is no key of the log": "DELETE FROM audit_key",
}


@pytest.mark.parametrize("how", FORGED)
async def test_what_the_log_does_not_prove_is_not_sealed(cast: Cast, how: str) -> None:
    """Rows and events that storage made up or changed name nobody, to anybody."""
    await by_the_patient(cast)
    await chain_all(cast.installation)
    await care_tables.CareLink.all().update(past=None)
    ids = {name: str((await cast.actor(name)).id) for name in ("charlie", "dana")}
    for statement in FORGED[how].format(link=cast.link, other=uuid4(), **ids).split(";"):
        await execute(statement)
    assert await seal_unnamed_links(cast.installation) == 0
    for who in ("alice", "dana", "bob", "charlie"):
        assert await care_links.load_my_links(await cast.actor(who), ended=True) == ()


async def test_care_that_lasts_is_not_called_ended(cast: Cast) -> None:
    """Storage that writes an end into a row makes none: the log knows of none."""
    await chain_all(cast.installation)
    await care_tables.CareLink.filter(id=cast.link).update(ended_at=cast.clock.now)
    assert await seal_unnamed_links(cast.installation) == 0
    assert await past(cast) == []


async def test_a_damaged_name_is_counted_and_names_nobody(cast: Cast) -> None:
    """What was sealed at the end and does not open is told as damaged: it does not vanish."""
    await by_the_patient(cast)
    await care_tables.CareLink.filter(id=cast.link).update(past=b"\x01 bent")
    found = await care_links.load_care_team(await cast.actor("alice"), ended=True)
    assert (found.links, found.damaged) == ((), 1)


async def test_an_event_is_proven_by_itself(cast: Cast) -> None:
    """The first, the last and any between; not with another number, nor under another key."""
    await by_the_patient(cast)
    count = await chain_all(cast.installation) and await audit_tables.AuditEvent.all().count()
    chain = await load_key(cast.installation)
    for number in range(1, count + 1):
        line = await find_verified_event(chain, number)
        stored = await audit_tables.AuditEvent.get(id=number)
        assert line is not None
        assert (line.action, line.about) == (stored.action, stored.object_id)
        assert await find_verified_event(MacKey(bytes(32)), number) is None
    for number in (-1, 0, count + 1, 2**63 - 1):
        assert await find_verified_event(chain, number) is None
