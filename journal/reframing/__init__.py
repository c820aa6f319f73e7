"""What becomes of a written reframe: its status, step, revisits, moments and offers; the vault owns their rows."""

__all__ = ["offers", "reframes", "steps"]
