"""The rows of the practice and of the links with which its staff come in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.models import Model

if TYPE_CHECKING:
    from journal.accounts.tables import Account


class Practice(Model):
    """The one practice of this installation. `demo` is set once, when its first row is written."""

    id = fields.SmallIntField(primary_key=True, generated=False)
    demo = fields.BooleanField()  # nobody believes it: what counts is sealed
    sealed = fields.BinaryField()  # server key
    created_at = fields.DatetimeField()

    class Meta:
        table = "practice"


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
