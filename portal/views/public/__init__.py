"""Pages for anybody, signed in or not: help, the guide, the language, calendars, and whether the service is well."""

__all__ = ["calendar_feed", "guide", "health", "help", "language", "offline", "sitting"]
