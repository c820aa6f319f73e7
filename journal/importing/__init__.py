"""Bring records in from a file: reads it, shows what is in it, adds it in batches, and takes it out again."""

__all__ = ["bringing", "documents", "items", "reading", "runs", "taking_out"]
