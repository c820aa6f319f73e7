"""The rows of reminders that wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.models import Model

if TYPE_CHECKING:
    from journal.accounts.tables import Account


class ReminderSlot(Model):
    """
    When something waits for one person, in a sealed text that has one size.

    Its id is that of their account. No time stands beside it: it would tell the days of sessions.
    """

    id = fields.UUIDField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "journal.Account", related_name="reminder_slot", db_index=True
    )
    sealed = fields.BinaryField()  # server key

    class Meta:
        table = "reminder_slot"
