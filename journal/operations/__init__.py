"""Backup, diagnostics, retention and the demonstration; keeps when the clock was trusted."""

__all__ = [
    "account_marks",
    "backup",
    "demo",
    "demo_data",
    "diagnostics",
    "heartbeat",
    "restoration",
    "retention",
]
