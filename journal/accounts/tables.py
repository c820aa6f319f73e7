"""The rows of an account, of each change of its keys, and of the log of public keys."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model


class Account(Model):
    """A person who signs in: patient, clinician or administrator."""

    id = fields.UUIDField(primary_key=True)
    role = fields.CharField(16)
    email_index = fields.CharField(64, unique=True)  # HMAC under the server key
    sealed = fields.BinaryField()  # server key: name, address, time zone
    public_identity = fields.BinaryField()
    identity = fields.BinaryField()  # account key
    epoch = fields.BigIntField(
        default=0
    )  # grows with every change of the ways in; 0 before there were epochs
    access = fields.BinaryField(null=True)  # account's vault key: which ways in are open at this epoch
    status = fields.CharField(16, default="active")
    leaves_at = fields.DatetimeField(null=True)  # when everything of it is deleted
    recovery_ready = fields.BooleanField(default=False)
    created_at = fields.DatetimeField()

    class Meta:
        table = "account"


class Succession(Model):
    """One change of an account's keys, signed by those of before and of now. Nothing in it is secret."""

    id = fields.UUIDField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "journal.Account", related_name="successions"
    )
    number = fields.IntField()  # 1, and one more with each change
    statement = fields.BinaryField()  # `crypto.succeed`

    class Meta:
        table = "succession"
        unique_together = (("account", "number"),)


class KeyLogLeaf(Model):
    """
    A leaf of the log of public keys: docs/crypto-format.md section 25. It stays when its account is deleted.

    Nothing in it is secret, and nothing changes but a salt, which is emptied with its account.
    """

    number = fields.IntField(primary_key=True, generated=False)  # 0 is the log's own first one
    leaf = fields.BinaryField()  # label and commitment
    salt = fields.BinaryField()  # what the commitment is opened with
    nodes = fields.BinaryField()  # the hashes of the subtrees that it completes, the smallest first

    class Meta:
        table = "key_log"


class Witness(Model):
    """What an account remembers of the log of public keys, and believes of others in it. Its id is the account's."""

    id = fields.UUIDField(primary_key=True)
    owner: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "journal.Account", related_name="witnesses", db_index=True
    )
    revision = fields.IntField()
    sealed = fields.BinaryField()  # owner's pin key

    class Meta:
        table = "witness"
