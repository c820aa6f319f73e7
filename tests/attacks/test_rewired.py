"""
Hostile storage once more: rows hung under other rows, roles and owners exchanged, keys planted.

The sealed values stay whole here, and what stands around them in the clear is changed.
"""

from __future__ import annotations

import re
import sqlite3
import struct
from dataclasses import dataclass
from html import unescape

import msgspec
import pytest

from crypto import (
    Argon2Parameters,
    Context,
    Keyring,
    PrivateIdentity,
    PublicIdentity,
    derive_key,
    grant_link_key,
    join_fields,
    new_link_key,
    unwrap_account_key,
    wrap_key,
)
from crypto.password import argon2id, prepare
from journal.authentication import key_slots
from journal.errors import Damaged, LinkExpired, NotFound
from tests.attacks.conftest import Target
from tests.attacks.test_swapped import (
    COPY,
    DAMAGED,
    KEYS,
    PLAN,
    SHARING,
    SIGN_IN,
    SIGNING_IN,
    STRANGE,
    UNSIGNED,
    Look,
    made_by_people,
    names,
    write,
)
from tests.attacks.world import HERS, OTHERS
from tests.cast import PASSWORDS

GONE = (str(NotFound.message),)
DANA = {"email": "dana@example.org", "password": PASSWORDS["dana"]}


@dataclass(frozen=True)
class Rewiring:
    """What is written, with names in braces, and who then looks where and has to be told what."""

    name: str
    statements: tuple[str, ...]
    looks: tuple[Look, ...]


REWIRINGS = (
    Rewiring(
        "a share under the link of two others",
        ("UPDATE share SET link_id = '{dana's link}' WHERE id = '{share}'",),
        (
            Look("charlie", "/patients/{dana}", COPY),
            Look("charlie", "/patients/{dana}/shared/{share}", DAMAGED),
            Look("dana", "/sharing", COPY),
            Look("bob", "/patients/{alice}/shared/{share}", GONE),
        ),
    ),
    Rewiring(
        "a share under another link of its patient",
        ("UPDATE share SET link_id = '{karl's link}' WHERE id = '{changed share}'",),
        (Look("alice", "/sharing", COPY), Look("alice", "/sharing/{karl's link}", COPY)),
    ),
    Rewiring(
        "a share under another entry of its patient",
        ("UPDATE share SET entry_id = '{free}' WHERE id = '{share}'",),
        (Look("alice", "/sharing", COPY), Look("alice", "/journal/{free}/shares", COPY)),
    ),
    Rewiring(
        "a share under the entry of another patient",
        ("UPDATE share SET entry_id = '{dana's entry}' WHERE id = '{share}'",),
        (Look("alice", "/sharing", COPY),),
    ),
    Rewiring(
        "a share said to be another revision",
        ("UPDATE share SET revision = 7 WHERE id = '{share}'",),
        (Look("alice", "/sharing", COPY), Look("bob", "/patients/{alice}/shared/{share}", DAMAGED)),
    ),
    Rewiring(
        "an entry under another patient",
        ("UPDATE entry SET owner_id = '{dana}' WHERE id = '{entry}'",),
        (
            Look("dana", "/journal", DAMAGED),
            Look("dana", "/journal/{entry}", DAMAGED),
            Look("dana", "/journal", DAMAGED, {"q": "anything"}),
            Look("alice", "/journal/{entry}", GONE),
        ),
    ),
    Rewiring(
        "an entry said to be another revision",
        ("UPDATE entry SET revision = 1 WHERE id = '{entry}'",),
        (Look("alice", "/journal", DAMAGED), Look("alice", "/journal/{entry}", DAMAGED)),
    ),
    Rewiring(
        "a passkey under another account",
        ("UPDATE passkey SET account_id = '{dana}' WHERE id = '{passkey}'",),
        (Look("dana", "/account/passkeys", DAMAGED), Look("dana", "/confirm/passkey", DAMAGED)),
    ),
    Rewiring(
        "a passkey said to be another revision",
        ("UPDATE passkey SET revision = 9 WHERE id = '{passkey}'",),
        (Look("alice", "/account/passkeys", DAMAGED),),
    ),
    Rewiring(
        "an earlier version under another entry",
        ("UPDATE entry_revision SET entry_id = '{free}' WHERE id = '{revision}'",),
        (
            Look("alice", "/journal/{free}/revisions", DAMAGED),
            Look("alice", "/journal/{free}/revisions/{revision}", DAMAGED),
        ),
    ),
    Rewiring(
        "an earlier version under the entry of another patient",
        ("UPDATE entry_revision SET entry_id = '{dana's entry}' WHERE id = '{revision}'",),
        (Look("dana", "/journal/{dana's entry}/revisions", DAMAGED),),
    ),
    Rewiring(
        "a session under another patient",
        ("UPDATE kap_session SET patient_id = '{dana}' WHERE id = '{session}'",),
        (
            Look("dana", "/sessions", PLAN),
            Look("dana", "/sessions/{session}", DAMAGED),
            Look("charlie", "/patients/{dana}", PLAN),
        ),
    ),
    Rewiring(
        "a session said to be another revision",
        ("UPDATE kap_session SET revision = 9 WHERE id = '{session}'",),
        (Look("alice", "/sessions", PLAN), Look("bob", "/sessions/{session}", DAMAGED)),
    ),
    Rewiring(
        "a care link under another clinician",
        ("UPDATE care_link SET clinician_id = '{charlie}' WHERE id = '{link}'",),
        (
            Look("charlie", "/patients/{alice}", KEYS),
            Look("charlie", "/patients/{alice}/shared/{share}", KEYS),
            Look("charlie", "/patients/{alice}/brief", KEYS),
            Look("charlie", "/patients", STRANGE),
            Look("charlie", "/sessions/{session}", KEYS),
            Look("alice", "/sharing", STRANGE),
            Look("alice", "/", STRANGE),
            Look("alice", "/sharing/{link}", KEYS),
            Look("alice", "/journal/{entry}/shares", KEYS, SHARING),
        ),
    ),
    Rewiring(
        "a care link under another clinician who has pinned nobody",
        (
            (
                "UPDATE care_link SET clinician_id = '{charlie}', clinician_pin = NULL,"
                " invitation_id = '{charlie's invitation}' WHERE id = '{link}'"
            ),
        ),
        (
            Look("charlie", "/patients/{alice}", KEYS),
            Look("charlie", "/patients/{alice}/shared/{share}", KEYS),
        ),
    ),
    Rewiring(
        "a care link under another patient",
        ("UPDATE care_link SET patient_id = '{dana}' WHERE id = '{link}'",),
        (
            Look("dana", "/sharing", STRANGE),
            Look("dana", "/sharing/{link}", KEYS),
            Look("bob", "/patients", STRANGE),
            Look("bob", "/patients/{dana}", KEYS),
            Look("bob", "/patients/{dana}/shared/{share}", KEYS),
        ),
    ),
    Rewiring(
        "a care link said to be a pair of others",
        ("UPDATE care_link SET pair = '{alice}:{charlie}' WHERE id = '{link}'",),
        (Look("charlie", "/patients/{alice}", GONE), Look("charlie", "/sessions/{session}", GONE)),
    ),
    Rewiring(
        "a care link under another invitation",
        (
            (
                "UPDATE care_link SET invitation_id = '{withdrawn invitation}', clinician_pin = NULL"
                " WHERE id = '{link}'"
            ),
        ),
        (Look("bob", "/patients/{alice}", KEYS), Look("bob", "/patients/{alice}/shared/{share}", KEYS)),
    ),
    Rewiring(
        "a care link that nobody made",
        (
            (
                "INSERT INTO care_link (id, patient_id, clinician_id, pair, patient_key, clinician_key,"
                " patient_pin, clinician_pin, voucher, created_at) SELECT '11111111-2222-4333-8444-555555555555',"
                " '{alice}', '{charlie}', NULL, patient_key, clinician_key, patient_pin, clinician_pin, voucher,"
                " created_at FROM care_link WHERE id = '{link}'"
            ),
        ),
        (Look("alice", "/sharing", STRANGE), Look("charlie", "/patients/{alice}", KEYS)),
    ),
    Rewiring(
        "an ended care link that lasts again",
        ("UPDATE care_link SET ended_at = NULL WHERE id = '{frieda's link}'",),
        (
            Look("frieda", "/patients/{alice}/shared/{share}", KEYS),
            Look("frieda", "/patients", STRANGE),
            Look("alice", "/sharing", STRANGE),
        ),
    ),
    Rewiring(
        "a paused care link that is not paused",
        ("UPDATE care_link SET paused_at = NULL WHERE id = '{karl's link}'",),
        (Look("karl", "/patients/{alice}/shared/{karl's share}", ("Sharing is paused",)),),
    ),
    Rewiring(
        "an invitation under another clinician",
        ("UPDATE invitation SET clinician_id = '{charlie}' WHERE id = '{invitation}'",),
        (Look(None, "/invite/{open}", KEYS), Look("charlie", "/invitations", DAMAGED)),
    ),
    Rewiring(
        "a handover to somebody else",
        ("UPDATE handover SET successor_id = '{karl}' WHERE id = '{handover}'",),
        (
            Look("alice", "/sharing/handovers/{handover}", UNSIGNED),
            Look("alice", "/sharing/handovers/{handover}", UNSIGNED, {"end_care": ""}),
        ),
    ),
    Rewiring(
        "a handover of another clinician",
        ("UPDATE handover SET clinician_id = '{charlie}' WHERE id = '{handover}'",),
        (
            Look("alice", "/sharing/handovers/{handover}", UNSIGNED),
            Look("charlie", "/patients/{alice}/handover", GONE),
        ),
    ),
    Rewiring(
        "a set-up link said to be of another maker",
        ("UPDATE setup_link SET maker_id = '{bob}' WHERE lookup = '{set-up row}'",),
        (Look(None, "/setup/{set up}", DAMAGED), Look("erin", "/people/invitations", DAMAGED)),
    ),
    Rewiring(
        "a nurse's set-up link made an administrator's",
        (
            (
                "UPDATE setup_link SET sealed = (SELECT sealed FROM setup_link WHERE lookup = '{set-up row}')"
                " WHERE id = '{set-up link}'"
            ),
        ),
        (Look("erin", "/people/invitations/{set-up link}", DAMAGED),),
    ),
    Rewiring(
        "a signed-in browser under another account",
        ("UPDATE web_session SET account_id = '{dana}' WHERE account_id = '{alice}'",),
        (
            Look("alice", "/account", DAMAGED),
            Look("alice", "/journal", DAMAGED),
            Look("alice", "/", DAMAGED),
            Look("alice", "/help-now", ("Look around",)),
            Look("alice", "/sign-in", ("Sign in",)),
        ),
    ),
    Rewiring(
        "the ways in of two accounts exchanged",
        (
            (
                "UPDATE key_slot SET account_id = CASE account_id WHEN '{alice}' THEN '{dana}' ELSE '{alice}' END"
                " WHERE account_id IN ('{alice}', '{dana}')"
            ),
        ),
        (Look(None, "/sign-in", SIGN_IN, SIGNING_IN), Look(None, "/sign-in", SIGN_IN, DANA)),
    ),
    Rewiring(
        "the two ways into an account exchanged",
        (
            (
                "UPDATE key_slot SET kind = CASE kind WHEN 'password' THEN 'recovery' ELSE 'password' END"
                " WHERE account_id = '{alice}'"
            ),
        ),
        (Look(None, "/sign-in", SIGN_IN, SIGNING_IN),),
    ),
    Rewiring(
        "the addresses of two accounts exchanged",
        (
            "UPDATE account SET email_index = 'x' || email_index WHERE id = '{alice}'",
            (
                "UPDATE account SET email_index = (SELECT substr(email_index, 2) FROM account WHERE id = '{alice}')"
                " WHERE id = '{dana}'"
            ),
        ),
        (Look(None, "/sign-in", SIGN_IN, SIGNING_IN),),
    ),
)


@pytest.mark.parametrize("rewiring", REWIRINGS, ids=lambda rewiring: rewiring.name)
async def test_what_hangs_elsewhere_is_refused_with_words(target: Target, rewiring: Rewiring) -> None:
    """Whoever comes upon the moved row is told; no word of one person reaches another, and nothing is written."""
    for statement in rewiring.statements:
        write(target.path, statement.format_map(names(target)))
    before = made_by_people(target)
    for look in rewiring.looks:
        answer = await look.at(target)
        told = f"{look.who} at {look.path} got {answer.status_code}"
        assert look.told(answer), f"{told} {answer.text}"
        assert HERS not in answer.text or look.who in ("alice", "bob"), told
        assert OTHERS not in answer.text or look.who in ("dana", "charlie"), told
        assert "Traceback" not in answer.text, told
    assert made_by_people(target) == before


async def test_an_exchanged_role_gives_nothing(target: Target) -> None:
    """Whoever is made another kind of person by storage, or none that there is, comes in nowhere and is told."""
    before = target.rows()
    for name, role, own, pages in (
        ("bob", "patient", "clinician", ("/journal", "/sharing", "/sessions", "/sharing/log", "/account")),
        ("alice", "clinician", "patient", ("/patients", "/invitations", "/patients/{dana}", "/journal")),
        ("alice", "administrator", "patient", ("/", "/account", "/records", "/people", "/people/audit")),
        ("erin", "clinician", "administrator", ("/", "/patients", "/people", "/people/invitations")),
        ("alice", "owner of it all", "patient", ("/", "/account", "/journal")),
        ("alice", "", "patient", ("/", "/account", "/journal")),
    ):
        write(target.path, "UPDATE account SET role = ? WHERE id = ?", role, names(target)[name])
        for path in (*pages, "/journal/{entry}", "/sessions/{session}", "/patients/{alice}/shared/{share}"):
            look = Look(name, path, DAMAGED)
            answer = await look.at(target)
            assert answer.status_code == 409, path
            assert look.told(answer), path
            assert HERS not in answer.text, path
            assert OTHERS not in answer.text, path
        assert (await Look(name, "/help-now", ()).at(target)).status_code == 200
        write(target.path, "UPDATE account SET role = ? WHERE id = ?", own, names(target)[name])
    assert target.rows() == before
    assert (await Look("alice", "/journal", ()).at(target)).status_code == 200


async def test_planted_keys_are_not_used(target: Target) -> None:
    """Somebody who can write the database seals to nobody's real keys and signs with their own: all is refused."""
    mallory, key, world = PrivateIdentity.generate(), new_link_key(), target.world
    with sqlite3.connect(target.path) as connection:
        found = "SELECT public_identity FROM account WHERE id = ?"
        (bob,) = connection.execute(found, (str(world.people["bob"]),)).fetchone()
    connection.close()
    ids = {
        "link": world.ids["link"].bytes,
        "patient": world.people["alice"].bytes,
        "clinician": world.people["bob"].bytes,
    }
    planted = grant_link_key(key, **ids, to=PublicIdentity.decode(bob), signer=mallory)
    link = str(world.ids["link"])
    write(target.path, "UPDATE care_link SET clinician_key = ? WHERE id = ?", planted, link)
    looks = [Look("bob", "/patients/{alice}", KEYS), Look("bob", "/patients/{alice}/shared/{share}", KEYS)]
    assert all([look.told(await look.at(target)) for look in looks])
    mine = mallory.public().encode()
    write(
        target.path, "UPDATE account SET public_identity = ? WHERE id = ?", mine, str(world.people["alice"])
    )
    assert all([look.told(await look.at(target)) for look in looks])
    write(target.path, "UPDATE account SET public_identity = ? WHERE id = ?", mine, str(world.people["bob"]))
    before = target.rows()
    for look in (
        Look("alice", "/journal/{entry}/shares", KEYS, SHARING),
        Look("alice", "/sharing/{karl's link}/resumption", DAMAGED, {"x": ""}),
        Look(None, "/invite/{open}", KEYS),
    ):
        assert look.told(await look.at(target)), look.path
    assert target.rows() == before


WEAK = ((8, 1, 1), (19455, 2, 1), (19456, 1, 1), (65536, 0, 1), (0, 0, 0))
ABSURD = ((2**32 - 1, 3, 1), (65536, 2**32 - 1, 1), (65536, 3, 255), (1048577, 3, 1), (65536, 11, 1))


def plant_slot(target: Target, cost: tuple[int, int, int]) -> None:
    """Give alice a password slot of this cost that is right in every other way, where it can be worked out."""
    token, account = target.world.furniture.tokens["alice"], target.world.people["alice"]
    with sqlite3.connect(target.path) as connection:
        found = (
            "SELECT wrapped, web_session.epoch, account.epoch, access"
            " FROM web_session JOIN account ON account.id = account_id WHERE account_id = ?"
        )
        wrapped, begun, epoch, word = connection.execute(found, (str(account),)).fetchone()
    connection.close()
    account_key = unwrap_account_key(token, wrapped, account=account.bytes, epoch=begun)
    salt, parameters, secret = bytes(16), struct.pack(">BIIB", 0x13, *cost), bytes(32)
    if 8 <= cost[0] <= 65536 and 1 <= cost[1] <= 3 and cost[2] == 1:
        secret = argon2id(prepare(PASSWORDS["alice"]), salt, Argon2Parameters(*cost))
    bound = join_fields(b"password", account.bytes, salt, parameters)
    slot_key = derive_key(secret, "slot-key", context=bound)
    commitment = derive_key(secret, "slot-commitment", context=bound)
    # Only somebody who opens the account can have it say that this slot opens it.
    vault = Keyring.from_account_key(account_key).vault_sealer()
    said = key_slots.open_access(vault, account, epoch, word)
    others = [way for way in said.ways if way.kind != "password"]
    ways = (*others, key_slots.AllowedSlot("password", commitment, 0))
    word = key_slots.seal_access(vault, account, epoch, msgspec.structs.replace(said, ways=ways))
    write(target.path, "UPDATE account SET access = ? WHERE id = ?", word, str(account))
    write(
        target.path,
        "UPDATE key_slot SET salt = ?, parameters = ?, commitment = ?, wrapped = ?, epoch = 0"
        " WHERE kind = 'password' AND account_id = ?",
        salt,
        parameters,
        commitment,
        wrap_key(slot_key, account_key, context=Context("slot", account.bytes, salt)),
        str(account),
    )


@pytest.mark.parametrize("cost", [*WEAK, *ABSURD], ids=str)
async def test_a_password_never_costs_less_or_more_than_we_accept(
    target: Target, cost: tuple[int, int, int]
) -> None:
    """
    A slot with parameters out of bounds is refused before any work, also when everything else about it is right.

    The absurd ones would take hours, or all the memory there is, if they were tried.
    """
    plant_slot(target, cost)
    look = Look(None, "/sign-in", SIGN_IN, SIGNING_IN)
    answer = await look.at(target)
    assert look.told(answer)
    assert answer.status_code == 422


async def test_a_slot_at_the_floor_opens(target: Target) -> None:
    """The control for the test above: the very same slot within bounds lets alice in."""
    plant_slot(target, (19456, 2, 1))
    answer = await Look(None, "/sign-in", SIGN_IN, SIGNING_IN).at(target)
    assert answer.status_code == 303


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("sealed", "words"),
        ("sealed", 2**40),
        ("sealed", -1),
        ("revision", "one"),
        ("updated_at", "yesterday"),
    ],
)
async def test_a_value_of_another_kind_is_refused_too(target: Target, column: str, value: object) -> None:
    """SQLite stores anything anywhere: what is no longer of its kind gives a sentence, and no page."""
    write(target.path, f"UPDATE entry SET {column} = ? WHERE id = ?", value, names(target)["entry"])
    before = target.rows()
    answer = await Look("alice", "/journal/{entry}", ()).at(target)
    assert answer.status_code == 409
    assert HERS not in answer.text
    assert Damaged.message in unescape(answer.text)
    assert target.rows() == before


@pytest.mark.parametrize(
    ("prefix", "states"),
    [("setup", ("expired", "used")), ("invite", ("expired", "used", "withdrawn"))],
)
async def test_links_that_do_not_work_read_alike(
    target: Target, prefix: str, states: tuple[str, ...]
) -> None:
    """Nobody learns from the answer whether a link was ever made, has been used or was withdrawn."""
    links = target.world.set_up if prefix == "setup" else target.world.invited
    wrong = {"never made": "A" * 43, "short": "AAAA", "no code at all": "%C3%A4"}
    form = {"name": "Stranger", "email": "stranger@example.org", "password": "seven small stones in a row"}
    answers = set()
    before = target.rows()
    async with target.client() as browser:
        for token in [links[state] for state in states] + list(wrong.values()):
            for method, data in (
                ("GET", {}),
                ("POST", form | {"repeated": form["password"], "adult": "yes"}),
            ):
                where = f"/{prefix}/{token}"
                answer = await browser.request(method, where, data=data)
                # The choice of a language leads back to the very address, and stands on no answer to a form.
                seen = re.sub(r'\s*<form method="post" action="/language">.*?</form>', "", answer.text)
                kept = {name: value for name, value in answer.headers.items() if name != "content-length"}
                answers.add((answer.status_code, seen, tuple(sorted(kept.items()))))
        works = await browser.get(f"/{prefix}/{links['open']}")
    assert works.status_code == 200
    assert {status for status, _, _ in answers} == {404}
    assert len(answers) == 1
    assert str(LinkExpired.message) in unescape(next(iter(answers))[1])
    assert target.rows() == before
