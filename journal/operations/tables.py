"""The row by which the clock is believed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.models import Model

if TYPE_CHECKING:
    pass


class Heartbeat(Model):
    """The one row that says when a process last served, and since when the clock is doubted: nothing is purged then."""

    id = fields.IntField(primary_key=True, generated=False)
    seen_at = fields.DatetimeField()
    held_at = fields.DatetimeField(null=True)

    class Meta:
        table = "heartbeat"
