"""The person who sits with a patient in a session: keeps their link, and the copy that it opens."""

__all__ = ["copies", "ends", "links"]
