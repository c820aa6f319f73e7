"""Every class of event that the audit log knows, and which of them are refusals."""

from __future__ import annotations

from enum import StrEnum


class Act(StrEnum):
    """Every class of event."""

    ACCOUNT_OPENED = "account.opened"
    SIGNED_IN = "account.signed-in"
    SIGN_IN_REFUSED = "account.sign-in-refused"
    SIGNED_OUT = "account.signed-out"
    CONFIRMED = "account.confirmed"
    UNLOCKED = "account.unlocked"
    ACCOUNT_LEAVING = "account.leaving"
    ACCOUNT_KEPT = "account.kept"
    ACCOUNT_DELETED = "account.deleted"
    DETAILS_CHANGED = "account.details-changed"
    CONTACT_CHANGED = "account.contact-changed"
    EMAIL_CHANGED = "account.email-changed"
    SESSION_ENDED = "account.session-ended"
    DEVICE_KEPT = "account.device-kept"
    DEVICE_NOT_KEPT = "account.device-not-kept"
    PASSWORD_REFUSED = "account.password-refused"
    PASSWORD_CHANGED = "account.password-changed"
    RECOVERED = "account.recovered"
    RECOVERY_REFUSED = "account.recovery-refused"
    RECOVERY_KEY_MADE = "account.recovery-key-made"
    KEY_RENEWAL_BEGUN = "account.key-renewal-begun"
    KEYS_RENEWED = "account.keys-renewed"
    PASSKEY_ADDED = "account.passkey-added"
    PASSKEY_REMOVED = "account.passkey-removed"
    PASSKEY_REFUSED = "account.passkey-refused"
    SIGNED_IN_BY_PASSKEY = "account.signed-in-by-passkey"
    RESTART_OFFERED = "account.restart-offered"
    RESTART_WITHDRAWN = "account.restart-withdrawn"
    RESTART_REFUSED = "account.restart-refused"
    RESTARTED = "account.restarted"
    SET_ASIDE_OPENED = "account.set-aside-opened"
    LINK_RENEWED = "care.link-renewed"
    GIVEN_BACK = "share.given-back"
    TAKEN_IN = "share.taken-in"
    SECOND_FACTOR_ADDED = "account.second-factor-added"
    SECOND_FACTOR_REMOVED = "account.second-factor-removed"
    SECOND_FACTOR_REFUSED = "account.second-factor-refused"
    RECOVERY_CODES_MADE = "account.recovery-codes-made"
    RECOVERY_CODE_USED = "account.recovery-code-used"
    SETUP_LINK_MADE = "practice.setup-link-made"
    SETUP_LINK_WITHDRAWN = "practice.setup-link-withdrawn"
    PRACTICE_CHANGED = "practice.changed"
    SUSPENDED = "account.suspended"
    UNSUSPENDED = "account.unsuspended"
    LOG_READ = "audit.read"
    NOT_FOUND = "page.not-found"
    INVITED = "care.invited"
    INVITATION_WITHDRAWN = "care.invitation-withdrawn"
    CARE_BEGAN = "care.began"
    CARE_ENDED = "care.ended"
    HANDOVER_SUGGESTED = "care.handover-suggested"
    HANDOVER_WITHDRAWN = "care.handover-withdrawn"
    HANDOVER_DECLINED = "care.handover-declined"
    HANDOVER_ACCEPTED = "care.handover-accepted"
    SHARING_PAUSED = "care.sharing-paused"
    SHARING_RESUMED = "care.sharing-resumed"
    PACKET_MADE = "records.packet-made"
    SESSION_PLANNED = "session.planned"
    SESSION_CHANGED = "session.changed"
    CALENDAR_MADE = "account.calendar-made"
    CALENDAR_CHANGED = "account.calendar-changed"
    CALENDAR_ENDED = "account.calendar-ended"
    READING_HOURS_CHANGED = "account.reading-hours-changed"
    CALL_CONTACT_CHANGED = "session.contact-changed"
    CALL_CONTACT_REMOVED = "session.contact-removed"
    INSTRUCTIONS_WRITTEN = "session.instructions-written"
    INSTRUCTIONS_HIDDEN = "session.instructions-hidden"
    INSTRUCTIONS_SHOWN = "session.instructions-shown"
    NOTE_WRITTEN = "care.note-written"
    TALK_SET = "talk.set"
    TALK_WITHDRAWN = "talk.withdrawn"
    TALK_SAID = "talk.said"
    TALK_MARKED = "talk.marked"
    TALKED_ABOUT = "share.talked-about"
    SITTER_LINK_MADE = "session.sitter-link-made"
    SITTER_LINK_ENDED = "session.sitter-link-ended"
    ENTRY_DELETED = "entry.deleted"
    ENTRY_RESTORED = "entry.restored"
    ENTRY_ERASED = "entry.erased"
    JOURNAL_ACCEPTED = "journal.accepted"
    SHARED = "share.shared"
    SHARE_UPDATED = "share.updated"
    LATER_SHARED = "share.later-shared"
    LATER_STOPPED = "share.later-stopped"
    STANDING_GIVEN = "share.standing-given"
    STANDING_ENDED = "share.standing-ended"
    NOTICES_AGREED = "notice.agreed"
    NOTICES_ENDED = "notice.ended"
    NOTICE_WRITTEN = "notice.written"
    NOTICE_WITHDRAWN = "notice.withdrawn"
    NOTICE_ACKNOWLEDGED = "notice.acknowledged"
    SHARE_ATTENTION_CHANGED = "share.attention-changed"
    SHARE_REVOKED = "share.revoked"
    SHARE_OPENED = "share.opened"
    REPLY_SENT = "reply.sent"
    REPLY_READ = "reply.read"
    REPLY_WITHDRAWN = "reply.withdrawn"
    RECORDS_TAKEN = "records.taken"
    DISCLOSURES_TAKEN = "disclosures.taken"


class Outcome(StrEnum):
    """How an act ended."""

    DONE = "done"
    REFUSED = "refused"


REFUSALS = frozenset(
    {
        Act.SIGN_IN_REFUSED,
        Act.PASSWORD_REFUSED,
        Act.RECOVERY_REFUSED,
        Act.RESTART_REFUSED,
        Act.SECOND_FACTOR_REFUSED,
        Act.PASSKEY_REFUSED,
        Act.NOT_FOUND,
    }
)
