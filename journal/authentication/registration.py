"""Create an account: check what was typed, make its keys, store it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from uuid import UUID, uuid4

from tortoise.exceptions import IntegrityError

from crypto import Keyring, KeySlot, PrivateIdentity, Sealer, new_account_key, password_slot, seal_identity
from journal.accounts import addresses as account_addresses
from journal.accounts import key_log, log_memory
from journal.accounts import tables as accounts_tables
from journal.accounts.names import find_email_problems, find_name_problems, find_zone_problems
from journal.accounts.profiles import Profile, profile_context
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.authentication import key_slots, second_factor
from journal.authentication.passwords import find_password_problems
from journal.errors import InvalidInput
from journal.i18n import N_
from journal.installation.installation import Installation
from journal.mail.mail_addresses import normalize_address
from journal.roles import Role
from journal.sealing import seal_document
from journal.store.database import transaction
from journal.user_input import clean_name
from journal.vault import baseline

ADDRESS_TAKEN = N_("This address already has an account here. Sign in with it instead.")

FIRST_EPOCH = 1  # 0 stands for accounts from before there were epochs


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What a person types to open an account."""

    name: str
    email: str
    password: str
    repeated: str
    time_zone: str
    language: str = ""  # the one in which they opened it

    def validate(self, practice: str, *, mails: bool) -> NewAccount:
        """
        Return it cleaned.

        Args:
            practice: The name of the practice, which does not count in a password.
            mails: Whether people are notified by mail here.

        Raises:
            InvalidInput: With a sentence for each field that needs another look.
        """
        name, email = clean_name(self.name), normalize_address(self.email)
        problems = (
            find_name_problems(name)
            | find_email_problems(email, sends_mail=mails)
            | find_zone_problems(self.time_zone)
        )
        problems |= find_password_problems(self.password, self.repeated, name, email, practice)
        if problems:
            raise InvalidInput(problems)
        return NewAccount(name, email, self.password, self.repeated, self.time_zone, self.language)


@dataclass(frozen=True, slots=True)
class PreparedAccount:
    """An account that only has to be stored: its id, its keys and the slot that its password opens."""

    id: UUID
    account_key: bytes
    identity: PrivateIdentity
    slot: KeySlot
    new: NewAccount


async def prepare_account(installation: Installation, new: NewAccount) -> PreparedAccount:
    """Make an account's keys. Hashing its password is slow: never inside a transaction, which others wait for."""
    account, account_key = uuid4(), new_account_key()
    work = partial(
        password_slot,
        account_key,
        new.password,
        account=account.bytes,
        epoch=FIRST_EPOCH,
        parameters=installation.argon2,
    )
    return PreparedAccount(
        account, account_key, PrivateIdentity.generate(), await installation.run_password_hash(work), new
    )


async def create_account(
    installation: Installation, role: Role, prepared: PreparedAccount, *, profession: str = ""
) -> None:
    """
    Store an account; *profession* is a clinician's.

    Raises:
        InvalidInput: If the address already has an account here.
    """
    new, now = prepared.new, installation.clock()
    keyring = Keyring.from_account_key(prepared.account_key)
    public = prepared.identity.public().encode()
    profile = Profile(
        new.name,
        new.email,
        new.time_zone,
        role.value,
        profession,
        keys=sha256(public).hexdigest(),
        language=new.language,
    )
    try:
        async with transaction():
            index = await account_addresses.claim_index(installation, new.email, prepared.id)
            if index is None:
                raise InvalidInput({"email": ADDRESS_TAKEN})
            await accounts_tables.Account.create(
                id=prepared.id,
                role=role.value,
                email_index=index,
                sealed=seal_document(installation.server_keys, profile, profile_context(prepared.id)),
                public_identity=public,
                identity=seal_identity(keyring, prepared.identity, account=prepared.id.bytes),
                epoch=FIRST_EPOCH,
                access=key_slots.seal_access(
                    keyring.vault_sealer(),
                    prepared.id,
                    FIRST_EPOCH,
                    key_slots.build_first_access(prepared.slot),
                ),
                created_at=now,
            )
            await log_memory.begin_memory(prepared.id, keyring)
            await key_slots.replace_slot(prepared.id, prepared.slot, now)
            await second_factor.reset_second_factor(prepared.id, Sealer(keyring.vault), now)
            if role is Role.PATIENT:
                await baseline.create_record_state(Sealer(keyring.vault), prepared.id)
            await audit_log.record_unauthenticated_event(installation, prepared.id, Act.ACCOUNT_OPENED)
            await key_log.append_keys(prepared.id, prepared.identity.public())
    except IntegrityError as error:
        raise InvalidInput({"email": ADDRESS_TAKEN}) from error
