"""The rows of what the care team writes for a patient."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.models import Model

if TYPE_CHECKING:
    from journal.accounts.tables import Account
    from journal.sessions.tables import Course


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


class InstructionsVersion(Model):
    """One version of what the care team wrote for the dosing days of a course."""

    id = fields.UUIDField(primary_key=True)
    patient: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "journal.Account", related_name="instructions", db_index=True
    )
    course: fields.ForeignKeyNullableRelation[Course] = fields.ForeignKeyField(
        "journal.Course", related_name="instructions", null=True
    )  # NULL: for sessions that belong to no course
    version = fields.IntField()
    sealed = fields.BinaryField()  # server key: a sitter's page and reminders need it
    words = fields.BinaryField(null=True)  # the key of the patient's plan
    created_at = fields.DatetimeField()
    hidden_at = fields.DatetimeField(null=True)

    class Meta:
        table = "instructions_version"
