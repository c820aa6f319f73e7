"""Check-ins around a dosing session and every month: what they ask, keep and offer. The vault keeps the rows."""

__all__ = ["advice", "offers", "records"]
