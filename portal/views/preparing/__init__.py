"""Before the day of a dosing session: what to do if the patient gets frightened."""

__all__ = ["comfort"]
