"""The person who sits with a patient in a session: keeps their link, the copy that it opens, and what they noted."""

__all__ = ["copies", "ends", "lines", "links", "notes", "reading"]
