"""The rows of calendar addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.models import Model

if TYPE_CHECKING:
    from journal.accounts.tables import Account


class CalendarFeed(Model):
    """An address from which a calendar reads when one person's sessions are."""

    id = fields.UUIDField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "journal.Account", related_name="calendar_feeds", db_index=True
    )
    lookup = fields.CharField(64, unique=True)  # hash of the secret, which stands nowhere
    revision = fields.IntField()
    sealed = fields.BinaryField(null=True)  # under a key from the secret; none after the end
    key = fields.BinaryField(null=True)  # account's vault key, wrapped: that key; none after the end
    used_on = fields.CharField(16, null=True)  # the day on which it was last asked for, in UTC
    created_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "calendar_feed"
