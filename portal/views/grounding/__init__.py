"""Ways back to the present: the guided skills, for anybody, and what steadies a patient."""

__all__ = ["notes", "skills", "steady"]
