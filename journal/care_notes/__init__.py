"""What a clinician writes for one patient under their care link's key, in versions: plan notes, totals, limits."""

__all__ = ["keeping", "limits", "notes"]
