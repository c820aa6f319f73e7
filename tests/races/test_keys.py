"""
Two acts at the same moment that change how one account is opened: one takes effect, or both in order.

Afterwards exactly one password opens the account, and everything in it; whoever was refused changed nothing.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from base64 import b32decode
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from crypto import CryptoError, KeySlot, unlock_with_password
from journal.account_reset import reset as account_reset
from journal.account_reset import reset_links, retained_records
from journal.accounts import tables as accounts_tables
from journal.actor import Actor
from journal.authentication import key_slots, recovery_key, second_factor, totp_enrolment, web_sessions
from journal.authentication import sign_in as authentication_sign_in
from journal.authentication import tables as authentication_tables
from journal.authentication.sign_in import SignInResult
from journal.care import tables as care_tables
from journal.entries import entries
from journal.errors import JournalError
from journal.key_rotation import account_key as account_key_renewal
from journal.passkeys import management as passkey_management
from journal.passkeys import sign_in as passkey_sign_in
from journal.passkeys.verification import Answer
from journal.practice import account_deletion, people
from journal.rate_limiting import tables as rate_limiting_tables
from journal.store.database import Store
from journal.store.foreign_objects import load_models
from journal.vault import record_state
from tests.authenticator import SITE, Authenticator
from tests.cast import PASSWORDS, PRACTICE, Cast, Furniture, cast_of
from tests.factors import app_code
from tests.postgres import PostgresServer
from tests.races.turns import Rows, at_once, every_row, pauses, put_back
from tests.scenes import written

TIMINGS = int(os.environ.get("HEARTHSIDE_TEST_TIMINGS", "4"))
"""How many timings of each pair; 50 were tried before this was written down, and can be again."""
EMAIL, OLD = "alice@example.org", PASSWORDS["alice"]
NEW = {
    "password": "a lantern on the kitchen table",
    "recovery": "the long way round the reservoir",
    "restart": "seven small stones in a row",
}
TABLES = [model._meta.db_table for model in load_models()]


@dataclass
class Scene:
    """Alice before each run, and what she could use."""

    cast: Cast
    alice: Actor
    token: bytes
    kit: str
    link: str
    device: Authenticator
    new_device: Authenticator
    passkey: UUID
    entry: UUID
    rows: Rows = field(default_factory=dict)


async def scene_of(cast: Cast) -> Scene:
    """Have alice have an entry, a kit, a passkey and a link with which she could begin anew."""
    alice, token = await cast.actor("alice"), cast.tokens["alice"]
    offer = await recovery_key.offer_recovery_key(alice)
    await recovery_key.confirm_recovery_key(alice, token, offer.sealed, offer.formatted_key)
    device = Authenticator()
    answer = device.make(await passkey_management.build_creation_options(alice, SITE))
    passkey = await passkey_management.add_passkey(alice, token, SITE, "Phone", answer.credential, answer.prf)
    entry = await written(cast)
    link = (await reset_links.create_reset_link(await cast.actor("bob"), alice.id)).token
    scene = Scene(
        cast,
        await cast.actor("alice"),
        token,
        offer.formatted_key,
        link,
        device,
        Authenticator(),
        passkey.id,
        entry.id,
    )
    scene.rows = await every_row(TABLES)
    return scene


async def set_up(url: str, furniture: Furniture) -> Scene:
    """Make the scene in the furnished database at *url*."""
    store = await Store.open(url)
    try:
        with store.use():
            return await scene_of(cast_of(furniture))
    finally:
        await store.close()


@pytest.fixture(scope="session")
def scene_in_sqlite(
    furnished_sqlite: tuple[Path, Furniture], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Scene]:
    """An SQLite file with the scene in it, to copy from."""
    path = tmp_path_factory.mktemp("scene") / "keys.sqlite3"
    shutil.copyfile(furnished_sqlite[0], path)
    return path, asyncio.run(set_up(f"sqlite://{path}", furnished_sqlite[1]))


@pytest.fixture(scope="session")
def scene_in_postgres(
    postgres: PostgresServer, furnished_postgres: tuple[str, Furniture]
) -> tuple[str, Scene]:
    """The name of a database with the scene in it, to copy from."""
    asyncio.run(postgres.create("keys", template=furnished_postgres[0]))
    return "keys", asyncio.run(set_up(postgres.url("keys"), furnished_postgres[1]))


@pytest.fixture(params=["sqlite", "postgres"])
def set_scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Scene]]:
    """The address of a fresh database of either kind with the scene in it, and the scene as it was made."""
    original, scene = request.getfixturevalue(f"scene_in_{request.param}")
    if request.param == "sqlite":
        shutil.copyfile(original, tmp_path / "keys.sqlite3")
        yield f"sqlite://{tmp_path / 'keys.sqlite3'}", scene
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.copy_of(original) as url:
        yield url, scene


@pytest.fixture
async def scene(set_scene: tuple[str, Scene]) -> AsyncIterator[Scene]:
    """The scene, in an open database of this test's own."""
    url, made = set_scene
    cast = cast_of(Furniture(made.cast.tokens, made.cast.link))
    store = await Store.open(url)
    with store.use():
        yield replace(
            made,
            cast=cast,
            alice=await cast.actor("alice"),
            device=deepcopy(made.device),
            new_device=Authenticator(),
        )
    await store.close()


async def sign_in(scene: Scene) -> SignInResult:
    """Sign in with the password of before."""
    return await authentication_sign_in.sign_in(scene.cast.installation, EMAIL, OLD)


async def tap(scene: Scene) -> bytes:
    """Sign in with the passkey of before."""
    answer: Answer = scene.device.use(passkey_sign_in.build_sign_in_options(scene.cast.installation, SITE))
    return await passkey_sign_in.sign_in_with_passkey(scene.cast.installation, SITE, answer)


async def change_password(scene: Scene) -> bytes:
    """Change the password."""
    return await authentication_sign_in.change_password(
        scene.alice, OLD, NEW["password"], NEW["password"], PRACTICE
    )


async def recover(scene: Scene) -> bytes:
    """Come in with the recovery kit, and set a new password."""
    recovered = await authentication_sign_in.recover_account(
        scene.cast.installation, EMAIL, scene.kit, NEW["recovery"], NEW["recovery"], PRACTICE
    )
    return recovered.token


async def renew(scene: Scene) -> bytes:
    """Begin to renew the keys."""
    return await account_key_renewal.begin_rotation(scene.alice, OLD)


async def restart(scene: Scene) -> bytes:
    """Begin anew with the clinician's link."""
    return await account_reset.reset_account(
        scene.cast.installation, scene.link, EMAIL, NEW["restart"], NEW["restart"], PRACTICE, understood=True
    )


async def add_passkey(scene: Scene) -> None:
    """Add another passkey that opens the account."""
    answer = scene.new_device.make(await passkey_management.build_creation_options(scene.alice, SITE))
    await passkey_management.add_passkey(
        scene.alice, scene.token, SITE, "Laptop", answer.credential, answer.prf
    )


async def remove_passkey(scene: Scene) -> None:
    """Remove the passkey of before."""
    await passkey_management.remove_passkey(scene.alice, scene.passkey)


async def make_kit(scene: Scene) -> None:
    """Make another recovery kit."""
    offer = await recovery_key.offer_recovery_key(scene.alice)
    await recovery_key.confirm_recovery_key(scene.alice, scene.token, offer.sealed, offer.formatted_key)


async def take_up_factor(scene: Scene) -> bytes:
    """Take up a second factor; returns its secret."""
    offer = await totp_enrolment.offer_enrolment(scene.alice)
    secret = b32decode(offer.formatted_secret.replace(" ", ""))
    proven = await totp_enrolment.verify_app(scene.alice, offer.sealed, app_code(secret, scene.alice.now))
    await totp_enrolment.accept_offer(scene.alice, proven.sealed, kept=True)
    return secret


async def give_up_factor(scene: Scene) -> None:
    """Take off whatever second factor there is."""
    await totp_enrolment.remove_second_factor(scene.alice, OLD)


async def leave(scene: Scene) -> None:
    """Have the account deleted in a week."""
    await account_deletion.request_deletion(scene.alice, "delete")


async def suspend(scene: Scene) -> None:
    """Have the administrator suspend the account."""
    await people.suspend_person(await scene.cast.actor("erin"), scene.alice.id)


Act = Callable[[Scene], Awaitable[Any]]
ACTS: dict[str, Act] = {
    act.__name__: act
    for act in (
        sign_in,
        tap,
        change_password,
        recover,
        renew,
        restart,
        add_passkey,
        remove_passkey,
        make_kit,
        take_up_factor,
        give_up_factor,
        leave,
        suspend,
    )
}
CHANGES = {"change_password", "recover", "restart"}
"""What gives the account another password."""


@pytest.mark.parametrize(("one", "other"), list(product(ACTS, ACTS)))
async def test_two_at_once(scene: Scene, one: str, other: str) -> None:
    """Whatever their timing, one took effect or both did in order, and one known password opens everything."""
    for seed in range(TIMINGS):
        if seed:  # the first finds everything as it was
            await put_back(scene.rows)
        with pauses():
            found = await at_once(seed, lambda: ACTS[one](scene), lambda: ACTS[other](scene))
        try:
            await check(scene, [(one, found[0]), (other, found[1])])
        except AssertionError as error:
            raise AssertionError(f"timing {seed}: {found!r}: {error}") from error


async def check(scene: Scene, outcomes: list[tuple[str, Any]]) -> None:
    """Look at the account that two acts left behind."""
    done = {name for name, outcome in outcomes if not isinstance(outcome, Exception)}
    assert done, "nobody came through"
    account, installation = scene.alice.id, scene.cast.installation
    row = await accounts_tables.Account.get(id=account)
    assert (row.status == "suspended") == ("suspend" in done)
    if "leave" not in done:  # whoever was refused changed nothing: sharing goes on as well
        assert row.status in ("active", "suspended")
        assert not await care_tables.CareLink.filter(patient_id=account, paused_at__isnull=False).exists()
    await accounts_tables.Account.filter(id=account).update(status="active")

    # Exactly one password opens the account: that of the last change that took effect.
    opening = {word: key for word in [OLD, *NEW.values()] if (key := await opened_by(scene, word))}
    assert len(opening) == 1, f"{len(opening)} passwords open the account"
    ((word, key),) = opening.items()
    changed = {NEW[name.removeprefix("change_").replace("recover", "recovery")] for name in done & CHANGES}
    assert word in (changed or {OLD})

    # Slots and what the account says of them are one.
    vault = second_factor.build_vault_sealer(key)
    found = await key_slots.load_access(account, vault)
    slots = await authentication_tables.KeySlot.filter(account_id=account)
    assert {(slot.kind, bytes(slot.commitment), slot.epoch) for slot in slots} == {
        (way.kind, way.commitment, way.epoch) for way in found.document.ways
    }
    assert len([slot for slot in slots if slot.kind == "password"]) == 1
    theirs = {str(slot.passkey_id) for slot in slots if slot.kind == "passkey"}  # type: ignore[attr-defined]
    assert theirs == {
        str(one)
        for one in await authentication_tables.Passkey.filter(account_id=account).values_list("id", flat=True)
    }
    if "remove_passkey" in done:
        assert str(scene.passkey) not in theirs

    # Whoever came in before the ways in changed is out again.
    for name, outcome in outcomes:
        if name == "sign_in" and isinstance(outcome, SignInResult) and done & (CHANGES | {"suspend"}):
            assert await web_sessions.load_actor(installation, outcome.token) is None

    # The password opens everything that there is.
    token = await web_sessions.start_session(installation, account, key)
    alice = await web_sessions.load_actor(installation, token)
    assert alice is not None
    alice.open_identity()
    factor, _ = await second_factor.load_second_factor(account, alice.vault)
    taken_off = done & {"recover", "restart", "give_up_factor", "renew"}
    assert factor.is_enabled or taken_off or "take_up_factor" not in done, "a second factor is not asked for"
    if "renew" in done and alice.is_rotating_keys:
        scene.cast.clock.forward(minutes=1)
        alice = await web_sessions.load_actor(installation, token)
        assert alice is not None
        while not (came := await account_key_renewal.reseal_batches(alice)).finished:
            assert not came.settling
        assert came.unopened == 0
        alice = await web_sessions.load_actor(installation, token)
        assert alice is not None
        scene.cast.clock.forward(minutes=-1)
    if "restart" in done:
        secret = next(iter({NEW["password"]} if "change_password" in done else set()), OLD)
        await rate_limiting_tables.Throttle.all().delete()
        for candidate in (secret, OLD, NEW["recovery"]):
            try:
                await retained_records.restore_records(alice, candidate)
                break
            except JournalError:
                await rate_limiting_tables.Throttle.all().delete()
    assert (await entries.load_entry(alice, scene.entry)).document.title == "The sea"
    assert (await record_state.compare_records(alice, earlier=True)).is_intact


async def opened_by(scene: Scene, word: str) -> bytes | None:
    """Return the account key that a password opens, as signing in would; None when it opens nothing."""
    _, slot = await key_slots.find_slot_by_email(scene.cast.installation, EMAIL, "password")
    assert isinstance(slot, KeySlot)
    key = unlocked(slot, word, scene.alice.id.bytes)
    if key is None:
        return None
    found = await key_slots.load_access(scene.alice.id, second_factor.build_vault_sealer(key))
    return key if found.is_allowed(slot) else None


@lru_cache(maxsize=100)
def unlocked(slot: KeySlot, word: str, account: bytes) -> bytes | None:
    """Return what a password opens a slot to; a slot that is the same to the byte is not tried at length again."""
    try:
        return unlock_with_password(slot, word, account=account)
    except CryptoError:
        return None
