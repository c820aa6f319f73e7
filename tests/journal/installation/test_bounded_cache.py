"""What a process remembers of what it opened: bounded, exact to the byte, and gone with the key or the account."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crypto import Keyring, OpenError, PublicIdentity, new_account_key, pin
from journal.accounts import details as account_details
from journal.accounts import tables as accounts_tables
from journal.accounts.profiles import Profile, open_cached_profile, profile_context
from journal.actor import Actor
from journal.authentication import web_sessions
from journal.care import links, peer_keys
from journal.errors import Damaged
from journal.installation.bounded_cache import BoundedCache
from journal.installation.installation import MAX_PIN_BYTES, MAX_PINS, Installation
from journal.installation.key_file import KeyFile
from journal.installation.server_keys import MAX_CACHED_BYTES, MAX_CACHED_DOCUMENTS, ServerKeys
from journal.key_rotation.server_key import reseal_all
from journal.operations.retention import purge_deleted
from journal.plan_words.reading import open_own_words
from journal.practice import account_deletion
from journal.scheduling import plan as session_plan
from journal.sealing import open_document, seal_document
from journal.sessions import rows as session_rows
from journal.sessions import tables as sessions_tables
from journal.sessions.rows import Plan, Session, load_my_sessions
from journal.sessions.session import SessionDetails, SessionKind, Setting
from tests.cast import NAMES, SERVER_KEY, ZONE, Cast
from tests.scenes import written

NEW_KEY = b"n" * 32
ONE = SessionDetails(
    SessionKind.INTEGRATION, "2031-03-04T09:00", ZONE, 50, Setting.CLINIC, sitter="Goldammer"
)


def test_no_more_is_kept_than_there_is_room_for() -> None:
    """What was used least lately goes first, by number and by bytes; what is larger than all the room is not kept."""
    memory = BoundedCache(max_entries=3, max_bytes=100)
    for number in range(3):
        memory.put((number, b"x" * 10), number + 1)
    assert memory.get((0, b"x" * 10)) == 1
    memory.put((3, b"x" * 10), 4)
    assert [key[0] for key, _ in memory] == [2, 0, 3]
    memory.put((4, b"x" * 85), 5)
    assert [key[0] for key, _ in memory] == [3, 4]
    memory.put((5, b"x" * 101), 6)
    assert len(memory) == 0
    memory.put((6, b"x" * 100), 7)
    assert len(memory) == 1
    memory.clear()
    assert (len(memory), memory.get((6, b"x" * 100))) == (0, None)
    memory.put((7, b"x" * 100), 8)
    assert len(memory) == 1


def test_what_is_kept_twice_takes_its_room_once() -> None:
    """Two pages that open the same row at once do not make the memory seem full."""
    memory = BoundedCache(max_entries=3, max_bytes=30)
    for _ in range(10):
        memory.put((0, b"x" * 10), 1)
    memory.put((1, b"x" * 20), 2)
    assert len(memory) == 2


def test_what_a_process_keeps_is_bounded_as_the_page_says() -> None:
    """However many rows there are: by number, and by the bytes of rows."""
    installation = Installation.with_key(SERVER_KEY, quick=True)
    page = (Path(__file__).parents[3] / "docs" / "architecture.md").read_text()
    for memory, most, room in (
        (installation.server_keys.document_cache, MAX_CACHED_DOCUMENTS, MAX_CACHED_BYTES),
        (installation.pins, MAX_PINS, MAX_PIN_BYTES),
    ):
        for number in range(most + 10):
            memory.put((number,), True)
        assert len(memory) == most
        for number in range(10):
            memory.put((number, bytes(room // 8)), True)
        assert len(memory) == 8
        assert f"{most:,}" in page
        assert f"{room >> 20} MiB" in page


def names_in(cast: Cast) -> set[str]:
    """The names in what the server key opened lately."""
    return {one.name for _, one in cast.installation.server_keys.document_cache if isinstance(one, Profile)}


def opened_in(cast: Cast, kind: type) -> list[Any]:
    """What is remembered of one kind."""
    return [one for _, one in cast.installation.server_keys.document_cache if isinstance(one, kind)]


async def planned(cast: Cast) -> tuple[Actor, Session]:
    """Have alice plan a session, and look at her plan."""
    alice = await cast.actor("alice")
    await session_plan.add_session(alice, alice.id, ONE)
    (one,) = await load_my_sessions(alice)
    return alice, one


async def test_the_very_same_row_is_opened_once(cast: Cast) -> None:
    """A second look at the same plan and the same person gives what the first one opened."""
    alice, one = await planned(cast)
    (again,) = await load_my_sessions(alice)
    assert again is one
    row = await accounts_tables.Account.get(id=alice.id)
    first = open_cached_profile(cast.installation, alice.id, bytes(row.sealed))
    assert open_cached_profile(cast.installation, alice.id, bytes(bytearray(row.sealed))) is first


async def test_a_plan_of_the_very_same_rows_is_opened_once(cast: Cast) -> None:
    """With a row more, fewer or changed it is another plan; one with a damaged row is not kept at all."""
    alice, one = await planned(cast)
    plan = await load_my_sessions(alice)
    assert await load_my_sessions(alice) is plan
    more = await session_plan.add_session(alice, alice.id, ONE)
    assert {session.id for session in await load_my_sessions(alice)} == {one.id, more}
    await sessions_tables.KapSession.filter(id=more).update(revision=2)
    damaged = await load_my_sessions(alice)
    assert (list(damaged), damaged.damaged) == ([one], (more,))
    assert not [kept for kept in opened_in(cast, Plan) if kept is damaged]
    await sessions_tables.KapSession.filter(id=more).delete()
    assert await load_my_sessions(alice) is plan


@pytest.mark.parametrize("place", [0, 1, 14, 40, -1])
async def test_a_row_changed_by_one_byte_is_opened_anew_and_refused(cast: Cast, place: int) -> None:
    """Header, nonce, text or tag: that the right row was opened a moment ago makes no difference."""
    alice, one = await planned(cast)
    sealed = bytearray((await sessions_tables.KapSession.get(id=one.id)).sealed)
    sealed[place] ^= 1
    await sessions_tables.KapSession.filter(id=one.id).update(sealed=bytes(sealed))
    assert (await load_my_sessions(alice)).damaged == (one.id,)
    row = await accounts_tables.Account.get(id=alice.id)
    profile_ = bytearray(row.sealed)
    profile_[place] ^= 1
    await accounts_tables.Account.filter(id=alice.id).update(sealed=bytes(profile_))
    with pytest.raises(Damaged):
        await web_sessions.load_actor(cast.installation, cast.tokens["alice"])


async def test_what_authenticates_a_row_counts_like_its_bytes(cast: Cast) -> None:
    """The same bytes under another id, patient or revision, or as another kind of document, are opened anew."""
    alice, one = await planned(cast)
    dana = await cast.actor("dana")
    row = session_rows.SessionRow(
        one.id, alice.id, None, 1, bytes((await sessions_tables.KapSession.get(id=one.id)).sealed)
    )
    assert session_rows.open_session(alice.installation, row) is one
    for other in (
        session_rows.SessionRow(alice.id, alice.id, None, 1, row.sealed),
        session_rows.SessionRow(one.id, dana.id, None, 1, row.sealed),
        session_rows.SessionRow(one.id, alice.id, None, 2, row.sealed),
    ):
        with pytest.raises(Damaged):
            session_rows.open_session(alice.installation, other)
    moved = session_rows.open_session(
        alice.installation, session_rows.SessionRow(one.id, alice.id, dana.id, 1, row.sealed)
    )
    assert moved.course == dana.id
    hers = bytes((await accounts_tables.Account.get(id=alice.id)).sealed)
    assert open_cached_profile(cast.installation, alice.id, hers).name == NAMES["alice"]
    for account, sealed in ((alice.id, row.sealed), (dana.id, hers)):
        with pytest.raises(Damaged):
            open_cached_profile(cast.installation, account, sealed)


async def test_a_change_shows_at_once_whoever_made_it(cast: Cast) -> None:
    """A name, a lock and a session that another process changed: the next look has them, for everybody."""
    alice, one = await planned(cast)
    assert [link.peer_name for link in await links.load_my_links(await cast.actor("bob"))] == [NAMES["alice"]]
    elsewhere = replace(cast.installation, server_keys=ServerKeys((SERVER_KEY,)))
    other = await web_sessions.load_actor(elsewhere, cast.tokens["alice"])
    assert other is not None
    await account_details.set_lock_minutes(other, 5)
    account = await accounts_tables.Account.get(id=alice.id)
    now = open_document(elsewhere.server_keys, bytes(account.sealed), profile_context(alice.id), Profile)
    renamed = seal_document(
        elsewhere.server_keys, replace_name(now, "Alice Otherwise"), profile_context(alice.id)
    )
    await accounts_tables.Account.filter(id=alice.id).update(sealed=renamed)
    await session_plan.change_session(other, one.id, 1, replace_sitter(one.details, "Somebody else"))
    assert [link.peer_name for link in await links.load_my_links(await cast.actor("bob"))] == [
        "Alice Otherwise"
    ]
    alice = await cast.actor("alice")
    assert (alice.name, alice.lock_minutes) == ("Alice Otherwise", 5)
    (changed,) = await load_my_sessions(alice)
    changed = await open_own_words(alice, changed)
    assert (changed.revision, changed.details.sitter) == (2, "Somebody else")
    cast.clock.forward(minutes=7)
    assert await web_sessions.load_actor(cast.installation, cast.tokens["alice"]) is None


async def test_with_the_key_goes_what_it_opened(cast: Cast, tmp_path: Path) -> None:
    """After a change of the server key, a row that is still, or again, sealed under the old one is refused."""
    path = tmp_path / "key"
    path.write_text(SERVER_KEY.hex())
    file = KeyFile(path)
    installation = replace(cast.installation, server_keys=ServerKeys(file.read(), file))
    alice = await web_sessions.load_actor(installation, cast.tokens["alice"])
    assert alice is not None
    await session_plan.add_session(alice, alice.id, ONE)
    (one,) = await load_my_sessions(alice)
    old = bytes((await sessions_tables.KapSession.get(id=one.id)).sealed)
    file.write((NEW_KEY, SERVER_KEY), expected=(SERVER_KEY,))
    await reseal_all(replace(installation, server_keys=ServerKeys((NEW_KEY, SERVER_KEY))))
    file.write((NEW_KEY,), expected=(NEW_KEY, SERVER_KEY))
    assert [again.details for again in await load_my_sessions(alice)] == [one.details]
    await sessions_tables.KapSession.filter(id=one.id).update(sealed=old)
    assert (await load_my_sessions(alice)).damaged == (one.id,)


async def test_with_the_account_goes_the_name(cast: Cast) -> None:
    """The process that deletes an account forgets at once whose it was and what was planned; others within the hour."""
    await planned(cast)
    other = replace(cast, installation=replace(cast.installation, server_keys=ServerKeys((SERVER_KEY,))))
    for one in (cast, other):
        await links.load_my_links(await one.actor("bob"))
        await load_my_sessions(await one.actor("alice"))
        assert NAMES["alice"] in names_in(one)
        assert opened_in(one, Session)
    await account_deletion.request_deletion(await cast.actor("alice"), account_deletion.CONFIRMATION_WORD)
    cast.clock.forward(days=8)
    assert NAMES["alice"] in names_in(cast)
    await account_deletion.delete_due_accounts(cast.installation, cast.clock.now)
    assert NAMES["alice"] not in names_in(cast)
    assert opened_in(cast, Session) == []
    assert NAMES["alice"] in names_in(other)
    await purge_deleted(other.installation, cast.clock.now)
    assert NAMES["alice"] not in names_in(other)
    assert opened_in(other, Session) == []


def has_pinned(actor: Actor, sealed: bytes, shown: bytes, link: links.Link) -> bool:
    """Ask of one's own link whether a pin fits."""
    return peer_keys.has_pinned(actor, sealed, shown, peer=link.peer, link=link.id)


async def test_a_pin_that_fits_is_remembered_for_these_keys_of_this_person(cast: Cast) -> None:
    """Other keys, another link, person or pin, and the same person under other keys of theirs, are asked anew."""
    alice, dana = await cast.actor("alice"), await cast.actor("dana")
    (link,) = await links.load_my_links(alice)
    sealed, shown = link.row.patient_pin, link.peer_keys
    assert sealed is not None
    assert len(cast.installation.pins) == 1
    assert has_pinned(alice, sealed, shown, link)
    assert len(cast.installation.pins) == 1
    assert not has_pinned(alice, sealed, dana.public_keys, link)
    assert len(cast.installation.pins) == 1
    bent = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for refused in (
        lambda: has_pinned(alice, bent, shown, link),
        lambda: has_pinned(dana, sealed, shown, link),
        lambda: has_pinned(replace(alice, id=dana.id), sealed, shown, link),
        lambda: has_pinned(alice, sealed, shown, replace(link, peer=dana.id)),
        lambda: has_pinned(alice, sealed, shown, replace(link, id=dana.id)),
        lambda: has_pinned(replace(alice, keyring=dana.keyring), sealed, shown, link),
    ):
        with pytest.raises(OpenError):
            refused()
    assert len(cast.installation.pins) == 1


async def test_a_pin_of_before_a_renewal_is_not_taken_from_memory(cast: Cast) -> None:
    """While keys are renewed, pins of before open; later one that storage put back does not, though it fitted once."""
    alice = await cast.actor("alice")
    (link,) = await links.load_my_links(alice)
    old, shown = link.row.patient_pin, link.peer_keys
    assert old is not None
    assert has_pinned(alice, old, shown, link)
    fresh = Keyring.from_account_key(new_account_key())
    renewing = replace(alice, keyring=replace(fresh, retired=alice.keyring))
    assert has_pinned(renewing, old, shown, link)
    with pytest.raises(OpenError):
        has_pinned(replace(alice, keyring=fresh), old, shown, link)
    ids = {"owner": alice.id.bytes, "peer": link.peer.bytes, "link": link.id.bytes}
    anew = pin(fresh, PublicIdentity.decode(shown), **ids)
    assert has_pinned(replace(alice, keyring=fresh), anew, shown, link)
    with pytest.raises(OpenError):
        has_pinned(alice, anew, shown, link)


async def test_nobodys_keys_and_words_are_remembered(cast: Cast) -> None:
    """Neither a key of anybody's nor what one opened stands in the memory, whatever was looked at."""
    alice, one = await planned(cast)
    assert (await open_own_words(alice, one)).details.sitter == "Goldammer"
    entry = await written(cast)
    for name in cast.tokens:
        actor = await cast.actor(name)
        if name != "erin":
            await links.load_care_team(actor)
    kept = [*cast.installation.server_keys.document_cache, *cast.installation.pins]
    assert kept
    text = repr(kept)
    assert NAMES["alice"] in text
    assert "Goldammer" not in text
    assert entry.document.title
    for words in (entry.document.title, *map(str, entry.document.answers.values())):
        assert len(words) < 4 or words not in text
    parts = {part for key, _ in kept for part in key if isinstance(part, bytes)}
    for name in cast.tokens:
        keyring = (await cast.actor(name)).keyring
        assert not parts & {keyring.vault, keyring.pins, keyring.identity_wrap, cast.tokens[name]}
    assert {type(one) for _, one in cast.installation.server_keys.document_cache} == {Profile, Plan, Session}
    assert {one for _, one in cast.installation.pins} == {True}


def replace_name(of: Profile, name: str) -> Profile:
    """The same profile under another name."""
    return Profile(name, of.email, of.time_zone, of.role, of.profession, of.lock_minutes, of.devices, of.keys)


def replace_sitter(of: SessionDetails, sitter: str) -> SessionDetails:
    """The same session with somebody else at her side."""
    return SessionDetails(of.kind, of.local, of.zone, of.minutes, of.setting, sitter=sitter)


ONE_OF_HERS = SessionDetails(
    ONE.kind, ONE.local, ONE.zone, ONE.minutes, ONE.setting, sitter=ONE.sitter, added_by_patient=True
)
