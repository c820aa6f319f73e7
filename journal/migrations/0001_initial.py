from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from uuid import uuid4
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name='Account',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('role', fields.CharField(max_length=16)),
                ('email_index', fields.CharField(unique=True, max_length=64)),
                ('sealed', fields.BinaryField()),
                ('public_identity', fields.BinaryField()),
                ('identity', fields.BinaryField()),
                ('status', fields.CharField(default='active', max_length=16)),
                ('recovery_ready', fields.BooleanField(default=False)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'account', 'app': 'journal', 'pk_attr': 'id', 'table_description': 'A person who signs in: patient, clinician or administrator.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='AuditEvent',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('actor_id', fields.UUIDField(null=True)),
                ('patient_id', fields.UUIDField(null=True)),
                ('action', fields.CharField(max_length=40)),
                ('object_id', fields.UUIDField(null=True)),
                ('outcome', fields.CharField(default='done', max_length=16)),
            ],
            options={'table': 'audit_event', 'app': 'journal', 'indexes': [Index(fields=['patient_id', 'id'])], 'pk_attr': 'id', 'table_description': 'Who did what to whose record, and when. Ids only, never words.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Course',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('patient', fields.ForeignKeyField('journal.Account', source_field='patient_id', db_index=True, db_constraint=True, to_field='id', related_name='courses', on_delete=OnDelete.CASCADE)),
                ('sealed', fields.BinaryField()),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'course', 'app': 'journal', 'pk_attr': 'id', 'table_description': 'A planned series of sessions.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Entry',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('owner', fields.ForeignKeyField('journal.Account', source_field='owner_id', db_constraint=True, to_field='id', related_name='entries', on_delete=OnDelete.CASCADE)),
                ('revision', fields.IntField()),
                ('sealed', fields.BinaryField()),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('updated_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('deleted_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'entry', 'app': 'journal', 'indexes': [Index(fields=['owner_id', 'created_at'])], 'pk_attr': 'id', 'table_description': "A patient's entry, sealed under the vault key. Kind and session are sealed with it."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='EntryRevision',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('entry', fields.ForeignKeyField('journal.Entry', source_field='entry_id', db_constraint=True, to_field='id', related_name='revisions', on_delete=OnDelete.CASCADE)),
                ('sealed', fields.BinaryField()),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'entry_revision', 'app': 'journal', 'indexes': [Index(fields=['entry_id', 'created_at'])], 'pk_attr': 'id', 'table_description': 'An earlier text of an entry, kept so that it can be read and restored.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Invitation',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('clinician', fields.ForeignKeyField('journal.Account', source_field='clinician_id', db_index=True, db_constraint=True, to_field='id', related_name='invitations', on_delete=OnDelete.CASCADE)),
                ('lookup', fields.CharField(unique=True, max_length=64)),
                ('voucher', fields.BinaryField()),
                ('secret', fields.BinaryField()),
                ('sealed', fields.BinaryField()),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('expires_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('accepted_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('withdrawn_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'invitation', 'app': 'journal', 'pk_attr': 'id', 'table_description': "A clinician's single-use invitation of one patient."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='CareLink',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('patient', fields.ForeignKeyField('journal.Account', source_field='patient_id', db_index=True, db_constraint=True, to_field='id', related_name='clinician_links', on_delete=OnDelete.CASCADE)),
                ('clinician', fields.ForeignKeyField('journal.Account', source_field='clinician_id', db_index=True, db_constraint=True, to_field='id', related_name='patient_links', on_delete=OnDelete.CASCADE)),
                ('invitation', fields.ForeignKeyField('journal.Invitation', source_field='invitation_id', null=True, db_constraint=True, to_field='id', related_name='links', on_delete=OnDelete.CASCADE)),
                ('pair', fields.CharField(null=True, unique=True, max_length=73)),
                ('patient_key', fields.BinaryField(null=True)),
                ('clinician_key', fields.BinaryField(null=True)),
                ('patient_pin', fields.BinaryField()),
                ('clinician_pin', fields.BinaryField(null=True)),
                ('voucher', fields.BinaryField()),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('paused_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('ended_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'care_link', 'app': 'journal', 'pk_attr': 'id', 'table_description': 'One patient and one clinician. `pair` is unique while care lasts and empty once it has ended.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='KapSession',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('patient', fields.ForeignKeyField('journal.Account', source_field='patient_id', db_index=True, db_constraint=True, to_field='id', related_name='sessions', on_delete=OnDelete.CASCADE)),
                ('course', fields.ForeignKeyField('journal.Course', source_field='course_id', null=True, db_constraint=True, to_field='id', related_name='sessions', on_delete=OnDelete.CASCADE)),
                ('revision', fields.IntField()),
                ('sealed', fields.BinaryField()),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'kap_session', 'app': 'journal', 'pk_attr': 'id', 'table_description': 'One session in the plan. Its date stands only in the sealed column.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='KeySlot',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('account', fields.ForeignKeyField('journal.Account', source_field='account_id', db_index=True, db_constraint=True, to_field='id', related_name='slots', on_delete=OnDelete.CASCADE)),
                ('kind', fields.CharField(max_length=16)),
                ('salt', fields.BinaryField()),
                ('parameters', fields.BinaryField()),
                ('commitment', fields.BinaryField()),
                ('wrapped', fields.BinaryField()),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'key_slot', 'app': 'journal', 'pk_attr': 'id', 'table_description': 'One way to unlock an account key.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Practice',
            fields=[
                ('id', fields.SmallIntField(primary_key=True, unique=True, db_index=True)),
                ('demo', fields.BooleanField()),
                ('sealed', fields.BinaryField()),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'practice', 'app': 'journal', 'pk_attr': 'id', 'table_description': 'The one practice of this installation. `demo` is set once, when its first row is written.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='SetupLink',
            fields=[
                ('lookup', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('expires_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('used_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'setup_link', 'app': 'journal', 'pk_attr': 'lookup', 'table_description': 'A one-time link with which a clinician opens an account.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Share',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('link', fields.ForeignKeyField('journal.CareLink', source_field='link_id', db_constraint=True, to_field='id', related_name='shares', on_delete=OnDelete.CASCADE)),
                ('entry', fields.ForeignKeyField('journal.Entry', source_field='entry_id', db_index=True, db_constraint=True, to_field='id', related_name='shares', on_delete=OnDelete.CASCADE)),
                ('revision', fields.IntField()),
                ('sealed', fields.BinaryField()),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('updated_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('opened_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'share', 'app': 'journal', 'unique_together': (('link', 'entry'),), 'pk_attr': 'id', 'table_description': 'A sealed copy of chosen sections, for one clinician.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='WebSession',
            fields=[
                ('id', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ('account', fields.ForeignKeyField('journal.Account', source_field='account_id', db_index=True, db_constraint=True, to_field='id', related_name='web_sessions', on_delete=OnDelete.CASCADE)),
                ('wrapped', fields.BinaryField()),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('expires_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'web_session', 'app': 'journal', 'pk_attr': 'id', 'table_description': 'A signed-in browser. The cookie alone opens `wrapped`.'},
            bases=['Model'],
        ),
    ]
