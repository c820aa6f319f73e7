"""The rows that stand between a password and an account; `journal.tables` has all others, and these as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.models import Model

if TYPE_CHECKING:
    from journal.accounts.tables import Account


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
