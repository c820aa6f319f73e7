"""The page for the next talk or a chosen session, from shared copies only; keeps nothing."""

__all__ = ["brief", "composing"]
