"""A person's own account: name, help numbers, password, passkeys, second factor, signed-in browsers, keys, deletion."""

__all__ = ["account", "active_sessions", "deletion", "details", "key_rotation", "passkeys", "second_factor"]
