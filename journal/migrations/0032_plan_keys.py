from uuid import uuid4

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Make room for what is written of sessions, sealed under a key of each patient's plan."""

    dependencies = [("journal", "0030_successions")]

    initial = False

    operations = [
        ops.CreateModel(
            name="PlanKey",
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
                        related_name="plan_keys",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("wrapped", fields.BinaryField()),
                ("due_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("carried_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "plan_key",
                "app": "journal",
                "pk_attr": "id",
                "table_description": (
                    "The key of a patient's plan, as they have it. Each care link has a copy of its own.\n\n"
                    "Its id is the patient's."
                ),
            },
            bases=["Model"],
        ),
        ops.AddField(model_name="KapSession", name="words", field=fields.BinaryField(null=True)),
        ops.AddField(model_name="Course", name="words", field=fields.BinaryField(null=True)),
        ops.AddField(model_name="InstructionsVersion", name="words", field=fields.BinaryField(null=True)),
        ops.AddField(model_name="CareLink", name="plan_copy", field=fields.BinaryField(null=True)),
        ops.AddField(model_name="SetAside", name="plan_key", field=fields.BinaryField(null=True)),
    ]
