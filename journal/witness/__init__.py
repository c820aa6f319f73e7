"""A log of public keys, to notice keys that are shown to one person only: keeps what each account remembers of it."""

__all__ = ["checking", "documents", "memory", "tables"]
