"""Backup, diagnosis, retention and the demonstration; keeps when the clock was believed."""

__all__ = ["backup", "demo", "diagnostics", "heartbeat", "retention"]
