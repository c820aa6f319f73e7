from uuid import uuid4

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Make room for what those who sit with a patient note."""

    dependencies = [("journal", "0013_sitter_links")]

    initial = False

    operations = [
        ops.CreateModel(
            name="SitterNote",
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
                        related_name="sitter_notes",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "link",
                    fields.ForeignKeyField(
                        "journal.SitterLink",
                        source_field="link_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="notes",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("sealed", fields.BinaryField()),
                ("mark", fields.BinaryField(null=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "sitter_note",
                "app": "journal",
                "pk_attr": "id",
                "table_description": "What somebody who sits with a patient noted, for that patient alone.",
            },
            bases=["Model"],
        ),
    ]
