"""A patient's entries: saved, listed, searched and deleted; the vault owns their rows."""

__all__ = [
    "acceptance",
    "assignment",
    "by_kind",
    "entries",
    "listing",
    "naming",
    "narrowing",
    "only_entry",
    "page_search",
    "removal",
    "revisions",
]
