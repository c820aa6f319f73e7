"""What becomes of a written reframe: its status, step, revisits, offers and picture; the vault owns their rows."""

__all__ = ["later", "offers", "picture", "reframes", "steps"]
