"""Charts of what is tracked, with their numbers; a clinician's from copies and their own notes. Keeps nothing."""

__all__ = ["drawn", "own", "readings", "series", "shared", "sources"]
