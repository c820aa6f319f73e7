"""Import records from a file: reads it, shows what is in it, adds it in batches, and removes it again."""

__all__ = ["adding", "documents", "items", "reading", "removal", "runs"]
