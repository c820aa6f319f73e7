"""The rows that the house keeps for itself: what happened, and what is still to be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.models import Model

if TYPE_CHECKING:
    from journal.accounts.tables import Account


class Worker(Model):
    """A process that serves, as long as it lives, and the server key that it seals with, by its mark."""

    id = fields.UUIDField(primary_key=True)
    key_mark = fields.CharField(32)
    seen_at = fields.DatetimeField()

    class Meta:
        table = "worker"


class Heartbeat(Model):
    """The one row that says when a process last served, and since when the clock is doubted: nothing is purged then."""

    id = fields.IntField(primary_key=True, generated=False)
    seen_at = fields.DatetimeField()
    held_at = fields.DatetimeField(null=True)

    class Meta:
        table = "heartbeat"


class SetupLink(Model):
    """A one-time link with which one of the staff opens an account. Nobody made it who has no account."""

    id = fields.UUIDField(primary_key=True)  # the first half of the hash of the token
    lookup = fields.CharField(64, unique=True)  # hash of the token
    maker: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "journal.Account", related_name="setup_links", null=True
    )
    secret = fields.BinaryField(null=True)  # maker's vault key: the token
    sealed = fields.BinaryField()  # server key: what its user becomes, whom it is for, until when
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    used_at = fields.DatetimeField(null=True)
    withdrawn_at = fields.DatetimeField(null=True)

    class Meta:
        table = "setup_link"
