from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Make room for packets that a clinician makes of what a patient shares, and for where pages begin."""

    dependencies = [("journal", "0026_packets")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Packet",
            name="patient",
            field=fields.ForeignKeyField(
                "journal.Account",
                source_field="patient_id",
                null=True,
                db_index=True,
                db_constraint=True,
                to_field="id",
                related_name="packets_of_others",
                on_delete=OnDelete.CASCADE,
            ),
        ),
        ops.AddField(model_name="Packet", name="disclosed", field=fields.BinaryField(null=True)),
        ops.AddField(model_name="Packet", name="layout", field=fields.BinaryField(null=True)),
    ]
