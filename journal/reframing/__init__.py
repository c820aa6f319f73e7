"""What becomes of a written reframe: status, step, revisits, offers, picture and triggers; the vault owns the rows."""

__all__ = ["later", "offers", "picture", "reframes", "steps", "triggers"]
