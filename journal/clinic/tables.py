"""The rows of what the care team writes for a patient."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.models import Model

if TYPE_CHECKING:
    from journal.accounts.tables import Account


class CallContact(Model):
    """Somebody whom a patient can call around a dosing session."""

    id = fields.UUIDField(primary_key=True)
    patient: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "journal.Account", related_name="call_contacts", db_index=True
    )
    revision = fields.IntField()
    sealed = fields.BinaryField()  # server key: a locked page and a sitter's show it
    created_at = fields.DatetimeField()

    class Meta:
        table = "call_contact"
