"""The rows of packets."""

from __future__ import annotations

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from journal.accounts.tables import Account


class Packet(Model):
    """What somebody chose of their records for somebody else, and for a day the file that was made of it."""

    id = fields.UUIDField(primary_key=True)
    owner: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "journal.Account", related_name="packets"
    )
    patient: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "journal.Account", related_name="packets_of_others", null=True, db_index=True
    )  # whose records they are; none for the owner's own
    revision = fields.IntField()
    state = fields.CharField(16)
    done = fields.SmallIntField()  # how many of the steps of making it are done
    sealed = fields.BinaryField()  # what was chosen; the owner's vault key
    told = fields.BinaryField(null=True)  # who got it and what for, once it is made; the owner's vault key
    disclosed = fields.BinaryField(null=True)  # server key: the same for the accounting of another's records
    file = fields.BinaryField(
        null=True
    )  # the file as it leaves, sealed once more under the owner's vault key
    layout = fields.BinaryField(null=True)  # where the pages of its preview begin; the owner's vault key
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()
    file_until = fields.DatetimeField(null=True)

    class Meta:
        table = "packet"
        indexes = [Index(fields=("owner_id", "created_at"))]
