"""A patient's records as they are stored: keeps entries and their table of contents, and notices an older state."""

__all__ = [
    "baseline",
    "contents",
    "contents_rows",
    "documents",
    "entry_rows",
    "record_snapshot",
    "record_state",
]
