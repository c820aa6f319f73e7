"""What becomes of a written reframe: its status, step, revisits, offers and picture; the vault owns their rows."""

__all__ = ["offers", "picture", "reframes", "steps"]
