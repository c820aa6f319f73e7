"""The pages: read the form, ask the domain, show what came of it. Home and records stand here, the others in rooms."""

__all__ = ["home", "records"]
