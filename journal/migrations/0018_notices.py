from uuid import uuid4

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Make room for notices to a clinician, and for what two people agreed on about them."""

    dependencies = [("journal", "0017_care_notes")]

    initial = False

    operations = [
        ops.CreateModel(
            name="NoticePolicy",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                (
                    "patient",
                    fields.ForeignKeyField(
                        "journal.Account",
                        source_field="patient_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="notice_policies",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("revision", fields.IntField()),
                ("sealed", fields.BinaryField()),
            ],
            options={
                "table": "notice_policy",
                "app": "journal",
                "pk_attr": "id",
                "table_description": "What a patient and a clinician agreed on about notices, or one of them proposes.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="PatientNotice",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                (
                    "patient",
                    fields.ForeignKeyField(
                        "journal.Account",
                        source_field="patient_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="notices",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("link_id", fields.UUIDField(db_index=True)),
                ("backup_id", fields.UUIDField(null=True, db_index=True)),
                ("sealed", fields.BinaryField(null=True)),
                ("backup_sealed", fields.BinaryField(null=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("release_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "released_at",
                    fields.DatetimeField(null=True, db_index=True, auto_now=False, auto_now_add=False),
                ),
                ("backup_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("backup_released_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("acknowledged_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("acknowledged_by", fields.UUIDField(null=True)),
                ("done", fields.BinaryField(null=True)),
            ],
            options={
                "table": "patient_notice",
                "app": "journal",
                "pk_attr": "id",
                "table_description": "A patient's notice: please check in. It says nothing else.",
            },
            bases=["Model"],
        ),
    ]
