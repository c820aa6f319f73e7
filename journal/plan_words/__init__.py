"""Words of sessions and courses: opens them for a patient and their care team; renews the key that seals them."""

__all__ = ["carrying", "courses", "keys", "reading"]
