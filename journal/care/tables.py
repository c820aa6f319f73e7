"""The rows of care: invitations, links, handovers, and the copies that were shared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from journal.accounts.tables import Account
from journal.vault.tables import Entry

if TYPE_CHECKING:
    from journal.accounts.tables import Account


class Invitation(Model):
    """A clinician's single-use invitation of one patient."""

    id = fields.UUIDField(primary_key=True)
    clinician: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "journal.Account", related_name="invitations", db_index=True
    )
    lookup = fields.CharField(64, unique=True)  # hash of the secret
    voucher = fields.BinaryField()  # MAC of the clinician's keys under the secret
    secret = fields.BinaryField()  # clinician's vault key
    sealed = fields.BinaryField()  # server key: whom it is for
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    accepted_at = fields.DatetimeField(null=True)
    withdrawn_at = fields.DatetimeField(null=True)
    renews = fields.UUIDField(null=True, db_index=True)  # the care link that it takes the place of
    patient = fields.UUIDField(null=True)  # and the account whose link that is

    class Meta:
        table = "invitation"


class CareLink(Model):
    """One patient and one clinician. `pair` is unique while care lasts and empty once it has ended."""

    id = fields.UUIDField(primary_key=True)
    patient: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "journal.Account", related_name="clinician_links", db_index=True
    )
    clinician: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "journal.Account", related_name="patient_links", db_index=True
    )
    invitation: fields.ForeignKeyNullableRelation[Invitation] = fields.ForeignKeyField(
        "journal.Invitation", related_name="links", null=True
    )
    handover: fields.ForeignKeyNullableRelation[Handover] = fields.ForeignKeyField(
        "journal.Handover", related_name="links", null=True
    )
    pair = fields.CharField(73, null=True, unique=True)
    patient_key = fields.BinaryField(null=True)  # link key under the patient's vault key
    clinician_key = fields.BinaryField(null=True)  # link key, HPKE; absent while sharing is paused
    # link key under the clinician's vault key, after they renewed their keys and until the patient draws another
    held_key = fields.BinaryField(null=True)
    plan_copy = fields.BinaryField(null=True)  # link key: the key of the patient's plan
    key_number = fields.IntField(default=0, db_default=0)  # how often the patient drew another link key
    drawn_at = fields.DatetimeField(null=True)  # when that was last
    due_at = fields.DatetimeField(
        null=True
    )  # when the clinician renewed keys, until the patient draws another
    signs_later = fields.BooleanField(default=False, db_default=False)  # the clinician has yet to sign anew
    patient_pin = fields.BinaryField(
        null=True
    )  # what the patient believes of the clinician; none after the end
    clinician_pin = fields.BinaryField(null=True)  # what the clinician believes of the patient
    # a MAC of the patient's keys under the invitation secret, or their consent to a handover; empty after the end
    voucher = fields.BinaryField()
    past = fields.BinaryField(null=True)  # server key: who cared for whom, and when; only after the end
    created_at = fields.DatetimeField()
    paused_at = fields.DatetimeField(null=True)
    ended_at = fields.DatetimeField(null=True)
    restarted_at = fields.DatetimeField(null=True)  # when the patient's account was started anew
    patient_followed_at = fields.DatetimeField(null=True)  # when the patient pinned renewed keys
    clinician_followed_at = fields.DatetimeField(null=True)  # when the clinician did

    class Meta:
        table = "care_link"


class LinkRenewal(Model):
    """
    A care link whose rows are being sealed under a new link key. Its row goes with the last of them.

    Its id is that of the care link.
    """

    id = fields.UUIDField(primary_key=True)
    patient: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "journal.Account", related_name="link_renewals", db_index=True
    )
    former = fields.BinaryField()  # the link key before, under the new one
    place = fields.CharField(64)  # the column that is being gone through
    after = fields.UUIDField(null=True)  # and the last row of it that was
    done = fields.IntField(default=0)
    total = fields.IntField(default=0)
    began_at = fields.DatetimeField()

    class Meta:
        table = "link_renewal"


class LinkHead(Model):
    """
    The heads of the log of public keys that the two people of a care link noted for each other.

    Its id is that of the care link.
    """

    id = fields.UUIDField(primary_key=True)
    patient: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "journal.Account", related_name="link_heads", db_index=True
    )
    patient_head = fields.BinaryField(null=True)  # care-link key
    clinician_head = fields.BinaryField(null=True)  # care-link key

    class Meta:
        table = "link_head"


class Share(Model):
    """A sealed copy of chosen sections, for one clinician."""

    id = fields.UUIDField(primary_key=True)
    link: fields.ForeignKeyRelation[CareLink] = fields.ForeignKeyField(
        "journal.CareLink", related_name="shares"
    )
    entry: fields.ForeignKeyRelation[Entry] = fields.ForeignKeyField(
        "journal.Entry", related_name="shares", db_index=True
    )
    revision = fields.IntField()
    sealed = fields.BinaryField()  # care-link key
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()
    opened_at = fields.DatetimeField(null=True)
    talked = fields.BinaryField(null=True)  # care-link key: that its clinician marked it as talked about
    ends = fields.BooleanField(default=False, db_index=True)  # whether it waits for its end
    due = fields.BinaryField(null=True)  # server key: when it is deleted; what opens goes by the sealed list
    ended_at = fields.DatetimeField(null=True)  # when that was done: then `sealed` is empty
    filed = fields.BinaryField(
        null=True
    )  # care-link key: when its clinician filed it in the practice's record

    class Meta:
        table = "share"
        unique_together = (("link", "entry"),)


class Reply(Model):
    """A reply to a shared copy, by either of its two people. It goes with the copy."""

    id = fields.UUIDField(primary_key=True)
    link: fields.ForeignKeyRelation[CareLink] = fields.ForeignKeyField(
        "journal.CareLink", related_name="replies", db_index=True
    )
    share: fields.ForeignKeyRelation[Share] = fields.ForeignKeyField(
        "journal.Share", related_name="replies", db_index=True
    )
    author = fields.CharField(16)  # the role of who wrote it
    revision = fields.IntField()  # 1, and 2 once it was withdrawn
    sealed = fields.BinaryField()  # care-link key
    created_at = fields.DatetimeField()
    read_at = fields.DatetimeField(null=True)

    class Meta:
        table = "reply"


class ReplyDraft(Model):
    """A clinician's draft of a reply. It outlasts the copy and the care that it was for."""

    id = fields.UUIDField(primary_key=True)
    owner: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "journal.Account", related_name="reply_drafts", db_index=True
    )
    patient = fields.UUIDField()  # whom it is for
    share = fields.UUIDField()  # and the copy, which may be gone
    revision = fields.IntField()
    sealed = fields.BinaryField()  # the clinician's vault key
    updated_at = fields.DatetimeField()

    class Meta:
        table = "reply_draft"
        unique_together = (("owner", "share"),)


class CareNote(Model):
    """One version of what a clinician wrote for one patient."""

    id = fields.UUIDField(primary_key=True)
    link: fields.ForeignKeyRelation[CareLink] = fields.ForeignKeyField(
        "journal.CareLink", related_name="notes", db_index=True
    )
    note = fields.UUIDField()
    version = fields.IntField()
    sealed = fields.BinaryField()  # care-link key
    created_at = fields.DatetimeField()

    class Meta:
        table = "care_note"
        unique_together = (("note", "version"),)


class TalkItem(Model):
    """One thing that a clinician set for a talk, what its patient said to it, and what became of it."""

    id = fields.UUIDField(primary_key=True)
    link: fields.ForeignKeyRelation[CareLink] = fields.ForeignKeyField(
        "journal.CareLink", related_name="talk_items", db_index=True
    )
    session_id = fields.UUIDField()  # the talk
    sealed = fields.BinaryField()  # care-link key
    said = fields.BinaryField(null=True)  # care-link key: not now, or not for me
    mark = fields.BinaryField(null=True)  # care-link key: talked about, again, or let go
    created_at = fields.DatetimeField()

    class Meta:
        table = "talk_item"


class TalkSet(Model):
    """Things that a clinician set before and has a name for, to be set again."""

    id = fields.UUIDField(primary_key=True)
    clinician: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "journal.Account", related_name="talk_sets", db_index=True
    )
    sealed = fields.BinaryField()  # clinician's vault key
    created_at = fields.DatetimeField()

    class Meta:
        table = "talk_set"


class OwnNote(Model):
    """A clinician's own note about a patient. It outlasts the care and the patient's account."""

    id = fields.UUIDField(primary_key=True)
    owner: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "journal.Account", related_name="own_notes"
    )
    patient = fields.UUIDField()  # whom it is about, whose account may be gone
    revision = fields.IntField()
    sealed = fields.BinaryField()  # the clinician's vault key
    written_at = fields.DatetimeField()
    ask_from = fields.DatetimeField(
        null=True
    )  # once care has ended: when its writer is asked what becomes of it

    class Meta:
        table = "own_note"
        indexes = [Index(fields=("owner_id", "patient", "written_at"))]


class Handover(Model):
    """A clinician's suggestion that a colleague takes over. Nothing comes of it without the patient's consent."""

    id = fields.UUIDField(primary_key=True)
    link_id = fields.UUIDField()  # the care link of patient and clinician
    patient: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "journal.Account", related_name="handovers", db_index=True
    )
    clinician: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "journal.Account", related_name="handovers_made"
    )
    successor: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "journal.Account", related_name="handovers_to"
    )
    waiting = fields.CharField(36, null=True, unique=True)  # the link's id until there is an answer
    state = fields.CharField(16)
    signature = fields.BinaryField()  # the clinician's, over both other people's keys
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()

    class Meta:
        table = "handover"


class KeptShare(Model):
    """A shared copy from before a restart. Its clinician alone can open it, to give it back."""

    id = fields.UUIDField(primary_key=True)
    link: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "journal.CareLink", related_name="kept_shares", db_index=True
    )
    entry_id = fields.UUIDField()
    revision = fields.IntField()
    sealed = fields.BinaryField()  # care-link key of then
    expires_at = fields.DatetimeField()

    class Meta:
        table = "kept_share"


class GivenBack(Model):
    """A copy on its way back to its patient."""

    id = fields.UUIDField(primary_key=True)
    link: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "journal.CareLink", related_name="given_back", db_index=True
    )
    kept_id = fields.UUIDField()  # the copy that it was made from
    sealed = fields.BinaryField()  # care-link key
    created_at = fields.DatetimeField()

    class Meta:
        table = "given_back"


class NoticePolicy(Model):
    """
    What a patient and a clinician agreed on about notices, or one of them proposes.

    Its id is that of their care link.
    """

    id = fields.UUIDField(primary_key=True)
    patient: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "journal.Account", related_name="notice_policies", db_index=True
    )
    revision = fields.IntField()
    sealed = fields.BinaryField()  # care-link key

    class Meta:
        table = "notice_policy"


class PatientNotice(Model):
    """
    A patient's notice: please check in. It says nothing else.

    A copy is empty where it could not go. The ids of links are no relations: a notice outlasts what is erased of them.
    """

    id = fields.UUIDField(primary_key=True)
    patient: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "journal.Account", related_name="notices", db_index=True
    )
    link_id = fields.UUIDField(db_index=True)
    backup_id = fields.UUIDField(null=True, db_index=True)
    sealed = fields.BinaryField(null=True)  # care-link key of the clinician
    backup_sealed = fields.BinaryField(null=True)  # care-link key of the backup
    created_at = fields.DatetimeField()
    release_at = fields.DatetimeField()
    released_at = fields.DatetimeField(null=True, db_index=True)
    backup_at = fields.DatetimeField(null=True)
    backup_released_at = fields.DatetimeField(null=True)
    acknowledged_at = fields.DatetimeField(null=True)
    acknowledged_by = fields.UUIDField(null=True)  # the care link of who did
    done = fields.BinaryField(null=True)  # care-link key of who did

    class Meta:
        table = "patient_notice"
