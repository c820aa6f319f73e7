"""Charts of what is tracked, one at a time: a patient's own, and a clinician's of what was shared with them."""

__all__ = ["charts", "shared_charts"]
