"""Open an account, sign in, change the password, recover. Unlocking the key *is* the password check."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import partial
from uuid import UUID, uuid4

from tortoise.exceptions import IntegrityError

from crypto import (
    CryptoError,
    Keyring,
    KeySlot,
    PrivateIdentity,
    decoy_slot,
    new_account_key,
    parse_recovery_key,
    password_slot,
    seal_identity,
    unlock_with_password,
    unlock_with_recovery_key,
)
from journal import audit, tables, websessions
from journal.actors import Actor, Role
from journal.audit import Act
from journal.documents import Profile, profile_context, seal_document
from journal.errors import Refused, WrongCredentials
from journal.house import House
from journal.passwords import advise
from journal.planning_zones import WallClockError, parse_zone
from journal.store import transaction
from journal.words import N_

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What a person types to open an account."""

    name: str
    email: str
    password: str
    repeated: str
    time_zone: str

    def checked(self, practice: str) -> NewAccount:
        """
        Give it tidied up.

        Raises:
            Refused: With a sentence for each field that needs another look.
        """
        name = " ".join(unicodedata.normalize("NFC", self.name).split())
        email = self.email.strip()
        problems: dict[str, str] = {}
        if not 1 <= len(name) <= 100:
            problems["name"] = N_("Write the name you go by, up to 100 characters.")
        if len(email) > 254 or not EMAIL.fullmatch(email):
            problems["email"] = N_("Write an e-mail address like name@example.org.")
        try:
            parse_zone(self.time_zone)
        except WallClockError as error:
            problems["time_zone"] = str(error)
        problems |= password_problems(self.password, self.repeated, name, email, practice)
        if problems:
            raise Refused(problems)
        return NewAccount(name, email, self.password, self.repeated, self.time_zone)


def password_problems(password: str, repeated: str, *context: str) -> dict[str, str]:
    """Say what keeps *password* from being used; empty when nothing does."""
    advice = advise(password, context=context)
    if advice.problems:
        return {"password": advice.problems[0]}
    if password != repeated:
        return {"repeated": N_("The two passwords are not the same. Type it again.")}
    return {}


async def open_account(house: House, role: Role, new: NewAccount) -> tuple[UUID, bytes]:
    """
    Make an account with keys of its own; run inside a transaction.

    Returns:
        The account's id and its account key, so that the person can be signed in at once.

    Raises:
        Refused: If the address already has an account here.
    """
    account, account_key = uuid4(), new_account_key()
    keyring, identity = Keyring.from_account_key(account_key), PrivateIdentity.generate()
    slot = await house.stretch(
        partial(password_slot, account_key, new.password, account=account.bytes, parameters=house.argon2)
    )
    now = house.clock()
    taken = {"email": N_("This address already has an account here. Sign in with it instead.")}
    if await tables.Account.exists(email_index=house.server.blind_index(new.email).hex()):
        raise Refused(taken)
    try:
        await tables.Account.create(
            id=account,
            role=role.value,
            email_index=house.server.blind_index(new.email).hex(),
            sealed=seal_document(
                house.server, Profile(new.name, new.email, new.time_zone), profile_context(account)
            ),
            public_identity=identity.public().encode(),
            identity=seal_identity(keyring, identity, account=account.bytes),
            created_at=now,
        )
    except IntegrityError as error:
        raise Refused(taken) from error
    await store_slot(account, slot, house)
    await audit.note(account, Act.ACCOUNT_OPENED, now)
    return account, account_key


async def store_slot(account: UUID, slot: KeySlot, house: House) -> None:
    """Put *slot* in the place of the account's slot of the same kind; run inside a transaction."""
    await tables.KeySlot.filter(account_id=account, kind=slot.kind).delete()
    await tables.KeySlot.create(
        id=uuid4(),
        account_id=account,
        kind=slot.kind,
        salt=slot.salt,
        parameters=slot.parameters,
        commitment=slot.commitment,
        wrapped=slot.wrapped,
        created_at=house.clock(),
    )


async def sign_in(house: House, email: str, password: str) -> bytes:
    """
    Unlock the account of *email* and start a web session.

    A wrong password and an unknown address take the same way: one look-up, one Argon2, one answer.

    Returns:
        The session token for the cookie, 32 bytes.

    Raises:
        WrongCredentials: If they do not open an account.
    """
    account, slot = await _slot_for(house, email, "password")
    known = account is not None
    who = account or uuid4()
    slot = slot or decoy_slot(who.bytes, house.argon2)
    try:
        account_key = await house.stretch(partial(unlock_with_password, slot, password, account=who.bytes))
    except CryptoError as error:
        await audit.note(account, Act.SIGN_IN_REFUSED, house.clock(), outcome="refused")
        raise WrongCredentials from error
    assert known  # a decoy never opens
    async with transaction():
        token = await websessions.start(house, who, account_key)
        await audit.note(who, Act.SIGNED_IN, house.clock())
    return token


async def unlock(actor: Actor, password: str) -> bytes:
    """
    Ask for the password again before a dangerous act.

    Returns:
        The account key.

    Raises:
        Refused: If the password is not theirs.
    """
    _, slot = await _slot_for(actor.house, actor.email, "password")
    try:
        if slot is None:
            raise CryptoError
        return await actor.house.stretch(
            partial(unlock_with_password, slot, password, account=actor.id.bytes)
        )
    except CryptoError as error:
        raise Refused({"current": N_("That is not your password. Try again.")}) from error


async def change_password(actor: Actor, current: str, password: str, repeated: str, practice: str) -> bytes:
    """
    Re-wrap the account key under a new password, and sign every other browser out.

    Returns:
        A new session token for this browser.
    """
    account_key = await unlock(actor, current)
    if problems := password_problems(password, repeated, actor.name, actor.email, practice):
        raise Refused(problems)
    return await _renew(actor.house, actor.id, account_key, password, Act.PASSWORD_CHANGED)


async def recover(
    house: House, email: str, recovery_key: str, password: str, repeated: str, practice: str
) -> bytes:
    """
    Open an account with its recovery key and set a new password. The old recovery key stops working.

    Returns:
        A session token; the person is then shown a new recovery key.
    """
    if problems := password_problems(password, repeated, email, practice):
        raise Refused(problems)
    account, slot = await _slot_for(house, email, "recovery")
    try:
        key = parse_recovery_key(recovery_key)
        if account is None or slot is None:
            raise CryptoError
        account_key = unlock_with_recovery_key(slot, key, account=account.bytes)
    except CryptoError as error:
        raise Refused(
            {"recovery_key": N_("That e-mail address and recovery key do not open an account. Check both.")}
        ) from error
    return await _renew(house, account, account_key, password, Act.RECOVERED)


async def _renew(house: House, account: UUID, account_key: bytes, password: str, act: Act) -> bytes:
    slot = await house.stretch(
        partial(password_slot, account_key, password, account=account.bytes, parameters=house.argon2)
    )
    async with transaction():
        await tables.WebSession.filter(account_id=account).delete()
        await store_slot(account, slot, house)
        if act is Act.RECOVERED:
            await tables.KeySlot.filter(account_id=account, kind="recovery").delete()
            await tables.Account.filter(id=account).update(recovery_ready=False)
        await audit.note(account, act, house.clock())
        return await websessions.start(house, account, account_key)


async def _slot_for(house: House, email: str, kind: str) -> tuple[UUID | None, KeySlot | None]:
    row = await tables.KeySlot.filter(
        account__email_index=house.server.blind_index(email).hex(), account__status="active", kind=kind
    ).first()
    if row is None:
        return None, None
    slot = KeySlot(
        row.kind, bytes(row.salt), bytes(row.parameters), bytes(row.commitment), bytes(row.wrapped)
    )
    return row.account_id, slot  # type: ignore[attr-defined]
