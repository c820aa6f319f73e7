"""One row for each dosing session of a course, from shared copies and the reader's own notes; keeps nothing."""

__all__ = ["choosing", "copies", "lines", "summary"]
