"""A person's own account: name, contact, calendar, sign-in, passkeys, signed-in browsers, keys, deletion."""

__all__ = [
    "account",
    "active_sessions",
    "calendar",
    "contact",
    "deletion",
    "details",
    "key_rotation",
    "passkeys",
    "reading_hours",
    "reminders",
    "second_factor",
    "secret_key",
]
