"""What a clinician writes for one patient under their care link's key, in versions: plan notes, limits, reviews."""

__all__ = ["keeping", "limits", "notes", "reviews"]
