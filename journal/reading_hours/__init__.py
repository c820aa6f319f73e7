"""When a clinician reads what is shared: keeps their weekly hours, who covers, and works out the next look."""

__all__ = ["hours", "next_look"]
