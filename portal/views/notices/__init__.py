"""Notices to a clinician: what is agreed about them, what became of one, and a clinician's open ones."""

__all__ = ["agreement", "answers", "inbox", "panel"]
