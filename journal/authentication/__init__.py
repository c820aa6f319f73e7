"""Open an account, sign in, come back: keeps key slots, web sessions, second factors and renewals of keys."""

__all__ = ["sign_in"]
