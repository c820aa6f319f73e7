"""The rows by which a browser learns that the copy it keeps has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.models import Model

if TYPE_CHECKING:
    from journal.accounts.tables import Account


class DeviceCopy(Model):
    """A copy that some browser keeps. It is there as long as the row is."""

    id = fields.UUIDField(primary_key=True)  # what addresses name it by
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "journal.Account", related_name="device_copies", db_index=True
    )
    lookup = fields.CharField(64, unique=True)  # hash of what the browser holds, which opens nothing
    browser = fields.UUIDField()  # the handle of the session in which it was made, or renewed last
    created_at = fields.DatetimeField()

    class Meta:
        table = "device_copy"
