"""The row in which an account remembers the log of public keys."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model

from journal.accounts.tables import Account


class Witness(Model):
    """What an account remembers of the log of public keys, and believes of others in it. Its id is the account's."""

    id = fields.UUIDField(primary_key=True)
    owner: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "journal.Account", related_name="witnesses", db_index=True
    )
    revision = fields.IntField()
    sealed = fields.BinaryField()  # owner's pin key

    class Meta:
        table = "witness"
