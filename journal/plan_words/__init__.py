"""Words of sessions: opens them for a patient and their care team, and renews the key of the plan that seals them."""

__all__ = ["keys", "reading"]
