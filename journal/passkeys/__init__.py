"""Passkeys: added, proven and taken away; keeps which challenges were answered."""

__all__ = ["challenges", "management", "rows", "sign_in", "verification", "webauthn"]
