"""A log of public keys, to notice keys that are shown to one person only: compares it with what is remembered of it."""

__all__ = ["checking", "documents"]
