"""A secret key besides the password, if wanted: turned on, shown again, turned off; keeps nothing of it."""

__all__ = ["secret_keys"]
