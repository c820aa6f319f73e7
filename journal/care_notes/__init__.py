"""What a clinician writes for one patient under their care link's key, in versions: notes, limits, reviews."""

__all__ = ["clinic", "clinic_lines", "keeping", "notes", "reviews", "signing"]
