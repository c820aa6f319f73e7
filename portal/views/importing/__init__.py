"""Bring records in from a file: choose it, look at what is in it, bring it in, and take it out again."""

__all__ = ["bring_in"]
