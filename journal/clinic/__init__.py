"""What the care team writes for a patient's dosing days: keeps their text, whom to call, and when they answer."""

__all__ = [
    "call_contacts",
    "carrying",
    "ended_care",
    "hours",
    "instructions",
    "signatures",
    "text_reading",
    "text_words",
    "text_writing",
]
