"""The pages: read the form, ask the domain, show what came of it. Home and records stand here, the others in rooms."""

__all__ = [
    "audit_log",
    "comparison",
    "entry",
    "health",
    "help",
    "home",
    "journal",
    "people",
    "records",
    "revisions",
    "staff",
]
