"""A safety plan: its parts line by line, and when it was gone through with whom. The vault keeps the rows."""

__all__ = ["device_copy", "plan"]
