"""Reminders by mail: keeps when something waits for whom, works it out from the plan, and sends it without content."""

__all__ = ["following", "kinds", "planned", "quiet", "sending", "settings", "waiting"]
