from uuid import uuid4

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Make room for whom a patient can call around a dosing session."""

    dependencies = [("journal", "0009_list_index")]

    initial = False

    operations = [
        ops.CreateModel(
            name="CallContact",
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
                        related_name="call_contacts",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("revision", fields.IntField()),
                ("sealed", fields.BinaryField()),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "call_contact",
                "app": "journal",
                "pk_attr": "id",
                "table_description": "Somebody whom a patient can call around a dosing session.",
            },
            bases=["Model"],
        ),
    ]
