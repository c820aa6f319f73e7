"""Pages for anybody, signed in or not: help, the guide, and whether the service is well."""

__all__ = ["guide", "health", "help", "offline", "sitting"]
