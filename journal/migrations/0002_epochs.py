from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("journal", "0001_initial")]

    initial = False

    operations = [
        ops.AddField(model_name="Account", name="access", field=fields.BinaryField(null=True)),
        ops.AddField(model_name="Account", name="epoch", field=fields.BigIntField(default=0, db_default=0)),
        ops.AddField(model_name="KeyRenewal", name="before", field=fields.BinaryField(null=True)),
        ops.AddField(model_name="KeySlot", name="epoch", field=fields.BigIntField(default=0, db_default=0)),
        ops.AddField(
            model_name="SetAsideSlot", name="epoch", field=fields.BigIntField(default=0, db_default=0)
        ),
        # What is sealed in a session's row has another shape now: everybody signs in once more.
        ops.RunSQL("DELETE FROM web_session"),
        ops.AddField(
            model_name="WebSession", name="epoch", field=fields.BigIntField(default=0, db_default=0)
        ),
    ]
