"""The plan as a patient and their clinicians see and change it; the sessions room owns its rows."""

__all__ = ["checking", "next_step", "plan"]
