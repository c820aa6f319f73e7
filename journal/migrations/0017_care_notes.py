from uuid import uuid4

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Make room for what clinicians write for one patient."""

    dependencies = [("journal", "0014_sitter_notes")]

    initial = False

    operations = [
        ops.CreateModel(
            name="CareNote",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                (
                    "link",
                    fields.ForeignKeyField(
                        "journal.CareLink",
                        source_field="link_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="notes",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("note", fields.UUIDField()),
                ("version", fields.IntField()),
                ("sealed", fields.BinaryField()),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "care_note",
                "app": "journal",
                "unique_together": (("note", "version"),),
                "pk_attr": "id",
                "table_description": "One version of what a clinician wrote for one patient.",
            },
            bases=["Model"],
        ),
    ]
