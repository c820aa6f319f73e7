"""A clinician's patients: the caseload, each patient's page, the brief, courses and invitations."""

__all__ = [
    "brief",
    "call_contacts",
    "care_notes",
    "caseload",
    "clinic_readings",
    "course",
    "course_summary",
    "evaluation",
    "instructions",
    "invitations",
]
