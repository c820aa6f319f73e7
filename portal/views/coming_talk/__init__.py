"""What is set for a coming talk: a clinician's page, on which it is set and marked, and the patient's."""

__all__ = ["own_things", "things"]
