"""A clinician's own notes about a patient: written and edited in care, and what becomes of them after it."""

__all__ = ["notes"]
