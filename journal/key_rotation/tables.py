"""The row of a process that serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.models import Model

if TYPE_CHECKING:
    pass


class Worker(Model):
    """A process that serves, as long as it lives, and the server key that it seals with, by its mark."""

    id = fields.UUIDField(primary_key=True)
    key_mark = fields.CharField(32)
    seen_at = fields.DatetimeField()

    class Meta:
        table = "worker"
