"""Packets: what was chosen of a patient's records for somebody, its preview, and the sealed file made of it."""

__all__ = ["choice", "composing", "documents", "drafts", "endings", "loading", "making", "masking"]
