"""Pages for anybody, signed in or not: help, the guide, the language, and whether the service is well."""

__all__ = ["guide", "health", "help", "language", "offline", "sitting"]
