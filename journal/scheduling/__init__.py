"""The plan as a patient and their clinicians see and change it; its rows are kept by the sessions."""

__all__ = ["next_step", "plan"]
