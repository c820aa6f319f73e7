from uuid import uuid4

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Make room for the log of public keys, and for what people remember of it and note for each other."""

    dependencies = [("journal", "0032_plan_keys")]

    initial = False

    operations = [
        ops.CreateModel(
            name="KeyLogLeaf",
            fields=[
                ("number", fields.IntField(primary_key=True, generated=False, unique=True, db_index=True)),
                ("leaf", fields.BinaryField()),
                ("salt", fields.BinaryField()),
                ("nodes", fields.BinaryField()),
            ],
            options={
                "table": "key_log",
                "app": "journal",
                "pk_attr": "number",
                "table_description": (
                    "A leaf of the log of public keys: docs/crypto-format.md section 25. It stays when its account is "
                    "deleted.\n\nNothing in it is secret, and nothing changes but a salt, which is emptied with its account."
                ),
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="LinkHead",
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
                        related_name="link_heads",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("patient_head", fields.BinaryField(null=True)),
                ("clinician_head", fields.BinaryField(null=True)),
            ],
            options={
                "table": "link_head",
                "app": "journal",
                "pk_attr": "id",
                "table_description": (
                    "The heads of the log of public keys that the two people of a care link noted for each other.\n\n"
                    "Its id is that of the care link."
                ),
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Witness",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                (
                    "owner",
                    fields.ForeignKeyField(
                        "journal.Account",
                        source_field="owner_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="witnesses",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("revision", fields.IntField()),
                ("sealed", fields.BinaryField()),
            ],
            options={
                "table": "witness",
                "app": "journal",
                "pk_attr": "id",
                "table_description": (
                    "What an account remembers of the log of public keys, and believes of others in it. Its id is the "
                    "account's."
                ),
            },
            bases=["Model"],
        ),
    ]
