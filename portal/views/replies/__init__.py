"""Replies to a shared copy, as its patient and its clinician read and write them, and drafts that were not sent."""

__all__ = ["box", "drafts", "mine", "theirs"]
