from uuid import uuid4

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Make room for changes of keys that are signed, and for care links whose key is drawn anew."""

    dependencies = [("journal", "0029_share_ends")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Succession",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "journal.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="successions",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("number", fields.IntField()),
                ("statement", fields.BinaryField()),
            ],
            options={
                "table": "succession",
                "app": "journal",
                "unique_together": (("account", "number"),),
                "pk_attr": "id",
                "table_description": (
                    "One change of an account's keys, signed by those of before and of now. Nothing in it is secret."
                ),
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="LinkRenewal",
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
                        related_name="link_renewals",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("former", fields.BinaryField()),
                ("place", fields.CharField(max_length=64)),
                ("after", fields.UUIDField(null=True)),
                ("done", fields.IntField(default=0)),
                ("total", fields.IntField(default=0)),
                ("began_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "link_renewal",
                "app": "journal",
                "pk_attr": "id",
                "table_description": (
                    "A care link whose rows are being sealed under a new link key. Its row goes with the last of them.\n\n"
                    "Its id is that of the care link."
                ),
            },
            bases=["Model"],
        ),
        *(
            ops.AddField(model_name="CareLink", name=name, field=field)
            for name, field in (
                ("held_key", fields.BinaryField(null=True)),
                ("key_number", fields.IntField(default=0, db_default=0)),
                ("drawn_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("due_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("signs_later", fields.BooleanField(default=False, db_default=False)),
                ("patient_followed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "clinician_followed_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
            )
        ),
    ]
