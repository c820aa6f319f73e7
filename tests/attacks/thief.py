"""
What a thief of the whole machine reads: everything that the server key opens, and which words may be among it.

Words are looked at and not tables: each field of each form was typed into with a word of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import msgspec

from crypto import CryptoError, ServerKey
from journal.accounts.profiles import Profile
from journal.authentication.web_sessions import BrowserDocument
from journal.care.documents import InvitationNote, PastCare
from journal.clinic.call_contacts import CallDetails
from journal.clinic.instructions import InstructionsDetails, SignedInstructions
from journal.key_rotation.server_columns import SERVER_COLUMNS
from journal.mail.messages import Message
from journal.packets.documents import Told
from journal.passkeys.rows import PasskeyDocument
from journal.practice.practice import PracticeDetails
from journal.practice.setup_links import SetupDetails
from journal.reading_hours.hours import Hours
from journal.reminders.waiting import Waiting
from journal.sessions.rows import CourseDetails
from journal.sessions.session import SessionDetails
from journal.store.database import Store, fetch_raw
from tests.cast import SERVER_KEY

SELECT = "SELECT {columns} FROM {table} WHERE {column} IS NOT NULL"

IDENTITY = (
    "who somebody is, by which they are found, named in mail, and shown to those who are not signed in yet"
)
WAITING = "where mail that waits goes to"
BEFORE_KEYS = "shown to the person whom a link invites, who has no key yet"
WITHOUT_A_KEY = "shown where nobody's key is at hand: on a sitter's link, or a calm page of a locked browser"
HOURS = (
    "told to all patients of a clinician alike, and about no session: nobody's key seals it for all of them"
)
SIGNING_IN = "stands with what verifies a passkey, which is read before anybody is signed in"
DISCLOSED = "told to the patient, whose key opens nothing that a clinician made"
UNDER_SERVER_KEY: dict[tuple[str, str], str] = {
    ("/account/details", "name"): IDENTITY,
    ("/account/email", "email"): IDENTITY,
    ("/setup/{token}", "name"): IDENTITY,
    ("account.sealed", ""): IDENTITY,  # an address with the word and no number
    ("/people/practice", "practice_name"): IDENTITY,
    ("/account/contact", "emergency_name"): IDENTITY,
    ("/account/contact", "emergency_relation"): IDENTITY,
    ("/invitations", "email"): WAITING,  # until the invitation is sent, of which nothing is left then
    ("/invitations", "name"): BEFORE_KEYS,
    ("/people/invitations", "name"): BEFORE_KEYS,
    ("/patients/{id:uuid}/contacts/{contact:uuid}", "name"): WITHOUT_A_KEY,
    ("/patients/{id:uuid}/contacts/{contact:uuid}", "outside"): WITHOUT_A_KEY,
    ("/patients/{id:uuid}/contacts/{contact:uuid}", "purpose"): WITHOUT_A_KEY,
    ("/patients/{id:uuid}/contacts/new", "name"): WITHOUT_A_KEY,
    ("/patients/{id:uuid}/contacts/new", "outside"): WITHOUT_A_KEY,
    ("/patients/{id:uuid}/contacts/new", "purpose"): WITHOUT_A_KEY,
    ("/patients/{id:uuid}/instructions/single", "sitter_text"): WITHOUT_A_KEY,
    ("/account/reading-hours", "covers"): HOURS,
    ("/account/reading-hours", "words"): HOURS,
    ("/account/passkeys/new", "name"): SIGNING_IN,
    ("/account/passkeys/{id:uuid}", "name"): SIGNING_IN,
    (
        "packet.disclosed",
        "recipient",
    ): DISCLOSED,  # of a clinician's packet: a patient's own has the same form
    ("packet.disclosed", "purpose"): DISCLOSED,
}
"""The fields whose words the server key opens, and why. What is written of a session is not among them."""

DOCUMENTS: dict[str, tuple[type[msgspec.Struct], ...]] = {
    "account.sealed": (Profile,),
    "audit_key.sealed": (),  # 32 bytes
    "call_contact.sealed": (CallDetails,),
    "care_link.past": (PastCare,),
    "course.sealed": (CourseDetails,),
    "instructions_version.sealed": (SignedInstructions, InstructionsDetails),
    "invitation.sealed": (InvitationNote,),
    "kap_session.sealed": (SessionDetails,),
    "outbox.sealed": (Message,),
    "packet.disclosed": (Told,),
    "passkey.sealed": (PasskeyDocument,),
    "practice.sealed": (PracticeDetails,),
    "reading_hours.sealed": (Hours,),
    "reminder_slot.sealed": (Waiting,),
    "setup_link.sealed": (SetupDetails,),
    "share.due": (),  # a day
    "web_session.device": (BrowserDocument,),
}
"""What is sealed in each column that the server key opens."""

CARE = "who cared for whom, from when to when"
SCHEDULE = "the schedule (kind, time, length, place, route, status"
OFFERED = "from which hour or day on something is offered or a measure asked again"
REMINDED = "which reminders they want, and when these are due"
CALLED = "with what each is for, when they answer and what to do outside of these hours"
NAMES_AND_NUMBERS = "names, addresses and numbers to call, emergency contacts among them"
COURSE = "phase and number in the course"
BEGUN = "when a session started, ended and was rested after"
PASSKEYS = "what passkeys are called"
BROWSERS = "which browsers somebody signed in with"
RETIRED = "fingerprints of retired keys"
SETTINGS = "how somebody set up their account"
READING = "when a clinician reads, who covers, and their own sentence on it"
PACKETS = "for whom and what for a clinician made a packet"
MAILED = "mail that waits, with its link"
SITTER = "what a sitter is told"
LAST_DAY = "a share’s last day"
PROMISES: dict[str, str] = {
    NAMES_AND_NUMBERS: """Profile.name Profile.email ContactDetails.phone ContactDetails.emergency_name
        ContactDetails.emergency_relation ContactDetails.emergency_phone Profile.contact InvitationNote.name
        CallDetails.name CallDetails.number CallDetails.role CallDetails.written_by InstructionsDetails.written_by
        SetupDetails.name SetupDetails.role SetupDetails.profession Profile.role Profile.profession
        PracticeDetails.name PracticeDetails.phone PracticeDetails.after_hours""",
    CALLED: """CallDetails.purpose CallDetails.zone CallDetails.windows CallDetails.outside CallDetails.check_date
        Window.days Window.start Window.end""",
    SCHEDULE: """SessionDetails.kind SessionDetails.local SessionDetails.zone SessionDetails.minutes
        SessionDetails.setting SessionDetails.route SessionDetails.status SessionDetails.about
        SessionDetails.added_by_patient SessionDetails.ask_after SessionDetails.moves SessionDetails.moved_at
        SessionDetails.imported CourseDetails.imported""",
    COURSE: "SessionDetails.phase SessionDetails.sequence_no",
    BEGUN: """SessionDetails.started_at SessionDetails.ended_at SessionDetails.rested_on SessionDetails.acute_hours
        Profile.dosing_day DosingDay.state DosingDay.until""",
    OFFERED: """InstructionsDetails.acute_hours InstructionsDetails.check_minutes InstructionsDetails.part_minutes
        InstructionsDetails.phq9_days InstructionsDetails.gad7_days InstructionsDetails.pcl5_month_days
        InstructionsDetails.pcl5_week_days InstructionsDetails.offsets Profile.offered_on Offsets.prepare_days
        Offsets.prepare_until_days Offsets.checklist_hours Offsets.capture_hours Offsets.capture_until_hours
        Offsets.integrate_hours Offsets.integrate_again_hours Offsets.week_days Offsets.month_days
        Offsets.fortnight_days
        Offsets.next_day_days Offsets.stayed_days Offsets.stayed_again_days Offsets.monthly_days""",
    REMINDED: """Profile.reminders ReminderChoices.kinds ReminderChoices.quiet_from ReminderChoices.quiet_until
        Waiting.next_at Waiting.moments Waiting.told_at Waiting.told Waiting.made_at Waiting.attempts Waiting.try_at
        Waiting.is_repeat Moment.since Moment.until Moment.is_planned""",
    SITTER: "InstructionsDetails.sitter_text",
    READING: "Hours.zone Hours.windows Hours.away_from Hours.away_until Hours.covers Hours.words",
    PASSKEYS: "PasskeyDocument.name",
    BROWSERS: "Profile.devices BrowserDocument.device BrowserDocument.kept KeptDevice.until KeptDevice.open_until",
    SETTINGS: """Profile.time_zone Profile.lock_minutes Profile.region Profile.is_neutral Profile.hides_numbers
        Profile.has_day_lines Profile.wants_no_offers Profile.language""",
    RETIRED: "Profile.retired_keys RetiredKey.fingerprint RetiredKey.until",
    CARE: """PastCare.clinician PastCare.name PastCare.profession PastCare.since PastCare.until PastCare.ended_by""",
    LAST_DAY: "",
    PACKETS: "Told.recipient Told.purpose Told.made_at Told.is_plain Told.for_key Told.quoted",
    MAILED: "Message.to Message.kind Message.link Message.day",
}
"""What SECURITY.md and docs/threat-model.md say that the server key opens, and the fields that it is said of."""

SEALED_APART = """
    CourseDetails.title SessionDetails.dose_text SessionDetails.prescriber_name SessionDetails.sitter
    SessionDetails.note SessionDetails.cancel_reason SessionDetails.join InstructionsDetails.fasting
    InstructionsDetails.medicines InstructionsDetails.bring
"""
"""Words that stand here in memory, or in rows from before an update; the key of the plan seals them."""

SAYS_NOTHING = """
    Profile.keys Profile.told_closing Profile.told_restoration CallDetails.written_at CallDetails.writer
    CallDetails.language CourseDetails.language CourseDetails.is_titled SessionDetails.language
    SessionDetails.dose_language SessionDetails.note_language SessionDetails.reason_language SessionDetails.words_at
    InstructionsDetails.written_at InstructionsDetails.language InstructionsDetails.words SignedInstructions.details
    SignedInstructions.signature SignedInstructions.signer SignedInstructions.is_carried SetupDetails.expires_at
    Hours.language Waiting.letter BrowserDocument.session BrowserDocument.stage KeptDevice.epoch
    PasskeyDocument.credential PasskeyDocument.public_key PasskeyDocument.sign_count PasskeyDocument.transports
    PasskeyDocument.backed_up PasskeyDocument.opens PasskeyDocument.vouched Message.language Told.language
    PracticeDetails.demo PracticeDetails.region PracticeDetails.closing_on PracticeDetails.closing_notice
    PracticeDetails.restored_at PracticeDetails.restored_to
"""
"""Names of rows and languages, times of writing, public keys, digests, and what each page of the practice says."""


def list_fields(document: type[msgspec.Struct]) -> Iterator[str]:
    """Yield each field of a document and of those inside it, as `Class.field`."""
    for one in msgspec.structs.fields(document):
        yield f"{document.__name__}.{one.name}"
        kinds = [one.type]
        while kinds:
            kind = kinds.pop()
            kinds += get_args(kind)
            if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
                yield from list_fields(kind)


async def read_with_server_key(url: str) -> dict[str, list[str]]:
    """Open every value of a database that the server key opens; return the texts by table and column."""
    store = await Store.open(url)
    try:
        with store.use():
            return await read_database()
    finally:
        await store.close()


async def read_database() -> dict[str, list[str]]:
    """Do the same in the database that is open."""
    key, found = ServerKey(SERVER_KEY), dict[str, list[str]]()
    for one in SERVER_COLUMNS:
        texts = found.setdefault(f"{one.table}.{one.column}", [])
        for row in await fetch_raw(one.format_sql(SELECT)):
            try:
                texts.append(key.open(bytes(row[1]), context=one.get_context(row)).decode("utf-8", "replace"))
            except CryptoError:
                continue
    return found
