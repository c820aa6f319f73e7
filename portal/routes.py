"""Every address there is, with the methods it answers and whom it is for. Tests try each one as everybody else."""

from __future__ import annotations

from dataclasses import dataclass

from portal.access.session_cookie import Audience, RequestPrefetch, View
from portal.views import home, records
from portal.views.account import (
    account,
    active_sessions,
    deletion,
    details,
    key_rotation,
    passkeys,
    second_factor,
)
from portal.views.administration import audit_log, people, staff
from portal.views.journal import comparison, entry, entry_new, entry_removal, entry_saving, index, revisions
from portal.views.patients import brief, caseload, course, invitations
from portal.views.public import health, help
from portal.views.sessions import plan
from portal.views.sharing import disclosures, handovers, returned_shares, shares, sharing_log, team
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
    Rule("/journal", FORM, PATIENT, index.timeline, prefetch=index.prefetch_timeline),
    Rule("/journal/new", READ, PATIENT, entry_new.new),
    Rule("/journal/deleted", READ, PATIENT, index.deleted),
    Rule("/journal/comparison", FORM, PATIENT, comparison.comparison),
    Rule("/journal/{id:uuid}", READ, PATIENT, entry.read),
    Rule("/journal/{id:uuid}", SEND, PATIENT, entry_saving.save),
    Rule("/journal/{id:uuid}/edit", READ, PATIENT, entry.edit),
    Rule("/journal/{id:uuid}/deletion", FORM, PATIENT, entry_removal.deletion),
    Rule("/journal/{id:uuid}/restoration", SEND, PATIENT, entry_removal.restoration),
    Rule("/journal/{id:uuid}/erasure", FORM, PATIENT, entry_removal.erasure),
    Rule("/journal/{id:uuid}/revisions", READ, PATIENT, revisions.revisions),
    Rule("/journal/{id:uuid}/revisions/{revision:uuid}", READ, PATIENT, revisions.revision),
    Rule("/journal/{id:uuid}/revisions/{revision:uuid}/restoration", SEND, PATIENT, revisions.restoration),
    # For everybody
    Rule("/", READ, ANYONE, home.home),
    Rule("/healthz", READ, ANYONE, health.healthz),
    Rule("/readyz", READ, ANYONE, health.readyz),
    Rule("/help-now", READ, ANYONE, help.help_now),
    Rule("/leave", READ, ANYONE, help.leave),
    # Accounts
    Rule("/sign-in", FORM, ANYONE, account.sign_in),
    Rule("/sign-in/passkey", FORM, ANYONE, passkey_sign_in.sign_in),
    Rule("/sign-in/second", FORM, ANYONE, second_step.second),
    Rule("/sign-in/second/passkey", FORM, ANYONE, passkey_sign_in.second),
    Rule("/sign-out", SEND, ANYONE, account.sign_out),
    Rule("/password-strength", SEND, ANYONE, account.strength),
    Rule("/recover", FORM, ANYONE, recovery_key.recover),
    Rule("/setup/{token}", FORM, ANYONE, staff_registration.set_up),
    Rule("/invite/{token}", FORM, ANYONE, patient_registration.invitation),
    Rule("/restart/{token}", FORM, ANYONE, account_reset.restart),
    Rule("/account", READ, SIGNED_IN, account.account),
    Rule("/account/sessions", READ, SIGNED_IN, active_sessions.visits),
    Rule("/account/password", FORM, SIGNED_IN, account.password),
    Rule("/account/sessions/{id:uuid}/end", SEND, SIGNED_IN, active_sessions.end),
    Rule("/account/sessions/end", SEND, SIGNED_IN, active_sessions.end_all),
    Rule("/account/details", FORM, SIGNED_IN, details.details),
    Rule("/account/email", FORM, SIGNED_IN, details.email, fresh=True),
    Rule("/account/deletion", FORM, PATIENT, deletion.deletion, fresh=True),
    Rule("/account/lock", FORM, SIGNED_IN, idle_lock.lock_after),
    Rule("/confirm", FORM, UNCONFIRMED, confirm.confirm),
    Rule("/here", READ, UNCONFIRMED, idle_lock.here),
    Rule("/lock", SEND, UNCONFIRMED, idle_lock.lock),
    Rule("/unlock", FORM, ANYONE, idle_lock.unlock),
    Rule("/unlock/passkey", FORM, ANYONE, passkey_sign_in.unlock),
    Rule("/account/passkeys", READ, SIGNED_IN, passkeys.index),
    Rule("/account/passkeys/new", FORM, SIGNED_IN, passkeys.new, fresh=True),
    Rule("/account/passkeys/options", READ, SIGNED_IN, passkeys.options),
    Rule("/account/passkeys/{id:uuid}", FORM, SIGNED_IN, passkeys.passkey),
    Rule("/account/passkeys/{id:uuid}/removal", FORM, SIGNED_IN, passkeys.removal, fresh=True),
    Rule("/account/second-factor", READ, SIGNED_IN, second_factor.overview),
    Rule("/account/second-factor/app", SEND, SIGNED_IN, second_factor.app, fresh=True),
    Rule("/account/second-factor/proof", SEND, SIGNED_IN, second_factor.proof, fresh=True),
    Rule("/account/second-factor/codes", SEND, SIGNED_IN, second_factor.codes, fresh=True),
    Rule("/account/second-factor/kept", SEND, SIGNED_IN, second_factor.kept, fresh=True),
    Rule("/account/second-factor/removal", FORM, SIGNED_IN, second_factor.removal, fresh=True),
    Rule("/confirm/passkey", FORM, SIGNED_IN, passkey_sign_in.confirm),
    Rule("/account/recovery-key", FORM, UNCONFIRMED, recovery_key.recovery_key, fresh=True),
    Rule("/account/recovery-key/kit", SEND, UNCONFIRMED, recovery_key.kit),
    Rule("/account/recovery-key/confirmation", SEND, UNCONFIRMED, recovery_key.confirmation),
    Rule("/account/renewal", FORM, SIGNED_IN, key_rotation.renewal),
    Rule("/account/renewal/batches", SEND, SIGNED_IN, key_rotation.batches),
    Rule("/account/set-aside", FORM, PATIENT, account_reset.set_aside),
    # Sharing
    Rule("/journal/{id:uuid}/shares", FORM, PATIENT, shares.shares),
    Rule("/shares/{id:uuid}/update", SEND, PATIENT, shares.update),
    Rule("/shares/{id:uuid}/revocation", FORM, PATIENT, shares.revocation),
    Rule("/sharing", READ, PATIENT, team.team),
    Rule("/sharing/log", READ, PATIENT, sharing_log.log),
    Rule("/sharing/disclosures", FORM, PATIENT, disclosures.disclosures),
    Rule("/sharing/pause", SEND, PATIENT, team.pause_all),
    Rule("/sharing/handovers/{id:uuid}", FORM, PATIENT, handovers.answer),
    Rule("/sharing/handovers/{id:uuid}/refusal", SEND, PATIENT, handovers.refusal),
    Rule("/sharing/{id:uuid}", READ, PATIENT, team.link),
    Rule("/sharing/{id:uuid}/pause", SEND, PATIENT, team.pause),
    Rule("/sharing/{id:uuid}/resumption", SEND, PATIENT, team.resumption),
    Rule("/sharing/{id:uuid}/end", FORM, PATIENT, team.end, fresh=True),
    Rule("/sharing/{id:uuid}/returned", FORM, PATIENT, returned_shares.returned),
    # Sessions
    Rule("/sessions", READ, PATIENT, plan.plan),
    Rule("/sessions/new", FORM, PATIENT, plan.new),
    Rule("/sessions/rest", FORM, PATIENT, plan.rest),
    Rule("/sessions/{id:uuid}", READ, IN_CARE, plan.session),
    Rule("/sessions/{id:uuid}/edit", FORM, IN_CARE, plan.edit),
    Rule("/sessions/{id:uuid}/status", SEND, IN_CARE, plan.status),
    # The clinician's desk
    Rule("/patients", READ, CLINICIAN, caseload.caseload),
    Rule("/patients/{id:uuid}", READ, CLINICIAN, caseload.patient),
    Rule("/patients/{id:uuid}/shared/{share:uuid}", READ, CLINICIAN, caseload.shared),
    Rule("/patients/{id:uuid}/trust", READ, CLINICIAN, caseload.trust),
    Rule("/patients/{id:uuid}/end", FORM, CLINICIAN, caseload.end, fresh=True),
    Rule("/patients/{id:uuid}/restart", FORM, CLINICIAN, returned_shares.offer, fresh=True),
    Rule("/patients/{id:uuid}/restart/withdrawal", SEND, CLINICIAN, returned_shares.withdrawal),
    Rule("/patients/{id:uuid}/giving-back", FORM, CLINICIAN, returned_shares.give_back, fresh=True),
    Rule("/patients/{id:uuid}/handover", FORM, CLINICIAN, handovers.suggestion),
    Rule("/patients/{id:uuid}/handover/withdrawal", SEND, CLINICIAN, handovers.withdrawal),
    Rule("/patients/{id:uuid}/brief", READ, CLINICIAN, brief.brief),
    Rule("/patients/{id:uuid}/course", FORM, CLINICIAN, course.course),
    Rule("/patients/{id:uuid}/sessions/new", FORM, CLINICIAN, course.session),
    Rule("/invitations", FORM, CLINICIAN, invitations.invitations),
    Rule("/invitations/{id:uuid}", READ, CLINICIAN, invitations.invitation),
    Rule("/invitations/{id:uuid}/withdrawal", SEND, CLINICIAN, invitations.withdrawal),
    # Records
    Rule("/records", FORM, IN_CARE, records.records),
    # The administrator's desk: who can come in, and what was done; nothing that anybody wrote
    Rule("/people", READ, ADMINISTRATOR, people.everybody),
    Rule("/people/audit", READ, ADMINISTRATOR, audit_log.log),
    Rule("/people/invitations", READ, ADMINISTRATOR, staff.invitations),
    Rule("/people/invitations", SEND, ADMINISTRATOR, staff.invitations, fresh=True),
    Rule("/people/invitations/{id:uuid}", READ, ADMINISTRATOR, staff.invitation),
    Rule("/people/invitations/{id:uuid}/withdrawal", SEND, ADMINISTRATOR, staff.withdrawal),
    Rule("/people/{id:uuid}", READ, ADMINISTRATOR, people.person),
    Rule("/people/{id:uuid}/suspension", FORM, ADMINISTRATOR, people.suspension, fresh=True),
    Rule("/people/{id:uuid}/return", SEND, ADMINISTRATOR, people.comes_back, fresh=True),
)
