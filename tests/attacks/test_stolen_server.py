"""
The whole machine at rest, in a thief's hands: database, settings and the server key.

Whatever is stored anywhere, taken whole or in part, as it is or as the source of a derived key, opens nothing
that people wrote. The control plants the real keys among the loot, and the same search then opens everything.
"""

from __future__ import annotations

import ast
import hmac
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import new as new_hash
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESGCMSIV

from crypto import (
    NO_RECORD,
    Argon2Parameters,
    Context,
    CryptoError,
    GrantedKey,
    OpenError,
    PrivateIdentity,
    PublicIdentity,
    ServerKey,
    derive_key,
    join_fields,
    open_link_key,
    open_sitter_note,
    stretch,
    unwrap_account_key,
    unwrap_key,
)
from journal.care import links
from journal.care.invitations import parse_token
from journal.key_rotation.server_columns import SERVER_COLUMNS
from journal.sessions import plan_key
from tests.attacks.conftest import Target
from tests.attacks.thief import (
    DOCUMENTS,
    PROMISES,
    SAYS_NOTHING,
    SEALED_APART,
    UNDER_SERVER_KEY,
    list_fields,
    read_with_server_key,
)
from tests.attacks.world import HERS, PLANNED, WORDS, YEAR
from tests.cast import NAMES, PASSWORDS, PRACTICE, SERVER_KEY
from tests.test_architecture import ROOT, modules

KEY = 32
SECRETS = (16, 20, 32)
"""The lengths of what keys are derived from."""
PRIVATE = 129


@dataclass(frozen=True)
class Sealed:
    """
    Something sealed under a person's key, taken apart as docs/crypto-format.md says.

    `derive` gives the keys that a secret would become for this value alone.
    """

    name: str
    sealed: bytes
    place: Context
    derive: Callable[[bytes], Iterable[bytes]] = lambda secret: ()

    @property
    def wraps(self) -> bool:
        """Return whether it is a key under a key, which opens with what the outer key becomes."""
        return self.sealed[:2] == b"\x01\x02"

    def opens_with_one_of(self, keys: Iterable[bytes]) -> bool:
        """Try keys until one opens it; of a value that wraps, these are the derived ones."""
        nonce, text = self.sealed[2:14], self.sealed[14:]
        associated = self.sealed[:2] + self.place.encode()
        cipher = AESGCMSIV if self.wraps else AESGCM
        for key in keys:
            try:
                cipher(key).decrypt(nonce, text, associated)
            except InvalidTag:
                continue
            return True
        return False


def labels() -> tuple[str, ...]:
    """Every label that the product derives a key with, read from its source."""
    found = set()
    for path in modules("crypto", "journal", "portal"):
        for node in ast.walk(ast.parse((ROOT / path).read_text())):
            called = node.func if isinstance(node, ast.Call) else None
            place = {"derive_key": 1, "derive": 0}.get(
                getattr(called, "id", "") or getattr(called, "attr", "")
            )
            if isinstance(node, ast.Call) and place is not None and path.name != "derive.py":
                label = node.args[place]
                assert isinstance(label, ast.Constant | ast.JoinedStr), path
                if isinstance(label, ast.Constant):
                    found.add(str(label.value))
    assert {"vault", "pins", "identity", "server-records", "slot-key", "web-session-key", "wrap"} <= found
    return tuple(sorted(found))


def values_in(path: Path) -> list[bytes]:
    """Every value of every column of every table, as bytes; an id also as the 16 bytes it stands for."""
    values: set[bytes] = set()
    with sqlite3.connect(path) as connection:
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                for value in row:
                    values |= set(_bytes_of(value))
    connection.close()
    return sorted(values)


def _bytes_of(value: object) -> Iterator[bytes]:
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, str):
        yield value.encode()
        with suppress(ValueError):
            yield bytes.fromhex(value.replace("-", ""))


def settings_of(target: Target) -> list[bytes]:
    """Every setting, as text and, where it is hexadecimal, as bytes."""
    config = target.portal.app.state.config
    found = [getattr(config, name) for name in config.__dataclass_fields__]
    return [part for value in found for part in _bytes_of(value if isinstance(value, bytes) else str(value))]


def slices(value: bytes, size: int, offsets: Iterable[int]) -> set[bytes]:
    """The parts of *value* of one size at *offsets* from its beginning; below zero, from its end."""
    places = (offset if offset >= 0 else len(value) + offset for offset in offsets)
    return {value[at : at + size] for at in places if 0 <= at <= len(value) - size}


def raw_keys(loot: Iterable[bytes]) -> set[bytes]:
    """Every 32 bytes in a row, wherever they begin."""
    return {key for value in loot for key in slices(value, KEY, range(len(value)))}


def derived_keys(loot: Iterable[bytes], server_key: bytes) -> set[bytes]:
    """What each value, and each part of it that stands where a field would, becomes under each label."""
    found = set()
    known = labels()
    for value in loot:
        secrets = {value, *(part for size in SECRETS for part in slices(value, size, (0, 2, 14, -size)))}
        for label in known:
            found |= {derive_key(secret, label) for secret in secrets if len(secret) >= 16}
            found.add(derive_key(server_key, label, value))
            found.add(derive_key(server_key, label, context=value))
    return found


def opened(targets: Iterable[Sealed], keys: Iterable[bytes], loot: Iterable[bytes]) -> set[str]:
    """Try every key on every target, and on each what the loot would become for it alone."""
    keys, loot = list(keys), list(loot)
    outer = [derive_key(key, "wrap") for key in keys]
    found = set()
    for one in targets:
        own = [key for value in loot for key in one.derive(value)]
        own = [derive_key(key, "wrap") for key in own] if one.wraps else own
        if one.opens_with_one_of((outer if one.wraps else keys) + own):
            found.add(one.name)
    return found


@pytest.fixture
def loot(target: Target) -> list[bytes]:
    """All that lies on the machine."""
    return loot_of(target)


def loot_of(target: Target) -> list[bytes]:
    """All that lies on the machine of a practice of two: of more people, every offset could not be tried."""
    world = target.world
    two = ", ".join(f"'{world.people[name]}'" for name in ("alice", "bob"))
    with sqlite3.connect(target.path) as connection:
        for table, column in (
            ("account", "id"),
            ("key_slot", "account_id"),
            ("web_session", "account_id"),
            ("invitation", "clinician_id"),
            ("care_link", "clinician_id"),
        ):
            connection.execute(f"DELETE FROM {table} WHERE {column} NOT IN ({two})")
        connection.execute("DELETE FROM share WHERE link_id NOT IN (SELECT id FROM care_link)")
        connection.execute("DELETE FROM entry WHERE id <> ?", (str(world.ids["entry"]),))
    connection.close()
    return values_in(target.path) + settings_of(target)


def _row(path: Path, statement: str, *values: object) -> tuple[Any, ...]:
    with sqlite3.connect(path) as connection:
        row: tuple[Any, ...] = connection.execute(statement, [str(value) for value in values]).fetchone()
    connection.close()
    return row


def what_people_wrote(target: Target) -> list[Sealed]:
    """One of everything that is sealed under a person's key."""
    path, ids, people = target.path, target.world.ids, target.world.people
    alice, bob, link = people["alice"], people["bob"], ids["link"]

    def of(name: str, table: str, column: str, row: UUID, *place: object) -> Sealed:
        (sealed,) = _row(path, f"SELECT {column} FROM {table} WHERE id = ?", row)
        return Sealed(name, sealed, Context(*place))  # type: ignore[arg-type]

    found = [
        of("entry", "entry", "sealed", ids["entry"], "entry", alice.bytes, ids["entry"].bytes, 2),
        of("revision", "entry_revision", "sealed", ids["revision"], "entry-revision", alice.bytes,
           ids["revision"].bytes),
        of("share", "share", "sealed", ids["share"], "share", link.bytes, ids["share"].bytes, 1),
        of("care note", "care_note", "sealed", ids["care note row"], "care-note", link.bytes,
           ids["care note"].bytes, 1),
        of("reply", "reply", "sealed", ids["reply"], "reply", link.bytes, ids["reply"].bytes, 1),
        of("reply draft", "reply_draft", "sealed", ids["reply draft"], "reply-draft", bob.bytes,
           ids["reply draft"].bytes, 1),
        of("own note", "own_note", "sealed", ids["own note"], "own-note", bob.bytes, ids["own note"].bytes, 1),
        of("packet", "packet", "sealed", ids["packet"], "packet", alice.bytes, ids["packet"].bytes, 1),
        of("packet told", "packet", "told", ids["made packet"], "packet-told", alice.bytes, ids["made packet"].bytes),
        of("packet layout", "packet", "layout", ids["packet"], "packet-layout", alice.bytes, ids["packet"].bytes),
        of("bob's packet", "packet", "sealed", ids["bob's packet"], "packet", bob.bytes, ids["bob's packet"].bytes, 1),
        of("packet file", "packet", "file", ids["made packet"], "packet-file", alice.bytes, ids["made packet"].bytes),
        of("import", "import_run", "sealed", ids["import run"], "import-run", alice.bytes, ids["import run"].bytes, 1),
        of("import part", "import_part", "sealed", ids["import part"], "import-part", alice.bytes,
           ids["import part"].bytes),
        of("session words", "kap_session", "words", ids["session"], "session-words", alice.bytes, ids["session"].bytes,
           1),
        of("title of a course", "course", "words", ids["course"], "course-words", alice.bytes, ids["course"].bytes),
        of("clinic's words", "instructions_version", "words", ids["instructions"], "instructions-words", alice.bytes,
           ids["instructions"].bytes),
        of("plan key", "plan_key", "wrapped", alice, "plan-key", alice.bytes, NO_RECORD),
        of("copy of the plan key", "care_link", "plan_copy", link, "plan-key-copy", link.bytes, link.bytes),
        of("talk item", "talk_item", "sealed", ids["talk item"], "talk-item", link.bytes, ids["talk item"].bytes),
        of("talk word", "talk_item", "said", ids["talk item"], "talk-word", link.bytes, ids["talk item"].bytes),
        of("talk mark", "talk_item", "mark", ids["marked talk item"], "talk-mark", link.bytes,
           ids["marked talk item"].bytes),
        of("talked", "share", "talked", ids["share"], "talked", link.bytes, ids["share"].bytes),
        of("filed", "share", "filed", ids["share"], "filed", link.bytes, ids["share"].bytes),
        of("talk set", "talk_set", "sealed", ids["talk set"], "talk-set", bob.bytes, ids["talk set"].bytes),
        of("link key", "care_link", "patient_key", link, "link-key", alice.bytes, link.bytes),
        of("alice's pin", "care_link", "patient_pin", link, "pin", alice.bytes, link.bytes),
        of("invitation", "invitation", "secret", ids["invitation"], "invitation-secret", bob.bytes,
           ids["invitation"].bytes),
        of("sitter's mark", "sitter_note", "mark", ids["marked sitter note"], "sitter-mark", alice.bytes,
           ids["marked sitter note"].bytes),
        of("feed", "calendar_feed", "sealed", ids["feed"], "feed", alice.bytes, ids["feed"].bytes, 1),
        of("feed key", "calendar_feed", "key", ids["feed"], "feed-key", alice.bytes, ids["feed"].bytes),
        of("note key", "sitter_link", "note_key", ids["sat link"], "sitter-notes", alice.bytes, ids["sat link"].bytes),
    ]  # fmt: skip
    for name, account in (("alice", alice), ("bob", bob)):
        found.append(
            of(f"{name}'s identity", "account", "identity", account, "identity", account.bytes, NO_RECORD)
        )
    sealed, epoch = _row(path, "SELECT wrapped, epoch FROM web_session WHERE account_id = ?", alice)
    found.append(Sealed("web session", sealed, Context("web-session", alice.bytes, NO_RECORD, epoch)))
    return [*found, _slot(path, "password", alice)]


def _slot(path: Path, kind: str, account: UUID) -> Sealed:
    salt, parameters, sealed, epoch = _row(
        path,
        "SELECT salt, parameters, wrapped, epoch FROM key_slot WHERE account_id = ? AND kind = ?",
        account,
        kind,
    )
    bound = join_fields(kind.encode(), account.bytes, salt, parameters)

    def derive(secret: bytes) -> list[bytes]:
        return [derive_key(secret, "slot-key", context=bound)] if len(secret) >= 16 else []

    return Sealed(kind, sealed, Context("slot", account.bytes, salt, epoch), derive)


def test_the_loot_opens_nothing(target: Target, loot: list[bytes]) -> None:
    """No stored byte, no setting and nothing derived from them opens a word, a score, a key or a pin."""
    assert SERVER_KEY in loot
    assert sum(map(len, loot)) > 20_000
    keys = raw_keys(loot) | derived_keys(loot, SERVER_KEY)
    assert opened(what_people_wrote(target), keys, loot) == set()


def test_what_is_sealed_to_a_person_needs_a_private_key_that_is_not_there(
    target: Target, loot: list[bytes]
) -> None:
    """No 129 bytes in a row are the private keys that bob's copy of the link key, or a sitter's note, is sealed to."""
    link, people = target.world.ids["link"], target.world.people
    blob, signer = _row(
        target.path,
        "SELECT clinician_key, public_identity FROM care_link JOIN account ON account.id = patient_id"
        " WHERE care_link.id = ?",
        link,
    )
    ids = {"link": link.bytes, "patient": people["alice"].bytes, "clinician": people["bob"].bytes}
    note, sat, tried = target.world.ids["sitter note"], target.world.ids["sat link"], 0
    (noted,) = _row(target.path, "SELECT sealed FROM sitter_note WHERE id = ?", note)
    where = {"patient": people["alice"].bytes, "link": sat.bytes, "note": note.bytes}
    for value in loot:
        for part in slices(value, PRIVATE, range(len(value))):
            with suppress(CryptoError):
                private = PrivateIdentity.decode(part)
                tried += 1
                with pytest.raises(CryptoError):
                    open_link_key(blob, **ids, private=private, signed_by=PublicIdentity.decode(signer))
                with pytest.raises(OpenError, match="your keys"):
                    open_sitter_note(bytes(KEY), noted, **where, private=private)
    assert tried
    assert len(GrantedKey.decode(blob).sealed) > KEY


async def test_the_search_finds_every_key_that_is_there(target: Target) -> None:
    """The control: with the keys of alice and bob planted in odd places, the same search opens everything."""
    store, tokens = target.path, target.world.furniture.tokens
    secrets = []
    for name in ("alice", "bob"):
        account = target.world.people[name]
        wrapped, epoch = _row(store, "SELECT wrapped, epoch FROM web_session WHERE account_id = ?", account)
        key = unwrap_account_key(tokens[name], wrapped, account=account.bytes, epoch=epoch)
        secrets += [tokens[name], key]
        salt, parameters = _row(
            store, "SELECT salt, parameters FROM key_slot WHERE account_id = ? AND kind = 'password'", account
        )
        secrets.append(stretch(PASSWORDS[name], salt, Argon2Parameters.decode(parameters)))
    alice = await target.portal.cast.actor("alice")
    link = await links.load_my_link(alice, target.world.ids["link"])
    link_key = unwrap_key(
        alice.keyring.vault,
        link.row.patient_key or b"",
        context=Context("link-key", alice.id.bytes, link.id.bytes),
    )
    secrets.append(parse_token(target.world.invited["alice's sit"]))
    feed = target.world.ids["feed"]
    (wrapped,) = _row(store, "SELECT key FROM calendar_feed WHERE id = ?", feed)
    read = unwrap_key(alice.keyring.vault, wrapped, context=Context("feed-key", alice.id.bytes, feed.bytes))
    plan = await plan_key.load_or_draw(alice)
    assert plan is not None
    secrets.append(plan)
    targets = what_people_wrote(target)
    odd = [b"\x01\x02" + secret + b"tail" for secret in secrets] + [b"\x07" * 5 + link_key + b"\x07", read]
    keys = raw_keys(odd) | derived_keys(odd, SERVER_KEY)
    found = opened(targets, keys, secrets)
    assert found == {one.name for one in targets}


async def test_an_administrator_with_the_whole_machine_opens_nothing(target: Target) -> None:
    """All keys that erin holds, what they derive, and the server key with every stored byte: no word opens."""
    erin = await target.portal.cast.actor("erin")
    of_erin = "SELECT wrapped, epoch FROM web_session WHERE account_id = ?"
    wrapped, epoch = _row(target.path, of_erin, erin.id)
    token = target.world.furniture.tokens["erin"]
    private, keyring, link, people = (
        erin.open_identity(),
        erin.keyring,
        target.world.ids["link"],
        target.world.people,
    )
    for table, column in (("care_link", "clinician_id"), ("care_link", "patient_id"), ("entry", "owner_id")):
        assert str(erin.id) not in _column(target.path, table, column)
    loot = loot_of(target)
    secrets = [
        token,
        unwrap_account_key(token, wrapped, account=erin.id.bytes, epoch=epoch),
        keyring.vault,
        keyring.pins,
        keyring.identity_wrap,
        private.encode(),
        PASSWORDS["erin"].encode(),
        SERVER_KEY,
    ]
    keys = raw_keys([*secrets, *loot]) | derived_keys([*secrets, *loot], SERVER_KEY)
    assert opened(what_people_wrote(target), keys, [*secrets, *loot]) == set()
    signer = PublicIdentity.decode(
        _row(target.path, "SELECT public_identity FROM account WHERE id = ?", target.world.people["alice"])[0]
    )
    (blob,) = _row(target.path, "SELECT clinician_key FROM care_link WHERE id = ?", link)
    for clinician in (people["bob"], erin.id):
        ids = {"link": link.bytes, "patient": people["alice"].bytes, "clinician": clinician.bytes}
        with pytest.raises(CryptoError):
            open_link_key(blob, **ids, private=private, signed_by=signer)


def test_the_server_key_opens_names_and_dates_only(target: Target) -> None:
    """What a thief of the whole machine gets, and the control for the thief without the key."""
    assert names_opened(target, derived_keys([SERVER_KEY], bytes(KEY))) == {
        "account",
        "practice",
        "invitation",
        "course",
        "kap_session",
        "call_contact",
        "instructions_version",
        "reading_hours",
        "share",
        "reminder_slot",
        "packet",
    }


TYPED_BY_WORLD = {
    "invited late": ("/invitations", "name"),
    "invited in vain": ("/invitations", "name"),
    "phone": ("/account/passkeys/new", "name"),
    "recipient of bob's": ("packet.disclosed", "recipient"),
    "purpose of bob's": ("packet.disclosed", "purpose"),
}
"""What stands behind alice's word where the server key opens it, and the field that it was typed into."""


def test_each_field_under_the_server_key_is_promised_or_says_nothing() -> None:
    """A field that is added to a document under the server key fails here until the papers name it."""
    named = " ".join([*PROMISES.values(), SEALED_APART, SAYS_NOTHING]).split()
    assert len(named) == len(set(named))
    documents = [one for several in DOCUMENTS.values() for one in several]
    assert set(named) == {name for one in documents for name in list_fields(one)}
    assert DOCUMENTS.keys() == {f"{one.table}.{one.column}" for one in SERVER_COLUMNS}


async def test_what_is_stored_under_the_server_key_is_what_the_list_says(target: Target) -> None:
    """Every value that it opens has the fields of the document of its column, and no others."""
    texts = await read_with_server_key(f"sqlite://{target.path}")
    for column, several in DOCUMENTS.items():
        known = {field.encode_name for one in several[:1] for field in msgspec.structs.fields(one)}
        for text in texts[column] if known else ():
            assert set(msgspec.json.decode(text)) <= known, column


async def test_of_what_people_wrote_the_server_key_opens_what_the_list_says(target: Target) -> None:
    """Of the words around alice's plan, those of no session come out, and of her journal and her shares none at all."""
    texts = await read_with_server_key(f"sqlite://{target.path}")
    assert {column for column, some in texts.items() if PLANNED in "".join(some)} == {
        "call_contact.sealed",
        "instructions_version.sealed",
    }
    of_clinic = "".join(texts["instructions_version.sealed"])
    assert set(re.findall(f"{PLANNED} (\\w+)", of_clinic)) == {"chair", "stool"}  # the sitter's
    everything = "".join(text for some in texts.values() for text in some)
    assert set(re.findall(f'{HERS} ([^"]*)"', everything)) == TYPED_BY_WORLD.keys()
    assert set(TYPED_BY_WORLD.values()) <= UNDER_SERVER_KEY.keys()
    assert f"{YEAR}-03" in "".join(texts["kap_session.sealed"])


def test_without_the_server_key_names_and_dates_stay_closed(target: Target, loot: list[bytes]) -> None:
    """The thief of the database or a backup opens no name, no address and no date with anything in it."""
    stored = values_in(target.path)
    assert SERVER_KEY in set(loot) - set(stored)
    assert names_opened(target, raw_keys(stored) | derived_keys(stored, bytes(KEY))) == set()
    everything = b"".join(path.read_bytes() for path in target.path.parent.glob("world.sqlite3*"))
    assert b"CREATE TABLE" in everything
    for word in (*WORDS, *NAMES.values(), PRACTICE, "@example.org", "T14:00", "Europe/Berlin", HERS):
        assert word.encode() not in everything


def names_opened(target: Target, keys: set[bytes]) -> set[str]:
    """The tables in which one of *keys* opens a row."""
    alice, bob, ids = target.world.people["alice"], target.world.people["bob"], target.world.ids
    places = {
        "practice": (Context("practice", bytes(16), bytes(16)), "1"),
        "account": (Context("profile", alice.bytes, alice.bytes), alice),
        "invitation": (Context("invitation", bob.bytes, ids["invitation"].bytes), ids["invitation"]),
        "course": (Context("course", alice.bytes, ids["course"].bytes), ids["course"]),
        "call_contact": (
            Context("call-contact", alice.bytes, ids["call contact"].bytes, 1),
            ids["call contact"],
        ),
        "reminder_slot": (Context("reminders", alice.bytes, alice.bytes), alice),
        "share": (Context("share-due", ids["link"].bytes, ids["closed share"].bytes), ids["closed share"]),
        "reading_hours": (Context("reading-hours", bob.bytes, bob.bytes, 1), bob),
        "instructions_version": (
            Context("instructions", alice.bytes, ids["course"].bytes, 1),
            ids["instructions"],
        ),
        "kap_session": (Context("session", alice.bytes, ids["session"].bytes, 1), ids["session"]),
        "packet": (
            Context("packet-disclosed", alice.bytes, ids["bob's made packet"].bytes),
            ids["bob's made packet"],
        ),
    }
    columns = {"packet": "disclosed", "share": "due"}
    return {
        table
        for table, (place, row) in places.items()
        if Sealed(
            table,
            _row(target.path, f"SELECT {columns.get(table, 'sealed')} FROM {table} WHERE id = ?", row)[0],
            place,
        ).opens_with_one_of(keys)
    }


def test_a_guessed_address_finds_nobody_without_the_server_key(target: Target) -> None:
    """The index of addresses is no hash to run a list of guesses against, under any key in the loot."""
    stored = {bytes.fromhex(str(value)) for value in _column(target.path, "account", "email_index")}
    assert ServerKey(SERVER_KEY).blind_index(" Alice@Example.ORG ") in stored
    loot = values_in(target.path)
    for guess in (b"alice@example.org", b"ALICE@EXAMPLE.ORG", b"bob@example.org"):
        for name in ("sha256", "sha3_256", "blake2s", "sha512_256"):
            assert new_hash(name, guess).digest() not in stored
        for key in (b"", bytes(KEY), b"hearthside", b"server-index", *loot):
            assert hmac.digest(key, guess, "sha256") not in stored
            assert len(key) != KEY or ServerKey(key).blind_index(guess.decode()) not in stored


def _column(path: Path, table: str, column: str) -> list[object]:
    with sqlite3.connect(path) as connection:
        found = [row[0] for row in connection.execute(f'SELECT "{column}" FROM "{table}"')]
    connection.close()
    return found
