"""Create an account: check what was typed, make its keys, store it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from uuid import UUID, uuid4

from tortoise.exceptions import IntegrityError

from crypto import Keyring, KeySlot, PrivateIdentity, Sealer, new_account_key, password_slot, seal_identity
from journal.accounts import addresses as account_addresses
from journal.accounts import tables as accounts_tables
from journal.accounts.names import email_problems, name_problems, zone_problems
from journal.accounts.profiles import Profile, profile_context
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.authentication import key_slots, second_factor
from journal.authentication.passwords import password_problems
from journal.errors import Refused
from journal.i18n import N_
from journal.installation.installation import House
from journal.mail.mail_addresses import kept_form
from journal.roles import Role
from journal.sealing import seal_document
from journal.store.database import transaction
from journal.typed import clean_name
from journal.vault import baseline

TAKEN = N_("This address already has an account here. Sign in with it instead.")

FIRST_EPOCH = 1  # 0 stands for accounts from before there were epochs


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What a person types to open an account."""

    name: str
    email: str
    password: str
    repeated: str
    time_zone: str

    def checked(self, practice: str, *, mails: bool) -> NewAccount:
        """
        Return it cleaned.

        Args:
            practice: The name of the practice, which does not count in a password.
            mails: Whether people are notified by mail here.

        Raises:
            Refused: With a sentence for each field that needs another look.
        """
        name, email = clean_name(self.name), kept_form(self.email)
        problems = name_problems(name) | email_problems(email, mails=mails) | zone_problems(self.time_zone)
        problems |= password_problems(self.password, self.repeated, name, email, practice)
        if problems:
            raise Refused(problems)
        return NewAccount(name, email, self.password, self.repeated, self.time_zone)


@dataclass(frozen=True, slots=True)
class Readied:
    """An account that only has to be stored: its id, its keys and the slot that its password opens."""

    id: UUID
    account_key: bytes
    identity: PrivateIdentity
    slot: KeySlot
    new: NewAccount


async def ready(house: House, new: NewAccount) -> Readied:
    """Make an account's keys. Hashing its password is slow: never inside a transaction, which others wait for."""
    account, account_key = uuid4(), new_account_key()
    work = partial(
        password_slot,
        account_key,
        new.password,
        account=account.bytes,
        epoch=FIRST_EPOCH,
        parameters=house.argon2,
    )
    return Readied(account, account_key, PrivateIdentity.generate(), await house.stretch(work), new)


async def open_account(house: House, role: Role, readied: Readied, *, profession: str = "") -> None:
    """
    Store an account; *profession* is a clinician's.

    Raises:
        Refused: If the address already has an account here.
    """
    new, now = readied.new, house.clock()
    keyring = Keyring.from_account_key(readied.account_key)
    public = readied.identity.public().encode()
    profile = Profile(
        new.name, new.email, new.time_zone, role.value, profession, keys=sha256(public).hexdigest()
    )
    try:
        async with transaction():
            index = await account_addresses.index_for(house, new.email, readied.id)
            if index is None:
                raise Refused({"email": TAKEN})
            await accounts_tables.Account.create(
                id=readied.id,
                role=role.value,
                email_index=index,
                sealed=seal_document(house.server, profile, profile_context(readied.id)),
                public_identity=public,
                identity=seal_identity(keyring, readied.identity, account=readied.id.bytes),
                epoch=FIRST_EPOCH,
                access=key_slots.sealed(
                    keyring.vault_sealer(), readied.id, FIRST_EPOCH, key_slots.first(readied.slot)
                ),
                created_at=now,
            )
            await key_slots.put(readied.id, readied.slot, now)
            await second_factor.begin(readied.id, Sealer(keyring.vault), now)
            if role is Role.PATIENT:
                await baseline.begin(Sealer(keyring.vault), readied.id)
            await audit_log.note_unsigned(house, readied.id, Act.ACCOUNT_OPENED)
    except IntegrityError as error:
        raise Refused({"email": TAKEN}) from error
