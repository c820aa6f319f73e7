"""Exports: a person's records packed into one sealed file; keeps nothing."""

__all__ = [
    "archive",
    "collection",
    "disclosures",
    "last_exports",
    "mapping",
    "packing",
    "schema",
    "signing",
    "verification",
]
