"""What steadies a patient: their phrases, their skills, and what they hid. The vault keeps the rows."""

__all__ = [
    "steadying",
    "uses",
]
