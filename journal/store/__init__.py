"""The database, SQLite or PostgreSQL: opened, looked at, read and written; keeps how, and no table of its own."""

__all__ = [
    "address",
    "configuration",
    "database",
    "errors",
    "file",
    "foreign_objects",
    "progress",
    "rows",
    "schema_state",
    "sqlite",
    "statements",
]
