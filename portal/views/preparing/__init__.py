"""Before the day of a dosing session: what helps a frightened patient, the check list, and what the clinic wrote."""

__all__ = ["checklist", "clinic", "comfort"]
