"""What becomes of a written reframe: its status, revisits, moments and offers; the vault owns their rows."""

__all__ = ["offers", "reframes"]
