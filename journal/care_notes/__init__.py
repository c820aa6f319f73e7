"""What a clinician writes for one patient under their care link's key, in versions: notes, totals, limits, readings."""

__all__ = ["clinic", "keeping", "notes"]
