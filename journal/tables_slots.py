"""The ways to an account key, and the passkeys that some of them belong to; `journal.tables` has these as well."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model


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


class SpentChallenge(Model):
    """A challenge that was answered. It is remembered until it would not be believed any more."""

    lookup = fields.CharField(64, primary_key=True)  # hash of the challenge
    expires_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "spent_challenge"
