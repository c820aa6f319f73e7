"""A clinician's own notes about a patient, for preparing a talk, which nobody else opens. Care keeps the rows."""

__all__ = ["after_care", "documents", "notes"]
