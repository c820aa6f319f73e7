"""Every address there is, with the methods it answers and whom it is for. Tests try each one as everybody else."""

from __future__ import annotations

from dataclasses import dataclass

from journal.catalogue.grounding_skills import SKILLS
from journal.catalogue.tracked import CheckIn
from journal.evaluation.form_fields import Step
from journal.measures import instruments
from portal.access.session_cookie import Audience, RequestPrefetch, View
from portal.views import home, leaving_steps, records, today
from portal.views.account import (
    account,
    active_sessions,
    calendar,
    contact,
    deletion,
    details,
    key_rotation,
    passkeys,
    reading_hours,
    reminders,
    second_factor,
    secret_key,
)
from portal.views.administration import audit_log, people, practice, staff
from portal.views.charts import charts, shared_charts
from portal.views.check_ins import advice as check_in_advice
from portal.views.check_ins import filling as check_in_filling
from portal.views.check_ins import overview as check_in_overview
from portal.views.coming_talk import own_things, things
from portal.views.day_lines import day_lines
from portal.views.evaluation import filling as evaluation_filling
from portal.views.evaluation import overview as evaluation_overview
from portal.views.grounding import notes, skills, steady
from portal.views.importing import imports
from portal.views.journal import comparison, entry, entry_new, entry_removal, entry_saving, index, revisions
from portal.views.measures import filling, overview, score_entry
from portal.views.notices import agreement, inbox, panel
from portal.views.own_notes import notes as own_notes
from portal.views.packets import choosing, filing, making, packet_list, packets
from portal.views.patients import (
    brief,
    call_contacts,
    care_notes,
    caseload,
    clinic_readings,
    course,
    course_summary,
    instructions,
    invitations,
)
from portal.views.patients import evaluation as evaluation_review
from portal.views.preparing import checklist, clinic, comfort
from portal.views.public import calendar_feed, guide, health, help, language, offline, sitting
from portal.views.reframing import later, moments, offers, revisits, status, steadying, steps, triggers
from portal.views.replies import drafts as reply_drafts
from portal.views.replies import mine as my_replies
from portal.views.replies import theirs as their_replies
from portal.views.safety_plan import device_copy
from portal.views.safety_plan import plan as safety_page
from portal.views.sessions import day_notes, plan, sitter_link, sitter_notes, waiting
from portal.views.sharing import (
    attention,
    disclosures,
    handovers,
    returned_shares,
    shares,
    sharing_log,
    standing,
    team,
)
from portal.views.sign_in import (
    account_reset,
    confirm,
    idle_lock,
    passkey_sign_in,
    patient_registration,
    recovery_key,
    second_step,
    staff_registration,
)
from portal.views.warnings import earlier_state, witness

READ = ("GET",)
SEND = ("POST",)
FORM = ("GET", "POST")

ANYONE = Audience.ANYONE
SIGNED_IN = Audience.SIGNED_IN
UNCONFIRMED = Audience.UNCONFIRMED
PATIENT = Audience.PATIENT
CLINICIAN = Audience.CLINICIAN
ADMINISTRATOR = Audience.ADMINISTRATOR
IN_CARE = Audience.IN_CARE


@dataclass(frozen=True, slots=True)
class Rule:
    """
    One address: who may come, how, and what answers.

    `fresh`: who asks has just shown who they are. `prefetch`: what its page asks of the database beside the session.
    """

    path: str
    methods: tuple[str, ...]
    audience: Audience
    view: View
    fresh: bool = False
    prefetch: RequestPrefetch | None = None


ROUTES = (
    # The patient's journal; first, since routes are tried in turn and a page that saves by itself asks most
    Rule("/journal", FORM, PATIENT, index.show_timeline, prefetch=index.build_prefetch),
    Rule("/journal/new", READ, PATIENT, entry_new.start_entry),
    Rule("/journal/deleted", READ, PATIENT, index.show_deleted_entries),
    Rule("/journal/comparison", FORM, PATIENT, comparison.review_journal),
    Rule("/journal/{id:uuid}", READ, PATIENT, entry.show_entry),
    Rule("/journal/{id:uuid}", SEND, PATIENT, entry_saving.save_entry),
    Rule("/journal/{id:uuid}/grounded", READ, PATIENT, entry.show_grounded),
    Rule("/journal/{id:uuid}/edit", READ, PATIENT, entry.edit_entry),
    Rule("/journal/{id:uuid}/deletion", FORM, PATIENT, entry_removal.delete_entry),
    Rule("/journal/{id:uuid}/restoration", SEND, PATIENT, entry_removal.restore_entry),
    Rule("/journal/{id:uuid}/erasure", FORM, PATIENT, entry_removal.erase_entry),
    Rule("/journal/{id:uuid}/revisions", READ, PATIENT, revisions.show_versions),
    Rule("/journal/{id:uuid}/revisions/{revision:uuid}", READ, PATIENT, revisions.show_version),
    Rule(
        "/journal/{id:uuid}/revisions/{revision:uuid}/restoration", SEND, PATIENT, revisions.restore_version
    ),
    # Reframes that go on
    Rule("/journal/{id:uuid}/status", SEND, PATIENT, status.change_status),
    Rule("/journal/{id:uuid}/offer", SEND, PATIENT, offers.answer_offer),
    Rule("/journal/{id:uuid}/revisits", FORM, PATIENT, revisits.revisit_reframe),
    Rule("/journal/{id:uuid}/step", FORM, PATIENT, steps.follow_step),
    Rule("/journal/{id:uuid}/steadying", SEND, PATIENT, steadying.add_phrase),
    Rule("/journal/{id:uuid}/later", SEND, PATIENT, later.change_later),
    Rule("/journal/{id:uuid}/removal", SEND, PATIENT, revisits.remove_addition),
    Rule("/triggers", READ, PATIENT, triggers.show_triggers),
    Rule("/triggers/{id:uuid}", READ, PATIENT, triggers.show_trigger),
    Rule("/moments", FORM, PATIENT, moments.add_moment),
    Rule("/today", READ, PATIENT, today.show_rest),
    # Measures
    Rule("/day-lines", FORM, PATIENT, day_lines.write_day_line),
    Rule("/day-lines/own", FORM, PATIENT, day_lines.name_own_scales),
    Rule("/evaluation", FORM, PATIENT, evaluation_overview.show_evaluation),
    Rule("/evaluation/ledger", READ, PATIENT, evaluation_overview.show_ledger),
    *(Rule(f"/evaluation/{one}", FORM, PATIENT, evaluation_filling.fill_in_step) for one in Step),
    Rule("/check-ins", READ, PATIENT, check_in_overview.list_check_ins),
    Rule("/check-ins/monthly", FORM, PATIENT, check_in_filling.fill_in_monthly),
    Rule("/check-ins/call-now", READ, PATIENT, check_in_advice.show_call_now),
    *(
        Rule(f"/sessions/{{id:uuid}}/check-in/{one}", FORM, PATIENT, check_in_filling.fill_in_check_in)
        for one in CheckIn
        if one is not CheckIn.MONTHLY
    ),
    Rule("/measures", FORM, PATIENT, overview.list_measures),
    Rule("/measures/other", FORM, PATIENT, score_entry.enter_score),
    *(Rule(f"/measures/{one}", FORM, PATIENT, filling.fill_measure) for one in instruments.IDS),
    Rule("/charts", READ, PATIENT, charts.show_charts),
    Rule("/talk", READ, PATIENT, own_things.show_talk),
    Rule("/talk/{id:uuid}", READ, PATIENT, own_things.show_thing),
    Rule("/talk/{id:uuid}/word", SEND, PATIENT, own_things.say_word),
    Rule("/journal/{id:uuid}/notice", SEND, PATIENT, panel.act_on_notice),
    # For everybody
    Rule("/", READ, ANYONE, home.show_home),
    Rule("/healthz", READ, ANYONE, health.report_alive),
    Rule("/readyz", READ, ANYONE, health.report_ready),
    Rule("/language", SEND, ANYONE, language.choose_language),
    Rule("/help-now", FORM, ANYONE, help.show_help),
    Rule("/help-now/practice", READ, ANYONE, help.show_practice_phones),
    Rule("/help-now/contacts", READ, ANYONE, help.show_call_contacts),
    Rule("/ground", READ, ANYONE, skills.show_skills),
    *(Rule(f"/ground/{one}", READ, ANYONE, skills.show_skill) for one in SKILLS),
    Rule("/ground/own", READ, PATIENT, skills.show_own_skill),
    Rule("/ground/note", FORM, PATIENT, notes.keep_note),
    Rule("/ground/worse", READ, PATIENT, notes.show_worse),
    Rule("/steady", FORM, PATIENT, steady.show_steadying),
    Rule("/steady/removal", SEND, PATIENT, steady.remove_phrase),
    Rule("/steady/hidden", SEND, PATIENT, steady.change_hidden),
    Rule("/steady/skill", FORM, PATIENT, steady.edit_own_skill),
    Rule("/steady/skill/removal", SEND, PATIENT, steady.remove_own_skill),
    Rule("/comfort", READ, PATIENT, comfort.show_plan),
    Rule("/safety-plan", READ, PATIENT, safety_page.show_plan),
    Rule("/safety-plan/reviews", SEND, PATIENT, safety_page.add_review),
    Rule("/safety-plan/reviews/removal", SEND, PATIENT, safety_page.remove_review),
    Rule("/safety-plan/copy", SEND, PATIENT, device_copy.make_copy),
    Rule("/safety-plan/copy/renewal", SEND, PATIENT, device_copy.renew_copy),
    Rule("/safety-plan/copies/{id:uuid}/removal", SEND, PATIENT, device_copy.remove_copy),
    Rule("/kept", FORM, ANYONE, device_copy.show_kept),
    Rule("/clinic", READ, PATIENT, clinic.show_clinic),
    Rule("/clinic/contacts/{id:uuid}/removal", FORM, PATIENT, clinic.remove_contact),
    Rule("/clinic/texts/{id:uuid}/hidden", FORM, PATIENT, clinic.change_hidden),
    Rule("/clinic/notes/{link:uuid}/{note:uuid}/kept", SEND, PATIENT, clinic.keep_note),
    Rule("/offline.js", READ, ANYONE, offline.show_script),
    Rule("/guide", READ, ANYONE, guide.show_guide),
    Rule("/guide/patient", READ, ANYONE, guide.show_patient_guide),
    Rule("/guide/clinician", READ, ANYONE, guide.show_clinician_guide),
    Rule("/guide/administrator", READ, ANYONE, guide.show_administrator_guide),
    Rule("/about", READ, ANYONE, guide.show_about),
    Rule("/leave", READ, ANYONE, help.show_exit_page),
    # Accounts
    Rule("/sign-in", FORM, ANYONE, account.sign_in),
    Rule("/sign-in/passkey", FORM, ANYONE, passkey_sign_in.sign_in_with_passkey),
    Rule("/sign-in/second", FORM, ANYONE, second_step.complete_second_step),
    Rule("/sign-in/second/passkey", FORM, ANYONE, passkey_sign_in.complete_second_step_with_passkey),
    Rule("/sign-out", SEND, ANYONE, account.sign_out),
    Rule("/password-strength", SEND, ANYONE, account.show_password_strength),
    Rule("/recover", FORM, ANYONE, recovery_key.recover_account),
    Rule("/setup/{token}", FORM, ANYONE, staff_registration.register_staff),
    Rule("/invite/{token}", FORM, ANYONE, patient_registration.register_patient),
    Rule("/restart/{token}", FORM, ANYONE, account_reset.reset_account),
    Rule("/sit/{token}", FORM, ANYONE, sitting.show_sitting),
    Rule("/calendar/{token}.ics", READ, ANYONE, calendar_feed.show_feed),
    Rule("/account", READ, SIGNED_IN, account.show_account),
    Rule("/account/sessions", READ, SIGNED_IN, active_sessions.show_active_sessions),
    Rule("/account/password", FORM, SIGNED_IN, account.change_password),
    Rule("/account/sessions/{id:uuid}/end", SEND, SIGNED_IN, active_sessions.end_session),
    Rule("/account/sessions/keep", SEND, PATIENT, active_sessions.keep_session, fresh=True),
    Rule("/account/sessions/end", SEND, SIGNED_IN, active_sessions.end_all_sessions),
    Rule("/account/details", FORM, SIGNED_IN, details.edit_details),
    Rule("/account/title", FORM, SIGNED_IN, details.edit_title),
    Rule("/account/help-numbers", FORM, SIGNED_IN, details.edit_help_numbers),
    Rule("/account/calendar", READ, IN_CARE, calendar.edit_calendar),
    Rule("/account/calendar", SEND, IN_CARE, calendar.edit_calendar, fresh=True),
    Rule("/account/calendar/end", SEND, IN_CARE, calendar.end_calendar),
    Rule("/account/earlier-state", FORM, SIGNED_IN, earlier_state.show_earlier_state),
    Rule("/account/reading-hours", FORM, CLINICIAN, reading_hours.edit_reading_hours),
    Rule("/account/reminders", FORM, SIGNED_IN, reminders.edit_reminders),
    Rule("/account/contact", FORM, PATIENT, contact.edit_contact),
    Rule("/account/contact/removal", FORM, PATIENT, contact.remove_contact),
    Rule("/account/email", FORM, SIGNED_IN, details.edit_email, fresh=True),
    Rule("/account/deletion", FORM, PATIENT, deletion.delete_account, fresh=True),
    Rule("/account/lock", FORM, SIGNED_IN, idle_lock.edit_lock_time),
    Rule("/confirm", FORM, UNCONFIRMED, confirm.confirm_identity),
    Rule("/here", READ, UNCONFIRMED, idle_lock.keep_session_alive),
    Rule("/lock", SEND, UNCONFIRMED, idle_lock.lock_session),
    Rule("/unlock", FORM, ANYONE, idle_lock.unlock_session),
    Rule("/unlock/passkey", FORM, ANYONE, passkey_sign_in.unlock_with_passkey),
    Rule("/account/passkeys", READ, SIGNED_IN, passkeys.show_passkeys),
    Rule("/account/passkeys/new", FORM, SIGNED_IN, passkeys.add_passkey, fresh=True),
    Rule("/account/passkeys/options", READ, SIGNED_IN, passkeys.send_creation_options),
    Rule("/account/passkeys/{id:uuid}", FORM, SIGNED_IN, passkeys.edit_passkey),
    Rule("/account/passkeys/{id:uuid}/removal", FORM, SIGNED_IN, passkeys.remove_passkey, fresh=True),
    Rule("/account/second-factor", READ, SIGNED_IN, second_factor.show_second_factor),
    Rule("/account/second-factor/app", SEND, SIGNED_IN, second_factor.show_new_secret, fresh=True),
    Rule("/account/second-factor/proof", SEND, SIGNED_IN, second_factor.verify_app, fresh=True),
    Rule("/account/second-factor/codes", SEND, SIGNED_IN, second_factor.show_new_codes, fresh=True),
    Rule("/account/second-factor/kept", SEND, SIGNED_IN, second_factor.confirm_codes, fresh=True),
    Rule("/account/second-factor/removal", FORM, SIGNED_IN, second_factor.remove_second_factor, fresh=True),
    Rule("/account/secret-key", FORM, SIGNED_IN, secret_key.turn_on_secret_key),
    Rule("/account/secret-key/confirmation", SEND, SIGNED_IN, secret_key.confirm_secret_key),
    Rule("/account/secret-key/kit", SEND, SIGNED_IN, secret_key.download_secret_key_kit),
    Rule("/account/secret-key/shown", FORM, SIGNED_IN, secret_key.show_secret_key),
    Rule("/account/secret-key/removal", FORM, SIGNED_IN, secret_key.remove_secret_key),
    Rule("/confirm/passkey", FORM, SIGNED_IN, passkey_sign_in.confirm_with_passkey),
    Rule("/account/recovery-key", FORM, UNCONFIRMED, recovery_key.offer_recovery_key, fresh=True),
    Rule("/account/recovery-key/kit", SEND, UNCONFIRMED, recovery_key.download_kit),
    Rule("/account/recovery-key/confirmation", SEND, UNCONFIRMED, recovery_key.confirm_recovery_key),
    Rule("/account/renewal", FORM, SIGNED_IN, key_rotation.rotate_keys),
    Rule("/account/renewal/batches", SEND, SIGNED_IN, key_rotation.reseal_batches),
    Rule("/account/witness", FORM, SIGNED_IN, witness.show_findings),
    Rule("/account/set-aside", FORM, PATIENT, account_reset.restore_records),
    # Sharing
    Rule("/journal/{id:uuid}/shares", FORM, PATIENT, shares.share_entry),
    Rule("/journal/{id:uuid}/replies/{link:uuid}", FORM, PATIENT, my_replies.show_my_replies),
    Rule("/shares/{id:uuid}/update", READ, PATIENT, shares.show_update),
    Rule("/shares/{id:uuid}/attention", FORM, PATIENT, attention.change_attention),
    Rule("/shares/{id:uuid}/terms", FORM, PATIENT, attention.change_terms),
    Rule("/shares/{id:uuid}/revocation", FORM, PATIENT, shares.revoke_share),
    Rule("/sharing", READ, PATIENT, team.show_team),
    Rule("/sharing/log", READ, PATIENT, sharing_log.show_sharing_log),
    Rule("/sharing/disclosures", FORM, PATIENT, disclosures.show_disclosures),
    Rule("/sharing/notices", FORM, PATIENT, agreement.agree_on_notices),
    Rule("/sharing/pause", SEND, PATIENT, team.pause_all_sharing),
    Rule("/sharing/handovers/{id:uuid}", FORM, PATIENT, handovers.answer_handover),
    Rule("/sharing/handovers/{id:uuid}/refusal", SEND, PATIENT, handovers.decline_handover),
    Rule("/sharing/{id:uuid}", READ, PATIENT, team.show_member),
    Rule("/sharing/{id:uuid}/pause", SEND, PATIENT, team.pause_sharing),
    Rule("/sharing/{id:uuid}/resumption", SEND, PATIENT, team.resume_sharing),
    Rule("/sharing/{id:uuid}/end", FORM, PATIENT, team.end_care, fresh=True),
    Rule("/sharing/{id:uuid}/standing", FORM, PATIENT, standing.share_as_completed),
    Rule("/sharing/{id:uuid}/returned", FORM, PATIENT, returned_shares.answer_returned_shares),
    # Sessions
    Rule("/sessions", READ, PATIENT, plan.show_plan),
    Rule("/sessions/new", FORM, PATIENT, plan.add_own_session),
    Rule("/sessions/rest", FORM, PATIENT, plan.confirm_rest),
    Rule("/sessions/waiting", FORM, PATIENT, waiting.show_waiting),
    Rule("/sessions/{id:uuid}", READ, IN_CARE, plan.show_session),
    Rule("/sessions/{id:uuid}/edit", FORM, IN_CARE, plan.edit_session),
    Rule("/sessions/{id:uuid}/sitter", FORM, PATIENT, sitter_link.show_sitter_link),
    Rule("/sessions/{id:uuid}/sitter/notes", FORM, PATIENT, sitter_notes.show_notes),
    Rule("/sessions/{id:uuid}/sitter/sheet", READ, PATIENT, sitter_link.show_sheet),
    Rule("/sessions/{id:uuid}/status", SEND, IN_CARE, plan.change_status),
    Rule("/sessions/{id:uuid}/checklist", FORM, PATIENT, checklist.show_checklist),
    Rule("/sessions/{id:uuid}/checklist/state", SEND, PATIENT, checklist.change_state),
    Rule("/sessions/{id:uuid}/checklist/line", SEND, PATIENT, checklist.change_line),
    Rule("/sessions/{id:uuid}/events", FORM, PATIENT, day_notes.note_events),
    Rule("/sessions/{id:uuid}/medicine", FORM, PATIENT, day_notes.note_medicine),
    Rule("/sessions/{id:uuid}/readings", FORM, PATIENT, day_notes.note_readings),
    # The clinician's desk
    Rule("/patients", FORM, CLINICIAN, caseload.show_caseload),
    Rule("/patients/{id:uuid}", READ, CLINICIAN, caseload.show_patient),
    Rule("/patients/{id:uuid}/shared/{share:uuid}", FORM, CLINICIAN, caseload.show_share),
    Rule("/patients/{id:uuid}/shared/{share:uuid}/filing", FORM, CLINICIAN, filing.file_share),
    Rule("/patients/{id:uuid}/shared/{share:uuid}/replies", FORM, CLINICIAN, their_replies.show_replies),
    Rule("/replies", READ, CLINICIAN, reply_drafts.show_drafts),
    Rule("/patients/{id:uuid}/trust", READ, CLINICIAN, invitations.show_safety_code),
    Rule("/patients/{id:uuid}/end", FORM, CLINICIAN, caseload.end_care, fresh=True),
    Rule("/patients/{id:uuid}/restart", FORM, CLINICIAN, returned_shares.offer_reset_link, fresh=True),
    Rule("/patients/{id:uuid}/restart/withdrawal", SEND, CLINICIAN, returned_shares.withdraw_reset_link),
    Rule("/patients/{id:uuid}/giving-back", FORM, CLINICIAN, returned_shares.return_shares, fresh=True),
    Rule("/patients/{id:uuid}/handover", FORM, CLINICIAN, handovers.suggest_colleague),
    Rule("/patients/{id:uuid}/handover/withdrawal", SEND, CLINICIAN, handovers.withdraw_suggestion),
    Rule("/patients/{id:uuid}/notices", FORM, CLINICIAN, inbox.show_notices),
    Rule("/patients/{id:uuid}/brief", READ, CLINICIAN, brief.show_brief),
    Rule("/patients/{id:uuid}/talk", FORM, CLINICIAN, things.set_things),
    Rule("/patients/{id:uuid}/talk/sets", SEND, CLINICIAN, things.keep_set),
    Rule("/patients/{id:uuid}/talk/{thing:uuid}", SEND, CLINICIAN, things.mark_thing),
    Rule("/patients/{id:uuid}/shared/{share:uuid}/talked", SEND, CLINICIAN, things.mark_share),
    Rule("/patients/{id:uuid}/charts", READ, CLINICIAN, shared_charts.show_shared_charts),
    Rule("/patients/{id:uuid}/summary", READ, CLINICIAN, course_summary.show_summary),
    Rule("/patients/{id:uuid}/course", FORM, CLINICIAN, course.plan_course),
    Rule("/patients/{id:uuid}/contacts", READ, CLINICIAN, call_contacts.show_contacts),
    Rule("/patients/{id:uuid}/contacts/new", FORM, CLINICIAN, call_contacts.add_contact),
    Rule("/patients/{id:uuid}/contacts/{contact:uuid}", FORM, CLINICIAN, call_contacts.edit_contact),
    Rule(
        "/patients/{id:uuid}/contacts/{contact:uuid}/removal", FORM, CLINICIAN, call_contacts.remove_contact
    ),
    Rule("/patients/{id:uuid}/instructions", READ, CLINICIAN, instructions.show_instructions),
    Rule("/patients/{id:uuid}/instructions/single", FORM, CLINICIAN, instructions.write_for_single),
    Rule("/patients/{id:uuid}/instructions/{course:uuid}", FORM, CLINICIAN, instructions.write_for_course),
    Rule("/patients/{id:uuid}/evaluation", FORM, CLINICIAN, evaluation_review.show_evaluation),
    Rule("/patients/{id:uuid}/notes", READ, CLINICIAN, care_notes.show_notes),
    Rule("/patients/{id:uuid}/notes/plan", FORM, CLINICIAN, care_notes.write_plan),
    Rule("/patients/{id:uuid}/notes/limits", FORM, CLINICIAN, care_notes.write_limits),
    Rule("/patients/{id:uuid}/notes/clinic", FORM, CLINICIAN, clinic_readings.note_readings),
    Rule("/patients/{id:uuid}/notes/total", FORM, CLINICIAN, care_notes.write_total),
    Rule("/patients/{id:uuid}/notes/{note:uuid}", FORM, CLINICIAN, care_notes.change_note),
    Rule("/patients/{id:uuid}/my-notes", FORM, CLINICIAN, own_notes.show_notes),
    Rule("/patients/{id:uuid}/my-notes/deletion", FORM, CLINICIAN, own_notes.delete_notes),
    Rule("/patients/{id:uuid}/my-notes/{own:uuid}", FORM, CLINICIAN, own_notes.edit_note),
    Rule("/patients/{id:uuid}/my-notes/{own:uuid}/deletion", FORM, CLINICIAN, own_notes.delete_note),
    Rule("/my-notes", READ, CLINICIAN, own_notes.show_left),
    Rule("/patients/{id:uuid}/sessions/new", FORM, CLINICIAN, course.add_session),
    Rule("/invitations", FORM, CLINICIAN, invitations.show_invitations),
    Rule("/invitations/{id:uuid}", READ, CLINICIAN, invitations.show_invitation),
    Rule("/invitations/{id:uuid}/withdrawal", SEND, CLINICIAN, invitations.withdraw_invitation),
    # Records
    Rule("/records", FORM, IN_CARE, records.export_records),
    Rule("/records/leaving", READ, PATIENT, leaving_steps.show_leaving),
    Rule("/records/import", FORM, PATIENT, imports.choose_file),
    Rule("/records/import/{id:uuid}", READ, PATIENT, imports.show_run),
    Rule("/records/import/{id:uuid}/start", SEND, PATIENT, imports.start, fresh=True),
    Rule("/records/import/{id:uuid}/removal", SEND, PATIENT, imports.remove),
    Rule("/packets", FORM, IN_CARE, packet_list.show_packets),
    Rule("/packets/{id:uuid}", FORM, IN_CARE, packets.show_packet),
    Rule("/packets/{id:uuid}/entries", FORM, IN_CARE, choosing.choose_entries),
    Rule("/packets/{id:uuid}/preview", FORM, IN_CARE, making.preview),
    Rule("/packets/{id:uuid}/file", READ, IN_CARE, making.fetch_file),
    Rule("/packets/{id:uuid}/deletion", FORM, IN_CARE, packets.delete_packet),
    # The administrator's desk: who can come in, and what was done; nothing that anybody wrote
    Rule("/people", READ, ADMINISTRATOR, people.show_people),
    Rule("/people/practice", READ, ADMINISTRATOR, practice.edit_practice),
    Rule("/people/practice", SEND, ADMINISTRATOR, practice.edit_practice, fresh=True),
    Rule("/people/audit", READ, ADMINISTRATOR, audit_log.show_audit_log),
    Rule("/people/invitations", READ, ADMINISTRATOR, staff.show_setup_links),
    Rule("/people/invitations", SEND, ADMINISTRATOR, staff.show_setup_links, fresh=True),
    Rule("/people/invitations/{id:uuid}", READ, ADMINISTRATOR, staff.show_setup_link),
    Rule("/people/invitations/{id:uuid}/withdrawal", SEND, ADMINISTRATOR, staff.withdraw_setup_link),
    Rule("/people/{id:uuid}", READ, ADMINISTRATOR, people.show_person),
    Rule("/people/{id:uuid}/suspension", FORM, ADMINISTRATOR, people.suspend_person, fresh=True),
    Rule("/people/{id:uuid}/return", SEND, ADMINISTRATOR, people.unsuspend_person, fresh=True),
)
