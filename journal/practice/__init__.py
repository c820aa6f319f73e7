"""The practice and its people: keeps its name and the links with which staff open their accounts."""

__all__ = [
    "account_deletion",
    "audit_review",
    "closing",
    "people",
    "practice",
    "registration",
    "setup_links",
]
