"""The rows of reading hours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.models import Model

if TYPE_CHECKING:
    from journal.accounts.tables import Account


class ReadingHours(Model):
    """
    When one clinician reads what is shared with them.

    Its id is that of their account.
    """

    id = fields.UUIDField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "journal.Account", related_name="reading_hours", db_index=True
    )
    revision = fields.IntField()
    sealed = fields.BinaryField()  # server key: the pages of their patients show it

    class Meta:
        table = "reading_hours"
