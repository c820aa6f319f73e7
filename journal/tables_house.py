"""The rows that the house keeps for itself: what happened, and what is still to be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

if TYPE_CHECKING:
    from journal.tables import Account


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


class Outbox(Model):
    """A message that waits to be sent, deleted once it is. To whom it goes and what it says is sealed."""

    id = fields.UUIDField(primary_key=True)
    sealed = fields.BinaryField()  # server key
    created_at = fields.DatetimeField()
    due_at = fields.DatetimeField()
    attempts = fields.SmallIntField(default=0)
    claimed_until = fields.DatetimeField()  # until then one worker alone tries
    gave_up_at = fields.DatetimeField(null=True)

    class Meta:
        table = "outbox"
        indexes = [Index(fields=("due_at",))]


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
