"""A calendar of one's own sessions by a secret address: keeps who has one, its look-up hash, and what they chose."""

__all__ = ["appointments", "documents", "feeds", "reading", "rendering"]
