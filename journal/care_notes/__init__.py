"""What a clinician writes for one patient under their care link's key, in versions: plan notes, and totals."""

__all__ = ["keeping", "notes"]
