"""A sitter's link: one for a session, its secret opens its own copy and nothing else, and it ends."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from crypto import PrivateIdentity, PublicIdentity
from journal.audit.acts import Act
from journal.errors import Damaged, HeldUntilRested, InvalidInput, LinkExpired, NotFound
from journal.operations.retention import purge_deleted
from journal.scheduling import plan as session_plan
from journal.sessions.session import SessionDetails, SessionKind, Setting, Status
from journal.sitter import links, tables
from journal.sitter.copies import CopiedPart
from journal.sitter.links import MAX_LINKS, SitterLinkEnded
from journal.store.database import execute
from tests.cast import Cast
from tests.log import logged
from tests.scenes import at_rest, signed_in_again

PART = CopiedPart("comfort.touch", "Touch", "Hold my hand")
SOON = "2026-11-22T15:00"  # two hours after the cast's noon, in Berlin


async def dose(
    cast: Cast, *said: Status, local: str = SOON, who: str = "alice", kind: str = "dosing"
) -> UUID:
    """Have somebody plan a session and say *said* of it."""
    actor = await cast.actor(who)
    details = SessionDetails(SessionKind(kind), local, "Europe/Berlin", 120, Setting.HOME)
    ident = await session_plan.add_session(actor, actor.id, details)
    for status in said:
        await session_plan.change_status(await cast.actor(who), ident, status)
    return ident


async def made(cast: Cast, session: UUID, who: str = "alice", *parts: CopiedPart) -> str:
    """Have somebody make a link; return its token."""
    return (await links.make_link(await cast.actor(who), session, parts)).token


async def opens(cast: Cast, token: str) -> bool:
    """Return whether a link opens."""
    try:
        await links.open_sitting(cast.installation, token)
    except SitterLinkEnded:
        return False
    return True


async def test_the_secret_opens_the_words_that_were_chosen(cast: Cast) -> None:
    """With the session, and the keys of its patient."""
    session = await dose(cast)
    token = await made(cast, session, "alice", PART)
    found = await links.open_sitting(cast.installation, token)
    alice = await cast.actor("alice")
    assert found.copy is not None
    assert (found.session.id, found.patient, found.copy.parts) == (session, alice.id, (PART,))
    assert PublicIdentity.decode(found.copy.keys) == alice.public_identity
    link = await links.load_open_link(alice, found.session)
    assert link is not None
    assert str(link.ends_at) == "2026-11-23 14:00:00+00:00"
    assert [one.object_id for one in await logged(Act.SITTER_LINK_MADE)] == [found.link]


async def test_the_server_keeps_neither_secret_nor_words(cast: Cast) -> None:
    """No column holds the token, the secret in it or what was copied."""
    session = await dose(cast)
    link = await links.make_link(await cast.actor("alice"), session, [PART])
    values = (await at_rest(tables.SitterLink, link.id)).values()
    stored = b"|".join(value if isinstance(value, bytes) else str(value).encode() for value in values)
    secret, _ = links._parse_token(link.token)
    for word in (link.token.encode(), secret, secret.hex().encode(), b"Hold my hand"):
        assert word not in stored


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "A" * 44, "é" * 43, "A" * 10_000])
async def test_an_unknown_link_opens_nothing(cast: Cast, token: str) -> None:
    """However it is spelt."""
    await made(cast, await dose(cast))
    with pytest.raises(LinkExpired):
        await links.open_sitting(cast.installation, token)


async def test_rows_swapped_in_the_database_open_nothing(cast: Cast) -> None:
    """A copy in another link's row, of the same session or another patient's, stays closed; so does a moved one."""
    mine, theirs = await dose(cast), await dose(cast, who="dana")
    later = await dose(cast, local="2026-11-25T15:00")
    tokens = [
        await made(cast, mine, "alice", PART),
        await made(cast, theirs, "dana", PART),
        await made(cast, later, "alice", PART),
    ]
    rows = {one: await tables.SitterLink.get(session_id=one) for one in (mine, theirs, later)}
    for one, other in ((mine, theirs), (theirs, mine), (mine, later)):
        await tables.SitterLink.filter(id=rows[one].id).update(sealed=rows[other].sealed)
        found = await links.open_sitting(cast.installation, tokens[0 if one == mine else 1])
        assert found.copy is None
        await tables.SitterLink.filter(id=rows[one].id).update(sealed=rows[one].sealed)
    await tables.SitterLink.filter(id=rows[mine].id).update(session_id=later)
    assert (await links.open_sitting(cast.installation, tokens[0])).copy is None
    await tables.SitterLink.filter(id=rows[mine].id).update(session_id=theirs)
    with pytest.raises(Damaged):
        await links.open_sitting(cast.installation, tokens[0])


async def test_keys_that_were_exchanged_in_the_database_are_not_taken(cast: Cast) -> None:
    """The copy remembers those that its patient held."""
    token = await made(cast, await dose(cast))
    alice = await cast.actor("alice")
    other = PrivateIdentity.generate().public().encode()
    await execute("UPDATE account SET public_identity = $1 WHERE id = $2", other, alice.id)
    copy = (await links.open_sitting(cast.installation, token)).copy
    assert copy is not None
    assert copy.keys == alice.public_keys


async def test_a_new_link_ends_the_one_before(cast: Cast) -> None:
    """Whose copy is gone from its row; that of another session lasts."""
    session, other = await dose(cast), await dose(cast, local="2026-11-25T15:00")
    first, elsewhere = await made(cast, session, "alice", PART), await made(cast, other)
    second = await made(cast, session)
    assert [await opens(cast, token) for token in (first, second, elsewhere)] == [False, True, True]
    assert [row.sealed for row in await tables.SitterLink.filter(ended_at__not_isnull=True)] == [None]


async def test_links_made_at_once_leave_one(cast: Cast) -> None:
    """Two taps, or two browsers: one link opens afterwards."""
    session, alice = await dose(cast), await cast.actor("alice")
    both = await asyncio.gather(*(links.make_link(alice, session) for _ in range(4)))
    assert sum([await opens(cast, one.token) for one in both]) == 1


async def test_it_ends_at_a_tap_also_while_acute(cast: Cast) -> None:
    """Never held, and written down."""
    session = await dose(cast, Status.IN_SESSION, local="2026-11-22T13:00")
    token = await made(cast, session)
    await links.end_link(await cast.actor("alice"), session)
    assert not await opens(cast, token)
    assert len(await logged(Act.SITTER_LINK_ENDED)) == 1
    await links.end_link(await cast.actor("alice"), session)  # a second tap ends nothing
    assert len(await logged(Act.SITTER_LINK_ENDED)) == 1


async def test_it_ends_when_they_say_that_they_rested(cast: Cast) -> None:
    """And its copy goes with the next purge."""
    session = await dose(cast)
    token = await made(cast, session, "alice", PART)
    cast.clock.forward(hours=2)
    await session_plan.change_status(await cast.actor("alice"), session, Status.IN_SESSION)
    assert await opens(cast, token)
    cast.clock.forward(hours=18)
    await purge_deleted(cast.installation, cast.clock.now)
    assert await opens(cast, token)
    await signed_in_again(cast)
    await session_plan.confirm_rest(await cast.actor("alice"))
    assert not await opens(cast, token)
    await purge_deleted(cast.installation, cast.clock.now)
    assert (await tables.SitterLink.get()).sealed is None


async def test_it_ends_a_day_after_the_planned_start_if_nobody_pressed(cast: Cast) -> None:
    """To the minute, also when the session is moved after the link was made."""
    session = await dose(cast)
    token = await made(cast, session)
    cast.clock.forward(hours=25, minutes=59)
    assert await opens(cast, token)
    cast.clock.forward(minutes=1)
    assert not await opens(cast, token)


async def test_words_are_held_once_the_time_has_come(cast: Cast) -> None:
    """After the planned start and after the one that was said, a bare link is made, and one with words is not."""
    session = await dose(cast)
    cast.clock.forward(hours=2)
    for _ in range(2):
        with pytest.raises(HeldUntilRested):
            await links.make_link(await cast.actor("alice"), session, [PART])
        with pytest.raises(HeldUntilRested):
            await links.make_link(await cast.actor("alice"), session, writes_down=True)
        found = await links.open_sitting(cast.installation, await made(cast, session))
        assert found.copy is not None
        assert found.copy.parts == ()
        if (await tables.SitterLink.all().count()) == 1:
            await session_plan.change_status(await cast.actor("alice"), session, Status.IN_SESSION)


async def test_words_are_held_while_another_session_is_not_slept_over(cast: Cast) -> None:
    """A link for the next session is an act that waits as well."""
    await dose(cast, Status.IN_SESSION, local="2026-11-22T13:00")
    session = await dose(cast, local="2026-11-29T13:00")
    with pytest.raises(HeldUntilRested):
        await links.make_link(await cast.actor("alice"), session, [PART])
    assert await made(cast, session)


async def test_a_start_between_reading_and_writing_is_noticed(cast: Cast) -> None:
    """What was read before the transaction does not count: an actor of before the start gets no words out after it."""
    session, before = await dose(cast), await cast.actor("alice")
    cast.clock.forward(hours=-1)  # started ahead of its time, which is allowed
    await session_plan.change_status(await cast.actor("alice"), session, Status.IN_SESSION)
    with pytest.raises(HeldUntilRested):
        await links.make_link(replace(before, now=before.now - timedelta(hours=1)), session, [PART])


@pytest.mark.parametrize("kind", ["preparation", "integration", "medical_checkin"])
async def test_there_is_none_for_a_talk(cast: Cast, kind: str) -> None:
    """Refused, with nothing made."""
    session = await dose(cast, kind=kind)
    with pytest.raises(InvalidInput):
        await links.make_link(await cast.actor("alice"), session)
    assert not await tables.SitterLink.all().exists()


async def test_there_is_none_for_a_session_that_is_cancelled_or_over(cast: Cast) -> None:
    """Nor once a day has passed."""
    cancelled, passed = await dose(cast, Status.CANCELLED), await dose(cast, local="2026-11-21T12:59")
    for session in (cancelled, passed):
        with pytest.raises(InvalidInput):
            await links.make_link(await cast.actor("alice"), session)


@pytest.mark.parametrize("who", ["dana", "bob", "charlie", "erin"])
async def test_nobody_else_makes_or_ends_one(cast: Cast, who: str) -> None:
    """Not another patient, a clinician or an administrator."""
    session = await dose(cast)
    token, somebody = await made(cast, session), await cast.actor(who)
    with pytest.raises(NotFound):
        await links.make_link(somebody, session)
    if who == "dana":
        await links.end_link(somebody, session)
    else:
        with pytest.raises(NotFound):
            await links.end_link(somebody, session)
    assert await opens(cast, token)
    with pytest.raises(NotFound):
        await links.make_link(await cast.actor("alice"), uuid4())


async def test_a_session_has_so_many_links_and_no_more(cast: Cast) -> None:
    """The one that is there stays."""
    session = await dose(cast)
    tokens = [await made(cast, session) for _ in range(MAX_LINKS)]
    with pytest.raises(InvalidInput):
        await made(cast, session)
    assert await opens(cast, tokens[-1])
