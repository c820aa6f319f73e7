from uuid import uuid4

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Make room for clinicians' own notes."""

    dependencies = [("journal", "0022_talk_items")]

    initial = False

    operations = [
        ops.CreateModel(
            name="OwnNote",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                (
                    "owner",
                    fields.ForeignKeyField(
                        "journal.Account",
                        source_field="owner_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="own_notes",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("patient", fields.UUIDField()),
                ("revision", fields.IntField()),
                ("sealed", fields.BinaryField()),
                ("written_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("ask_from", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "own_note",
                "app": "journal",
                "indexes": [Index(fields=["owner_id", "patient", "written_at"])],
                "pk_attr": "id",
                "table_description": "A clinician's own note about a patient. It outlasts the care and the patient's account.",
            },
            bases=["Model"],
        ),
    ]
