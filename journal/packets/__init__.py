"""Packets: what a patient chose of their records for somebody, its preview, and the sealed file that is made of it."""

__all__ = ["choice", "composing", "documents", "drafts", "endings", "loading", "making"]
