"""The sentences of a patient's own log, of what they and others did, and those of the accounting of disclosures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from journal.audit.acts import Act
from journal.i18n import N_

# For each act: the sentence when the patient did it, and when somebody else did.
SENTENCES: Mapping[Act, tuple[str, str]] = MappingProxyType(
    {
        Act.CARE_BEGAN: (N_("You connected with %(other)s"), N_("%(who)s connected with you")),
        Act.HANDOVER_SUGGESTED: ("", N_("%(who)s suggested a colleague to take over")),
        Act.HANDOVER_WITHDRAWN: ("", N_("%(who)s withdrew a suggested colleague")),
        Act.HANDOVER_DECLINED: (N_("You said no to a colleague who was suggested"), ""),
        Act.HANDOVER_ACCEPTED: (N_("You agreed that %(other)s takes over"), ""),
        Act.CARE_ENDED: (N_("You ended care with %(other)s"), N_("%(who)s ended care")),
        Act.SHARING_PAUSED: (N_("You paused sharing with %(other)s"), ""),
        Act.SHARING_RESUMED: (N_("You resumed sharing with %(other)s"), ""),
        Act.SHARED: (N_("You shared %(what)s with %(other)s"), ""),
        Act.SHARE_UPDATED: (N_("You updated what %(other)s reads of %(what)s"), ""),
        Act.SHARE_ATTENTION_CHANGED: (N_("You changed what you ask of %(other)s with %(what)s"), ""),
        Act.LATER_SHARED: (N_("You chose that %(other)s reads what you add later to %(what)s"), ""),
        Act.LATER_STOPPED: (N_("You stopped sharing what you add later to %(what)s"), ""),
        Act.STANDING_GIVEN: (N_("You chose that %(other)s reads something as you complete it"), ""),
        Act.STANDING_ENDED: (N_("You ended that %(other)s reads something as you complete it"), ""),
        Act.NOTICES_AGREED: (
            N_("You agreed with %(other)s on notices"),
            N_("%(who)s agreed with you on notices"),
        ),
        Act.NOTICES_ENDED: (
            N_("You ended what you had agreed on about notices"),
            N_("%(who)s ended what you had agreed on about notices"),
        ),
        Act.NOTICE_WRITTEN: (N_("You wrote a notice to %(other)s"), ""),
        Act.NOTICE_WITHDRAWN: (N_("You withdrew a notice"), ""),
        Act.NOTICE_ACKNOWLEDGED: ("", N_("%(who)s acknowledged a notice of yours")),
        Act.SHARE_REVOKED: (N_("You stopped sharing something"), ""),
        Act.SHARE_END_CHANGED: (N_("You changed until when %(other)s can read %(what)s"), ""),
        Act.SHARE_FILING_CHANGED: (N_("You changed whether %(other)s may file %(what)s"), ""),
        Act.SHARE_FILED: ("", N_("%(who)s filed %(what)s in the record of their practice")),
        Act.SHARE_ENDED: ("", N_("Something that you shared until a day ended by itself")),
        Act.SHARE_OPENED: ("", N_("%(who)s opened %(what)s")),
        Act.REPLY_SENT: (N_("You sent a reply to %(other)s"), N_("%(who)s sent you a reply")),
        Act.REPLY_READ: (N_("You opened a reply"), N_("%(who)s opened a reply of yours")),
        Act.REPLY_WITHDRAWN: (
            N_("You withdrew a reply before it was read"),
            N_("%(who)s withdrew a reply before you read it"),
        ),
        Act.SESSION_PLANNED: (N_("You planned a session"), N_("%(who)s planned sessions")),
        Act.CALL_CONTACT_CHANGED: ("", N_("%(who)s wrote down who to call")),
        Act.CALL_CONTACT_REMOVED: (
            N_("You removed a number to call"),
            N_("%(who)s removed a number to call"),
        ),
        Act.INSTRUCTIONS_WRITTEN: ("", N_("%(who)s wrote what to do before and on the day")),
        Act.INSTRUCTIONS_HIDDEN: (N_("You hid what a clinic had written for the day"), ""),
        Act.INSTRUCTIONS_SHOWN: (N_("You showed again what a clinic had written for the day"), ""),
        Act.NOTE_WRITTEN: ("", N_("%(who)s wrote a note for you")),
        Act.TALK_SET: ("", N_("%(who)s set something for a talk with you")),
        Act.TALK_WITHDRAWN: ("", N_("%(who)s withdrew something that was set for a talk with you")),
        Act.TALK_SAID: (N_("You told %(other)s whether something that was set is for you"), ""),
        Act.TALK_MARKED: ("", N_("%(who)s marked something that was set for a talk with you")),
        Act.TALKED_ABOUT: ("", N_("%(who)s marked something that you share as talked about, or not")),
        Act.SITTER_LINK_MADE: (N_("You made a link for the person who sits with you"), ""),
        Act.SITTER_LINK_ENDED: (N_("You ended the link of the person who sits with you"), ""),
        Act.CALENDAR_MADE: (N_("You made an address for your calendar"), ""),
        Act.CALENDAR_CHANGED: (N_("You changed what your calendar shows"), ""),
        Act.CALENDAR_ENDED: (N_("You ended the address for your calendar"), ""),
        Act.SESSION_CHANGED: (N_("You changed a session"), N_("%(who)s changed a session")),
        Act.ENTRY_DELETED: (N_("You deleted an entry"), ""),
        Act.ENTRY_RESTORED: (N_("You restored an entry"), ""),
        Act.ENTRY_ERASED: (
            N_("You deleted an entry for good"),
            N_("A deleted entry was deleted for good after 7 days"),
        ),
        Act.RESTART_OFFERED: ("", N_("%(who)s made a link to reset your account")),
        Act.RESTART_WITHDRAWN: ("", N_("%(who)s withdrew a link to reset your account")),
        Act.RESTART_REFUSED: (
            "",
            N_("Somebody opened a link to reset your account, and wrote another e-mail address"),
        ),
        Act.RESTARTED: (N_("You reset your account with a link from %(other)s"), ""),
        Act.KEYS_FOLLOWED: (
            N_("Your account took over the new keys of %(other)s"),
            N_("%(who)s’s account took over your new keys"),
        ),
        Act.KEYS_DOUBTED: (
            N_("You were told that something about keys does not fit"),
            N_("%(who)s was told that something about your keys does not fit"),
        ),
        Act.KEYS_COMPARED: (
            N_("You compared the safety code with %(other)s, and went on"),
            N_("%(who)s compared the safety code with you, and went on"),
        ),
        Act.LINK_RENEWED: (N_("You renewed your connection with %(other)s"), ""),
        Act.SET_ASIDE_OPENED: (N_("You restored what had been set aside"), ""),
        Act.GIVEN_BACK: ("", N_("%(who)s gave back what you had shared")),
        Act.TAKEN_IN: (N_("You took what was given back into your journal"), ""),
        Act.JOURNAL_ACCEPTED: (N_("You accepted your journal as it is"), ""),
        Act.PASSWORD_REFUSED: (N_("A wrong password was typed where yours is asked for again"), ""),
        Act.PASSKEY_REFUSED: (N_("A passkey was not accepted where you are asked who you are"), ""),
        Act.SUSPENDED: ("", N_("The practice suspended your account")),
        Act.UNSUSPENDED: ("", N_("The practice let you sign in again")),
        Act.LOG_READ: (
            "",
            N_("An administrator looked at what is written here about you, without any words of yours"),
        ),
        Act.DISCLOSURES_TAKEN: (N_("You saved the accounting of disclosures as a file"), ""),
        Act.PACKET_MADE: (
            N_("You made a packet of your records"),
            N_("%(who)s made a packet of what you share with them"),
        ),
        Act.RECORDS_IMPORTED: (N_("You imported records from a file"), ""),
        Act.IMPORT_REMOVED: (N_("You removed what a file had added"), ""),
        Act.RECORDS_TAKEN: (
            N_("You exported your records"),
            N_("%(who)s exported what you share with them"),
        ),
    }
)
# The same where the copy is gone: the log keeps no titles.
SENTENCES_WHEN_DELETED: Mapping[Act, tuple[str, str]] = MappingProxyType(
    {
        Act.SHARED: (N_("You shared something that you no longer share"), ""),
        Act.SHARE_UPDATED: (N_("You updated something that you no longer share"), ""),
        Act.SHARE_ATTENTION_CHANGED: (N_("You changed what you ask of %(other)s with something"), ""),
        Act.SHARE_END_CHANGED: (
            N_("You changed until when something can be read that you no longer share"),
            "",
        ),
        Act.SHARE_FILING_CHANGED: (
            N_("You changed whether something may be filed that you no longer share"),
            "",
        ),
        Act.SHARE_FILED: (
            "",
            N_("%(who)s filed something that you no longer share in the record of their practice"),
        ),
        Act.LATER_SHARED: (N_("You chose that %(other)s reads later additions to something"), ""),
        Act.LATER_STOPPED: (N_("You stopped sharing later additions to something"), ""),
        Act.SHARE_OPENED: ("", N_("%(who)s opened something that you no longer share")),
    }
)
REPEATED = frozenset({Act.SHARE_OPENED, Act.SESSION_PLANNED, Act.SESSION_CHANGED, Act.LOG_READ})


@dataclass(frozen=True, slots=True)
class DisclosureKind:
    """
    The words for one kind of disclosure; where `what` is empty, it is about one entry.

    The first three are for the cells of a table, and `sentence` says all of it on a page.
    """

    happened: str
    what: str
    why: str
    sentence: str


DISCLOSURE_KINDS: Mapping[Act, DisclosureKind] = MappingProxyType(
    {
        Act.CARE_BEGAN: DisclosureKind(
            N_("could see it from then on"), N_("your name, your time zone and the dates of your sessions"),
            N_("you accepted their invitation"),
            N_(
                "%(who)s, %(practice)s, could see it from then on: your name, your time zone and the dates of your "
                "sessions. Why: you accepted their invitation."
            ),
        ),
        Act.HANDOVER_ACCEPTED: DisclosureKind(
            N_("could see it from then on"), N_("your name, your time zone and the dates of your sessions"),
            N_("you agreed that they take over"),
            N_(
                "%(who)s, %(practice)s, could see it from then on: your name, your time zone and the dates of your "
                "sessions. Why: you agreed that they take over."
            ),
        ),
        Act.SHARED: DisclosureKind(
            N_("could read it from then on"), "", N_("you shared it for your treatment"),
            N_(
                "%(who)s, %(practice)s, could read it from then on: %(what)s. Why: you shared it for your treatment."
            ),
        ),
        Act.SHARE_UPDATED: DisclosureKind(
            N_("could read a newer copy from then on"), "", N_("you shared it for your treatment"),
            N_(
                "%(who)s, %(practice)s, could read a newer copy from then on: %(what)s. Why: you shared it for your "
                "treatment."
            ),
        ),
        Act.SHARING_RESUMED: DisclosureKind(
            N_("could read again"), N_("what you had shared with them"), N_("you resumed sharing for your treatment"),
            N_(
                "%(who)s, %(practice)s, could read again: what you had shared with them. Why: you resumed sharing for "
                "your treatment."
            ),
        ),
        Act.PACKET_MADE: DisclosureKind(
            N_("got a file"), N_("the pages that you chose for it"), "",
            N_("%(who)s got a file: the pages that you chose for it. Why: %(why)s."),
        ),
        Act.SHARE_OPENED: DisclosureKind(
            N_("opened it"), "", N_("you had shared it for your treatment"),
            N_("%(who)s, %(practice)s, opened it: %(what)s. Why: you had shared it for your treatment."),
        ),
        Act.SHARE_FILED: DisclosureKind(
            N_("filed it in the record of their practice"), "", N_("you had allowed it"),
            N_(
                "%(who)s, %(practice)s, filed it in the record of their practice: %(what)s. Why: you had allowed it."
            ),
        ),
        Act.RECORDS_TAKEN: DisclosureKind(
            N_("exported a copy"), N_("what you shared with them, and the dates of your sessions"),
            N_("for their own records of your treatment"),
            N_(
                "%(who)s, %(practice)s, exported a copy: what you shared with them, and the dates of your sessions. "
                "Why: for their own records of your treatment."
            ),
        ),
    }
)  # fmt: skip
