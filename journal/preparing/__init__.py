"""What a patient readies before a dosing session: what to do if they get frightened. The vault keeps the rows."""

__all__ = [
    "comfort_plan",
]
