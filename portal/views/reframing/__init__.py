"""Pages on which a reframe goes on: its status, offers, small step, revisits, moments and triggers."""

__all__ = ["later", "moments", "offers", "panel", "revisits", "status", "steadying", "steps", "triggers"]
