"""The rows that stand between a password or a passkey and an account."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
from tortoise import fields
from tortoise.models import Model

from journal.accounts.tables import Account

if TYPE_CHECKING:
    from journal.accounts.tables import Account


class WebSession(Model):
    """A signed-in browser. The cookie alone opens `wrapped`, which is empty while the session is locked."""

    id = fields.CharField(64, primary_key=True)  # hash of the cookie
    handle = fields.UUIDField(unique=True)  # what addresses name it by; stays when the cookie changes
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "journal.Account", related_name="web_sessions", db_index=True
    )
    stage = fields.CharField(16)  # sealed into `wrapped` as well
    wrapped = fields.BinaryField(null=True)
    epoch = fields.BigIntField(
        default=0
    )  # the account's when it began; sealed into `wrapped` and `device` as well
    device = fields.BinaryField()  # server key: what kind of browser it is, and whose session this row is
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    used_at = fields.DatetimeField()
    confirmed_at = fields.DatetimeField(null=True)

    class Meta:
        table = "web_session"


class Passkey(Model):
    """A passkey of somebody's. What verifies it, and what they call it, stands only in the sealed column."""

    id = fields.UUIDField(primary_key=True)
    account: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "journal.Account", related_name="passkeys", db_index=True
    )
    lookup = fields.CharField(64, unique=True)  # hash of the credential's id
    revision = fields.IntField()
    sealed = fields.BinaryField()  # server key
    created_at = fields.DatetimeField()
    last_used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "passkey"


class KeySlot(Model):
    """One way to unlock an account key."""

    id = fields.UUIDField(primary_key=True)
    account: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "journal.Account", related_name="slots", db_index=True
    )
    passkey: fields.ForeignKeyNullableRelation[Passkey] = fields.ForeignKeyField(
        "journal.Passkey", related_name="slots", null=True, db_index=True
    )
    kind = fields.CharField(16)
    salt = fields.BinaryField()
    parameters = fields.BinaryField()
    commitment = fields.BinaryField()
    wrapped = fields.BinaryField()
    epoch = fields.BigIntField(
        default=0, db_default=0
    )  # the account's when it was made; sealed into `wrapped` as well
    created_at = fields.DatetimeField()

    class Meta:
        table = "key_slot"


class SecondFactor(Model):
    """What an account asks for after its password, or that it asks for nothing: every account has such a row."""

    account: fields.OneToOneRelation[Account] = fields.OneToOneField(
        "journal.Account", related_name="second_factor", primary_key=True
    )
    revision = fields.IntField()
    sealed = fields.BinaryField()  # vault key
    created_at = fields.DatetimeField()

    class Meta:
        table = "second_factor"


class KeyRenewal(Model):
    """An account whose records are being sealed under a new account key. Its row goes with the last of them."""

    id = fields.UUIDField(primary_key=True)  # the account
    retired = fields.BinaryField()  # the old account key, under the new vault key
    before = fields.BinaryField(null=True)  # the account's identity as the old account key sealed it
    place = fields.CharField(64)  # how far it has come: the column that is being gone through
    after = fields.UUIDField(null=True)  # and the last row of it that was
    done = fields.IntField(default=0)
    total = fields.IntField()
    began_at = fields.DatetimeField()

    class Meta:
        table = "key_renewal"


KEPT_LIFETIME = timedelta(days=7)
"""How long after sign-in a session can be taken up again on a device that its owner keeps."""


class KeptDevice(msgspec.Struct, frozen=True):
    """
    A session that its owner may take up again until `until`. From `open_until` on, only a passkey opens it.

    `epoch` is the account's when its owner chose so; at any other it is over.
    """

    until: datetime
    open_until: datetime
    epoch: int
