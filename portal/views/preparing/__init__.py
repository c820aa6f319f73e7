"""Before the day of a dosing session: what to do if the patient gets frightened, and the check list."""

__all__ = ["checklist", "comfort"]
