"""A person's own account: name, contact, help numbers, sign-in, passkeys, signed-in browsers, keys, deletion."""

__all__ = [
    "account",
    "active_sessions",
    "contact",
    "deletion",
    "details",
    "key_rotation",
    "passkeys",
    "reading_hours",
    "reminders",
    "second_factor",
]
