"""Pages for anybody, signed in or not: help, the guide, calendars, and whether the service is well."""

__all__ = ["calendar_feed", "guide", "health", "help", "offline", "sitting"]
