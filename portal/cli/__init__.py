"""The `hearthside` command, a module for each of its parts, and what the doctor checks around an installation."""

__all__ = ["command"]
