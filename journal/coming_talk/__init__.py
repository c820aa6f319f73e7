"""What a clinician sets for one talk, what its patient says to it, and what became of it; care keeps the rows."""

__all__ = ["afterwards", "answers", "documents", "items", "library", "own_sets", "setting"]
