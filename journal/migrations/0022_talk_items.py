from uuid import uuid4

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Make room for what a clinician sets for a talk, for sets of their own, and for what was talked about."""

    dependencies = [("journal", "0021_replies")]

    initial = False

    operations = [
        ops.CreateModel(
            name="TalkItem",
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
                        related_name="talk_items",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("session_id", fields.UUIDField()),
                ("sealed", fields.BinaryField()),
                ("said", fields.BinaryField(null=True)),
                ("mark", fields.BinaryField(null=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "talk_item",
                "app": "journal",
                "pk_attr": "id",
                "table_description": "One thing that a clinician set for a talk, what its patient said to it, and what became of it.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="TalkSet",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                (
                    "clinician",
                    fields.ForeignKeyField(
                        "journal.Account",
                        source_field="clinician_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="talk_sets",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("sealed", fields.BinaryField()),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "talk_set",
                "app": "journal",
                "pk_attr": "id",
                "table_description": "Things that a clinician set before and has a name for, to be set again.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Share",
            name="talked",
            field=fields.BinaryField(null=True),
        ),
    ]
