"""What a patient readies before a dosing session: a comfort plan and a check list. The vault keeps the rows."""

__all__ = [
    "checklist",
    "comfort_plan",
]
