"""What a patient lets one clinician read as soon as it is completed, until they end it."""

__all__ = ["completion", "kinds", "lines", "standing"]
