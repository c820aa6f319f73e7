"""The rows of courses and sessions."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model

from journal.accounts.tables import Account


class Course(Model):
    """A planned series of sessions."""

    id = fields.UUIDField(primary_key=True)
    patient: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "journal.Account", related_name="courses", db_index=True
    )
    sealed = fields.BinaryField()  # server key
    words = fields.BinaryField(null=True)  # the key of the patient's plan
    created_at = fields.DatetimeField()

    class Meta:
        table = "course"


class KapSession(Model):
    """One session in the plan. Its date stands only in the sealed column."""

    id = fields.UUIDField(primary_key=True)
    patient: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "journal.Account", related_name="sessions", db_index=True
    )
    course: fields.ForeignKeyNullableRelation[Course] = fields.ForeignKeyField(
        "journal.Course", related_name="sessions", null=True
    )
    revision = fields.IntField()
    sealed = fields.BinaryField()  # server key
    words = fields.BinaryField(null=True)  # the key of the patient's plan
    created_at = fields.DatetimeField()

    class Meta:
        table = "kap_session"


class PlanKey(Model):
    """
    The key of a patient's plan, as they have it. Each care link has a copy of its own.

    Its id is the patient's.
    """

    id = fields.UUIDField(primary_key=True)
    patient: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "journal.Account", related_name="plan_keys", db_index=True
    )
    wrapped = fields.BinaryField()  # the patient's vault key
    due_at = fields.DatetimeField(null=True)  # since when it is to be drawn anew
    carried_at = fields.DatetimeField(
        null=True
    )  # when all words from before there were such keys were sealed

    class Meta:
        table = "plan_key"
