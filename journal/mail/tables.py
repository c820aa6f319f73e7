"""The row of a message that waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

if TYPE_CHECKING:
    pass


class Outbox(Model):
    """A message that waits to be sent, deleted once it is. To whom it goes and what it says is sealed."""

    id = fields.UUIDField(primary_key=True)
    sealed = fields.BinaryField()  # server key
    created_at = fields.DatetimeField()
    due_at = fields.DatetimeField()
    attempts = fields.SmallIntField(default=0)
    claimed_until = fields.DatetimeField()  # until then one worker alone tries
    gave_up_at = fields.DatetimeField(null=True)

    class Meta:
        table = "outbox"
        indexes = [Index(fields=("due_at",))]
