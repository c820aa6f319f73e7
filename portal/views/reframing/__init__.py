"""Pages on which a reframe goes on: its status, offers, small step, revisits and moments."""

__all__ = ["later", "moments", "offers", "panel", "revisits", "status", "steadying", "steps"]
