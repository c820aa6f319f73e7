"""Pages for anybody, signed in or not: help, and whether the service is well."""

__all__ = ["health", "help"]
