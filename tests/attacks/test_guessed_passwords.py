"""
A thief with the whole machine and a list of passwords in which the right ones stand.

A password alone is found, however slowly: that is what the list stands for. With a secret key nothing on the machine
says whether a guess was right, neither the slot nor anything else, and the slot of before is gone.
"""

from __future__ import annotations

import sqlite3
from hmac import compare_digest
from pathlib import Path
from uuid import UUID

from crypto import Argon2Parameters, derive_key, join_fields, parse_secret_key, stretch
from journal.secret_keys import secret_keys
from tests.attacks.conftest import Target
from tests.attacks.test_stolen_server import (
    derived_keys,
    loot_of,
    opened,
    raw_keys,
    settings_of,
    slices,
    values_in,
    what_people_wrote,
)
from tests.cast import PASSWORDS, SERVER_KEY

PARAMETERS = 10
SECRET_KEY = 16


async def turn_on(target: Target, name: str) -> bytes:
    """Turn a secret key on; return it."""
    actor = await target.portal.cast.actor(name)
    offer = await secret_keys.offer_secret_key(actor, PASSWORDS[name])
    await secret_keys.confirm_secret_key(actor, offer.sealed, offer.formatted_key)
    return parse_secret_key(offer.formatted_key)


def password_slots(path: Path) -> list[tuple[UUID, bytes, bytes, bytes]]:
    """Account, salt, parameters and commitment of each password slot, those that were set aside too."""
    with sqlite3.connect(path) as connection:
        present = connection.execute(
            "SELECT account_id, salt, parameters, commitment FROM key_slot WHERE kind = 'password'"
        ).fetchall()
        aside = connection.execute(
            "SELECT account_id, slot FROM set_aside_slot JOIN set_aside ON set_aside.id = aside_id"
            " WHERE kind = 'password'"
        ).fetchall()
    connection.close()
    older = [(account, slot[:16], slot[110:], slot[16:48]) for account, slot in aside]
    return [(UUID(account), *parts) for account, *parts in [*present, *older]]


def guess(target: Target, words: dict[UUID, str], more: tuple[bytes, ...] = ()) -> set[UUID]:
    """
    Try the word of each account on its slots, and beside it as a secret key whatever lies on the machine.

    Args:
        more: What a thief has beyond the machine.
    """
    loot = {*values_in(target.path), *settings_of(target), SERVER_KEY, *more}
    beside = {part for value in loot for part in slices(value, SECRET_KEY, (0, 2, 14, -SECRET_KEY))}
    beside |= {bytes(SECRET_KEY), b""}
    found = set()
    for account, salt, parameters, commitment in password_slots(target.path):
        if account not in words:
            continue
        stretched = stretch(words[account], salt, Argon2Parameters.decode(parameters[:PARAMETERS]))
        bound = join_fields(b"password", account.bytes, salt, parameters)
        for secret in (stretched, *(derive_key(stretched, "slot-secret-key", one) for one in beside)):
            if compare_digest(derive_key(secret, "slot-commitment", context=bound), commitment):
                found.add(account)
    return found


async def test_a_right_guess_opens_nothing_where_a_secret_key_is_needed(target: Target) -> None:
    """One right password in the list opens its account; with secret keys, every right password opens none."""
    people = {name: target.world.people[name] for name in PASSWORDS}
    words = {people[name]: word for name, word in PASSWORDS.items()}
    assert guess(target, words) == set(words)
    assert guess(target, words | {people["alice"]: "not her password"}) == set(words) - {people["alice"]}
    before = {account: commitment for account, _, _, commitment in password_slots(target.path)}
    keys = {name: await turn_on(target, name) for name in PASSWORDS}
    assert guess(target, words) == set()
    assert guess(target, words, (keys["bob"],)) == {people["bob"]}  # the control: whoever has the paper, too
    disk = b"".join(path.read_bytes() for path in target.path.parent.glob(f"{target.path.name}*"))
    assert [name for name, account in people.items() if before[account] in disk] == []
    assert [name for name, key in keys.items() if key in disk] == []


async def test_nothing_else_says_whether_a_password_is_right(target: Target) -> None:
    """What the right password becomes opens, as it is and as the source of keys, not one thing on the machine."""
    key = await turn_on(target, "alice")
    loot_of(target)
    (mine,) = [one for one in password_slots(target.path) if one[0] == target.world.people["alice"]]
    stretched = stretch(PASSWORDS["alice"], mine[1], Argon2Parameters.decode(mine[2][:PARAMETERS]))
    known = [PASSWORDS["alice"].encode(), stretched]
    targets = what_people_wrote(target)
    assert opened(targets, raw_keys(known) | derived_keys(known, SERVER_KEY), known) == set()
    both = [derive_key(stretched, "slot-secret-key", key)]
    assert opened(targets, raw_keys(both) | derived_keys(both, SERVER_KEY), both) == {"password"}
