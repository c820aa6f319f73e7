"""The page for the coming integration session, from shared copies only; keeps nothing."""

__all__ = ["brief"]
