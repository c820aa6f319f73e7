"""Notices that ask a clinician to check in: agreed on beforehand, written with an answer, and acknowledged."""

__all__ = [
    "agreements",
    "documents",
    "history",
    "inbox",
    "lines",
    "moved_links",
    "policy",
    "proposals",
    "states",
    "writing",
]
