"""The rows that a reset leaves behind."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model


class SetAside(Model):
    """What an account was before it was started anew. Only what opened it then opens it now."""

    id = fields.UUIDField(primary_key=True)
    account: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "journal.Account", related_name="set_aside", db_index=True
    )
    retired = fields.BinaryField(null=True)  # the key before that of then, when keys were being renewed
    plan_key = fields.BinaryField(null=True)  # the key of the plan of then, under the vault key of then
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    proof = fields.CharField(
        64, null=True
    )  # says whose it is, and from when to when: `retained_records.compute_proof`

    class Meta:
        table = "set_aside"


class SetAsideSlot(Model):
    """A key slot of then: the old password, or the old recovery key."""

    id = fields.UUIDField(primary_key=True)
    aside: fields.ForeignKeyRelation[SetAside] = fields.ForeignKeyField(
        "journal.SetAside", related_name="slots", db_index=True
    )
    kind = fields.CharField(16)
    slot = fields.BinaryField()  # salt, commitment, wrapped account key and parameters, one after the other
    epoch = fields.BigIntField(default=0, db_default=0)  # the account's when it was made

    class Meta:
        table = "set_aside_slot"


class SetAsideRecord(Model):
    """An entry, or with `revision` empty an earlier text of one, exactly as it was sealed."""

    id = fields.UUIDField(primary_key=True)  # as it was, and will be again
    aside: fields.ForeignKeyRelation[SetAside] = fields.ForeignKeyField(
        "journal.SetAside", related_name="records", db_index=True
    )
    entry_id = fields.UUIDField()
    revision = fields.IntField(null=True)
    sealed = fields.BinaryField()  # the vault key of then
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()
    deleted_at = fields.DatetimeField(null=True)

    class Meta:
        table = "set_aside_record"
