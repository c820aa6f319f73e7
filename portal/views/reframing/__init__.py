"""Pages on which a reframe goes on: its status, offers, small step, revisits and moments."""

__all__ = ["moments", "offers", "panel", "revisits", "status", "steps"]
