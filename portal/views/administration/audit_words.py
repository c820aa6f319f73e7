"""The sentence for each class of event in the administrator's log: names of people, and never a word of theirs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from journal.audit.acts import Act
from journal.i18n import N_

# %(who)s acted, %(whose)s record it is, and %(other)s was given something or is whom it was done to.
SENTENCES: Mapping[Act, str] = MappingProxyType(
    {
        Act.ACCOUNT_OPENED: N_("%(who)s opened an account"),
        Act.SIGNED_IN: N_("%(who)s signed in"),
        Act.SIGN_IN_REFUSED: N_("Somebody typed a wrong password for %(who)s"),
        Act.SIGNED_OUT: N_("%(who)s signed out"),
        Act.PASSWORD_REFUSED: N_("%(who)s typed a wrong password when asked for it again"),
        Act.PASSKEY_ADDED: N_("%(who)s added a passkey"),
        Act.PASSKEY_REMOVED: N_("%(who)s removed a passkey"),
        Act.PASSKEY_REFUSED: N_("A passkey of %(who)s was not accepted"),
        Act.SIGNED_IN_BY_PASSKEY: N_("%(who)s signed in with a passkey"),
        Act.SECOND_FACTOR_ADDED: N_("%(who)s turned two-step sign-in on"),
        Act.SECOND_FACTOR_REMOVED: N_("%(who)s turned two-step sign-in off"),
        Act.SECRET_KEY_ADDED: N_("%(who)s turned a secret key on"),
        Act.SECRET_KEY_REMOVED: N_("%(who)s turned the secret key off"),
        Act.SECOND_FACTOR_REFUSED: N_(
            "Somebody gave the password of %(who)s, and a code that was not accepted"
        ),
        Act.RECOVERY_CODES_MADE: N_("%(who)s made new recovery codes"),
        Act.RECOVERY_CODE_USED: N_("%(who)s used a recovery code"),
        Act.KEY_RENEWAL_BEGUN: N_("%(who)s began to renew their keys"),
        Act.KEYS_RENEWED: N_("%(who)s has new keys"),
        Act.RESTART_OFFERED: N_("%(who)s made a link to reset the account of %(whose)s"),
        Act.RESTART_WITHDRAWN: N_("%(who)s withdrew a link to reset the account of %(whose)s"),
        Act.RESTART_REFUSED: N_("%(who)s tried to reset their account, and was refused"),
        Act.RESTARTED: N_("%(who)s reset their account with a link from %(other)s"),
        Act.SET_ASIDE_OPENED: N_("%(who)s restored what had been set aside"),
        Act.KEYS_FOLLOWED: N_("%(who)s took over the new keys of %(other)s"),
        Act.KEYS_DOUBTED: N_("%(who)s was told that something about keys does not fit"),
        Act.KEYS_COMPARED: N_("%(who)s compared the safety code with %(other)s and goes on"),
        Act.LINK_RENEWED: N_("%(who)s renewed the connection with %(other)s"),
        Act.GIVEN_BACK: N_("%(who)s gave back what %(whose)s had shared"),
        Act.TAKEN_IN: N_("%(who)s added what was given back"),
        Act.CONFIRMED: N_("%(who)s confirmed who they are"),
        Act.UNLOCKED: N_("%(who)s unlocked a session"),
        Act.SESSION_ENDED: N_("%(who)s signed other browsers out"),
        Act.DEVICE_KEPT: N_("%(who)s chose to keep a device for 7 days"),
        Act.DEVICE_NOT_KEPT: N_("%(who)s stopped keeping a device"),
        Act.ACCOUNT_LEAVING: N_("%(who)s asked for their account to be deleted"),
        Act.ACCOUNT_KEPT: N_("%(who)s signed in, and keeps their account"),
        Act.ACCOUNT_DELETED: N_("An account was deleted when its week was over"),
        Act.DETAILS_CHANGED: N_("%(who)s changed their name or time zone"),
        Act.CALENDAR_MADE: N_("%(who)s made an address for their calendar"),
        Act.CALENDAR_CHANGED: N_("%(who)s changed what their calendar shows"),
        Act.CALENDAR_ENDED: N_("%(who)s ended the address for their calendar"),
        Act.READING_HOURS_CHANGED: N_("%(who)s changed their reading hours"),
        Act.SHARE_ATTENTION_CHANGED: N_("%(who)s changed what is asked of the reader of something shared"),
        Act.CONTACT_CHANGED: N_("%(who)s changed their phone number or emergency contact"),
        Act.EMAIL_CHANGED: N_("%(who)s changed their e-mail address"),
        Act.PASSWORD_CHANGED: N_("%(who)s changed their password"),
        Act.RECOVERED: N_("%(who)s signed in with their recovery key"),
        Act.RECOVERY_REFUSED: N_("Somebody typed a wrong recovery key for %(who)s"),
        Act.RECOVERY_KEY_MADE: N_("%(who)s made a recovery key"),
        Act.SETUP_LINK_MADE: N_("%(who)s made a set-up link"),
        Act.SETUP_LINK_WITHDRAWN: N_("%(who)s withdrew a set-up link"),
        Act.PRACTICE_CHANGED: N_("%(who)s changed the name, phone numbers or region of the practice"),
        Act.BACKUP_RESTORED: N_("%(who)s announced that a backup was restored"),
        Act.CLOSING_CHANGED: N_("%(who)s changed until when records can be taken"),
        Act.SUSPENDED: N_("%(who)s suspended %(other)s"),
        Act.UNSUSPENDED: N_("%(who)s let %(other)s sign in again"),
        Act.LOG_READ: N_("%(who)s opened this log"),
        Act.NOT_FOUND: N_("%(who)s looked for something that is not there, or not theirs"),
        Act.INVITED: N_("%(who)s invited a patient"),
        Act.INVITATION_WITHDRAWN: N_("%(who)s withdrew an invitation"),
        Act.CARE_BEGAN: N_("%(who)s accepted the invitation of %(other)s"),
        Act.HANDOVER_SUGGESTED: N_("%(who)s suggested a colleague to %(whose)s"),
        Act.HANDOVER_WITHDRAWN: N_("%(who)s withdrew a suggested colleague"),
        Act.HANDOVER_DECLINED: N_("%(who)s said no to a suggested colleague"),
        Act.HANDOVER_ACCEPTED: N_("%(who)s agreed that %(other)s takes over"),
        Act.CARE_ENDED: N_("%(who)s ended care (record of %(whose)s)"),
        Act.SHARING_PAUSED: N_("%(who)s paused sharing with somebody"),
        Act.SHARING_RESUMED: N_("%(who)s resumed sharing with %(other)s"),
        Act.SESSION_PLANNED: N_("%(who)s planned sessions (record of %(whose)s)"),
        Act.CALL_CONTACT_CHANGED: N_("%(who)s wrote down who to call (record of %(whose)s)"),
        Act.CALL_CONTACT_REMOVED: N_("%(who)s removed a number to call (record of %(whose)s)"),
        Act.INSTRUCTIONS_WRITTEN: N_("%(who)s wrote what to do before and on the day (record of %(whose)s)"),
        Act.INSTRUCTIONS_HIDDEN: N_("%(who)s hid what a clinic had written for the day"),
        Act.INSTRUCTIONS_SHOWN: N_("%(who)s showed again what a clinic had written for the day"),
        Act.NOTE_WRITTEN: N_("%(who)s wrote a note (record of %(whose)s)"),
        Act.TALK_SET: N_("%(who)s set something for a talk (record of %(whose)s)"),
        Act.TALK_WITHDRAWN: N_("%(who)s withdrew what was set for a talk (record of %(whose)s)"),
        Act.TALK_SAID: N_("%(who)s said something to what was set for a talk"),
        Act.TALK_MARKED: N_("%(who)s marked what was set for a talk (record of %(whose)s)"),
        Act.TALKED_ABOUT: N_("%(who)s marked something that %(whose)s shares as talked about, or not"),
        Act.SITTER_LINK_MADE: N_("%(who)s made a link for the person who sits with them"),
        Act.SITTER_LINK_ENDED: N_("%(who)s ended the link of the person who sits with them"),
        Act.SESSION_CHANGED: N_("%(who)s changed a session (record of %(whose)s)"),
        Act.ENTRY_DELETED: N_("%(who)s deleted an entry"),
        Act.ENTRY_RESTORED: N_("%(who)s restored an entry"),
        Act.ENTRY_ERASED: N_("%(who)s deleted an entry for good"),
        Act.JOURNAL_ACCEPTED: N_("%(who)s accepted the journal as it is"),
        Act.SHARED: N_("%(who)s shared something with %(other)s"),
        Act.SHARE_UPDATED: N_("%(who)s updated something shared with %(other)s"),
        Act.LATER_SHARED: N_("%(who)s chose to share later additions with %(other)s"),
        Act.LATER_STOPPED: N_("%(who)s stopped sharing later additions"),
        Act.STANDING_GIVEN: N_("%(who)s chose to share new records of a kind with %(other)s"),
        Act.STANDING_ENDED: N_("%(who)s stopped sharing new records of a kind"),
        Act.NOTICES_AGREED: N_("%(who)s agreed on notices with %(whose)s"),
        Act.NOTICES_ENDED: N_("%(who)s ended what was agreed on about notices (record of %(whose)s)"),
        Act.NOTICE_WRITTEN: N_("%(who)s wrote a notice to %(other)s"),
        Act.NOTICE_WITHDRAWN: N_("%(who)s withdrew a notice"),
        Act.NOTICE_ACKNOWLEDGED: N_("%(who)s acknowledged a notice of %(whose)s"),
        Act.SHARE_REVOKED: N_("%(who)s stopped sharing something"),
        Act.SHARE_END_CHANGED: N_("%(who)s changed until when something shared can be read"),
        Act.SHARE_FILING_CHANGED: N_("%(who)s changed whether something shared may be filed"),
        Act.SHARE_FILED: N_(
            "%(who)s filed something shared in the record of the practice (record of %(whose)s)"
        ),
        Act.SHARE_ENDED: N_("A share ended on the day that was chosen (record of %(whose)s)"),
        Act.SHARE_OPENED: N_("%(who)s opened something that %(whose)s shares"),
        Act.REPLY_SENT: N_("%(who)s sent a reply to %(other)s"),
        Act.REPLY_READ: N_("%(who)s opened a reply (record of %(whose)s)"),
        Act.REPLY_WITHDRAWN: N_("%(who)s withdrew a reply (record of %(whose)s)"),
        Act.PACKET_MADE: N_("%(who)s made a packet of records (record of %(whose)s)"),
        Act.RECORDS_IMPORTED: N_("%(who)s imported records from a file (record of %(whose)s)"),
        Act.IMPORT_REMOVED: N_("%(who)s removed what a file had added (record of %(whose)s)"),
        Act.RECORDS_TAKEN: N_("%(who)s exported records (record of %(whose)s)"),
        Act.DISCLOSURES_TAKEN: N_("%(who)s saved the accounting of disclosures"),
    }
)
DEFAULT_SENTENCE = N_("%(who)s did something that has no words here yet")

# The same where nobody with an account did it.
SENTENCES_WITHOUT_ACTOR: Mapping[Act, str] = MappingProxyType(
    {
        Act.SIGN_IN_REFUSED: N_("Somebody tried to sign in with an address that has no account"),
        Act.RECOVERY_REFUSED: N_("Somebody tried a recovery key with an address that has no account"),
        Act.RESTART_REFUSED: N_(
            "Somebody opened a link to reset the account of %(whose)s, and wrote another address"
        ),
        Act.PASSKEY_REFUSED: N_("Somebody tried a passkey that belongs to no account"),
        Act.SETUP_LINK_MADE: N_("A set-up link was made on the command line"),
        Act.BACKUP_RESTORED: N_("A backup was restored, and everybody is told of it"),
        Act.CLOSING_CHANGED: N_("Until when records can be taken was changed on the command line"),
        Act.ENTRY_ERASED: N_("A deleted entry of %(whose)s was deleted for good after 7 days"),
    }
)

ROOMS: Mapping[str, str] = MappingProxyType(
    {
        "account": N_("Signing in, and accounts"),
        "practice": N_("The practice and set-up links"),
        "care": N_("Invitations and care"),
        "session": N_("Plans of sessions"),
        "notice": N_("Notices to look in"),
        "share": N_("What is shared and opened"),
        "reply": N_("Replies to what is shared"),
        "talk": N_("What is set for a talk"),
        "entry": N_("Entries deleted"),
        "journal": N_("A journal accepted as it is"),
        "records": N_("Records exported"),
        "disclosures": N_("Accountings of disclosures"),
        "page": N_("Looked for and not found"),
        "audit": N_("Looks at this log"),
    }
)
