"""A patient's journal: the timeline, search, and writing, reading, comparing and deleting entries."""

__all__ = [
    "comparison",
    "entry",
    "entry_form",
    "entry_new",
    "entry_removal",
    "entry_saving",
    "index",
    "revisions",
]
