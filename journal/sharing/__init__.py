"""What a patient shares with a clinician, and handovers to another; care owns their rows."""

__all__ = [
    "caseload",
    "copies",
    "ends",
    "handover_answers",
    "handover_offers",
    "opening",
    "reading",
    "recipients",
    "saving",
    "shares",
    "talked",
    "terms",
    "timeline",
]
