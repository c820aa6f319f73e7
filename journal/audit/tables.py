"""The rows of the audit log: its events, the head of its chain, its key, and who may chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

if TYPE_CHECKING:
    pass


class AuditEvent(Model):
    """Who did what to whose record, for whom, when, and how it ended. Ids only, never words."""

    id = fields.BigIntField(primary_key=True, generated=False)  # 1, 2, 3 and so on without a gap
    at = fields.DatetimeField()
    actor_id = fields.UUIDField(null=True)
    patient_id = fields.UUIDField(null=True)
    recipient_id = fields.UUIDField(null=True)  # who was given something
    action = fields.CharField(40)
    object_id = fields.UUIDField(null=True)
    outcome = fields.CharField(16)
    mac = fields.CharField(64)  # HMAC under the log's key, over this event and the head before it
    event_id = fields.UUIDField(null=True, unique=True)  # its id while it was pending; older events have none

    class Meta:
        table = "audit_event"
        indexes = [Index(fields=("patient_id", "id"))]


class AuditPending(Model):
    """An event that was written with its act and has no place in the chain yet. Authenticated on its own."""

    id = fields.UUIDField(primary_key=True)  # RFC 9562 version 7: sorts by the moment it was written
    at = fields.DatetimeField()
    actor_id = fields.UUIDField(null=True)
    patient_id = fields.UUIDField(null=True)
    recipient_id = fields.UUIDField(null=True)
    action = fields.CharField(40)
    object_id = fields.UUIDField(null=True)
    outcome = fields.CharField(16)
    mac = fields.CharField(64)  # HMAC under the log's key, over all of the above

    class Meta:
        table = "audit_pending"


class AuditLease(Model):
    """Which worker chains pending events, and until when, in milliseconds of the database's clock since 1970."""

    id = fields.SmallIntField(primary_key=True, generated=False)
    holder = fields.UUIDField(null=True)
    until = fields.BigIntField()

    class Meta:
        table = "audit_lease"


class AuditVerified(Model):
    """How far the log was last found whole: where the next check goes on."""

    id = fields.SmallIntField(primary_key=True, generated=False)
    sequence = fields.BigIntField()
    mac = fields.CharField(64)  # that event's
    tag = fields.CharField(64)  # HMAC under the log's key, over both

    class Meta:
        table = "audit_verified"


class AuditHead(Model):
    """Where the chain of the audit log ends. Its one row changes whenever events are chained."""

    id = fields.SmallIntField(primary_key=True, generated=False)
    sequence = fields.BigIntField()
    mac = fields.CharField(64)  # HMAC under the log's key, which no event shows

    class Meta:
        table = "audit_head"


class AuditKey(Model):
    """The one key that chains the audit log. It stays when the server key changes, so that kept heads still fit."""

    id = fields.SmallIntField(primary_key=True, generated=False)
    sealed = fields.BinaryField()  # server key
    created_at = fields.DatetimeField()

    class Meta:
        table = "audit_key"
