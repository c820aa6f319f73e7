from uuid import uuid4

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Let events wait for their place in the chain. Those that have one stay as they are, so kept heads still fit."""

    dependencies = [("journal", "0002_epochs")]

    initial = False

    operations = [
        ops.CreateModel(
            name="AuditLease",
            fields=[
                ("id", fields.SmallIntField(primary_key=True, unique=True, db_index=True)),
                ("holder", fields.UUIDField(null=True)),
                ("until", fields.BigIntField()),
            ],
            options={
                "table": "audit_lease",
                "app": "journal",
                "pk_attr": "id",
                "table_description": "Which worker chains pending events, and until when, in milliseconds of the database's clock since 1970.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="AuditPending",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("actor_id", fields.UUIDField(null=True)),
                ("patient_id", fields.UUIDField(null=True)),
                ("recipient_id", fields.UUIDField(null=True)),
                ("action", fields.CharField(max_length=40)),
                ("object_id", fields.UUIDField(null=True)),
                ("outcome", fields.CharField(max_length=16)),
                ("mac", fields.CharField(max_length=64)),
            ],
            options={
                "table": "audit_pending",
                "app": "journal",
                "pk_attr": "id",
                "table_description": "An event that was written with its act and has no place in the chain yet. Authenticated on its own.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="AuditVerified",
            fields=[
                ("id", fields.SmallIntField(primary_key=True, unique=True, db_index=True)),
                ("sequence", fields.BigIntField()),
                ("mac", fields.CharField(max_length=64)),
                ("tag", fields.CharField(max_length=64)),
            ],
            options={
                "table": "audit_verified",
                "app": "journal",
                "pk_attr": "id",
                "table_description": "How far the log was last found whole: where the next check goes on.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="AuditEvent", name="event_id", field=fields.UUIDField(null=True, unique=True)
        ),
        ops.AlterModelOptions(
            name="AuditHead",
            options={
                "table": "audit_head",
                "app": "journal",
                "pk_attr": "id",
                "table_description": "Where the chain of the audit log ends. Its one row changes whenever events are chained.",
            },
        ),
    ]
