from uuid import uuid4

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Make room for the links of those who sit with a patient."""

    dependencies = [("journal", "0011_instructions")]

    initial = False

    operations = [
        ops.CreateModel(
            name="SitterLink",
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
                        related_name="sitter_links",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "session",
                    fields.ForeignKeyField(
                        "journal.KapSession",
                        source_field="session_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="sitter_links",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("lookup", fields.CharField(unique=True, max_length=64)),
                ("sealed", fields.BinaryField(null=True)),
                ("note_key", fields.BinaryField()),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "sitter_link",
                "app": "journal",
                "pk_attr": "id",
                "table_description": "A link without account for whoever sits with a patient in one session.",
            },
            bases=["Model"],
        ),
    ]
