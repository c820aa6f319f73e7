"""Charts of what is tracked, with their numbers; a clinician's from shared copies only. Keeps nothing."""

__all__ = ["drawn", "own", "readings", "series", "shared", "sources"]
