"""A safety plan: to read and call from, to print, and when it was gone through with whom."""

__all__ = ["device_copy", "plan"]
